/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers of an open instance */
#ifndef _VDFLCTL_WINDOW_H
#define _VDFLCTL_WINDOW_H

#include "vdflctl.h"

/**
 * struct window - the registers of an open instance
 * @dev: open instance
 * @bar: region that holds the block
 * @size: bytes of the block
 * @scrubbed: closing the instance resets the block
 * @map: mapping, or NULL to access through system calls
 * @map_start: offset in the block where @map starts
 * @map_size: bytes of @map
 */
struct window {
	struct vfio_dev dev;
	struct region bar;
	__u64 size;
	bool scrubbed;
	void *map;
	__u64 map_start;
	__u64 map_size;
};

/**
 * struct range - consecutive registers of an instance
 * @uuid: instance
 * @offset: offset of the first register from the header of the block
 * @count: number of registers
 * @width: bytes per register
 * @map: access through a mapping
 * @write: the registers are written
 */
struct range {
	char uuid[UUID_LEN];
	__u64 offset;
	__u64 count;
	__u32 width;
	bool map;
	bool write;
};

int window_open(struct window *win, const char *uuid, struct fault *fault);
void window_close(struct window *win);

/* Check that @count registers of @width bytes at @offset lie in the block */
int window_check(const struct window *win, __u64 offset, __u32 width,
		 __u64 count, struct fault *fault);
/*
 * Parse the options of a command that accesses registers, with --count if
 * @counted. Return -1 to continue, else the exit status.
 */
int range_options(const struct command *cmd, int argc, char **argv,
		  struct range *range, bool counted);
/* Open the instance for accesses to @range, which must lie in the block */
int window_open_range(struct window *win, const struct range *range,
		      struct fault *fault);
int window_read(const struct window *win, __u64 offset, __u32 width,
		__u64 *value, struct fault *fault);
int window_write(const struct window *win, __u64 offset, __u32 width,
		 __u64 value, struct fault *fault);

#endif /* _VDFLCTL_WINDOW_H */
