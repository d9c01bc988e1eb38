/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Policy: which features may be assigned to a user, the size of their windows
 * and the names of their types. All of it comes from one table.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_DFL_POLICY_H
#define _VDFL_DFL_POLICY_H

#include "walk.h"

#define DFL_TYPE_NAME_LEN	32

enum dfl_class {
	DFL_CLASS_NEVER,
	DFL_CLASS_OPT_IN,
	DFL_CLASS_YES,
};

/**
 * enum dfl_view - what the users of a type do with the registers of a feature
 * @DFL_VIEW_OWN: one user reads and writes them
 * @DFL_VIEW_READ: several users read them
 */
enum dfl_view {
	DFL_VIEW_OWN,
	DFL_VIEW_READ,
};

#define DFL_NR_VIEWS		2

#define DFL_RULE_TRAP		BIT(0)	/* never map */
#define DFL_RULE_NARROW		BIT(1)	/* 1 and 2 byte accesses are legal */
#define DFL_RULE_CSR_SHIFTED	BIT(2)	/* relative CSR address is value >> 1 */
#define DFL_RULE_CSR_PLAIN	BIT(3)	/* relative CSR address is value & ~1 */
#define DFL_RULE_BY_GUID	BIT(4)	/* type name ends in the GUID */
#define DFL_RULE_BY_ID		BIT(5)	/* type name ends in the feature id */
#define DFL_RULE_WRITE_8	BIT(6)	/* only writes of 8 bytes are legal */
#define DFL_RULE_READ_ONLY	BIT(7)	/* dfl_window.flags only: no write is legal */

#define DFL_RULE_CSR		(DFL_RULE_CSR_SHIFTED | DFL_RULE_CSR_PLAIN)

/* Matches every header version */
#define DFL_ANY_VERSION		0xff

/**
 * struct dfl_rule - one row of the policy table
 * @parent: kind of FIU the feature must be below
 * @kind: DFL_KIND_AFU or DFL_KIND_PRIVATE
 * @version: header version of the feature, or DFL_ANY_VERSION
 * @id: feature id
 * @guid_l: with @guid_h: GUID of the feature, 0 = any
 * @guid_h: see @guid_l
 * @class: never assigned, assigned if opted in, or assigned by default
 * @flags: DFL_RULE_*
 * @max_size: upper bound of the window, bytes
 * @read_size: upper bound of the read-only window, bytes, at most @max_size; 0
 *	if not every register of the feature is known to be safe to read
 * @stem: first part of the type name
 */
struct dfl_rule {
	enum dfl_kind parent;
	enum dfl_kind kind;
	u8 version;
	u16 id;
	u64 guid_l;
	u64 guid_h;
	enum dfl_class class;
	u32 flags;
	u64 max_size;
	u64 read_size;
	const char *stem;
};

/**
 * struct dfl_decision - answer of the policy about one header
 * @rule: row of the table, never NULL: a feature without a row is opt-in, and a
 *	header that can never be assigned gets a row of class never
 * @reason: DFL_OK if the policy permits the feature. Otherwise the reason of the
 *	walk, or DFL_REASON_POLICY, DFL_REASON_GUID or DFL_REASON_OPT_IN
 * @csr: encoding of a relative CSR address, DFL_RULE_CSR_SHIFTED or
 *	DFL_RULE_CSR_PLAIN; 0 if none is named, or the administrator names both
 * @type: type name; contains only [a-z0-9-] and the final 0
 */
struct dfl_decision {
	const struct dfl_rule *rule;
	enum dfl_reason reason;
	u32 csr;
	char type[DFL_TYPE_NAME_LEN];
};

/**
 * dfl_policy_decide() - decide whether a feature may be assigned, and as what
 * @map: result of dfl_walk()
 * @index: index of the header in @map
 * @view: what the users do with the feature
 * @opt_in: list of the administrator, or NULL
 * @decision: result
 *
 * @opt_in is a comma separated list of stems ("uart") and full type names
 * ("vendor-12345678"). A type whose name ends in a GUID or an id needs the full
 * name: the stem alone would match any GUID or id that the card reports.
 *
 * The type of DFL_VIEW_READ is named after the stem, "tod-ro". It is assigned
 * only if @opt_in names it, because it shows the activity of other users.
 *
 * A full name that ends in a GUID may be followed by "@plain" or "@shifted".
 * Both encodings of a relative CSR address are in use, and the header does not
 * report which one applies. A wrong choice would assign the registers of
 * another feature. The administrator names it where the table does not.
 */
void dfl_policy_decide(const struct dfl_map *map, u32 index,
		       enum dfl_view view, const char *opt_in,
		       struct dfl_decision *decision);

#endif /* _VDFL_DFL_POLICY_H */
