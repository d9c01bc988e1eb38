// SPDX-License-Identifier: GPL-2.0-only
/*
 * vdflctl cdi: describe the device nodes of instances for container runtimes, in
 * the format of the Container Device Interface (CDI)
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "vdflctl.h"

/*
 * CDI demands a domain as vendor. The top-level domain .alt is reserved for names
 * outside the DNS (RFC 9476), so that the name belongs to no one else.
 */
#define VENDOR	"vdfl.alt"
#define CLASS	"block"

/* The first version in which the name of a device may start with a digit */
#define CDI_VERSION	"0.5.0"

/* /run/cdi, or VDFL_CDI in tests */
static int spec_path(char *path)
{
	const char *root = secure_getenv("VDFL_CDI");
	int len = snprintf(path, PATH_LEN, "%s/" VENDOR "-" CLASS ".json",
			   root ? root : "/run/cdi");

	return len < PATH_LEN ? 0 : -ENAMETOOLONG;
}

/* A runtime fails to create a container if one of its nodes does not exist */
static bool node_exists(const char *name)
{
	char path[PATH_LEN];

	text_set(path, sizeof(path), "%s/%s", dev_root(), name);
	return !access(path, F_OK);
}

/* @permissions excludes "m": a container need not create nodes */
static void add_node(json_t *nodes, const char *name)
{
	char path[PATH_LEN];

	text_set(path, sizeof(path), "%s/%s", dev_root(), name);
	json_array_append_new(nodes, json_pack("{s:s, s:s}", "path", path,
					       "permissions", "rw"));
}

/* Add a node of the instance and the node that all instances share */
static void add_pair(json_t *nodes, const char *own, const char *shared)
{
	if (!node_exists(own) || !node_exists(shared))
		return;
	add_node(nodes, own);
	add_node(nodes, shared);
}

/* The nodes of both ways to open the instance, as far as they exist */
static json_t *instance_nodes(const struct instance *inst)
{
	json_t *nodes = json_array();
	char own[PATH_LEN];

	text_set(own, sizeof(own), "vfio/%s", inst->group);
	if (inst->group[0])
		add_pair(nodes, own, "vfio/vfio");
	text_set(own, sizeof(own), "vfio/devices/%s", inst->cdev);
	if (inst->cdev[0])
		add_pair(nodes, own, "iommu");
	return nodes;
}

/* Add an instance, unless it is being created or removed */
static void add_instance(json_t *devices, const char *uuid)
{
	struct instance inst;
	struct fault fault;
	json_t *nodes;

	if (model_instance_load(&inst, uuid, &fault))
		return;
	nodes = instance_nodes(&inst);
	if (json_array_size(nodes))
		json_array_append_new(devices,
				      json_pack("{s:s, s:{s:O}}",
						"name", inst.uuid,
						"containerEdits", "deviceNodes",
						nodes));
	json_decref(nodes);
}

static void add_card(json_t *devices, const char *bdf)
{
	struct names uuids;
	size_t i;

	model_instances(&uuids, bdf);
	for (i = 0; i < uuids.count; i++)
		add_instance(devices, uuids.name[i]);
	names_free(&uuids);
}

/* Describe all instances; @count is set to their number */
static json_t *spec_json(size_t *count)
{
	json_t *devices = json_array();
	struct names cards;
	size_t i;

	model_cards(&cards);
	for (i = 0; i < cards.count; i++)
		add_card(devices, cards.name[i]);
	names_free(&cards);
	*count = json_array_size(devices);
	return json_pack("{s:s, s:s, s:o}", "cdiVersion", CDI_VERSION,
			 "kind", VENDOR "/" CLASS, "devices", devices);
}

/* A specification without devices is invalid */
static int print_spec(struct fault *fault)
{
	size_t count;
	json_t *spec = spec_json(&count);

	if (count)
		return print_json(spec);
	json_decref(spec);
	fault_set(fault, "no instance has device nodes");
	fault_remedy(fault, "as root: vdflctl create BDF TYPE");
	return fault_report(fault);
}

static int replace_spec(const char *path, size_t *count)
{
	json_t *spec = spec_json(count);
	int ret = 0;

	if (*count)
		ret = file_replace_json(path, spec);
	else if (unlink(path) && errno != ENOENT)
		ret = -errno;
	json_decref(spec);
	return ret;
}

/*
 * Writers take turns, and read sysfs in their turn. Otherwise a slow writer could
 * replace the specification of a later one, and name the node of an instance that
 * has been removed meanwhile.
 */
static int write_spec(struct fault *fault)
{
	char path[PATH_LEN];
	size_t count = 0;
	int lock, ret;

	lock = file_lock("cdi", "writer", fault);
	if (lock < 0)
		return fault_report(fault);
	ret = spec_path(path);
	if (!ret)
		ret = replace_spec(path, &count);
	close(lock);
	if (ret) {
		fault_error(fault, -ret, "cannot replace %s", path);
		return fault_report(fault);
	}
	if (count)
		printf("%s: %zu instances\n", path, count);
	else
		printf("%s: removed, no instance has device nodes\n", path);
	return EXIT_SUCCESS;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	bool store = false;
	int status = command_options(cmd, argc, argv, "write", &store);
	struct fault fault;

	if (status >= 0)
		return status;
	if (command_operands(argc, argv, 0))
		return EXIT_USAGE;
	return store ? write_spec(&fault) : print_spec(&fault);
}

const struct command verb_cdi = {
	.name = "cdi",
	.arguments = "[--write]",
	.summary = "Describe instances for container runtimes",
	.details =
"  -w, --write  replace /run/cdi/" VENDOR "-" CLASS ".json instead of printing\n"
"  -h, --help   display this help and exit\n"
"\n"
"Prints a CDI specification with the device nodes of all instances. A container\n"
"gets an instance with --device " VENDOR "/" CLASS "=UUID. Write the file again after an\n"
"instance is created or removed. Only --write needs root.\n",
	.run = run,
};
