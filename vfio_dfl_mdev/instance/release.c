// SPDX-License-Identifier: GPL-2.0-only
/*
 * Removal of an instance that is open. VFIO asks the user to close the
 * instance. Access ends when the grace is over.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "instance/instance.h"

static void release_work(struct work_struct *work)
{
	struct vdfl_mdev *vd = container_of(to_delayed_work(work),
					    struct vdfl_mdev, release);

	vdfl_access_revoke_sync(vd, VDFL_REVOKED_REMOVED);
	vdfl_mdev_fire_err(vd);
}

/**
 * vdfl_mdev_release_init() - initialise the removal of an instance
 * @vd: instance that is being created
 */
void vdfl_mdev_release_init(struct vdfl_mdev *vd)
{
	INIT_DELAYED_WORK(&vd->release, release_work);
}

/**
 * vdfl_mdev_begin_release() - revoke access to the registers after the grace
 * @vd: instance that is being removed
 *
 * The instance cannot be opened any more. After the grace, access is revoked
 * and the error eventfd is signalled, if the instance is open; with a grace of
 * 0 before the function returns. Undone by vdfl_mdev_end_release(). May sleep.
 */
void vdfl_mdev_begin_release(struct vdfl_mdev *vd)
{
	unsigned long grace = vdfl_card_grace(vd->card);

	WRITE_ONCE(vd->removing, true);
	queue_delayed_work(vdfl_wq, &vd->release, grace);
	if (!grace)
		flush_delayed_work(&vd->release);
}

/**
 * vdfl_mdev_end_release() - cancel the revocation of an instance
 * @vd: instance that is closed, and cannot be opened any more
 *
 * May sleep.
 */
void vdfl_mdev_end_release(struct vdfl_mdev *vd)
{
	cancel_delayed_work_sync(&vd->release);
}
