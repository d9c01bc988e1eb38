// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts of an instance: eventfds of the MSI-X vectors, of the error index
 * and of the device request index. VFIO_DEVICE_SET_IRQS behaves as in vfio-pci.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/nospec.h>

#include "trace.h"
#include "instance/instance.h"

/* Signal under the lock: irq_replace() puts the old eventfd after it. */
static bool irq_signal(struct vdfl_mdev *vd, struct eventfd_ctx **slot)
{
	unsigned long flags;
	bool set;

	spin_lock_irqsave(&vd->irq_lock, flags);
	set = *slot;
	if (set)
		eventfd_signal(*slot);
	spin_unlock_irqrestore(&vd->irq_lock, flags);
	return set;
}

/* Signal an interrupt of the card as soon as it is raised. */
static void vector_signal(struct vdfl_mdev *vd, unsigned int nr,
			  struct eventfd_ctx *ctx)
{
	lockdep_assert_held(&vd->irq_lock);
	eventfd_signal(ctx);
	vdfl_count_vector(&vd->irq_client, VDFL_STAT_IRQS_AT_ONCE, nr);
}

/*
 * The entry of a blocked read() wakes its task, and that of an irqfd of KVM
 * injects or schedules one interrupt. Others may do anything: that of an epoll
 * instance wakes all tasks that poll the instance.
 */
static bool entry_is_quick(const struct wait_queue_entry *entry)
{
	return entry->func == autoremove_wake_function ||
	       entry->func == default_wake_function ||
	       entry->flags & WQ_FLAG_PRIORITY;
}

/*
 * A signal takes a short, bounded time if the only entry of the queue, if any, is
 * that of a blocked read() or of an irqfd. Do not wait for a task that holds the
 * lock of the queue, since that task may walk a long queue. A user may add an
 * entry between this check and the signal, see vdfl_irq_client.deferred_until.
 */
static bool queue_is_quick(wait_queue_head_t *queue)
{
	struct list_head *head = &queue->head;
	bool quick;

	if (!spin_trylock(&queue->lock))
		return false;
	quick = list_empty(head) ||
		(list_is_singular(head) &&
		 entry_is_quick(list_first_entry(head, struct wait_queue_entry,
						 entry)));
	spin_unlock(&queue->lock);
	return quick;
}

/*
 * Vectors of a client that are signalled in interrupt context at most. More
 * would cost the other clients more than the work item.
 */
#define QUICK_VECTORS	4

/*
 * Signal a vector unless that may take long. Do not wait for a holder of the
 * lock, which may signal another vector. Return false if not signalled. The caller
 * holds vdfl_card_irq.lock, with which interrupts are disabled.
 */
static bool irq_signal_quick(struct vdfl_mdev *vd, unsigned int nr)
{
	struct eventfd_ctx *ctx;
	bool quick;

	if (!spin_trylock(&vd->irq_lock))
		return false;
	ctx = vd->vector[nr];
	quick = !ctx || queue_is_quick(vd->queue[nr]);
	if (ctx && quick)
		vector_signal(vd, nr, ctx);
	spin_unlock(&vd->irq_lock);
	return quick;
}

static u64 irq_client_notify_quick(struct vdfl_irq_client *client, u64 pending)
{
	struct vdfl_mdev *vd = container_of(client, struct vdfl_mdev,
					    irq_client);
	u64 left = pending & READ_ONCE(client->listening);
	unsigned int signalled = 0;

	while (left && signalled < QUICK_VECTORS &&
	       irq_signal_quick(vd, __ffs64(left))) {
		left &= left - 1;
		signalled++;
	}
	if (signalled)
		trace_vdfl_irq(vd->vdev.dev, signalled);
	return left;
}

/* Drop the lock after each vector, since signalling one may take long. */
static void irq_client_notify(struct vdfl_irq_client *client, u64 pending)
{
	struct vdfl_mdev *vd = container_of(client, struct vdfl_mdev,
					    irq_client);
	u64 left = pending & READ_ONCE(client->listening);
	unsigned int nr, signalled = 0;

	for (; left; left &= left - 1) {
		nr = __ffs64(left);
		if (irq_signal(vd, &vd->vector[nr])) {
			vdfl_count_vector(client, VDFL_STAT_IRQS_SIGNALLED, nr);
			signalled++;
		}
		cond_resched();
	}
	trace_vdfl_irq(vd->vdev.dev, signalled);
}

