// SPDX-License-Identifier: GPL-2.0-only
/*
 * Probe and removal of a card. Bus mastering is disabled before any other access
 * to the function.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/slab.h>

#include "card/card_priv.h"

static struct vdfl_card *card_alloc(struct pci_dev *pdev)
{
	struct vdfl_card *card = kzalloc(sizeof(*card), GFP_KERNEL);

	if (!card)
		return NULL;
	card->map = kvzalloc(sizeof(*card->map), GFP_KERNEL);
	if (!card->map) {
		kfree(card);
		return NULL;
	}
	card->pdev = pdev;
	if (vdfl_clients_init(card)) {
		kvfree(card->map);
		kfree(card);
		return NULL;
	}
	pci_dev_get(pdev);
	mutex_init(&card->reset_lock);
	vdfl_notify_init(card);
	vdfl_siblings_init(card);
	init_rwsem(&card->monitor_lock);
	vdfl_audit_init(card);
	vdfl_release_init(card);
	vdfl_card_ref_init(card);
	return card;
}

static int card_acceptable(struct vdfl_card *card)
{
	struct pci_dev *pdev = card->pdev;

	if (pci_num_vf(pdev)) {
		pci_err(pdev,
			"refused: SR-IOV is enabled and VFs can master the bus; write 0 to sriov_numvfs\n");
		return -EBUSY;
	}
	return vdfl_links_check_cxl(card);
}

static int card_memory_bars(struct pci_dev *pdev)
{
	return pci_select_bars(pdev, IORESOURCE_MEM);
}

static int card_enable(struct vdfl_card *card)
{
	struct pci_dev *pdev = card->pdev;
	int ret = pci_enable_device_mem(pdev);

	if (ret)
		return ret;
	/* The pin has no handler until a client is armed */
	if (pdev->pin)
		pci_intx(pdev, 0);
	ret = pci_request_selected_regions_exclusive(pdev,
						     card_memory_bars(pdev),
						     VDFL_NAME);
	if (ret) {
		pci_err(pdev,
			"refused: BARs are in use, see /proc/iomem (%pe)\n",
			ERR_PTR(ret));
		goto err_disable;
	}
	/* Recovery restores this state, so Bus Master Enable must be clear */
	ret = vdfl_busmaster_disable(card);
	if (!ret)
		ret = pci_save_state(pdev);
	if (ret)
		goto err_release;
	card->saved = pci_store_saved_state(pdev);
	if (!card->saved) {
		ret = -ENOMEM;
		goto err_release;
	}
	return 0;

err_release:
	pci_release_selected_regions(pdev, card_memory_bars(pdev));
err_disable:
	pci_disable_device(pdev);
	return ret;
}

static void card_disable(struct vdfl_card *card)
{
	vdfl_card_unmap_bars(card);
	pci_release_selected_regions(card->pdev, card_memory_bars(card->pdev));
	pci_disable_device(card->pdev);
}

/* The ports would reset the AFUs of other functions that are in use. */
static void card_restore_ports(struct vdfl_card *card)
{
	if (!vdfl_siblings_bound(card) && vdfl_card_answers(card))
		vdfl_ports_restore(card);
}

static int card_scan(struct vdfl_card *card)
{
	int ret = vdfl_card_read_layout(card);

	if (ret) {
		pci_err(card->pdev, "refused: card does not respond\n");
		return ret;
	}
	ret = vdfl_card_walk(card);
	if (ret)
		return ret;
	ret = vdfl_links_join(card);
	if (ret)
		return ret;
	ret = vdfl_blocks_init(card);
	if (ret)
		goto err_links;
	vdfl_irq_init(card);
	/* Functions that are bound have lost the state of their AFUs */
	if (vdfl_ports_release(card))
		vdfl_functions_set_reset(card);
	vdfl_functions_add(card);
	ret = vdfl_sysfs_add(card);
	if (ret)
		goto err_functions;
	vdfl_hwmon_add(card);
	return 0;

err_functions:
	vdfl_functions_remove(card);
	card_restore_ports(card);
err_links:
	vdfl_links_leave(card);
	return ret;
}

/**
 * vdfl_card_probe() - enable a function, fence it and find its blocks
 * @pdev: function that is being bound
 *
 * Bus mastering is disabled and read back before any other access. If the card
 * is refused, the reason and the remedy are logged. Undone by
 * vdfl_card_remove(). May sleep.
 *
 * Return: the card, or an ERR_PTR:
 *
 * * -EBUSY: its BARs, its virtual functions, sibling functions or other members
 *   of its IOMMU group are in use, or a sibling is being reset
 * * -EPERM: DMA of its IOMMU group cannot be claimed
 * * -EOPNOTSUPP: it has links that bus mastering does not gate, or its links are
 *   unknown although they are required to be known
 * * -ENODEV: it does not respond, has no feature list, or is not stopped by an
 *   IOMMU although that is required
 * * -EINVAL: it has no usable feature list
 * * -EIO: it does not respond, or bus mastering cannot be disabled
 * * another error of the PCI core, or -ENOMEM
 */
struct vdfl_card *vdfl_card_probe(struct pci_dev *pdev)
{
	struct vdfl_card *card = card_alloc(pdev);
	int ret;

	if (!card)
		return ERR_PTR(-ENOMEM);
	ret = vdfl_busmaster_init(card);
	if (ret)
		goto err_put;
	ret = card_acceptable(card);
	if (ret)
		goto err_put;
	ret = vdfl_siblings_check(card);
	if (ret)
		goto err_put;
	ret = vdfl_fence_init(card);
	if (ret)
		goto err_put;
	ret = card_enable(card);
	if (ret)
		goto err_fence;
	ret = vdfl_busmaster_fence_bridge(card);
	if (ret)
		goto err_disable;
	ret = card_scan(card);
	if (ret)
		goto err_bridge;
	return card;

err_bridge:
	vdfl_busmaster_fini(card);
err_disable:
	card_disable(card);
err_fence:
	vdfl_fence_fini(card);
err_put:
	vdfl_card_put(card);
	return ERR_PTR(ret);
}

/**
 * vdfl_card_remove() - disable the function and remove its fences
 * @card: card that is declared lost and has no registered instance; VFIO may
 *	still have references to released instances
 *
 * Drops the reference of the PCI driver. May sleep.
 */
void vdfl_card_remove(struct vdfl_card *card)
{
	/* Users of other functions choose how long these wait */
	vdfl_hwmon_remove(card);
	vdfl_sysfs_remove(card);
	vdfl_functions_remove(card);
	vdfl_audit_stop(card);
	vdfl_busmaster_fini(card);
	vdfl_links_leave(card);
	vdfl_irq_mask_idle(card);
	card_restore_ports(card);
	card_disable(card);
	vdfl_fence_fini(card);
	vdfl_card_put(card);
}
