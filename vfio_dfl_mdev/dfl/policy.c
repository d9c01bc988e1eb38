// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policy table: feature id to class, size and type name.
 *
 * Class never is for features that can harm the card or other users or reach
 * host memory, and for features without a public register map. Sizes are those
 * of the real registers: on real cards, the distance to the next header also
 * covers blocks that are not in the list.
 *
 * A row with a read_size permits read-only access to the first registers. Each
 * such row names the reason why reading them changes nothing on the card. Rows
 * without such a reason are refused; among them are QSFP, whose I2C controller
 * has a FIFO, and feature 0, whose registers depend on the image.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "policy.h"

#define PAGE_OF_REGS		0x1000
#define NO_CAP			(~0ULL)

#define NEVER_ROW(_parent, _stem, _id)					\
	{ .parent = _parent, .kind = DFL_KIND_PRIVATE,			\
	  .version = DFL_ANY_VERSION, .id = _id,			\
	  .class = DFL_CLASS_NEVER, .flags = DFL_RULE_BY_ID,		\
	  .max_size = PAGE_OF_REGS, .stem = _stem }

#define NEVER_FME(_id)		NEVER_ROW(DFL_KIND_FME, "fme", _id)
#define NEVER_PORT(_id)		NEVER_ROW(DFL_KIND_PORT, "port", _id)

#define PAGE_ROW(_parent, _class, _id, _stem)				\
	{ .parent = _parent, .kind = DFL_KIND_PRIVATE,			\
	  .version = DFL_ANY_VERSION, .id = _id, .class = _class,	\
	  .max_size = PAGE_OF_REGS, .stem = _stem }

/* Assigned read-only at most: the first @_read_size bytes */
#define READ_FME(_id, _stem, _read_size)				\
	{ .parent = DFL_KIND_FME, .kind = DFL_KIND_PRIVATE,		\
	  .version = DFL_ANY_VERSION, .id = _id,			\
	  .class = DFL_CLASS_NEVER, .max_size = PAGE_OF_REGS,		\
	  .read_size = _read_size, .stem = _stem }

#define YES_FME(_id, _stem)						\
	PAGE_ROW(DFL_KIND_FME, DFL_CLASS_YES, _id, _stem)
#define OPT_IN_FME(_id, _stem)						\
	PAGE_ROW(DFL_KIND_FME, DFL_CLASS_OPT_IN, _id, _stem)
#define OPT_IN_PORT(_id, _stem)						\
	PAGE_ROW(DFL_KIND_PORT, DFL_CLASS_OPT_IN, _id, _stem)