static void message_keep(struct vdfl_mdev *vd, unsigned int nr)
{
	lockdep_assert_held(&vd->irq_lock);
	vdfl_count_vector(&vd->irq_client, VDFL_STAT_IRQS_RAISED, nr);
	if (vd->missed & BIT_ULL(nr))
		vdfl_count_vector(&vd->irq_client, VDFL_STAT_IRQS_COALESCED, nr);
	vd->missed |= BIT_ULL(nr);
}

/*
 * Keep the message for the next eventfd. With vfio-pci, a vector without an
 * eventfd is masked, and its pending bit is set.
 */
static void irq_client_message(struct vdfl_irq_client *client, unsigned int nr)
{
	struct vdfl_mdev *vd = container_of(client, struct vdfl_mdev,
					    irq_client);
	struct eventfd_ctx *ctx;
	unsigned long flags;

	spin_lock_irqsave(&vd->irq_lock, flags);
	ctx = vd->vector[nr];
	if (ctx)
		vector_signal(vd, nr, ctx);
	else
		message_keep(vd, nr);
	spin_unlock_irqrestore(&vd->irq_lock, flags);
	trace_vdfl_irq(vd->vdev.dev, ctx ? 1 : 0);
}

/* No signal reaches the old eventfd when this returns. */
static void irq_replace(struct vdfl_mdev *vd, struct eventfd_ctx **slot,
			struct eventfd_ctx *ctx)
{
	struct eventfd_ctx *old;

	spin_lock_irq(&vd->irq_lock);
	old = *slot;
	*slot = ctx;
	spin_unlock_irq(&vd->irq_lock);
	if (old)
		eventfd_ctx_put(old);
}

/**
 * vdfl_mdev_irq_init() - initialise the interrupts of an instance
 * @vd: instance that is being created
 */
void vdfl_mdev_irq_init(struct vdfl_mdev *vd)
{
	mutex_init(&vd->irq_config_lock);
	spin_lock_init(&vd->irq_lock);
	vd->client.stats.vector = &vd->irq_client.vector_stats;
	vd->irq_client.notify = irq_client_notify;
	vd->irq_client.notify_quick = irq_client_notify_quick;
	vd->irq_client.message = irq_client_message;
}

/**
 * vdfl_mdev_irq_count() - get the number of interrupts of an index
 * @vd: open instance
 * @index: VFIO_PCI_*_IRQ_INDEX of the user, not checked
 *
 * Return: number of interrupts, 0 for an index without any
 */
unsigned int vdfl_mdev_irq_count(struct vdfl_mdev *vd, u32 index)
{
	switch (index) {
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return vd->nr_vectors;
	case VFIO_PCI_ERR_IRQ_INDEX:
	case VFIO_PCI_REQ_IRQ_INDEX:
		return 1;
	default:
		return 0;
	}
}

/**
 * vdfl_mdev_fire_err() - signal the error eventfd, if one is set
 * @vd: any instance, open or not
 *
 * Takes vdfl_mdev.irq_lock.
 */
void vdfl_mdev_fire_err(struct vdfl_mdev *vd)
{
	irq_signal(vd, &vd->err);
}

/**
 * vdfl_mdev_fire_req() - signal the device request eventfd, if one is set
 * @vd: any instance, open or not
 *
 * The eventfd asks the user to close the instance. Takes vdfl_mdev.irq_lock.
 *
 * Return: true if an eventfd is set
 */
bool vdfl_mdev_fire_req(struct vdfl_mdev *vd)
{
	return irq_signal(vd, &vd->req);
}

/* --- MSI-X -------------------------------------------------------------- */

/* The card's interrupts are needed only while a vector has an eventfd. */
static int vmsix_update_client(struct vdfl_mdev *vd)
{
	bool wanted = vd->irq_client.listening;
	int ret = 0;

	lockdep_assert_held(&vd->irq_config_lock);
	if (wanted == vd->armed)
		return 0;
	if (wanted)
		ret = vdfl_irq_arm(vd->card, &vd->irq_client);
	else
		vdfl_irq_disarm(vd->card, &vd->irq_client);
	if (!ret)
		vd->armed = wanted;
	return ret;
}

/* Signal a message that arrived while the vector had no eventfd. */
static void vmsix_signal_missed(struct vdfl_mdev *vd, unsigned int nr)
{
	lockdep_assert_held(&vd->irq_lock);
	if (!(vd->missed & BIT_ULL(nr)))
		return;
	vd->missed &= ~BIT_ULL(nr);
	eventfd_signal(vd->vector[nr]);
	vdfl_count_vector(&vd->irq_client, VDFL_STAT_IRQS_SIGNALLED, nr);
}

