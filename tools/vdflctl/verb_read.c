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

/* -1 to go on, else the exit status */
static int parse_options(const struct command *cmd, int argc, char **argv,
			 struct range *range)
{
	static const struct option options[] = {
		{ "width", required_argument, NULL, 'w' },
		{ "map", no_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ "count", required_argument, NULL, 'n' },
		{ 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "w:mhn:", options, NULL)) != -1) {
		switch (opt) {
		case 'h':
			return command_help(cmd);
		case 'm':
			range->map = true;
			break;
		case 'w':
			if (command_width(cmd, optarg, &range->width))
				return EXIT_USAGE;
			break;
		case 'n':
			if (parse_number(optarg, &range->count) &&
			    range->count)
				break;
			return command_misuse(cmd, "--count %s makes no sense here",
					      optarg);
		default:
			return command_misuse(cmd, NULL);
		}
	}
	return -1;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct range range = { .count = 1, .width = 8 };
	int status = parse_options(cmd, argc, argv, &range);

	if (status >= 0)
		return status;
	if (!arguments_are(argc, argv, optind, 2))
		return command_misuse(cmd, NULL);
	if (command_uuid(cmd, argv[optind], range.uuid))
		return EXIT_USAGE;
	if (!parse_number(argv[optind + 1], &range.offset))
		return command_misuse(cmd, "'%s' is not an offset",
				      argv[optind + 1]);
	return serve(&range);
}

const struct command verb_read = {
	.name = "read",
	.arguments = "[--width BYTES] [--count N] [--map] UUID OFFSET",
	.summary = "Read registers of an instance",
	.details =
"  -w, --width BYTES   of each access: 8 (default), 4, and 2 or 1 where legal\n"
"  -n, --count N       as many registers, one after the other\n"
"  -m, --map           through a mapping instead of system calls\n"
"\n"
"OFFSET counts from the header of the block. A block whose scrub is\n"
"port-reset is reset whenever its last user closes it.\n",
	.run = run,
};
