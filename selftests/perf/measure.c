// SPDX-License-Identifier: GPL-2.0-only
/* Samples and their report; cost of the machine without any driver. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "perf.h"

void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("vdfl-perf: ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
	exit(EXIT_FAILURE);
}

/* must() - result of a call that has to succeed */
long must(long ret, const char *what)
{
	if (ret < 0)
		die("%s: %s", what, strerror(ret == -1 ? errno : -ret));
	return ret;
}

void sample(struct samples *s, double value)
{
	if (s->nr < MAX_SAMPLES)
		s->value[s->nr++] = value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double percentile(const struct samples *s, unsigned int p)
{
	return s->value[(s->nr - 1) * p / 100];
}

/* report() - one line for the host: device, row, p10, p50, p99, largest, number */
void report(const char *device, const char *row, struct samples *s)
{
	if (!s->nr)
		die("%s: %s: no samples", device, row);
	qsort(s->value, s->nr, sizeof(s->value[0]), compare);
	printf("figure %s %s %.1f %.1f %.1f %.1f %zu\n", device, row,
	       percentile(s, 10), percentile(s, 50), percentile(s, 99),
	       percentile(s, 100), s->nr);
}

/* report_count() - one line for the host: device, row, accesses per operation */
void report_count(const char *device, const char *row, double value)
{
	printf("count %s %s %.3f\n", device, row, value);
}

/* report_exits() - one line for the host: device, row, exits per operation */
void report_exits(const char *device, const char *row, double value)
{
	printf("exits %s %s %.3f\n", device, row, value);
}

/* 2,000 instructions: one to set up, 999 of two, one to end. */
static inline void two_thousand(void)
{
	asm volatile("mov $999, %%ecx\n"
		     "1: dec %%ecx\n"
		     "jnz 1b\n"
		     "nop" : : : "ecx", "cc");
}

static void event_round(int fd)
{
	uint64_t value = 1;

	sys3(SYS_write, fd, (long)&value, sizeof(value));
	sys3(SYS_read, fd, (long)&value, sizeof(value));
}

/* measure_floors() - self-check, and system calls that involve no driver */
void measure_floors(void)
{
	int zero = must(open("/dev/zero", O_RDWR), "/dev/zero");
	int event = must(eventfd(0, EFD_NONBLOCK), "eventfd");
	int full = must(eventfd(1U << 30, EFD_NONBLOCK | EFD_SEMAPHORE),
			"eventfd");
	uint64_t value;

	MEASURE("floor", "self-check", two_thousand());
	MEASURE("floor", "getppid", sys3(SYS_getppid, 0, 0, 0));
	MEASURE("floor", "pread-zero",
		sys4(SYS_pread64, zero, (long)&value, 4, 0));
	MEASURE("floor", "eventfd", event_round(event));
	MEASURE("floor", "eventfd-read",
		sys3(SYS_read, full, (long)&value, sizeof(value)));
	sys3(SYS_close, zero, 0, 0);
	sys3(SYS_close, full, 0, 0);
	sys3(SYS_close, event, 0, 0);
}