/* The first match counts. */
static const struct dfl_rule rules[] = {
	YES_FME(DFL_FME_ETH_GROUP, "eth-group"),
	{
		/*
		 * Read-only: up to the status of port 15. The manual of the
		 * Ethernet subsystem has no register that a read clears.
		 */
		.parent = DFL_KIND_FME, .kind = DFL_KIND_PRIVATE,
		.version = DFL_ANY_VERSION, .id = DFL_FME_HSSI,
		.class = DFL_CLASS_YES, .max_size = PAGE_OF_REGS,
		.read_size = 0x100, .stem = "hssi",
	},
	YES_FME(DFL_FME_N5010_HSSI, "n5010-hssi"),
	YES_FME(DFL_FME_N5010_MAC, "n5010-mac"),
	OPT_IN_FME(DFL_FME_QSFP, "qsfp"),
	{
		/*
		 * Read-only: the registers end at 0x124, the rest of the page
		 * reads 0. A read of the nanoseconds takes a snapshot of the
		 * seconds. It does not change the clock, but the seconds of
		 * another reader may belong to a later time, see
		 * Documentation/userspace-api/uapi.rst.
		 */
		.parent = DFL_KIND_FME, .kind = DFL_KIND_PRIVATE,
		.version = DFL_ANY_VERSION, .id = DFL_FME_TOD,
		.class = DFL_CLASS_OPT_IN, .max_size = PAGE_OF_REGS,
		.read_size = PAGE_OF_REGS, .stem = "tod",
	}, {
		/*
		 * The header declares 16 bytes, too few for its registers.
		 * Reads pop the FIFO, so no page of the UART is ever mapped.
		 */
		.parent = DFL_KIND_FME, .kind = DFL_KIND_PRIVATE,
		.version = 1, .id = DFL_FME_UART,
		.guid_l = 0xe1df0d4ace8e486cULL,
		.guid_h = 0x9e6641a6ca26cc04ULL,
		.class = DFL_CLASS_OPT_IN,
		.flags = DFL_RULE_TRAP | DFL_RULE_NARROW |
			 DFL_RULE_CSR_SHIFTED,
		.max_size = PAGE_OF_REGS, .stem = "uart",
	}, {
		.parent = DFL_KIND_FME, .kind = DFL_KIND_PRIVATE,
		.version = 1, .id = DFL_FME_VENDOR,
		.class = DFL_CLASS_OPT_IN, .flags = DFL_RULE_BY_GUID,
		.max_size = NO_CAP, .stem = "vendor",
	}, {
		.parent = DFL_KIND_PORT, .kind = DFL_KIND_AFU,
		.version = DFL_ANY_VERSION,
		.class = DFL_CLASS_YES, .flags = DFL_RULE_BY_GUID,
		.max_size = NO_CAP, .stem = "afu",
	},
	NEVER_FME(DFL_FME_PERF),
	/*
	 * Threshold, sensors and capability; status, threshold and limits. The
	 * stock driver reads them for each user of hwmon.
	 */
	READ_FME(DFL_FME_THERMAL, "thermal", 0x28),
	READ_FME(DFL_FME_POWER, "power", 0x28),
	/*
	 * Control and counter of four units. A counter is selected and cleared
	 * through its control register; the stock driver polls it by reading.
	 */
	READ_FME(DFL_FME_IPERF, "iperf", 0x58),
	/* Masks, errors, injection, capability: a written 1 clears an error */
	READ_FME(DFL_FME_ERROR, "fme-error", 0x78),
	NEVER_FME(DFL_FME_PR),
	NEVER_FME(DFL_FME_HSSI_LEGACY),
	/* As DFL_FME_IPERF */
	READ_FME(DFL_FME_DPERF, "dperf", 0x50),
	NEVER_FME(DFL_FME_QSPI),
	/* Status and control: a written 1 clears memory, a read does nothing */
	READ_FME(DFL_FME_EMIF, "emif", 0x18),
	NEVER_FME(DFL_FME_HSSI_D5005),
	NEVER_FME(DFL_FME_UNREGISTERED_0B),
	NEVER_FME(DFL_FME_NIOS),
	NEVER_FME(DFL_FME_MAX10_SPI),
	NEVER_FME(DFL_FME_MAC_ROM),
	NEVER_FME(DFL_FME_TCM),
	NEVER_FME(DFL_FME_PMCI),
	NEVER_FME(DFL_FME_ST2MM),
	NEVER_FME(DFL_FME_PCIE),
	NEVER_FME(DFL_FME_UART),
	NEVER_FME(DFL_FME_CXL_CACHE),
	NEVER_FME(DFL_FME_SGDMA),
	/* the upper part of the listed size repeats PR and port reset */
	OPT_IN_PORT(DFL_PORT_STP, "stp"),
	{
		/*
		 * The port gasket ignores byte enables: a 4 byte write to an
		 * upper half also replaces the lower half. Such a write is
		 * refused. A mapping would leave the width to the user, so no
		 * page is ever mapped.
		 */
		.parent = DFL_KIND_PORT, .kind = DFL_KIND_PRIVATE,
		.version = DFL_ANY_VERSION, .id = DFL_PORT_USERCLK,
		.class = DFL_CLASS_OPT_IN,
		.flags = DFL_RULE_TRAP | DFL_RULE_WRITE_8,
		.max_size = PAGE_OF_REGS, .stem = "userclk",
	},
	NEVER_PORT(DFL_PORT_ERROR),
	NEVER_PORT(DFL_PORT_UMSG),
	NEVER_PORT(DFL_PORT_UINT),
};

/*
 * Also the rule of the templates "skeleton" (0x27) and "hello_fim" (0x100,
 * 0xfff): these ids are not registered, and each image that starts from a
 * template has registers of its own.
 */
static const struct dfl_rule unknown_fme = {
	.parent = DFL_KIND_FME, .kind = DFL_KIND_PRIVATE,
	.version = DFL_ANY_VERSION,
	.class = DFL_CLASS_OPT_IN, .flags = DFL_RULE_BY_ID,
	.max_size = PAGE_OF_REGS, .stem = "fme",
};

static const struct dfl_rule unknown_port = {
	.parent = DFL_KIND_PORT, .kind = DFL_KIND_PRIVATE,
	.version = DFL_ANY_VERSION,
	.class = DFL_CLASS_OPT_IN, .flags = DFL_RULE_BY_ID,
	.max_size = PAGE_OF_REGS, .stem = "port",
};

/* Interface units and opaque headers */
static const struct dfl_rule not_a_feature = {
	.kind = DFL_KIND_OPAQUE, .version = DFL_ANY_VERSION,
	.class = DFL_CLASS_NEVER, .flags = DFL_RULE_BY_ID,
	.max_size = PAGE_OF_REGS, .stem = "opaque",
};

static bool rule_matches(const struct dfl_rule *rule,
			 const struct dfl_header *h, enum dfl_kind parent)
{
	if (rule->parent != parent || rule->kind != h->kind)
		return false;
	if (rule->kind == DFL_KIND_AFU)
		return true;	/* the id field of an AFU is not a feature id */
	if (rule->id != h->id)
		return false;
	if (rule->version != DFL_ANY_VERSION && rule->version != h->version)
		return false;
	return !(rule->guid_l | rule->guid_h) ||
	       (rule->guid_l == h->guid_l && rule->guid_h == h->guid_h);
}

