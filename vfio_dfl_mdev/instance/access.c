// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether the registers of an instance can be accessed. What revokes access also
 * zaps all mappings.
 */
#include "trace.h"
#include "instance/instance.h"

/**
 * vdfl_region_shut() - no access begins from now on because of @why
 * @vd: any instance, open or not
 * @why: VDFL_BLOCKED_*
 *
 * Mappings have no pages either, but for what a fault under way may still put
 * there. May sleep, though not for accesses of the user.
 */
void vdfl_region_shut(struct vdfl_mdev *vd, unsigned int why)
{
	atomic_or(why, &vd->blocked);
	wake_up_all(&vd->unblocked);
	vdfl_mapping_zap(&vd->mapping, &vd->vdev);
}

/**
 * vdfl_region_drain() - wait until what began before vdfl_region_shut() is over
 * @vd: shut
 *
 * When it returns no access is under way and no mapping has a page. May sleep.
 */
void vdfl_region_drain(struct vdfl_mdev *vd)
{
	down_write(&vd->memory_lock);
	vdfl_mapping_zap(&vd->mapping, &vd->vdev);
	trace_vdfl_revoke(vd->vdev.dev, atomic_read(&vd->blocked));
	up_write(&vd->memory_lock);
}

/**
 * vdfl_region_block() - put the registers out of reach because of @why
 * @vd: any instance, open or not
 * @why: VDFL_BLOCKED_*
 *
 * See vdfl_region_drain().
 */
void vdfl_region_block(struct vdfl_mdev *vd, unsigned int why)
{
	vdfl_region_shut(vd, why);
	vdfl_region_drain(vd);
}

/* vdfl_region_unblock(): take back @why; others may still hold */
void vdfl_region_unblock(struct vdfl_mdev *vd, unsigned int why)
{
	atomic_andnot(why, &vd->blocked);
	wake_up_all(&vd->unblocked);
}

/* vdfl_region_open(): its first user may have it; @mmap_on stays what it is */
void vdfl_region_open(struct vdfl_mdev *vd)
{
	down_write(&vd->memory_lock);
	vdfl_region_unblock(vd, VDFL_BLOCKED_CLOSED | VDFL_BLOCKED_MEMORY);
	up_write(&vd->memory_lock);
}

/**
 * vdfl_region_enter() - begin an access to the registers
 * @vd: any instance
 *
 * Who comes while the block is reset for its own user waits, as with vfio-pci:
 * a fault that failed would end a guest.
 *
 * Return: 0, and vdfl_mdev.memory_lock is held for reading until
 * vdfl_region_leave(); -EIO when they are out of reach
 */
int vdfl_region_enter(struct vdfl_mdev *vd)
{
	unsigned int blocked;

	for (;;) {
		down_read(&vd->memory_lock);
		blocked = atomic_read(&vd->blocked);
		if (!blocked)
			return 0;
		up_read(&vd->memory_lock);
		if (blocked != VDFL_BLOCKED_SCRUB)
			return -EIO;
		wait_event(vd->unblocked,
			   atomic_read(&vd->blocked) != VDFL_BLOCKED_SCRUB);
	}
}

void vdfl_region_leave(struct vdfl_mdev *vd)
{
	up_read(&vd->memory_lock);
}

/**
 * vdfl_mdev_reset_locked() - reset the block of an open instance
 * @vd: vdfl_mdev.cfg_lock is held
 *
 * Mappings are revoked and fault in again afterwards; eventfds and config
 * space stay.
 *
 * Return: 0; -EINVAL when the block has no reset; -EIO when it did not take
 * the reset, or the card is lost; -EAGAIN while the whole card is being reset.
 */
int vdfl_mdev_reset_locked(struct vdfl_mdev *vd)
{
	int ret;

	lockdep_assert_held(&vd->cfg_lock);
	if (!vdfl_block_has_reset(vd->block))
		return -EINVAL;
	vdfl_region_block(vd, VDFL_BLOCKED_SCRUB);
	ret = vdfl_block_reset(vd->block);
	vdfl_region_unblock(vd, VDFL_BLOCKED_SCRUB);
	if (!ret)
		WRITE_ONCE(vd->port_held, false);
	return ret;
}
