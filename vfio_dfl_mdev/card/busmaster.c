// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owner of the bus-master bits of a card and, on request, of the bridge above
 * it.
 *
 * Clears the bits before any other access, reads them back, and checks them
 * again every 500 ms, on open and after every reset. No other file of the
 * driver changes a bus-master bit.
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

static void bridge_keep_off(struct vdfl_busmaster *bm)
{
	bool was_lost = bm->bridge_lost;
	bool was_on;

	if (!bm->bridge)
		return;
	WRITE_ONCE(bm->bridge_lost, busmaster_off(bm->bridge, &was_on));
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

static void busmaster_violation(struct vdfl_card *card, bool lost)
{
	char *env[] = { "VFIO_DFL_EVENT=bus-master", NULL };

	if (lost && READ_ONCE(card->busmaster.lost))
		return;		/* already reported */
	atomic_inc(&card->busmaster.violations);
	WRITE_ONCE(card->busmaster.lost, lost);
	if (refuse_after_violation)
		WRITE_ONCE(card->busmaster.refuse, true);
	if (lost)
		dev_err_ratelimited(&card->pdev->dev,
				    "bus mastering is enabled and cannot be disabled\n");
	else
		dev_warn_ratelimited(&card->pdev->dev,
				     "bus mastering was enabled externally; disabled again\n");
	kobject_uevent_env(&card->pdev->dev.kobj, KOBJ_CHANGE, env);
}

/**
 * vdfl_busmaster_verify() - verify that bus mastering is off, except for msix
 * @card: bound card; vdfl_card.reset_lock is held
 *
 * If the bit is set, clear it, and count and log a violation. No eventfd is
 * signalled: a violation that is undone affects no user, and the audit declares
 * the card lost after -EIO. The bit of a fenced bridge is only cleared and
 * logged. Takes vdfl_busmaster.lock. May sleep.
 *
 * Return: 0 if the bit has the expected value, -EIO if it cannot be cleared,
 * -ENODEV if the card does not respond
 */
int vdfl_busmaster_verify(struct vdfl_card *card)
{
	struct vdfl_busmaster *bm = &card->busmaster;
	bool was_on = false;
	int ret = 0;

	lockdep_assert_held(&card->reset_lock);
	mutex_lock(&bm->lock);
	bridge_keep_off(bm);
	if (!bm->msix_on) {
		/* The INTx mask is in the same register */
		spin_lock_irq(&card->irq.lock);
		ret = busmaster_off(card->pdev, &was_on);
		spin_unlock_irq(&card->irq.lock);
		if (!ret)
			WRITE_ONCE(bm->lost, false);
	}
	if (!ret && !vdfl_card_answers(card))
		ret = -ENODEV;
	mutex_unlock(&bm->lock);

	if (was_on)
		busmaster_violation(card, ret == -EIO);
	return ret;
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
 * vdfl_card.reset_lock orders this after a violation that is being reported.
 * May sleep.
 */
void vdfl_busmaster_acknowledge(struct vdfl_card *card)
{
	guard(mutex)(&card->reset_lock);
	WRITE_ONCE(card->busmaster.refuse, false);
}

/**
 * vdfl_busmaster_msix_permitted() - check whether MSI-X may enable bus mastering
 * @card: bound card
 *
 * Return: true if the IOMMU blocks all writes of the card except interrupts, and
 * bus mastering of the bridge above is not kept disabled
 */
bool vdfl_busmaster_msix_permitted(struct vdfl_card *card)
{
	return card->group && msi_device_has_isolated_msi(&card->pdev->dev) &&
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
 * If the bit cannot be cleared, the next audit declares the card lost. Takes
 * vdfl_busmaster.lock. May sleep.
 */
void vdfl_busmaster_disable_msix(struct vdfl_card *card)
{
	struct vdfl_busmaster *bm = &card->busmaster;
	bool was_on;
	int ret;

	mutex_lock(&bm->lock);
	ret = busmaster_off(card->pdev, &was_on);
	if (ret == -EIO)
		WRITE_ONCE(bm->lost, true);
	WRITE_ONCE(bm->msix_on, false);
	mutex_unlock(&bm->lock);
	if (ret == -EIO)
		dev_err_ratelimited(&card->pdev->dev,
				    "msix: bus mastering cannot be disabled\n");
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
	return vdfl_busmaster_disable(card);
}

/**
 * vdfl_busmaster_fini() - restore the bit of a fenced bridge
 * @card: card that is being removed; the audit is stopped
 */
void vdfl_busmaster_fini(struct vdfl_card *card)
{
	bridge_restore(&card->busmaster);
}
