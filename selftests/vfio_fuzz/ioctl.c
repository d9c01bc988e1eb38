// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ioctls other than SET_IRQS. The output of an information ioctl is known to
 * the byte. Each is called twice, on memory filled with different bytes, to
 * find leaked kernel memory.
 */
#include "fuzz.h"

#define INFO_MIN	offsetofend_(struct vfio_device_info, num_irqs)
#define REGION_MIN	sizeof(struct vfio_region_info)
#define IRQ_MIN		sizeof(struct vfio_irq_info)
#define ROOM		256

#define offsetofend_(type, member) \
	(offsetof(type, member) + sizeof(((type *)0)->member))

/**
 * struct query - one call of an information ioctl
 * @cmd: which
 * @p: its argument
 * @argsz: first word there
 * @index: third word there
 * @has_index: if there is an index
 * @min: bytes it must be able to read
 * @invalid: it must answer EINVAL if it can read them
 * @out: output of the ioctl
 * @len: bytes of that
 */
struct query {
	unsigned long cmd;
	struct place p;
	u32 argsz;
	u32 index;
	bool has_index;
	size_t min;
	bool invalid;
	u8 out[ROOM];
	size_t len;
};

static struct answers query_answers(const struct query *q)
{
	if (q->p.readable < q->min)
		return answer(-EFAULT);
	if (q->invalid)
		return answer(-EINVAL);
	return answer(q->p.writable < q->len ? -EFAULT : 0);
}

static void put_word(const struct query *q, size_t off, u32 word)
{
	size_t i;

	for (i = 0; i < 4 && off + i < q->p.readable; i++)
		q->p.bytes[off + i] = word >> 8 * i;
}

/* Check bytes that no call may change, and bytes that it must have written */
static void check_memory(struct worker *w, const struct query *q, long ret,
			 const u8 *before, size_t room)
{
	size_t len = ret ? 0 : q->len;

	if (memcmp(q->p.bytes, q->out, len))
		complain(w, "ioctl 0x%lx argsz %u index 0x%x wrote something else",
			 q->cmd & 0xff, q->argsz, q->index);
	if (memcmp(q->p.bytes + len, before + len, room - len))
		complain(w, "ioctl 0x%lx argsz %u index 0x%x wrote past byte %zu",
			 q->cmd & 0xff, q->argsz, q->index, len);
}

static void call_query(struct worker *w, const struct query *q, int fd, u8 fill)
{
	size_t room = q->p.readable < ROOM ? q->p.readable : ROOM;
	struct answers a = query_answers(q);
	u8 before[ROOM];
	long ret;

	if (q->p.bytes) {
		memset(q->p.bytes, fill, room);
		put_word(q, 0, q->argsz);
		if (q->has_index)
			put_word(q, 8, q->index);
		memcpy(before, q->p.bytes, room);
	}
	ret = ioctl(fd, q->cmd, q->p.addr) ? -errno : 0;
	w->count[COUNT_IOCTL]++;
	expect(w, &a, ret, "ioctl 0x%lx argsz %u index 0x%x at %p",
	       q->cmd & 0xff, q->argsz, q->index, q->p.addr);
	/* A copy that fails may have been partial */
	if (q->p.bytes && ret != -EFAULT)
		check_memory(w, q, ret, before, room);
}

static void query(struct worker *w, const struct query *q)
{
	struct slot *s = slot_get(w);

	call_query(w, q, s->fd, 0xa5);
	call_query(w, q, s->fd, 0x5a);
	slot_put(s);
}

static u32 any_argsz(struct worker *w, u32 min)
{
	if (chance(w, 4))
		return around(w, min + 40);
	return min + PICK(w, 0, 1, 4, 8, 16, 32, 64, 0xffffffffu, -1, -4);
}

