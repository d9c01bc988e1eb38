// SPDX-License-Identifier: GPL-2.0-only
/* Files that are replaced as a whole */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vdflctl.h"

static int make_dirs(const char *path)
{
	char dir[PATH_LEN];
	char *slash;

	text_set(dir, sizeof(dir), "%s", path);
	for (slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(dir, 0755) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

/* The files are for all users, whatever the umask of the administrator is */
int file_make_dirs(const char *path)
{
	mode_t former = umask(022);
	int ret = make_dirs(path);

	umask(former);
	return ret;
}

static int write_text(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t done;

	for (; len; text += done, len -= done) {
		done = write(fd, text, len);
		if (done < 0)
			return -errno;
	}
	return fchmod(fd, 0644) || fsync(fd) ? -errno : 0;
}

/* Write the new name to the disk */
static int sync_dir(const char *path)
{
	char dir[PATH_LEN];
	int fd, ret;

	text_set(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = fsync(fd) ? -errno : 0;
	close(fd);
	return ret;
}

int file_replace(const char *path, const char *text)
{
	char temp[PATH_LEN + 8];
	int fd, ret;

	ret = file_make_dirs(path);
	if (ret)
		return ret;
	text_set(temp, sizeof(temp), "%s.XXXXXX", path);
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write_text(fd, text);
	close(fd);
	if (!ret && rename(temp, path))
		ret = -errno;
	if (ret)
		unlink(temp);
	return ret ? ret : sync_dir(path);
}

int file_replace_json(const char *path, const json_t *json)
{
	char *body = json_dumps(json, JSON_INDENT(2)), *text;
	int ret = -ENOMEM;

	if (body && asprintf(&text, "%s\n", body) >= 0) {
		ret = file_replace(path, text);
		free(text);
	}
	free(body);
	return ret;
}

/* Below /run/vdfl, or VDFL_LOCKS in tests */
static int open_lock(char path[PATH_LEN], const char *name)
{
	const char *root = secure_getenv("VDFL_LOCKS");
	int ret;

	text_set(path, PATH_LEN, "%s/%s.lock", root ? root : "/run/vdfl", name);
	ret = file_make_dirs(path);
	if (ret) {
		errno = -ret;
		return -1;
	}
	return open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int file_lock(const char *name, const char *other, struct fault *fault)
{
	char path[PATH_LEN];
	int fd = open_lock(path, name);

	if (fd < 0)
		return fault_error(fault, errno, "cannot open %s", path);
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	if (errno == EWOULDBLOCK) {
		fprintf(stderr, "vdflctl: %s: waiting for another %s\n", name, other);
		if (!flock(fd, LOCK_EX))
			return fd;
	}
	fault_error(fault, errno, "cannot lock %s", path);
	close(fd);
	return -1;
}
