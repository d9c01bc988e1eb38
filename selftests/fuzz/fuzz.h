/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the fuzz entries. */
#ifndef _FUZZ_H
#define _FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "pure_env.h"

/* A property that no input may break */
#define HOLDS(what)							\
	do {								\
		if (!(what)) {						\
			fprintf(stderr, "%s:%d: broken: %s\n",		\
				__FILE__, __LINE__, #what);		\
			abort();					\
		}							\
	} while (0)

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#endif /* _FUZZ_H */
