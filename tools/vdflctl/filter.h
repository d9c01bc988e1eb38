/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Register filters with names: a known register stands in place of OFFSET+LENGTH.
 * The driver knows no names.
 */
#ifndef _VDFLCTL_FILTER_H
#define _VDFLCTL_FILTER_H

#include "vdflctl.h"

/**
 * struct reg - a known register
 * @name: lower case letters, digits and underscores
 * @offset: in the block
 * @size: bytes
 */
struct reg {
	const char *name;
	__u64 offset;
	__u64 size;
};

/* Return the first register of a block for which @matches returns true, or NULL */
const struct reg *register_find(const struct block *block,
				bool (*matches)(const struct reg *reg,
						const void *key),
				const void *key);

/*
 * Replace the names of a table by places. Return the text, to be freed; or NULL with
 * @fault set to the line and column of a name that is not known.
 */
char *filter_resolve(const struct block *block, const char *table,
		     struct fault *fault);
/* Replace places that are known registers by names; return the text, to be freed */
char *filter_named(const struct block *block, const char *table);
/*
 * Set the filter of an instance to a table with names, unless it has it. Return 0,
 * or -1 with @fault set.
 */
int filter_set(const char *uuid, const char *table, struct fault *fault);

#endif /* _VDFLCTL_FILTER_H */
