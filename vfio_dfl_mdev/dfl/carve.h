/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From headers and policy to windows: which registers of each feature a user
 * may access, and which of them may be mapped.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_DFL_CARVE_H
#define _VDFL_DFL_CARVE_H

#include "policy.h"

#ifndef DFL_MAX_RESERVED	/* as in walk.h */
#define DFL_MAX_RESERVED	4
#endif

/** struct dfl_range - @len bytes from offset @off of BAR @bar */
struct dfl_range {
	u8 bar;
	u64 off;
	u64 len;
};

/**
 * struct dfl_carve_args - input of dfl_carve() besides the headers
 * @page_size: bytes, a power of two
 * @bar_start: physical address of each BAR
 * @bar_len: bytes of each memory BAR
 * @reserved: ranges that no window may contain (MSI-X table, PBA)
 * @nr_reserved: entries in @reserved
 * @view: what the users do with the windows
 * @opt_in: list of the administrator, or NULL
 */
struct dfl_carve_args {
	u64 page_size;
	u64 bar_start[DFL_NR_BARS];
	u64 bar_len[DFL_NR_BARS];
	struct dfl_range reserved[DFL_MAX_RESERVED];
	unsigned int nr_reserved;
	enum dfl_view view;
	const char *opt_in;
};

/**
 * struct dfl_window - registers of one feature that can be assigned to a user
 * @rule: row of the policy table
 * @flags: DFL_RULE_* that apply to accesses
 * @reason: DFL_OK if it can be assigned, else the reason why not
 * @size: bytes from the header on that the user may access; 0 if withheld
 * @map_size: bytes from the header on that may be mapped: whole host pages
 *	that contain nothing else
 * @csr: version 1 private feature: byte offset of the registers from the header
 * @type: type name without position
 */
struct dfl_window {
	const struct dfl_rule *rule;
	u32 flags;
	enum dfl_reason reason;
	u64 size;
	u64 map_size;
	u64 csr;
	char type[DFL_TYPE_NAME_LEN];
};

/**
 * dfl_carve() - compute one window per header
 * @map: result of dfl_walk()
 * @args: BARs, page size, reserved ranges and opt-in list
 * @win: result, at least @map->nr_headers entries
 *
 * Windows that can be assigned (reason == DFL_OK) never overlap and stay in their
 * BAR. They never contain the header of another feature or a byte of a reserved
 * range. So a window of one view overlaps a window of the other view only if
 * both are of the same header: no byte is in the windows of two owners, and a
 * reader sees only the registers of its own feature.
 *
 * Return: number of windows that can be assigned
 */
unsigned int dfl_carve(const struct dfl_map *map,
		       const struct dfl_carve_args *args,
		       struct dfl_window *win);

#endif /* _VDFL_DFL_CARVE_H */
