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

static void match_word(const char *word, const struct dfl_rule *rule,
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
		match_word(word, rule, type, &answer);
	free(copy);
	if (rule->flags & DFL_RULE_CSR)
		answer.csr = rule->flags & DFL_RULE_CSR;
	else if (answer.csr == DFL_RULE_CSR)
		answer.csr = 0;
	return answer;
}

static enum dfl_reason expected_reason(const struct dfl_rule *rule,
				       enum dfl_view view, bool opted_in)
{
	const struct dfl_header *h = &map.header[1];

	if (view == DFL_VIEW_READ) {
		if (!rule->read_size || h->version)
			return DFL_REASON_POLICY;
		return opted_in ? DFL_OK : DFL_REASON_OPT_IN;
	}
	if (rule->class == DFL_CLASS_NEVER)
		return DFL_REASON_POLICY;
	if ((rule->flags & DFL_RULE_BY_GUID) && h->guid_l == h->guid_h &&
	    (h->guid_l == 0 || h->guid_l == ~0ULL))
		return DFL_REASON_GUID;
	if (rule->class == DFL_CLASS_OPT_IN && !opted_in)
		return DFL_REASON_OPT_IN;
	return DFL_OK;
}

/*
 * Check that @list gives @answer, and that rule and type do not depend on it.
 */
static void check_list(enum dfl_view view, const char *list,
		       const struct dfl_decision *first,
		       const struct answer *answer)
{
	struct dfl_decision d;

	memset(&d, 0xff, sizeof(d));
	dfl_policy_decide(&map, 1, view, list, &d);
	HOLDS(d.rule == first->rule);
	HOLDS(!strcmp(d.type, first->type));
	HOLDS(d.reason == expected_reason(d.rule, view, answer->opted_in));
	HOLDS(d.csr == answer->csr);
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

static void check_view(enum dfl_view view, const u8 *text, size_t len)
{
	const struct dfl_rule *rule;
	struct dfl_decision none;
	struct answer answer;
	char *list;

	memset(&none, 0xff, sizeof(none));
	dfl_policy_decide(&map, 1, view, NULL, &none);
	rule = none.rule;
	HOLDS(rule && rule->stem && rule->max_size);
	HOLDS(rule->read_size <= rule->max_size);
	HOLDS(rule->class == DFL_CLASS_NEVER ||
	      map.header[1].kind == DFL_KIND_AFU ||
	      map.header[1].kind == DFL_KIND_PRIVATE);
	HOLDS(memchr(none.type, 0, sizeof(none.type)));
	HOLDS(none.reason == expected_reason(rule, view, false));
	HOLDS(none.csr == (rule->flags & DFL_RULE_CSR));

	/* a separate copy, so that the sanitizer finds reads past its end */
	list = strndup((const char *)text, len);
	HOLDS(list);
	answer = expected(list, rule, none.type);
	check_list(view, list, &none, &answer);
	free(list);
	/* the name of the feature's own type is enough */
	answer = (struct answer) { true, none.csr };
	check_list(view, none.type, &none, &answer);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (size < FEATURE_BYTES)
		return 0;
	set_up(data);
	check_view(DFL_VIEW_OWN, data + FEATURE_BYTES, size - FEATURE_BYTES);
	check_view(DFL_VIEW_READ, data + FEATURE_BYTES, size - FEATURE_BYTES);
	return 0;
}
