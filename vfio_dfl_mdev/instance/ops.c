// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO device operations: init, open, close, one function per ioctl.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "instance/instance.h"

/* --- callbacks of the card ----------------------------------------------- */

static struct vdfl_mdev *client_mdev(struct vdfl_client *client)
{
	return container_of(client, struct vdfl_mdev, client);
}

static void client_mark(struct vdfl_client *client, unsigned int mask)
{
	vdfl_access_mark(client_mdev(client), mask);
}

static void client_clear(struct vdfl_client *client, unsigned int mask)
{
	vdfl_access_clear(client_mdev(client), mask);
}

static void client_wake(struct vdfl_client *client)
{
	vdfl_access_wake(client_mdev(client));
}

static void client_drain(struct vdfl_client *client)
{
	vdfl_access_drain(client_mdev(client));
}

static void client_error(struct vdfl_client *client)
{
	vdfl_mdev_fire_err(client_mdev(client));
}

static void client_request(struct vdfl_client *client)
{
	vdfl_mdev_fire_req(client_mdev(client));
}

static const struct vdfl_client_ops client_ops = {
	.mark		= client_mark,
	.clear		= client_clear,
	.wake		= client_wake,
	.drain		= client_drain,
	.error		= client_error,
	.request	= client_request,
};

/* --- init, open and close ------------------------------------------------ */

/*
 * Registration can fail after the first type is visible, and does not remove
 * instances created until then. It cannot fail once the last type has its
 * directory of instances.
 */
static bool types_ready(const struct vdfl_type *type)
{
	return READ_ONCE(type->last->devices_kobj);
}

static int vdfl_mdev_init(struct vfio_device *vdev)
{
	struct mdev_device *mdev = to_mdev_device(vdev->dev);
	struct vdfl_type *type = container_of(mdev->type, struct vdfl_type,
					      mdev);
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	struct vdfl_block *block;
	int ret;

	if (!types_ready(type))
		return -EAGAIN;

	mutex_init(&vd->cfg_lock);
	init_rwsem(&vd->memory_lock);
	init_waitqueue_head(&vd->restored);
	atomic_set(&vd->revoked, VDFL_REVOKED_CLOSED);
	vd->mmap_on = true;
	vd->owner = INVALID_UID;
	vd->client.dev = vdev->dev;
	vd->client.ops = &client_ops;
	vdfl_rate_init(vd);
	vdfl_mdev_irq_init(vd);
	vdfl_mdev_release_init(vd);

	ret = vdfl_mapping_init(&vd->mapping, vd);
	if (ret)
		return ret;
	vd->card = vdfl_card_get(type->card);
	block = vdfl_block_claim(vd->card, &type->match, &vd->client);
	if (IS_ERR(block)) {
		vdfl_card_put(vd->card);
		vdfl_mapping_release(&vd->mapping);
		return PTR_ERR(block);
	}
	/* VFIO may drop the mdev before the last reference to the instance */
	get_device(vdev->dev);
	vd->block = block;
	vd->io = vdfl_block_io(block);
	vdfl_filter_init(vd);
	return 0;
}

static void vdfl_mdev_release(struct vfio_device *vdev)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	struct vdfl_card *card = vd->card;
	struct device *dev = vdev->dev;

	vdfl_block_release(&vd->client);
	vdfl_mapping_release(&vd->mapping);
	kfree(vd->filter);
	vdfl_compat_free_device(vdev);
	put_device(dev);
	vdfl_card_put(card);
}

static void instance_init_guest(struct vdfl_mdev *vd)
{
	struct dfl_guest_desc desc = {
		.header		= vd->block->header,
		.parent		= vdfl_block_parent_kind(vd->block),
		.block_size	= vd->block->window->size,
		.page_size	= PAGE_SIZE,
		.nr_vectors	= vd->nr_vectors,
	};

	dfl_guest_init(&vd->guest, &desc);
	vd->port_held = false;
}

static u16 instance_nr_vectors(struct vdfl_mdev *vd)
{
	if (vdfl_irq_kind(vd->card) == VFIO_DFL_MDEV_IRQ_NONE)
		return 0;
	return vdfl_block_nr_vectors(vd->block);
}

/*
 * VFIO reuses the numbers of its nodes. A user that kept a node of a removed
 * instance, for example in a container, can open the node of a later instance.
 *
 * Compare the fsuid, as the permission check of the node does. Called by VFIO in
 * the task that opens.
 */
static bool user_may_open(const struct vdfl_mdev *vd)
{
	kuid_t owner = READ_ONCE(vd->owner);

	return !uid_valid(owner) || uid_eq(owner, current_fsuid()) ||
	       capable(CAP_SYS_ADMIN);
}

