// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one owner of the card's bus-master bit: turns it off before anything
 * else, proves it by reading back, looks again twice a second and whenever the
 * card changes hands, and reports what it finds.
 */
#include <linux/kobject.h>

#include "vdfl.h"

#define AUDIT_INTERVAL	(HZ / 2)

/* -ENODEV: the card does not answer; -EIO: it does not let the bit go. */
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

static void busmaster_violation(struct vdfl_card *card, bool lost)
{
	char *env[] = { "VFIO_DFL_EVENT=bus-master", NULL };

	atomic_inc(&card->busmaster.violations);
	WRITE_ONCE(card->busmaster.lost, lost);
	if (lost)
		dev_err_ratelimited(&card->pdev->dev,
				    "bus master is on and cannot be turned off\n");
	else
		dev_warn_ratelimited(&card->pdev->dev,
				     "bus master was turned on behind the driver; it is off again\n");
	kobject_uevent_env(&card->pdev->dev.kobj, KOBJ_CHANGE, env);
	vdfl_card_alarm(card);
}

/**
 * vdfl_busmaster_verify() - make sure that bus master is off
 * @card: bound card; vdfl_card.lock is not held
 *
 * A bit found on is turned off, counted, logged and reported to users.
 *
 * Return: 0 when the bit reads 0 now, -EIO when it stays on, -ENODEV when the
 * card does not answer.
 */
int vdfl_busmaster_verify(struct vdfl_card *card)
{
	bool was_on;
	int ret = busmaster_off(card->pdev, &was_on);

	if (was_on)
		busmaster_violation(card, ret == -EIO);
	return ret;
}

static void busmaster_audit(struct work_struct *work)
{
	struct vdfl_card *card = container_of(to_delayed_work(work),
					      struct vdfl_card,
					      busmaster.audit);
	int ret = vdfl_busmaster_verify(card);

	if (ret == -ENODEV)
		vdfl_card_lost(card, "it no longer answers");
	else if (ret)
		vdfl_card_lost(card, "bus master cannot be turned off");
	schedule_delayed_work(&card->busmaster.audit, AUDIT_INTERVAL);
}

/**
 * vdfl_busmaster_init() - turn bus master off, first of all
 * @card: not yet visible to anyone; the function may still be disabled
 *
 * Firmware or an earlier driver may have left the bit on: that is no
 * violation.
 *
 * Return: 0, -EIO when the card does not let the bit go, -ENODEV when it does
 * not answer.
 */
int vdfl_busmaster_init(struct vdfl_card *card)
{
	bool was_on;
	int ret = busmaster_off(card->pdev, &was_on);

	INIT_DELAYED_WORK(&card->busmaster.audit, busmaster_audit);
	if (ret == -EIO)
		pci_err(card->pdev,
			"refused: bus master cannot be turned off, so the card cannot be isolated\n");
	else if (ret)
		pci_err(card->pdev, "refused: the card does not answer\n");
	return ret;
}

/* vdfl_busmaster_start(): look again twice a second from now on */
void vdfl_busmaster_start(struct vdfl_card *card)
{
	schedule_delayed_work(&card->busmaster.audit, AUDIT_INTERVAL);
}

void vdfl_busmaster_fini(struct vdfl_card *card)
{
	cancel_delayed_work_sync(&card->busmaster.audit);
}
