// SPDX-License-Identifier: GPL-2.0-only
/*
 * Create a card from a profile: identity, BARs, blocks. README.rst describes
 * the format.
 */
#include <stdlib.h>
#include <string.h>

#include "blocks/models.h"
#include "image/header.h"
#include "image/image.h"
#include "lib/spec.h"

#define DEFAULT_BLOCK_SIZE	0x1000ULL

/* The "words" of a block replace computed ones: {"0x18": "0xff"}. */
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
		    !spec_parse_u64(value, &word))
			return spec_error("%s: bad word at %s", b->name, key);
		r = block_reg(b, off);
		block_add_reg(b, off, word, r->rw);
	}
	return 0;
}

/* Return the size of a block for which the profile has no size. */
static u64 default_size(const json_t *spec)
{
	u64 next = spec_u64(spec, "next", 0);

	if (next < 0x100)
		return DEFAULT_BLOCK_SIZE;
	return min_u64(DEFAULT_BLOCK_SIZE, next);
}

static int place_block(struct card *c, struct block *b, const json_t *spec)
{
	u64 size = spec_u64(spec, "size", default_size(spec));
	u64 bar_size = b->bar < NR_BARS ? c->bars[b->bar].size : 0;

	if (b->offset >= bar_size || size > bar_size - b->offset ||
	    b->offset % 8 || size % 8)
		return spec_error("%s: block does not fit in the BAR", b->name);
	if (block_alloc_regs(b, size))
		return spec_error("out of memory");
	return 0;
}

static int load_vectors(struct card *c, struct block *b, const json_t *spec)
{
	b->irq.first = spec_u64(spec, "first", 0);
	b->irq.nr = spec_u64(spec, "count", 0);
	if (b->irq.first + b->irq.nr > c->cfg.id.nr_vectors)
		return spec_error("%s: more vectors than the card has", b->name);
	return 0;
}

static int load_lanes(struct block *b, const json_t *spec)
{
	static const char *const names[] = {
		[LANES_BYTES] = "bytes", [LANES_FME] = "fme",
		[LANES_GASKET] = "gasket",
	};
	const char *name = spec_string(spec, "lanes", "bytes");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name))
			continue;
		b->lanes = i;
		return 0;
	}
	return spec_error("%s: unknown lanes %s", b->name, name);
}

static void load_repeat(struct block *b, const json_t *spec)
{
	struct repeat *r = &b->repeat;

	r->at = spec_u64(spec, "at", 0);
	r->len = spec_u64(spec, "len", 0);
	r->of = spec_u64(spec, "of", 0);
	r->writes_only = json_is_true(json_object_get(spec, "writes_only"));
}

static int load_block(struct card *c, struct block *b, const json_t *spec)
{
	const char *name = spec_string(spec, "kind", "private");
	const struct kind_row *row = header_kind(name);

	block_place(b, spec_u64(spec, "bar", 0), spec_u64(spec, "offset", 0));
	if (!row)
		return spec_error("%s: unknown kind %s", b->name, name);
	b->kind = row->kind;
	b->model = model_find(spec_string(spec, "model", row->model));
	if (!b->model)
		return spec_error("%s: unknown model", b->name);
	load_repeat(b, json_object_get(spec, "repeat"));
	if (load_lanes(b, spec) || place_block(c, b, spec) ||
	    load_vectors(c, b, spec) || header_put(b, row, spec) ||
	    b->model->init(b, spec))
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
				return spec_error("%s and %s overlap", a->name,
						  b->name);
		}
	}
	return 0;
}

/* Link ports and AFUs: "next_afu" of a port is the distance to its AFU. */
static void link_afus(struct card *c, const json_t *specs)
{
	const json_t *spec;
	size_t i;

	json_array_foreach(specs, i, spec) {
		struct block *port = &c->blocks[i], *afu;
		u64 next = spec_u64(spec, "next_afu", 0);

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

	if (!json_array_size(specs) ||
	    card_alloc_blocks(c, json_array_size(specs)))
		return spec_error("no blocks");
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
		u64 nr = spec_u64(spec, "bar", 0);
		u64 size = spec_u64(spec, "size", 0);

		if (nr >= NR_BARS || size < 16 || size & (size - 1))
			return spec_error("bad BAR %llu", nr);
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
		return spec_error("too many VSEC entries");
	v->present = true;
	v->count = spec_u64(spec, "count", v->nr_entries);
	json_array_foreach(entries, i, entry)
		v->entries[i] = spec_u64(entry, "offset", 0) |
				spec_u64(entry, "bar", 0);
	return 0;
}

static int load_identity(struct card *c, const json_t *root)
{
	const json_t *pci = json_object_get(root, "pci");
	const json_t *msix = json_object_get(root, "msix");
	struct identity *id = &c->cfg.id;

	id->vendor = spec_u64(pci, "vendor", 0x8086);
	id->device = spec_u64(pci, "device", 0xbcce);
	id->subvendor = spec_u64(pci, "subvendor", 0x8086);
	id->subdevice = spec_u64(pci, "subdevice", 0);
	id->class = spec_u64(pci, "class", 0x120000);
	id->revision = spec_u64(pci, "revision", 0);
	id->pin = spec_u64(pci, "pin", 0);
	id->flr = spec_u64(pci, "flr", 1);
	id->vf = json_is_true(json_object_get(pci, "vf"));
	id->nr_vectors = spec_u64(msix, "vectors", 0);
	if (id->nr_vectors > MAX_VECTORS)
		return spec_error("too many vectors");
	id->table = (struct range){
		spec_u64(msix, "table_bar", 0), spec_u64(msix, "table", 0),
		16 * id->nr_vectors
	};
	id->pba = (struct range){
		spec_u64(msix, "pba_bar", id->table.bar),
		spec_u64(msix, "pba", 0), id->nr_vectors ? 8 : 0
	};
	id->cxl = json_is_true(json_object_get(root, "cxl"));
	id->ats = json_is_true(json_object_get(root, "ats"));
	return load_vsec(&id->vsec, json_object_get(root, "vsec"));
}

static int load(struct card *c, const json_t *root)
{
	c->cfg.dishonest = json_is_true(json_object_get(root, "dishonest"));
	c->zero_outside = json_is_true(json_object_get(root, "zero_outside"));
	c->checker.on = json_is_true(json_object_get(root, "protocol_checker"));
	c->irq.sticky = json_is_true(json_object_get(root, "sticky_pending"));
	if (load_bars(c, json_object_get(root, "bars")) ||
	    load_identity(c, root) ||
	    load_blocks(c, json_object_get(root, "blocks")))
		return -1;
	config_init(&c->cfg, c->bars);
	return 0;
}

/* Return the card that profile @path describes, or NULL after a message. */
struct card *image_load(const char *path, struct log *log)
{
	struct card *c = card_new(log);
	json_error_t error;
	json_t *root;
	int ret;

	root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!c || !root) {
		spec_error("%s:%d: %s", path, error.line, error.text);
		return NULL;
	}
	ret = load(c, root);
	json_decref(root);
	return ret ? NULL : c;
}
