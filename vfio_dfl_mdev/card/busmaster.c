// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owner of the bus-master bits of a card and, on request, of the bridge above
 * it.
 *
 * Clears the bits before any other access, reads them back, and checks them
 * again every 500 ms, on open and after every reset. No other file of the
 * driver changes a bus-master bit. The checks take no lock of the driver under
 * which a register is accessed, so no user of the card can delay them.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/msi.h>

#include "card/card_priv.h"

static bool refuse_after_violation = true;
module_param(refuse_after_violation, bool, 0644);
MODULE_PARM_DESC(refuse_after_violation,
		 "After a bus-master violation, refuse new opens until 1 is written to dfl/busmaster_acknowledged (default: Y)");

static bool fence_port;
module_param(fence_port, bool, 0444);
MODULE_PARM_DESC(fence_port,
		 "Also keep bus mastering disabled in the bridge above, if no other device is below the bridge (default: N)");

/*
 * Return 0, -ENODEV if the device does not respond, or -EIO if the bit reads
 * back set.
 */
static int busmaster_off(struct pci_dev *pdev, bool *was_on)
{
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	*was_on = false;
	if (PCI_POSSIBLE_ERROR(command))
		return -ENODEV;
	if (!(command & PCI_COMMAND_MASTER))
		return 0;

	*was_on = true;
	pci_clear_master(pdev);
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	if (PCI_POSSIBLE_ERROR(command))
		return -ENODEV;
	return command & PCI_COMMAND_MASTER ? -EIO : 0;
}

/**
 * vdfl_busmaster_is_on() - check whether a function has bus mastering enabled
 * @pdev: any function; a reference is held
 *
 * Return: true if the bit reads as set; false if the function does not respond
 */
bool vdfl_busmaster_is_on(struct pci_dev *pdev)
{
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	return !PCI_POSSIBLE_ERROR(command) && command & PCI_COMMAND_MASTER;
}

/* --- the bridge above ----------------------------------------------------- */

static int count_function(struct pci_dev *pdev, void *nr)
{
	++*(unsigned int *)nr;
	return 0;
}

/* A bridge is fenced only if the card is the only function below it. */
static bool bridge_serves_only_card(struct vdfl_card *card,
				    struct pci_dev *bridge)
{
	unsigned int below = 0;

	/* Virtual functions of the same device may be on another bus */
	if (card->pdev->is_virtfn)
		return false;
	pci_walk_bus(bridge->subordinate, count_function, &below);
	return pci_is_pcie(bridge) && below == 1;
}

/* While the PCI core resets the bridge, its last state stands. */
static void bridge_keep_off(struct vdfl_busmaster *bm)
{
	bool was_lost = bm->bridge_lost;
	bool was_on;

	lockdep_assert_held(&bm->lock);
	if (!bm->bridge || !pci_cfg_access_trylock(bm->bridge))
		return;
	WRITE_ONCE(bm->bridge_lost, busmaster_off(bm->bridge, &was_on));
	pci_cfg_access_unlock(bm->bridge);
	if (was_on && !was_lost)
		dev_warn_ratelimited(&bm->bridge->dev,
				     "bus mastering was enabled externally above a fenced card; %s\n",
				     bm->bridge_lost ? "cannot be disabled" :
						     "disabled again");
}

/**
 * vdfl_busmaster_fence_bridge() - disable bus mastering of the bridge above
 * @card: card that is being probed; the function is enabled already, because
 *	pci_enable_device_mem() sets the bit of the bridge
 *
 * Does nothing unless the module parameter fence_port is set. The fence also
 * blocks the interrupts of the bridge itself (hot plug, AER, PME). Undone by
 * vdfl_busmaster_fini(). May sleep.
 *
 * Return: 0, also if this bridge cannot be fenced; -EIO if the bit cannot be
 * cleared; -ENODEV if the bridge does not respond
 */
