// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl bind, unbind, give: what root does for the others */

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vdflctl.h"

static int write_failed(int error, const char *what, const char *bdf,
			struct fault *fault)
{
	fault_set(fault, "%s %s: %s", what, bdf, strerror(error));
	if (fault_denied(fault, error))
		return -1;
	return fault_next(fault, "the kernel log may say more: dmesg");
}

/* Drivers from which a card is taken without being asked twice */
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
		return write_failed(-ret, "cannot bind", bdf, fault);
	fault_set(fault, DRIVER " refused %s", bdf);
	return fault_next(fault, "the kernel log says why: dmesg");
}

static int bind_card(const char *bdf, bool force, struct fault *fault)
{
	char driver[NAME_LEN];

	if (!sysfs_exists("bus/pci/devices/%s", bdf))
		return fault_set(fault, "there is no PCI device %s", bdf);
	if (!sysfs_exists("bus/pci/drivers/" DRIVER)) {
		fault_set(fault, "driver " DRIVER " is not loaded");
		return fault_next(fault, "load it, as root: modprobe " DRIVER);
	}
	sysfs_link(driver, sizeof(driver), "bus/pci/devices/%s/driver", bdf);
	if (!strcmp(driver, DRIVER))
		return 0;
	if (!force && !may_displace(driver)) {
		fault_set(fault, "%s is in the hands of driver %s", bdf,
			  driver);
		return fault_next(fault, "if this is the card you mean: vdflctl bind --force %s",
				  bdf);
	}
	return move_card(bdf, driver, fault);
}

static int unbind_card(const char *bdf, bool force, struct fault *fault)
{
	struct names uuids;
	size_t count;
	int ret;

	if (!model_card_bound(bdf))
		return fault_set(fault, "%s is not bound to " DRIVER, bdf);
	model_instances(&uuids, bdf);
	count = uuids.count;
	names_free(&uuids);
	if (count && !force) {
		fault_set(fault, "%s has %zu instance%s", bdf, count,
			  count > 1 ? "s" : "");
		return fault_next(fault, "remove them first: vdflctl remove --all %s",
				  bdf);
	}
	ret = sysfs_write(bdf, "bus/pci/drivers/" DRIVER "/unbind");
	if (ret)
		return write_failed(-ret, "cannot unbind", bdf, fault);
	ret = sysfs_write("\n", "bus/pci/devices/%s/driver_override", bdf);
	return ret ? write_failed(-ret, "cannot clear driver_override of", bdf,
				  fault) : 0;
}

static int run_bind_or_unbind(const struct command *cmd, int argc, char **argv)
{
	bool force = false, to_bind = cmd == &cmd_bind;
	char bdf[BDF_LEN];
	struct fault fault;
	int status, ret;

	status = command_options(cmd, argc, argv, "force", &force);
	if (status >= 0)
		return status;
	if (!arguments_are(argc, argv, optind, 1))
		return command_misuse(cmd, NULL);
	if (command_bdf(cmd, argv[optind], bdf))
		return EXIT_USAGE;
	ret = to_bind ? bind_card(bdf, force, &fault) :
			unbind_card(bdf, force, &fault);
	if (ret)
		return fault_report(&fault);
	if (to_bind)
		printf("%s is bound to " DRIVER " until the next boot\n"
		       "to keep it: driverctl set-override %s " DRIVER "\n",
		       bdf, bdf);
	else
		printf("%s has no driver now\n"
		       "to give it to its usual one: echo %s > /sys/bus/pci/drivers_probe\n",
		       bdf, bdf);
	return EXIT_SUCCESS;
}

static int find_user(const char *name, uid_t *uid, struct fault *fault)
{
	struct passwd *user = getpwnam(name);
	__u64 number;

	if (user)
		*uid = user->pw_uid;
	else if (parse_number(name, &number) && number < (uid_t)-1)
		*uid = (uid_t)number;
	else
		return fault_set(fault, "there is no user %s", name);
	return 0;
}

static int give_node(const char *path, const char *name, uid_t uid,
		     struct fault *fault)
{
	struct stat st;

	if (lstat(path, &st)) {
		fault_set(fault, "%s: %s", path, strerror(errno));
		return fault_next(fault, "the VFIO modules make it; is udev running?");
	}
	if (lchown(path, uid, (gid_t)-1)) {
		fault_set(fault, "cannot give %s to %s: %s", path, name,
			  strerror(errno));
		return fault_next(fault, "this needs root");
	}
	printf("%s belongs to %s now (before: user id %u), until the instance is removed\n",
	       path, name, st.st_uid);
	return 0;
}

static int give(const char *uuid, const char *name, struct fault *fault)
{
	char path[PATH_LEN];
	struct instance inst;
	uid_t uid = (uid_t)-1;
	bool has_group;

	if (model_instance_load(&inst, uuid, fault) ||
	    find_user(name, &uid, fault))
		return -1;
	has_group = vfio_group_node(&inst, path);
	if ((has_group || !inst.cdev[0]) && give_node(path, name, uid, fault))
		return -1;
	if (!inst.cdev[0])
		return 0;
	text_set(path, sizeof(path), "%s/vfio/devices/%s", dev_root(),
		 inst.cdev);
	return give_node(path, name, uid, fault);
}

static int run_give(const struct command *cmd, int argc, char **argv)
{
	int status = command_options(cmd, argc, argv, NULL, NULL);
	char uuid[UUID_LEN];
	struct fault fault;

	if (status >= 0)
		return status;
	if (!arguments_are(argc, argv, optind, 2))
		return command_misuse(cmd, NULL);
	if (command_uuid(cmd, argv[optind], uuid))
		return EXIT_USAGE;
	if (give(uuid, argv[optind + 1], &fault))
		return fault_report(&fault);
	return EXIT_SUCCESS;
}

const struct command cmd_bind = {
	.name = "bind",
	.arguments = "[--force] BDF",
	.summary = "Bind a card to " DRIVER,
	.details =
"  -f, --force   take it from any driver, not only from dfl-pci and vfio-pci\n"
"\n"
"Sets driver_override and probes; lasts until the next boot. Needs root.\n",
	.run = run_bind_or_unbind,
};

const struct command cmd_unbind = {
	.name = "unbind",
	.arguments = "[--force] BDF",
	.summary = "Take a card from " DRIVER,
	.details =
"  -f, --force   even if it has instances; waits for their users to let go\n"
"\n"
"The card is left without a driver. Needs root.\n",
	.run = run_bind_or_unbind,
};

const struct command cmd_give = {
	.name = "give",
	.arguments = "UUID USER",
	.summary = "Let a user open an instance",
	.details =
"Changes the owner of the device nodes of the instance. Lasts until the\n"
"instance is removed. USER is a name or a number. Needs root.\n",
	.run = run_give,
};
