// SPDX-License-Identifier: GPL-2.0-only
/*
 * Port reset on request of the administrator. It releases the AFUs of a card
 * that its protocol checker has stopped, while all users stay.
 *
 * The protocol checker stops the AFUs of all functions of a card. The port may
 * belong to another function than these AFUs, and its reset resets all of them.
 * So all functions of the card that are bound to this driver are frozen for the
 * reset: accesses of users wait, vdfl_card.generation is incremented, and armed
 * vectors are signalled.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/io.h>

#include "trace.h"
#include "card/card_priv.h"

/* Return the error word of a feature. Bits are cleared by writing 1. */
static u64 clear_errors(const struct vdfl_block *block)
{
	void __iomem *io = vdfl_block_io(block);
	u64 word = readq(io + DFL_PORT_ERR_WORD);

	if (word == ~0ULL)
		return word;
	writeq(word, io + DFL_PORT_ERR_WORD);
	writeq(readq(io + DFL_PORT_ERR_FIRST), io + DFL_PORT_ERR_FIRST);
	return word;
}

static u64 port_clear_errors(struct vdfl_card *card,
			     const struct dfl_header *port)
{
	u32 i;

	for (i = 0; i < card->nr_blocks; i++) {
		const struct vdfl_block *block = &card->block[i];

		if (block->header->parent == port - card->map->header &&
		    vdfl_monitor_error_reg(block, VDFL_ERROR_FIRST))
			return clear_errors(block);
	}
	return 0;
}

/*
 * Clear the errors while the AFUs are in reset: earlier, they may cause more
 * errors; later, an error after the reset would be lost.
 */
static int port_reset_and_clear(struct vdfl_card *card,
				const struct dfl_header *port)
{
	int ret = vdfl_port_assert_reset(card, port);
	u64 errors = 0;

	if (!ret)
		errors = port_clear_errors(card, port);
	ret = vdfl_port_end_reset(card, port, ret);
	trace_vdfl_reset(card->pdev,
			 card->block[port - card->map->header].pos, ret);
	if (!ret)
		pci_notice(card->pdev,
			   "port %u: reset by the administrator, error word was 0x%llx\n",
			   port->port, errors);
	return ret;
}

static int cure_port(struct vdfl_card *card, const struct dfl_header *port)
{
	int ret;

	guard(mutex)(&card->reset_lock);
	if (READ_ONCE(card->gone))
		return -ENODEV;
	/* The PCI core operates on the card, or the card does not respond */
	if (card->frozen != VDFL_FROZEN_PORT)
		return -EAGAIN;
	ret = port_reset_and_clear(card, port);
	if (!ret)
		return 0;
	/* Do not blame the port if the whole device stopped responding */
	if (!vdfl_card_answers(card))
		return -ENODEV;
	if (!vdfl_port_is_dead(card, port))
		vdfl_port_mark_dead(card, port, ret);
	return -EIO;
}

static int cure(void *data)
{
	const struct vdfl_block *block = data;
	struct vdfl_card *card;
	LIST_HEAD(functions);
	int ret = vdfl_functions_begin(block->card, &functions);

	if (ret)
		return ret;
	/* Let the users of all functions release their mappings in parallel */
	list_for_each_entry(card, &functions, curing)
		vdfl_card_begin_freeze(card, VDFL_FROZEN_PORT);
	list_for_each_entry(card, &functions, curing)
		vdfl_card_end_freeze(card, VDFL_FROZEN_PORT);
	ret = cure_port(block->card, block->header);
	/* The others recheck their AFUs when the ports of this one are released */
	vdfl_card_thaw(block->card, VDFL_FROZEN_PORT);
	list_for_each_entry(card, &functions, curing)
		vdfl_card_thaw(card, VDFL_FROZEN_PORT);
	vdfl_functions_end(&functions);
	return ret;
}

/**
 * vdfl_cure_port() - reset a port on request of the administrator
 * @block: block of a port header
 *
 * All users of the card, also of its other functions, wait for the reset. Their
 * armed vectors are signalled afterwards. A work item does this without a lock
 * while it waits for users; the caller waits for it, and holds no lock of a card.
 * May sleep for as long as users take to release their mappings, and for a port
 * reset.
 *
 * Return: 0; -EBUSY while another port reset of the card is running; -EAGAIN
 * while the card is frozen; -ENODEV if the card is lost, being unbound, or does
 * not respond; -EIO if the port does not acknowledge the reset
 */
int vdfl_cure_port(struct vdfl_block *block)
{
	if (vdfl_card_is_gone(block->card) ||
	    vdfl_card_is_unbinding(block->card))
		return -ENODEV;
	return vdfl_work_call(cure, block);
}
