// SPDX-License-Identifier: GPL-2.0-only
/* The card's log: one JSON object per line, written when the event occurs. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"

struct log {
	int fd;
	u64 start_us;
};

static u64 now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

struct log *log_open(const char *path)
{
	struct log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
		       0644);
	if (log->fd < 0) {
		fprintf(stderr, "vdfl-card: %s: %s\n", path, strerror(errno));
		free(log);
		return NULL;
	}
	log->start_us = now_us();
	return log;
}

json_t *log_hex(u64 value)
{
	return json_sprintf("0x%llx", value);
}

/* Write @line, or exit: tests depend on a complete log. */
static void write_line(struct log *log, const char *line, size_t len)
{
	if (write(log->fd, line, len) == (ssize_t)len)
		return;
	perror("vdfl-card: log");
	exit(EXIT_FAILURE);
}

/**
 * log_event() - add a line
 * @log: log
 * @ev: kind of event
 * @fmt: json_pack() format of an object with the rest, then its arguments
 */
void log_event(struct log *log, const char *ev, const char *fmt, ...)
{
	json_t *line = json_pack("{s:I,s:s}", "t",
				 (json_int_t)(now_us() - log->start_us),
				 "ev", ev);
	json_t *rest;
	va_list ap;
	size_t len;
	char *text;

	va_start(ap, fmt);
	rest = json_vpack_ex(NULL, 0, fmt, ap);
	va_end(ap);
	json_object_update(line, rest);
	text = json_dumps(line, JSON_COMPACT);
	json_decref(rest);
	json_decref(line);
	if (!text)
		return;
	len = strlen(text);
	text[len] = '\n';	/* in place of the final 0 */
	write_line(log, text, len + 1);
	free(text);
}
