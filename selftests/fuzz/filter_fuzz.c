// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any table, any access: the answers equal those of a map with one entry per
 * byte of the block. A filter never permits a byte outside of the block.
 *
 * Input: one byte for the size of the block and one for the kind of the table.
 * Then either the text of a table; or one byte for the number of ranges, the
 * ranges, and accesses.
 */
#include "dfl/filter.h"
#include "fuzz.h"

#define BLOCK		256
#define PAGE		16
#define ACCESS_BYTES	3
#define MAX_DRAWN	40
#define DRAWN_LEN	96	/* bytes of the text of one range at most */

/* One range of the table as it was drawn, and its text */
struct drawn {
	u64 first;
	u64 len;
	u32 access;
	bool masked;
	u64 mask;
	u64 fixed;
	bool junk;
};

struct input {
	const u8 *data;
	size_t left;
};

static struct drawn drawn[MAX_DRAWN];
static int owner[BLOCK];	/* index of the range of each byte, or -1 */
static struct dfl_filter filter;

static u8 next(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->data++;
}

/* --- the table -------------------------------------------------------------- */

static u64 register_bits(const struct drawn *d)
{
	return d->len >= 8 ? ~0ULL : (1ULL << 8 * d->len) - 1;
}

static void draw(struct input *in, struct drawn *d)
{
	u8 flags;

	d->first = next(in);
	d->len = next(in);
	flags = next(in);
	if (flags & 0x40)
		d->len %= 9;
	d->access = flags & 3;
	d->masked = flags & 4;
	d->junk = flags == 0xff;
	d->mask = next(in) * 0x8123456789abcdefULL;
	d->fixed = next(in) * 0x9123456789abcdefULL;
	if (flags & 0x10) {
		d->mask &= register_bits(d);
		d->fixed &= register_bits(d);
	}
	if (flags & 0x20)
		d->fixed &= ~d->mask;
}

static int range_text(char *text, const struct drawn *d, u8 style)
{
	static const char * const ends[] = { "\n", ";", " ; ", "\t# w;\n" };
	static const char * const access[] = { "", "r", "w", "rw" };
	int used;

	used = sprintf(text, "%s0x%llx+0x%llx %s", style & 4 ? " " : "",
		       d->first, d->len, access[d->access]);
	if (d->masked)
		used += sprintf(text + used, " 0x%llx", d->mask);
	if (d->masked && (d->fixed || style & 8))
		used += sprintf(text + used, "/0x%llX", d->fixed);
	if (d->junk)
		used += sprintf(text + used, "%c", "xg-+/\r"[style % 6]);
	return used + sprintf(text + used, "%s", ends[style & 3]);
}

static bool mask_valid(const struct drawn *d)
{
	if (!d->masked)
		return true;
	return d->access & 2 && d->first % d->len == 0 &&
	       (d->len == 1 || d->len == 2 || d->len == 4 || d->len == 8) &&
	       !((d->mask | d->fixed) & ~register_bits(d)) &&
	       !(d->mask & d->fixed);
}

/* Add the range to the map. Return false if the table must be rejected. */
static bool place(unsigned int index, u64 size)
{
	const struct drawn *d = &drawn[index];
	u64 i;

	if (!d->len || d->first + d->len > size || !d->access ||
	    !mask_valid(d) || d->junk || index >= DFL_FILTER_MAX_RANGES)
		return false;
	for (i = d->first; i < d->first + d->len; i++) {
		if (owner[i] >= 0)
			return false;
		owner[i] = index;
	}
	return true;
}

/* --- accesses --------------------------------------------------------------- */

/* Return the range that each of the bytes belongs to, or NULL */
static const struct drawn *holder(u64 off, u64 len)
{
	u64 i;

	if (off + len > BLOCK || owner[off] < 0)
		return NULL;
	for (i = off; i < off + len; i++)
		if (owner[i] != owner[off])
			return NULL;
	return &drawn[owner[off]];
}

static u8 written_byte(const struct drawn *d, u64 off, u8 byte)
{
	unsigned int shift = 8 * (off - d->first);

	if (!d->masked)
		return byte;
	return (byte & (u8)(d->mask >> shift)) | (u8)(d->fixed >> shift);
}

