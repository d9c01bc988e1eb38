// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations of the PCI core on the whole card (function reset, error recovery,
 * suspend), and the end of a card that does not survive one.
 */
#include <linux/jiffies.h>

#include "card/card_priv.h"

/* A function reset, an error recovery or a suspend, all without sleep time */
#define RECOVERY_LIMIT		(60 * HZ)

/**
 * vdfl_card_declare_lost() - the card cannot be used any more
 * @card: any time between probe and remove
 * @cause: for the log
 *
 * Access ends for good when this returns: mappings are revoked, users are told
 * and asked to let go, no interrupt is delivered. For who calls it once more, it
 * may not have ended yet. May sleep. vdfl_card.reset_lock may be held,
 * vdfl_card.lock is not.
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
		pci_warn(card->pdev, "taken from its users: %s\n", cause);
	else
		pci_info(card->pdev, "no longer usable: %s\n", cause);
	vdfl_clients_revoke_locked(card, VDFL_REVOKED_GONE);
	mutex_unlock(&card->lock);

	/* With msix this turns bus master off: before anybody hears of the end */
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
 * Return: true for good once access has begun to end
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
 * Access is revoked and interrupts are stopped. Undone by vdfl_card_thaw().
 * May sleep.
 */
void vdfl_card_freeze(struct vdfl_card *card, unsigned int op)
{
	mutex_lock(&card->reset_lock);
	if (!card->frozen) {
		/* What the PCI core saves now, it will restore */
		vdfl_busmaster_verify(card);
		/* Further errors do not extend the recovery timeout */
		card->frozen_since = jiffies;
	}
	card->frozen |= op;
	mutex_unlock(&card->reset_lock);
	vdfl_clients_revoke(card, VDFL_REVOKED_CARD);
	vdfl_irq_suspend(card);
}

/* Interrupts are delivered before a user can cause one. */
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
 * vdfl_card_thaw() - an operation of the PCI core has ended
 * @card: bound card
 * @op: as given to vdfl_card_freeze()
 *
 * The card is used again when no other operation is left. May sleep.
 *
 * Return: 0, or the reason why the card was declared lost
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
	if (ret)
		vdfl_card_declare_lost(card, "it did not come back from a reset");
	else if (vdfl_card_check_msix(card))
		vdfl_card_declare_lost(card, "its MSI-X structures are elsewhere after a reset");
	else
		card_resume_use(card);
	return ret;
}

/* Declare the card lost, and let the audit check bus mastering again. */
static void frozen_declare_lost(struct vdfl_card *card, const char *cause)
{
	lockdep_assert_held(&card->reset_lock);
	vdfl_card_declare_lost(card, cause);
	card->frozen = 0;
}

/**
 * vdfl_card_check_frozen() - give up a card that did not come back in time
 * @card: vdfl_card.reset_lock is held, and vdfl_card.frozen is set
 *
 * A card may not respond during an operation of the PCI core, whose end the
 * driver is not always told of.
 */
void vdfl_card_check_frozen(struct vdfl_card *card)
{
	if (time_after(jiffies, card->frozen_since + RECOVERY_LIMIT))
		frozen_declare_lost(card, "it did not come back from a reset");
}

/**
 * vdfl_card_error_detected() - PCI error recovery begins
 * @card: bound card
 * @state: of its channel
 *
 * Return: what the PCI core is asked to do
 */
pci_ers_result_t vdfl_card_error_detected(struct vdfl_card *card,
					  pci_channel_state_t state)
{
	if (state == pci_channel_io_perm_failure) {
		mutex_lock(&card->reset_lock);
		frozen_declare_lost(card, "PCI reports a permanent failure");
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
 * The state saved at probe is used rather than the last one, because bus master
 * is off in it.
 *
 * Return: true if the card responds
 */
bool vdfl_card_slot_reset(struct vdfl_card *card)
{
	if (pci_load_saved_state(card->pdev, card->saved))
		return false;
	pci_restore_state(card->pdev);
	return vdfl_card_answers(card);
}
