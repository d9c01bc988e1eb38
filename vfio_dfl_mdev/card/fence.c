// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fences outside the card: the IOMMU, and a check for sibling functions that no
 * fence of this function covers.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/iommu.h>
#include <linux/module.h>

#include "card/card_priv.h"

static bool require_iommu;
module_param(require_iommu, bool, 0444);
MODULE_PARM_DESC(require_iommu,
		 "Refuse cards whose DMA cannot be blocked by an IOMMU (default: N)");

static bool refuse_siblings;
module_param(refuse_siblings, bool, 0444);
MODULE_PARM_DESC(refuse_siblings,
		 "Refuse cards that have another function with bus mastering enabled (default: N)");

/* Owner token for the DMA of all groups; only its address is used */
static char dma_owner;

static int fence_without_iommu(struct vdfl_card *card)
{
	if (!require_iommu)
		return 0;
	pci_err(card->pdev,
		"refused: no IOMMU and require_iommu is set; enable the IOMMU or load the module with require_iommu=0\n");
	return -ENODEV;
}

/**
 * vdfl_fence_init() - block DMA of the card's IOMMU group, if it has one
 * @card: card that is being probed
 *
 * Claiming the DMA of the group attaches it to a blocking domain until
 * vdfl_fence_fini(). Cards of one group share its owner, which is this driver.
 * May sleep.
 *
 * Return: 0; -ENODEV without IOMMU if the module parameter require_iommu is
 * set; -EPERM or -EBUSY if other members of the group are in use
 */
int vdfl_fence_init(struct vdfl_card *card)
{
	struct iommu_group *group = iommu_group_get(&card->pdev->dev);
	int ret;

	if (!group)
		return fence_without_iommu(card);

	ret = iommu_device_claim_dma_owner(&card->pdev->dev, &dma_owner);
	if (ret) {
		pci_err(card->pdev,
			"refused: DMA of IOMMU group %d cannot be blocked (%pe); unbind the drivers of the other devices in /sys/kernel/iommu_groups/%d/devices\n",
			iommu_group_id(group), ERR_PTR(ret),
			iommu_group_id(group));
		iommu_group_put(group);
		return ret;
	}
	card->group = group;
	return 0;
}

/**
 * vdfl_fence_fini() - release the IOMMU group
 * @card: disabled card
 *
 * May sleep.
 */
void vdfl_fence_fini(struct vdfl_card *card)
{
	if (!card->group)
		return;
	iommu_device_release_dma_owner(&card->pdev->dev);
	iommu_group_put(card->group);
	card->group = NULL;
}

/**
 * vdfl_fences() - get the fences that are in force
 * @card: bound card
 *
 * Lockless: returns the result of the last check of the bus-master bits.
 *
 * Return: mask of VFIO_DFL_MDEV_FENCE_*
 */
u32 vdfl_fences(struct vdfl_card *card)
{
	u32 fences = vdfl_busmaster_fences(card);

	if (card->group)
		fences |= VFIO_DFL_MDEV_FENCE_IOMMU;
	return fences;
}

/* --- other functions of the card ------------------------------------------ */

/*
 * The PCI core holds the configuration lock of a function while it resets the
 * function, which clears the bit. Do not wait for that lock: its holder may wait
 * for the removal of this card.
 */
static bool sibling_masters(struct pci_dev *other)
{
	bool on;

	if (!pci_cfg_access_trylock(other))
		return false;
	on = vdfl_busmaster_is_on(other);
	pci_cfg_access_unlock(other);
	return on;
}

/*
 * Write the names of the other functions in the slot that master the bus to
 * @buf, a page, and return their number. They have requester IDs of their own,
 * so no fence of this function stops their DMA.
 */
static unsigned int siblings_mastering(struct vdfl_card *card, char *buf)
{
	struct pci_dev *pdev = card->pdev;
	unsigned int fn, nr = 0;
	ssize_t len = 0;

	for (fn = 0; fn < 8; fn++) {
		unsigned int devfn = PCI_DEVFN(PCI_SLOT(pdev->devfn), fn);
		struct pci_dev *other;

		other = pci_get_domain_bus_and_slot(pci_domain_nr(pdev->bus),
						    pdev->bus->number, devfn);
		if (other && other != pdev && sibling_masters(other)) {
			len += sysfs_emit_at(buf, len, "%s%s", nr ? " " : "",
					     pci_name(other));
			nr++;
		}
		pci_dev_put(other);
	}
	sysfs_emit_at(buf, len, "\n");
	return nr;
}

/**
 * vdfl_fence_siblings() - get the value of sysfs attribute siblings_mastering
 * @card: bound card
 * @buf: result, a page
 *
 * Return: bytes written to @buf
 */
ssize_t vdfl_fence_siblings(struct vdfl_card *card, char *buf)
{
	siblings_mastering(card, buf);
	return strlen(buf);
}

/**
 * vdfl_fence_check_siblings() - check whether sibling functions master the bus
 * @card: card that is being probed
 *
 * Log these functions. May sleep.
 *
 * Return: 0; -EBUSY if a sibling masters the bus and the module parameter
 * refuse_siblings is set; -ENOMEM
 */
int vdfl_fence_check_siblings(struct vdfl_card *card)
{
	char *names = (char *)get_zeroed_page(GFP_KERNEL);
	int ret = 0;

	if (!names)
		return -ENOMEM;
	if (siblings_mastering(card, names)) {
		strim(names);
		if (refuse_siblings)
			ret = -EBUSY;
		pci_warn(card->pdev,
			 "%sbus mastering is enabled in other functions: %s; unbind the drivers\n",
			 ret ? "refused: " : "", names);
	}
	free_page((unsigned long)names);
	return ret;
}
