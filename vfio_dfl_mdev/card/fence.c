// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fences outside the card: the IOMMU, and what its fence does not cover.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci-ats.h>

#include "card/card_priv.h"

static bool require_iommu;
module_param(require_iommu, bool, 0444);
MODULE_PARM_DESC(require_iommu,
		 "Refuse cards whose DMA cannot be blocked by an IOMMU (default: N)");

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

/*
 * The kernel enables ATS of each function that supports it. A check of the siblings
 * has set the flag if one of them does. Called before the group is claimed.
 */
static int fence_check_ats(struct vdfl_card *card)
{
	card->may_use_ats |= pci_ats_supported(card->pdev);
	if (!card->may_use_ats)
		return 0;
	pci_warn(card->pdev,
		 "%sthe card may use ATS, so the IOMMU does not stop a hostile bitstream; boot with pci=noats\n",
		 require_iommu ? "refused: " : "");
	return require_iommu ? -ENODEV : 0;
}

/**
 * vdfl_fence_init() - block DMA of the card's IOMMU group, if it has one
 * @card: card that is being probed, after vdfl_siblings_check()
 *
 * Claiming the DMA of the group attaches it to a blocking domain until
 * vdfl_fence_fini(). Cards of one group share its owner, which is this driver.
 * May sleep.
 *
 * Return: 0; -ENODEV without IOMMU, or if the card may use ATS, and the module
 * parameter require_iommu is set; -EPERM or -EBUSY if other members of the group
 * are in use
 */
int vdfl_fence_init(struct vdfl_card *card)
{
	struct iommu_group *group = iommu_group_get(&card->pdev->dev);
	int ret;

	if (!group)
		return fence_without_iommu(card);

	ret = fence_check_ats(card);
	if (ret)
		goto err_put;
	ret = iommu_device_claim_dma_owner(&card->pdev->dev, &dma_owner);
	if (ret) {
		pci_err(card->pdev,
			"refused: DMA of IOMMU group %d cannot be blocked (%pe); unbind the drivers of the other devices in /sys/kernel/iommu_groups/%d/devices\n",
			iommu_group_id(group), ERR_PTR(ret),
			iommu_group_id(group));
		goto err_put;
	}
	card->group = group;
	return 0;

err_put:
	iommu_group_put(group);
	return ret;
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
 * Lockless: returns the result of the last check of the bus-master bits. No fence
 * covers other links than the PCIe link of the function. The IOMMU fence does not
 * count if the card may use ATS.
 *
 * Return: mask of VFIO_DFL_MDEV_FENCE_*
 */
u32 vdfl_fences(struct vdfl_card *card)
{
	u32 fences = vdfl_busmaster_fences(card);

	if (READ_ONCE(card->links) == VDFL_LINKS_NOT_GATED)
		return 0;
	if (card->group && !READ_ONCE(card->may_use_ats))
		fences |= VFIO_DFL_MDEV_FENCE_IOMMU;
	return fences;
}

/**
 * vdfl_fence_iommu_state() - get the value of sysfs attribute fence_iommu
 * @card: bound card
 *
 * Return: static string
 */
const char *vdfl_fence_iommu_state(struct vdfl_card *card)
{
	if (!card->group)
		return "not available: no IOMMU";
	if (READ_ONCE(card->links) == VDFL_LINKS_NOT_GATED)
		return "in force, but not on all links";
	return READ_ONCE(card->may_use_ats) ?
	       "in force, but the card may use ATS (boot with pci=noats)" :
	       "in force";
}
