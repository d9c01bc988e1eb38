// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl save: store settings and instances of cards */

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "conf.h"

static const char head[] =
"# Written by vdflctl save. At boot and after a rescan, vdflctl restore binds the\n"
"# card at this PCI address and creates the instances. See vdflctl(8).\n"
"#\n"
"# A key that is absent is not changed. owner is a user name or id, or none.\n";

/* Write the attributes from @key to before @end; an older driver lacks some */
static int write_attrs(FILE *out, const char *dir, int key, int end,
		       struct fault *fault)
{
	char text[WORDS_LEN];
	int ret;

	for (; key < end; key++) {
		ret = sysfs_read(text, sizeof(text), "%s/dfl/%s", dir,
				 conf_key_name(key));
		if (ret && ret != -ENOENT)
			return fault_kernel(fault, -ret, "cannot read %s/dfl/%s",
					    dir, conf_key_name(key));
		if (text[0])
			fprintf(out, "%s = %s\n", conf_key_name(key), text);
	}
	return 0;
}

/* The type by position brings an instance back to the same block */
static void write_type(FILE *out, const struct instance *inst)
{
	char type[NAME_LEN * 2 + 1];

	instance_position_type(inst, type, sizeof(type));
	if (!sysfs_exists("bus/pci/devices/%s/mdev_supported_types/"
			  TYPE_PREFIX "%s", inst->card, type))
		text_set(type, sizeof(type), "%s", inst->type);
	fprintf(out, "%s = %s\n", conf_key_name(CONF_TYPE), type);
}

static int write_section(FILE *out, const char *uuid, struct fault *fault)
{
	struct instance inst;
	char dir[PATH_LEN];

	if (model_instance_load(&inst, uuid, fault))
		return -1;
	/* The kernel makes the link to the type last, and removes it first */
	if (!inst.type[0]) {
		fault_set(fault, "%s is being created or removed", uuid);
		return fault_remedy(fault, "try again");
	}
	text_set(dir, sizeof(dir), "bus/mdev/devices/%s", uuid);
	fprintf(out, "\n[instance %s]\n", uuid);
	write_type(out, &inst);
	return write_attrs(out, dir, CONF_TYPE + 1, CONF_KEYS, fault);
}

/*
 * An instance that is being removed is not kept. Its attributes, among them the
 * filter, may have disappeared while they were read.
 */
static int write_instance(FILE *out, const char *uuid, struct fault *fault)
{
	char *text = NULL;
	size_t size;
	FILE *section = open_memstream(&text, &size);
	int ret;

	if (!section)
		err(EXIT_FAILURE, "%s", uuid);
	ret = write_section(section, uuid, fault);
	if (fclose(section))
		err(EXIT_FAILURE, "%s", uuid);
	if (!sysfs_exists("bus/mdev/devices/%s", uuid))
		ret = 0;
	else if (!ret)
		fputs(text, out);
	free(text);
	return ret;
}

static int write_card(FILE *out, const char *bdf, struct fault *fault)
{
	char dir[PATH_LEN];
	struct names uuids;
	size_t i;
	int ret;

	text_set(dir, sizeof(dir), "bus/pci/devices/%s", bdf);
	fprintf(out, "%s\n[card]\n", head);
	ret = write_attrs(out, dir, 0, CONF_CARD_KEYS, fault);
	model_instances(&uuids, bdf);
	for (i = 0; i < uuids.count && !ret; i++)
		ret = write_instance(out, uuids.name[i], fault);
	names_free(&uuids);
	return ret;
}

/*
 * The instances of a card that is being unbound disappear one by one. A driver
 * older than the attribute state counts as bound.
 */
static int need_instances(const char *bdf, struct fault *fault)
{
	char state[NAME_LEN];

	if (model_card_need(bdf, fault))
		return -1;
	sysfs_read(state, sizeof(state), "bus/pci/devices/%s/dfl/state", bdf);
	if (!strcmp(state, "unbinding"))
		return fault_set(fault, "%s is being unbound, its file is unchanged",
				 bdf);
	if (!strcmp(state, "gone"))
		return fault_set(fault, "%s is lost, its file is unchanged", bdf);
	return 0;
}

static int save_locked(const char *bdf, struct fault *fault)
{
	char *text = NULL, path[PATH_LEN];
	size_t size;
	FILE *out;
	int ret;

	if (need_instances(bdf, fault))
		return -1;
	out = open_memstream(&text, &size);
	if (!out)
		err(EXIT_FAILURE, "%s", bdf);
	ret = write_card(out, bdf, fault);
	if (fclose(out))
		err(EXIT_FAILURE, "%s", bdf);
	/* Unbinding may have begun before the last instance was read */
	if (!ret)
		ret = need_instances(bdf, fault);
	if (!ret)
		ret = conf_replace(bdf, text, path, fault);
	free(text);
	if (!ret)
		printf("%s\n", path);
	return ret;
}

static int save_card(const char *bdf, struct fault *fault)
{
	return conf_locked(bdf, save_locked, fault);
}

static int run(const struct command *cmd, int argc, char **argv)
{
	int status = command_options(cmd, argc, argv, NULL, NULL);

	if (status >= 0)
		return status;
	return command_cards(argc, argv, model_cards, save_card);
}

const struct command verb_save = {
	.name = "save",
	.arguments = "[BDF]...",
	.summary = "Store settings and instances of cards for the next boot",
	.details =
"  -h, --help   display this help and exit\n"
"\n"
"Writes /etc/vdfl/BDF.conf for each card, by default for all cards, from the\n"
"present settings, instances and owners. The file can be edited; a later save\n"
"replaces it. Without the file, the card is not bound at boot. Needs root.\n",
	.run = run,
};
