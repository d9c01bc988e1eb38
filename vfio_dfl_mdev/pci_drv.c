// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI driver: binding and unbinding. It matches nothing by itself;
 * administrators point a function at it by driver_override or new_id.
 */
#include <linux/module.h>
#include <linux/pm.h>

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

/* --- operations of the PCI core ------------------------------------------- */

static pci_ers_result_t vdfl_pci_error_detected(struct pci_dev *pdev,
						pci_channel_state_t state)
{
	return vdfl_card_error_detected(pci_get_drvdata(pdev), state);
}

static pci_ers_result_t vdfl_pci_slot_reset(struct pci_dev *pdev)
{
	return vdfl_card_slot_reset(pci_get_drvdata(pdev)) ?
	       PCI_ERS_RESULT_RECOVERED : PCI_ERS_RESULT_DISCONNECT;
}

static void vdfl_pci_error_resume(struct pci_dev *pdev)
{
	vdfl_card_restore(pci_get_drvdata(pdev), VDFL_ASLEEP_ERROR);
}

static void vdfl_pci_reset_prepare(struct pci_dev *pdev)
{
	vdfl_card_quiesce(pci_get_drvdata(pdev), VDFL_ASLEEP_RESET);
}

static void vdfl_pci_reset_done(struct pci_dev *pdev)
{
	vdfl_card_restore(pci_get_drvdata(pdev), VDFL_ASLEEP_RESET);
}

static const struct pci_error_handlers vdfl_pci_err_handlers = {
	.error_detected	= vdfl_pci_error_detected,
	.slot_reset	= vdfl_pci_slot_reset,
	.reset_prepare	= vdfl_pci_reset_prepare,
	.reset_done	= vdfl_pci_reset_done,
	.resume		= vdfl_pci_error_resume,
};

static int vdfl_pci_suspend(struct device *dev)
{
	vdfl_card_quiesce(dev_get_drvdata(dev), VDFL_ASLEEP_SUSPEND);
	return 0;
}

static int vdfl_pci_resume(struct device *dev)
{
	return vdfl_card_restore(dev_get_drvdata(dev), VDFL_ASLEEP_SUSPEND);
}

static DEFINE_SIMPLE_DEV_PM_OPS(vdfl_pci_pm_ops, vdfl_pci_suspend,
				vdfl_pci_resume);

/* --- the driver ----------------------------------------------------------- */

static const struct pci_device_id vdfl_pci_ids[] = {
	{}
};

struct pci_driver vdfl_pci_driver = {
	.name			= VDFL_NAME,
	.id_table		= vdfl_pci_ids,
	.probe			= vdfl_pci_probe,
	.remove			= vdfl_pci_remove,
	.shutdown		= vdfl_pci_shutdown,
	.err_handler		= &vdfl_pci_err_handlers,
	.driver.pm		= &vdfl_pci_pm_ops,
	.driver_managed_dma	= true,
};
