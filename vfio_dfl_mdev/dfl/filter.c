// SPDX-License-Identifier: GPL-2.0-only
/*
 * Register filter: parse and print the table of ranges, look up accesses.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "filter.h"

/* --- the table as text ----------------------------------------------------- */

/**
 * struct scan - the text that is parsed
 * @text: all of it, not terminated
 * @len: bytes of @text
 * @pos: next byte; after an error, the byte at fault
 */
struct scan {
	const char *text;
	size_t len;
	size_t pos;
};

/* Return the next byte, 0 at the end. A byte 0 in the text is no valid token. */
static char peek(const struct scan *s)
{
	return s->pos < s->len ? s->text[s->pos] : 0;
}

static bool accept(struct scan *s, char c)
{
	if (s->pos == s->len || peek(s) != c)
		return false;
	s->pos++;
	return true;
}

static void skip_blanks(struct scan *s)
{
	while (peek(s) == ' ' || peek(s) == '\t')
		s->pos++;
}

static void skip_comment(struct scan *s)
{
	if (peek(s) != '#')
		return;
	while (s->pos < s->len && peek(s) != '\n')
		s->pos++;
}

/* Skip to the next range. Return false at the end of the text. */
static bool next_range(struct scan *s)
{
	do {
		skip_blanks(s);
		skip_comment(s);
	} while (accept(s, ';') || accept(s, '\n'));
	return s->pos < s->len;
}

static bool at_end_of_range(const struct scan *s)
{
	char c = peek(s);

	return s->pos == s->len || c == ';' || c == '\n' || c == '#';
}

/* Return the value of a hexadecimal digit, or -1. */
static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static const char *parse_number(struct scan *s, u64 *value)
{
	size_t start = s->pos;

	if (!accept(s, '0') || !accept(s, 'x') || digit(peek(s)) < 0) {
		s->pos = start;
		return "expected a number that starts with 0x";
	}
	*value = 0;
	for (; digit(peek(s)) >= 0; s->pos++) {
		if (*value >> 60) {
			s->pos = start;
			return "number exceeds 64 bits";
		}
		*value = *value << 4 | digit(peek(s));
	}
	return NULL;
}

static const char *parse_place(struct scan *s, struct dfl_filter_range *range,
			       u64 size)
{
	const char *problem = parse_number(s, &range->first);
	size_t start;
	u64 len;

	if (problem)
		return problem;
	if (!accept(s, '+'))
		return "expected + and the length of the range";
	start = s->pos;
	problem = parse_number(s, &len);
	if (problem)
		return problem;
	if (!len || range->first >= size || len > size - range->first) {
		s->pos = start;
		return len ? "range exceeds the block" : "range is empty";
	}
	range->last = range->first + len - 1;
	return NULL;
}

static const char *parse_access(struct scan *s, struct dfl_filter_range *range)
{
	size_t start = s->pos;

	skip_blanks(s);
	if (s->pos == start)
		return "expected a blank and r, w or rw";
	if (accept(s, 'r'))
		range->access |= DFL_FILTER_READ;
	if (accept(s, 'w'))
		range->access |= DFL_FILTER_WRITE;
	return range->access ? NULL : "expected r, w or rw";
}

/* Return the mask that covers @len bytes, 0 if a register cannot have them. */
static u64 register_mask(const struct dfl_filter_range *range)
{
	u64 len = range->last - range->first + 1;

	if (len > 8 || len & (len - 1) || range->first & (len - 1))
		return 0;
	return ~0ULL >> (64 - 8 * len);
}

/* Check a mask that was parsed. Return the problem, or NULL. */
static const char *check_mask(struct dfl_filter_range *range)
{
	u64 all = register_mask(range);

	if (!(range->access & DFL_FILTER_WRITE))
		return "mask of a range that cannot be written";
	if (!all)
		return "mask of a range that is not one aligned register";
	if ((range->mask | range->fixed) & ~all)
		return "mask exceeds the register";
	if (range->mask & range->fixed)
		return "fixed bits overlap the mask";
	if (range->mask == all)
		range->mask = DFL_FILTER_NO_MASK;
	return NULL;
}

static const char *parse_mask(struct scan *s, struct dfl_filter_range *range)
{
	const char *problem;
	size_t start = s->pos;

	skip_blanks(s);
	range->mask = DFL_FILTER_NO_MASK;
	if (at_end_of_range(s))
		return NULL;
	if (s->pos == start)
		return "expected a blank or the end of the range";
	start = s->pos;
	problem = parse_number(s, &range->mask);
	if (!problem && accept(s, '/'))
		problem = parse_number(s, &range->fixed);
	if (problem)
		return problem;
	problem = check_mask(range);
	if (problem) {
		s->pos = start;
		return problem;
	}
	skip_blanks(s);
	return at_end_of_range(s) ? NULL : "expected the end of the range";
}

static const char *insert(struct dfl_filter *filter,
			  const struct dfl_filter_range *range)
{
	struct dfl_filter_range *at = &filter->range[filter->nr];
	const struct dfl_filter_range *end = at;

	if (filter->nr == DFL_FILTER_MAX_RANGES)
		return "too many ranges";
	while (at > filter->range && at[-1].first > range->first)
		at--;
	if ((at > filter->range && at[-1].last >= range->first) ||
	    (at < end && at->first <= range->last))
		return "range overlaps an earlier range";
	memmove(at + 1, at, (end - at) * sizeof(*at));
	*at = *range;
	filter->nr++;
	return NULL;
}

