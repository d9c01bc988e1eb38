// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of a card and its blocks, one value per file. They are described
 * in Documentation/ABI/testing/sysfs-driver-vfio_dfl_mdev.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "card/card_priv.h"

/**
 * struct vdfl_dir - a directory of attributes below the PCI function
 * @kobj: kobject of the directory; its last reference frees the structure
 * @card: card that the directory belongs to; a reference is held; constant
 * @block: block that the directory describes, or NULL for the directory of the
 *	card; constant
 *
 * The reference of @card keeps the module, and with it dir_release(), until the
 * kobject is released.
 */
struct vdfl_dir {
	struct kobject kobj;
	struct vdfl_card *card;
	struct vdfl_block *block;
};

struct dir_attribute {
	struct attribute attr;
	ssize_t (*show)(struct vdfl_dir *dir, char *buf);
	ssize_t (*store)(struct vdfl_dir *dir, const char *buf, size_t count);
};

#define DIR_ATTR_RO(dir, name) \
	static struct dir_attribute dir##_##name##_attr = \
		__ATTR(name, 0444, dir##_##name##_show, NULL)
/* Accesses another function, so not for each local user */
#define DIR_ATTR_ADMIN_RO(dir, name) \
	static struct dir_attribute dir##_##name##_attr = \
		__ATTR(name, 0400, dir##_##name##_show, NULL)
#define DIR_ATTR_RW(dir, name) \
	static struct dir_attribute dir##_##name##_attr = \
		__ATTR(name, 0644, dir##_##name##_show, dir##_##name##_store)

#define DIR_ATTR_WO(dir, name) \
	static struct dir_attribute dir##_##name##_attr = \
		__ATTR(name, 0200, NULL, dir##_##name##_store)

static struct vdfl_dir *dir_of(struct kobject *kobj)
{
	return container_of(kobj, struct vdfl_dir, kobj);
}

static ssize_t dir_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	struct dir_attribute *da = container_of(attr, struct dir_attribute,
						attr);

	return da->show ? da->show(dir_of(kobj), buf) : -EACCES;
}

static ssize_t dir_store(struct kobject *kobj, struct attribute *attr,
			 const char *buf, size_t count)
{
	struct dir_attribute *da = container_of(attr, struct dir_attribute,
						attr);

	return da->store ? da->store(dir_of(kobj), buf, count) : -EACCES;
}

static const struct sysfs_ops dir_ops = {
	.show	= dir_show,
	.store	= dir_store,
};

static void dir_release(struct kobject *kobj)
{
	struct vdfl_dir *dir = dir_of(kobj);
	struct vdfl_card *card = dir->card;

	kfree(dir);
	vdfl_card_put(card);
}

/* --- the card ------------------------------------------------------------ */

static const char *fence_command(struct vdfl_card *card)
{
	if (READ_ONCE(card->busmaster.lost))
		return "lost";
	if (READ_ONCE(card->busmaster.msix_on))
		return "not available: irq_source msix needs bus master";
	return READ_ONCE(card->links) == VDFL_LINKS_NOT_GATED ?
	       "in force, but not on all links (see links)" : "in force";
}

static ssize_t card_fence_command_show(struct vdfl_dir *dir, char *buf)
{
	return sysfs_emit(buf, "%s\n", fence_command(dir->card));
}
DIR_ATTR_RO(card, fence_command);

static ssize_t card_fence_iommu_show(struct vdfl_dir *dir, char *buf)
{
	return sysfs_emit(buf, "%s\n", vdfl_fence_iommu_state(dir->card));
}
DIR_ATTR_RO(card, fence_iommu);

static ssize_t card_fence_port_show(struct vdfl_dir *dir, char *buf)
{
	return sysfs_emit(buf, "%s\n", vdfl_busmaster_bridge_state(dir->card));
}
DIR_ATTR_RO(card, fence_port);

static ssize_t card_siblings_mastering_show(struct vdfl_dir *dir, char *buf)
{
	return vdfl_siblings_mastering(dir->card, buf);
}
DIR_ATTR_ADMIN_RO(card, siblings_mastering);

static ssize_t card_siblings_started_show(struct vdfl_dir *dir, char *buf)
{
	return sysfs_emit(buf, "%u\n",
			  READ_ONCE(dir->card->siblings.started));
}
DIR_ATTR_RO(card, siblings_started);

static ssize_t card_siblings_out_of_sight_show(struct vdfl_dir *dir, char *buf)
{
	return vdfl_siblings_out_of_sight(dir->card, buf);
}
DIR_ATTR_RO(card, siblings_out_of_sight);

static ssize_t card_bitstream_id_show(struct vdfl_dir *dir, char *buf)
{
	return sysfs_emit(buf, "0x%llx\n", dir->card->map->bitstream);
}
DIR_ATTR_RO(card, bitstream_id);

static ssize_t card_links_show(struct vdfl_dir *dir, char *buf)
{
	return sysfs_emit(buf, "%s\n", vdfl_links_name(dir->card));
}
DIR_ATTR_RO(card, links);

static ssize_t card_busmaster_violations_show(struct vdfl_dir *dir, char *buf)
{
	return sysfs_emit(buf, "%u\n",
			  READ_ONCE(dir->card->busmaster.violations));
}
DIR_ATTR_RO(card, busmaster_violations);

static ssize_t card_busmaster_acknowledged_show(struct vdfl_dir *dir, char *buf)
{
	return sysfs_emit(buf, "%d\n",
			  !READ_ONCE(dir->card->busmaster.refuse));
}

static ssize_t card_busmaster_acknowledged_store(struct vdfl_dir *dir,
						 const char *buf, size_t count)
{
	bool acknowledged;
	int ret = kstrtobool(buf, &acknowledged);

	if (ret)
		return ret;
	if (!acknowledged)
		return -EINVAL;
	vdfl_busmaster_acknowledge(dir->card);
	return count;
}
DIR_ATTR_RW(card, busmaster_acknowledged);

/* --- its interrupts ------------------------------------------------------- */

static ssize_t card_irq_source_show(struct vdfl_dir *dir, char *buf)
{
	return sysfs_emit(buf, "%s\n", vdfl_irq_name(dir->card));
}

static ssize_t card_irq_source_store(struct vdfl_dir *dir, const char *buf,
				     size_t count)
{
	return vdfl_irq_choose(dir->card, buf) ?: count;
}
DIR_ATTR_RW(card, irq_source);

static ssize_t card_irq_sources_show(struct vdfl_dir *dir, char *buf)
{
	return vdfl_irq_usable(dir->card, buf);
}
DIR_ATTR_RO(card, irq_sources);

static ssize_t card_irq_stuck_show(struct vdfl_dir *dir, char *buf)
{
	return vdfl_irq_stuck(dir->card, buf);
}
DIR_ATTR_RO(card, irq_stuck);

static ssize_t interval_store(unsigned int *interval, const char *buf,
			      size_t count)
{
	unsigned int value;
	int ret = kstrtouint(buf, 0, &value);

	if (ret)
		return ret;
	if (value < VDFL_INTERVAL_MIN_US || value > VDFL_INTERVAL_MAX_US)
		return -ERANGE;
	WRITE_ONCE(*interval, value);
	return count;
}

#define CARD_INTERVAL(name, field)					\
static unsigned int *card_##name(struct vdfl_card *card)		\
{									\
	return &card->irq.field;					\
}									\
									\
static ssize_t card_##name##_show(struct vdfl_dir *dir, char *buf)	\
{									\
	return sysfs_emit(buf, "%u\n", READ_ONCE(*card_##name(dir->card)));	\
}									\
									\
static ssize_t card_##name##_store(struct vdfl_dir *dir,		\
				   const char *buf, size_t count)	\
{									\
	return interval_store(card_##name(dir->card), buf, count);	\
}									\
DIR_ATTR_RW(card, name)

CARD_INTERVAL(irq_holdoff_us, intx.holdoff_us);
CARD_INTERVAL(poll_floor_us, poll.floor_us);
CARD_INTERVAL(poll_ceiling_us, poll.ceiling_us);

/* --- its state and its release -------------------------------------------- */

static const char *card_state(const struct vdfl_card *card)
{
	if (READ_ONCE(card->unbinding))
		return "unbinding";
	if (READ_ONCE(card->gone))
		return "gone";
	/* Lockless: reset_lock may be held for the time of a reset */
	return data_race(card->frozen) ? "frozen" : "bound";
}

static ssize_t card_state_show(struct vdfl_dir *dir, char *buf)
{
	return sysfs_emit(buf, "%s\n", card_state(dir->card));
}
DIR_ATTR_RO(card, state);

static ssize_t card_release_grace_ms_show(struct vdfl_dir *dir, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(dir->card->release_grace_ms));
}

static ssize_t card_release_grace_ms_store(struct vdfl_dir *dir,
					   const char *buf, size_t count)
{
	unsigned int value;
	int ret = kstrtouint(buf, 0, &value);

	if (ret)
		return ret;
	WRITE_ONCE(dir->card->release_grace_ms, value);
	return count;
}
DIR_ATTR_RW(card, release_grace_ms);

static ssize_t card_gone_show(struct vdfl_dir *dir, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(dir->card->gone));
}
DIR_ATTR_RO(card, gone);

static ssize_t card_generation_show(struct vdfl_dir *dir, char *buf)
{
	return sysfs_emit(buf, "%u\n", vdfl_card_generation(dir->card));
}
DIR_ATTR_RO(card, generation);

static struct attribute *card_attrs[] = {
	&card_bitstream_id_attr.attr,
	&card_busmaster_acknowledged_attr.attr,
	&card_busmaster_violations_attr.attr,
	&card_fence_command_attr.attr,
	&card_fence_iommu_attr.attr,
	&card_fence_port_attr.attr,
	&card_generation_attr.attr,
	&card_gone_attr.attr,
	&card_irq_holdoff_us_attr.attr,
	&card_irq_source_attr.attr,
	&card_irq_sources_attr.attr,
	&card_irq_stuck_attr.attr,
	&card_links_attr.attr,
	&card_poll_ceiling_us_attr.attr,
	&card_poll_floor_us_attr.attr,
	&card_release_grace_ms_attr.attr,
	&card_siblings_mastering_attr.attr,
	&card_siblings_out_of_sight_attr.attr,
	&card_siblings_started_attr.attr,
	&card_state_attr.attr,
	NULL
};
ATTRIBUTE_GROUPS(card);

static const struct kobj_type card_ktype = {
	.sysfs_ops	= &dir_ops,
	.release	= dir_release,
	.default_groups	= card_groups,
};

/* --- blocks -------------------------------------------------------------- */

#define BLOCK_ATTR(name, fmt, value)					\
static ssize_t block_##name##_show(struct vdfl_dir *dir, char *buf)	\
{									\
	const struct vdfl_block *block = dir->block;			\
									\
	return sysfs_emit(buf, fmt "\n", value);			\
}									\
DIR_ATTR_RO(block, name)

static const char *block_kind(const struct vdfl_block *block)
{
	static const char * const name[] = {
		[DFL_KIND_FME]		= "fme",
		[DFL_KIND_PORT]		= "port",
		[DFL_KIND_AFU]		= "afu",
		[DFL_KIND_PRIVATE]	= "private",
		[DFL_KIND_OPAQUE]	= "opaque",
	};

	return name[block->header->kind];
}

static const char *block_class(const struct vdfl_block *block)
{
	static const char * const name[] = {
		[DFL_CLASS_NEVER]	= "never",
		[DFL_CLASS_OPT_IN]	= "opt-in",
		[DFL_CLASS_YES]		= "yes",
	};

	return name[block->window->rule->class];
}

static const char *block_withheld(const struct vdfl_block *block)
{
	if (vdfl_block_port_dead(block))
		return dfl_reason_text(DFL_REASON_PORT_STUCK);
	if (vdfl_block_assignable(block))
		return "";
	return dfl_reason_text(block->window->reason);
}

static const char *block_parent(const struct vdfl_block *block)
{
	if (block->header->parent == DFL_NO_PARENT)
		return "";
	return block->card->block[block->header->parent].pos;
}

BLOCK_ATTR(kind, "%s", block_kind(block));
BLOCK_ATTR(feature_id, "0x%x", block->header->id);
BLOCK_ATTR(revision, "%u", block->header->revision);
BLOCK_ATTR(dfh_version, "%u", block->header->version);
BLOCK_ATTR(parent, "%s", block_parent(block));
BLOCK_ATTR(bar, "%u", block->header->bar);
BLOCK_ATTR(offset, "0x%llx", block->header->off);
BLOCK_ATTR(size, "0x%llx",
	   vdfl_block_assignable(block) ? block->window->size : 0);
BLOCK_ATTR(mappable, "0x%llx",
	   vdfl_block_assignable(block) ? block->window->map_size : 0);
BLOCK_ATTR(class, "%s", block_class(block));
BLOCK_ATTR(withheld, "%s", block_withheld(block));
BLOCK_ATTR(type, "%s",
	   vdfl_block_assignable(block) ? block->window->type : "");
BLOCK_ATTR(vectors, "%u", block->header->nr_vectors);
BLOCK_ATTR(scrub, "%s", vdfl_block_scrub_name(block));

static ssize_t block_guid_show(struct vdfl_dir *dir, char *buf)
{
	const struct dfl_header *h = dir->block->header;
	u8 guid[16];

	if (!h->guid_l && !h->guid_h)
		return sysfs_emit(buf, "\n");
	vdfl_block_guid(dir->block, guid);
	return sysfs_emit(buf, "%pUb\n", guid);
}
DIR_ATTR_RO(block, guid);

static ssize_t block_instance_show(struct vdfl_dir *dir, char *buf)
{
	struct vdfl_client *owner;
	ssize_t len;

	raw_spin_lock(&dir->card->lock);
	owner = dir->block->owner;
	len = sysfs_emit(buf, "%s\n", owner ? dev_name(owner->dev) : "");
	raw_spin_unlock(&dir->card->lock);
	return len;
}
DIR_ATTR_RO(block, instance);

static struct attribute *block_attrs[] = {
	&block_bar_attr.attr,
	&block_class_attr.attr,
	&block_dfh_version_attr.attr,
	&block_feature_id_attr.attr,
	&block_guid_attr.attr,
	&block_instance_attr.attr,
	&block_kind_attr.attr,
	&block_mappable_attr.attr,
	&block_offset_attr.attr,
	&block_parent_attr.attr,
	&block_revision_attr.attr,
	&block_scrub_attr.attr,
	&block_size_attr.attr,
	&block_type_attr.attr,
	&block_vectors_attr.attr,
	&block_withheld_attr.attr,
	NULL
};

static const struct attribute_group block_group = {
	.attrs = block_attrs,
};

/* --- error words ----------------------------------------------------------- */

static ssize_t error_show(struct vdfl_dir *dir, enum vdfl_error_word word,
			  char *buf)
{
	u64 value;
	int ret = vdfl_monitor_read(dir->block,
				    vdfl_monitor_error_reg(dir->block, word),
				    &value);

	return ret ?: sysfs_emit(buf, "0x%llx\n", value);
}

#define ERROR_ATTR(name, word)						\
static ssize_t error_##name##_show(struct vdfl_dir *dir, char *buf)	\
{									\
	return error_show(dir, word, buf);				\
}									\
DIR_ATTR_ADMIN_RO(error, name)

ERROR_ATTR(errors, VDFL_ERROR_WORD);
ERROR_ATTR(first_error, VDFL_ERROR_FIRST);
ERROR_ATTR(pcie_errors, VDFL_ERROR_PCIE);
ERROR_ATTR(nonfatal_errors, VDFL_ERROR_NONFATAL);
ERROR_ATTR(catfatal_errors, VDFL_ERROR_CATFATAL);

static struct attribute *error_attrs[] = {
	[VDFL_ERROR_WORD]	= &error_errors_attr.attr,
	[VDFL_ERROR_FIRST]	= &error_first_error_attr.attr,
	[VDFL_ERROR_PCIE]	= &error_pcie_errors_attr.attr,
	[VDFL_ERROR_NONFATAL]	= &error_nonfatal_errors_attr.attr,
	[VDFL_ERROR_CATFATAL]	= &error_catfatal_errors_attr.attr,
	[VDFL_ERROR_NR]		= NULL
};

static umode_t error_is_visible(struct kobject *kobj, struct attribute *attr,
				int word)
{
	return vdfl_monitor_error_reg(dir_of(kobj)->block, word) ?
	       attr->mode : 0;
}

static const struct attribute_group error_group = {
	.attrs		= error_attrs,
	.is_visible	= error_is_visible,
};

/* --- ports ----------------------------------------------------------------- */

static ssize_t port_port_show(struct vdfl_dir *dir, char *buf)
{
	return sysfs_emit(buf, "%u\n", dir->block->header->port);
}
DIR_ATTR_RO(port, port);

static ssize_t port_reset_store(struct vdfl_dir *dir, const char *buf,
				size_t count)
{
	bool reset;
	int ret = kstrtobool(buf, &reset);

	if (ret)
		return ret;
	if (!reset)
		return -EINVAL;
	return vdfl_cure_port(dir->block) ?: count;
}
DIR_ATTR_WO(port, reset);

static struct attribute *port_attrs[] = {
	&port_port_attr.attr,
	&port_reset_attr.attr,
	NULL
};

static umode_t port_is_visible(struct kobject *kobj, struct attribute *attr,
			       int n)
{
	const struct dfl_header *h = dir_of(kobj)->block->header;

	return h->kind == DFL_KIND_PORT && !h->reason ? attr->mode : 0;
}

static const struct attribute_group port_group = {
	.attrs		= port_attrs,
	.is_visible	= port_is_visible,
};

static const struct attribute_group *block_groups[] = {
	&block_group,
	&error_group,
	&port_group,
	NULL
};

static const struct kobj_type block_ktype = {
	.sysfs_ops	= &dir_ops,
	.release	= dir_release,
	.default_groups	= block_groups,
};

static struct vdfl_dir *dir_add(struct vdfl_card *card,
				struct vdfl_block *block,
				const struct kobj_type *ktype,
				struct kobject *parent, const char *name)
{
	struct vdfl_dir *dir = kzalloc(sizeof(*dir), GFP_KERNEL);
	int ret;

	if (!dir)
		return ERR_PTR(-ENOMEM);
	dir->card = vdfl_card_get(card);
	dir->block = block;
	ret = kobject_init_and_add(&dir->kobj, ktype, parent, "%s", name);
	if (ret) {
		kobject_put(&dir->kobj);
		return ERR_PTR(ret);
	}
	return dir;
}

static void dir_del(struct vdfl_dir **dir)
{
	if (!*dir)
		return;
	kobject_del(&(*dir)->kobj);
	kobject_put(&(*dir)->kobj);
	*dir = NULL;
}

static int blocks_add(struct vdfl_card *card)
{
	struct vdfl_dir *dir;
	u32 i;

	for (i = 0; i < card->nr_blocks; i++) {
		dir = dir_add(card, &card->block[i], &block_ktype,
			      card->blocks_dir, card->block[i].pos);
		if (IS_ERR(dir))
			return PTR_ERR(dir);
		card->block[i].dir = dir;
	}
	return 0;
}

/**
 * vdfl_sysfs_add() - add the attributes of the card and of its blocks
 * @card: card that is being probed, after vdfl_blocks_init()
 *
 * After an error no directory remains. Undone by vdfl_sysfs_remove(). May
 * sleep.
 *
 * Return: 0; -ENOMEM; an error of kobject_init_and_add()
 */
int vdfl_sysfs_add(struct vdfl_card *card)
{
	struct vdfl_dir *dir = dir_add(card, NULL, &card_ktype,
				       &card->pdev->dev.kobj, "dfl");
	int ret = -ENOMEM;

	if (IS_ERR(dir))
		return PTR_ERR(dir);
	card->dir = dir;
	card->blocks_dir = kobject_create_and_add("blocks", &dir->kobj);
	if (card->blocks_dir)
		ret = blocks_add(card);
	if (ret)
		vdfl_sysfs_remove(card);
	return ret;
}

/**
 * vdfl_sysfs_remove() - remove the attributes of the card and of its blocks
 * @card: card that is being removed
 *
 * Waits for attribute functions that are running. May sleep.
 */
void vdfl_sysfs_remove(struct vdfl_card *card)
{
	u32 i;

	for (i = 0; i < card->nr_blocks; i++)
		dir_del(&card->block[i].dir);
	if (card->blocks_dir) {
		kobject_del(card->blocks_dir);
		kobject_put(card->blocks_dir);
		card->blocks_dir = NULL;
	}
	dir_del(&card->dir);
}
