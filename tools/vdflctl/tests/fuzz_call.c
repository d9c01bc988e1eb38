// SPDX-License-Identifier: GPL-2.0-only
/* Command lines and environments for the fuzzer */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static const char * const verbs[] = {
	"list", "info", "show", "map", "create", "remove", "read", "write", "wait", "bind",
	"unbind", "save", "restore", "name", "cdi", "give", "chown", "filter", "irq",
	"acknowledge", "ack", "reset-port",
	"prove", "top", "metrics", "events", "help", "--help", "--version", "lits", "", "-",
};

static const char * const bdfs[] = {
	"01:00.0", "0000:01:00.0", "02:00.0", "03:00.0", "04:00.0", "09:00.0",
	"0000:0A:1F.7", "00000000:01:00.0", "01:00.0/..", "../..", "0000:01:00.00",
};

static const char * const uuids[] = {
	"83b8f4f2-509f-382f-3c1e-e6bfe0fa1001",
	"83B8F4F2-509F-382F-3C1E-E6BFE0FA1001",
	"00000000-1111-2222-3333-444444444444",
	"00000000-1111-2222-3333-555555555555",
	"00000000-1111-2222-3333-666666666666",
	"83b8f4f2-509f-382f-3c1e-e6bfe0fa1002", "83b8f4f2", "../../remove",
};

static const char * const types[] = {
	"eth-group", "uart", "vfio_dfl_mdev-uart", "afu-d8424dc4", "flash",
	"../x", "vfio_dfl_mdev-",
};

static const char * const numbers[] = {
	"0", "1", "8", "0x28", "0x17f8", "0x1800", "0xff8", "0x1000", "010", "-1",
	"4294967295", "0xffffffffffffffff", "0xfffffffffffffff8",
	"0x10000000000000000", "1e3", "0.01", "x", " 1", "+1", "0x50=0x77", "=",
	"0x1800=1", "nan", "inf",
};

static const char * const options[] = {
	"--json", "--uuid", "--wait", "--grace", "--all", "--width", "--count",
	"--map", "--vector", "--timeout", "--write", "--force",
	"--unsafe-no-iommu", "--svg", "--dot", "--batch",
	"--once", "--delay", "--delay=0.01", "-d0.01", "-1", "-b", "-n1", "--help",
	"-h", "-w", "-n", "-m", "-j", "-g", "-f",
	"-a", "-u", "-t", "-v", "--", "--no", "--j", "--width=4", "--width=3",
	"--count=2", "--grace=250", "--timeout=0.01", "--all=01:00.0", "-w4", "-n",
};

static const char * const texts[] = {
	"root", "nobody", "poll", "none", "msix", "auto", "%s%n", "\xff\xfe",
	"\n", " ", "a b", "$(touch executed)", "0", "list",
};

static const char * const environments[] = {
	"FAKE_OPEN_ERRNO=13", "FAKE_OPEN_ERRNO=16", "FAKE_OPEN_ERRNO=2",
	"FAKE_SHARED_ERRNO=13", "FAKE_SHARED_ERRNO=2", "FAKE_DEVICE_ERRNO=1",
	"FAKE_DEVICE_ERRNO=5", "FAKE_DEVICE_ERRNO=11", "FAKE_DEVICE_ERRNO=19",
	"FAKE_SOURCE_ERRNO=16", "FAKE_SOURCE_ERRNO=22", "FAKE_SOURCE_ERRNO=95",
	"FAKE_IRQS=3", "FAKE_REQUEST=1", "FAKE_NO_MMAP=1", "FAKE_NO_CHAR=1",
	"FAKE_REVOKED=1", "VDFL_SYSFS=", "VDFL_SYSFS=/nonexistent", "VDFL_DEV=",
	"VDFL_PROC=/nonexistent", "VDFL_PROOFS=/proc/proofs", "VDFL_CONF=/proc/conf",
	"VDFL_LOCKS=/proc/locks", "VDFL_CDI=/proc/cdi", "VDFL_METRICS=/proc/metrics",
	"LC_ALL=C", "POSIXLY_CORRECT=1", "COLUMNS=1",
};

static uint64_t state;

