// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdev types. A type says what a block is; where a card has several alike,
 * each also has a type that says where it is. Both draw on the same blocks.
 */
#include <linux/slab.h>

#include "vdfl.h"

static unsigned int blocks_of_kind(struct vdfl_card *card, const char *kind)
{
	unsigned int nr = 0;
	u32 i;

	for (i = 0; i < card->nr_blocks; i++)
		nr += vdfl_block_assignable(&card->block[i]) &&
		      !strcmp(card->block[i].window->type, kind);
	return nr;
}

static bool type_known(struct vdfl_card *card, const char *kind)
{
	unsigned int i;

	for (i = 0; i < card->nr_types; i++)
		if (!card->type[i].block && !strcmp(card->type[i].kind, kind))
			return true;
	return false;
}

static void type_add(struct vdfl_card *card, struct vdfl_block *block,
		     bool by_position)
{
	struct vdfl_type *type = &card->type[card->nr_types];
	const char *kind = block->window->type;

	type->card = card;
	type->kind = kind;
	if (by_position) {
		type->block = block;
		snprintf(type->name, sizeof(type->name), "%s-%s", kind,
			 block->pos);
	} else {
		snprintf(type->name, sizeof(type->name), "%s", kind);
	}
	snprintf(type->pretty, sizeof(type->pretty), "DFL %s", type->name);
	type->mdev.sysfs_name = type->name;
	type->mdev.pretty_name = type->pretty;
	card->mdev_type[card->nr_types++] = &type->mdev;
}

static void types_build(struct vdfl_card *card)
{
	u32 i;

	for (i = 0; i < card->nr_blocks; i++) {
		struct vdfl_block *block = &card->block[i];

		if (!vdfl_block_assignable(block))
			continue;
		if (!type_known(card, block->window->type))
			type_add(card, block, false);
		if (blocks_of_kind(card, block->window->type) > 1)
			type_add(card, block, true);
	}
}

/**
 * vdfl_types_register() - let users create instances
 * @card: ready for use
 *
 * Return: 0 or a negative errno; undone by vdfl_types_unregister().
 */
int vdfl_types_register(struct vdfl_card *card)
{
	unsigned int i;
	int ret;

	card->type = kvcalloc(2 * card->nr_blocks, sizeof(*card->type),
			      GFP_KERNEL);
	card->mdev_type = kvcalloc(2 * card->nr_blocks,
				   sizeof(*card->mdev_type), GFP_KERNEL);
	if (!card->type || !card->mdev_type)
		return -ENOMEM;
	types_build(card);

	ret = mdev_register_parent(&card->parent, &card->pdev->dev,
				   &vdfl_mdev_driver, card->mdev_type,
				   card->nr_types);
	if (ret)
		return ret;
	/* The mdev core uses a type until its last instance is freed */
	for (i = 0; i < card->nr_types; i++)
		kobject_get(&card->type[i].mdev.kobj);
	card->types_held = true;
	return 0;
}

/*
 * vdfl_types_ready(): are all types there? When users see the first, registering
 * may still fail, and would leave behind what they created of it. Nothing can
 * fail any more once the last type has its directory of instances.
 */
bool vdfl_types_ready(struct vdfl_card *card)
{
	return READ_ONCE(card->mdev_type[card->nr_types - 1]->devices_kobj);
}

/* vdfl_types_unregister(): remove all instances; waits for their users */
void vdfl_types_unregister(struct vdfl_card *card)
{
	mdev_unregister_parent(&card->parent);
}

/* vdfl_types_drained(): has the mdev core let go of all types? */
bool vdfl_types_drained(struct vdfl_card *card)
{
	unsigned int i;

	for (i = 0; i < card->nr_types; i++)
		if (kref_read(&card->type[i].mdev.kobj.kref) > card->types_held)
			return false;
	return true;
}

void vdfl_types_free(struct vdfl_card *card)
{
	unsigned int i;

	for (i = 0; i < card->nr_types && card->types_held; i++)
		kobject_put(&card->type[i].mdev.kobj);
	kvfree(card->mdev_type);
	kvfree(card->type);
}

static struct vdfl_type *type_of(struct mdev_type *mtype)
{
	return container_of(mtype, struct vdfl_type, mdev);
}

unsigned int vdfl_type_available(struct mdev_type *mtype)
{
	return vdfl_blocks_free_of(type_of(mtype));
}

static const struct vdfl_block *type_first_block(const struct vdfl_type *type)
{
	struct vdfl_block *block = type->card->block;

	if (type->block)
		return type->block;
	while (!vdfl_block_assignable(block) ||
	       strcmp(block->window->type, type->kind))
		block++;
	return block;
}

ssize_t vdfl_type_description(struct mdev_type *mtype, char *buf)
{
	const struct vdfl_block *block = type_first_block(type_of(mtype));

	return sysfs_emit(buf,
			  "feature 0x%x revision %u, %llu bytes (%llu mappable), %u interrupt vectors, %s\n",
			  block->header->id, block->header->revision,
			  block->window->size, block->window->map_size,
			  block->header->nr_vectors,
			  vdfl_block_has_reset(block) ?
			  "reset between users" : "no reset between users");
}
