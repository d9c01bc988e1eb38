// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl remove: remove instances */

#include <getopt.h>
#include <string.h>

#include "holders.h"
#include "vdflctl.h"

/**
 * struct request - options of the command line
 * @wait: remove open instances as well
 * @grace: time that users keep access, or NULL for that of the card
 */
struct request {
	bool wait;
	const char *grace;
};

static int check_unused(const struct instance *inst, struct fault *fault)
{
	struct holder holder;
	int found = holders_any(inst, &holder);

	if (!found)
		return 0;
	if (found < 0) {
		fault_set(fault, "%s may be in use: not all processes can be checked",
			  inst->uuid);
		return fault_remedy(fault, "--wait removes it, and waits for its user");
	}
	fault_set(fault, "%s %s in use by pid %llu (%s)", inst->uuid,
		  holder.certain ? "is" : "may be", holder.pid, holder.name);
	return fault_remedy(fault, "all users: vdflctl info %s; --wait requests the close",
			    inst->uuid);
}

static int remove_failed(int error, const char *uuid, struct fault *fault)
{
	fault_set(fault, "cannot remove %s: %s", uuid, strerror(error));
	if (fault_denied(fault, error))
		return -1;
	return fault_remedy(fault, "vdflctl list shows the instances that are left");
}

static int remove_one(const char *uuid, const struct request *req,
		      struct fault *fault)
{
	struct instance inst;
	int ret;

	if (model_instance_load(&inst, uuid, fault))
		return -1;
	ret = sysfs_writable("bus/mdev/devices/%s/remove", uuid);
	if (ret)
		return remove_failed(-ret, uuid, fault);
	if (!req->wait && check_unused(&inst, fault))
		return -1;
	if (grace_set(inst.card, req->grace, fault))
		return -1;
	if (req->wait)
		holders_note(&inst);
	ret = sysfs_write("1", "bus/mdev/devices/%s/remove", uuid);
	return ret ? remove_failed(-ret, uuid, fault) : 0;
}

/* Continue after a failure, because the instances are independent */
static int remove_list(char **uuids, size_t count, const struct request *req)
{
	int status = EXIT_SUCCESS;
	struct fault fault;
	size_t i;

	for (i = 0; i < count; i++) {
		if (remove_one(uuids[i], req, &fault))
			status = fault_report(&fault);
	}
	return status;
}

static int remove_all(const char *bdf, const struct request *req)
{
	struct names uuids;
	struct fault fault;
	int status;

	if (!model_card_bound(bdf)) {
		fault_set(&fault, "%s is not bound to " DRIVER, bdf);
		return fault_report(&fault);
	}
	model_instances(&uuids, bdf);
	status = remove_list(uuids.name, uuids.count, req);
	names_free(&uuids);
	return status;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", required_argument, NULL, 'a' },
		{ "wait", no_argument, NULL, 'w' },
		{ "grace", required_argument, NULL, 'g' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	char bdf[BDF_LEN] = "", uuid[UUID_LEN];
	struct request req = { 0 };
	int opt, i;

	while ((opt = getopt_long(argc, argv, "a:g:wh", options, NULL)) != -1) {
		switch (opt) {
		case 'h':
			return command_help(cmd);
		case 'w':
			req.wait = true;
			break;
		case 'g':
			req.grace = optarg;
			if (grace_parse(optarg))
				return EXIT_USAGE;
			break;
		case 'a':
			if (command_bdf(optarg, bdf))
				return EXIT_USAGE;
			break;
		default:
			return command_misuse(NULL);
		}
	}
	if (bdf[0]) {
		if (command_operands(argc, argv, 0))
			return EXIT_USAGE;
		return remove_all(bdf, &req);
	}
	if (optind == argc)
		return command_misuse("missing operand");
	for (i = optind; i < argc; i++) {
		if (command_uuid(argv[i], uuid))
			return EXIT_USAGE;
		memcpy(argv[i], uuid, strlen(uuid));
	}
	return remove_list(argv + optind, argc - optind, &req);
}

const struct command verb_remove = {
	.name = "remove",
	.arguments = "[--wait] [--grace MS] {UUID... | --all BDF}",
	.summary = "Remove instances",
	.details =
"  -a, --all BDF   remove all instances of a card\n"
"  -w, --wait      request the close of an open instance, and wait for it\n"
"  -g, --grace MS  time that users keep access after the request to close\n"
"  -h, --help      display this help and exit\n"
"\n"
"Without --wait, open instances are not removed. Needs root.\n",
	.run = run,
};
