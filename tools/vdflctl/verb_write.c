// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl write: write a register of an instance */

#include <getopt.h>

#include "window.h"

static int serve(const struct range *range, __u64 value)
{
	struct fault fault;
	struct window win;
	int ret;

	if (window_open_range(&win, range, &fault))
		return fault_report(&fault);
	ret = window_write(&win, range->offset, range->width, value, &fault);
	if (!ret && win.scrubbed)
		fprintf(stderr, "vdflctl: note: the block is reset on close\n");
	window_close(&win);
	return ret ? fault_report(&fault) : EXIT_SUCCESS;
}

static bool fits(__u64 value, __u32 width)
{
	return width == 8 || !(value >> (width * 8));
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct range range = { .count = 1, .width = 8, .write = true };
	int status = range_options(cmd, argc, argv, &range, false);
	__u64 value;

	if (status >= 0)
		return status;
	if (command_operands(argc, argv, 3))
		return EXIT_USAGE;
	if (command_uuid(argv[optind], range.uuid) ||
	    command_number(argv[optind + 1], "offset", &range.offset) ||
	    command_number(argv[optind + 2], "value", &value))
		return EXIT_USAGE;
	if (!fits(value, range.width))
		return command_misuse("invalid value: '%s': more than %u bytes",
				      argv[optind + 2], range.width);
	return serve(&range, value);
}

const struct command verb_write = {
	.name = "write",
	.arguments = "[--width BYTES] [--map] UUID OFFSET VALUE",
	.summary = "Write a register of an instance",
	.details =
"  -w, --width BYTES   bytes of the access: 8 (default), 4, 2 or 1\n"
"  -m, --map           access through a mapping instead of system calls\n"
"  -h, --help          display this help and exit\n"
"\n"
"OFFSET counts from the header of the block. Most blocks permit accesses of\n"
"8 and 4 bytes only. A block whose scrub is not none is reset when the\n"
"command ends, and the value is lost.\n",
	.run = run,
};
