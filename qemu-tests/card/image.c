// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a profile to a card: identity, BARs, blocks and their header words.
 * README.rst describes the format.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"

#define DEFAULT_BLOCK_SIZE	0x1000ULL
#define PARAM_ALIGN		8

static int __printf(1, 2) bad(const char *fmt, ...)
{
	va_list ap;

	fputs("vdfl-card: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return -1;
}

/** image_parse_u64() - number or C-notation string */
bool image_parse_u64(const json_t *value, u64 *out)
{
	const char *text;
	char *end;

	if (json_is_integer(value)) {
		*out = json_integer_value(value);
		return true;
	}
	text = json_string_value(value);
	if (!text || !*text)
		return false;
	errno = 0;
	*out = strtoull(text, &end, 0);
	return !errno && !*end;
}

/** image_u64() - member @key of @obj, or @fallback; ends on nonsense */
u64 image_u64(const json_t *obj, const char *key, u64 fallback)
{
	json_t *value = json_object_get(obj, key);
	u64 out;

	if (!value)
		return fallback;
	if (image_parse_u64(value, &out))
		return out;
	bad("\"%s\" is not a number", key);
	exit(EXIT_FAILURE);
}

static const char *get_string(const json_t *obj, const char *key,
			      const char *fallback)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : fallback;
}

/* A UUID as text has the high word first. */
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

static const struct model *const models[] = {
	&model_afu, &model_ethgroup, &model_fme, &model_irq_cap,
	&model_plain, &model_port, &model_uart,
};

static const struct model *find_model(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(models); i++)
		if (!strcmp(models[i]->name, name))
			return models[i];
	return NULL;
}

/* What the name of a kind in a profile stands for */
static const struct kind_row {
	const char *name;
	enum block_kind kind;
	u8 type;
	u8 id;
	bool has_guid;
	const char *model;
} kinds[] = {
	{ "fme", KIND_FME, DFL_TYPE_FIU, DFL_FIU_FME, true, "fme" },
	{ "port", KIND_PORT, DFL_TYPE_FIU, DFL_FIU_PORT, true, "port" },
	{ "afu", KIND_AFU, DFL_TYPE_AFU, 0, true, "afu" },
	{ "bbb", KIND_PRIVATE, DFL_TYPE_BBB, 0, true, "plain" },
	{ "private", KIND_PRIVATE, DFL_TYPE_PRIVATE, 0, false, "plain" },
	{ "hidden", KIND_HIDDEN, 0, 0, false, "plain" },
};

static const struct kind_row *find_kind(const char *name)
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

	word = FIELD_PREP(DFL_DFH_TYPE, image_u64(spec, "type", row->type));
	word |= FIELD_PREP(DFL_DFH_VERSION, image_u64(spec, "version", 0));
	word |= FIELD_PREP(DFL_DFH_NEXT, image_u64(spec, "next", 0));
	word |= FIELD_PREP(DFL_DFH_REVISION, image_u64(spec, "rev", 0));
	word |= FIELD_PREP(DFL_DFH_ID, image_u64(spec, "id", row->id));
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
			 FIELD_PREP(DFL_PARAM_ID, image_u64(param, "id", 0)) |
			 FIELD_PREP(DFL_PARAM_NEXT, len) |
			 (last ? DFL_PARAM_EOP : 0));
		off += PARAM_ALIGN;
		json_array_foreach(data, j, word) {
			u64 value;

			if (!image_parse_u64(word, &value))
				return bad("%s: bad parameter", b->name);
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
	u64 size = FIELD_PREP(DFL_CSR_SIZE, image_u64(csr, "size", 0));

	size |= FIELD_PREP(DFL_CSR_GROUP, image_u64(csr, "group", 0));
	size |= FIELD_PREP(DFL_CSR_INSTANCE, image_u64(csr, "instance", 0));
	if (params)
		size |= DFL_CSR_HAS_PARAMS;
	put_word(b, DFL_CSR_ADDR, image_u64(csr, "address", 0));
	put_word(b, DFL_CSR_SIZE_GROUP, size);
	return put_params(b, params);
}

