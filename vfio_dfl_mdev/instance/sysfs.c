// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of an instance, one value per file; only the counters of statistics
 * and vector_statistics share a file, as those of aer_dev_correctable do. They are
 * described in Documentation/ABI/testing/sysfs-driver-vfio_dfl_mdev.
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

static ssize_t filter_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct vdfl_mdev *vd = dev_get_drvdata(dev);
	size_t len;

	BUILD_BUG_ON(DFL_FILTER_PRINT_LEN >= PAGE_SIZE);
	len = vdfl_filter_print(vd, buf);
	if (!len)
		return sysfs_emit(buf, "none\n");
	return len + sysfs_emit_at(buf, len, "\n");
}

static ssize_t filter_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	struct vdfl_mdev *vd = dev_get_drvdata(dev);
	int ret;

	if (sysfs_streq(buf, "none"))
		ret = vdfl_filter_remove(vd);
	else
		ret = vdfl_filter_load(vd, buf, count);
	return ret ?: count;
}
static DEVICE_ATTR_RW(filter);

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

static ssize_t rate_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct vdfl_mdev *vd = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(vd->rate.per_second));
}

static ssize_t rate_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	struct vdfl_mdev *vd = dev_get_drvdata(dev);
	unsigned int per_second;
	int ret = kstrtouint(buf, 10, &per_second);

	if (!ret)
		ret = vdfl_rate_set(vd, per_second);
	return ret ?: count;
}
static DEVICE_ATTR_RW(rate);

static ssize_t scrub_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct vdfl_mdev *vd = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", vdfl_block_scrub_name(vd->block));
}
static DEVICE_ATTR_RO(scrub);

/* The activity of a user is not for each local user */
static ssize_t statistics_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct vdfl_mdev *vd = dev_get_drvdata(dev);

	return vdfl_statistics_show(&vd->client.stats, buf);
}
static DEVICE_ATTR_ADMIN_RO(statistics);

static ssize_t vector_statistics_show(struct device *dev,
				      struct device_attribute *attr, char *buf)
{
	struct vdfl_mdev *vd = dev_get_drvdata(dev);

	return vdfl_vector_statistics_show(&vd->client.stats, buf);
}
static DEVICE_ATTR_ADMIN_RO(vector_statistics);

static struct attribute *mdev_attrs[] = {
	&dev_attr_block.attr,
	&dev_attr_filter.attr,
	&dev_attr_irq_source.attr,
	&dev_attr_mmap.attr,
	&dev_attr_owner.attr,
	&dev_attr_rate.attr,
	&dev_attr_scrub.attr,
	NULL
};

static const struct attribute_group mdev_group = {
	.name	= "dfl",
	.attrs	= mdev_attrs,
};

static struct attribute *statistics_attrs[] = {
	&dev_attr_statistics.attr,
	&dev_attr_vector_statistics.attr,
	NULL
};

/* Merged into the directory of mdev_group */
static const struct attribute_group statistics_group = {
	.name	= "dfl",
	.attrs	= statistics_attrs,
};

/**
 * vdfl_mdev_add_statistics() - add the attributes with the statistics
 * @vd: instance that is being opened
 *
 * An attribute makes the creation of an instance about 1% slower, and there is
 * nothing to show before the first open. The attributes are removed with their
 * directory. If adding them fails, the next open tries again. May sleep.
 */
void vdfl_mdev_add_statistics(struct vdfl_mdev *vd)
{
	if (!vd->has_statistics)
		vd->has_statistics = !sysfs_merge_group(&vd->vdev.dev->kobj,
							&statistics_group);
}

const struct attribute_group *vdfl_mdev_groups[] = {
	&mdev_group,
	NULL
};
