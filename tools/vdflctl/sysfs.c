// SPDX-License-Identifier: GPL-2.0-only
/* Attributes, links and directories in sysfs */

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "vdflctl.h"

static int path_from(char *path, const char *fmt, va_list ap)
{
	const char *root = secure_getenv("VDFL_SYSFS");
	int used, len;

	used = snprintf(path, PATH_LEN, "%s/", root ? root : "/sys");
	if (used >= PATH_LEN)
		return -ENAMETOOLONG;
	len = vsnprintf(path + used, PATH_LEN - used, fmt, ap);
	return len < PATH_LEN - used ? 0 : -ENAMETOOLONG;
}

int sysfs_path(char *path, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = path_from(path, fmt, ap);
	va_end(ap);
	return ret;
}

bool sysfs_exists(const char *fmt, ...)
{
	char path[PATH_LEN];
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = path_from(path, fmt, ap);
	va_end(ap);
	return !ret && !access(path, F_OK);
}

/* Read a file up to @size - 1 bytes and terminate it; return the length or -errno */
static ssize_t read_path(const char *path, char *buf, size_t size)
{
	ssize_t len, used = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	do {
		len = read(fd, buf + used, size - 1 - used);
		used += len > 0 ? len : 0;
	} while (len > 0);
	if (len < 0)
		used = -errno;
	close(fd);
	buf[used > 0 ? used : 0] = '\0';
	return used;
}

static ssize_t read_attribute(char *buf, size_t size, const char *fmt,
			      va_list ap)
{
	char path[PATH_LEN];
	int ret;

	buf[0] = '\0';
	ret = path_from(path, fmt, ap);
	return ret ? ret : read_path(path, buf, size);
}

ssize_t sysfs_read_all(char *buf, size_t size, const char *fmt, ...)
{
	ssize_t len;
	va_list ap;

	va_start(ap, fmt);
	len = read_attribute(buf, size, fmt, ap);
	va_end(ap);
	return len;
}

int sysfs_read(char *buf, size_t size, const char *fmt, ...)
{
	ssize_t len;
	va_list ap;

	va_start(ap, fmt);
	len = read_attribute(buf, size, fmt, ap);
	va_end(ap);
	buf[strcspn(buf, "\n")] = '\0';
	return len < 0 ? (int)len : 0;
}

/* sysfs ignores O_TRUNC; a regular file of the tests needs it */
static int open_attribute(const char *path, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags);

	return fd < 0 ? -errno : fd;
}

int sysfs_writable(const char *fmt, ...)
{
	char path[PATH_LEN];
	va_list ap;
	int fd, ret;

	va_start(ap, fmt);
	ret = path_from(path, fmt, ap);
	va_end(ap);
	if (ret)
		return ret;
	fd = open_attribute(path, 0);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int sysfs_write(const char *text, const char *fmt, ...)
{
	char path[PATH_LEN];
	size_t len = strlen(text);
	ssize_t done;
	va_list ap;
	int fd, ret;

	va_start(ap, fmt);
	ret = path_from(path, fmt, ap);
	va_end(ap);
	if (ret)
		return ret;
	fd = open_attribute(path, O_TRUNC);
	if (fd < 0)
		return fd;
	done = write(fd, text, len);
	if (done < 0)
		ret = -errno;
	else if ((size_t)done < len)
		ret = -EIO;
	close(fd);
	return ret;
}

int sysfs_set(const char *value, const char *dir, const char *name,
	      struct fault *fault)
{
	size_t line = strcspn(value, "\n");
	char text[WORDS_LEN];
	int ret = sysfs_read(text, sizeof(text), "%s/dfl/%s", dir, name);

	if (!ret && !strcmp(text, value))
		return 0;
	ret = sysfs_write(value, "%s/dfl/%s", dir, name);
	if (!ret)
		return 0;
	fault_set(fault, "cannot set %s to %.*s%s: %s", name, (int)line, value,
		  value[line] ? "..." : "", strerror(-ret));
	if (ret == -EBUSY)
		fault_remedy(fault, "close the instances first");
	else
		fault_denied(fault, -ret);
	return ret;
}

int sysfs_link(char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_LEN], target[PATH_LEN];
	const char *last;
	ssize_t len;
	va_list ap;
	int ret;

	buf[0] = '\0';
	va_start(ap, fmt);
	ret = path_from(path, fmt, ap);
	va_end(ap);
	if (ret)
		return ret;
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = '\0';
	last = strrchr(target, '/');
	text_set(buf, size, "%s", last ? last + 1 : target);
	return 0;
}

void sysfs_names(struct names *names, bool (*keep)(const char *name),
		 const char *fmt, ...)
{
	char path[PATH_LEN];
	struct dirent **entry;
	va_list ap;
	int i, n, ret;

	*names = (struct names){ 0 };
	va_start(ap, fmt);
	ret = path_from(path, fmt, ap);
	va_end(ap);
	if (ret)
		return;
	n = scandir(path, &entry, NULL, alphasort);
	if (n < 0)
		return;
	names->name = calloc(n, sizeof(*names->name));
	if (!names->name)
		err(EXIT_FAILURE, "%s", path);
	for (i = 0; i < n; i++) {
		if (keep(entry[i]->d_name)) {
			names->name[names->count] = strdup(entry[i]->d_name);
			if (!names->name[names->count++])
				err(EXIT_FAILURE, "%s", path);
		}
		free(entry[i]);
	}
	free(entry);
}

void names_free(struct names *names)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		free(names->name[i]);
	free(names->name);
}
