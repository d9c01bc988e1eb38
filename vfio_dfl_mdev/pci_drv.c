// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI driver: binding and unbinding. It matches nothing by itself;
 * administrators point a function at it by driver_override or new_id.
 */
#include <linux/module.h>

#include "vdfl.h"

static int vdfl_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct vdfl_card *card = vdfl_card_probe(pdev);
	int ret;

	if (IS_ERR(card))
		return PTR_ERR(card);
	pci_set_drvdata(pdev, card);

	ret = vdfl_types_register(card);
	if (ret) {
		pci_set_drvdata(pdev, NULL);
		vdfl_card_remove(card);
		return ret;
	}
	vdfl_busmaster_start(card);
	return 0;
}

static void vdfl_pci_remove(struct pci_dev *pdev)
{
	struct vdfl_card *card = pci_get_drvdata(pdev);

	vdfl_card_lost(card, "unbinding");
	vdfl_types_unregister(card);
	pci_set_drvdata(pdev, NULL);
	vdfl_card_remove(card);
}

/* The next kernel, or none, may have no IOMMU: with msix bus master is on. */
static void vdfl_pci_shutdown(struct pci_dev *pdev)
{
	vdfl_card_lost(pci_get_drvdata(pdev), "shutdown");
}

static const struct pci_device_id vdfl_pci_ids[] = {
	{}
};

struct pci_driver vdfl_pci_driver = {
	.name			= VDFL_NAME,
	.id_table		= vdfl_pci_ids,
	.probe			= vdfl_pci_probe,
	.remove			= vdfl_pci_remove,
	.shutdown		= vdfl_pci_shutdown,
	.err_handler		= &vdfl_err_handlers,
	.driver.pm		= &vdfl_pm_ops,
	.driver_managed_dma	= true,
};
