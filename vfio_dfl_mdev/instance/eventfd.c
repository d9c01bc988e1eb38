// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eventfds of users, and their wait queues.
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
