// SPDX-License-Identifier: GPL-2.0-only
/* Right and wrong results, and the end of a run with a wrong one. */
#include <stdarg.h>

#include "fuzz.h"

#define MAX_ERR	191

void or_error(struct answers *a, int err)
{
	a->err[err / 64] |= 1ULL << (err % 64);
}

/** answer() - one right answer: a value, or a negative errno */
struct answers answer(long ret)
{
	struct answers a = { .ok = ret >= 0, .value = ret };

	if (ret < 0)
		or_error(&a, -ret);
	return a;
}

static bool is_right(const struct answers *a, long ret)
{
	if (ret >= 0)
		return a->ok && ret == a->value;
	return -ret <= MAX_ERR && a->err[-ret / 64] >> (-ret % 64) & 1;
}

static void print_answers(const struct answers *a)
{
	int err;

	fprintf(stderr, "# right would be:");
	if (a->ok)
		fprintf(stderr, " %ld", (long)a->value);
	for (err = 1; err <= MAX_ERR; err++)
		if (a->err[err / 64] >> (err % 64) & 1)
			fprintf(stderr, " %s", err_name(-err));
	fprintf(stderr, "\n");
}

static pthread_mutex_t talking = PTHREAD_MUTEX_INITIALIZER;

static void say_where(struct worker *w)
{
	const struct options *opt = w->t->opt;

	pthread_mutex_lock(&talking);
	say_kept(w);
	fprintf(stderr,
		"# WRONG: seed %lu threads %u fds %u, block %s, thread %u, operation %lu (%s)\n# ",
		opt->seed, opt->threads, opt->fds, w->t->inst.pos, w->nr, w->op,
		w->doing);
}

/** expect() - end the run unless @ret is one of @a; the text names it */
void expect(struct worker *w, const struct answers *a, long ret,
	    const char *fmt, ...)
{
	va_list args;

	w->refused += ret < 0;
	if (is_right(a, ret))
		return;
	say_where(w);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, ": %s\n", err_name(ret));
	print_answers(a);
	_exit(EXIT_FAILURE);
}

void complain(struct worker *w, const char *fmt, ...)
{
	va_list args;

	say_where(w);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n");
	_exit(EXIT_FAILURE);
}

/** is_foreign() - check whether a word belongs to another block */
bool is_foreign(const struct target *t, u32 word)
{
	u8 top = word >> 24, low = word >> 16;

	if (low == TAG_LOW && (top & TAG_MASK) == TAG)
		return top != t->tag;
	return word == CANARY;
}

/* End the run if words read at @pos belong to another block. */
void check_words(struct worker *w, u64 pos, const u8 *buf, size_t len)
{
	size_t i = -pos & 3;
	u32 word;

	for (; i + 4 <= len; i += 4) {
		memcpy(&word, buf + i, 4);
		if (is_foreign(w->t, word))
			complain(w, "0x%x at 0x%lx belongs to another block",
				 word, pos + i);
	}
}

/*
 * Make words to write to registers at @pos, with the user's tag
 */
void fill_words(struct worker *w, u64 pos, u8 *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		u8 tagged[] = { rng(w), rng(w), TAG_LOW, w->t->tag };

		buf[i] = tagged[(pos + i) & 3];
	}
}
