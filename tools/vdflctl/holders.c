// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that hold an instance open, from /proc. A mapping does not name its
 * device, and on kernels before 6.17 a device descriptor does not either.
 */

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "holders.h"

#define DEVICE_FILE	"anon_inode:[vfio-device]"
#define DEVICE_NODES	"/dev/vfio/devices/"
#define SYSPATH		"vfio-device-syspath:"
#define LINE_LEN	(PATH_LEN + 64)

/* How much the descriptors and mappings of a process reveal, in rising order */
enum held {
	HELD_NO,	/* nothing of VFIO */
	HELD_OTHER,	/* other VFIO devices */
	HELD_MAYBE,	/* a VFIO device that is not known */
	HELD_YES,
};

/* /proc, or VDFL_PROC in tests */
static void proc_path(char path[PATH_LEN], const char *fmt, ...)
	__printf(2, 3);

static void proc_path(char path[PATH_LEN], const char *fmt, ...)
{
	const char *root = secure_getenv("VDFL_PROC");
	va_list ap;
	int used;

	used = snprintf(path, PATH_LEN, "%s/", root ? root : "/proc");
	va_start(ap, fmt);
	if (used < PATH_LEN)
		vsnprintf(path + used, PATH_LEN - used, fmt, ap);
	va_end(ap);
}

/* Find the first line of a file, or the first that matches; @line is NULL or gets it */
static bool file_has(const char *path, bool (*match)(const char *text),
		     char line[LINE_LEN])
{
	FILE *file = fopen(path, "re");
	bool found = false;
	char *buf = NULL;
	size_t size = 0;

	if (!file)
		return false;
	while (!found && getline(&buf, &size, file) > 0) {
		buf[strcspn(buf, "\n")] = '\0';
		found = !match || match(buf);
	}
	if (found && line)
		text_set(line, LINE_LEN, "%s", buf);
	free(buf);
	fclose(file);
	return found;
}

static bool is_syspath(const char *text)
{
	return !strncmp(text, SYSPATH, strlen(SYSPATH));
}

