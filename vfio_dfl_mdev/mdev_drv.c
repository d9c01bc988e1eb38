// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mdev driver: creation and removal of instances.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/module.h>

#include "binding.h"
#include "instance/instance.h"

static int vdfl_mdev_probe(struct mdev_device *mdev)
{
	struct vdfl_mdev *vd = vfio_alloc_device(vdfl_mdev, vdev, &mdev->dev,
						 &vdfl_mdev_ops);
	int ret;

	if (IS_ERR(vd))
		return PTR_ERR(vd);
	dev_set_drvdata(&mdev->dev, vd);
	ret = vfio_register_emulated_iommu_dev(&vd->vdev);
	if (ret) {
		/* VFIO may free the instance later */
		vdfl_block_release(&vd->client);
		vfio_put_device(&vd->vdev);
	}
	return ret;
}

static void vdfl_mdev_remove(struct mdev_device *mdev)
{
	struct vdfl_mdev *vd = dev_get_drvdata(&mdev->dev);

	vdfl_mdev_begin_release(vd);
	/* Asks the user to close the instance, and waits until it is closed */
	vfio_unregister_group_dev(&vd->vdev);
	vdfl_mdev_end_release(vd);
	/* VFIO may free the instance later */
	vdfl_block_release(&vd->client);
	vfio_put_device(&vd->vdev);
}

struct mdev_driver vdfl_mdev_driver = {
	.device_api		= VFIO_DEVICE_API_PCI_STRING,
	.probe			= vdfl_mdev_probe,
	.remove			= vdfl_mdev_remove,
	.get_available		= vdfl_type_available,
	.show_description	= vdfl_type_description,
	.driver			= {
		.name			= VDFL_NAME,
		.owner			= THIS_MODULE,
		.mod_name		= KBUILD_MODNAME,
		.dev_groups		= vdfl_mdev_groups,
		.suppress_bind_attrs	= true,
	},
};
