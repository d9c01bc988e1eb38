// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl bind: bind a card to the driver */

#include <getopt.h>

#include "conf.h"

/* A driver that only --force unbinds may bind the card before restore runs */
static void show_duration(const char *bdf, const char *former)
{
	bool saved = conf_exists(bdf);

	if (saved && !binding_needs_force(former)) {
		printf("%s is bound to " DRIVER ", also after a reboot or rescan\n",
		       bdf);
		return;
	}
	printf("%s is bound to " DRIVER " until the next reboot or rescan\n",
	       bdf);
	if (!saved)
		printf("to keep it: vdflctl save %s\n", bdf);
	if (binding_needs_force(former))
		printf("restore does not unbind %s: blacklist its module in /etc/modprobe.d\n",
		       former);
}

static int run(const struct command *cmd, int argc, char **argv)
{
	bool force = false;
	char bdf[BDF_LEN];
	struct binding former;
	struct fault fault;
	int status;

	status = command_options(cmd, argc, argv, "force", &force);
	if (status >= 0)
		return status;
	if (command_only_bdf(argc, argv, bdf))
		return EXIT_USAGE;
	binding_load(&former, bdf);
	if (binding_take(bdf, force, &fault))
		return fault_report(&fault);
	show_duration(bdf, former.driver);
	return EXIT_SUCCESS;
}

const struct command verb_bind = {
	.name = "bind",
	.arguments = "[--force] BDF",
	.summary = "Bind a card to " DRIVER,
	.details =
"  -f, --force   unbind the card from any driver first, not only from dfl-pci\n"
"                and vfio-pci\n"
"  -h, --help    display this help and exit\n"
"\n"
"Sets driver_override, which lasts until the next reboot or rescan;\n"
"'vdflctl save' keeps it. Needs root.\n",
	.run = run,
};
