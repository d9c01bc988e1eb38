// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations of the PCI core on the whole card (function reset, error recovery,
 * suspend), a card that does not respond for a time, and loss of the card.
 * Accesses wait while the card is frozen for one of the former, and fail once it
 * is declared lost.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/jiffies.h>
#include <linux/module.h>

#include "card/card_priv.h"

/* Upper bound of an operation; time in suspend does not count */
#define RECOVERY_LIMIT		(60 * HZ)

static unsigned int loss_grace_ms = 3000;
module_param(loss_grace_ms, uint, 0644);
MODULE_PARM_DESC(loss_grace_ms,
		 "Time in ms that a card may fail to respond before it is declared lost; the audit checks every 500 ms (default: 3000)");

/**
 * vdfl_card_declare_lost() - revoke all use of the card for good
 * @card: bound card; vdfl_card.reset_lock may be held
 * @cause: text for the log
 *
 * When this returns, no access to the registers begins, and interrupts are not
 * delivered any more. For each client a work item zaps its mappings, then
 * signals its error and device request eventfds. Only vdfl_clients_wait() waits
 * for them, so that a slow client does not delay callers that hold
 * vdfl_card.reset_lock.
 *
 * A concurrent second caller may return before the first has finished. Takes
 * vdfl_card.lock and vdfl_card_irq.mutex. May sleep.
 */