static int put_header(struct block *b, const struct kind_row *row,
		      const json_t *spec)
{
	const char *guid = get_string(spec, "guid", NULL);
	bool version_1 = image_u64(spec, "version", 0) == 1;
	u64 low = 0, high = 0;

	if (row->kind == KIND_HIDDEN)
		return 0;
	if (guid && parse_guid(guid, &low, &high))
		return bad("%s: bad GUID", b->name);
	put_word(b, DFL_DFH, dfh_word(row, spec));
	if (row->has_guid || version_1) {
		put_word(b, DFL_GUID_L, low);
		put_word(b, DFL_GUID_H, high);
	}
	if (version_1)
		return put_version_1(b, spec);
	if (row->type == DFL_TYPE_FIU)
		put_word(b, DFL_NEXT_AFU, image_u64(spec, "next_afu", 0));
	return 0;
}

/* "words" of a block replace whatever was computed: {"0x18": "0xff"} */
static int override_words(struct block *b, const json_t *words)
{
	const char *key;
	json_t *value;
	void *iter;

	for (iter = json_object_iter((json_t *)words); iter;
	     iter = json_object_iter_next((json_t *)words, iter)) {
		struct reg *r;
		char *end;
		u64 off, word;

		key = json_object_iter_key(iter);
		value = json_object_iter_value(iter);
		off = strtoull(key, &end, 0);
		if (*end || off % 8 || off >= b->size ||
		    !image_parse_u64(value, &word))
			return bad("%s: bad word at %s", b->name, key);
		r = block_reg(b, off);
		block_add_reg(b, off, word, r->rw);
	}
	return 0;
}

static int load_block(struct card *c, struct block *b, const json_t *spec)
{
	const char *name = get_string(spec, "kind", "private");
	const struct kind_row *row = find_kind(name);
	u64 bar_size;

	b->card = c;
	b->bar = image_u64(spec, "bar", 0);
	b->offset = image_u64(spec, "offset", 0);
	snprintf(b->name, sizeof(b->name), "b%u-o%llx", b->bar, b->offset);
	if (!row)
		return bad("%s: unknown kind %s", b->name, name);
	b->kind = row->kind;
	b->model = find_model(get_string(spec, "model", row->model));
	if (!b->model)
		return bad("%s: unknown model", b->name);
	bar_size = b->bar < CARD_NR_BARS ? c->bars[b->bar].size : 0;
	b->size = DEFAULT_BLOCK_SIZE;
	if (image_u64(spec, "next", 0) >= 0x100)
		b->size = min_u64(b->size, image_u64(spec, "next", 0));
	b->size = image_u64(spec, "size", b->size);
	if (b->offset >= bar_size || b->size > bar_size - b->offset ||
	    b->offset % 8 || b->size % 8)
		return bad("%s: does not fit its BAR", b->name);
	b->regs = calloc(b->size / 8, sizeof(*b->regs));
	if (!b->regs)
		return bad("out of memory");
	b->first_vector = image_u64(spec, "first", 0);
	b->nr_vectors = image_u64(spec, "count", 0);
	if (b->first_vector + b->nr_vectors > c->id.nr_vectors)
		return bad("%s: vectors do not fit", b->name);
	if (put_header(b, row, spec) || b->model->init(b, spec))
		return -1;
	return override_words(b, json_object_get(spec, "words"));
}

static int check_overlap(const struct card *c)
{
	size_t i, j;

	for (i = 0; i < c->nr_blocks; i++) {
		const struct block *a = &c->blocks[i];

		for (j = i + 1; j < c->nr_blocks; j++) {
			const struct block *b = &c->blocks[j];

			if (a->bar == b->bar && a->offset < b->offset + b->size &&
			    b->offset < a->offset + a->size)
				return bad("%s and %s overlap", a->name,
					   b->name);
		}
	}
	return 0;
}

/* The reset of a port holds the AFU its profile entry names by offset. */
static void link_afus(struct card *c, const json_t *specs)
{
	const json_t *spec;
	size_t i;

	json_array_foreach(specs, i, spec) {
		struct block *port = &c->blocks[i], *afu;
		u64 next = image_u64(spec, "next_afu", 0);

		if (port->kind != KIND_PORT || !next)
			continue;
		afu = card_find_block(c, port->bar, port->offset + next);
		if (!afu || afu->kind != KIND_AFU)
			continue;
		afu->port = port;
		port->afu = afu;
	}
}

