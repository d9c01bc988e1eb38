// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers that the driver reads for the administrator: error words,
 * temperature and power. They belong to features that are assigned read-only at
 * most. This file only reads them, and not while the card is frozen; cure.c clears
 * the error words of a port.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/io.h>

#include "card/card_priv.h"

struct monitor_read {
	const struct vdfl_block *block;
	u64 reg;
	u64 value;
};

static int monitor_read(void *data)
{
	struct monitor_read *read = data;
	struct vdfl_card *card = read->block->card;

	guard(rwsem_read)(&card->monitor_lock);
	if (READ_ONCE(card->gone))
		return -ENODEV;
	/* Once the bit is set, vdfl_monitor_wait() takes the lock */
	if (data_race(card->frozen))
		return -EAGAIN;
	read->value = readq(vdfl_block_io(read->block) + read->reg);
	return read->value == ~0ULL ? -ENODATA : 0;
}

/**
 * vdfl_monitor_read() - read a register of a feature for the administrator
 * @block: block of a bound card whose feature has the register
 * @reg: byte offset of the register in the feature
 * @value: result, unchanged after an error
 *
 * A work item reads the register under vdfl_card.monitor_lock. The caller waits
 * for it. Only a freeze of the card waits for that lock. May sleep for as long
 * as the card takes to respond.
 *
 * Return: 0; -ENODEV if the card is lost; -EAGAIN while the card is frozen; -ENODATA
 * if the register reads all-ones
 */
int vdfl_monitor_read(const struct vdfl_block *block, u64 reg, u64 *value)
{
	struct monitor_read read = { .block = block, .reg = reg };
	int ret = vdfl_work_call(monitor_read, &read);

	if (!ret)
		*value = read.value;
	return ret;
}

/**
 * vdfl_monitor_wait() - wait until no monitored register is being read
 * @card: bound card with a bit of vdfl_card.frozen set
 *
 * No read begins until the card is thawed. Takes vdfl_card.monitor_lock. May
 * sleep for as long as the card takes to respond to one read.
 */
void vdfl_monitor_wait(struct vdfl_card *card)
{
	down_write(&card->monitor_lock);
	up_write(&card->monitor_lock);
}

/* Registers of version 1 headers are elsewhere; no known card has such ones. */
static bool feature_has(const struct vdfl_block *block, enum dfl_kind parent,
			u16 id, u64 reg)
{
	const struct dfl_header *h = block->header;

	return h->kind == DFL_KIND_PRIVATE && !h->version && h->id == id &&
	       vdfl_block_parent_kind(block) == parent &&
	       h->limit >= reg + sizeof(u64);
}

/**
 * vdfl_monitor_fme_feature() - find a feature of the FME
 * @card: card after vdfl_blocks_init()
 * @id: feature id
 * @reg: byte offset of the last register that the feature needs to have
 *
 * Return: block of the first feature that matches, or NULL
 */
const struct vdfl_block *vdfl_monitor_fme_feature(const struct vdfl_card *card,
						  u16 id, u64 reg)
{
	u32 i;

	for (i = 0; i < card->nr_blocks; i++)
		if (feature_has(&card->block[i], DFL_KIND_FME, id, reg))
			return &card->block[i];
	return NULL;
}

/**
 * vdfl_monitor_error_reg() - locate an error word of a block
 * @block: any block
 * @word: the error word
 *
 * Return: byte offset of the word in the block, or 0 if the block has no such
 * word
 */
u64 vdfl_monitor_error_reg(const struct vdfl_block *block,
			   enum vdfl_error_word word)
{
	static const u64 fme[VDFL_ERROR_NR] = {
		[VDFL_ERROR_WORD]	= DFL_FME_ERR_WORD,
		[VDFL_ERROR_FIRST]	= DFL_FME_ERR_FIRST,
		[VDFL_ERROR_PCIE]	= DFL_FME_ERR_PCIE0,
		[VDFL_ERROR_NONFATAL]	= DFL_FME_ERR_NONFATAL,
		[VDFL_ERROR_CATFATAL]	= DFL_FME_ERR_CATFATAL,
	};
	static const u64 port[VDFL_ERROR_NR] = {
		[VDFL_ERROR_WORD]	= DFL_PORT_ERR_WORD,
		[VDFL_ERROR_FIRST]	= DFL_PORT_ERR_FIRST,
	};

	if (feature_has(block, DFL_KIND_FME, DFL_FME_ERROR, fme[word]))
		return fme[word];
	if (feature_has(block, DFL_KIND_PORT, DFL_PORT_ERROR, port[word]))
		return port[word];
	return 0;
}
