/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which features may be given to a user, how large they are, what their type
 * is called. One table; nothing here looks at a card.
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

#define DFL_RULE_TRAP		BIT(0)	/* never map */
#define DFL_RULE_NARROW		BIT(1)	/* 1 and 2 byte accesses are legal */
#define DFL_RULE_CSR_SHIFTED	BIT(2)	/* relative CSR address is value >> 1 */
#define DFL_RULE_CSR_PLAIN	BIT(3)	/* relative CSR address is value & ~1 */
#define DFL_RULE_BY_GUID	BIT(4)	/* type name ends in the GUID */
#define DFL_RULE_BY_ID		BIT(5)	/* type name ends in the feature id */

#define DFL_RULE_CSR		(DFL_RULE_CSR_SHIFTED | DFL_RULE_CSR_PLAIN)

/* Any version of the header will do */
#define DFL_ANY_VERSION		0xff

/**
 * struct dfl_rule - one row of the policy table
 * @parent: kind of FIU the feature must be below
 * @kind: DFL_KIND_AFU or DFL_KIND_PRIVATE
 * @version: header version this row is for, or DFL_ANY_VERSION
 * @id: feature id
 * @guid_l: with @guid_h: GUID this row is for, 0 = any
 * @guid_h: see @guid_l
 * @class: who may have it
 * @flags: DFL_RULE_*
 * @max_size: bytes handed out at most
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
	const char *stem;
};

/**
 * dfl_policy_find() - rule for a header
 * @map: result of dfl_walk()
 * @index: of the header in @map
 *
 * Return: the rule; never NULL: what the table does not know is opt-in, and
 * what can never be given away gets a rule of class never.
 */
const struct dfl_rule *dfl_policy_find(const struct dfl_map *map, u32 index);

/**
 * dfl_policy_type_name() - name of the type a header has
 * @rule: its rule
 * @map: result of dfl_walk()
 * @index: of the header in @map
 * @buf: DFL_TYPE_NAME_LEN bytes; only [a-z0-9-] and the final 0 are written
 */
void dfl_policy_type_name(const struct dfl_rule *rule, const struct dfl_map *map,
			  u32 index, char *buf);

/**
 * dfl_policy_opted_in() - is @type on the administrator's list?
 * @list: comma separated stems ("uart") or full names ("vendor-12345678"), or
 *	NULL. Where the name ends in a GUID or an id the stem alone is not
 *	enough: it would stand for whatever the card comes up with.
 * @rule: rule of the block
 * @type: its type name
 *
 * A name that ends in a GUID may be followed by "@plain" or "@shifted", see
 * dfl_policy_csr().
 *
 * Return: whether the administrator wants it handed out
 */
bool dfl_policy_opted_in(const char *list, const struct dfl_rule *rule,
			 const char *type);

/**
 * dfl_policy_csr() - how is the relative CSR address of @type encoded?
 * @list: as for dfl_policy_opted_in()
 * @rule: rule of the block
 * @type: its type name
 *
 * Two encodings are in use and the header does not tell which; a wrong guess
 * gives away the registers of another feature. So either the table knows, or
 * the administrator says: "vendor-12345678@plain", "vendor-12345678@shifted".
 *
 * Return: DFL_RULE_CSR_SHIFTED, DFL_RULE_CSR_PLAIN, or 0: nobody knows
 */
u32 dfl_policy_csr(const char *list, const struct dfl_rule *rule,
		   const char *type);

#endif /* _VDFL_DFL_POLICY_H */
