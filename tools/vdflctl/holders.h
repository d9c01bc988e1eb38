/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that hold an instance open */
#ifndef _VDFLCTL_HOLDERS_H
#define _VDFLCTL_HOLDERS_H

#include "vdflctl.h"

/**
 * struct holder - a process
 * @pid: its number
 * @name: its command name
 * @certain: it holds the instance; else it holds a VFIO device or mapping of
 *	which the kernel does not show the device
 */
struct holder {
	__u64 pid;
	char name[NAME_LEN];
	bool certain;
};

/**
 * struct holders - processes that hold an instance, apart from this one
 * @count: number of @holder
 * @holder: the processes
 * @incomplete: the descriptors of some processes cannot be read
 */
struct holders {
	size_t count;
	struct holder *holder;
	bool incomplete;
};

/* Free with holders_free() */
void holders_find(struct holders *holders, const struct instance *inst);
void holders_free(struct holders *holders);
/*
 * Return 1 if there is a holder, or possibly one; 0 if there is none; -1 if none is
 * found but not all processes can be checked. @holder is a certain holder if there
 * is one. The instance is not opened: that would disturb its users.
 */
int holders_any(const struct instance *inst, struct holder *holder);
/* Print to stderr that the command waits for the holders, if there are any */
void holders_note(const struct instance *inst);
json_t *holders_json(const struct holders *holders);
void print_holders(const struct holders *holders);

#endif /* _VDFLCTL_HOLDERS_H */
