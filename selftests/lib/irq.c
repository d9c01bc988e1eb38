// SPDX-License-Identifier: GPL-2.0-only
/* Interrupts and eventfds. */
#include <poll.h>
#include <sys/eventfd.h>

#include "vdfl_test.h"

#define SET_EVENTFD	(VFIO_IRQ_SET_DATA_EVENTFD | \
			 VFIO_IRQ_SET_ACTION_TRIGGER)
#define SET_NONE	(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER)

/** try_irq_set() - VFIO_DEVICE_SET_IRQS with @size bytes of payload */
long try_irq_set(const struct dev *dev, u32 index, u32 flags,
		 u32 start, u32 count, const void *data, size_t size)
{
	size_t argsz = sizeof(struct vfio_irq_set) + size;
	struct vfio_irq_set *set = calloc(1, argsz);
	long ret;

	if (!set)
		die("out of memory");
	set->argsz = argsz;
	set->index = index;
	set->flags = flags;
	set->start = start;
	set->count = count;
	if (size)
		memcpy(set->data, data, size);
	ret = try_dev_ioctl(dev, VFIO_DEVICE_SET_IRQS, set);
	free(set);
	return ret;
}

/** try_irq_fds() - eventfds for @count vectors from @start, -1 for none */
long try_irq_fds(const struct dev *dev, u32 index, u32 start,
		 u32 count, const s32 *fds)
{
	return try_irq_set(dev, index, SET_EVENTFD, start, count, fds,
			   count * sizeof(*fds));
}

void irq_arm(const struct dev *dev, u32 index, u32 vector, int fd)
{
	long ret = try_irq_fds(dev, index, vector, 1, &fd);

	if (ret)
		die("arming vector %u of index %u: %s", vector, index,
		    err_name(ret));
}

/** irq_disable() - all vectors of @index; some must be set up */
void irq_disable(const struct dev *dev, u32 index)
{
	long ret = try_irq_set(dev, index, SET_NONE, 0, 0, NULL, 0);

	if (ret)
		die("disabling index %u: %s", index, err_name(ret));
}

int event_new(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (fd < 0)
		die_errno("making an eventfd");
	return fd;
}

/** event_take() - signals since the last call */
u64 event_take(int fd)
{
	u64 count;

	if (read(fd, &count, sizeof(count)) == sizeof(count))
		return count;
	if (errno != EAGAIN)
		die_errno("reading an eventfd");
	return 0;
}

bool event_wait(int fd, unsigned int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, ms) == 1;
}