int vdfl_busmaster_fence_bridge(struct vdfl_card *card)
{
	struct pci_dev *bridge = pci_upstream_bridge(card->pdev);
	struct vdfl_busmaster *bm = &card->busmaster;
	bool was_on;
	int ret;

	if (!fence_port)
		return 0;
	if (!bridge || !bridge_serves_only_card(card, bridge)) {
		pci_warn(card->pdev,
			 "fence_port: no bridge serves only this card; bridge fence not available\n");
		return 0;
	}
	ret = busmaster_off(bridge, &was_on);
	if (ret) {
		pci_err(card->pdev,
			"refused: bus mastering of the bridge above cannot be disabled\n");
		return ret;
	}
	bm->bridge = pci_dev_get(bridge);
	return 0;
}

static void bridge_restore(struct vdfl_busmaster *bm)
{
	if (!bm->bridge)
		return;
	if (bm->bridge_was_on)
		pci_set_master(bm->bridge);
	pci_dev_put(bm->bridge);
	bm->bridge = NULL;
}

/**
 * vdfl_busmaster_bridge_state() - get the value of sysfs attribute fence_port
 * @card: bound card
 *
 * Lockless: returns the result of the last audit.
 *
 * Return: static string
 */
const char *vdfl_busmaster_bridge_state(struct vdfl_card *card)
{
	if (!fence_port)
		return "not available: fence_port is not set";
	if (!card->busmaster.bridge)
		return "not available: the card is not alone below its port";
	return READ_ONCE(card->busmaster.bridge_lost) ? "lost" : "in force";
}

/* --- the card ------------------------------------------------------------- */

/**
 * vdfl_busmaster_fences() - get the fences that consist of bus-master bits
 * @card: bound card
 *
 * Lockless: returns the result of the last check.
 *
 * Return: mask of VFIO_DFL_MDEV_FENCE_COMMAND and VFIO_DFL_MDEV_FENCE_PORT
 */
u32 vdfl_busmaster_fences(struct vdfl_card *card)
{
	struct vdfl_busmaster *bm = &card->busmaster;
	u32 fences = 0;

	if (!READ_ONCE(bm->lost) && !READ_ONCE(bm->msix_on))
		fences |= VFIO_DFL_MDEV_FENCE_COMMAND;
	if (bm->bridge && !READ_ONCE(bm->bridge_lost))
		fences |= VFIO_DFL_MDEV_FENCE_PORT;
	return fences;
}

/* Events can sleep for long, so the check that found the bit does not wait. */
static void busmaster_announce(struct work_struct *work)
{
	struct vdfl_card *card = container_of(work, struct vdfl_card,
					      busmaster.announce);
	struct vdfl_busmaster *bm = &card->busmaster;
	char *env[] = { "VFIO_DFL_EVENT=bus-master", NULL };

	for (; bm->announced != READ_ONCE(bm->violations); bm->announced++)
		kobject_uevent_env(&card->pdev->dev.kobj, KOBJ_CHANGE, env);
}

static void busmaster_violation(struct vdfl_card *card, bool lost)
{
	struct vdfl_busmaster *bm = &card->busmaster;

	lockdep_assert_held(&bm->lock);
	if (lost && bm->lost)
		return;		/* already reported */
	WRITE_ONCE(bm->violations, bm->violations + 1);
	WRITE_ONCE(bm->lost, lost);
	if (refuse_after_violation)
		WRITE_ONCE(bm->refuse, true);
	if (lost)
		dev_err_ratelimited(&card->pdev->dev,
				    "bus mastering is enabled and cannot be disabled\n");
	else
		dev_warn_ratelimited(&card->pdev->dev,
				     "bus mastering was enabled externally; disabled again\n");
	queue_work(vdfl_wq, &bm->announce);
}

static int card_keep_off(struct vdfl_card *card)
{
	struct vdfl_busmaster *bm = &card->busmaster;
	bool was_on;
	int ret;

	lockdep_assert_held(&bm->lock);
	if (bm->msix_on)
		return 0;
	/* The INTx mask is in the same register */
	spin_lock_irq(&card->irq.lock);
	ret = busmaster_off(card->pdev, &was_on);
	spin_unlock_irq(&card->irq.lock);
	if (was_on && (!bm->owed || ret == -EIO))
		busmaster_violation(card, ret == -EIO);
	else if (!ret)
		WRITE_ONCE(bm->lost, false);
	if (ret != -ENODEV)
		bm->owed = false;
	return ret;
}