void vdfl_card_declare_lost(struct vdfl_card *card, const char *cause)
{
	bool was_gone, used;

	raw_spin_lock(&card->lock);
	was_gone = card->gone;
	used = !list_empty(&card->clients);
	WRITE_ONCE(card->gone, true);
	raw_spin_unlock(&card->lock);
	if (was_gone)
		return;
	vdfl_notify(card, VDFL_NOTIFY_STATE);
	if (used)
		pci_warn(card->pdev, "card lost (%s), access revoked\n", cause);
	else
		pci_info(card->pdev, "card lost (%s), no instances\n", cause);
	vdfl_clients_revoke(card, VDFL_REVOKED_GONE);
	/* With msix this disables bus mastering, before users are notified */
	vdfl_irq_suspend(card);
	vdfl_clients_notify(card, VDFL_CLIENT_ERROR | VDFL_CLIENT_REQUEST);
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
 * vdfl_card_generation() - count the resets and recoveries of a card
 * @card: bound card
 *
 * Lockless.
 *
 * Return: number of times that use of the card was resumed after it had been
 * frozen (VDFL_FROZEN_*), modulo 2^32
 */
u32 vdfl_card_generation(const struct vdfl_card *card)
{
	return READ_ONCE(card->generation);
}

/*
 * The audit does not check bus mastering while the PCI core operates on the card.
 * An operation that only waits for clients does not count.
 */
static void set_operating(struct vdfl_card *card, unsigned int ops)
{
	lockdep_assert_held(&card->reset_lock);
	card->operating = ops;
	vdfl_busmaster_pause(card, ops);
}

/*
 * The audit checks bus mastering until all clients are drained, since they choose
 * how long that takes. The PCI core saves the command register, and restores it.
 * A reset of a port changes no configuration, so the audit goes on.
 */
static void begin_operation(struct vdfl_card *card, unsigned int op)
{
	lockdep_assert_held(&card->reset_lock);
	/* Declared lost meanwhile */
	if (!(card->frozen & op) || op == VDFL_FROZEN_PORT)
		return;
	/* Further errors do not extend the recovery timeout */
	if (!card->operating) {
		card->frozen_since = jiffies;
		vdfl_busmaster_verify(card);
	}
	set_operating(card, card->operating | op);
}

/**
 * vdfl_card_begin_freeze() - begin to stop using the card
 * @card: bound card
 * @op: as given to vdfl_card_freeze()
 *
 * Revoke access and stop interrupts. The caller calls vdfl_card_end_freeze().
 * Takes vdfl_card.reset_lock, vdfl_card.lock and vdfl_card_irq.mutex, one after
 * the other. May sleep.
 */
void vdfl_card_begin_freeze(struct vdfl_card *card, unsigned int op)
{
	mutex_lock(&card->reset_lock);
	card->frozen |= op;
	card->revoking++;
	if (!card->operating)
		vdfl_busmaster_verify(card);
	mutex_unlock(&card->reset_lock);

	vdfl_notify(card, VDFL_NOTIFY_STATE);
	vdfl_clients_revoke(card, VDFL_REVOKED_CARD);
	vdfl_irq_suspend(card);
}

/**
 * vdfl_card_end_freeze() - wait until nothing uses the card
 * @card: card after vdfl_card_begin_freeze()
 * @op: as given to vdfl_card_begin_freeze()
 *
 * Takes vdfl_card.monitor_lock and vdfl_card.reset_lock, one after the other, and
 * waits for all clients with none of them held. May sleep.
 */
void vdfl_card_end_freeze(struct vdfl_card *card, unsigned int op)
{
	vdfl_clients_wait(card);
	vdfl_monitor_wait(card);

	mutex_lock(&card->reset_lock);
	card->revoking--;
	begin_operation(card, op);
	mutex_unlock(&card->reset_lock);
}

/**
 * vdfl_card_freeze() - stop using the card during an operation on it
 * @card: bound card
 * @op: VDFL_FROZEN_*
 *
 * Revoke access and stop interrupts until vdfl_card_thaw(). When this returns,
 * no access is running, no mapping has a PTE, and no register is being read for
 * the administrator. The recovery timeout begins then: until then the PCI core
 * does not operate on the card.
 *
 * Takes the locks of vdfl_card_begin_freeze() and vdfl_card_end_freeze(). May
 * sleep.
 */
void vdfl_card_freeze(struct vdfl_card *card, unsigned int op)
{
	vdfl_card_begin_freeze(card, op);
	vdfl_card_end_freeze(card, op);
}

/* Start delivery before access is restored, so that no interrupt is lost. */
static void card_resume_use(struct vdfl_card *card)
{
	bool resumed;

	vdfl_blocks_recheck(card);
	resumed = vdfl_irq_resume(card);
	WRITE_ONCE(card->generation, card->generation + 1);
	vdfl_notify(card, VDFL_NOTIFY_STATE);
	vdfl_notify(card, VDFL_NOTIFY_GENERATION);
	/* Pairs with smp_rmb() in value_is_data() */
	smp_wmb();
	vdfl_clients_restore(card, VDFL_REVOKED_CARD);
	if (resumed)
		vdfl_irq_signal_all(card);
}

/* Declare the card lost, and let the audit check bus mastering again. */
static void frozen_declare_lost(struct vdfl_card *card, const char *cause)
{
	lockdep_assert_held(&card->reset_lock);
	vdfl_card_declare_lost(card, cause);
	card->frozen = 0;
	set_operating(card, 0);
}

/* @ret is the result of vdfl_busmaster_verify(). Returns it, or a new error. */
static int frozen_end(struct vdfl_card *card, int ret)
{
	const char *cause = "bus mastering cannot be disabled";

	if (!ret) {
		ret = vdfl_card_check_msix(card);
		cause = "MSI-X structures moved by reset";
	}
	if (ret) {
		frozen_declare_lost(card, ret == -ENODEV ?
				    "no response after reset" : cause);
		return ret;
	}
	set_operating(card, 0);
	/* The pin of a card that did not respond could not be masked */
	vdfl_irq_mask_idle(card);
	/* Functions that read 0 from vdfl_card.frozen find their AFUs released */
	if (vdfl_ports_deassert_reset(card))
		vdfl_functions_set_reset(card);
	card->frozen = 0;
	card_resume_use(card);
	return 0;
}

/* The audit waits for the card, and checks bus mastering. */
static void frozen_set_absent(struct vdfl_card *card)
{
	lockdep_assert_held(&card->reset_lock);
	card->frozen = VDFL_FROZEN_ABSENT;
	card->absent_since = jiffies;
	set_operating(card, 0);
	vdfl_notify(card, VDFL_NOTIFY_STATE);
}

/**
 * vdfl_card_thaw() - use the card again after an operation on it
 * @card: bound card
 * @op: as given to vdfl_card_freeze()
 *
 * Resume use if no other operation is in progress. Declare the card lost if it
 * does not respond, if bus mastering cannot be disabled, or if its MSI-X
 * structures have moved. Takes vdfl_card.reset_lock. May sleep.
 *
 * Return: 0; the error of vdfl_busmaster_verify() or vdfl_card_check_msix() if
 * the card was declared lost for it; -ENODEV if the card does not respond after
 * an operation of this driver, in which case the card stays frozen
 */
int vdfl_card_thaw(struct vdfl_card *card, unsigned int op)
{
	int ret;

	guard(mutex)(&card->reset_lock);
	/* Nothing to undo: not frozen for @op, or already declared lost */
	if (!(card->frozen & op))
		return 0;
	card->frozen &= ~op;
	/* Another operation is in progress; its end verifies the card */
	if (card->frozen & ~VDFL_FROZEN_ABSENT) {
		set_operating(card, card->operating & ~op);
		return 0;
	}
	ret = vdfl_busmaster_verify(card);
	if (ret == -ENODEV && op & VDFL_FROZEN_OWN) {
		frozen_set_absent(card);
		return ret;
	}
	return frozen_end(card, ret);
}

static bool card_disconnected(struct vdfl_card *card)
{
	return card->pdev->error_state == pci_channel_io_perm_failure;
}

/*
 * Recovery of the link (DPC) may make the card unreachable without a callback
 * of the PCI core. Ask for the vendor id first, as the PCI core does.
 */
static void absent_check(struct vdfl_card *card)
{
	unsigned long grace = msecs_to_jiffies(READ_ONCE(loss_grace_ms));
	int ret = -ENODEV;

	if (pci_device_is_present(card->pdev)) {
		/* A reset of the link cleared the configuration */
		if (!vdfl_card_answers(card))
			vdfl_card_slot_reset(card);
		ret = vdfl_busmaster_verify(card);
	}
	if (ret != -ENODEV) {
		dev_notice_ratelimited(&card->pdev->dev,
				       "card responds again after %u ms\n",
				       jiffies_to_msecs(jiffies - card->absent_since));
		frozen_end(card, ret);
		return;
	}
	if (card_disconnected(card) ||
	    !time_before(jiffies, card->absent_since + grace))
		frozen_declare_lost(card, "no response");
}

/**
 * vdfl_card_absent() - freeze a card that does not respond
 * @card: bound card that is not frozen; vdfl_card.reset_lock is held
 *
 * Accesses wait until the card responds again, or until it is declared lost:
 * after the module parameter loss_grace_ms, or at once if the PCI core has
 * marked it as disconnected. Takes vdfl_card.lock and vdfl_card_irq.mutex. May
 * sleep.
 */
void vdfl_card_absent(struct vdfl_card *card)
{
	lockdep_assert_held(&card->reset_lock);
	if (READ_ONCE(card->gone))
		return;
	frozen_set_absent(card);
	vdfl_clients_revoke(card, VDFL_REVOKED_CARD);
	vdfl_irq_suspend(card);
	absent_check(card);
}

/**
 * vdfl_card_check_frozen() - declare a card lost that stays frozen too long
 * @card: bound card that is frozen; vdfl_card.reset_lock is held
 *
 * The PCI core does not report the end of every reset and recovery to the driver,
 * and the card need not respond during one. The end of a suspend is always
 * reported. A card that is only absent is used again once it responds. May sleep.
 */
void vdfl_card_check_frozen(struct vdfl_card *card)
{
	/* Time goes on in suspend-to-idle of a machine without idle states */
	if (card->frozen & VDFL_FROZEN_SUSPEND)
		card->frozen_since = jiffies;
	else if (card->frozen == VDFL_FROZEN_ABSENT)
		absent_check(card);
	else if (!card->revoking && card->operating &&
		 time_after(jiffies, card->frozen_since + RECOVERY_LIMIT))
		frozen_declare_lost(card, "no response after reset");
}

/**
 * vdfl_card_error_detected() - freeze the card for PCI error recovery
 * @card: bound card
 * @state: channel state that the PCI core reports; the card is declared lost on
 *	a permanent failure
 *
 * Accesses of users wait for the end of the recovery. The error eventfd is
 * signalled only for a card that is lost, because QEMU stops the guest on it.
 * May sleep.
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
