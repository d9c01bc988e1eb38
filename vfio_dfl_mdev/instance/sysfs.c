// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of an instance, one value per file. They are described in
 * Documentation/ABI/testing/sysfs-driver-vfio_dfl_mdev.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/cred.h>
#include <linux/sysfs.h>

#include "instance/instance.h"

static ssize_t block_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct vdfl_mdev *vd = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", vd->block->pos);
}
static DEVICE_ATTR_RO(block);

static ssize_t irq_source_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct vdfl_mdev *vd = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", vdfl_irq_name(vd->card));
}
static DEVICE_ATTR_RO(irq_source);

static ssize_t mmap_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct vdfl_mdev *vd = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", READ_ONCE(vd->mmap_on) ? "on" : "off");
}

static ssize_t mmap_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	struct vdfl_mdev *vd = dev_get_drvdata(dev);
	bool on;
	int ret = kstrtobool(buf, &on);

	if (!ret)
		ret = vdfl_mmap_allow(vd, on);
	return ret ?: count;
}
static DEVICE_ATTR_RW(mmap);

static ssize_t owner_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct vdfl_mdev *vd = dev_get_drvdata(dev);
	kuid_t owner = READ_ONCE(vd->owner);

	if (!uid_valid(owner))
		return sysfs_emit(buf, "none\n");
	return sysfs_emit(buf, "%u\n",
			  from_kuid_munged(current_user_ns(), owner));
}

/* Takes effect at the next open; closing is up to the present user */
static ssize_t owner_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	struct vdfl_mdev *vd = dev_get_drvdata(dev);
	kuid_t owner = INVALID_UID;
	unsigned int uid;
	int ret;

	if (!sysfs_streq(buf, "none")) {
		ret = kstrtouint(buf, 10, &uid);
		if (ret)
			return ret;
		owner = make_kuid(current_user_ns(), uid);
		if (!uid_valid(owner))
			return -EINVAL;
	}
	WRITE_ONCE(vd->owner, owner);
	return count;
}
static DEVICE_ATTR_RW(owner);

static ssize_t scrub_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct vdfl_mdev *vd = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", vdfl_block_scrub_name(vd->block));
}
static DEVICE_ATTR_RO(scrub);

static struct attribute *mdev_attrs[] = {
	&dev_attr_block.attr,
	&dev_attr_irq_source.attr,
	&dev_attr_mmap.attr,
	&dev_attr_owner.attr,
	&dev_attr_scrub.attr,
	NULL
};

static const struct attribute_group mdev_group = {
	.name	= "dfl",
	.attrs	= mdev_attrs,
};

const struct attribute_group *vdfl_mdev_groups[] = {
	&mdev_group,
	NULL
};
