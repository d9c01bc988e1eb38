// SPDX-License-Identifier: GPL-2.0-only
/*
 * Register filter of an instance: the administrator loads and removes it while
 * the instance is closed.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/slab.h>

#include "instance/instance.h"

/**
 * vdfl_filter_init() - permit the whole block
 * @vd: instance that is being created; its block is set
 */
void vdfl_filter_init(struct vdfl_mdev *vd)
{
	mutex_init(&vd->filter_lock);
	vd->filter = NULL;
	vd->unfiltered = vd->block->window->size;
}

static int filter_replace(struct vdfl_mdev *vd, struct dfl_filter *filter)
{
	guard(mutex)(&vd->filter_lock);
	guard(rwsem_write)(&vd->memory_lock);
	if (!(atomic_read(&vd->revoked) & VDFL_REVOKED_CLOSED))
		return -EBUSY;
	kfree(vd->filter);
	vd->filter = filter;
	vd->unfiltered = filter ? 0 : vd->block->window->size;
	return 0;
}

/**
 * vdfl_filter_load() - replace the filter of an instance
 * @vd: any instance, open or not
 * @text: table for dfl_filter_parse(), not terminated
 * @len: bytes of @text
 *
 * The reason of a rejection is logged. Takes vdfl_mdev.filter_lock, and in it
 * memory_lock for writing. May sleep.
 *
 * Return: 0; -EINVAL if the table is rejected; -EBUSY while the instance is open;
 * -ENOMEM
 */
int vdfl_filter_load(struct vdfl_mdev *vd, const char *text, size_t len)
{
	struct dfl_filter *filter = kmalloc(sizeof(*filter), GFP_KERNEL);
	struct dfl_filter_error error;
	int ret;

	if (!filter)
		return -ENOMEM;
	ret = dfl_filter_parse(filter, text, len, vd->block->window->size,
			       &error);
	if (ret)
		dev_notice(vd->vdev.dev,
			   "filter rejected: line %u, column %u: %s\n",
			   error.line, error.column, error.problem);
	else
		ret = filter_replace(vd, filter);
	if (ret)
		kfree(filter);
	return ret;
}

/**
 * vdfl_filter_remove() - permit the whole block again
 * @vd: any instance, open or not
 *
 * Takes vdfl_mdev.filter_lock, and in it memory_lock for writing. May sleep.
 *
 * Return: 0, or -EBUSY while the instance is open
 */
int vdfl_filter_remove(struct vdfl_mdev *vd)
{
	return filter_replace(vd, NULL);
}

/**
 * vdfl_filter_print() - print the filter of an instance as one line
 * @vd: any instance, open or not
 * @buf: result, DFL_FILTER_PRINT_LEN bytes
 *
 * Any user may call this by sysfs, in a task that gets no CPU time. So no lock is
 * held that an access or a reset waits for. May sleep.
 *
 * Return: length of the text, 0 without a filter
 */
size_t vdfl_filter_print(struct vdfl_mdev *vd, char *buf)
{
	guard(mutex)(&vd->filter_lock);
	return vd->filter ? dfl_filter_print(vd->filter, buf) : 0;
}
