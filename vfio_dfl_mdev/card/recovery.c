// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations of the PCI core on the whole card (function reset, error recovery,
 * suspend), and loss of the card. Access is revoked while an operation is in
 * progress, and for good once the card is declared lost.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/jiffies.h>

#include "card/card_priv.h"

/* Upper bound of an operation; jiffies do not advance while suspended */
#define RECOVERY_LIMIT		(60 * HZ)

/**
 * vdfl_card_declare_lost() - revoke all use of the card for good
 * @card: bound card; vdfl_card.reset_lock may be held, vdfl_card.lock is not
 * @cause: text for the log
 *
 * When this returns:
 *
 * - access to the registers is revoked and mappings are zapped;
 * - interrupts are not delivered any more;
 * - the error and device request eventfds of all clients are signalled.
 *
 * A concurrent second caller may return before the first has finished. Takes
 * vdfl_card.lock and vdfl_card_irq.mutex. May sleep.
 */
void vdfl_card_declare_lost(struct vdfl_card *card, const char *cause)
{
	struct vdfl_client *client;

	mutex_lock(&card->lock);
	if (card->gone) {
		mutex_unlock(&card->lock);
		return;
	}
	WRITE_ONCE(card->gone, true);
	if (!list_empty(&card->clients))
		pci_warn(card->pdev, "card lost (%s), access revoked\n", cause);
	else
		pci_info(card->pdev, "card lost (%s), no instances\n", cause);
	vdfl_clients_revoke_locked(card, VDFL_REVOKED_GONE);
	mutex_unlock(&card->lock);

	/* With msix this disables bus mastering, before users are notified */
	vdfl_irq_suspend(card);

	mutex_lock(&card->lock);
	list_for_each_entry(client, &card->clients, node) {
		client->ops->error(client);
		client->ops->request(client);
	}
	mutex_unlock(&card->lock);
}

/**
 * vdfl_card_is_gone() - check whether a card is lost
 * @card: bound card
 *
 * Lockless: true stays true.
 *
 * Return: true once vdfl_card_declare_lost() has begun to revoke access
 */
bool vdfl_card_is_gone(const struct vdfl_card *card)
{
	return READ_ONCE(card->gone);
}

/**
 * vdfl_card_freeze() - stop using the card while the PCI core operates on it
 * @card: bound card
 * @op: VDFL_FROZEN_*
 *
 * Revoke access and stop interrupts until vdfl_card_thaw(). Takes
 * vdfl_card.reset_lock, vdfl_card.lock and vdfl_card_irq.mutex, one after the
 * other. May sleep.
 */
void vdfl_card_freeze(struct vdfl_card *card, unsigned int op)
{
	mutex_lock(&card->reset_lock);
	if (!card->frozen) {
		/* The PCI core saves the command register, and restores it */
		vdfl_busmaster_verify(card);
		/* Further errors do not extend the recovery timeout */
		card->frozen_since = jiffies;
		vdfl_busmaster_pause(card, true);
	}
	card->frozen |= op;
	mutex_unlock(&card->reset_lock);
	vdfl_clients_revoke(card, VDFL_REVOKED_CARD);
	vdfl_irq_suspend(card);
}

/* Start delivery before access is restored, so that no interrupt is lost. */
static void card_resume_use(struct vdfl_card *card)
{
	bool resumed;

	vdfl_ports_deassert_reset(card);
	vdfl_blocks_recheck(card);
	resumed = vdfl_irq_resume(card);
	vdfl_clients_restore(card, VDFL_REVOKED_CARD);
	if (resumed)
		vdfl_irq_signal_all(card);
}

/**
 * vdfl_card_thaw() - use the card again after an operation of the PCI core
 * @card: bound card
 * @op: as given to vdfl_card_freeze()
 *
 * Resume use if no other operation is in progress. Declare the card lost if it
 * does not respond, if bus mastering cannot be disabled, or if its MSI-X
 * structures have moved. Takes vdfl_card.reset_lock. May sleep.
 *
 * Return: 0; the error of vdfl_busmaster_verify() or vdfl_card_check_msix() if
 * the card was declared lost for it
 */
int vdfl_card_thaw(struct vdfl_card *card, unsigned int op)
{
	int ret;

	guard(mutex)(&card->reset_lock);
	/* Nothing to undo: not frozen for @op, or already declared lost */
	if (!(card->frozen & op))
		return 0;
	card->frozen &= ~op;
	ret = vdfl_busmaster_verify(card);
	if (card->frozen)
		return 0;
	vdfl_busmaster_pause(card, false);
	if (ret) {
		vdfl_card_declare_lost(card, "no response after reset");
		return ret;
	}
	ret = vdfl_card_check_msix(card);
	if (ret) {
		vdfl_card_declare_lost(card, "MSI-X structures moved by reset");
		return ret;
	}
	card_resume_use(card);
	return 0;
}

/* Declare the card lost, and let the audit check bus mastering again. */
static void frozen_declare_lost(struct vdfl_card *card, const char *cause)
{
	lockdep_assert_held(&card->reset_lock);
	vdfl_card_declare_lost(card, cause);
	card->frozen = 0;
	vdfl_busmaster_pause(card, false);
}

/**
 * vdfl_card_check_frozen() - declare a card lost that stays frozen too long
 * @card: bound card that is frozen; vdfl_card.reset_lock is held
 *
 * The PCI core does not report the end of every operation to the driver, and
 * the card need not respond during one. May sleep.
 */
void vdfl_card_check_frozen(struct vdfl_card *card)
{
	if (time_after(jiffies, card->frozen_since + RECOVERY_LIMIT))
		frozen_declare_lost(card, "no response after reset");
}

/**
 * vdfl_card_error_detected() - freeze the card for PCI error recovery
 * @card: bound card
 * @state: channel state that the PCI core reports; the card is declared lost on
 *	a permanent failure
 *
 * Signals the error eventfds of all clients. May sleep.
 *
 * Return: recovery step that the driver requests from the PCI core
 */
pci_ers_result_t vdfl_card_error_detected(struct vdfl_card *card,
					  pci_channel_state_t state)
{
	if (state == pci_channel_io_perm_failure) {
		mutex_lock(&card->reset_lock);
		frozen_declare_lost(card, "permanent PCI channel failure");
		mutex_unlock(&card->reset_lock);
		return PCI_ERS_RESULT_DISCONNECT;
	}
	vdfl_card_freeze(card, VDFL_FROZEN_ERROR);
	vdfl_clients_error(card);
	return state == pci_channel_io_normal ? PCI_ERS_RESULT_CAN_RECOVER :
						PCI_ERS_RESULT_NEED_RESET;
}

/**
 * vdfl_card_slot_reset() - restore the configuration after a reset of the slot
 * @card: bound card, between vdfl_card_freeze() and vdfl_card_thaw()
 *
 * The state saved at probe is restored rather than the last one, because Bus
 * Master Enable is clear in it. May sleep.
 *
 * Return: true if the state was restored and the card responds
 */
bool vdfl_card_slot_reset(struct vdfl_card *card)
{
	if (pci_load_saved_state(card->pdev, card->saved))
		return false;
	pci_restore_state(card->pdev);
	vdfl_busmaster_verify_bridge(card);
	return vdfl_card_answers(card);
}
