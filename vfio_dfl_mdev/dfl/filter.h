/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Register filter: the ranges of a block that its user may read and write. A
 * filter narrows a window: each range lies in the window.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_DFL_FILTER_H
#define _VDFL_DFL_FILTER_H

#include "pure_env.h"

/* A proof sets a lower power of two */
#ifndef DFL_FILTER_MAX_RANGES
#define DFL_FILTER_MAX_RANGES	32
#endif
#define DFL_FILTER_MAX_TEXT	4095	/* bytes that dfl_filter_parse() accepts */
#define DFL_FILTER_PRINT_LEN	(DFL_FILTER_MAX_RANGES * 80)

#define DFL_FILTER_READ		BIT(0)
#define DFL_FILTER_WRITE	BIT(1)

#define DFL_FILTER_NO_MASK	(~0ULL)
#define DFL_FILTER_UNUSED	(~0ULL)

/**
 * struct dfl_filter_range - one range of registers
 * @first: offset of the first byte in the block
 * @last: offset of the last byte
 * @mask: bits that a write takes from the user; DFL_FILTER_NO_MASK for all. With
 *	a mask the range is one register of 1, 2, 4 or 8 bytes, aligned
 * @fixed: value of the bits of a write outside of @mask
 * @access: DFL_FILTER_READ, DFL_FILTER_WRITE or both
 */
struct dfl_filter_range {
	u64 first;
	u64 last;
	u64 mask;
	u64 fixed;
	u32 access;
};

/**
 * struct dfl_filter - a filter
 * @nr: number of ranges, at least 1
 * @range: the ranges in the order of their offsets; they do not overlap. Unused
 *	entries have @first DFL_FILTER_UNUSED and @last 0
 */
struct dfl_filter {
	u32 nr;
	struct dfl_filter_range range[DFL_FILTER_MAX_RANGES];
};

/**
 * struct dfl_filter_error - the reason why a table was rejected
 * @line: number of the line, from 1
 * @column: number of the byte in the line, from 1
 * @problem: constant text
 */
struct dfl_filter_error {
	u32 line;
	u32 column;
	const char *problem;
};

/**
 * dfl_filter_parse() - parse a table of ranges
 * @filter: result; undefined after an error
 * @text: the table, not terminated
 * @len: bytes of @text
 * @size: bytes of the block
 * @error: set after an error
 *
 * Each range is on a line of its own, or ends in a semicolon::
 *
 *	OFFSET+LENGTH r|w|rw [MASK[/FIXED]]
 *
 * Numbers are hexadecimal with the prefix 0x. A # starts a comment that extends to
 * the end of the line.
 *
 * Return: 0, or -EINVAL
 */
int dfl_filter_parse(struct dfl_filter *filter, const char *text, size_t len,
		     u64 size, struct dfl_filter_error *error);

/**
 * dfl_filter_print() - print a filter as one line that dfl_filter_parse() accepts
 * @filter: the filter
 * @buf: result, DFL_FILTER_PRINT_LEN bytes, terminated
 *
 * Return: length of the text
 */
size_t dfl_filter_print(const struct dfl_filter *filter, char *buf);

/**
 * dfl_filter_reads() - check whether one read is permitted
 * @filter: the filter
 * @off: offset in the block
 * @width: bytes, 1 to 8
 *
 * Return: true if one range that can be read contains all bytes
 */
bool dfl_filter_reads(const struct dfl_filter *filter, u64 off,
		      unsigned int width);

/**
 * dfl_filter_writes() - check whether one write is permitted, and apply the mask
 * @filter: the filter
 * @off: offset in the block
 * @width: bytes, 1 to 8
 * @value: value that is written; bits outside of the mask are replaced
 *
 * Return: true if one range that can be written contains all bytes
 */
bool dfl_filter_writes(const struct dfl_filter *filter, u64 off,
		       unsigned int width, u64 *value);

/**
 * dfl_filter_maps() - check whether bytes may be mapped
 * @filter: the filter
 * @off: offset in the block
 * @len: bytes, at least 1
 * @access: DFL_FILTER_READ, DFL_FILTER_WRITE or both
 *
 * Return: true if one range without a mask contains all bytes, and permits each
 * @access
 */
bool dfl_filter_maps(const struct dfl_filter *filter, u64 off, u64 len,
		     u32 access);

/**
 * dfl_filter_pages() - get the whole pages of one range that may be mapped
 * @filter: the filter
 * @index: number of the range, less than @filter->nr
 * @access: as dfl_filter_maps()
 * @page_size: bytes, a power of two
 * @start: result: offset of the first page in the block
 *
 * Return: bytes, whole pages; 0 for none
 */
u64 dfl_filter_pages(const struct dfl_filter *filter, u32 index, u32 access,
		     u64 page_size, u64 *start);

/**
 * dfl_filter_is_read_only() - check whether no write is permitted
 * @filter: the filter
 *
 * Return: true if no range can be written
 */
bool dfl_filter_is_read_only(const struct dfl_filter *filter);

#endif /* _VDFL_DFL_FILTER_H */
