// SPDX-License-Identifier: GPL-2.0-only
/*
 * Siblings: the other functions of the card. They have requester IDs and
 * bus-master bits of their own, so no fence of this function stops their DMA.
 * The driver changes nothing in a sibling; at bind and every 500 ms it reads the
 * command register, and evaluates whether the kernel supports ATS of the sibling.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/pci-ats.h>
#include <linux/workqueue.h>

#include "card/card_priv.h"

#define WATCH_INTERVAL	(HZ / 2)
/* Room that the name of a function and the end of the list need in a page */
#define NAME_ROOM	32

static bool refuse_siblings;
module_param(refuse_siblings, bool, 0444);
MODULE_PARM_DESC(refuse_siblings,
		 "Refuse cards that have another function with bus mastering enabled (default: N)");

/*
 * Virtual functions beyond bus N are on a bus without bridge whose parent is bus
 * N. Only the pointer of the parent is valid for functions of other cards.
 */
static struct pci_bus *card_bus(struct pci_dev *pdev)
{
	struct pci_bus *bus = pdev->bus;

	return pdev->is_virtfn && !bus->self && bus->parent ? bus->parent : bus;
}

/* The downstream end of a link has one device below, also with ARI. */
static bool has_one_device(const struct pci_bus *bus)
{
	int type;

	if (!bus->self || !pci_is_pcie(bus->self))
		return false;
	type = pci_pcie_type(bus->self);
	return type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_DOWNSTREAM;
}

/**
 * vdfl_sibling_is() - check whether a function belongs to the same card
 * @card: card that is being probed, or bound card
 * @other: any function; a reference is held
 *
 * All functions below a port are one device, with ARI also those of numbers
 * above 7. Virtual functions belong to the device of their physical function.
 * The physical function of @other may be freed, so it is only compared.
 *
 * Return: true if @other is another function of the device of @card
 */
bool vdfl_sibling_is(const struct vdfl_card *card, struct pci_dev *other)
{
	struct pci_dev *pf = pci_physfn(card->pdev);

	if (other == card->pdev || card_bus(other) != pf->bus)
		return false;
	if (has_one_device(pf->bus))
		return true;
	if (other->is_virtfn)
		return pci_physfn(other) == pf;
	return PCI_SLOT(other->devfn) == PCI_SLOT(pf->devfn);
}

/**
 * vdfl_sibling_next() - iterate over the siblings of a card
 * @card: card that is being probed, or bound card
 * @prev: last result, whose reference is dropped, or NULL
 *
 * May sleep. Takes no lock that a reset or the removal of a function holds.
 *
 * Return: the next sibling, with a reference, or NULL
 */
struct pci_dev *vdfl_sibling_next(const struct vdfl_card *card,
				  struct pci_dev *prev)
{
	struct pci_dev *other = prev;

	while ((other = pci_get_device(PCI_ANY_ID, PCI_ANY_ID, other)))
		if (vdfl_sibling_is(card, other))
			break;
	return other;
}

/**
 * vdfl_siblings_bound() - check whether another function has a driver
 * @card: card that is being probed, or bound card
 *
 * May sleep.
 *
 * Return: true if a sibling is bound to any driver
 */
bool vdfl_siblings_bound(const struct vdfl_card *card)
{
	struct pci_dev *other = NULL;

	while ((other = vdfl_sibling_next(card, other))) {
		if (pci_dev_driver(other)) {
			pci_dev_put(other);
			return true;
		}
	}
	return false;
}

/**
 * vdfl_function_in_reset() - check whether the PCI core operates on a function
 * @other: any function; a reference is held
 *
 * Configuration space must not be read meanwhile. The lock that makes the flag
 * stable is not taken: resets by the driver of the function fail with EAGAIN
 * while that lock is held, and its holder may wait for the removal of this card.
 * A reset that begins after the check makes the read return all-ones or the
 * value before the reset.
 *
 * Return: true if the function does not permit accesses to configuration space
 */
bool vdfl_function_in_reset(struct pci_dev *other)
{
	/* A stale value is harmless, see above */
	return data_race((bool)other->block_cfg_access);
}

static bool sibling_masters(struct pci_dev *other)
{
	return !vdfl_function_in_reset(other) && vdfl_busmaster_is_on(other);
}

/**
 * vdfl_siblings_mastering() - list the siblings that master the bus
 * @card: card that is being probed, or bound card
 * @buf: result, a page; ends with "..." if the names do not fit
 *
 * May sleep.
 *
 * Return: bytes written to @buf
 */
ssize_t vdfl_siblings_mastering(struct vdfl_card *card, char *buf)
{
	struct pci_dev *other = NULL;
	ssize_t len = 0;

	while ((other = vdfl_sibling_next(card, other))) {
		if (!sibling_masters(other))
			continue;
		if (len > PAGE_SIZE - NAME_ROOM) {
			len += sysfs_emit_at(buf, len, " ...");
			pci_dev_put(other);
			break;
		}
		len += sysfs_emit_at(buf, len, "%s%s", len ? " " : "",
				     pci_name(other));
	}
	return len + sysfs_emit_at(buf, len, "\n");
}

/**
 * vdfl_siblings_out_of_sight() - name the functions that are not watched
 * @card: bound card
 * @buf: result, a page
 *
 * The board may have further links, which nothing associates with this function.
 * The switch above the card may be part of the board, and then the devices below
 * its other ports are too.
 *
 * Return: bytes written to @buf
 */
