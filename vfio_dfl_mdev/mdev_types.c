// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registration of a card's mdev types. Each kind of block has a type. If a card
 * has several blocks of a kind, each of them also has a type that includes its
 * position. A block can be claimed through either type. A block that can be
 * assigned read-only is a second kind, whose types end in "-ro".
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "binding.h"
#include "instance/instance.h"

#define TYPE_LEN		(DFL_TYPE_NAME_LEN + VDFL_POS_LEN)

/**
 * struct type_entry - one type, with its strings
 * @type: type as the instances use it
 * @name: name in sysfs, with position if the type has one
 * @pretty: human-readable name
 *
 * Constant once the type is registered.
 */
struct type_entry {
	struct vdfl_type type;
	char name[TYPE_LEN];
	char pretty[TYPE_LEN + 8];
};

/**
 * struct vdfl_types - the types of one card
 * @card: a reference is held
 * @parent: registration with the mdev core
 * @entry: the types
 * @mdev_type: pointers to the types, for mdev_register_parent()
 * @nr: entries in @entry and in @mdev_type
 * @ref: held by the registration, and for each type until its release
 * @mdev_release: release function of the mdev core for types
 * @ktype: kobject type of the mdev core, with type_release() instead
 * @free_work: frees the structure
 *
 * Constant between vdfl_types_register() and vdfl_types_unregister(), but for
 * @ref and @free_work.
 */
struct vdfl_types {
	struct vdfl_card *card;
	struct mdev_parent parent;
	struct type_entry *entry;
	struct mdev_type **mdev_type;
	unsigned int nr;
	struct kref ref;
	void (*mdev_release)(struct kobject *kobj);
	struct kobj_type ktype;
	struct work_struct free_work;
};

static struct vdfl_type *type_of(struct mdev_type *mtype)
{
	return container_of(mtype, struct vdfl_type, mdev);
}

static void type_add(struct vdfl_types *types, const struct vdfl_block *block,
		     bool by_position)
{
	struct type_entry *entry = &types->entry[types->nr];
	struct vdfl_type *type = &entry->type;

	type->card = types->card;
	type->match.kind = block->window->type;
	if (by_position) {
		type->match.block = block;
		snprintf(entry->name, sizeof(entry->name), "%s-%s",
			 block->window->type, block->pos);
	} else {
		snprintf(entry->name, sizeof(entry->name), "%s",
			 block->window->type);
	}
	snprintf(entry->pretty, sizeof(entry->pretty), "DFL %s", entry->name);
	type->mdev.sysfs_name = entry->name;
	type->mdev.pretty_name = entry->pretty;
	types->mdev_type[types->nr++] = &type->mdev;
}

/* The first block of a kind adds the type of the kind. */
static void types_build(struct vdfl_types *types)
{
	const struct vdfl_block *block = NULL, *first;
	struct vdfl_card *card = types->card;
	unsigned int i;

	while ((block = vdfl_block_next(card, block, NULL))) {
		struct vdfl_block_match kind = { .kind = block->window->type };

		first = vdfl_block_next(card, NULL, &kind);
		if (block == first)
			type_add(types, block, false);
		if (vdfl_block_next(card, first, &kind))
			type_add(types, block, true);
	}
	for (i = 0; i < types->nr; i++)
		types->entry[i].type.last = types->mdev_type[types->nr - 1];
}

static void types_free(struct vdfl_types *types)
{
	kvfree(types->mdev_type);
	kvfree(types->entry);
	vdfl_card_put(types->card);
	kfree(types);
}

static void types_free_work(struct work_struct *work)
{
	types_free(container_of(work, struct vdfl_types, free_work));
}

/* A work item frees the types: a kobject may be released in any context. */
static void types_release(struct kref *ref)
{
	struct vdfl_types *types = container_of(ref, struct vdfl_types, ref);

	queue_work(vdfl_wq, &types->free_work);
}

static void types_put(struct vdfl_types *types)
{
	kref_put(&types->ref, types_release);
}

static void type_release(struct kobject *kobj)
{
	struct mdev_type *mtype = container_of(kobj, struct mdev_type, kobj);
	struct vdfl_types *types = container_of(mtype->parent,
						struct vdfl_types, parent);

	types->mdev_release(kobj);
	types_put(types);
}

