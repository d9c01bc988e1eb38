// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA engines of which the registers are known: HE-LB of OFS shells, and NLB.
 * An engine that cannot write reports no completion, since that is a DMA write,
 * too. Therefore memory and a time limit decide.
 */

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "dfl/regs.h"
#include "engine.h"

#define ENGINE_DSM_LOW		0x110
#define ENGINE_DSM_HIGH		0x114
#define ENGINE_SRC		0x120
#define ENGINE_DST		0x128
#define ENGINE_LINES		0x130
#define ENGINE_CTL		0x138
#define   ENGINE_CTL_RUN	BIT_ULL(0)	/* out of reset */
#define   ENGINE_CTL_START	BIT_ULL(1)
#define ENGINE_CFG		0x140
#define ENGINE_END		0x148

#define ENGINE_MODE_COPY	(0 << 2)
#define ENGINE_MODE_WRITE	(2 << 2)

#define LINE_SHIFT		6

/*
 * Layout of the page. HE-LB of newer shells adds 1 to the number of lines, so
 * there is room for two.
 */
#define PAGE_SRC		0x000
#define PAGE_DST		0x400
#define PAGE_DSM		0x800
#define LINES			1
#define FILL_PAGE		0x5a
#define FILL_SRC		0xc3

#define CONTROL_MS		1000	/* limit for a run with bus master on */
#define SILENCE_MS		200	/* at least this long with it off */
#define SILENCE_FACTOR		10	/* or this many times a run with it on */
#define PORT_MS			1000
#define PORT_MIN_POLLS		10	/* the machine may stall between two polls */

/**
 * struct engine - a kind of engine
 * @name: for people
 * @guid: of its AFU
 * @dsm_shift: unit of the address for completion, as a power of two
 * @nr_modes: modes in @mode
 * @mode: modes that write, as values of ENGINE_CFG
 */
struct engine {
	const char *name;
	const char *guid;
	unsigned int dsm_shift;
	size_t nr_modes;
	__u32 mode[2];
};

/*
 * Copying alone would not show that an image gates reads but not writes. NLB of
 * this GUID can only copy. It takes the address for completion in bytes.
 */
static const struct engine engines[] = {
	{ "HE-LB", "56e203e9-864f-49a7-b94b-12284c31e02b", LINE_SHIFT,
	  2, { ENGINE_MODE_WRITE, ENGINE_MODE_COPY } },
	{ "NLB", "d8424dc4-a4a3-c413-f89e-433683f9040b", 0,
	  1, { ENGINE_MODE_COPY } },
};

const struct engine *engine_find(const char *guid)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(engines); i++)
		if (!strcmp(engines[i].guid, guid))
			return &engines[i];
	return NULL;
}

const char *engine_name(const struct engine *engine)
{
	return engine->name;
}

/* Registers are mapped; each access is one access of the CPU */
static __u64 get64(volatile void *registers, size_t offset)
{
	return *(volatile __u64 *)((volatile char *)registers + offset);
}

static void put64(volatile void *registers, size_t offset, __u64 value)
{
	*(volatile __u64 *)((volatile char *)registers + offset) = value;
}

static void put32(volatile void *registers, size_t offset, __u32 value)
{
	*(volatile __u32 *)((volatile char *)registers + offset) = value;
}

static __u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

static void pause_ms(unsigned int ms)
{
	const struct timespec time = { 0, ms * 1000000L };

	nanosleep(&time, NULL);
}

/* A reset of the function can leave its ports in reset */
static int release_port(const struct trial *trial, struct fault *why)
{
	unsigned int polls = 0;
	volatile void *port;
	__u64 control, end;

	if (!trial->port)
		return 0;
	port = function_map(trial->fn, trial->port->bar, trial->port->offset,
			    why);
	if (!port)
		return -1;
	control = get64(port, DFL_PORT_CTRL);
	put64(port, DFL_PORT_CTRL, control & ~DFL_PORT_CTRL_RESET);
	end = now_ms() + PORT_MS;
	do {
		control = get64(port, DFL_PORT_CTRL);
	} while (control & DFL_PORT_CTRL_ACK &&
		 (++polls < PORT_MIN_POLLS || now_ms() < end));
	function_unmap(trial->fn, port);
	return control & DFL_PORT_CTRL_ACK ?
	       fault_set(why, "the port of the AFU stays in reset") : 0;
}

/* Check that the registers are still those of the engine */
static int check_guid(const struct trial *trial, volatile void *afu,
		      struct fault *why)
{
	__u64 low = get64(afu, DFL_GUID_L), high = get64(afu, DFL_GUID_H);
	char guid[NAME_LEN];

	text_set(guid, sizeof(guid), "%08llx-%04llx-%04llx-%04llx-%012llx",
		 high >> 32, high >> 16 & 0xffff, high & 0xffff, low >> 48,
		 low & 0xffffffffffffULL);
	return strcmp(guid, trial->engine->guid) ?
	       fault_set(why, "the AFU reports another GUID: %s", guid) : 0;
}

