/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers of an open instance */
#ifndef _VDFLCTL_WINDOW_H
#define _VDFLCTL_WINDOW_H

#include "vdflctl.h"

/**
 * struct window - the registers of an open instance
 * @dev: the instance
 * @bar: region that holds the block
 * @size: bytes of the block
 * @scrubbed: the block is reset when it is closed
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

int window_open(struct window *win, const char *uuid, struct fault *fault);
void window_close(struct window *win);

/* Do @count registers of @width bytes from @offset on lie in the block? */
int window_check(const struct window *win, __u64 offset, __u32 width,
		 __u64 count, struct fault *fault);
/* From now on access these bytes, already checked, through a mapping */
int window_map(struct window *win, __u64 offset, __u64 len,
	       struct fault *fault);
int window_read(const struct window *win, __u64 offset, __u32 width,
		__u64 *value, struct fault *fault);
int window_write(const struct window *win, __u64 offset, __u32 width,
		 __u64 value, struct fault *fault);

#endif /* _VDFLCTL_WINDOW_H */
