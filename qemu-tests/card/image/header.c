// SPDX-License-Identifier: GPL-2.0-only
/* Create the header words of a block from its entry in a profile. */
#include <stdlib.h>
#include <string.h>

#include "image/header.h"
#include "lib/dfl.h"
#include "lib/spec.h"

#define PARAM_ALIGN		8

/* The text of a UUID starts with the high word. */
static int parse_guid(const char *text, u64 *low, u64 *high)
{
	char digits[33];
	size_t n = 0;
	char *end;

	for (; *text; text++) {
		if (*text == '-')
			continue;
		if (n == sizeof(digits) - 1)
			return -1;
		digits[n++] = *text;
	}
	digits[n] = 0;
	if (n != sizeof(digits) - 1)
		return -1;
	*low = strtoull(digits + 16, &end, 16);
	if (*end)
		return -1;
	digits[16] = 0;
	*high = strtoull(digits, &end, 16);
	return *end ? -1 : 0;
}

static const struct kind_row kinds[] = {
	{ "fme", KIND_FME, DFL_TYPE_FIU, DFL_FIU_FME, true, "fme" },
	{ "port", KIND_PORT, DFL_TYPE_FIU, DFL_FIU_PORT, true, "port" },
	{ "afu", KIND_AFU, DFL_TYPE_AFU, 0, true, "afu" },
	{ "bbb", KIND_PRIVATE, DFL_TYPE_BBB, 0, true, "plain" },
	{ "private", KIND_PRIVATE, DFL_TYPE_PRIVATE, 0, false, "plain" },
	{ "hidden", KIND_HIDDEN, 0, 0, false, "plain" },
};

/* Return the kind named @name in profiles, or NULL. */
const struct kind_row *header_kind(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

static void put_word(struct block *b, u64 off, u64 value)
{
	block_add_reg(b, off, value, 0);
	if (off + 8 > b->header_len)
		b->header_len = off + 8;
}

static u64 dfh_word(const struct kind_row *row, const json_t *spec)
{
	u64 word;

	word = FIELD_PREP(DFL_DFH_TYPE, spec_u64(spec, "type", row->type));
	word |= FIELD_PREP(DFL_DFH_VERSION, spec_u64(spec, "version", 0));
	word |= FIELD_PREP(DFL_DFH_NEXT, spec_u64(spec, "next", 0));
	word |= FIELD_PREP(DFL_DFH_REVISION, spec_u64(spec, "rev", 0));
	word |= FIELD_PREP(DFL_DFH_ID, spec_u64(spec, "id", row->id));
	if (json_is_true(json_object_get(spec, "eol")))
		word |= DFL_DFH_EOL;
	return word;
}

static int put_params(struct block *b, const json_t *params)
{
	u64 off = DFL_PARAM;
	json_t *param, *word;
	size_t i, j;

	json_array_foreach(params, i, param) {
		json_t *data = json_object_get(param, "data");
		bool last = i + 1 == json_array_size(params);
		u64 len = 1 + json_array_size(data);

		put_word(b, off,
			 FIELD_PREP(DFL_PARAM_ID, spec_u64(param, "id", 0)) |
			 FIELD_PREP(DFL_PARAM_NEXT, len) |
			 (last ? DFL_PARAM_EOP : 0));
		off += PARAM_ALIGN;
		json_array_foreach(data, j, word) {
			u64 value;

			if (!spec_parse_u64(word, &value))
				return spec_error("%s: bad parameter", b->name);
			put_word(b, off, value);
			off += PARAM_ALIGN;
		}
	}
	return 0;
}

static int put_version_1(struct block *b, const json_t *spec)
{
	const json_t *csr = json_object_get(spec, "csr");
	const json_t *params = json_object_get(spec, "params");
	u64 size = FIELD_PREP(DFL_CSR_SIZE, spec_u64(csr, "size", 0));

	size |= FIELD_PREP(DFL_CSR_GROUP, spec_u64(csr, "group", 0));
	size |= FIELD_PREP(DFL_CSR_INSTANCE, spec_u64(csr, "instance", 0));
	if (params)
		size |= DFL_CSR_HAS_PARAMS;
	put_word(b, DFL_CSR_ADDR, spec_u64(csr, "address", 0));
	put_word(b, DFL_CSR_SIZE_GROUP, size);
	return put_params(b, params);
}

/* Add the header that @spec describes. Return 0, or -1 after a message. */
int header_put(struct block *b, const struct kind_row *row, const json_t *spec)
{
	const char *guid = spec_string(spec, "guid", NULL);
	bool version_1 = spec_u64(spec, "version", 0) == 1;
	u64 low = 0, high = 0;

	if (row->kind == KIND_HIDDEN)
		return 0;
	if (guid && parse_guid(guid, &low, &high))
		return spec_error("%s: bad GUID", b->name);
	put_word(b, DFL_DFH, dfh_word(row, spec));
	if (row->has_guid || version_1) {
		put_word(b, DFL_GUID_L, low);
		put_word(b, DFL_GUID_H, high);
	}
	if (version_1)
		return put_version_1(b, spec);
	if (row->type == DFL_TYPE_FIU)
		put_word(b, DFL_NEXT_AFU, spec_u64(spec, "next_afu", 0));
	return 0;
}
