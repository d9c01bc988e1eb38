// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl reset-port: release the AFUs that a protocol checker has stopped */

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "vdflctl.h"

static int no_port(const struct card *card, const char *number,
		   struct fault *fault)
{
	if (!number)
		return fault_set(fault, "%s has no port", card->address);
	fault_set(fault, "%s has no port %s", card->address, number);
	return fault_remedy(fault, "see vdflctl list %s", card->address);
}

/* Find the port with this number; without @number, the only port */
static int find_port(const struct card *card, const char *number,
		     const struct block **port, struct fault *fault)
{
	const struct block *block;
	__u64 wanted = 0;
	size_t i;

	if (number)
		parse_decimal(number, &wanted);
	*port = NULL;
	for (i = 0; i < card->nr_blocks; i++) {
		block = &card->blocks[i];
		if (block->port == ABSENT ||
		    (number && block->port != wanted))
			continue;
		if (*port) {
			fault_set(fault, "%s has several ports", card->address);
			return fault_remedy(fault,
					    "name one: vdflctl reset-port %s %llu",
					    card->address, (*port)->port);
		}
		*port = block;
	}
	return *port ? 0 : no_port(card, number, fault);
}

static int explain(struct fault *fault, int error, const char *bdf)
{
	if (fault_denied(fault, error))
		return -1;
	if (error == EIO)
		return fault_remedy(fault,
				    "the port does not acknowledge; reset the function: echo 1 > /sys/bus/pci/devices/%s/reset",
				    bdf);
	if (error == EBUSY || error == EAGAIN)
		return fault_remedy(fault,
				    "the card is being reset or does not respond; try again");
	return fault_remedy(fault, "see dmesg");
}

static int reset_port(const char *bdf, const char *number,
		      struct fault *fault)
{
	const struct block *port;
	struct card card;
	int ret;

	if (model_card_need(bdf, fault))
		return -1;
	model_card_load(&card, bdf);
	ret = find_port(&card, number, &port, fault);
	if (!ret) {
		ret = sysfs_write("1", "bus/pci/devices/%s/dfl/blocks/%s/reset",
				  bdf, port->pos);
		if (ret) {
			fault_set(fault, "cannot reset port %llu of %s: %s",
				  port->port, bdf, strerror(-ret));
			ret = explain(fault, -ret, bdf);
		} else {
			printf("%s: port %llu reset\n", bdf, port->port);
		}
	}
	model_card_free(&card);
	return ret;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	int status = command_options(cmd, argc, argv, NULL, NULL);
	const char *number = NULL;
	char bdf[BDF_LEN];
	struct fault fault;
	__u64 value;

	if (status >= 0)
		return status;
	if (argc - optind == 2)
		number = argv[--argc];
	if (command_only_bdf(argc, argv, bdf))
		return EXIT_USAGE;
	if (number && !parse_decimal(number, &value))
		return command_misuse("invalid port: '%s'", number);
	if (reset_port(bdf, number, &fault))
		return fault_report(&fault);
	return EXIT_SUCCESS;
}

const struct command verb_reset_port = {
	.name = "reset-port",
	.arguments = "BDF [PORT]",
	.summary = "Reset a port, to release AFUs that an AFU has stopped",
	.details =
"  -h, --help   display this help and exit\n"
"\n"
"PORT is the number of the port; it may be omitted if the card has one port.\n"
"Accesses of all users of the card wait for the reset, also of its other\n"
"functions. Then their interrupt vectors are signalled. AFUs that the port\n"
"resets lose their state. Clears the error words of the port. Needs root.\n",
	.run = run,
};
