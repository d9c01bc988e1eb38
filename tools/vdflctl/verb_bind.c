// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl bind: bind a card to the driver */

#include <getopt.h>
#include <string.h>

#include "vdflctl.h"

/* Drivers that are unbound without --force */
static bool may_displace(const char *driver)
{
	return !driver[0] || !strcmp(driver, "dfl-pci") ||
	       !strcmp(driver, "vfio-pci");
}

/* Leave things as they were: no override, the former driver back */
static void put_back(const char *bdf, const char *driver)
{
	sysfs_write("\n", "bus/pci/devices/%s/driver_override", bdf);
	if (driver[0])
		sysfs_write(bdf, "bus/pci/drivers/%s/bind", driver);
}

/* The override comes first: if it is denied, nothing has happened yet */
static int move_card(const char *bdf, const char *driver, struct fault *fault)
{
	int ret;

	ret = sysfs_write(DRIVER, "bus/pci/devices/%s/driver_override", bdf);
	if (!ret && driver[0])
		ret = sysfs_write(bdf, "bus/pci/devices/%s/driver/unbind", bdf);
	if (!ret)
		ret = sysfs_write(bdf, "bus/pci/drivers_probe");
	if (!ret && model_card_bound(bdf))
		return 0;
	put_back(bdf, driver);
	if (ret)
		return fault_kernel(fault, -ret, "cannot bind %s", bdf);
	fault_set(fault, DRIVER " rejected %s", bdf);
	return fault_remedy(fault, "see the kernel log for the reason: dmesg");
}

static int bind_card(const char *bdf, bool force, struct fault *fault)
{
	char driver[NAME_LEN];

	if (!sysfs_exists("bus/pci/devices/%s", bdf))
		return fault_set(fault, "no such PCI device: %s", bdf);
	if (!sysfs_exists("bus/pci/drivers/" DRIVER)) {
		fault_set(fault, "driver " DRIVER " is not loaded");
		return fault_remedy(fault, "as root: modprobe " DRIVER);
	}
	sysfs_link(driver, sizeof(driver), "bus/pci/devices/%s/driver", bdf);
	if (!strcmp(driver, DRIVER))
		return 0;
	if (!force && !may_displace(driver)) {
		fault_set(fault, "%s is bound to driver %s", bdf,
			  driver);
		return fault_remedy(fault, "to unbind it from that driver: vdflctl bind --force %s",
				    bdf);
	}
	return move_card(bdf, driver, fault);
}

static int run(const struct command *cmd, int argc, char **argv)
{
	bool force = false;
	char bdf[BDF_LEN];
	struct fault fault;
	int status;

	status = command_options(cmd, argc, argv, "force", &force);
	if (status >= 0)
		return status;
	if (command_operands(argc, argv, 1))
		return EXIT_USAGE;
	if (command_bdf(argv[optind], bdf))
		return EXIT_USAGE;
	if (bind_card(bdf, force, &fault))
		return fault_report(&fault);
	printf("%s is bound to " DRIVER " until the next boot\n"
	       "to bind it permanently: driverctl set-override %s " DRIVER "\n", bdf, bdf);
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
"Sets driver_override, which lasts until the next boot. Needs root.\n",
	.run = run,
};