static void check_access(u64 off, unsigned int width, u64 value)
{
	const struct drawn *d = holder(off, width);
	u64 got = value;
	unsigned int i;

	HOLDS(dfl_filter_reads(&filter, off, width) == (d && d->access & 1));
	HOLDS(dfl_filter_writes(&filter, off, width, &got) ==
	      (d && d->access & 2));
	for (i = 0; d && d->access & 2 && i < width; i++)
		HOLDS((u8)(got >> 8 * i) ==
		      written_byte(d, off + i, value >> 8 * i));
	/* far outside, and with offsets that wrap */
	HOLDS(!dfl_filter_reads(&filter, off + BLOCK, width));
	HOLDS(!dfl_filter_writes(&filter, ~off, width, &got));
}

static bool maps(u64 off, u64 len, u32 access)
{
	const struct drawn *d = holder(off, len);

	return d && (d->access & access) == access &&
	       (!d->masked || d->mask == register_bits(d));
}

/* A page is in a part of a range if, and only if, it may be mapped */
static void check_pages(u32 access)
{
	bool listed[BLOCK / PAGE] = { false };
	u64 start, len, off;
	u32 i;

	for (i = 0; i < filter.nr; i++) {
		len = dfl_filter_pages(&filter, i, access, PAGE, &start);
		HOLDS(len % PAGE == 0);
		if (!len)
			continue;
		HOLDS(start % PAGE == 0 && start + len <= BLOCK);
		HOLDS(dfl_filter_maps(&filter, start, len, access));
		for (off = start; off < start + len; off += PAGE)
			listed[off / PAGE] = true;
	}
	for (off = 0; off < BLOCK; off += PAGE) {
		HOLDS(listed[off / PAGE] == maps(off, PAGE, access));
		HOLDS(dfl_filter_maps(&filter, off, PAGE, access) ==
		      maps(off, PAGE, access));
	}
}

/* The printed text is the same filter */
static void check_print(u64 size)
{
	static char text[DFL_FILTER_PRINT_LEN];
	static struct dfl_filter again;
	struct dfl_filter_error error;
	size_t len = dfl_filter_print(&filter, text);

	HOLDS(len < sizeof(text) && strlen(text) == len);
	HOLDS(!dfl_filter_parse(&again, text, len, size, &error));
	HOLDS(!memcmp(&again, &filter, sizeof(filter)));
}

static void check_filter(u64 size)
{
	u32 i;

	HOLDS(filter.nr && filter.nr <= DFL_FILTER_MAX_RANGES);
	for (i = 0; i < filter.nr; i++) {
		const struct dfl_filter_range *range = &filter.range[i];

		HOLDS(range->first <= range->last && range->last < size);
		HOLDS(!i || range[-1].last < range->first);
		HOLDS(range->access && !(range->access & ~3));
	}
	check_print(size);
}

static void check_error(const char *text, size_t len,
			const struct dfl_filter_error *error)
{
	const char *end = text + len, *line = text;
	u32 i;

	HOLDS(error->problem && error->line && error->column);
	for (i = 1; i < error->line; i++) {
		line = memchr(line, '\n', end - line);
		HOLDS(line);
		line++;
	}
	HOLDS(error->column - 1 <= (size_t)(end - line));
}

static bool parse(const char *text, size_t len, u64 size)
{
	struct dfl_filter_error error = { 0 };
	/* a separate copy, so that the sanitizer finds reads past its end */
	char *copy = memcpy(malloc(len + !len), text, len);
	int ret = dfl_filter_parse(&filter, copy, len, size, &error);

	free(copy);
	HOLDS(!ret || ret == -EINVAL);
	if (ret)
		check_error(text, len, &error);
	else
		check_filter(size);
	return !ret;
}

static void drawn_table(struct input *in, u64 size)
{
	static char text[MAX_DRAWN * DRAWN_LEN];
	unsigned int i, nr = next(in) % (MAX_DRAWN + 1);
	bool valid = nr;
	size_t used = 0;

	if (nr > 4 && nr < MAX_DRAWN - 8)
		nr %= 4;
	memset(owner, -1, sizeof(owner));
	for (i = 0; i < nr; i++) {
		draw(in, &drawn[i]);
		used += range_text(text + used, &drawn[i], next(in));
		valid = valid && place(i, size);
	}
	valid = valid && nr;
	HOLDS(parse(text, used, size) == valid);
	if (!valid)
		return;
	check_pages(DFL_FILTER_READ);
	check_pages(DFL_FILTER_READ | DFL_FILTER_WRITE);
	while (in->left >= ACCESS_BYTES) {
		u64 off = next(in);
		unsigned int width = 1 << (next(in) % 4);

		check_access(off, width, next(in) * 0xa123456789abcdefULL);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };
	u64 block = next(&in) + 1;

	if (next(&in) & 1)
		parse((const char *)in.data, in.left, block);
	else
		drawn_table(&in, block);
	return 0;
}