static const struct dfl_rule *find_rule(const struct dfl_map *map, u32 index)
{
	const struct dfl_header *h = &map->header[index];
	enum dfl_kind parent;
	unsigned int i;

	if (h->kind != DFL_KIND_AFU && h->kind != DFL_KIND_PRIVATE)
		return &not_a_feature;
	if (h->parent != DFL_NO_PARENT)
		parent = map->header[h->parent].kind;
	else if (h->kind == DFL_KIND_AFU)
		parent = DFL_KIND_PORT;	/* an AFU without a port */
	else
		return &not_a_feature;
	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if (rule_matches(&rules[i], h, parent))
			return &rules[i];
	if (h->kind == DFL_KIND_PRIVATE && parent == DFL_KIND_FME)
		return &unknown_fme;
	if (h->kind == DFL_KIND_PRIVATE && parent == DFL_KIND_PORT)
		return &unknown_port;
	return &not_a_feature;
}

static void set_type_name(const struct dfl_header *h, enum dfl_view view,
			  struct dfl_decision *d)
{
	const struct dfl_rule *rule = d->rule;

	if (view == DFL_VIEW_READ)
		snprintf(d->type, sizeof(d->type), "%s-ro", rule->stem);
	else if (rule->flags & DFL_RULE_BY_GUID)
		snprintf(d->type, sizeof(d->type), "%s-%08x", rule->stem,
			 (u32)(h->guid_h >> 32));
	else if (rule->flags & DFL_RULE_BY_ID)
		snprintf(d->type, sizeof(d->type), "%s-%x", rule->stem,
			 (unsigned int)h->id);
	else
		snprintf(d->type, sizeof(d->type), "%s", rule->stem);
}

/* One entry of the administrator's list: "name" or "name@csr" */
struct entry {
	const char *name;
	size_t name_len;
	const char *csr;	/* NULL without '@' */
	size_t csr_len;
};

static bool str_is(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(text, word, len);
}

/* Parse the first entry of @list. Return the rest, or NULL after the last. */
static const char *next_entry(const char *list, struct entry *e)
{
	size_t len = strcspn(list, ",\n");
	size_t name_len = strcspn(list, "@,\n");

	e->name = list;
	e->name_len = name_len;
	e->csr = name_len < len ? list + name_len + 1 : NULL;
	e->csr_len = name_len < len ? len - name_len - 1 : 0;
	return list[len] ? list + len + 1 : NULL;
}

/* Return the encoding that an entry names, or 0. */
static u32 entry_csr(const struct entry *e)
{
	if (e->csr && str_is(e->csr, e->csr_len, "plain"))
		return DFL_RULE_CSR_PLAIN;
	if (e->csr && str_is(e->csr, e->csr_len, "shifted"))
		return DFL_RULE_CSR_SHIFTED;
	return 0;
}

static bool entry_names(const struct entry *e, const struct dfl_decision *d)
{
	u32 flags = d->rule->flags;

	if (e->csr && (!(flags & DFL_RULE_BY_GUID) || !entry_csr(e)))
		return false;
	return str_is(e->name, e->name_len, d->type);
}

/* Set @d->csr. Return true if @list names the type of @d. */
static bool apply_opt_in(const char *list, struct dfl_decision *d)
{
	bool named = false;
	struct entry e;
	u32 csr = 0;

	while (list) {
		list = next_entry(list, &e);
		if (!entry_names(&e, d))
			continue;
		named = true;
		csr |= entry_csr(&e);
	}
	if (d->rule->flags & DFL_RULE_CSR)
		csr = d->rule->flags & DFL_RULE_CSR;
	else if (csr == DFL_RULE_CSR)
		csr = 0;	/* the entries contradict each other */
	d->csr = csr;
	return named;
}

static bool bad_guid(const struct dfl_header *h)
{
	return (!h->guid_l && !h->guid_h) ||
	       (h->guid_l == ~0ULL && h->guid_h == ~0ULL);
}

static enum dfl_class class_of(const struct dfl_header *h,
			       const struct dfl_rule *rule, enum dfl_view view)
{
	if (view == DFL_VIEW_OWN)
		return rule->class;
	/* read_size counts from the header, as the registers of version 0 do */
	return rule->read_size && !h->version ? DFL_CLASS_OPT_IN :
						DFL_CLASS_NEVER;
}

void dfl_policy_decide(const struct dfl_map *map, u32 index,
		       enum dfl_view view, const char *opt_in,
		       struct dfl_decision *decision)
{
	const struct dfl_header *h = &map->header[index];
	const struct dfl_rule *rule = find_rule(map, index);
	enum dfl_class class = class_of(h, rule, view);
	bool opted_in;

	*decision = (struct dfl_decision) { .rule = rule };
	set_type_name(h, view, decision);
	opted_in = apply_opt_in(opt_in, decision);

	if (h->reason)
		decision->reason = h->reason;
	else if (class == DFL_CLASS_NEVER)
		decision->reason = DFL_REASON_POLICY;
	else if ((rule->flags & DFL_RULE_BY_GUID) && bad_guid(h))
		decision->reason = DFL_REASON_GUID;
	else if (class == DFL_CLASS_OPT_IN && !opted_in)
		decision->reason = DFL_REASON_OPT_IN;
	else
		decision->reason = DFL_OK;
}
