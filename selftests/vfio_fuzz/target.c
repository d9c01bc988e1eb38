// SPDX-License-Identifier: GPL-2.0-only
/* Open instances, and read the values that later results are compared with. */
#include <fcntl.h>

#include "fuzz.h"
#include "lab_card.h"

/* --- descriptors ---------------------------------------------------------------------- */

/* An instance that is being removed gives no more descriptors. */
static int new_fd(struct target *t)
{
	int fd = t->dev.group < 0 ? dup(t->dev.fd) :
		 ioctl(t->dev.group, VFIO_GROUP_GET_DEVICE_FD, t->inst.uuid);

	if (fd < 0 && !(t->opt->disturbed && errno == ENODEV))
		die_errno("another descriptor of %s", t->inst.pos);
	return fd;
}

struct slot *slot_get(struct worker *w)
{
	struct slot *s = &w->t->slot[below(w, w->t->nr_slots)];

	pthread_rwlock_rdlock(&s->lock);
	return s;
}

void slot_put(struct slot *s)
{
	pthread_rwlock_unlock(&s->lock);
}

/* A descriptor for another one of the same device */
void op_reopen(struct worker *w)
{
	struct slot *s = &w->t->slot[below(w, w->t->nr_slots)];
	int fd;

	if (w->t->dev.group < 0 || pthread_rwlock_trywrlock(&s->lock))
		return;
	fd = new_fd(w->t);
	if (fd >= 0) {
		close(s->fd);
		s->fd = fd;
		s->pos = 0;
	}
	pthread_rwlock_unlock(&s->lock);
	w->count[COUNT_FD]++;
}

/*
 * A duplicate is equal, and the first one stays open when the duplicate is
 * closed.
 */
void op_dup(struct worker *w)
{
	struct slot *s = slot_get(w);
	int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct answers right = answer(0);

	if (fd < 0)
		die_errno("duplicating a descriptor");
	expect(w, &right, ioctl(fd, VFIO_DEVICE_GET_INFO, &info) ? -errno : 0,
	       "a duplicate");
	close(fd);
	slot_put(s);
	w->count[COUNT_FD]++;
}

/* --- opening ---------------------------------------------------------------------------- */

void target_open(struct target *t)
{
	int ret = try_dev_open_path(&t->dev, &t->inst,
				    t->opt->cdev ? DEV_CDEV : DEV_GROUP);
	unsigned int i;

	if (ret)
		die("opening %s (%s): %s", t->inst.uuid, t->inst.pos,
		    err_name(ret));
	t->state = (struct state){ .memory = true };
	t->slot[0].fd = t->dev.fd;
	t->slot[0].pos = 0;
	for (i = 1; i < t->nr_slots; i++) {
		t->slot[i].fd = new_fd(t);
		if (t->slot[i].fd < 0)
			die("%s is removed already", t->inst.pos);
		t->slot[i].pos = 0;
	}
}

static void target_close(struct target *t)
{
	unsigned int i;

	for (i = 1; i < t->nr_slots; i++)
		close(t->slot[i].fd);
	t->dev.fd = t->slot[0].fd;
	dev_close(&t->dev);
}

/* A block that can be reset has no data of the last user. */
static void check_scrubbed(struct worker *w)
{
	u8 buf[16], zero[16] = {};

	if (!(w->t->info.flags & VFIO_DEVICE_FLAGS_RESET))
		return;
	dev_read(&w->t->dev, BAR0, AFU_SCRATCH0, buf, sizeof(buf));
	if (memcmp(buf, zero, sizeof(buf)))
		complain(w, "registers survived the last close");
}

/* Last close and first open, which only a lone worker can do. */
void op_cycle(struct worker *w)
{
	if (!w->t->alone)
		return;
	children_reap(w);
	maps_drop(w);
	target_close(w->t);
	target_open(w->t);
	check_scrubbed(w);
	w->count[COUNT_FD]++;
}

/* --- learning ------------------------------------------------------------------------------ */

/* Older kernels know the structure without its last word. */
static void learn_info(struct target *t)
{
	const u32 untouched = 0xa5a5a5a5;

	t->info.argsz = sizeof(t->info);
	t->info.pad = untouched;
	if (ioctl(t->dev.fd, VFIO_DEVICE_GET_INFO, &t->info))
		die_errno("device info");
	t->info_size = t->info.pad == untouched ?
		       offsetof(struct vfio_device_info, pad) : sizeof(t->info);
}

static void learn_region(struct target *t, u32 index)
{
	const struct vfio_region_info_cap_sparse_mmap *sparse;
	struct vfio_region_info *info = &t->region[index].info;

	dev_region_info(&t->dev, index, info, INFO_ROOM);
	/* A call with little room returns the size that is needed */
	info->argsz = sizeof(*info);
	if (ioctl(t->dev.fd, VFIO_DEVICE_GET_REGION_INFO, info))
		die_errno("region info");
	dev_region_info(&t->dev, index, info, INFO_ROOM);
	sparse = (const void *)region_cap(info,
					  VFIO_REGION_INFO_CAP_SPARSE_MMAP);
	if (sparse)
		t->map[index] = sparse->areas[0];
}

static void learn_irqs(struct target *t)
{
	struct vfio_irq_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
	};

	if (ioctl(t->dev.fd, VFIO_DEVICE_GET_IRQ_INFO, &info))
		die_errno("interrupt info");
	t->vectors = info.count;
}

static u8 *learn_bytes(struct target *t, u32 index, u64 len)
{
	u8 *bytes = calloc(1, len + 8);

	if (!bytes)
		die("out of memory");
	dev_read(&t->dev, index, 0, bytes, len);
	return bytes;
}

/* Below the block all words of the second view are emulated. */
static void learn_view(struct target *t)
{
	u64 size = t->region[BAR2].info.size;

	if (!size)
		return;
	t->view_block = PAGE;
	if (t->block.kind == VFIO_DFL_MDEV_KIND_AFU && t->vectors)
		t->view_block = 2 * PAGE;
	t->view = (u64 *)learn_bytes(t, BAR2, t->view_block);
}

void target_learn(struct target *t)
{
	u32 i;

	learn_info(t);
	learn_irqs(t);
	for (i = 0; i < NR_REGIONS; i++)
		if (i != VFIO_PCI_VGA_REGION_INDEX)
			learn_region(t, i);
	t->desc = learn_bytes(t, REGION_BLOCK, t->region[REGION_BLOCK].info.size);
	memcpy(&t->block, t->desc, sizeof(t->block));
	dev_read(&t->dev, CONFIG, 0, t->config, sizeof(t->config));
	learn_view(t);
}