static void start(const struct trial *trial, volatile void *afu, __u32 mode)
{
	__u64 page = trial->fn->address;
	__u64 dsm = (page + PAGE_DSM) >> trial->engine->dsm_shift;

	put32(afu, ENGINE_CTL, 0);
	put32(afu, ENGINE_CTL, ENGINE_CTL_RUN);
	/* The low half makes it valid */
	put32(afu, ENGINE_DSM_HIGH, dsm >> 32);
	put32(afu, ENGINE_DSM_LOW, dsm);
	put64(afu, ENGINE_SRC, (page + PAGE_SRC) >> LINE_SHIFT);
	put64(afu, ENGINE_DST, (page + PAGE_DST) >> LINE_SHIFT);
	put64(afu, ENGINE_LINES, LINES);
	put64(afu, ENGINE_CFG, mode);
	put32(afu, ENGINE_CTL, ENGINE_CTL_RUN | ENGINE_CTL_START);
}

static void fill(void *page, size_t size)
{
	memset(page, FILL_PAGE, size);
	memset((char *)page + PAGE_SRC, FILL_SRC, PAGE_DST - PAGE_SRC);
}

/* Return true if the function has written to any byte of the page */
static bool page_changed(const struct function *fn)
{
	const volatile unsigned char *page = fn->page;
	size_t i;

	for (i = 0; i < fn->size; i++)
		if (page[i] != (i < PAGE_DST ? FILL_SRC : FILL_PAGE))
			return true;
	return false;
}

/* Wait for a change of the page; return the time, or @limit_ms without a change */
static __u64 wait_for_change(const struct function *fn, __u64 limit_ms)
{
	__u64 begin = now_ms(), passed;

	do {
		if (page_changed(fn))
			return now_ms() - begin;
		pause_ms(1);
		passed = now_ms() - begin;
	} while (passed < limit_ms);
	return limit_ms;
}

/**
 * struct run - one run of an engine
 * @mode: value of ENGINE_CFG
 * @master: bus mastering is on
 * @limit_ms: time to wait for a change of the page
 * @changed: the page has changed
 * @ms: time until it changed
 */
struct run {
	__u32 mode;
	bool master;
	__u64 limit_ms;
	bool changed;
	__u64 ms;
};

/* Start from a reset: DMA that an earlier run has left behind is gone */
static int run_engine(const struct trial *trial, struct run *run,
		      struct fault *why)
{
	struct function *fn = trial->fn;
	volatile void *afu;

	if (function_reset(fn, why) || function_master(fn, false, why) ||
	    release_port(trial, why))
		return -1;
	afu = function_map(fn, trial->afu->bar, trial->afu->offset, why);
	if (!afu)
		return -1;
	fill(fn->page, fn->size);
	if (check_guid(trial, afu, why) || function_master(fn, run->master, why)) {
		function_unmap(fn, afu);
		return -1;
	}
	start(trial, afu, run->mode);
	run->ms = wait_for_change(fn, run->limit_ms);
	put32(afu, ENGINE_CTL, 0);
	get64(afu, ENGINE_CTL);
	/* Also a write that came at the last moment counts */
	run->changed = page_changed(fn);
	function_unmap(fn, afu);
	return 0;
}

/* Return true if the engine writes with bus mastering on */
static bool engine_works(const struct trial *trial, struct run *run,
			 struct fault *why)
{
	run->master = true;
	run->limit_ms = CONTROL_MS;
	if (run_engine(trial, run, why))
		return false;
	if (!run->changed)
		fault_set(why, "%s does not write even with bus master on",
			  trial->engine->name);
	return run->changed;
}

/* With bus mastering on, off and on again: the last run shows that it still works */
static const char *measure_mode(const struct trial *trial, __u32 mode,
				struct fault *why)
{
	struct run on = { .mode = mode }, off = { .mode = mode };

	if (!engine_works(trial, &on, why))
		return PROOF_NOT_PROVABLE;
	off.limit_ms = on.ms * SILENCE_FACTOR;
	if (off.limit_ms < SILENCE_MS)
		off.limit_ms = SILENCE_MS;
	if (run_engine(trial, &off, why))
		return PROOF_NOT_PROVABLE;
	if (off.changed)
		return PROOF_IGNORES;
	return engine_works(trial, &on, why) ? PROOF_HONOURS :
					       PROOF_NOT_PROVABLE;
}

const char *engine_measure(const struct trial *trial, struct fault *why)
{
	const struct engine *engine = trial->engine;
	const char *verdict = PROOF_NOT_PROVABLE;
	size_t i;

	if (trial->afu->offset % trial->fn->size + ENGINE_END > trial->fn->size) {
		fault_set(why, "the registers of the AFU cross a page");
		return verdict;
	}
	for (i = 0; i < engine->nr_modes; i++) {
		verdict = measure_mode(trial, engine->mode[i], why);
		if (strcmp(verdict, PROOF_HONOURS))
			break;
	}
	return verdict;
}