static int vdfl_mdev_open_device(struct vfio_device *vdev)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	int ret;

	if (READ_ONCE(vd->removing))
		return -ENODEV;
	if (!user_may_open(vd))
		return -EACCES;
	ret = vdfl_card_open(vd->card);
	if (ret)
		return ret;
	/* Retry a reset that failed for an earlier user */
	vdfl_access_restore(vd, VDFL_REVOKED_RESET);
	ret = vdfl_block_prepare(vd->block);
	if (ret) {
		vdfl_card_close(vd->card);
		return ret;
	}
	vd->nr_vectors = instance_nr_vectors(vd);
	vd->irq_client.first = vd->block->header->first_vector;
	vd->irq_client.nr = vd->nr_vectors;
	vdfl_irq_client_init(&vd->irq_client);
	instance_init_guest(vd);
	vdfl_config_init(vd);
	vdfl_region_open(vd);
	vdfl_rate_open(vd);
	vdfl_access_open(vd);
	vdfl_mdev_add_statistics(vd);
	return 0;
}

static void vdfl_mdev_close_device(struct vfio_device *vdev)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);

	vdfl_access_revoke_sync(vd, VDFL_REVOKED_CLOSED);
	vdfl_mdev_irq_close(vd);
	vdfl_block_clean(vd->block);
	vdfl_card_close(vd->card);
}

static void vdfl_mdev_request(struct vfio_device *vdev, unsigned int count)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	bool asked;

	/* vdfl_card_begin_release() has asked all users at once */
	if (!count && vdfl_card_is_unbinding(vd->card))
		asked = READ_ONCE(vd->req);
	else
		asked = vdfl_mdev_fire_req(vd);
	if (!asked && !count)
		dev_notice(vdev->dev,
			   "removal waits for the user; no request eventfd set\n");
}

/* --- ioctls ------------------------------------------------------------- */

static long vdfl_ioctl_get_info(struct vdfl_mdev *vd,
				struct vfio_device_info __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info = {};
	u32 argsz;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;

	argsz = min_t(u32, info.argsz, sizeof(info));
	info.flags = VFIO_DEVICE_FLAGS_PCI;
	if (vdfl_block_has_reset(vd->block))
		info.flags |= VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VDFL_NUM_REGIONS;
	info.num_irqs = VFIO_PCI_NUM_IRQS;
	return copy_to_user(arg, &info, argsz) ? -EFAULT : 0;
}

static long vdfl_ioctl_get_irq_info(struct vdfl_mdev *vd,
				    struct vfio_irq_info __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz || info.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;

	info.count = vdfl_mdev_irq_count(vd, info.index);
	info.flags = VFIO_IRQ_INFO_EVENTFD;
	if (info.index == VFIO_PCI_INTX_IRQ_INDEX)
		info.flags |= VFIO_IRQ_INFO_MASKABLE |
			      VFIO_IRQ_INFO_AUTOMASKED;
	else if (info.index != VFIO_PCI_MSIX_IRQ_INDEX)
		info.flags |= VFIO_IRQ_INFO_NORESIZE;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static long vdfl_ioctl_set_irqs(struct vdfl_mdev *vd,
				struct vfio_irq_set __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_irq_set, count);
	struct vfio_irq_set hdr;
	size_t size = 0;
	void *data = NULL;
	long ret;

	if (copy_from_user(&hdr, arg, minsz))
		return -EFAULT;
	ret = vfio_set_irqs_validate_and_prepare(&hdr,
						 vdfl_mdev_irq_count(vd, hdr.index),
						 VFIO_PCI_NUM_IRQS, &size);
	if (ret)
		return ret;
	if (size) {
		data = memdup_user(&arg->data, size);
		if (IS_ERR(data))
			return PTR_ERR(data);
	}
	ret = vdfl_mdev_set_irqs(vd, &hdr, data);
	kfree(data);
	return ret;
}

/**
 * vdfl_mdev_ioctl() - handle an ioctl of an instance
 * @vdev: open instance
 * @cmd: VFIO_DEVICE_*
 * @arg: pointer to user memory
 *
 * May sleep.
 *
 * Return: 0; -ENOTTY for an unknown command; -EFAULT if user memory cannot be
 * accessed; -EINVAL for a bad argument; an error of the command
 */
long vdfl_mdev_ioctl(struct vfio_device *vdev, unsigned int cmd,
		     unsigned long arg)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return vdfl_ioctl_get_info(vd, uarg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return vdfl_ioctl_get_irq_info(vd, uarg);
	case VFIO_DEVICE_SET_IRQS:
		return vdfl_ioctl_set_irqs(vd, uarg);
	case VFIO_DEVICE_RESET:
		return vdfl_mdev_reset(vd, false);
	default:
		return -ENOTTY;
	}
}

const struct vfio_device_ops vdfl_mdev_ops = {
	.name		= VDFL_NAME,
	.init		= vdfl_mdev_init,
	.release	= vdfl_mdev_release,
	.open_device	= vdfl_mdev_open_device,
	.close_device	= vdfl_mdev_close_device,
	.read		= vdfl_region_read,
	.write		= vdfl_region_write,
	.mmap		= vdfl_mmap,
	.request	= vdfl_mdev_request,
	VDFL_COMPAT_IOCTL_OPS
	VDFL_COMPAT_IOMMUFD_OPS
};
