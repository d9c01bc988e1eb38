// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl read: read registers of an instance */

#include <getopt.h>

#include "window.h"

static int read_all(const struct window *win, const struct range *range,
		    struct fault *fault)
{
	__u64 i, offset, value;

	for (i = 0; i < range->count; i++) {
		offset = range->offset + i * range->width;
		if (window_read(win, offset, range->width, &value, fault))
			return -1;
		printf("0x%05llx: 0x%0*llx\n", offset, (int)range->width * 2,
		       value);
	}
	return 0;
}

static int serve(const struct range *range)
{
	struct fault fault;
	struct window win;
	int ret;

	if (window_open_range(&win, range, &fault))
		return fault_report(&fault);
	ret = read_all(&win, range, &fault);
	window_close(&win);
	return ret ? fault_report(&fault) : EXIT_SUCCESS;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct range range = { .count = 1, .width = 8 };
	int status = range_options(cmd, argc, argv, &range, true);

	if (status >= 0)
		return status;
	if (command_operands(argc, argv, 2))
		return EXIT_USAGE;
	if (command_uuid(argv[optind], range.uuid) ||
	    command_number(argv[optind + 1], "offset", &range.offset))
		return EXIT_USAGE;
	return serve(&range);
}

const struct command verb_read = {
	.name = "read",
	.arguments = "[--width BYTES] [--count N] [--map] UUID OFFSET",
	.summary = "Read registers of an instance",
	.details =
"  -w, --width BYTES   bytes of each access: 8 (default), 4, 2 or 1\n"
"  -n, --count N       read N consecutive registers (default 1)\n"
"  -m, --map           access through a mapping instead of system calls\n"
"  -h, --help          display this help and exit\n"
"\n"
"OFFSET counts from the header of the block. Most blocks permit accesses of\n"
"8 and 4 bytes only. A block whose scrub is not none is reset when the\n"
"command ends.\n",
	.run = run,
};
