// SPDX-License-Identifier: GPL-2.0-only
/* Reset of a block through its port: for a new user, by its user, after use. */
#include "trace.h"
#include "card/card_priv.h"

/* vdfl_block_has_reset(): can @block be cleaned between users? */
bool vdfl_block_has_reset(const struct vdfl_block *block)
{
	return vdfl_block_port(block);
}

/* vdfl_block_scrub_name(): how @block is cleaned between users, for sysfs */
const char *vdfl_block_scrub_name(const struct vdfl_block *block)
{
	return vdfl_block_has_reset(block) ? "port-reset" : "none";
}

/* A port that does not take the reset is never given to anyone again. */
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
	/* What a lost card does not do says nothing about its ports */
	if (vdfl_card_answers(card))
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
		client->ops->revoke(client, VDFL_REVOKED_RESET);
	else if (!ret)
		client->ops->restore(client, VDFL_REVOKED_RESET);
	return ret;
}

static int block_clean(void *data)
{
	struct vdfl_block *block = data;

	guard(mutex)(&block->card->reset_lock);
	return block_scrub(block);
}

/**
 * vdfl_block_prepare() - make @block ready for a new user
 * @block: nobody has it open
 *
 * Bus master is verified, the block is reset if the hardware can, and its
 * header must be the one found at probe.
 *
 * Return: 0; -EAGAIN while the PCI core has the whole card; else the error of
 * the step that failed.
 */
int vdfl_block_prepare(struct vdfl_block *block)
{
	return vdfl_work_call(block_prepare, block);
}

/**
 * vdfl_block_reset() - reset @block for its user
 * @block: no access to it is possible while this runs
 *
 * If it does not take the reset, or is another one now, it stays out of reach.
 *
 * Return: 0, also for blocks without reset; -EIO when the block is unusable;
 * -EAGAIN while the PCI core has the whole card.
 */
int vdfl_block_reset(struct vdfl_block *block)
{
	return vdfl_work_call(block_reset, block);
}

/* vdfl_block_clean(): reset @block behind its last user, if the hardware can */
void vdfl_block_clean(struct vdfl_block *block)
{
	vdfl_work_call(block_clean, block);
}
