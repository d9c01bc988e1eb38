// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl create: create an instance */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "vdflctl.h"

static int new_uuid(char uuid[UUID_LEN], struct fault *fault)
{
	static const char source[] = "/proc/sys/kernel/random/uuid";
	char text[UUID_LEN] = "";
	int fd = open(source, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (read(fd, text, sizeof(text) - 1) != sizeof(text) - 1)
			text[0] = '\0';
		close(fd);
	}
	if (parse_uuid(text, uuid))
		return 0;
	fault_set(fault, "cannot get a UUID from %s", source);
	return fault_remedy(fault, "set one with --uuid");
}

/* Without its UUID the caller cannot use the instance, so remove it again */
static int print_uuid(const char *uuid, struct fault *fault)
{
	int error;

	printf("%s\n", uuid);
	if (!fflush(stdout))
		return 0;
	error = errno;
	fault_set(fault, "cannot print the UUID %s: %s", uuid, strerror(error));
	if (sysfs_write("1", "bus/mdev/devices/%s/remove", uuid))
		return fault_remedy(fault, "the instance exists: vdflctl remove %s",
				    uuid);
	return fault_remedy(fault, "the instance was removed again");
}

/* A signal after the creation must not end the program before it prints the UUID */
static int create(const char *bdf, const char *type, const char *uuid,
		  struct fault *fault)
{
	sigset_t former;
	int ret;

	signals_block(&former);
	ret = instance_create(bdf, type, uuid, fault);
	if (!ret)
		ret = print_uuid(uuid, fault);
	signals_restore(&former);
	return ret;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "uuid", required_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	char bdf[BDF_LEN], type[NAME_LEN], uuid[UUID_LEN] = "";
	struct fault fault;
	int opt;

	while ((opt = getopt_long(argc, argv, "u:h", options, NULL)) != -1) {
		if (opt == 'h')
			return command_help(cmd);
		if (opt != 'u')
			return command_misuse(NULL);
		if (command_uuid(optarg, uuid))
			return EXIT_USAGE;
	}
	if (command_operands(argc, argv, 2))
		return EXIT_USAGE;
	if (command_bdf(argv[optind], bdf))
		return EXIT_USAGE;
	if (!parse_type(argv[optind + 1], type))
		return command_misuse("invalid type: '%s'", argv[optind + 1]);
	if (!uuid[0] && new_uuid(uuid, &fault))
		return fault_report(&fault);
	/* A pipe without reader is a write error, too */
	signal(SIGPIPE, SIG_IGN);
	if (create(bdf, type, uuid, &fault))
		return fault_report(&fault);
	return EXIT_SUCCESS;
}

const struct command verb_create = {
	.name = "create",
	.arguments = "[--uuid UUID] BDF TYPE",
	.summary = "Create an instance and print its UUID",
	.details =
"  -u, --uuid UUID   use this UUID instead of a random UUID\n"
"  -h, --help        display this help and exit\n"
"\n"
"TYPE is a name from 'vdflctl list', with or without " TYPE_PREFIX ".\n"
"The instance exists until it is removed or the card is unbound; 'vdflctl save'\n"
"keeps it. If the UUID cannot be printed, the instance is removed again. Needs\n"
"root.\n",
	.run = run,
};
