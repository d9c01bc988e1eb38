/* SPDX-License-Identifier: GPL-2.0-only */
/* DMA engines of which the registers are known */
#ifndef _VDFLCTL_ENGINE_H
#define _VDFLCTL_ENGINE_H

#include "function.h"

struct engine;

/* The engine in the AFU with @guid, or NULL */
const struct engine *engine_find(const char *guid);
const char *engine_name(const struct engine *engine);

/**
 * struct trial - a function whose engine is tried
 * @fn: the function
 * @engine: kind of the engine
 * @afu: block that contains the engine
 * @port: block that resets the AFU, or NULL
 */
struct trial {
	struct function *fn;
	const struct engine *engine;
	const struct block *afu;
	const struct block *port;
};

/*
 * Find out whether the function honours bus master off. Return the verdict, with
 * the reason in @why unless it is PROOF_HONOURS or PROOF_IGNORES. Takes some
 * seconds at most.
 */
const char *engine_measure(const struct trial *trial, struct fault *why);

#endif /* _VDFLCTL_ENGINE_H */
