// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl give: set the owner of an instance */

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vdflctl.h"

static int find_user(const char *name, uid_t *uid, struct fault *fault)
{
	struct passwd *user = getpwnam(name);
	__u64 number;

	if (user)
		*uid = user->pw_uid;
	else if (parse_number(name, &number) && number < (uid_t)-1)
		*uid = (uid_t)number;
	else
		return fault_set(fault, "no such user: %s", name);
	return 0;
}

static int give_node(const char *path, const char *name, uid_t uid,
		     struct fault *fault)
{
	struct stat st;

	if (lstat(path, &st)) {
		fault_set(fault, "%s: %s", path, strerror(errno));
		return fault_remedy(fault, "the VFIO modules create this node: lsmod | grep vfio");
	}
	if (lchown(path, uid, (gid_t)-1)) {
		fault_set(fault, "cannot change the owner of %s to %s: %s", path, name,
			  strerror(errno));
		return fault_remedy(fault, "root privilege is required");
	}
	printf("%s: owner changed from user id %u to %s, until the instance is removed\n",
	       path, st.st_uid, name);
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

static int run(const struct command *cmd, int argc, char **argv)
{
	int status = command_options(cmd, argc, argv, NULL, NULL);
	char uuid[UUID_LEN];
	struct fault fault;

	if (status >= 0)
		return status;
	if (command_operands(argc, argv, 2))
		return EXIT_USAGE;
	if (command_uuid(argv[optind], uuid))
		return EXIT_USAGE;
	if (give(uuid, argv[optind + 1], &fault))
		return fault_report(&fault);
	return EXIT_SUCCESS;
}

const struct command verb_give = {
	.name = "give",
	.alias = "chown",
	.arguments = "UUID USER",
	.summary = "Set the owner of an instance",
	.details =
"  -h, --help   display this help and exit\n"
"\n"
"Changes the owner of the device nodes of the instance, so that USER can open\n"
"it, until the instance is removed. USER is a name or a number. Needs root.\n",
	.run = run,
};
