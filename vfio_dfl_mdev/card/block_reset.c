// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reset of a block, through its port or with its function: before and after use,
 * and when its user requests it. A block whose port fails a reset is withheld.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/delay.h>

#include "trace.h"
#include "card/card_priv.h"

/**
 * vdfl_block_scrub() - get the kind of reset that a block has
 * @block: any block
 *
 * Return: VFIO_DFL_MDEV_SCRUB_*
 */
u32 vdfl_block_scrub(const struct vdfl_block *block)
{
	if (vdfl_block_port(block))
		return VFIO_DFL_MDEV_SCRUB_PORT_RESET;
	if (block == block->card->flr_block)
		return VFIO_DFL_MDEV_SCRUB_FUNCTION_RESET;
	return VFIO_DFL_MDEV_SCRUB_NONE;
}

/**
 * vdfl_block_has_reset() - check whether a block can be reset on its own
 * @block: any block
 *
 * Return: true if the block is the AFU of a port, or if it is all of a function
 * that has function level reset
 */
bool vdfl_block_has_reset(const struct vdfl_block *block)
{
	return vdfl_block_scrub(block) != VFIO_DFL_MDEV_SCRUB_NONE;
}

/**
 * vdfl_block_scrub_name() - get the value of the sysfs attribute scrub
 * @block: any block
 *
 * Return: static string
 */
const char *vdfl_block_scrub_name(const struct vdfl_block *block)
{
	switch (vdfl_block_scrub(block)) {
	case VFIO_DFL_MDEV_SCRUB_PORT_RESET:
		return "port-reset";
	case VFIO_DFL_MDEV_SCRUB_FUNCTION_RESET:
		return "function-reset";
	default:
		return "none";
	}
}

/*
 * The PCI core holds the configuration lock of the function when it calls the
 * driver, which takes reset_lock then. Do not wait for that lock once the card
 * is lost: error recovery may hold it until the users of a sibling are gone.
 */
static int reset_lock(struct vdfl_block *block)
{
	struct vdfl_card *card = block->card;

	if (block == card->flr_block) {
		while (!pci_cfg_access_trylock(card->pdev)) {
			if (READ_ONCE(card->gone))
				return -EIO;
			msleep(20);
		}
	}
	mutex_lock(&card->reset_lock);
	return 0;
}

static void reset_unlock(struct vdfl_block *block)
{
	mutex_unlock(&block->card->reset_lock);
	if (block == block->card->flr_block)
		pci_cfg_access_unlock(block->card->pdev);
}

static int port_scrub(struct vdfl_block *block)
{
	const struct dfl_header *port = vdfl_block_port(block);
	struct vdfl_card *card = block->card;
	int ret;

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

static int function_scrub(struct vdfl_block *block)
{
	int ret = vdfl_function_reset(block->card);

	trace_vdfl_reset(block->card->pdev, block->pos, ret);
	return ret;
}

static int block_scrub(struct vdfl_block *block)
{
	int ret;

	lockdep_assert_held(&block->card->reset_lock);
	if (!vdfl_block_has_reset(block))
		return 0;
	if (block->card->frozen)
		return -EAGAIN;
	ret = vdfl_block_port(block) ? port_scrub(block) :
				       function_scrub(block);
	if (!ret)
		vdfl_count(&block->owner->stats, VDFL_STAT_RESETS, 1);
	return ret;
}

static int block_prepare(void *data)
{
	struct vdfl_block *block = data;
	struct vdfl_card *card = block->card;
	int ret = reset_lock(block);

	if (ret)
		return ret;
	ret = -EAGAIN;
	if (!card->frozen)
		ret = vdfl_busmaster_may_open(card);
	if (!ret)
		ret = block_scrub(block);
	if (!ret)
		ret = vdfl_block_check(block);
	reset_unlock(block);
	return ret;
}

static int block_reset(void *data)
{
	struct vdfl_block *block = data;
	struct vdfl_card *card = block->card;
	struct vdfl_client *client = block->owner;
	int ret = reset_lock(block);

	if (ret)
		return ret;
	ret = -EIO;
	if (!READ_ONCE(card->gone))
		ret = block_scrub(block);
	if (!ret)
		ret = vdfl_block_check(block);
	if (ret == -EIO)
		client->ops->mark(client, VDFL_REVOKED_RESET);
	else if (!ret)
		client->ops->clear(client, VDFL_REVOKED_RESET);
	reset_unlock(block);
	return ret;
}

static int block_clean(void *data)
{
	struct vdfl_block *block = data;
	int ret = reset_lock(block);

	if (ret)
		return ret;
	ret = block_scrub(block);
	reset_unlock(block);
	return ret;
}

/**
 * vdfl_block_prepare() - prepare a block for a new user
 * @block: claimed block whose instance is not open
 *
 * Verify that bus mastering is off, reset the block if it has a reset, and
 * compare its header with the snapshot. A work item does this under
 * vdfl_card.reset_lock; the caller waits for it and does not hold that lock.
 * A reset of the function takes 100 ms, up to 60 s if the card does not respond.
 *
 * Return: 0; -EAGAIN while the card is frozen, or if the port of another
 * function holds the AFU in reset; -EPERM after a bus-master violation that is
 * not acknowledged; -ENODEV if the card does not respond;
 * -EIO if bus mastering cannot be disabled, the reset failed, the header
 * differs or the card is lost
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
 * Return: 0, also for a block without reset; -EAGAIN while the card is frozen, or
 * if the port of another function holds the AFU in reset; -ENODEV if the card
 * does not respond; -EIO if the reset failed, the header differs or the card is
 * lost
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
 * does not hold that lock. A port that fails the reset is marked dead. While the
 * card is frozen, the block is left to the next open.
 */
void vdfl_block_clean(struct vdfl_block *block)
{
	vdfl_work_call(block_clean, block);
}
