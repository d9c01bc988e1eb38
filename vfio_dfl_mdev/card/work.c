// SPDX-License-Identifier: GPL-2.0-only
/*
 * The workqueues of the driver.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/workqueue.h>

#include "card/card_priv.h"

struct workqueue_struct *vdfl_wq;
struct workqueue_struct *vdfl_signal_wq;

struct work_call {
	struct work_struct work;
	int (*fn)(void *data);
	void *data;
	int ret;
};

static void work_call_fn(struct work_struct *work)
{
	struct work_call *call = container_of(work, struct work_call, work);

	call->ret = call->fn(call->data);
}

/**
 * vdfl_work_call() - run a function on the workqueue and wait for it
 * @fn: function that takes locks of a card, and may sleep
 * @data: argument of @fn
 *
 * Code that sleeps under a lock of the card runs on the workqueue. A caller
 * that is throttled (CPU bandwidth limit, low priority) while it holds the lock
 * would stall the audit and all other clients. The caller holds no lock that
 * @fn takes.
 *
 * Return: result of @fn
 */
int vdfl_work_call(int (*fn)(void *data), void *data)
{
	struct work_call call = { .fn = fn, .data = data };

	INIT_WORK_ONSTACK(&call.work, work_call_fn);
	queue_work(vdfl_wq, &call.work);
	flush_work(&call.work);
	destroy_work_on_stack(&call.work);
	return call.ret;
}

/**
 * vdfl_work_init() - create the workqueues of the module
 *
 * Undone by vdfl_work_exit(). May sleep.
 *
 * Return: 0 or -ENOMEM
 */
int vdfl_work_init(void)
{
	vdfl_wq = alloc_workqueue(VDFL_NAME, WQ_UNBOUND, 0);
	if (!vdfl_wq)
		return -ENOMEM;
	/* Separate, because items of vdfl_wq may wait for locks */
	vdfl_signal_wq = alloc_workqueue(VDFL_NAME "_signal",
					 WQ_UNBOUND | WQ_HIGHPRI, 0);
	if (!vdfl_signal_wq) {
		destroy_workqueue(vdfl_wq);
		return -ENOMEM;
	}
	return 0;
}

/**
 * vdfl_work_exit() - destroy the workqueues of the module
 *
 * No card exists any more. May sleep.
 */
void vdfl_work_exit(void)
{
	destroy_workqueue(vdfl_signal_wq);
	destroy_workqueue(vdfl_wq);
}