static const char *parse_range(struct scan *s, struct dfl_filter *filter,
			       u64 size)
{
	struct dfl_filter_range range = { 0 };
	size_t start = s->pos;
	const char *problem;

	problem = parse_place(s, &range, size);
	if (!problem)
		problem = parse_access(s, &range);
	if (!problem)
		problem = parse_mask(s, &range);
	if (problem)
		return problem;
	problem = insert(filter, &range);
	if (problem)
		s->pos = start;
	return problem;
}

static void locate(const struct scan *s, struct dfl_filter_error *error)
{
	size_t i;

	error->line = 1;
	error->column = 1;
	for (i = 0; i < s->pos; i++) {
		error->column++;
		if (s->text[i] == '\n') {
			error->line++;
			error->column = 1;
		}
	}
}

int dfl_filter_parse(struct dfl_filter *filter, const char *text, size_t len,
		     u64 size, struct dfl_filter_error *error)
{
	struct scan s = { .text = text, .len = len };
	const char *problem = NULL;
	u32 i;

	memset(filter, 0, sizeof(*filter));
	for (i = 0; i < DFL_FILTER_MAX_RANGES; i++)
		filter->range[i].first = DFL_FILTER_UNUSED;
	if (len > DFL_FILTER_MAX_TEXT) {
		s.pos = DFL_FILTER_MAX_TEXT;
		problem = "table is too long";
	}
	while (!problem && next_range(&s))
		problem = parse_range(&s, filter, size);
	if (!problem && !filter->nr)
		problem = "table has no range";
	if (!problem)
		return 0;
	locate(&s, error);
	error->problem = problem;
	return -EINVAL;
}

static int print_range(const struct dfl_filter_range *range, char *buf,
		       size_t size)
{
	static const char * const names[] = { "", "r", "w", "rw" };
	int used;

	used = snprintf(buf, size, "0x%llx+0x%llx %s",
			range->first, range->last - range->first + 1,
			names[range->access]);
	if (range->mask != DFL_FILTER_NO_MASK)
		used += snprintf(buf + used, size - used, " 0x%llx",
				 range->mask);
	if (range->fixed)
		used += snprintf(buf + used, size - used, "/0x%llx",
				 range->fixed);
	return used;
}

size_t dfl_filter_print(const struct dfl_filter *filter, char *buf)
{
	size_t used = 0;
	u32 i;

	for (i = 0; i < filter->nr; i++) {
		if (i) {
			buf[used++] = ';';
			buf[used++] = ' ';
		}
		used += print_range(&filter->range[i], buf + used,
				    DFL_FILTER_PRINT_LEN - used);
	}
	return used;
}

/* --- accesses -------------------------------------------------------------- */

#if DFL_FILTER_MAX_RANGES > 32
#error find() makes five steps
#endif

/* A step of at least the capacity does nothing. @nr is constant. */
static const struct dfl_filter_range *
step(const struct dfl_filter_range *range, u64 off, u32 nr)
{
	if (nr >= DFL_FILTER_MAX_RANGES)
		return range;
	return range[nr].first <= off ? range + nr : range;
}

/*
 * Return the range that contains @len bytes from @off on, or NULL. A fixed number
 * of steps finds the last range that starts at or before @off. Unused ranges start
 * after all others.
 */
static const struct dfl_filter_range *find(const struct dfl_filter *filter,
					   u64 off, u64 len)
{
	const struct dfl_filter_range *range = filter->range;

	range = step(range, off, 16);
	range = step(range, off, 8);
	range = step(range, off, 4);
	range = step(range, off, 2);
	range = step(range, off, 1);
	if (off < range->first || off > range->last ||
	    len - 1 > range->last - off)
		return NULL;
	return range;
}

bool dfl_filter_reads(const struct dfl_filter *filter, u64 off,
		      unsigned int width)
{
	const struct dfl_filter_range *range = find(filter, off, width);

	return range && range->access & DFL_FILTER_READ;
}

bool dfl_filter_writes(const struct dfl_filter *filter, u64 off,
		       unsigned int width, u64 *value)
{
	const struct dfl_filter_range *range = find(filter, off, width);
	unsigned int shift;

	if (!range || !(range->access & DFL_FILTER_WRITE))
		return false;
	if (range->mask == DFL_FILTER_NO_MASK)
		return true;
	shift = 8 * (off - range->first);
	*value = (*value & (range->mask >> shift)) | (range->fixed >> shift);
	return true;
}

static bool range_maps(const struct dfl_filter_range *range, u32 access)
{
	return (range->access & access) == access &&
	       range->mask == DFL_FILTER_NO_MASK;
}

bool dfl_filter_maps(const struct dfl_filter *filter, u64 off, u64 len,
		     u32 access)
{
	const struct dfl_filter_range *range = find(filter, off, len);

	return range && range_maps(range, access);
}

u64 dfl_filter_pages(const struct dfl_filter *filter, u32 index, u32 access,
		     u64 page_size, u64 *start)
{
	const struct dfl_filter_range *range = &filter->range[index];
	u64 end = (range->last + 1) & ~(page_size - 1);

	*start = (range->first + page_size - 1) & ~(page_size - 1);
	if (!range_maps(range, access) || *start < range->first ||
	    end <= *start)
		return 0;
	return end - *start;
}

bool dfl_filter_is_read_only(const struct dfl_filter *filter)
{
	u32 i;

	for (i = 0; i < filter->nr; i++)
		if (filter->range[i].access & DFL_FILTER_WRITE)
			return false;
	return true;
}
