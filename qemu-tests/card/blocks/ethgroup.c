// SPDX-License-Identifier: GPL-2.0-only
/* Ethernet group: registers of MACs and PHYs behind a mailbox. */
#include <stdlib.h>
#include <string.h>

#include "blocks/all.h"
#include "lib/spec.h"

#define ETH_INFO		0x08
#define   ETH_INFO_GROUP	GENMASK_ULL(7, 0)
#define   ETH_INFO_PHYS		GENMASK_ULL(15, 8)
#define   ETH_INFO_SPEED	GENMASK_ULL(23, 16)
#define   ETH_INFO_DIRECTION	BIT_ULL(24)
#define ETH_CTRL		0x10
#define   ETH_CTRL_DATA		GENMASK_ULL(31, 0)
#define   ETH_CTRL_SELECT	GENMASK_ULL(53, 32)	/* address and up */
#define   ETH_CTRL_COMMAND	GENMASK_ULL(63, 62)
#define   ETH_COMMAND_READ	1
#define   ETH_COMMAND_WRITE	2
#define ETH_STATUS		0x18
#define   ETH_STATUS_DATA	GENMASK_ULL(31, 0)
#define   ETH_STATUS_VALID	BIT_ULL(32)

#define ETH_NR_SELECT		BIT(22)

/**
 * struct ethgroup - the mailbox
 * @regs: one per address, device and feature; allocated by the first write
 * @reads_left: reads of the status before the result is valid
 * @busy: a command is in progress
 */
struct ethgroup {
	u32 *regs;
	u32 reads_left;
	bool busy;
};

static int ethgroup_init(struct block *b, const json_t *spec)
{
	u64 info = FIELD_PREP(ETH_INFO_GROUP, spec_u64(spec, "group", 0)) |
		   FIELD_PREP(ETH_INFO_PHYS, spec_u64(spec, "phys", 2)) |
		   FIELD_PREP(ETH_INFO_SPEED, spec_u64(spec, "speed", 25)) |
		   FIELD_PREP(ETH_INFO_DIRECTION,
			      spec_u64(spec, "direction", 0));

	b->priv = calloc(1, sizeof(struct ethgroup));
	if (!b->priv)
		return -1;
	block_add_reg(b, ETH_INFO, info, 0);
	block_add_special(b, ETH_CTRL, 0, REG_HOOKED);
	block_add_special(b, ETH_STATUS, 0, REG_HOOKED);
	return 0;
}

static u32 execute(struct ethgroup *eth, u64 ctrl)
{
	u64 select = FIELD_GET(ETH_CTRL_SELECT, ctrl);

	if (FIELD_GET(ETH_CTRL_COMMAND, ctrl) == ETH_COMMAND_READ)
		return eth->regs ? eth->regs[select] : 0;
	if (!eth->regs)
		eth->regs = calloc(ETH_NR_SELECT, sizeof(*eth->regs));
	if (eth->regs)
		eth->regs[select] = FIELD_GET(ETH_CTRL_DATA, ctrl);
	return 0;
}

/* A command starts with the write that covers its command bits. */
static void ethgroup_write(struct block *b, u64 off, u64 value, u64 bits)
{
	struct ethgroup *eth = b->priv;
	u64 command = FIELD_GET(ETH_CTRL_COMMAND, value);

	if (off != ETH_CTRL)
		return;
	block_reg(b, ETH_CTRL)->value = value;
	if (!(bits & ETH_CTRL_COMMAND) ||
	    (command != ETH_COMMAND_READ && command != ETH_COMMAND_WRITE))
		return;
	block_reg(b, ETH_STATUS)->value = execute(eth, value);
	eth->busy = true;
	eth->reads_left = 1;
}

static u64 ethgroup_read(struct block *b, u64 off)
{
	struct ethgroup *eth = b->priv;
	struct reg *status = block_reg(b, ETH_STATUS);

	if (off != ETH_STATUS)
		return block_reg(b, off)->value;
	if (!eth->busy)
		return status->value;
	if (eth->reads_left) {
		eth->reads_left--;
		return 0;
	}
	eth->busy = false;
	status->value = (status->value & ETH_STATUS_DATA) | ETH_STATUS_VALID;
	return status->value;
}

static void ethgroup_reset(struct block *b)
{
	struct ethgroup *eth = b->priv;

	free(eth->regs);
	memset(eth, 0, sizeof(*eth));
}

static void ethgroup_release(struct block *b)
{
	struct ethgroup *eth = b->priv;

	free(eth->regs);
	free(eth);
}

const struct model model_ethgroup = {
	.name = "ethgroup",
	.init = ethgroup_init,
	.release = ethgroup_release,
	.read = ethgroup_read,
	.write = ethgroup_write,
	.reset = ethgroup_reset,
};