/**
 * vdfl_busmaster_check() - check the bits, as the audit does
 * @card: bound card
 *
 * Like vdfl_busmaster_verify(), but does not access the card while it is
 * paused. Takes vdfl_busmaster.lock. May sleep.
 *
 * Return: 0 if the bit has the expected value or the card is paused, -EIO if
 * the bit cannot be cleared, -ENODEV if the card does not respond
 */
int vdfl_busmaster_check(struct vdfl_card *card)
{
	struct vdfl_busmaster *bm = &card->busmaster;

	guard(mutex)(&bm->lock);
	bridge_keep_off(bm);
	return bm->paused ? 0 : card_keep_off(card);
}

/**
 * vdfl_busmaster_verify() - verify that bus mastering is off, except for msix
 * @card: bound card; vdfl_card.reset_lock is held
 *
 * If the bit is set, clear it, count and log a violation; a work item sends the
 * event. No eventfd is signalled: a violation that is undone affects no user,
 * and the audit declares the card lost after -EIO. The bit of a fenced bridge is
 * only cleared and logged. Takes vdfl_busmaster.lock. May sleep.
 *
 * Return: 0 if the bit has the expected value, -EIO if it cannot be cleared,
 * -ENODEV if the card does not respond
 */
int vdfl_busmaster_verify(struct vdfl_card *card)
{
	struct vdfl_busmaster *bm = &card->busmaster;
	int ret;

	lockdep_assert_held(&card->reset_lock);
	guard(mutex)(&bm->lock);
	bridge_keep_off(bm);
	ret = card_keep_off(card);
	if (!ret && !vdfl_card_answers(card))
		ret = -ENODEV;
	return ret;
}

/**
 * vdfl_busmaster_verify_bridge() - verify the bit of a fenced bridge
 * @card: bound card, frozen or not
 *
 * Error recovery restores the state of a bridge below the one that reported the
 * error, and with it the bit. Takes vdfl_busmaster.lock. May sleep.
 */
void vdfl_busmaster_verify_bridge(struct vdfl_card *card)
{
	guard(mutex)(&card->busmaster.lock);
	bridge_keep_off(&card->busmaster);
}

/**
 * vdfl_busmaster_pause() - stop the checks of the card
 * @card: bound card that the PCI core is about to operate on;
 *	vdfl_card.reset_lock is held
 * @paused: whether vdfl_busmaster_check() skips the card from now on
 *
 * A bridge is still checked. Takes vdfl_busmaster.lock, so no check of the card
 * is running when this returns. May sleep.
 */
void vdfl_busmaster_pause(struct vdfl_card *card, bool paused)
{
	lockdep_assert_held(&card->reset_lock);
	guard(mutex)(&card->busmaster.lock);
	card->busmaster.paused = paused;
}

/**
 * vdfl_busmaster_may_open() - check whether an instance may be opened
 * @card: bound card; vdfl_card.reset_lock is held
 *
 * Calls vdfl_busmaster_verify() first. May sleep.
 *
 * Return: 0; an error of vdfl_busmaster_verify(); -EPERM after a violation that
 * the administrator has not acknowledged
 */
int vdfl_busmaster_may_open(struct vdfl_card *card)
{
	int ret = vdfl_busmaster_verify(card);

	if (ret || !READ_ONCE(card->busmaster.refuse))
		return ret;
	dev_warn_ratelimited(&card->pdev->dev,
			     "open refused after a bus-master violation; write 1 to dfl/busmaster_acknowledged\n");
	return -EPERM;
}

/**
 * vdfl_busmaster_acknowledge() - acknowledge all violations
 * @card: bound card
 *
 * Takes vdfl_busmaster.lock. May sleep.
 */