/* splitmix64 */
static uint64_t next(void)
{
	uint64_t x = state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/* Sequences of seeds that follow each other must not overlap */
void roll_seed(uint64_t seed)
{
	state = seed;
	state = next();
}

uint32_t roll(uint32_t sides)
{
	return (uint32_t)(next() % sides);
}

static char *long_text(void)
{
	size_t len = 1 + roll(roll(4) ? 600 : 70000);
	char *text = malloc(len + 1);

	memset(text, roll(2) ? '0' : 'a' + (int)roll(26), len);
	text[len] = '\0';
	return text;
}

static char *roll_word(void)
{
	switch (roll(12)) {
	case 0 ... 2:
		return strdup(PICK(bdfs));
	case 3 ... 4:
		return strdup(PICK(uuids));
	case 5:
		return strdup(PICK(types));
	case 6 ... 7:
		return strdup(PICK(numbers));
	case 8 ... 9:
		return strdup(PICK(options));
	case 10:
		return roll(8) ? strdup(PICK(texts)) : long_text();
	default:
		return strdup(PICK(texts));
	}
}

/* Operands that the verb accepts, so that many calls pass the parser */
static const char *likely(const char *verb, int position)
{
	static const char * const by_uuid[] = {
		"info", "show", "name", "read", "write", "wait", "give", "chown",
		"remove", "filter",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(by_uuid); i++) {
		if (strcmp(verb, by_uuid[i]))
			continue;
		if (position == 1)
			return uuids[roll(3)];
		if (verb[0] == 'g' || verb[0] == 'c')
			return PICK(texts);
		return verb[0] == 'r' && verb[2] == 'm' ? PICK(uuids) :
							  PICK(numbers);
	}
	if (position == 1)
		return bdfs[roll(5)];
	if (!strcmp(verb, "create"))
		return types[roll(4)];
	return !strcmp(verb, "irq") ? PICK(texts) : PICK(numbers);
}

static int usual_operands(const char *verb)
{
	static const char * const two[] = {
		"create", "read", "give", "chown",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(two); i++)
		if (!strcmp(verb, two[i]))
			return 2;
	return strcmp(verb, "write") ? 1 : 3;
}

void call_roll(struct call *call)
{
	const char *verb = PICK(verbs);
	int i, operands = usual_operands(verb);

	*call = (struct call){ .argc = 1 };
	call->argv[0] = strdup("vdflctl");
	if (!roll(64))
		return;
	call->argv[call->argc++] = strdup(verb);
	for (i = (int)roll(4); i > 0 && call->argc < 5; i--)
		call->argv[call->argc++] = roll(3) ? strdup(PICK(options)) :
						     roll_word();
	if (roll(4)) {
		for (i = 1; i <= operands; i++)
			call->argv[call->argc++] = strdup(likely(verb, i));
	}
	while (!roll(4) && call->argc < MAX_ARGS)
		call->argv[call->argc++] = roll_word();
	while (!roll(3) && call->nr_environment < 4)
		call->environment[call->nr_environment++] = PICK(environments);
	if (!roll(16))
		call->output = roll(2) ? OUTPUT_FULL : OUTPUT_CLOSED;
}

void call_free(struct call *call)
{
	while (call->argc)
		free(call->argv[--call->argc]);
}

/* Files that a verb writes, by the last component of their path */
static const struct {
	const char *verb;
	const char *files;
} writes[] = {
	{ "create", " create remove " },
	{ "remove", " remove release_grace_ms " },
	{ "bind", " driver_override drivers_probe bind unbind " },
	{ "unbind", " driver_override unbind release_grace_ms " },
	{ "restore", " driver_override drivers_probe bind unbind create mmap owner " },
	{ "restore", " irq_source irq_holdoff_us poll_floor_us poll_ceiling_us " },
	{ "restore", " release_grace_ms " },
	{ "restore", " filter rate " },
	{ "filter", " filter " },
	{ "irq", " irq_source " },
	{ "give", " owner " },
	{ "chown", " owner " },
	{ "acknowledge", " busmaster_acknowledged " },
	{ "ack", " busmaster_acknowledged " },
	{ "reset-port", " reset " },
	{ "prove", " driver_override drivers_probe bind unbind enable reset config " },
	{ "write", " device " },
	{ "wait", " device " },
};

/* Directories of stored files, and of the files that replace them */
static const struct {
	const char *verb;
	const char *below;
} stores[] = {
	{ "prove", ".tree/var" },
	{ "save", ".tree/etc" },
	{ "save", ".tree/run" },
	{ "restore", ".tree/run" },
	{ "cdi", ".tree/run" },
	{ "metrics", ".tree/var" },
};

bool call_may_change(const struct call *call, const char *path)
{
	char file[PATH_SIZE];
	size_t i;

	/* Records of the simulated VFIO device */
	snprintf(file, sizeof(file), " %s ", strrchr(path, '/') + 1);
	if (strstr(" owners opened ", file))
		return true;
	for (i = 0; i < ARRAY_SIZE(stores); i++)
		if (call->argc > 1 && !strcmp(call->argv[1], stores[i].verb) &&
		    strstr(path, stores[i].below))
			return true;
	for (i = 0; i < ARRAY_SIZE(writes); i++)
		if (call->argc > 1 && !strcmp(call->argv[1], writes[i].verb) &&
		    strstr(writes[i].files, file))
			return true;
	return false;
}
