// SPDX-License-Identifier: GPL-2.0-only
/* The VM around the measurement: drivers, sysfs, the card's control channel. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "perf.h"

#define CONTROL	"/dev/ttyS1"

bool try_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t ret;

	if (fd < 0)
		return false;
	ret = write(fd, text, strlen(text));
	close(fd);
	return ret == (ssize_t)strlen(text);
}

void write_file(const char *path, const char *text)
{
	if (!try_write_file(path, text))
		die("cannot write %s to %s: %m", text, path);
}

void read_file(const char *path, char *buf, size_t size)
{
	int fd = must(open(path, O_RDONLY), path);
	ssize_t len = must(read(fd, buf, size - 1), path);

	close(fd);
	buf[len] = 0;
	buf[strcspn(buf, "\n")] = 0;
}

/* count_dir() - entries of a directory */
unsigned int count_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned int nr = 0;

	if (!dir)
		die("%s: %m", path);
	while ((entry = readdir(dir)))
		nr += entry->d_name[0] != '.';
	closedir(dir);
	return nr;
}

void driver_unbind(const char *bdf)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver/unbind",
		 bdf);
	write_file(path, bdf);
}

void driver_bind(const char *bdf, const char *driver)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override",
		 bdf);
	write_file(path, driver);
	write_file("/sys/bus/pci/drivers_probe", bdf);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", bdf);
	if (access(path, F_OK))
		die("%s does not bind %s", driver, bdf);
}

/* card_set() - write a setting of our driver */
void card_set(const char *bdf, const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/dfl/%s", bdf,
		 name);
	write_file(path, value);
}

static int control_open(void)
{
	int fd = must(open(CONTROL, O_RDWR | O_NOCTTY), CONTROL);
	struct termios tio;

	must(tcgetattr(fd, &tio), CONTROL);
	cfmakeraw(&tio);
	cfsetspeed(&tio, B115200);
	must(tcsetattr(fd, TCSANOW, &tio), CONTROL);
	return fd;
}

static uint64_t member(const char *json, const char *name)
{
	const char *at = strstr(json, name);

	if (!at)
		die("the card's answer has no %s: %s", name, json);
	return strtoull(at + strlen(name), NULL, 10);
}

/* card_accesses() - register reads and writes that the lab card has seen */
uint64_t card_accesses(void)
{
	static const char ask[] = "{\"op\":\"stats\"}\n";
	static char reply[65536];
	static int fd = -1;
	size_t len = 0;

	if (fd < 0)
		fd = control_open();
	must(write(fd, ask, strlen(ask)), CONTROL);
	while (!len || reply[len - 1] != '\n') {
		if (len == sizeof(reply) - 1)
			die("the card's answer does not end");
		len += must(read(fd, reply + len, sizeof(reply) - 1 - len),
			    CONTROL);
	}
	reply[len] = 0;
	return member(reply, "\"reads\":") + member(reply, "\"writes\":");
}
