// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any feature, any administrator's list: the answers equal those of a plain
 * comparison word by word.
 *
 * Input: 24 bytes that make the feature, then the list.
 */
#include "dfl/policy.h"
#include "fuzz.h"

#define FEATURE_BYTES		24

static struct dfl_map map;

struct answer {
	bool opted_in;
	u32 csr;
};

static void judge_word(const char *word, const struct dfl_rule *rule,
		       const char *type, struct answer *answer)
{
	char with_csr[DFL_TYPE_NAME_LEN + 16];

	if (!strcmp(word, type))
		answer->opted_in = true;
	if (rule->flags & DFL_RULE_BY_GUID) {
		snprintf(with_csr, sizeof(with_csr), "%s@plain", type);
		if (!strcmp(word, with_csr)) {
			answer->opted_in = true;
			answer->csr |= DFL_RULE_CSR_PLAIN;
		}
		snprintf(with_csr, sizeof(with_csr), "%s@shifted", type);
		if (!strcmp(word, with_csr)) {
			answer->opted_in = true;
			answer->csr |= DFL_RULE_CSR_SHIFTED;
		}
	} else if (!(rule->flags & DFL_RULE_BY_ID) &&
		   !strcmp(word, rule->stem)) {
		answer->opted_in = true;
	}
}

static struct answer expected(const char *list, const struct dfl_rule *rule,
			      const char *type)
{
	struct answer answer = { 0 };
	char *copy = strdup(list);
	char *rest = copy;
	char *word;

	HOLDS(copy);
	while ((word = strsep(&rest, ",\n")))
		judge_word(word, rule, type, &answer);
	free(copy);
	if (rule->flags & DFL_RULE_CSR)
		answer.csr = rule->flags & DFL_RULE_CSR;
	else if (answer.csr == DFL_RULE_CSR)
		answer.csr = 0;
	return answer;
}

static void set_up(const u8 *data)
{
	struct dfl_header *h = map.header;

	memset(&map, 0, offsetof(struct dfl_map, header[2]));
	map.nr_headers = 2;
	h[0].kind = data[0] % (DFL_KIND_OPAQUE + 1);
	h[0].parent = DFL_NO_PARENT;
	h[1].kind = data[1] % (DFL_KIND_OPAQUE + 1);
	h[1].parent = data[2] & 1 ? DFL_NO_PARENT : 0;
	h[1].version = data[3] & 1;
	memcpy(&h[1].id, data + 4, sizeof(h[1].id));
	h[1].id &= 0xfff;
	memcpy(&h[1].guid_l, data + 8, sizeof(h[1].guid_l));
	memcpy(&h[1].guid_h, data + 16, sizeof(h[1].guid_h));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const struct dfl_rule *rule;
	char type[DFL_TYPE_NAME_LEN];
	struct answer answer;
	char *list;

	if (size < FEATURE_BYTES)
		return 0;
	set_up(data);
	rule = dfl_policy_find(&map, 1);
	HOLDS(rule && rule->stem && rule->max_size);
	HOLDS(rule->class == DFL_CLASS_NEVER ||
	      map.header[1].kind == DFL_KIND_AFU ||
	      map.header[1].kind == DFL_KIND_PRIVATE);
	memset(type, 0xff, sizeof(type));
	dfl_policy_type_name(rule, &map, 1, type);
	HOLDS(memchr(type, 0, sizeof(type)));

	/* a copy of its own, so that reading past its end is seen */
	list = strndup((const char *)data + FEATURE_BYTES,
		       size - FEATURE_BYTES);
	HOLDS(list);
	answer = expected(list, rule, type);
	HOLDS(dfl_policy_opted_in(list, rule, type) == answer.opted_in);
	HOLDS(dfl_policy_csr(list, rule, type) == answer.csr);
	HOLDS(dfl_policy_opted_in(type, rule, type));
	HOLDS(!dfl_policy_opted_in(NULL, rule, type));
	free(list);
	return 0;
}
