// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: opt-in list: any text is safe, and only whole names count
 * Bound: any text of up to 9 characters, names of up to 2
 * Unwind: 12
 *
 * One name with the longest encoding has 9 characters. Entries are independent
 * but for the encodings, which are collected in two bits; the unit tests have
 * contradicting entries.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "small.h"
#include "text.h"
#include "dfl/policy.c"

#define TEXT_LEN	9
#define NAME_LEN	2

static bool ends_name(char c)
{
	return !c || c == ',' || c == '\n' || c == '@';
}

/* Check whether an entry of @text starts with the whole @name. */
static bool has_name(const char *text, const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i + len <= TEXT_LEN; i++) {
		if (i && text[i - 1] != ',' && text[i - 1] != '\n')
			continue;
		if (!memcmp(text + i, name, len) && ends_name(text[i + len]))
			return true;
	}
	return false;
}

/* Names consist of [a-z0-9-] */
static bool is_name(const char *name)
{
	return !ends_name(name[0]) && (!name[1] || !ends_name(name[1]));
}

int main(void)
{
	char text[TEXT_LEN + 1];
	struct dfl_rule rule;
	struct dfl_decision d;
	bool named, full_name;

	text[TEXT_LEN] = 0;
	d.type[NAME_LEN] = 0;
	d.rule = &rule;
	full_name = rule.flags & (DFL_RULE_BY_GUID | DFL_RULE_BY_ID);
	ASSUME(is_name(d.type));

	named = apply_opt_in(text, &d);

	PROVE(IMPLIES(named, has_name(text, d.type)),
	      "only a whole name counts");
	PROVE(IMPLIES(!text_compare(text, d.type, text_len(d.type) + 1), named),
	      "the name alone counts");
	PROVE(d.csr != DFL_RULE_CSR || (rule.flags & DFL_RULE_CSR),
	      "at most one encoding");
	PROVE(!(d.csr & ~DFL_RULE_CSR), "nothing else than an encoding");
	PROVE(IMPLIES(d.csr && !(rule.flags & DFL_RULE_CSR),
		      named && (rule.flags & DFL_RULE_BY_GUID)),
	      "an encoding needs the name of a GUID");

	REACHED(named && full_name, "a full name");
	REACHED(named && !full_name, "a stem");
	REACHED(!named && text[0] == d.type[0], "a longer name");
	REACHED(d.csr == DFL_RULE_CSR_SHIFTED && !(rule.flags & DFL_RULE_CSR),
		"an encoding");
	return 0;
}
