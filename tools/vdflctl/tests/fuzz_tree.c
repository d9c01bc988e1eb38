// SPDX-License-Identifier: GPL-2.0-only
/* Trees for the fuzzer: copies of a directory with entries changed at random */

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

#define MAX_ENTRIES	4096

static const char *root_from, *root_to;
static char *entry[MAX_ENTRIES];
static size_t nr_entries;

static void copy_file(const char *from, const char *to, off_t size)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (in < 0 || out < 0 || sendfile(out, in, NULL, size) != size)
		err(125, "copy of %s", from);
	close(in);
	close(out);
}

static void copy_link(const char *from, const char *to)
{
	char target[PATH_SIZE];
	ssize_t len = readlink(from, target, sizeof(target) - 1);

	if (len < 0)
		err(125, "%s", from);
	target[len] = '\0';
	if (symlink(target, to))
		err(125, "%s", to);
}

static int copy_entry(const char *path, const struct stat *st, int kind,
		      struct FTW *ftw)
{
	char to[PATH_SIZE];

	snprintf(to, sizeof(to), "%s%s", root_to, path + strlen(root_from));
	if (kind == FTW_D)
		mkdir(to, 0755);
	else if (kind == FTW_SL || kind == FTW_SLN)
		copy_link(path, to);
	else
		copy_file(path, to, st->st_size);
	/* The registers stay a file of the right size */
	if (ftw->level > 1 && nr_entries < MAX_ENTRIES &&
	    strcmp(path + strlen(path) - 7, "/device"))
		entry[nr_entries++] = strdup(to);
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int kind,
			struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void tree_remove(const char *path)
{
	nftw(path, remove_entry, 64, FTW_DEPTH | FTW_PHYS);
}

/* Contents of an attribute that a kernel does not write */
static size_t roll_contents(char *text, size_t size)
{
	static const char * const texts[] = {
		"", "\n", " ", "0x", "-1\n", "0xffffffffffffffff\n",
		"18446744073709551616\n", "999999999999999999999999\n",
		"0x10 0x20\n", "%s%n%s%n\n", "\xff\xfe\x80\n", "a\tb\rc\033[1m\n",
		"0000:01:00.0\n", "b2-o40000\n", "b2-o0\n", "honours\n",
		"unbinding\n", "intx poll none\n", "port\n", "afu\n", "0\n", "1\n",
		"../../../../../..\n",
	};
	size_t i, len;

	if (roll(4)) {
		len = (size_t)snprintf(text, size, "%s", PICK(texts));
		return len;
	}
	len = roll(roll(8) ? 200 : (uint32_t)size);
	for (i = 0; i < len; i++)
		text[i] = (char)(roll(2) ? roll(256) : 'a');
	return len;
}

static void fill(const char *path)
{
	char text[9000];
	size_t len = roll_contents(text, sizeof(text));
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		      0644);

	/* An entry above may have been removed */
	if (fd < 0)
		return;
	if (write(fd, text, len) < 0)
		err(125, "%s", path);
	close(fd);
}

/* A name with a path of at most @dir and 255 bytes more */
static void roll_path(char *path, const char *dir)
{
	static const char * const names[] = {
		".hidden", "b0-o0", "b9-offffffffffffffff", "0000:zz:00.0",
		"0001:02:03.4", "ffffffff:ff:1f.7", "a b", "%n", "\xff", "\n",
		"83b8f4f2-509f-382f-3c1e-e6bfe0fa1002",
		"00000000-0000-0000-0000-000000000000",
		"vfio_dfl_mdev-", "vfio_dfl_mdev-x", "vfio0", "port", "errors",
	};
	char name[256];
	size_t len;

	if (roll(4)) {
		snprintf(path, PATH_SIZE, "%s/%s", dir, PICK(names));
		return;
	}
	len = 1 + roll(255);
	memset(name, 'a', len);
	name[len] = '\0';
	if (!roll(2) && len > 14)
		memcpy(name, "vfio_dfl_mdev-", 14);
	snprintf(path, PATH_SIZE, "%s/%s", dir, name);
}

static void replace_by_link(const char *path)
{
	static const char * const targets[] = {
		"", ".", "..", "/", "/nonexistent", "self", "../../../..",
		"/driver", "driver/", "nvme", "vfio_dfl_mdev",
	};
	const char *target = PICK(targets);
	char name[300];

	tree_remove(path);
	if (!roll(4)) {
		memset(name, 'b', sizeof(name) - 1);
		name[sizeof(name) - 1] = '\0';
		target = name;
	}
	/* Nothing outside of the tree may be a target that is written */
	if (strcmp(target, "/") && symlink(target, path))
		return;
}

static void break_entry(const char *path)
{
	char other[PATH_SIZE], dir[PATH_SIZE];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	*slash = '\0';
	switch (roll(6)) {
	case 0:
		tree_remove(path);
		break;
	case 1:
		replace_by_link(path);
		break;
	case 2:
		tree_remove(path);
		mkdir(path, 0755);
		break;
	case 3:
		roll_path(other, dir);
		rename(path, other);
		break;
	case 4:
		roll_path(other, dir);
		if (roll(2))
			mkdir(other, 0755);
		else
			fill(other);
		break;
	default:
		fill(path);
	}
}

void tree_make(const char *from, const char *to, uint32_t breaks)
{
	root_from = from;
	root_to = to;
	nr_entries = 0;
	if (nftw(from, copy_entry, 64, FTW_PHYS))
		err(125, "copy of %s", from);
	while (breaks--)
		break_entry(entry[roll((uint32_t)nr_entries)]);
	while (nr_entries)
		free(entry[--nr_entries]);
}
