// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl remove: remove instances */

#include <getopt.h>
#include <string.h>

#include "vdflctl.h"

static int remove_one(const char *uuid, bool wait, struct fault *fault)
{
	struct instance inst;
	int ret;

	if (model_instance_load(&inst, uuid, fault))
		return -1;
	if (!wait && vfio_in_use(&inst)) {
		fault_set(fault, "%s is in use: a program has group %s open",
			  uuid, inst.group);
		return fault_remedy(fault, "users: fuser %s/vfio/%s; --wait requests the close",
				    dev_root(), inst.group);
	}
	ret = sysfs_write("1", "bus/mdev/devices/%s/remove", uuid);
	if (!ret)
		return 0;
	fault_set(fault, "cannot remove %s: %s", uuid, strerror(-ret));
	if (fault_denied(fault, -ret))
		return -1;
	return fault_remedy(fault, "vdflctl list shows the instances that are left");
}

/* Continue after a failure, because the instances are independent */
static int remove_list(char **uuids, size_t count, bool wait)
{
	int status = EXIT_SUCCESS;
	struct fault fault;
	size_t i;

	for (i = 0; i < count; i++) {
		if (remove_one(uuids[i], wait, &fault))
			status = fault_report(&fault);
	}
	return status;
}

static int remove_all(const char *bdf, bool wait)
{
	struct names uuids;
	struct fault fault;
	int status;

	if (!model_card_bound(bdf)) {
		fault_set(&fault, "%s is not bound to " DRIVER, bdf);
		return fault_report(&fault);
	}
	model_instances(&uuids, bdf);
	status = remove_list(uuids.name, uuids.count, wait);
	names_free(&uuids);
	return status;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", required_argument, NULL, 'a' },
		{ "wait", no_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	char bdf[BDF_LEN] = "", uuid[UUID_LEN];
	bool wait = false;
	int opt, i;

	while ((opt = getopt_long(argc, argv, "a:wh", options, NULL)) != -1) {
		if (opt == 'h')
			return command_help(cmd);
		if (opt != 'a' && opt != 'w')
			return command_misuse(NULL);
		if (opt == 'w')
			wait = true;
		else if (command_bdf(optarg, bdf))
			return EXIT_USAGE;
	}
	if (bdf[0]) {
		if (command_operands(argc, argv, 0))
			return EXIT_USAGE;
		return remove_all(bdf, wait);
	}
	if (optind == argc)
		return command_misuse("missing operand");
	for (i = optind; i < argc; i++) {
		if (command_uuid(argv[i], uuid))
			return EXIT_USAGE;
		memcpy(argv[i], uuid, strlen(uuid));
	}
	return remove_list(argv + optind, argc - optind, wait);
}

const struct command verb_remove = {
	.name = "remove",
	.arguments = "[--wait] {UUID... | --all BDF}",
	.summary = "Remove instances",
	.details =
"  -a, --all BDF   remove all instances of a card\n"
"  -w, --wait      request the close of an open instance, and wait for it\n"
"  -h, --help      display this help and exit\n"
"\n"
"Without --wait, open instances are not removed. Needs root.\n",
	.run = run,
};
