// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_GET_REGION_INFO as the core implements it since 6.19.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifdef VDFL_COMPAT_NO_REGION_INFO_CAPS

#include <linux/slab.h>
#include <linux/uaccess.h>

#include "instance/instance.h"

static void region_caps_place(struct vfio_region_info *info,
			      struct vfio_info_cap *caps)
{
	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	info->cap_offset = 0;
	if (info->argsz < sizeof(*info) + caps->size) {
		info->argsz = sizeof(*info) + caps->size;
	} else {
		vfio_info_cap_shift(caps, sizeof(*info));
		info->cap_offset = sizeof(*info);
	}
}

static long compat_region_info(struct vfio_device *vdev,
			       struct vfio_region_info __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_region_info, offset);
	struct vfio_info_cap caps = {};
	struct vfio_region_info info = {};
	long ret;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;

	ret = vdfl_region_info(vdev, &info, &caps);
	if (ret)
		goto out;
	if (caps.size)
		region_caps_place(&info, &caps);
	if (info.cap_offset &&
	    copy_to_user((void __user *)arg + info.cap_offset, caps.buf,
			 caps.size))
		ret = -EFAULT;
	else if (copy_to_user(arg, &info, minsz))
		ret = -EFAULT;
out:
	kfree(caps.buf);
	return ret;
}

/**
 * vdfl_compat_ioctl() - handle an ioctl on kernels before 6.19
 * @vdev: open instance
 * @cmd: VFIO_DEVICE_*
 * @arg: pointer to user memory
 *
 * May sleep.
 *
 * Return: as vdfl_mdev_ioctl(); for VFIO_DEVICE_GET_REGION_INFO also an error
 * of vdfl_region_info()
 */
long vdfl_compat_ioctl(struct vfio_device *vdev, unsigned int cmd,
		       unsigned long arg)
{
	if (cmd == VFIO_DEVICE_GET_REGION_INFO)
		return compat_region_info(vdev, (void __user *)arg);
	return vdfl_mdev_ioctl(vdev, cmd, arg);
}

#endif
