// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of registers, by feature and AFU. The rows are those of the stock DFL
 * drivers, of 8250_dfl and ptp_dfl_tod, and of published register maps. The
 * registers lie in the window that the policy of the driver permits.
 */

#include <string.h>

#include "dfl/regs.h"
#include "filter.h"

/* Each block, and each AFU */
static const struct reg header[] = { { "header", 0x0, 8 } };
static const struct reg afu[] = { { "guid", 0x8, 16 } };

static const struct reg thermal[] = {
	{ "threshold", 0x8, 8 }, { "sensor1", 0x10, 8 },
	{ "sensor2", 0x18, 8 }, { "capability", 0x20, 8 },
};

static const struct reg power[] = {
	{ "status", 0x8, 8 }, { "threshold", 0x10, 8 },
	{ "xeon_limit", 0x18, 8 }, { "fpga_limit", 0x20, 8 },
};

static const struct reg fabric_counters[] = {
	{ "fabric_control", 0x20, 8 }, { "fabric_counter", 0x28, 8 },
	{ "clock_counter", 0x30, 8 },
};

static const struct reg more_counters[] = {
	{ "cache_control", 0x8, 8 }, { "cache_counter0", 0x10, 8 },
	{ "cache_counter1", 0x18, 8 }, { "vtd_control", 0x38, 8 },
	{ "vtd_counter", 0x40, 8 }, { "vtd_sip_control", 0x48, 8 },
	{ "vtd_sip_counter", 0x50, 8 },
};

static const struct reg fme_error[] = {
	{ "error_mask", 0x8, 8 }, { "error", 0x10, 8 },
	{ "pcie0_mask", 0x18, 8 }, { "pcie0_error", 0x20, 8 },
	{ "pcie1_mask", 0x28, 8 }, { "pcie1_error", 0x30, 8 },
	{ "first_error", 0x38, 8 }, { "next_error", 0x40, 8 },
	{ "nonfatal_mask", 0x48, 8 }, { "nonfatal_error", 0x50, 8 },
	{ "catfatal_mask", 0x58, 8 }, { "catfatal_error", 0x60, 8 },
	{ "inject", 0x68, 8 }, { "capability", 0x70, 8 },
};

static const struct reg emif[] = {
	{ "status", 0x8, 8 }, { "control", 0x10, 8 },
};

static const struct reg eth_group[] = {
	{ "information", 0x8, 8 }, { "control", 0x10, 8 },
	{ "result", 0x18, 8 },
};

static const struct reg tod[] = {
	{ "clock_frequency", 0x38, 4 }, { "seconds_high", 0x100, 4 },
	{ "seconds_low", 0x104, 4 }, { "nanoseconds", 0x108, 4 },
	{ "period", 0x110, 4 }, { "adjust_period", 0x114, 4 },
	{ "adjust_count", 0x118, 4 }, { "drift_adjust", 0x11c, 4 },
	{ "drift_adjust_rate", 0x120, 4 },
};

/* The registers of a 16550, four bytes apart */
static const struct reg uart[] = {
	{ "data", 0x200, 4 }, { "interrupt_enable", 0x204, 4 },
	{ "fifo_control", 0x208, 4 }, { "line_control", 0x20c, 4 },
	{ "modem_control", 0x210, 4 }, { "line_status", 0x214, 4 },
	{ "modem_status", 0x218, 4 }, { "scratchpad", 0x21c, 4 },
};

static const struct reg user_clock[] = {
	{ "command0", 0x8, 8 }, { "command1", 0x10, 8 },
	{ "status0", 0x18, 8 }, { "status1", 0x20, 8 },
};

/* HE-LB and NLB */
static const struct reg engine[] = {
	{ "dsm_base", 0x110, 8 }, { "source", 0x120, 8 },
	{ "destination", 0x128, 8 }, { "lines", 0x130, 8 },
	{ "control", 0x138, 8 }, { "configuration", 0x140, 8 },
	{ "status0", 0x160, 8 }, { "status1", 0x168, 8 },
	{ "error", 0x170, 8 },
};

static const struct reg he_lb[] = { { "scratchpad", 0x100, 8 } };

/**
 * struct reg_set - registers of some blocks
 * @parent: parent of a private feature, or NULL
 * @id: of a private feature
 * @guid: of an AFU, or NULL. Without @parent and @guid, the set is that of each
 *	block of kind @kind
 * @kind: of the block, or NULL for each
 * @reg: the registers
 * @count: number of @reg
 */
struct reg_set {
	const char *parent;
	__u64 id;
	const char *guid;
	const char *kind;
	const struct reg *reg;
	size_t count;
};

#define REGS(set)		.reg = set, .count = ARRAY_SIZE(set)
#define FME(_id, set)		{ .parent = "fme", .id = _id, REGS(set) }
#define PORT(_id, set)		{ .parent = "port", .id = _id, REGS(set) }
#define AFU(_guid, set)		{ .guid = _guid, REGS(set) }

#define HE_LB	"56e203e9-864f-49a7-b94b-12284c31e02b"
#define NLB	"d8424dc4-a4a3-c413-f89e-433683f9040b"

static const struct reg_set sets[] = {
	{ REGS(header) },
	{ .kind = "afu", REGS(afu) },
	FME(DFL_FME_THERMAL, thermal),
	FME(DFL_FME_POWER, power),
	FME(DFL_FME_IPERF, more_counters),
	FME(DFL_FME_IPERF, fabric_counters),
	FME(DFL_FME_DPERF, fabric_counters),
	FME(DFL_FME_ERROR, fme_error),
	FME(DFL_FME_EMIF, emif),
	FME(DFL_FME_ETH_GROUP, eth_group),
	FME(DFL_FME_TOD, tod),
	FME(DFL_FME_UART, uart),
	PORT(DFL_PORT_USERCLK, user_clock),
	AFU(HE_LB, he_lb),
	AFU(HE_LB, engine),
	AFU(NLB, engine),
};

static bool set_matches(const struct reg_set *set, const struct block *block)
{
	__u64 id;

	if (set->parent)
		return !strcmp(block->kind, "private") &&
		       !strcmp(block->parent_kind, set->parent) &&
		       parse_number(block->feature_id, &id) && id == set->id;
	if (set->guid)
		return !strcmp(block->kind, "afu") &&
		       !strcmp(block->guid, set->guid);
	return !set->kind || !strcmp(block->kind, set->kind);
}

const struct reg *register_find(const struct block *block,
				bool (*matches)(const struct reg *reg,
						const void *key),
				const void *key)
{
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		if (!set_matches(&sets[i], block))
			continue;
		for (j = 0; j < sets[i].count; j++)
			if (matches(&sets[i].reg[j], key))
				return &sets[i].reg[j];
	}
	return NULL;
}
