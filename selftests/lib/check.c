// SPDX-License-Identifier: GPL-2.0-only
/* Failing loudly, and the clock. */
#include <stdarg.h>
#include <time.h>

#include "vdfl_test.h"

/** err_name() - name of a result: "EINVAL" for -EINVAL, the number if >= 0 */
const char *err_name(long ret)
{
	static char number[2][24];
	static unsigned int next;
	const char *name = ret < 0 ? strerrorname_np(-ret) : NULL;
	char *buf;

	if (name)
		return name;
	buf = number[next++ % 2];
	snprintf(buf, sizeof(number[0]), "%ld", ret);
	return buf;
}

static void complain(const char *fmt, va_list args, const char *why)
{
	fprintf(stderr, "# ");
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "%s%s\n", why ? ": " : "", why ? why : "");
}

void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(fmt, args, NULL);
	va_end(args);
	exit(EXIT_FAILURE);
}

unsigned long nr_broken;

/** report_broken() - print a failed check, and continue */
void report_broken(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(fmt, args, NULL);
	va_end(args);
	nr_broken++;
}

void die_errno(const char *fmt, ...)
{
	const char *why = strerrorname_np(errno);
	va_list args;

	va_start(args, fmt);
	complain(fmt, args, why);
	va_end(args);
	exit(EXIT_FAILURE);
}

/** format() - snprintf() that cannot be cut short */
void format(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(buf, size, fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= size)
		die("text too long: %s", fmt);
}

unsigned int slow = 1;

/** slow_learn() - take SLOW from the environment, for kernels with checks */
void slow_learn(void)
{
	const char *factor = getenv("SLOW");

	if (factor)
		slow = atoi(factor);
}

u64 now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void sleep_us(u64 us)
{
	struct timespec ts = {
		.tv_sec = us / 1000000,
		.tv_nsec = us % 1000000 * 1000,
	};

	nanosleep(&ts, NULL);
}

/** random_next() - xorshift; @state must not be 0 */
u64 random_next(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}
