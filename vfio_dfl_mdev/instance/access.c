// SPDX-License-Identifier: GPL-2.0-only
/*
 * Revocation of access to the registers of an instance. Registers are accessed
 * only with vdfl_mdev.memory_lock held for reading and vdfl_mdev.revoked 0.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/sched/signal.h>

#include "trace.h"
#include "instance/instance.h"

/**
 * vdfl_access_mark() - mark access to the registers as revoked
 * @vd: any instance, open or not
 * @mask: VDFL_REVOKED_*
 *
 * No access begins from now on. Does not sleep.
 */
void vdfl_access_mark(struct vdfl_mdev *vd, unsigned int mask)
{
	atomic_or(mask, &vd->revoked);
}

/**
 * vdfl_access_clear() - undo vdfl_access_mark()
 * @vd: any instance, open or not
 * @mask: VDFL_REVOKED_*; access stays revoked while another bit is set
 *
 * The caller ensures that vdfl_access_wake() runs afterwards. Does not sleep.
 */
void vdfl_access_clear(struct vdfl_mdev *vd, unsigned int mask)
{
	atomic_andnot(mask, &vd->revoked);
}

/**
 * vdfl_access_wake() - wake accesses that wait for the end of a revocation
 * @vd: any instance, open or not
 *
 * The duration depends on the number of tasks that wait.
 */
void vdfl_access_wake(struct vdfl_mdev *vd)
{
	wake_up_all(&vd->restored);
}

/**
 * vdfl_access_drain() - zap all mappings and wait until accesses have ended
 * @vd: instance whose access is marked as revoked; the caller does not hold
 *	vdfl_mdev.memory_lock
 *
 * When this returns, no access is running and no mapping has a PTE. A fault
 * that is running during the first zap may still insert one, which the second
 * zap removes. Takes vdfl_mdev.memory_lock for writing. May sleep.
 */
void vdfl_access_drain(struct vdfl_mdev *vd)
{
	vdfl_access_wake(vd);
	vdfl_mapping_zap(&vd->mapping, &vd->vdev);
	guard(rwsem_write)(&vd->memory_lock);
	vdfl_mapping_zap(&vd->mapping, &vd->vdev);
	trace_vdfl_revoke(vd->vdev.dev, atomic_read(&vd->revoked));
	vdfl_count(&vd->client.stats, VDFL_STAT_REVOCATIONS, 1);
}

/**
 * vdfl_access_revoke_sync() - revoke access to the registers and wait
 * @vd: any instance, open or not
 * @mask: VDFL_REVOKED_*
 *
 * Calls vdfl_access_mark(), then vdfl_access_drain(). May sleep.
 */
void vdfl_access_revoke_sync(struct vdfl_mdev *vd, unsigned int mask)
{
	vdfl_access_mark(vd, mask);
	vdfl_access_drain(vd);
}

/**
 * vdfl_access_restore() - undo vdfl_access_revoke_sync()
 * @vd: any instance, open or not
 * @mask: VDFL_REVOKED_*, cleared; access stays revoked while another bit is set
 */
void vdfl_access_restore(struct vdfl_mdev *vd, unsigned int mask)
{
	vdfl_access_clear(vd, mask);
	vdfl_access_wake(vd);
}

/**
 * vdfl_access_open() - restore access for a new user
 * @vd: instance that is being opened
 *
 * Takes vdfl_mdev.memory_lock for writing, so that vdfl_mmap_allow() cannot
 * change mmap_on from then on. May sleep.
 */
void vdfl_access_open(struct vdfl_mdev *vd)
{
	guard(rwsem_write)(&vd->memory_lock);
	vdfl_access_restore(vd, VDFL_REVOKED_CLOSED | VDFL_REVOKED_MEMORY);
}

static bool access_waits(unsigned int revoked)
{
	return revoked && !(revoked & ~VDFL_REVOKED_WAIT);
}