static int load_blocks(struct card *c, const json_t *specs)
{
	json_t *spec;
	size_t i;

	c->nr_blocks = json_array_size(specs);
	c->blocks = calloc(c->nr_blocks, sizeof(*c->blocks));
	if (!c->nr_blocks || !c->blocks)
		return bad("no blocks");
	json_array_foreach(specs, i, spec)
		if (load_block(c, &c->blocks[i], spec))
			return -1;
	if (check_overlap(c))
		return -1;
	link_afus(c, specs);
	return 0;
}

static int load_bars(struct card *c, const json_t *specs)
{
	json_t *spec;
	size_t i;

	json_array_foreach(specs, i, spec) {
		u64 nr = image_u64(spec, "bar", 0);
		u64 size = image_u64(spec, "size", 0);

		if (nr >= CARD_NR_BARS || size < 16 || size & (size - 1))
			return bad("bad BAR %llu", nr);
		c->bars[nr].size = size;
		c->bars[nr].is64 = !json_is_false(json_object_get(spec, "64"));
		c->bars[nr].prefetchable =
			!json_is_false(json_object_get(spec, "prefetch"));
	}
	return 0;
}

static int load_vsec(struct vsec *v, const json_t *spec)
{
	const json_t *entries = json_object_get(spec, "entries");
	json_t *entry;
	size_t i;

	if (!spec)
		return 0;
	v->nr_entries = json_array_size(entries);
	if (v->nr_entries > ARRAY_SIZE(v->entries))
		return bad("too many VSEC entries");
	v->present = true;
	v->count = image_u64(spec, "count", v->nr_entries);
	json_array_foreach(entries, i, entry)
		v->entries[i] = image_u64(entry, "offset", 0) |
				image_u64(entry, "bar", 0);
	return 0;
}

static int load_identity(struct card *c, const json_t *root)
{
	const json_t *pci = json_object_get(root, "pci");
	const json_t *msix = json_object_get(root, "msix");
	struct identity *id = &c->id;

	id->vendor = image_u64(pci, "vendor", 0x8086);
	id->device = image_u64(pci, "device", 0xbcce);
	id->subvendor = image_u64(pci, "subvendor", 0x8086);
	id->subdevice = image_u64(pci, "subdevice", 0);
	id->class = image_u64(pci, "class", 0x120000);
	id->revision = image_u64(pci, "revision", 0);
	id->pin = image_u64(pci, "pin", 0);
	id->nr_vectors = image_u64(msix, "vectors", 0);
	id->table_bar = image_u64(msix, "table_bar", 0);
	id->table = image_u64(msix, "table", 0);
	id->pba_bar = image_u64(msix, "pba_bar", id->table_bar);
	id->pba = image_u64(msix, "pba", 0);
	if (id->nr_vectors > CARD_MAX_VECTORS)
		return bad("too many vectors");
	id->cxl = json_is_true(json_object_get(root, "cxl"));
	return load_vsec(&id->vsec, json_object_get(root, "vsec"));
}

static int load(struct card *c, const json_t *root)
{
	c->dishonest = json_is_true(json_object_get(root, "dishonest"));
	if (load_bars(c, json_object_get(root, "bars")) ||
	    load_identity(c, root) ||
	    load_blocks(c, json_object_get(root, "blocks")))
		return -1;
	config_init(c);
	irq_init(c);
	return 0;
}

/** image_load() - the card of profile @path, or NULL after a message */
struct card *image_load(const char *path, struct log *log)
{
	struct card *c = calloc(1, sizeof(*c));
	json_error_t error;
	json_t *root;
	int ret;

	if (!c)
		return NULL;
	c->log = log;
	c->dma = dma_new();
	root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!c->dma || !root) {
		bad("%s:%d: %s", path, error.line, error.text);
		return NULL;
	}
	ret = load(c, root);
	json_decref(root);
	return ret ? NULL : c;
}
