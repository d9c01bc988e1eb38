// SPDX-License-Identifier: GPL-2.0-only
/* JSON files that programs of other users may read at any time */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vdflctl.h"

int store_dirs(const char *path)
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

static int write_file(int fd, const json_t *json)
{
	if (json_dumpfd(json, fd, JSON_INDENT(2)) || write(fd, "\n", 1) != 1)
		return -EIO;
	return fchmod(fd, 0644) || fsync(fd) ? -errno : 0;
}

static int replace_file(const char *path, const json_t *json)
{
	char temp[PATH_LEN + 8];
	int fd, ret;

	text_set(temp, sizeof(temp), "%s.XXXXXX", path);
	fd = mkstemp(temp);
	if (fd < 0)
		return -errno;
	ret = write_file(fd, json);
	close(fd);
	if (!ret && rename(temp, path))
		ret = -errno;
	if (ret)
		unlink(temp);
	return ret;
}

int store_json(const char *path, const json_t *json)
{
	int ret = store_dirs(path);

	return ret ? ret : replace_file(path, json);
}
