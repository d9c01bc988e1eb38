// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: make the kernel treat functions of a card as virtual functions of its
 * function 0. QEMU has no SR-IOV for the simulated card.
 *
 * Load the module while the functions have no driver, and unload it likewise.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#define MAX_VFS		8

static char *vf[MAX_VFS];
static int nr_vfs;
module_param_array(vf, charp, &nr_vfs, 0444);
MODULE_PARM_DESC(vf, "Functions, as in 0000:01:02.3, of one card");

/*
 * The PCI core reads the first members of struct pci_sriov, which is private to
 * it, of the physical function.
 */
#define SRIOV_BYTES	1024

static struct pci_dev *fn[MAX_VFS], *pf;
static bool no_memory_bit[MAX_VFS];
static int nr_made;

static struct pci_dev *find_function(const char *name)
{
	unsigned int domain, bus, slot, nr;

	if (sscanf(name, "%x:%x:%x.%x", &domain, &bus, &slot, &nr) != 4)
		return NULL;
	return pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, nr));
}

static const char *link_name(int n)
{
	static char name[16];

	snprintf(name, sizeof(name), "virtfn%d", n);
	return name;
}

static int make_virtual(int n)
{
	struct pci_dev *pdev = find_function(vf[n]);
	int ret = -EINVAL;

	if (!pdev)
		return -ENODEV;
	if (pdev == pf || pdev->bus != pf->bus || pdev->is_virtfn)
		goto err_put;
	ret = sysfs_create_link(&pf->dev.kobj, &pdev->dev.kobj, link_name(n));
	if (ret)
		goto err_put;
	no_memory_bit[n] = pdev->no_command_memory;
	pdev->no_command_memory = 1;
	pdev->physfn = pf;
	pdev->is_virtfn = 1;
	fn[n] = pdev;
	return 0;

err_put:
	pci_dev_put(pdev);
	return ret;
}

static void undo_all(void)
{
	while (nr_made--) {
		struct pci_dev *pdev = fn[nr_made];

		sysfs_remove_link(&pf->dev.kobj, link_name(nr_made));
		pdev->is_virtfn = 0;
		pdev->physfn = NULL;
		pdev->no_command_memory = no_memory_bit[nr_made];
		pci_dev_put(pdev);
	}
	kfree(pf->sriov);
	pf->sriov = NULL;
	pci_dev_put(pf);
}

static int find_physical(void)
{
	struct pci_dev *first = nr_vfs ? find_function(vf[0]) : NULL;

	if (!first)
		return -ENODEV;
	pf = pci_get_slot(first->bus, 0);
	pci_dev_put(first);
	if (!pf)
		return -ENODEV;
	/* Zero: the PCI core does not probe virtual functions by itself */
	if (!pf->is_physfn)
		pf->sriov = kzalloc(SRIOV_BYTES, GFP_KERNEL);
	if (pf->is_physfn || !pf->sriov) {
		pci_dev_put(pf);
		return -EINVAL;
	}
	return 0;
}

static int __init vf_init(void)
{
	int ret = find_physical();

	if (ret)
		return ret;
	while (nr_made < nr_vfs) {
		ret = make_virtual(nr_made);
		if (ret) {
			undo_all();
			return ret;
		}
		nr_made++;
	}
	return 0;
}

static void __exit vf_exit(void)
{
	undo_all();
}

module_init(vf_init);
module_exit(vf_exit);
MODULE_DESCRIPTION("Turns functions into virtual functions, for tests");
MODULE_LICENSE("GPL");