ssize_t vdfl_siblings_out_of_sight(struct vdfl_card *card, char *buf)
{
	struct pci_dev *port = pci_upstream_bridge(card->pdev);
	struct pci_dev *upstream = NULL;

	if (port && pci_is_pcie(port) &&
	    pci_pcie_type(port) == PCI_EXP_TYPE_DOWNSTREAM)
		upstream = pci_upstream_bridge(port);
	if (!upstream)
		return sysfs_emit(buf, "other links\n");
	return sysfs_emit(buf, "other links, other ports of switch %s\n",
			  pci_name(upstream));
}

/*
 * Return true if a sibling masters the bus and did not at the last check. The
 * state of a function that is being reset is not known, and stands.
 */
static bool starts_to_master(struct vdfl_siblings *siblings,
			     struct pci_dev *other)
{
	unsigned long id = pci_dev_id(other);
	void *last = xa_load(&siblings->mastering, id);
	/* The iteration begins again if a function is removed meanwhile */
	bool was_on = last == xa_mk_value(siblings->checks - 1) ||
		      last == xa_mk_value(siblings->checks);
	bool on = vdfl_function_in_reset(other) ? was_on :
						 vdfl_busmaster_is_on(other);

	/* Without memory for the entry the function is reported again */
	if (on)
		xa_store(&siblings->mastering, id,
			 xa_mk_value(siblings->checks), GFP_KERNEL);
	return on && !was_on;
}

/*
 * A bitstream can use the requester ids of all functions, so the IOMMU fence is
 * not in force if any of them may use ATS. A sibling can appear after bind.
 */
static void check_ats(struct vdfl_card *card, struct pci_dev *other, bool report)
{
	if (card->may_use_ats || !pci_ats_supported(other))
		return;
	WRITE_ONCE(card->may_use_ats, true);
	if (report && card->group)
		pci_warn(card->pdev,
			 "function %s may use ATS, so the IOMMU does not stop a hostile bitstream; boot with pci=noats\n",
			 pci_name(other));
}

static unsigned int check_siblings(struct vdfl_card *card, bool report)
{
	struct vdfl_siblings *siblings = &card->siblings;
	struct pci_dev *other = NULL;
	unsigned int nr = 0;

	siblings->checks++;
	while ((other = vdfl_sibling_next(card, other))) {
		check_ats(card, other, report);
		/* This driver checks those that are bound to it */
		if (other->dev.driver == card->pdev->dev.driver ||
		    !starts_to_master(siblings, other))
			continue;
		nr++;
		if (report)
			dev_warn_ratelimited(&card->pdev->dev,
					     "function %s has enabled bus mastering; no fence covers it\n",
					     pci_name(other));
	}
	return nr;
}

static void watch_work(struct work_struct *work)
{
	struct vdfl_siblings *siblings =
		container_of(to_delayed_work(work), struct vdfl_siblings,
			     watch);
	struct vdfl_card *card = container_of(siblings, struct vdfl_card,
					      siblings);
	char *env[] = { "VFIO_DFL_EVENT=sibling-bus-master", NULL };
	unsigned int nr = 0;

	/* Lockless: reset_lock may be held for the time of a reset */
	if (!(data_race(card->frozen) & VDFL_FROZEN_SUSPEND))
		nr = check_siblings(card, true);
	if (nr) {
		WRITE_ONCE(siblings->started, siblings->started + nr);
		kobject_uevent_env(&card->pdev->dev.kobj, KOBJ_CHANGE, env);
	}
	queue_delayed_work(vdfl_wq, &siblings->watch, WATCH_INTERVAL);
}

/**
 * vdfl_siblings_init() - initialise the state of the siblings
 * @card: card that is being allocated
 *
 * Undone by vdfl_siblings_free().
 */
void vdfl_siblings_init(struct vdfl_card *card)
{
	INIT_DELAYED_WORK(&card->siblings.watch, watch_work);
	xa_init(&card->siblings.mastering);
}

/**
 * vdfl_siblings_free() - undo vdfl_siblings_init()
 * @card: card whose watch does not run
 *
 * May sleep.
 */
void vdfl_siblings_free(struct vdfl_card *card)
{
	xa_destroy(&card->siblings.mastering);
}

/**
 * vdfl_siblings_check() - check whether siblings master the bus, or may use ATS
 * @card: card that is being probed
 *
 * Log the functions that master the bus. May sleep.
 *
 * Return: 0; -EBUSY if a sibling masters the bus and the module parameter
 * refuse_siblings is set; -ENOMEM
 */
int vdfl_siblings_check(struct vdfl_card *card)
{
	char *names = (char *)get_zeroed_page(GFP_KERNEL);
	int ret = 0;

	if (!names)
		return -ENOMEM;
	check_siblings(card, false);
	if (vdfl_siblings_mastering(card, names) > 1) {
		strim(names);
		if (refuse_siblings)
			ret = -EBUSY;
		pci_warn(card->pdev,
			 "%sbus mastering is enabled in other functions: %s; unbind the drivers\n",
			 ret ? "refused: " : "", names);
	}
	free_page((unsigned long)names);
	return ret;
}

/**
 * vdfl_siblings_start() - start to check the siblings every 500 ms
 * @card: bound card
 *
 * The work item waits for no lock of the card, and the check of the card's own
 * bus-master bit does not wait for the work item. A sibling that starts to
 * master the bus is counted and logged; one uevent per check reports all of
 * them. Undone by vdfl_siblings_stop().
 */
void vdfl_siblings_start(struct vdfl_card *card)
{
	queue_delayed_work(vdfl_wq, &card->siblings.watch, WATCH_INTERVAL);
}

/**
 * vdfl_siblings_stop() - stop the checks and wait for one that is running
 * @card: card that is being removed
 *
 * May sleep.
 */
void vdfl_siblings_stop(struct vdfl_card *card)
{
	cancel_delayed_work_sync(&card->siblings.watch);
}
