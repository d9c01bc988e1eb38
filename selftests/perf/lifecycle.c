// SPDX-License-Identifier: GPL-2.0-only
/* Rows for single operations: open and close, create and remove. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "perf.h"

#define TIMES	200
#define UUID	"6f2d0a51-7d3e-4c43-9f0e-2f1d6d5f0001"

/* measure_open_close() - the device's file, in a group that stays open */
void measure_open_close(struct device *d, unsigned int times)
{
	static struct samples s;
	uint64_t begin;

	close(d->fd);
	s.nr = 0;
	while (s.nr < times) {
		begin = ticks();
		d->fd = sys3(SYS_ioctl, d->group, VFIO_GROUP_GET_DEVICE_FD,
			     (long)d->id);
		sys3(SYS_close, d->fd, 0, 0);
		sample(&s, ticks() - begin);
		must(d->fd, d->id);
	}
	report(d->name, "open-close", &s);
	d->fd = must(sys3(SYS_ioctl, d->group, VFIO_GROUP_GET_DEVICE_FD,
			  (long)d->id), d->id);
}

void instance_create(const char *type_dir, const char *uuid)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/create", type_dir);
	write_file(path, uuid);
}

void instance_remove(const char *uuid)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/remove", uuid);
	write_file(path, "1");
}

static int file_open(const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return must(open(path, O_WRONLY), path);
}

/* measure_create_remove() - instances of the type in sysfs at @type_dir */
void measure_create_remove(const char *name, const char *type_dir)
{
	static struct samples created, removed;
	int create = file_open(type_dir, "create");
	uint64_t begin;
	int fd;

	created.nr = 0;
	removed.nr = 0;
	while (created.nr < TIMES) {
		begin = ticks();
		must(sys3(SYS_write, create, (long)UUID, strlen(UUID)), name);
		sample(&created, ticks() - begin);

		fd = file_open("/sys/bus/mdev/devices/" UUID, "remove");
		begin = ticks();
		must(sys3(SYS_write, fd, (long)"1", 1), name);
		sample(&removed, ticks() - begin);
		close(fd);
	}
	close(create);
	report(name, "create", &created);
	report(name, "remove", &removed);
}