void op_info(struct worker *w)
{
	const u32 size = w->t->info_size;
	struct query q = {
		.cmd = VFIO_DEVICE_GET_INFO,
		.min = INFO_MIN,
		.argsz = any_argsz(w, INFO_MIN),
	};

	q.p = any_place(w, q.argsz < ROOM ? q.argsz : ROOM);
	q.invalid = q.argsz < INFO_MIN;
	memcpy(q.out, &w->t->info, size);
	memcpy(q.out, &q.argsz, sizeof(q.argsz));
	q.len = q.argsz < size ? q.argsz : size;
	query(w, &q);
}

/* Without room for the capabilities only their size is returned. */
static void region_answer(const struct target *t, struct query *q)
{
	struct vfio_region_info info = t->region[q->index].info;
	u32 all = info.argsz;

	memcpy(q->out, t->region[q->index].bytes, all);
	q->len = all;
	if (q->argsz < all) {
		info.cap_offset = 0;
		q->len = REGION_MIN;
	} else {
		info.argsz = q->argsz;
	}
	memcpy(q->out, &info, REGION_MIN);
}

void op_region_info(struct worker *w)
{
	struct query q = {
		.cmd = VFIO_DEVICE_GET_REGION_INFO,
		.min = REGION_MIN,
		.argsz = any_argsz(w, REGION_MIN),
		.index = around(w, NR_REGIONS),
		.has_index = true,
	};

	q.p = any_place(w, q.argsz < ROOM ? q.argsz : ROOM);
	q.invalid = q.argsz < REGION_MIN || q.index >= NR_REGIONS ||
		    q.index == VFIO_PCI_VGA_REGION_INDEX;
	if (!q.invalid)
		region_answer(w->t, &q);
	query(w, &q);
}

static struct vfio_irq_info irq_answer(const struct target *t, u32 index)
{
	struct vfio_irq_info info = {
		.index = index,
		.flags = VFIO_IRQ_INFO_EVENTFD,
	};

	if (index == VFIO_PCI_INTX_IRQ_INDEX)
		info.flags |= VFIO_IRQ_INFO_MASKABLE |
			      VFIO_IRQ_INFO_AUTOMASKED;
	else if (index != VFIO_PCI_MSIX_IRQ_INDEX)
		info.flags |= VFIO_IRQ_INFO_NORESIZE;
	if (index == VFIO_PCI_MSIX_IRQ_INDEX)
		info.count = t->vectors;
	else if (index > VFIO_PCI_MSIX_IRQ_INDEX)
		info.count = 1;
	return info;
}

void op_irq_info(struct worker *w)
{
	struct vfio_irq_info info;
	struct query q = {
		.cmd = VFIO_DEVICE_GET_IRQ_INFO,
		.min = IRQ_MIN,
		.argsz = any_argsz(w, IRQ_MIN),
		.index = around(w, VFIO_PCI_NUM_IRQS),
		.has_index = true,
		.len = IRQ_MIN,
	};

	q.p = any_place(w, q.argsz < ROOM ? q.argsz : ROOM);
	q.invalid = q.argsz < IRQ_MIN || q.index >= VFIO_PCI_NUM_IRQS;
	info = irq_answer(w->t, q.index);
	info.argsz = q.argsz;
	memcpy(q.out, &info, sizeof(info));
	query(w, &q);
}

/* --- reset -------------------------------------------------------------------- */

/* The argument is ignored. */
void op_reset(struct worker *w)
{
	bool can = w->t->info.flags & VFIO_DEVICE_FLAGS_RESET;
	struct answers a = answer(can ? 0 : -EINVAL);
	struct slot *s = slot_get(w);
	long ret = ioctl(s->fd, VFIO_DEVICE_RESET, rng(w)) ? -errno : 0;

	if (w->t->opt->disturbed) {
		or_error(&a, EAGAIN);
		or_error(&a, EIO);
	}
	w->count[COUNT_IOCTL]++;
	expect(w, &a, ret, "reset");
	slot_put(s);
}

/* --- the others --------------------------------------------------------------- */

/* MIG_PRECOPY_INFOv2, which newer VFIO cores refuse with another error */
#define FEATURE_PRECOPY_INFO	12

