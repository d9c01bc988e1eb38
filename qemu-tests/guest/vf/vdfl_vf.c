// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: make the kernel treat a function as a virtual function of function 0
 * of its slot. QEMU has no SR-IOV for the simulated card.
 *
 * Load the module while the function has no driver, and unload it likewise.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

static char *vf;
module_param(vf, charp, 0444);
MODULE_PARM_DESC(vf, "Function, as in 0000:01:02.3");

/*
 * The PCI core reads the first members of struct pci_sriov, which is private to
 * it, of the physical function.
 */
#define SRIOV_BYTES	1024

static struct pci_dev *fn, *pf;
static bool no_memory_bit;

static struct pci_dev *find_function(void)
{
	unsigned int domain, bus, slot, nr;

	if (!vf || sscanf(vf, "%x:%x:%x.%x", &domain, &bus, &slot, &nr) != 4)
		return NULL;
	return pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, nr));
}

static int __init vf_init(void)
{
	fn = find_function();
	if (!fn)
		return -ENODEV;
	pf = pci_get_slot(fn->bus, PCI_DEVFN(PCI_SLOT(fn->devfn), 0));
	if (!pf || pf == fn || pf->is_physfn || fn->is_virtfn) {
		pci_dev_put(pf);
		pci_dev_put(fn);
		return -EINVAL;
	}
	/* Zero: the PCI core does not probe virtual functions by itself */
	pf->sriov = kzalloc(SRIOV_BYTES, GFP_KERNEL);
	if (!pf->sriov) {
		pci_dev_put(pf);
		pci_dev_put(fn);
		return -ENOMEM;
	}
	no_memory_bit = fn->no_command_memory;
	fn->no_command_memory = 1;
	fn->physfn = pf;
	fn->is_virtfn = 1;
	return 0;
}

static void __exit vf_exit(void)
{
	fn->is_virtfn = 0;
	fn->physfn = NULL;
	fn->no_command_memory = no_memory_bit;
	kfree(pf->sriov);
	pf->sriov = NULL;
	pci_dev_put(pf);
	pci_dev_put(fn);
}

module_init(vf_init);
module_exit(vf_exit);
MODULE_DESCRIPTION("Turns a function into a virtual function, for tests");
MODULE_LICENSE("GPL");
