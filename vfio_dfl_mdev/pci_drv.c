// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI driver. Its ID table is empty: the administrator binds a function
 * through driver_override or new_id.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/module.h>
#include <linux/pm.h>

#include "binding.h"
#include "card/vdfl_card.h"

/**
 * struct vdfl_binding - driver data of a bound function
 * @card: the function as a card
 * @types: mdev types of the card
 *
 * Constant between probe and remove.
 */
struct vdfl_binding {
	struct vdfl_card *card;
	struct vdfl_types *types;
};

static struct vdfl_card *vdfl_pci_card(struct pci_dev *pdev)
{
	struct vdfl_binding *binding = pci_get_drvdata(pdev);

	return binding->card;
}

static int vdfl_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct vdfl_binding *binding;

	binding = devm_kzalloc(&pdev->dev, sizeof(*binding), GFP_KERNEL);
	if (!binding)
		return -ENOMEM;
	binding->card = vdfl_card_probe(pdev);
	if (IS_ERR(binding->card))
		return PTR_ERR(binding->card);
	pci_set_drvdata(pdev, binding);

	binding->types = vdfl_types_register(binding->card);
	if (IS_ERR(binding->types)) {
		pci_set_drvdata(pdev, NULL);
		vdfl_card_remove(binding->card);
		return PTR_ERR(binding->types);
	}
	vdfl_audit_start(binding->card);
	return 0;
}

static void vdfl_pci_remove(struct pci_dev *pdev)
{
	struct vdfl_binding *binding = pci_get_drvdata(pdev);

	vdfl_card_begin_release(binding->card);
	vdfl_types_unregister(binding->types);
	vdfl_card_end_release(binding->card);
	pci_set_drvdata(pdev, NULL);
	vdfl_card_remove(binding->card);
}

/*
 * With msix bus mastering is enabled, and the IOMMU may be off after shutdown,
 * as in a kexec kernel. Declaring the card lost disables bus mastering.
 */
static void vdfl_pci_shutdown(struct pci_dev *pdev)
{
	vdfl_card_declare_lost(vdfl_pci_card(pdev), "shutdown");
}

/* --- operations of the PCI core ------------------------------------------- */

static pci_ers_result_t vdfl_pci_error_detected(struct pci_dev *pdev,
						pci_channel_state_t state)
{
	return vdfl_card_error_detected(vdfl_pci_card(pdev), state);
}

static pci_ers_result_t vdfl_pci_slot_reset(struct pci_dev *pdev)
{
	return vdfl_card_slot_reset(vdfl_pci_card(pdev)) ?
	       PCI_ERS_RESULT_RECOVERED : PCI_ERS_RESULT_DISCONNECT;
}

static void vdfl_pci_error_resume(struct pci_dev *pdev)
{
	vdfl_card_thaw(vdfl_pci_card(pdev), VDFL_FROZEN_ERROR);
}

static void vdfl_pci_reset_prepare(struct pci_dev *pdev)
{
	vdfl_card_freeze(vdfl_pci_card(pdev), VDFL_FROZEN_RESET);
}

static void vdfl_pci_reset_done(struct pci_dev *pdev)
{
	vdfl_card_thaw(vdfl_pci_card(pdev), VDFL_FROZEN_RESET);
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
	vdfl_card_freeze(vdfl_pci_card(to_pci_dev(dev)), VDFL_FROZEN_SUSPEND);
	return 0;
}

static int vdfl_pci_resume(struct device *dev)
{
	return vdfl_card_thaw(vdfl_pci_card(to_pci_dev(dev)),
			      VDFL_FROZEN_SUSPEND);
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