/* As irq_replace(), and update the mask of vectors that have an eventfd. */
static void vmsix_replace(struct vdfl_mdev *vd, unsigned int nr,
			  struct eventfd_ctx *ctx, wait_queue_head_t *queue)
{
	spin_lock_irq(&vd->irq_lock);
	swap(vd->vector[nr], ctx);
	vd->queue[nr] = queue;
	if (vd->vector[nr]) {
		WRITE_ONCE(vd->irq_client.listening, vd->irq_client.listening | BIT_ULL(nr));
		vmsix_signal_missed(vd, nr);
	} else {
		WRITE_ONCE(vd->irq_client.listening, vd->irq_client.listening & ~BIT_ULL(nr));
	}
	spin_unlock_irq(&vd->irq_lock);
	if (ctx)
		eventfd_ctx_put(ctx);
}

/* A negative @fd clears the vector; so does an @fd that is no eventfd. */
static int vmsix_set_vector(struct vdfl_mdev *vd, unsigned int nr, s32 fd)
{
	wait_queue_head_t *queue = NULL;
	struct eventfd_ctx *ctx = NULL;

	nr = array_index_nospec(nr, DFL_MAX_VECTORS);
	if (fd >= 0)
		ctx = vdfl_eventfd_get(fd, &queue);
	vmsix_replace(vd, nr, IS_ERR(ctx) ? NULL : ctx, queue);
	return PTR_ERR_OR_ZERO(ctx);
}

static void vmsix_clear(struct vdfl_mdev *vd, unsigned int start,
			unsigned int end)
{
	for (; start < end; start++)
		vmsix_set_vector(vd, start, -1);
}

/* An error clears the vectors up to and including the one that failed. */
static int vmsix_set_vectors(struct vdfl_mdev *vd,
			     const struct vfio_irq_set *hdr, const s32 *fds)
{
	unsigned int i = 0;
	int ret = 0;

	while (i < hdr->count && !ret) {
		ret = vmsix_set_vector(vd, hdr->start + i, fds ? fds[i] : -1);
		i++;
	}
	if (!ret)
		ret = vmsix_update_client(vd);
	if (ret) {
		vmsix_clear(vd, hdr->start, hdr->start + i);
		vmsix_update_client(vd);
	}
	return ret;
}

static void vmsix_disable(struct vdfl_mdev *vd)
{
	vmsix_clear(vd, 0, vd->nr_vectors);
	vmsix_update_client(vd);
	vd->missed = 0;
	vd->vmsix_on = false;
}

static int vmsix_enable(struct vdfl_mdev *vd, const struct vfio_irq_set *hdr,
			const s32 *fds)
{
	int ret;

	if (!(hdr->start + hdr->count))
		return -ERANGE;
	vd->vmsix_on = true;
	ret = vmsix_set_vectors(vd, hdr, fds);
	if (ret)
		vmsix_disable(vd);
	return ret;
}

static void vmsix_loopback(struct vdfl_mdev *vd, const struct vfio_irq_set *hdr,
			   const u8 *bools)
{
	unsigned int i;

	for (i = 0; i < hdr->count; i++)
		if (!bools || bools[i])
			irq_signal(vd, &vd->vector[array_index_nospec(hdr->start + i,
								      DFL_MAX_VECTORS)]);
}

static int vmsix_trigger(struct vdfl_mdev *vd, const struct vfio_irq_set *hdr,
			 void *data)
{
	lockdep_assert_held(&vd->irq_config_lock);

	if (hdr->flags & VFIO_IRQ_SET_DATA_EVENTFD) {
		if (vd->vmsix_on)
			return vmsix_set_vectors(vd, hdr, data);
		return vmsix_enable(vd, hdr, data);
	}
	if (!vd->vmsix_on)
		return -EINVAL;
	if (!hdr->count && hdr->flags & VFIO_IRQ_SET_DATA_NONE)
		vmsix_disable(vd);
	else
		vmsix_loopback(vd, hdr, data);
	return 0;
}

/**
 * vdfl_vmsix_bar_size() - get the size of the BAR with the MSI-X structures
 * @vd: open instance
 *
 * Return: bytes, 0 without vectors
 */
u64 vdfl_vmsix_bar_size(const struct vdfl_mdev *vd)
{
	return vd->nr_vectors ? VCONFIG_MSIX_BAR_SIZE : 0;
}

static u64 vmsix_table_size(const struct vdfl_mdev *vd)
{
	return vd->nr_vectors * PCI_MSIX_ENTRY_SIZE;
}

static int vmsix_bar_check(struct vdfl_mdev *vd, u64 pos, size_t len)
{
	int revoked = atomic_read(&vd->revoked) & ~VDFL_REVOKED_WAIT;
	u64 table = vmsix_table_size(vd);

	return revoked && (pos >= table || len > table - pos) ? -EIO : 0;
}

