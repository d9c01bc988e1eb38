// SPDX-License-Identifier: GPL-2.0-only
/* Register filters: names of registers in place of OFFSET+LENGTH */

#include <err.h>
#include <errno.h>
#include <string.h>

#include "filter.h"

#define LETTERS		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

/**
 * struct place - the first word of a range, which is OFFSET+LENGTH or a name
 * @text: not terminated
 * @len: bytes of @text
 */
struct place {
	const char *text;
	size_t len;
};

/* Print a place in its other form; return false if it is not valid */
typedef bool (*print_place)(FILE *out, const struct block *block,
			    const struct place *place);

/* Copy blanks, separators and comments; return the next range */
static const char *copy_between(FILE *out, const char *text)
{
	const char *next = text;

	for (;;) {
		next += strspn(next, " \t\n;");
		if (*next != '#')
			break;
		next += strcspn(next, "\n");
	}
	fwrite(text, 1, next - text, out);
	return next;
}

/* Print a table with all places in the other form; return a bad place, or NULL */
static const char *print_table(FILE *out, const struct block *block,
			       const char *table, print_place print)
{
	struct place place;
	size_t rest;

	for (;;) {
		place.text = copy_between(out, table);
		if (!*place.text)
			return NULL;
		place.len = strcspn(place.text, " \t\n;#");
		if (!print(out, block, &place))
			return place.text;
		table = place.text + place.len;
		rest = strcspn(table, "\n;#");
		fwrite(table, 1, rest, out);
		table += rest;
	}
}

static char *replace_places(const struct block *block, const char *table,
			    print_place print, const char **bad)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		err(EXIT_FAILURE, "filter");
	*bad = print_table(out, block, table, print);
	if (fclose(out))
		err(EXIT_FAILURE, "filter");
	return text;
}

static void copy_place(FILE *out, const struct place *place)
{
	fwrite(place->text, 1, place->len, out);
}

static bool has_name(const struct reg *reg, const void *key)
{
	const struct place *place = key;

	return strlen(reg->name) == place->len &&
	       !memcmp(reg->name, place->text, place->len);
}

/* The driver checks a place that does not start with a letter */
static bool print_offset(FILE *out, const struct block *block,
			 const struct place *place)
{
	const struct reg *reg;

	if (!strchr(LETTERS, place->text[0])) {
		copy_place(out, place);
		return true;
	}
	reg = register_find(block, has_name, place);
	if (reg)
		fprintf(out, "0x%llx+0x%llx", reg->offset, reg->size);
	return reg;
}

static bool has_place(const struct reg *reg, const void *key)
{
	const struct place *place = key;
	char text[NAME_LEN];

	text_set(text, sizeof(text), "0x%llx+0x%llx", reg->offset, reg->size);
	return strlen(text) == place->len &&
	       !memcmp(text, place->text, place->len);
}

static bool print_name(FILE *out, const struct block *block,
		       const struct place *place)
{
	const struct reg *reg = register_find(block, has_place, place);

	if (reg)
		fputs(reg->name, out);
	else
		copy_place(out, place);
	return true;
}

static void unknown_name(struct fault *fault, const char *table,
			 const char *name)
{
	unsigned int line = 1;
	const char *start = table, *end;

	while ((end = memchr(start, '\n', name - start))) {
		start = end + 1;
		line++;
	}
	fault_set(fault, "line %u, column %zu: unknown register '%.*s'", line,
		  name - start + 1, (int)strcspn(name, " \t\n;#"), name);
}

char *filter_resolve(const struct block *block, const char *table,
		     struct fault *fault)
{
	const char *bad;
	char *text;

	if (!strcmp(table, FILTER_NONE)) {
		text = strdup(table);
		if (!text)
			err(EXIT_FAILURE, "filter");
		return text;
	}
	text = replace_places(block, table, print_offset, &bad);
	if (!bad)
		return text;
	unknown_name(fault, table, bad);
	free(text);
	return NULL;
}

char *filter_named(const struct block *block, const char *table)
{
	const char *bad;

	return replace_places(block, table, print_name, &bad);
}

static int write_filter(const struct instance *inst, const char *text,
			struct fault *fault)
{
	char dir[PATH_LEN];
	int ret;

	/* The kernel ignores a write of no bytes, and returns success */
	if (!text[0]) {
		fault_set(fault, "the table is empty");
		return fault_remedy(fault, "to permit the whole block: vdflctl filter %s none",
				    inst->uuid);
	}
	if (strlen(text) >= WORDS_LEN)
		return fault_set(fault, "the filter exceeds %d bytes",
				 WORDS_LEN - 1);
	text_set(dir, sizeof(dir), "bus/mdev/devices/%s", inst->uuid);
	ret = sysfs_set(text, dir, "filter", fault);
	if (ret == -EINVAL)
		fault_remedy(fault, "the kernel log has line and column: dmesg");
	return ret ? -1 : 0;
}

int filter_set(const char *uuid, const char *table, struct fault *fault)
{
	struct block block = { 0 };
	struct instance inst;
	char *text;
	int ret;

	if (model_instance_load(&inst, uuid, fault))
		return -1;
	model_block_load(&block, inst.card, inst.block);
	text = filter_resolve(&block, table, fault);
	if (!text)
		return fault_remedy(fault, "known registers: vdflctl filter --names %s",
				    uuid);
	ret = write_filter(&inst, text, fault);
	free(text);
	return ret;
}
