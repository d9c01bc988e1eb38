// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reset of a block through its port: before and after use, and when its user
 * requests it. A block whose port fails a reset is withheld.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "trace.h"
#include "card/card_priv.h"

/**
 * vdfl_block_has_reset() - check whether a block can be reset on its own
 * @block: any block
 *
 * Return: true if the block is the AFU of a port
 */
bool vdfl_block_has_reset(const struct vdfl_block *block)
{
	return vdfl_block_port(block);
}

/**
 * vdfl_block_scrub_name() - get the value of the sysfs attribute scrub
 * @block: any block
 *
 * Return: static string
 */
const char *vdfl_block_scrub_name(const struct vdfl_block *block)
{
	return vdfl_block_has_reset(block) ? "port-reset" : "none";
}

static int block_scrub(struct vdfl_block *block)
{
	const struct dfl_header *port = vdfl_block_port(block);
	struct vdfl_card *card = block->card;
	int ret;

	lockdep_assert_held(&card->reset_lock);
	if (!port)
		return 0;
	if (card->frozen)
		return -EAGAIN;
	if (vdfl_port_is_dead(card, port))
		return -EIO;
	ret = vdfl_port_reset(card, port);
	trace_vdfl_reset(card->pdev, block->pos, ret);
	if (!ret)
		return 0;
	/* Do not blame the port if the whole device stopped responding */
	if (!vdfl_card_answers(card))
		return -ENODEV;
	vdfl_port_mark_dead(card, port, ret);
	return -EIO;
}

static int block_prepare(void *data)
{
	struct vdfl_block *block = data;
	struct vdfl_card *card = block->card;
	int ret = -EAGAIN;

	guard(mutex)(&card->reset_lock);
	if (!card->frozen)
		ret = vdfl_busmaster_may_open(card);
	if (!ret)
		ret = block_scrub(block);
	if (!ret)
		ret = vdfl_card_check_header(block);
	return ret;
}

static int block_reset(void *data)
{
	struct vdfl_block *block = data;
	struct vdfl_card *card = block->card;
	struct vdfl_client *client = block->owner;
	int ret = -EIO;

	guard(mutex)(&card->reset_lock);
	if (!READ_ONCE(card->gone))
		ret = block_scrub(block);
	if (!ret)
		ret = vdfl_card_check_header(block);
	if (ret == -EIO)
		client->ops->mark(client, VDFL_REVOKED_RESET);
	else if (!ret)
		client->ops->clear(client, VDFL_REVOKED_RESET);
	return ret;
}

static int block_clean(void *data)
{
	struct vdfl_block *block = data;

	guard(mutex)(&block->card->reset_lock);
	return block_scrub(block);
}

/**
 * vdfl_block_prepare() - prepare a block for a new user
 * @block: claimed block whose instance is not open
 *
 * Verify that bus mastering is off, reset the block if it has a reset, and
 * compare its header with the snapshot. A work item does this under
 * vdfl_card.reset_lock; the caller waits for it and does not hold that lock.
 *
 * Return: 0; -EAGAIN while the card is frozen; -EPERM after a bus-master
 * violation that is not acknowledged; -ENODEV if the card does not respond;
 * -EIO if bus mastering cannot be disabled, the reset failed or the header
 * differs
 */
int vdfl_block_prepare(struct vdfl_block *block)
{
	return vdfl_work_call(block_prepare, block);
}

/**
 * vdfl_block_reset() - reset a block when its user requests it
 * @block: block of the calling client, which has revoked access to it
 *
 * Set VDFL_REVOKED_RESET of the client on -EIO, clear it on success; the caller
 * has zapped the mappings, and wakes tasks that wait. A work item does this
 * under vdfl_card.reset_lock; the caller waits for it and does not hold that
 * lock.
 *
 * Return: 0, also for a block without reset; -EAGAIN while the card is frozen;
 * -ENODEV if the card does not respond; -EIO if the reset failed, the header
 * differs or the card is lost
 */
int vdfl_block_reset(struct vdfl_block *block)
{
	return vdfl_work_call(block_reset, block);
}

/**
 * vdfl_block_clean() - reset a block after its last user, if it has a reset
 * @block: claimed block; access to it is revoked
 *
 * A work item does this under vdfl_card.reset_lock; the caller waits for it and
 * does not hold that lock. A port that fails the reset is marked dead.
 */
void vdfl_block_clean(struct vdfl_block *block)
{
	vdfl_work_call(block_clean, block);
}
