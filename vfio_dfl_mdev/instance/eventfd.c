// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eventfds of users, and the duration of a signal to them.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/file.h>
#include <linux/poll.h>

#include "instance/instance.h"

struct queue_request {
	poll_table table;
	wait_queue_head_t *queue;
};

static void queue_found(struct file *file, wait_queue_head_t *queue,
			poll_table *table)
{
	container_of(table, struct queue_request, table)->queue = queue;
}

/**
 * vdfl_eventfd_get() - get an eventfd and its wait queue
 * @fd: file descriptor of the calling task
 * @queue: result: the wait queue, which is part of the eventfd
 *
 * Only poll() reports the wait queue. The irqfd of KVM uses it in this way, too.
 * May sleep.
 *
 * Return: the eventfd, to be put with eventfd_ctx_put(); ERR_PTR(-EBADF) for a
 * bad @fd; ERR_PTR(-EINVAL) if it is no eventfd
 */
struct eventfd_ctx *vdfl_eventfd_get(int fd, wait_queue_head_t **queue)
{
	struct queue_request request = {};
	struct file *file = fget(fd);
	struct eventfd_ctx *ctx;

	if (!file)
		return ERR_PTR(-EBADF);
	ctx = eventfd_ctx_fileget(file);
	if (!IS_ERR(ctx)) {
		init_poll_funcptr(&request.table, queue_found);
		vfs_poll(file, &request.table);
		*queue = request.queue;
	}
	fput(file);
	return ctx;
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

/**
 * vdfl_eventfd_is_quick() - check whether a signal takes a short, bounded time
 * @queue: wait queue of the eventfd
 *
 * It does if the only entry of the queue, if any, is that of a blocked read() or
 * of an irqfd. Does not wait for a task that holds the lock of the queue, since
 * that task may walk a long queue. The caller holds a spinlock with interrupts
 * disabled, so few entries can be added until it calls eventfd_signal().
 *
 * Return: true if the signal is quick
 */
bool vdfl_eventfd_is_quick(wait_queue_head_t *queue)
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
