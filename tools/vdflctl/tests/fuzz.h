/* SPDX-License-Identifier: GPL-2.0-only */
/* Fuzzer of vdflctl: parts that fuzz.c uses */
#ifndef _VDFLCTL_FUZZ_H
#define _VDFLCTL_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PICK(a)		((a)[roll(ARRAY_SIZE(a))])

#define MAX_ARGS	10
#define PATH_SIZE	4096

/* Pseudo-random numbers, the same for the same seed */
void roll_seed(uint64_t seed);
/* A number below @sides */
uint32_t roll(uint32_t sides);

/**
 * struct call - one invocation
 * @argc: number of arguments, with the name of the program
 * @argv: the arguments; freed with call_free()
 * @environment: variables as NAME=VALUE, constant
 * @nr_environment: number of @environment
 * @output: what standard output is
 */
struct call {
	int argc;
	char *argv[MAX_ARGS + 2];
	const char *environment[4];
	int nr_environment;
	enum { OUTPUT_FILE, OUTPUT_FULL, OUTPUT_CLOSED } output;
};

void call_roll(struct call *call);
void call_free(struct call *call);
/* Return true if the verb may change a file below the tree with this name */
bool call_may_change(const struct call *call, const char *path);

/* Copy a directory, then change entries at random if @breaks is not 0 */
void tree_make(const char *from, const char *to, uint32_t breaks);
void tree_remove(const char *path);

#endif /* _VDFLCTL_FUZZ_H */
