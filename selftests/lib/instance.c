// SPDX-License-Identifier: GPL-2.0-only
/* Creating and removing instances. */
#include "vdfl_test.h"

void uuid_new(char uuid[40])
{
	sysfs_read(uuid, 40, "/proc/sys/kernel/random/uuid");
}

/** instance_at() - the instance with that UUID; @card may be NULL */
void instance_at(struct instance *inst, const struct card *card,
		 const char *uuid)
{
	inst->card = card;
	format(inst->uuid, sizeof(inst->uuid), "%s", uuid);
	format(inst->dir, sizeof(inst->dir), MDEV_DIR "/%s", uuid);
}

void block_attr(const struct card *card, const char *pos, const char *name,
		char value[VALUE_LEN])
{
	sysfs_read(value, VALUE_LEN, "%s/dfl/blocks/%s/%s", card->dir, pos,
		   name);
}

u64 block_attr_u64(const struct card *card, const char *pos,
		   const char *name)
{
	return sysfs_read_u64("%s/dfl/blocks/%s/%s", card->dir, pos, name);
}

static bool type_exists(const struct card *card, const char *type)
{
	char path[PATH_MAX];

	format(path, sizeof(path),
	       "%s/mdev_supported_types/" DRIVER "-%s/create", card->dir,
	       type);
	return !access(path, F_OK);
}

/**
 * block_missing() - check whether users can have the block at @pos
 * Return: NULL if they can, else why not
 */
const char *block_missing(const struct card *card, const char *pos)
{
	char kind[VALUE_LEN];

	if (try_sysfs_read(kind, sizeof(kind), "%s/dfl/blocks/%s/type",
			   card->dir, pos))
		return "the card has no such block";
	return kind[0] ? NULL : "withheld, parameter opt_in may release it";
}

void instance_type(const struct card *card, const char *pos, char *type,
		   size_t size)
{
	char kind[VALUE_LEN];

	block_attr(card, pos, "type", kind);
	if (!kind[0])
		die("block %s is withheld", pos);
	format(type, size, "%s-%s", kind, pos);
	if (!type_exists(card, type))
		format(type, size, "%s", kind);
}

int try_instance_create(struct instance *inst, const struct card *card,
			const char *type)
{
	char uuid[40];
	int ret;

	uuid_new(uuid);
	instance_at(inst, card, uuid);
	ret = try_sysfs_write(inst->uuid,
			      "%s/mdev_supported_types/" DRIVER "-%s/create",
			      card->dir, type);
	if (ret)
		return ret;
	/* The instance may be gone already, because its card is */
	return try_sysfs_read(inst->pos, sizeof(inst->pos), "%s/dfl/block",
			      inst->dir);
}

static void drop_leftover(const struct card *card, const char *pos)
{
	char uuid[VALUE_LEN];

	block_attr(card, pos, "instance", uuid);
	if (uuid[0])
		sysfs_write("1", MDEV_DIR "/%s/remove", uuid);
}

void instance_create(struct instance *inst, const struct card *card,
		     const char *pos)
{
	char type[VALUE_LEN];
	int ret;

	drop_leftover(card, pos);
	instance_type(card, pos, type, sizeof(type));
	ret = try_instance_create(inst, card, type);
	if (ret)
		die("creating %s: %s", type, err_name(ret));
	if (strcmp(inst->pos, pos))
		die("asked for block %s, got %s", pos, inst->pos);
}

int try_instance_remove(struct instance *inst)
{
	return try_sysfs_write("1", "%s/remove", inst->dir);
}

void instance_remove(struct instance *inst)
{
	int ret = try_instance_remove(inst);

	if (ret)
		die("removing %s: %s", inst->uuid, err_name(ret));
}
