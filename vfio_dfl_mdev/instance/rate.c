// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rate of an instance: a bound on its trapped accesses and interrupt signals. A
 * caller that exceeds the rate sleeps without a lock before its access begins.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>

#include "instance/instance.h"

/*
 * Time that a caller may have left unused, and use later. It makes up for wake-ups
 * that are late.
 */
#define RATE_BURST_NS		NSEC_PER_MSEC

/* A reset polls its port, checks the header and reads the first register again */
#define RESET_ACCESSES		16

/**
 * vdfl_rate_init() - set no bound
 * @vd: instance that is being created
 */
void vdfl_rate_init(struct vdfl_mdev *vd)
{
	spin_lock_init(&vd->rate.lock);
}

/**
 * vdfl_rate_set() - change the rate of an instance
 * @vd: any instance, open or not
 * @per_second: accesses a second, at most VDFL_RATE_MAX; 0 for no bound
 *
 * Takes effect for callers that wait as well. The duration depends on the number
 * of tasks that wait.
 *
 * Return: 0, or -ERANGE
 */
int vdfl_rate_set(struct vdfl_mdev *vd, unsigned int per_second)
{
	u64 interval = per_second ? NSEC_PER_SEC / per_second : 0;

	if (per_second > VDFL_RATE_MAX)
		return -ERANGE;
	spin_lock(&vd->rate.lock);
	WRITE_ONCE(vd->rate.per_second, per_second);
	vd->rate.interval = interval;
	vd->rate.next = 0;
	WRITE_ONCE(vd->rate.epoch, vd->rate.epoch + 1);
	WRITE_ONCE(vd->irq_client.interval, interval);
	atomic64_set(&vd->irq_client.due, 0);
	spin_unlock(&vd->rate.lock);
	vdfl_access_wake(vd);
	return 0;
}

/**
 * vdfl_rate_open() - forget the accesses of earlier users
 * @vd: instance that is being opened
 *
 * A user that was killed while it waited has reserved time that it does not use.
 */
void vdfl_rate_open(struct vdfl_mdev *vd)
{
	spin_lock(&vd->rate.lock);
	vd->rate.next = 0;
	spin_unlock(&vd->rate.lock);
}

/* Reserve the time of @nr accesses. Return the time at which they may begin. */
static u64 rate_reserve(struct vdfl_rate *rate, unsigned int nr, u32 *epoch)
{
	u64 start;

	spin_lock(&rate->lock);
	start = max(rate->next, ktime_get_ns() - RATE_BURST_NS);
	rate->next = start + nr * rate->interval;
	*epoch = rate->epoch;
	spin_unlock(&rate->lock);
	return start;
}

/* Take back a reservation, unless the rate has changed. */
static void rate_return(struct vdfl_rate *rate, unsigned int nr, u32 epoch)
{
	spin_lock(&rate->lock);
	if (rate->epoch == epoch)
		rate->next -= nr * rate->interval;
	spin_unlock(&rate->lock);
}

/* Return 0 to wait on, or the reason to stop. */
static int rate_interrupted(const struct vdfl_mdev *vd, unsigned long ends,
			    u32 epoch)
{
	if (atomic_read(&vd->revoked) & ends)
		return -EIO;
	if (fatal_signal_pending(current))
		return -EINTR;
	return READ_ONCE(vd->rate.epoch) == epoch ? 0 : -EAGAIN;
}

static int rate_sleep(struct vdfl_mdev *vd, u64 start, unsigned long ends,
		      u32 epoch)
{
	ktime_t until = ns_to_ktime(start);
	DEFINE_WAIT(wait);
	int ret = 0;

	while (!ret && ktime_get_ns() < start) {
		prepare_to_wait(&vd->restored, &wait,
				TASK_KILLABLE | TASK_FREEZABLE);
		ret = rate_interrupted(vd, ends, epoch);
		if (!ret)
			schedule_hrtimeout(&until, HRTIMER_MODE_ABS);
	}
	finish_wait(&vd->restored, &wait);
	return ret;
}

/* Wait for the turn of @nr accesses, or for one of the revocations in @ends. */
static int rate_wait(struct vdfl_mdev *vd, unsigned int nr,
		     unsigned long ends)
{
	u32 epoch;
	u64 start;
	int ret;

	do {
		start = rate_reserve(&vd->rate, nr, &epoch);
		ret = rate_sleep(vd, start, ends, epoch);
	} while (ret == -EAGAIN);
	if (ret)
		rate_return(&vd->rate, nr, epoch);
	return ret;
}

/**
 * vdfl_rate_wait() - wait until accesses may begin
 * @vd: open instance; the caller holds no lock
 * @nr: number of accesses
 *
 * Each caller waits for all that came before. May sleep.
 *
 * Return: 0; -EIO if access is revoked; -EINTR on a fatal signal
 */
int vdfl_rate_wait(struct vdfl_mdev *vd, unsigned int nr)
{
	return rate_wait(vd, nr, ~VDFL_REVOKED_WAIT);
}

/**
 * vdfl_rate_charge_reset() - count a reset that a user has made
 * @vd: open instance; the caller holds no lock
 *
 * Sleeps until the turn of the accesses that the reset has made, so that a loop of
 * resets has the rate. A failed reset revokes access, which does not end the wait.
 */
void vdfl_rate_charge_reset(struct vdfl_mdev *vd)
{
	if (READ_ONCE(vd->rate.per_second))
		rate_wait(vd, RESET_ACCESSES,
			  VDFL_REVOKED_GONE | VDFL_REVOKED_REMOVED);
}
