// SPDX-License-Identifier: GPL-2.0-only
/* Read and write sysfs files, one value each. */
#include <fcntl.h>
#include <stdarg.h>

#include "vdfl_test.h"

static int read_value(const char *path, char *value, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, value, size - 1);
	if (len < 0)
		len = -errno;
	close(fd);
	if (len < 0)
		return len;
	value[len] = 0;
	value[strcspn(value, "\n")] = 0;
	return 0;
}

static int write_value(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static void path_of(char path[PATH_MAX], const char *fmt, va_list args)
{
	int len = vsnprintf(path, PATH_MAX, fmt, args);

	if (len < 0 || len >= PATH_MAX)
		die("path too long: %s", fmt);
}

int try_sysfs_read(char *value, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list args;

	va_start(args, fmt);
	path_of(path, fmt, args);
	va_end(args);
	return read_value(path, value, size);
}

int try_sysfs_write(const char *value, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list args;

	va_start(args, fmt);
	path_of(path, fmt, args);
	va_end(args);
	return write_value(path, value);
}

static void must_read(const char *path, char *value, size_t size)
{
	int ret = read_value(path, value, size);

	if (ret)
		die("reading %s: %s", path, err_name(ret));
}

void sysfs_read(char *value, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list args;

	va_start(args, fmt);
	path_of(path, fmt, args);
	va_end(args);
	must_read(path, value, size);
}

u64 sysfs_read_u64(const char *fmt, ...)
{
	char path[PATH_MAX], value[VALUE_LEN], *end;
	u64 number;
	va_list args;

	va_start(args, fmt);
	path_of(path, fmt, args);
	va_end(args);
	must_read(path, value, sizeof(value));
	number = strtoull(value, &end, 0);
	if (end == value || *end)
		die("%s holds no number: %s", path, value);
	return number;
}

void sysfs_write(const char *value, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list args;
	int ret;

	va_start(args, fmt);
	path_of(path, fmt, args);
	va_end(args);
	ret = write_value(path, value);
	if (ret)
		die("writing %s to %s: %s", value, path, err_name(ret));
}

/** try_sysfs_link() - the last part of the target of a link */
int try_sysfs_link(char *name, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX], target[PATH_MAX];
	va_list args;
	ssize_t len;

	va_start(args, fmt);
	path_of(path, fmt, args);
	va_end(args);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = 0;
	format(name, size, "%s", strrchr(target, '/') + 1);
	return 0;
}
