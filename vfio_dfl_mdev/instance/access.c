// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether the registers of an instance can be accessed. What revokes access also
 * zaps all mappings.
 */
#include "trace.h"
#include "instance/instance.h"

/**
 * vdfl_access_revoke() - no access begins from now on because of @mask
 * @vd: any instance, open or not
 * @mask: VDFL_REVOKED_*
 *
 * Mappings have no pages either, but for what a fault under way may still put
 * there. May sleep, though not for accesses of the user.
 */
void vdfl_access_revoke(struct vdfl_mdev *vd, unsigned int mask)
{
	atomic_or(mask, &vd->revoked);
	wake_up_all(&vd->restored);
	vdfl_mapping_zap(&vd->mapping, &vd->vdev);
}

/**
 * vdfl_access_wait() - wait until what began before vdfl_access_revoke() is over
 * @vd: shut
 *
 * When it returns no access is under way and no mapping has a page. May sleep.
 */
void vdfl_access_wait(struct vdfl_mdev *vd)
{
	guard(rwsem_write)(&vd->memory_lock);
	vdfl_mapping_zap(&vd->mapping, &vd->vdev);
	trace_vdfl_revoke(vd->vdev.dev, atomic_read(&vd->revoked));
}

/**
 * vdfl_access_revoke_sync() - put the registers out of reach because of @mask
 * @vd: any instance, open or not
 * @mask: VDFL_REVOKED_*
 *
 * See vdfl_access_wait().
 */
void vdfl_access_revoke_sync(struct vdfl_mdev *vd, unsigned int mask)
{
	vdfl_access_revoke(vd, mask);
	vdfl_access_wait(vd);
}

/* vdfl_access_restore(): take back @mask; others may still hold */
void vdfl_access_restore(struct vdfl_mdev *vd, unsigned int mask)
{
	atomic_andnot(mask, &vd->revoked);
	wake_up_all(&vd->restored);
}

/* vdfl_access_open(): its first user may have it; @mmap_on stays what it is */
void vdfl_access_open(struct vdfl_mdev *vd)
{
	guard(rwsem_write)(&vd->memory_lock);
	vdfl_access_restore(vd, VDFL_REVOKED_CLOSED | VDFL_REVOKED_MEMORY);
}

/**
 * vdfl_access_begin() - begin an access to the registers
 * @vd: any instance
 *
 * Who comes while the block is reset for its own user waits, as with vfio-pci:
 * a fault that failed would end a guest.
 *
 * Return: 0, and vdfl_mdev.memory_lock is held for reading until
 * vdfl_access_end(); -EIO when they are out of reach
 */
int vdfl_access_begin(struct vdfl_mdev *vd)
{
	unsigned int revoked;

	for (;;) {
		down_read(&vd->memory_lock);
		revoked = atomic_read(&vd->revoked);
		if (!revoked)
			return 0;
		up_read(&vd->memory_lock);
		if (revoked != VDFL_REVOKED_SCRUB)
			return -EIO;
		wait_event(vd->restored,
			   atomic_read(&vd->revoked) != VDFL_REVOKED_SCRUB);
	}
}

void vdfl_access_end(struct vdfl_mdev *vd)
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
	vdfl_access_revoke_sync(vd, VDFL_REVOKED_SCRUB);
	ret = vdfl_block_reset(vd->block);
	vdfl_access_restore(vd, VDFL_REVOKED_SCRUB);
	if (!ret)
		WRITE_ONCE(vd->port_held, false);
	return ret;
}
