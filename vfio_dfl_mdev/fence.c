// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fences around the card: what keeps its DMA from memory besides its own
 * bus-master bit, and which of them hold.
 */
#include <linux/iommu.h>
#include <linux/module.h>

#include "vdfl.h"

static bool require_iommu;
module_param(require_iommu, bool, 0444);
MODULE_PARM_DESC(require_iommu,
		 "Refuse cards whose DMA no IOMMU can block (default: N)");

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
 * @card: not yet visible to anyone
 *
 * Owning the DMA of the group moves all of it to a blocking domain, until
 * vdfl_fence_fini().
 *
 * Return: 0; -ENODEV without IOMMU when one is required; -EPERM or -EBUSY when
 * other members of the group are in use.
 */
int vdfl_fence_init(struct vdfl_card *card)
{
	struct iommu_group *group = iommu_group_get(&card->pdev->dev);
	int ret;

	if (!group)
		return fence_without_iommu(card);

	ret = iommu_group_claim_dma_owner(group, card);
	if (ret) {
		pci_err(card->pdev,
			"refused: DMA of IOMMU group %d cannot be blocked (%pe): unbind the drivers of its other devices, see /sys/kernel/iommu_groups/%d/devices\n",
			iommu_group_id(group), ERR_PTR(ret),
			iommu_group_id(group));
		iommu_group_put(group);
		return ret;
	}
	card->group = group;
	return 0;
}

void vdfl_fence_fini(struct vdfl_card *card)
{
	if (!card->group)
		return;
	iommu_group_release_dma_owner(card->group);
	iommu_group_put(card->group);
	card->group = NULL;
}

/* vdfl_fences(): VFIO_DFL_MDEV_FENCE_* in force now */
u32 vdfl_fences(struct vdfl_card *card)
{
	u32 fences = 0;

	if (!READ_ONCE(card->busmaster.lost))
		fences |= VFIO_DFL_MDEV_FENCE_COMMAND;
	if (card->group)
		fences |= VFIO_DFL_MDEV_FENCE_IOMMU;
	return fences;
}
