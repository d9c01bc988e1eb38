// SPDX-License-Identifier: GPL-2.0-only
/*
 * Function level reset of a function that is one block. The user of the block is
 * the only user of the function, so no other client is affected.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "card/card_priv.h"

/*
 * pci_reset_function() needs the device lock, which the removal of the card
 * holds while it waits for the user.
 */
static int flr(struct pci_dev *pdev)
{
	int ret = pci_save_state(pdev);

	if (ret)
		return ret;
	ret = pcie_reset_flr(pdev, PCI_RESET_DO_RESET);
	/* As the PCI core does it: also after an error */
	pci_restore_state(pdev);
	return ret;
}

/* Verify the function before it is used again. Declare it lost on -EIO. */
static int verify_after_flr(struct vdfl_card *card)
{
	int ret = vdfl_busmaster_verify(card);

	if (ret == -EIO)
		vdfl_card_declare_lost(card, "bus mastering cannot be disabled");
	if (ret)
		return ret;
	ret = vdfl_card_check_msix(card);
	if (ret == -EIO)
		vdfl_card_declare_lost(card, "MSI-X structures moved by reset");
	return ret;
}

/**
 * vdfl_function_reset() - reset a function that is one block
 * @card: bound card that is not frozen; vdfl_card.reset_lock and the
 *	configuration lock of the function are held; access to the block is
 *	revoked
 *
 * Stop interrupts and the audit, reset the function, restore its configuration,
 * and verify it. Interrupts raised meanwhile are lost with the state of the
 * block. After -ENODEV interrupts stay stopped; the audit restarts them, or
 * declares the card lost. The card is also declared lost if bus mastering
 * cannot be disabled, or if its MSI-X structures have moved.
 *
 * Sleeps 100 ms, and up to 60 s for a card that does not respond after the
 * reset. Takes vdfl_card_irq.mutex.
 *
 * Return: 0; -ENODEV if the card does not respond; -EIO if the reset failed or
 * the card is lost
 */
int vdfl_function_reset(struct vdfl_card *card)
{
	int err, ret;

	lockdep_assert_held(&card->reset_lock);
	vdfl_irq_suspend(card);
	/* The state that is restored must have the bit clear */
	ret = vdfl_busmaster_verify(card);
	if (ret)
		return ret;
	vdfl_busmaster_pause(card, true);
	err = flr(card->pdev);
	ret = verify_after_flr(card);
	vdfl_busmaster_pause(card, false);
	if (ret)
		return ret;
	vdfl_irq_resume(card);
	if (!err)
		return 0;
	dev_err_ratelimited(&card->pdev->dev,
			    "function reset failed (%pe), block not usable\n",
			    ERR_PTR(err));
	return -EIO;
}
