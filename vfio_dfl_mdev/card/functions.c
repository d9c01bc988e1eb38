// SPDX-License-Identifier: GPL-2.0-only
/*
 * The functions of a card that are bound to this driver. A port without an AFU of
 * its own holds AFUs of other functions in reset. The port belongs to one
 * function, so the others neither reset it nor read its state.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/wait.h>

#include "card/card_priv.h"

/* Protects vdfl_card.bound and vdfl_card.curing of all cards */
static DEFINE_MUTEX(functions_lock);
static LIST_HEAD(bound_cards);
static DECLARE_WAIT_QUEUE_HEAD(ended);

/**
 * vdfl_functions_add() - add a function to the bound functions of its card
 * @card: card that is being probed, after the walk
 *
 * Undone by vdfl_functions_remove(). May sleep.
 */
void vdfl_functions_add(struct vdfl_card *card)
{
	INIT_LIST_HEAD(&card->curing);
	guard(mutex)(&functions_lock);
	list_add_tail(&card->bound, &bound_cards);
}

/**
 * vdfl_functions_remove() - undo vdfl_functions_add()
 * @card: card that is being removed, without users
 *
 * Waits for the end of an operation that vdfl_functions_begin() began. It takes as
 * long as the users of the other functions take to release their mappings. May
 * sleep.
 */
void vdfl_functions_remove(struct vdfl_card *card)
{
	mutex_lock(&functions_lock);
	list_del(&card->bound);
	mutex_unlock(&functions_lock);
	wait_event(ended, list_empty_careful(&card->curing));
}

static bool same_card(const struct vdfl_card *card,
		      const struct vdfl_card *other)
{
	return card == other || vdfl_sibling_is(card, other->pdev);
}

/**
 * vdfl_functions_begin() - collect the functions of a card for an operation
 * @card: bound card
 * @functions: result: list of vdfl_card.curing, with @card
 *
 * None of them is freed before vdfl_functions_end(). May sleep.
 *
 * Return: 0; -EBUSY while such an operation is running
 */
int vdfl_functions_begin(struct vdfl_card *card, struct list_head *functions)
{
	struct vdfl_card *other;

	guard(mutex)(&functions_lock);
	list_for_each_entry(other, &bound_cards, bound)
		if (same_card(card, other) && !list_empty(&other->curing))
			return -EBUSY;
	list_for_each_entry(other, &bound_cards, bound)
		if (same_card(card, other))
			list_add_tail(&other->curing, functions);
	return 0;
}

/**
 * vdfl_functions_end() - end an operation on all functions of a card
 * @functions: list that vdfl_functions_begin() filled
 *
 * May sleep.
 */
void vdfl_functions_end(struct list_head *functions)
{
	struct vdfl_card *card, *next;

	mutex_lock(&functions_lock);
	list_for_each_entry_safe(card, next, functions, curing)
		list_del_init_careful(&card->curing);
	mutex_unlock(&functions_lock);
	wake_up_all(&ended);
}

/**
 * vdfl_functions_set_reset() - note in other functions that their AFUs were reset
 * @card: card whose ports are out of reset again: bound, and vdfl_card.frozen is not
 *	cleared yet; or being probed
 *
 * The audit of each function rechecks its blocks and signals its armed vectors.
 * The caller does not wait for that. May sleep.
 */
void vdfl_functions_set_reset(struct vdfl_card *card)
{
	struct vdfl_card *other;

	guard(mutex)(&functions_lock);
	list_for_each_entry(other, &bound_cards, bound)
		if (other != card && same_card(card, other))
			WRITE_ONCE(other->afus_reset, true);
}

/**
 * vdfl_functions_hold_afus() - check whether AFUs of a card may be in reset
 * @card: bound card
 *
 * A reset or a suspend of another function may put its ports into reset. Its end
 * releases them, and calls vdfl_functions_set_reset() before vdfl_card.frozen is
 * cleared. May sleep.
 *
 * Return: true if a function with a port for AFUs of other functions is frozen
 */
bool vdfl_functions_hold_afus(struct vdfl_card *card)
{
	struct vdfl_card *other;

	guard(mutex)(&functions_lock);
	list_for_each_entry(other, &bound_cards, bound) {
		if (other == card || !same_card(card, other) ||
		    !vdfl_ports_are_shared(other))
			continue;
		/* Its reset_lock may be held for the time of a reset */
		if (data_race(other->frozen))
			return true;
	}
	return false;
}
