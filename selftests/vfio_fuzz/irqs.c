// SPDX-License-Identifier: GPL-2.0-only
/* VFIO_DEVICE_SET_IRQS, with eventfds that are opened and closed. */
#include <sys/eventfd.h>

#include "fuzz.h"

#define HEAD		offsetof(struct vfio_irq_set, data)
#define TYPES		(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_DATA_BOOL | \
			 VFIO_IRQ_SET_DATA_EVENTFD)
#define ACTIONS		(VFIO_IRQ_SET_ACTION_MASK | \
			 VFIO_IRQ_SET_ACTION_UNMASK | \
			 VFIO_IRQ_SET_ACTION_TRIGGER)
#define MAX_PAYLOAD	(4 * (MAX_VECTORS + 2))
#define NO_SUCH_FD	1000000

/**
 * struct order - one call
 * @head: its header
 * @payload: after it
 * @head_ok: the header can be read
 * @readable: bytes of the payload that can be read
 */
struct order {
	struct vfio_irq_set head;
	u8 payload[MAX_PAYLOAD];
	bool head_ok;
	size_t readable;
};

/* --- expected results ----------------------------------------------------------- */

static u32 index_count(const struct target *t, u32 index)
{
	if (index == MSIX)
		return t->vectors;
	return index == VFIO_PCI_ERR_IRQ_INDEX ||
	       index == VFIO_PCI_REQ_IRQ_INDEX;
}

static size_t item_size(u32 flags)
{
	switch (flags & TYPES) {
	case VFIO_IRQ_SET_DATA_BOOL:
		return 1;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		return 4;
	default:
		return 0;
	}
}

/* In the order of vfio_set_irqs_validate_and_prepare() */
static int check_head(const struct target *t, const struct vfio_irq_set *h)
{
	u32 count = index_count(t, h->index), type = h->flags & TYPES;

	if (h->argsz < HEAD || h->index >= VFIO_PCI_NUM_IRQS ||
	    h->count >= 0xffffffff - h->start || h->flags & ~(TYPES | ACTIONS))
		return -EINVAL;
	if (h->start >= count || h->start + h->count > count)
		return -EINVAL;
	if (!type || type & (type - 1))
		return -EINVAL;
	return h->argsz - HEAD < h->count * item_size(h->flags) ? -EINVAL : 0;
}

static s32 fd_of(const struct order *o, u32 i)
{
	s32 fd;

	memcpy(&fd, o->payload + 4 * i, 4);
	return fd;
}

/*
 * Descriptors of any_fd(): eventfds, negative numbers, closed ones, other files
 */
static int fd_error(struct worker *w, s32 fd)
{
	size_t i;

	if (fd < 0)
		return 0;
	if (fd == NO_SUCH_FD)
		return -EBADF;
	for (i = 0; i < NR_EVENTS; i++)
		if (fd == w->event[i])
			return 0;
	return -EINVAL;
}

static int vectors_error(struct worker *w, const struct order *o)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < o->head.count && !ret; i++)
		ret = fd_error(w, fd_of(o, i));
	return ret;
}

/* The first eventfds turn MSI-X on, unless one is bad. */
static int msix_events(struct worker *w, struct state *s, const struct order *o)
{
	int ret;

	if (!s->msix && !(o->head.start + o->head.count))
		return -ERANGE;
	ret = vectors_error(w, o);
	if (!ret)
		s->msix = true;
	return ret;
}

static int msix_order(struct worker *w, struct state *s, const struct order *o)
{
	if (o->head.flags & VFIO_IRQ_SET_DATA_EVENTFD)
		return msix_events(w, s, o);
	if (!s->msix)
		return -EINVAL;
	if (!o->head.count && o->head.flags & VFIO_IRQ_SET_DATA_NONE)
		s->msix = false;
	return 0;
}

static int single_order(struct worker *w, bool *set, const struct order *o)
{
	s32 fd;
	int ret;

	if (o->head.flags & VFIO_IRQ_SET_DATA_NONE) {
		ret = *set ? 0 : -EINVAL;
		*set = *set && o->head.count;
		return ret;
	}
	if (!o->head.count)
		return -EINVAL;
	if (o->head.flags & VFIO_IRQ_SET_DATA_BOOL)
		return 0;
	fd = fd_of(o, 0);
	if (fd < -1)
		return -EINVAL;
	ret = fd_error(w, fd);
	if (!ret)
		*set = fd >= 0;
	return ret;
}

static int obey(struct worker *w, struct state *s, const struct order *o)
{
	switch (o->head.index) {
	case MSIX:
		return msix_order(w, s, o);
	case VFIO_PCI_ERR_IRQ_INDEX:
		return single_order(w, &s->err, o);
	default:
		return single_order(w, &s->req, o);
	}
}

/* With other workers the earlier state is unknown. */
static struct answers any_state(struct worker *w, const struct order *o)
{
	struct state set = { .msix = true, .err = true, .req = true };
	struct state unset = {};
	struct answers a = answer(obey(w, &set, o));
	int ret = obey(w, &unset, o);

