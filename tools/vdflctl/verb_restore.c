// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl restore: bind cards and create their instances as stored */

#include <getopt.h>
#include <signal.h>
#include <string.h>

#include "conf.h"
#include "filter.h"

static void restore_attrs(struct conf *conf, const struct conf_section *section,
			  const char *dir, int key, int end)
{
	struct fault fault;

	for (; key < end; key++) {
		const struct conf_value *value = &section->value[key];

		if (value->line &&
		    sysfs_set(value->text, dir, conf_key_name(key), &fault))
			conf_report(conf, value->line, &fault);
	}
}

/* Return 0 if the instance is one of the card and the type */
static int check_instance(const char *bdf, const char *uuid, const char *type,
			  struct fault *fault)
{
	char by_position[NAME_LEN * 2 + 1];
	struct instance inst;

	if (model_instance_load(&inst, uuid, fault))
		return -1;
	if (strcmp(inst.card, bdf))
		return fault_set(fault, "instance %s exists, on card %s", uuid,
				 inst.card);
	instance_position_type(&inst, by_position, sizeof(by_position));
	if (strcmp(inst.type, type) && strcmp(by_position, type))
		return fault_set(fault, "instance %s exists, of type %s", uuid,
				 inst.type);
	return 0;
}

static int need_instance(const char *bdf, const char *uuid, const char *text,
			 struct fault *fault)
{
	char type[NAME_LEN];

	if (!parse_type(text, type))
		return fault_set(fault, "invalid type");
	if (sysfs_exists("bus/mdev/devices/%s", uuid))
		return check_instance(bdf, uuid, type, fault);
	if (instance_create(bdf, type, uuid, fault))
		return -1;
	printf("%s: created instance %s of type %s\n", bdf, uuid, type);
	return 0;
}

/* The nodes of an instance without owner may belong to libvirt: keep them */
static int restore_owner(const char *uuid, const char *name,
			 struct fault *fault)
{
	char owner[NAME_LEN];
	uid_t uid;

	if (owner_find_stored(name, &uid, fault))
		return -1;
	sysfs_read(owner, sizeof(owner), "bus/mdev/devices/%s/dfl/owner", uuid);
	if (!uid && (!owner[0] || !strcmp(owner, OWNER_NONE)))
		return 0;
	return owner_set(uuid, uid, fault);
}

static void restore_instance(struct conf *conf, const char *bdf,
			     const struct conf_section *section)
{
	const struct conf_value *type = &section->value[CONF_TYPE];
	const struct conf_value *filter = &section->value[CONF_FILTER];
	const struct conf_value *owner = &section->value[CONF_OWNER];
	unsigned int errors = conf->errors;
	char dir[PATH_LEN];
	struct fault fault;

	if (!type->line) {
		fault_set(&fault, "instance has no type");
		conf_report(conf, section->line, &fault);
		return;
	}
	if (need_instance(bdf, section->uuid, type->text, &fault)) {
		conf_report(conf, type->line, &fault);
		return;
	}
	text_set(dir, sizeof(dir), "bus/mdev/devices/%s", section->uuid);
	restore_attrs(conf, section, dir, CONF_TYPE + 1, CONF_FILTER);
	if (filter->line && filter_set(section->uuid, filter->text, &fault))
		conf_report(conf, filter->line, &fault);
	restore_attrs(conf, section, dir, CONF_FILTER + 1, CONF_OWNER);
	/*
	 * Last, since the owner may open the instance at once. Without its filter,
	 * the owner would have access to the whole block.
	 */
	if (conf->errors != errors)
		return;
	if (owner->line && restore_owner(section->uuid, owner->text, &fault))
		conf_report(conf, owner->line, &fault);
}

static void restore_sections(struct conf *conf, const char *bdf)
{
	const struct conf_section *section;
	char dir[PATH_LEN];
	size_t i;

	text_set(dir, sizeof(dir), "bus/pci/devices/%s", bdf);
	for (i = 0; i < conf->count; i++) {
		section = &conf->section[i];
		if (!section->skip && !section->uuid[0])
			restore_attrs(conf, section, dir, 0, CONF_CARD_KEYS);
	}
	/* An instance is not created without a setting that was rejected */
	for (i = 0; i < conf->count; i++) {
		section = &conf->section[i];
		if (!section->bad && section->uuid[0])
			restore_instance(conf, bdf, section);
	}
}

static int bind_card(const char *bdf, struct fault *fault)
{
	bool bound = model_card_bound(bdf);
	int ret = binding_take(bdf, false, fault);

	if (!ret && !bound)
		printf("%s: bound to " DRIVER "\n", bdf);
	return ret;
}

static bool same_slot(const char *a, const char *b)
{
	return !strncmp(a, b, strrchr(a, '.') + 1 - a);
}

/* udev has written the override; unbinding is not over before it is cleared */
static bool is_to_be_bound(const char *bdf)
{
	char override[NAME_LEN], state[NAME_LEN];

	sysfs_read(override, sizeof(override),
		   "bus/pci/devices/%s/driver_override", bdf);
	sysfs_read(state, sizeof(state), "bus/pci/devices/%s/dfl/state", bdf);
	return !strcmp(override, DRIVER) && strcmp(state, "unbinding");
}

/*
 * Function 0 of some cards keeps the AFUs of the others in reset until it is bound,
 * and systemd restores all functions at the same time. So have the saved functions of
 * the slot with lower numbers probed first. The write also waits for a probe that has
 * begun, and does nothing if the function has a driver.
 */
static void probe_lower_functions(const char *bdf)
{
	struct names cards;
	size_t i;

	conf_cards(&cards);
	for (i = 0; i < cards.count && strcmp(cards.name[i], bdf); i++)
		if (same_slot(cards.name[i], bdf) &&
		    is_to_be_bound(cards.name[i]))
			sysfs_write(cards.name[i], "bus/pci/drivers_probe");
	names_free(&cards);
}

static int restore_locked(const char *bdf, struct fault *fault)
{
	struct conf conf;
	int ret;

	ret = conf_load(&conf, bdf, fault);
	if (!ret) {
		probe_lower_functions(bdf);
		ret = bind_card(bdf, fault);
	}
	if (!ret)
		restore_sections(&conf, bdf);
	if (!ret && conf.errors)
		ret = fault_set(fault, "%s: %u error%s", conf.path,
				conf.errors, conf.errors > 1 ? "s" : "");
	conf_free(&conf);
	return ret;
}

static int restore_card(const char *bdf, struct fault *fault)
{
	return conf_locked(bdf, restore_locked, fault);
}

static int run(const struct command *cmd, int argc, char **argv)
{
	int status = command_options(cmd, argc, argv, NULL, NULL);

	if (status >= 0)
		return status;
	/* A pipe whose reader has ended must not stop the restore half-way */
	signal(SIGPIPE, SIG_IGN);
	return command_cards(argc, argv, conf_cards, restore_card);
}

const struct command verb_restore = {
	.name = "restore",
	.arguments = "[BDF]...",
	.summary = "Bind cards and create their instances as stored",
	.details =
"  -h, --help   display this help and exit\n"
"\n"
"Reads /etc/vdfl/BDF.conf for each card, by default for all cards with a file.\n"
"Binds the card, after the functions of its slot that have lower numbers and are to\n"
"be restored as well. Then sets and creates what differs. Other instances and\n"
"settings are kept. Goes on after an error. Needs root.\n",
	.run = run,
};