/**
 * vdfl_access_begin() - begin an access to the registers
 * @vd: any instance; no user memory is accessed until vdfl_access_end()
 *
 * An access during a reset of the block or of the card waits for the reset to
 * complete, as in vfio-pci, because a failed fault would kill the guest. May
 * sleep.
 *
 * Return: 0 with vdfl_mdev.memory_lock held for reading until
 * vdfl_access_end(); without the lock -EIO if access is revoked, or -EINTR if a
 * fatal signal ended the wait
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
		if (!access_waits(revoked))
			return -EIO;
		vdfl_count(&vd->client.stats, VDFL_STAT_WAITS, 1);
		if (wait_event_killable(vd->restored,
					!access_waits(atomic_read(&vd->revoked))))
			return -EINTR;
	}
}

/**
 * vdfl_access_end() - end an access to the registers
 * @vd: instance after a successful vdfl_access_begin()
 */
void vdfl_access_end(struct vdfl_mdev *vd)
{
	up_read(&vd->memory_lock);
}

/* The audit freezes the card, or declares it lost. */
static int access_card_absent(struct vdfl_mdev *vd)
{
	int ret = vdfl_audit_now(vd->card);

	if (ret)
		return ret;
	return vdfl_card_is_gone(vd->card) ? -EIO : -EAGAIN;
}

/*
 * A card that did not respond to the access may respond because the driver has
 * restored it. The driver revokes access before that, and increments the
 * generation before it restores access. So ask for the response first.
 */
static bool value_is_data(struct vdfl_mdev *vd, u32 generation)
{
	if (!vdfl_card_answers(vd->card) || atomic_read(&vd->revoked))
		return false;
	/* Pairs with smp_wmb() in card_resume_use() */
	smp_rmb();
	return generation == vdfl_card_generation(vd->card);
}

/**
 * vdfl_access_recheck() - check whether a read of all-ones is data
 * @vd: open instance whose access has ended
 * @generation: vdfl_card_generation() before the access
 *
 * All-ones is either data or a card that did not respond. The audit knows
 * whether a reset is in progress, and freezes a card that does not respond. May
 * sleep.
 *
 * Return: 0 if the value is data; -EAGAIN if the read is to be repeated, which
 * waits while the card is frozen; -EIO if the card is lost; -EINTR on a fatal
 * signal
 */
int vdfl_access_recheck(struct vdfl_mdev *vd, u32 generation)
{
	/* While the card is frozen, the driver does not access it */
	if (atomic_read(&vd->revoked))
		return fatal_signal_pending(current) ? -EINTR : -EAGAIN;
	return value_is_data(vd, generation) ? 0 : access_card_absent(vd);
}

static int reset_locked(struct vdfl_mdev *vd, bool hold_port)
{
	int ret;

	lockdep_assert_held(&vd->cfg_lock);
	vdfl_access_revoke_sync(vd, VDFL_REVOKED_SCRUB);
	ret = vdfl_block_reset(vd->block);
	if (ret == -ENODEV)
		ret = access_card_absent(vd);
	vdfl_access_restore(vd, VDFL_REVOKED_SCRUB);
	if (!ret)
		WRITE_ONCE(vd->port_held, hold_port);
	return ret;
}

/**
 * vdfl_mdev_reset() - reset the block of an open instance for its user
 * @vd: open instance; the caller holds no lock
 * @hold_port: after a reset that succeeds, the emulated port is in reset
 *
 * Mappings are zapped, and fault in again after the reset. Eventfds and config
 * space do not change. Takes vdfl_mdev.cfg_lock, then sleeps until the turn of the
 * reset if the instance has a rate.
 *
 * Return: 0; -EINVAL if the block has no reset; -EIO if the reset failed, the
 * header differs or the card is lost; -EAGAIN as for vdfl_block_reset(), or if the
 * card does not respond; -EINTR on a fatal signal while it does not respond
 */
int vdfl_mdev_reset(struct vdfl_mdev *vd, bool hold_port)
{
	int ret;

	if (!vdfl_block_has_reset(vd->block))
		return -EINVAL;
	mutex_lock(&vd->cfg_lock);
	ret = reset_locked(vd, hold_port);
	mutex_unlock(&vd->cfg_lock);
	vdfl_rate_charge_reset(vd);
	return ret;
}