	if (ret)
		or_error(&a, -ret);
	else
		a.ok = true;
	a.value = 0;
	/* The source does not start on a lost card */
	if (w->t->opt->disturbed && o->head.index == MSIX)
		or_error(&a, EIO);
	return a;
}

static struct answers order_answers(struct worker *w, const struct order *o)
{
	const struct vfio_irq_set *h = &o->head;
	size_t size;
	int ret;

	if (!o->head_ok)
		return answer(-EFAULT);
	ret = check_head(w->t, h);
	if (ret)
		return answer(ret);
	size = h->count * item_size(h->flags);
	if (size > o->readable)
		return answer(-EFAULT);
	if ((h->flags & ACTIONS) != VFIO_IRQ_SET_ACTION_TRIGGER)
		return answer(-ENOTTY);
	if (w->t->alone)
		return answer(obey(w, &w->t->state, o));
	return any_state(w, o);
}

/* --- requests --------------------------------------------------------------------- */

static s32 any_fd(struct worker *w)
{
	switch (below(w, 10)) {
	case 0:
		return PICK(w, -2, -3, (s32)0x80000000);
	case 1:
		return NO_SUCH_FD;
	case 2:		/* a file, but no eventfd */
		return w->t->dev.container;
	case 3:
	case 4:
		return -1;
	default:
		return w->event[below(w, NR_EVENTS)];
	}
}

static u32 any_flags(struct worker *w)
{
	u32 type = PICK(w, VFIO_IRQ_SET_DATA_NONE, VFIO_IRQ_SET_DATA_BOOL,
			VFIO_IRQ_SET_DATA_EVENTFD, VFIO_IRQ_SET_DATA_EVENTFD);

	switch (below(w, 10)) {
	case 0:
		return rng(w);
	case 1:
		return below(w, 64);
	case 2:
		return type | VFIO_IRQ_SET_ACTION_MASK;
	case 3:
		return type | VFIO_IRQ_SET_ACTION_UNMASK;
	default:
		return type | VFIO_IRQ_SET_ACTION_TRIGGER;
	}
}

static u32 any_index(struct worker *w)
{
	return chance(w, 2) ? MSIX : around(w, VFIO_PCI_NUM_IRQS);
}

static void any_order(struct worker *w, struct order *o)
{
	struct vfio_irq_set *h = &o->head;
	size_t i, size;

	h->index = any_index(w);
	h->flags = any_flags(w);
	h->start = chance(w, 2) ? 0 : around(w, index_count(w->t, h->index));
	h->count = around(w, index_count(w->t, h->index) + 1);
	size = HEAD + (size_t)h->count * item_size(h->flags);
	h->argsz = chance(w, 8) ? around(w, size) : size;
	for (i = 0; i < MAX_PAYLOAD / 4; i++) {
		s32 fd = any_fd(w);

		memcpy(o->payload + 4 * i, &fd, 4);
	}
	if ((h->flags & TYPES) == VFIO_IRQ_SET_DATA_BOOL)
		for (i = 0; i < MAX_PAYLOAD; i++)
			o->payload[i] = below(w, 3);
}

/* Copy as many bytes as fit */
static void place_order(struct order *o, const struct place *p)
{
	size_t left = p->readable < HEAD ? 0 : p->readable - HEAD;

	o->head_ok = p->readable >= HEAD;
	o->readable = left;
	if (!p->bytes)
		return;
	memcpy(p->bytes, &o->head, p->readable < HEAD ? p->readable : HEAD);
	memcpy(p->bytes + HEAD, o->payload,
	       left < MAX_PAYLOAD ? left : MAX_PAYLOAD);
}

void op_set_irqs(struct worker *w)
{
	struct slot *s = slot_get(w);
	struct answers a;
	struct order o;
	struct place p;
	long ret;

	any_order(w, &o);
	p = any_place(w, o.head.argsz < HEAD + MAX_PAYLOAD ? o.head.argsz :
							   HEAD + MAX_PAYLOAD);
	place_order(&o, &p);
	a = order_answers(w, &o);
	ret = ioctl(s->fd, VFIO_DEVICE_SET_IRQS, p.addr) ? -errno : 0;
	w->count[COUNT_IOCTL]++;
	expect(w, &a, ret,
	       "SET_IRQS argsz %u flags 0x%x index %u start %u count %u, first 0x%x 0x%x, %zu readable",
	       o.head.argsz, o.head.flags, o.head.index, o.head.start,
	       o.head.count, fd_of(&o, 0), fd_of(&o, 1), p.readable);
	slot_put(s);
}

/* --- eventfds ---------------------------------------------------------------------- */

void events_init(struct worker *w)
{
	size_t i;

	for (i = 0; i < NR_EVENTS; i++)
		w->event[i] = event_new();
}

/* The kernel may signal an eventfd that this worker has closed. */
void op_events(struct worker *w)
{
	int *fd = &w->event[below(w, NR_EVENTS)];

	if (chance(w, 2)) {
		event_take(*fd);
		return;
	}
	close(*fd);
	*fd = event_new();
	w->count[COUNT_FD]++;
}