/* The sixth field of maps is the name. Each user may map a file with a similar one */
static bool is_device_map(const char *text)
{
	int field;

	for (field = 1; field < 6; field++) {
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	return !strcmp(text, DEVICE_FILE);
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && !strcmp(text + len - end_len, end);
}

/* A node that was removed since it was opened reads as "NODE (deleted)" */
static bool is_node(const char *target, const char *dir, const char *name)
{
	size_t len = strlen(dir), name_len = strlen(name);

	if (!name_len || strncmp(target, dir, len) ||
	    strncmp(target + len, name, name_len))
		return false;
	target += len + name_len;
	return !*target || !strcmp(target, " (deleted)");
}

static enum held device_held(const char *pid, const char *fd,
			     const struct instance *inst)
{
	char path[PATH_LEN], line[LINE_LEN];

	proc_path(path, "%s/fdinfo/%s", pid, fd);
	if (!file_has(path, is_syspath, line))
		return HELD_MAYBE;
	return ends_with(line, inst->uuid) ? HELD_YES : HELD_OTHER;
}

static enum held fd_held(const char *pid, const char *fd,
			 const struct instance *inst)
{
	char path[PATH_LEN], target[PATH_LEN];
	ssize_t len;

	proc_path(path, "%s/fd/%s", pid, fd);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return HELD_NO;
	target[len] = '\0';
	if (is_node(target, "/dev/vfio/", inst->group) ||
	    is_node(target, DEVICE_NODES, inst->cdev))
		return HELD_YES;
	if (strcmp(target, DEVICE_FILE) &&
	    strncmp(target, DEVICE_NODES, strlen(DEVICE_NODES)))
		return HELD_NO;
	return device_held(pid, fd, inst);
}

static enum held fds_held(const char *pid, const struct instance *inst,
			  struct holders *holders)
{
	enum held held = HELD_NO, one;
	char path[PATH_LEN];
	struct dirent *fd;
	DIR *dir;

	proc_path(path, "%s/fd", pid);
	dir = opendir(path);
	if (!dir) {
		if (errno == EACCES)
			holders->incomplete = true;
		return HELD_NO;
	}
	while ((fd = readdir(dir))) {
		one = fd_held(pid, fd->d_name, inst);
		if (one > held)
			held = one;
	}
	closedir(dir);
	return held;
}

/* Only a process without a VFIO descriptor is searched for mappings */
static enum held process_held(const char *pid, const struct instance *inst,
			      struct holders *holders)
{
	enum held held = fds_held(pid, inst, holders);
	char path[PATH_LEN];

	if (held != HELD_NO)
		return held;
	proc_path(path, "%s/maps", pid);
	return file_has(path, is_device_map, NULL) ? HELD_MAYBE : HELD_NO;
}

/* A process chooses its name, which may be no text. */
static void name_clean(char *name)
{
	for (; *name; name++)
		if (*name < ' ' || *name > '~')
			*name = '?';
}

static void holder_add(struct holders *holders, const char *pid, bool certain)
{
	size_t size = (holders->count + 1) * sizeof(*holders->holder);
	struct holder *holder = realloc(holders->holder, size);
	char path[PATH_LEN], line[LINE_LEN] = "";

	if (!holder)
		err(EXIT_FAILURE, "holders");
	holders->holder = holder;
	holder += holders->count++;
	parse_number(pid, &holder->pid);
	holder->certain = certain;
	proc_path(path, "%s/comm", pid);
	file_has(path, NULL, line);
	text_set(holder->name, sizeof(holder->name), "%s", line);
	name_clean(holder->name);
}

void holders_find(struct holders *holders, const struct instance *inst)
{
	char path[PATH_LEN];
	struct dirent *process;
	enum held held;
	__u64 pid;
	DIR *dir;

	*holders = (struct holders){ 0 };
	proc_path(path, ".");
	dir = opendir(path);
	if (!dir) {
		holders->incomplete = true;
		return;
	}
	while ((process = readdir(dir))) {
		if (!parse_number(process->d_name, &pid) ||
		    pid == (__u64)getpid())
			continue;
		held = process_held(process->d_name, inst, holders);
		if (held >= HELD_MAYBE)
			holder_add(holders, process->d_name, held == HELD_YES);
	}
	closedir(dir);
}

void holders_free(struct holders *holders)
{
	free(holders->holder);
}

int holders_any(const struct instance *inst, struct holder *holder)
{
	struct holders holders;
	size_t i, first = 0;
	int ret;

	holders_find(&holders, inst);
	for (i = holders.count; i--;)
		if (holders.holder[i].certain)
			first = i;
	ret = holders.incomplete ? -1 : 0;
	if (holders.count) {
		*holder = holders.holder[first];
		ret = 1;
	}
	holders_free(&holders);
	return ret;
}

void holders_note(const struct instance *inst)
{
	struct holders holders;
	size_t i;

	holders_find(&holders, inst);
	for (i = 0; i < holders.count; i++)
		fprintf(stderr, "vdflctl: waiting for %spid %llu (%s), which has %s open\n",
			holders.holder[i].certain ? "" : "possibly ",
			holders.holder[i].pid, holders.holder[i].name,
			inst->uuid);
	holders_free(&holders);
}

json_t *holders_json(const struct holders *holders)
{
	json_t *json = json_array();
	const struct holder *holder;
	size_t i;

	for (i = 0; i < holders->count; i++) {
		holder = &holders->holder[i];
		json_array_append_new(json,
				      json_pack("{s:I, s:s, s:b}",
						"pid", holder->pid,
						"name", holder->name,
						"certain", holder->certain));
	}
	return json;
}

void print_holders(const struct holders *holders)
{
	const struct holder *holder;
	size_t i;

	for (i = 0; i < holders->count; i++) {
		holder = &holders->holder[i];
		printf("  held by:      %spid %llu (%s)\n",
		       holder->certain ? "" : "possibly ", holder->pid,
		       holder->name);
	}
	if (!holders->count)
		printf("  held by:      %s\n",
		       holders->incomplete ?
		       "not known, root can check all processes" : "none");
}