/* A type without references was never added, or is already being released. */
static void type_wait_released(struct kobject *kobj)
{
#ifdef CONFIG_DEBUG_KOBJECT_RELEASE
	if (kobj->state_initialized)
		flush_delayed_work(&kobj->release);
#endif
}

/*
 * The mdev core uses a type until the release function of its kobject, which
 * runs after the last instance of the type is freed, or later. Replace that
 * function by type_release(), after which the type can be freed.
 */
static void types_watch(struct vdfl_types *types)
{
	struct kobject *kobj;
	unsigned int i;

	for (i = 0; i < types->nr; i++) {
		kobj = &types->mdev_type[i]->kobj;
		if (!kobject_get_unless_zero(kobj)) {
			type_wait_released(kobj);
			continue;
		}
		if (!types->mdev_release) {
			types->ktype = *kobj->ktype;
			types->mdev_release = types->ktype.release;
			types->ktype.release = type_release;
		}
		kref_get(&types->ref);
		WRITE_ONCE(kobj->ktype, &types->ktype);
		kobject_put(kobj);
	}
}

static struct vdfl_types *types_alloc(struct vdfl_card *card)
{
	struct vdfl_types *types = kzalloc(sizeof(*types), GFP_KERNEL);
	const struct vdfl_block *block = NULL;
	unsigned int max = 0;

	if (!types)
		return NULL;
	/* One type by kind and one by position */
	while ((block = vdfl_block_next(card, block, NULL)))
		max += 2;
	types->card = vdfl_card_get(card);
	kref_init(&types->ref);
	INIT_WORK(&types->free_work, types_free_work);
	types->entry = kvcalloc(max, sizeof(*types->entry), GFP_KERNEL);
	types->mdev_type = kvcalloc(max, sizeof(*types->mdev_type), GFP_KERNEL);
	if (types->entry && types->mdev_type)
		return types;
	types_free(types);
	return NULL;
}

/**
 * vdfl_types_register() - register the mdev types of a card
 * @card: card that is ready for use
 *
 * Instances can be created from then on. Undone by vdfl_types_unregister(). May
 * sleep.
 *
 * Return: the types, or an ERR_PTR: -ENOMEM or an error of
 * mdev_register_parent()
 */
struct vdfl_types *vdfl_types_register(struct vdfl_card *card)
{
	struct vdfl_types *types = types_alloc(card);
	int ret;

	if (!types)
		return ERR_PTR(-ENOMEM);
	types_build(types);

	ret = mdev_register_parent(&types->parent, vdfl_card_dev(card),
				   &vdfl_mdev_driver, types->mdev_type,
				   types->nr);
	/* After an error, users may still have instances of the first types */
	types_watch(types);
	if (!ret)
		return types;
	types_put(types);
	return ERR_PTR(ret);
}

/**
 * vdfl_types_unregister() - unregister the mdev types and remove all instances
 * @types: freed once the mdev core has released all types
 *
 * Waits until the users have closed the instances.
 */
void vdfl_types_unregister(struct vdfl_types *types)
{
	mdev_unregister_parent(&types->parent);
	types_put(types);
}

/**
 * vdfl_type_available() - count the instances of a type that can be created
 * @mtype: type of a bound card
 *
 * Takes vdfl_card.lock.
 *
 * Return: as vdfl_blocks_nr_free()
 */
unsigned int vdfl_type_available(struct mdev_type *mtype)
{
	struct vdfl_type *type = type_of(mtype);

	return vdfl_blocks_nr_free(type->card, &type->match);
}

static const char *type_sharing(const struct vdfl_block *block)
{
	if (vdfl_block_read_only(block))
		return "read-only, shared";
	if (vdfl_block_has_reset(block))
		return "reset between users";
	return "no reset between users";
}

/**
 * vdfl_type_description() - get the value of the sysfs attribute description
 * @mtype: type of a bound card
 * @buf: result, a page
 *
 * Return: bytes written to @buf
 */
ssize_t vdfl_type_description(struct mdev_type *mtype, char *buf)
{
	const struct vdfl_type *type = type_of(mtype);
	const struct vdfl_block *block = vdfl_block_next(type->card, NULL,
							 &type->match);

	return sysfs_emit(buf,
			  "feature 0x%x revision %u, %llu bytes (%llu mappable), %u interrupt vectors, %s\n",
			  block->header->id, block->header->revision,
			  block->window->size, block->window->map_size,
			  vdfl_block_nr_vectors(block), type_sharing(block));
}