void vdfl_busmaster_acknowledge(struct vdfl_card *card)
{
	guard(mutex)(&card->busmaster.lock);
	WRITE_ONCE(card->busmaster.refuse, false);
}

/**
 * vdfl_busmaster_msix_permitted() - check whether MSI-X may enable bus mastering
 * @card: bound card
 *
 * Return: true if the IOMMU blocks all writes of the card except interrupts, also
 * those that ATS would let pass, and bus mastering of the bridge above is not
 * kept disabled
 */
bool vdfl_busmaster_msix_permitted(struct vdfl_card *card)
{
	return card->group && !READ_ONCE(card->may_use_ats) &&
	       msi_device_has_isolated_msi(&card->pdev->dev) &&
	       !card->busmaster.bridge;
}

/**
 * vdfl_busmaster_enable_msix() - enable bus mastering for real MSI-X
 * @card: bound card; undone by vdfl_busmaster_disable_msix()
 *
 * Takes vdfl_busmaster.lock. May sleep.
 *
 * Return: 0, or -EPERM unless vdfl_busmaster_msix_permitted()
 */
int vdfl_busmaster_enable_msix(struct vdfl_card *card)
{
	struct vdfl_busmaster *bm = &card->busmaster;

	if (!vdfl_busmaster_msix_permitted(card))
		return -EPERM;
	guard(mutex)(&bm->lock);
	WRITE_ONCE(bm->msix_on, true);
	pci_set_master(card->pdev);
	return 0;
}

/**
 * vdfl_busmaster_disable_msix() - disable bus mastering after real MSI-X
 * @card: bound card; vdfl_card_irq.mutex is held
 *
 * A bit that cannot be cleared is a violation, and the next audit declares the
 * card lost. Takes vdfl_busmaster.lock. May sleep.
 */
void vdfl_busmaster_disable_msix(struct vdfl_card *card)
{
	struct vdfl_busmaster *bm = &card->busmaster;
	bool was_on;
	int ret;

	guard(mutex)(&bm->lock);
	ret = busmaster_off(card->pdev, &was_on);
	if (ret == -EIO)
		busmaster_violation(card, true);
	bm->owed = ret == -ENODEV;
	WRITE_ONCE(bm->msix_on, false);
}

/**
 * vdfl_busmaster_disable() - disable bus mastering
 * @card: card that is being probed
 *
 * A bit that is set is no violation: firmware, an earlier driver or the PCI
 * core may have set it.
 *
 * Return: 0; -EIO if the bit cannot be cleared; -ENODEV if the card does not
 * respond
 */
int vdfl_busmaster_disable(struct vdfl_card *card)
{
	bool was_on;
	int ret = busmaster_off(card->pdev, &was_on);

	if (ret == -EIO)
		pci_err(card->pdev,
			"refused: bus mastering cannot be disabled, card cannot be isolated\n");
	else if (ret)
		pci_err(card->pdev, "refused: card does not respond\n");
	return ret;
}

/**
 * vdfl_busmaster_init() - disable bus mastering before any other access
 * @card: card that is being probed; the function may still be disabled
 *
 * Return: 0; -EIO if the bit cannot be cleared; -ENODEV if the card does not
 * respond
 */
int vdfl_busmaster_init(struct vdfl_card *card)
{
	struct pci_dev *bridge = pci_upstream_bridge(card->pdev);

	/* pci_enable_device_mem() sets the bit of the bridge */
	card->busmaster.bridge_was_on = bridge && vdfl_busmaster_is_on(bridge);
	mutex_init(&card->busmaster.lock);
	INIT_WORK(&card->busmaster.announce, busmaster_announce);
	return vdfl_busmaster_disable(card);
}

/**
 * vdfl_busmaster_fini() - restore the bit of a fenced bridge
 * @card: card that is being removed; the audit is stopped
 *
 * Waits until all violations are announced. May sleep.
 */
void vdfl_busmaster_fini(struct vdfl_card *card)
{
	flush_work(&card->busmaster.announce);
	bridge_restore(&card->busmaster);
}