/**
 * vdfl_vmsix_bar_read() - read from the BAR with the MSI-X structures
 * @vd: open instance
 * @pos: byte offset, in range
 * @buf: result: 0xff for each byte of the table, 0 for all others
 * @len: bytes, in range
 *
 * Return: 0; -EIO if access is revoked, other than by VDFL_REVOKED_WAIT, and the
 * range is not inside the table
 */
int vdfl_vmsix_bar_read(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = pos + i < vmsix_table_size(vd) ? 0xff : 0;
	return vmsix_bar_check(vd, pos, len);
}

/**
 * vdfl_vmsix_bar_write() - ignore a write to the BAR with the MSI-X structures
 * @vd: open instance
 * @pos: byte offset, in range
 * @buf: value, ignored
 * @len: bytes, in range
 *
 * Return: as vdfl_vmsix_bar_read()
 */
int vdfl_vmsix_bar_write(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	return vmsix_bar_check(vd, pos, len);
}

/* --- error and device request ------------------------------------------- */

/* An eventfd that is set after its event is signalled at once. */
static bool single_is_due(struct vdfl_mdev *vd, struct eventfd_ctx **slot)
{
	if (vdfl_card_is_gone(vd->card) ||
	    atomic_read(&vd->revoked) & VDFL_REVOKED_REMOVED)
		return true;
	return slot == &vd->req && (READ_ONCE(vd->removing) ||
				    vdfl_card_is_unbinding(vd->card));
}

static int single_set(struct vdfl_mdev *vd, struct eventfd_ctx **slot, s32 fd)
{
	struct eventfd_ctx *ctx = NULL;

	if (fd < -1)
		return -EINVAL;
	if (fd >= 0) {
		ctx = eventfd_ctx_fdget(fd);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
	}
	irq_replace(vd, slot, ctx);
	if (ctx && single_is_due(vd, slot))
		irq_signal(vd, slot);
	return 0;
}

static int single_none(struct vdfl_mdev *vd, struct eventfd_ctx **slot,
		       u32 count)
{
	if (!*slot)
		return -EINVAL;
	if (count)
		irq_signal(vd, slot);
	else
		irq_replace(vd, slot, NULL);
	return 0;
}

static int single_trigger(struct vdfl_mdev *vd, struct eventfd_ctx **slot,
			  const struct vfio_irq_set *hdr, void *data)
{
	lockdep_assert_held(&vd->irq_config_lock);

	if (hdr->flags & VFIO_IRQ_SET_DATA_NONE)
		return single_none(vd, slot, hdr->count);
	if (!hdr->count)
		return -EINVAL;
	if (hdr->flags & VFIO_IRQ_SET_DATA_EVENTFD)
		return single_set(vd, slot, *(s32 *)data);
	if (*(u8 *)data)
		irq_signal(vd, slot);
	return 0;
}

/**
 * vdfl_mdev_set_irqs() - execute VFIO_DEVICE_SET_IRQS
 * @vd: open instance
 * @hdr: header, checked by vfio_set_irqs_validate_and_prepare()
 * @data: copy of the payload, NULL if it is empty
 *
 * Takes vdfl_mdev.irq_config_lock. May sleep.
 *
 * Return: 0; -ENOTTY for an action that the index does not support; -EINVAL or
 * -ERANGE for an action that is invalid in the current state; -EBADF or -EINVAL
 * for a bad eventfd; an error of vdfl_irq_arm()
 */
int vdfl_mdev_set_irqs(struct vdfl_mdev *vd, const struct vfio_irq_set *hdr,
		       void *data)
{
	u32 action = hdr->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;

	if (action != VFIO_IRQ_SET_ACTION_TRIGGER)
		return -ENOTTY;

	guard(mutex)(&vd->irq_config_lock);
	switch (hdr->index) {
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return vmsix_trigger(vd, hdr, data);
	case VFIO_PCI_ERR_IRQ_INDEX:
		return single_trigger(vd, &vd->err, hdr, data);
	default:
		return single_trigger(vd, &vd->req, hdr, data);
	}
}

/**
 * vdfl_mdev_irq_close() - drop all eventfds
 * @vd: instance that is being closed
 *
 * No eventfd is signalled any more when this returns. Takes
 * vdfl_mdev.irq_config_lock. May sleep.
 */
void vdfl_mdev_irq_close(struct vdfl_mdev *vd)
{
	guard(mutex)(&vd->irq_config_lock);
	if (vd->vmsix_on)
		vmsix_disable(vd);
	irq_replace(vd, &vd->err, NULL);
	irq_replace(vd, &vd->req, NULL);
}