static struct answers feature_answers(const struct place *p, const u32 *word)
{
	const u32 known = VFIO_DEVICE_FEATURE_MASK | VFIO_DEVICE_FEATURE_GET |
			  VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_PROBE;
	const u32 both = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET;
	struct answers a = answer(-ENOTTY);

	if (p->readable < 8)
		return answer(-EFAULT);
	if (word[0] < 8 || word[1] & ~known)
		return answer(-EINVAL);
	if (!(word[1] & VFIO_DEVICE_FEATURE_PROBE) && (word[1] & both) == both)
		return answer(-EINVAL);
	if ((word[1] & VFIO_DEVICE_FEATURE_MASK) == FEATURE_PRECOPY_INFO)
		or_error(&a, EINVAL);
	return a;
}

static unsigned long other_command(struct worker *w)
{
	if (chance(w, 3))
		return VFIO_DEVICE_FEATURE;
	if (chance(w, 3))
		return PICK(w, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
			    VFIO_DEVICE_PCI_HOT_RESET, VFIO_DEVICE_IOEVENTFD,
			    VFIO_DEVICE_QUERY_GFX_PLANE,
			    VFIO_DEVICE_GET_GFX_DMABUF);
	if (chance(w, 3))
		return PICK(w, VFIO_DEVICE_BIND_IOMMUFD,
			    VFIO_DEVICE_ATTACH_IOMMUFD_PT,
			    VFIO_DEVICE_DETACH_IOMMUFD_PT);
	/*
	 * Ioctls of containers, groups, other devices, and unassigned numbers
	 */
	return _IO(VFIO_TYPE, PICK(w, 0, 99, 100, 101, 102, 103, 104, 105, 106,
				   113, 114, 126, 200, 255));
}

/* The core fails if it knows the ioctl: wrong file, or already done */
static struct answers iommufd_answers(const struct worker *w, unsigned long cmd)
{
	struct answers a = answer(-ENOTTY);

	or_error(&a, EINVAL);
	or_error(&a, EFAULT);
	or_error(&a, E2BIG);
	if (!w->t->opt->cdev)
		return a;
	or_error(&a, ENOENT);
	or_error(&a, EBUSY);
	or_error(&a, EBADF);
	a.ok = cmd != VFIO_DEVICE_BIND_IOMMUFD;
	a.value = 0;
	return a;
}

static struct answers other_answers(const struct worker *w, unsigned long cmd,
				    const struct place *p, const u32 *word)
{
	switch (cmd) {
	case VFIO_DEVICE_FEATURE:
		return feature_answers(p, word);
	case VFIO_DEVICE_BIND_IOMMUFD:
	case VFIO_DEVICE_ATTACH_IOMMUFD_PT:
	case VFIO_DEVICE_DETACH_IOMMUFD_PT:
		return iommufd_answers(w, cmd);
	default:
		return answer(-ENOTTY);
	}
}

void op_other_ioctl(struct worker *w)
{
	struct place p = any_place(w, 64);
	unsigned long cmd = other_command(w);
	struct slot *s = slot_get(w);
	struct answers a;
	u32 word[16];
	size_t i;
	long ret;

	for (i = 0; i < ARRAY_SIZE(word); i++)
		word[i] = rng(w);
	word[0] = any_argsz(w, 8);
	word[1] &= PICK(w, 0x7ffff, 0x7ffff, ~0u);
	if (p.bytes)
		memcpy(p.bytes, word,
		       p.readable < sizeof(word) ? p.readable : sizeof(word));
	a = other_answers(w, cmd, &p, word);
	ret = ioctl(s->fd, cmd, p.addr);
	if (ret < 0)
		ret = -errno;
	w->count[COUNT_IOCTL]++;
	expect(w, &a, ret, "ioctl 0x%lx, words 0x%x 0x%x, %zu readable", cmd,
	       word[0], word[1], p.readable);
	slot_put(s);
}
