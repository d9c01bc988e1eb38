// SPDX-License-Identifier: GPL-2.0-only
/* Reading and writing the regions. */
#include "dfl.h"
#include "fuzz.h"

#define CHUNK		64	/* bytes that the kernel copies at a time */
#define MAX_RW		0x7ffff000
#define MSIX_ENTRY	16
#define CONFIG_USED	0x110
#define FENCES		offsetof(struct vfio_dfl_mdev_block, fences)
#define GENERATION	offsetof(struct vfio_dfl_mdev_block, generation)
#define DEVCTL		0x48	/* of the virtual PCIe capability */

/**
 * struct access - one read or write
 * @write: direction
 * @offset: as given to the kernel
 * @len: as given to the kernel
 * @p: memory
 * @index: region of @offset
 * @pos: position in that
 * @count: bytes that region_check() leaves of @len
 * @done: bytes that go through, even if those after them do not
 */
struct access {
	bool write;
	u64 offset;
	u64 len;
	struct place p;
	u64 index;
	u64 pos;
	u64 count;
	u64 done;
};

static u64 region_size(const struct target *t, u64 index)
{
	return index < NR_REGIONS ? t->region[index].info.size : 0;
}

static bool is_narrow(const struct target *t)
{
	return t->block.feature_id == 0x24;	/* UART */
}

static bool is_user_clock(const struct target *t)
{
	return t->block.feature_id == 0x14;	/* no other block of that id */
}

static bool is_legal(const struct target *t, const struct access *a)
{
	if (a->index != BAR0 && a->index != BAR2)
		return true;
	if (a->write && is_user_clock(t))
		return !(a->pos % 8) && !(a->count % 8);
	if (a->count < 4 && is_narrow(t))
		return (a->count == 1 || a->count == 2) &&
		       !(a->pos % a->count);
	if (a->count == 8)
		return !(a->pos % 8);
	return !(a->pos % 4) && !(a->count % 4);
}

/* --- expected results ---------------------------------------------------------- */

/* Checks of the system call and of the region; leaves @count */
static int check_range(const struct target *t, struct access *a)
{
	u64 size = region_size(t, a->index);

	if ((s64)a->offset < 0 || (s64)a->len < 0 ||
	    (s64)(a->offset + a->len) < 0)
		return -EINVAL;
	a->count = a->len < MAX_RW ? a->len : MAX_RW;
	if (!a->count)
		return 0;
	if (a->index >= NR_REGIONS)
		return -EINVAL;
	if (a->index == CONFIG)
		return a->pos < size && a->count <= size - a->pos ? 0 : -EFAULT;
	if (a->pos >= size)
		return -EINVAL;
	if (a->count > size - a->pos)
		a->count = size - a->pos;
	if (!is_legal(t, a) || (a->index == REGION_BLOCK && a->write))
		return -EINVAL;
	return 0;
}

static bool needs_memory(const struct target *t, const struct access *a,
			 u64 pos, u64 len)
{
	u64 table = t->vectors * MSIX_ENTRY;

	if (a->index == BAR4)
		return pos >= table || len > table - pos;
	return a->index == BAR0 || a->index == BAR2;
}

/*
 * Access by access; a write reads memory first, a read reads the region first
 */
static long check_chunks(const struct target *t, struct access *a, bool blocked)
{
	size_t room = a->write ? a->p.readable : a->p.writable;
	u64 len;

	for (a->done = 0; a->done < a->count; a->done += len) {
		bool out;

		len = CHUNK - ((a->pos + a->done) & (CHUNK - 1));
		if (len > a->count - a->done)
			len = a->count - a->done;
		out = blocked && needs_memory(t, a, a->pos + a->done, len);
		if (out && !a->write)
			return -EIO;
		if (a->done + len > room)
			return -EFAULT;
		if (out)
			return -EIO;
	}
	return a->count;
}

static struct answers access_answers(const struct target *t, struct access *a)
{
	struct answers all;
	int ret = check_range(t, a);

	if (ret)
		all = answer(ret);
	else
		all = answer(check_chunks(t, a, t->alone && !t->state.memory));
	if (!ret && !t->alone)
		or_error(&all, EIO);
	/* Such an address, or such a length, is refused first */
	if (a->p.odd || a->len > 1UL << 46)
		or_error(&all, EFAULT);
	return all;
}

/* --- what came ------------------------------------------------------------------- */

static void check_all(struct worker *w, u64 pos, const u8 *buf, size_t len,
		      u8 byte)
{
	for (; len; len--, buf++, pos++)
		if (*buf != byte)
			complain(w, "byte 0x%lx is 0x%x and should be 0x%x",
				 pos, *buf, byte);
}

/* The block, and all-ones past it */
static void check_block(struct worker *w, u64 pos, const u8 *buf, size_t len)
{
	u64 size = w->t->block.size, inside = 0;

	if (pos < size)
		inside = len < size - pos ? len : size - pos;
	check_words(w, pos, buf, inside);
	check_all(w, pos + inside, buf + inside, len - inside, 0xff);
}

static void check_view(struct worker *w, u64 pos, const u8 *buf, size_t len)
{
	const u8 *view = (const u8 *)w->t->view;
	u64 end = w->t->view_block;

	for (; len && pos < end; len--, buf++, pos++)
		if (*buf != view[pos] && (pos & ~7UL) != PORT_CTRL)
			complain(w, "byte 0x%lx of the view is 0x%x, not 0x%x",
				 pos, *buf, view[pos]);
	/*
	 * Emulated words may follow the block; they belong to no other block
	 * either
	 */
	if (len)
		check_block(w, pos - end, buf, len);
}

static bool config_is_fixed(u64 pos)
{
	if (pos >= PCI_BASE_ADDRESS_0 && pos < PCI_BASE_ADDRESS_0 + 6 * 4)
		return false;
	switch (pos) {
	case PCI_COMMAND:
	case PCI_COMMAND + 1:
	case PCI_INTERRUPT_LINE:
	case DEVCTL:
	case DEVCTL + 1:
	case 0x7f:	/* MSI-X control, high byte */
		return false;
	default:
		return true;
	}
}

static void check_config(struct worker *w, u64 pos, const u8 *buf, size_t len)
{
	for (; len; len--, buf++, pos++)
		if (config_is_fixed(pos) && *buf != w->t->config[pos])
			complain(w, "byte 0x%lx of configuration space is 0x%x, not 0x%x",
				 pos, *buf, w->t->config[pos]);
}

/* Fences and resets of the card change values while the device is open. */
static bool desc_is_fixed(u64 pos)
{
	u64 word = pos & ~3UL;

	return word != FENCES && word != GENERATION;
}

static void check_desc(struct worker *w, u64 pos, const u8 *buf, size_t len)
{
	for (; len; len--, buf++, pos++)
		if (desc_is_fixed(pos) && *buf != w->t->desc[pos])
			complain(w, "byte 0x%lx of the description is 0x%x, not 0x%x",
				 pos, *buf, w->t->desc[pos]);
}

static void check_table(struct worker *w, u64 pos, const u8 *buf, size_t len)
{
	u64 table = w->t->vectors * MSIX_ENTRY, inside = 0;

	if (pos < table)
		inside = len < table - pos ? len : table - pos;
	check_all(w, pos, buf, inside, 0xff);
	check_all(w, pos + inside, buf + inside, len - inside, 0);
}

static void check_read(struct worker *w, const struct access *a)
{
	switch (a->index) {
	case BAR0:
		check_block(w, a->pos, a->p.bytes, a->count);
		break;
	case BAR2:
		check_view(w, a->pos, a->p.bytes, a->count);
		break;
	case BAR4:
		check_table(w, a->pos, a->p.bytes, a->count);
		break;
	case CONFIG:
		check_config(w, a->pos, a->p.bytes, a->count);
		break;
	case REGION_BLOCK:
		check_desc(w, a->pos, a->p.bytes, a->count);
		break;
	}
}

/* --- doing it --------------------------------------------------------------------- */

static void note_config_write(struct target *t, const struct access *a)
{
	if (a->pos <= PCI_COMMAND && a->pos + a->done > PCI_COMMAND)
		t->state.memory = a->p.bytes[PCI_COMMAND - a->pos] &
				  PCI_COMMAND_MEMORY;
}

#define POISON	0xa5

static void prepare(struct worker *w, const struct access *a)
{
	size_t room = a->p.readable;

	if (!a->p.bytes)
		return;
	if (!a->write)
		memset(a->p.bytes, POISON, room);
	else
		fill_words(w, a->pos, a->p.bytes, room < a->len ? room : a->len);
}

static void check_done(struct worker *w, const struct access *a, long ret)
{
	size_t i, done = ret > 0 ? ret : 0;

	if (a->write) {
		if (a->index == CONFIG)
			note_config_write(w->t, a);
		return;
	}
	if (ret > 0)
		check_read(w, a);
	for (i = done; ret >= 0 && i < a->p.readable && i < done + CHUNK; i++)
		if (a->p.bytes[i] != POISON)
			complain(w, "byte %zu behind what was read is written",
				 i - done);
}

static void locate(struct access *a)
{
	a->index = a->offset >> REGION_SHIFT;
	a->pos = a->offset & ((1ULL << REGION_SHIFT) - 1);
}

static void run_prepared(struct worker *w, struct access *a, struct slot *s)
{
	struct answers right;
	long ret;

	right = access_answers(w->t, a);
	if (a->write)
		ret = pwrite(s->fd, a->p.addr, a->len, a->offset);
	else
		ret = pread(s->fd, a->p.addr, a->len, a->offset);
	if (ret < 0)
		ret = -errno;
	w->count[COUNT_ACCESS]++;
	expect(w, &right, ret,
	       "%s of %lu bytes at 0x%lx of region %lu, %zu readable, %zu writable",
	       a->write ? "write" : "read", a->len, a->pos, a->index,
	       a->p.readable, a->p.writable);
	check_done(w, a, ret);
}

static u64 any_region(struct worker *w)
{
	return PICK(w, BAR0, BAR0, BAR0, BAR0, BAR2, BAR2, BAR4, CONFIG, CONFIG,
		    CONFIG, REGION_BLOCK, REGION_BLOCK, 1, 3, 5,
		    VFIO_PCI_ROM_REGION_INDEX, VFIO_PCI_VGA_REGION_INDEX,
		    NR_REGIONS, 63, 0x7fffff, 0xffffff);
}

/* Near the end of the block in a region, or of the region */
static u64 end_of(const struct target *t, u64 index)
{
	if (index == BAR0)
		return t->block.size;
	if (index == BAR2)
		return t->view_block + t->block.size;
	return region_size(t, index);
}

/* Mostly near registers or ends of regions */
static u64 any_position(struct worker *w, u64 index)
{
	u64 align = PICK(w, 1, 2, 4, 4, 8, 8, 8, 8), pos;

	switch (below(w, 6)) {
	case 0:
	case 1:
		pos = below(w, 0x80);
		break;
	case 2:
		pos = 0x1000 + below(w, 0x1000);
		break;
	case 3:
		pos = end_of(w->t, index) - 16 + below(w, 32);
		break;
	default:
		pos = around(w, region_size(w->t, index));
		break;
	}
	return pos / align * align;
}

static u64 any_length(struct worker *w)
{
	if (chance(w, 64))
		return PICK(w, 256, 1024, 4096, 4097, 0x10000, 1UL << 31,
			    1UL << 47, 1UL << 63, ONES);
	return PICK(w, 0, 1, 2, 3, 4, 4, 4, 5, 6, 7, 8, 8, 8, 8, 8, 12, 16, 60,
		    63, 64, 65, 72);
}

void op_access(struct worker *w)
{
	struct access a = { .write = chance(w, 2), .len = any_length(w) };
	u64 index = any_region(w);
	struct slot *s;

	a.offset = (index << REGION_SHIFT) + any_position(w, index);
	if (chance(w, 200))
		a.offset = rng(w);
	locate(&a);
	a.p = any_place(w, a.len);
	prepare(w, &a);
	s = slot_get(w);
	run_prepared(w, &a, s);
	slot_put(s);
}

/*
 * Duplicates share the file position; a character device gives only duplicates.
 */
static u64 *file_position(struct target *t, struct slot *s)
{
	return t->opt->cdev ? &t->slot[0].pos : &s->pos;
}

/*
 * read() and write() continue at the file position, known to a lone worker
 * only.
 */
void op_read_on(struct worker *w)
{
	struct access a = { .write = chance(w, 2), .len = any_length(w) };
	struct slot *s = slot_get(w);
	u64 *pos = file_position(w->t, s);
	struct answers right;
	long ret;

	a.p = any_place(w, a.len);
	if (w->t->alone) {
		a.offset = *pos;
		locate(&a);
		prepare(w, &a);
		right = access_answers(w->t, &a);
		ret = a.write ? write(s->fd, a.p.addr, a.len) :
				read(s->fd, a.p.addr, a.len);
		if (ret < 0)
			ret = -errno;
		expect(w, &right, ret, "going on at 0x%lx with %lu bytes",
		       *pos, a.len);
		check_done(w, &a, ret);
		*pos += ret > 0 ? ret : 0;
	}
	right = answer(-ESPIPE);
	expect(w, &right, lseek(s->fd, rng(w), SEEK_SET) < 0 ? -errno : 0,
	       "seeking");
	w->count[COUNT_ACCESS]++;
	slot_put(s);
}

/* Registers with a meaning, in config space and in the emulated port */
void op_command(struct worker *w)
{
	struct access a = { .write = true, .len = 2 };
	u64 value = rng(w);
	struct slot *s;

	a.offset = (u64)CONFIG << REGION_SHIFT;
	switch (below(w, 6)) {
	case 0:
	case 1:
		a.offset += PCI_COMMAND;
		/* set more often than cleared */
		if (!chance(w, 4))
			value |= PCI_COMMAND_MEMORY;
		break;
	case 2:
		a.offset += DEVCTL;
		break;
	case 3:
		a.offset += 0x7e;	/* MSI-X control */
		break;
	case 4:
		a.offset += PCI_BASE_ADDRESS_0 + below(w, 24);
		break;
	default:
		a.offset = ((u64)BAR2 << REGION_SHIFT) + PORT_CTRL;
		a.len = sizeof(value);
		break;
	}
	locate(&a);
	a.p = good_place(w, a.len);
	memcpy(a.p.bytes, &value, a.len);
	s = slot_get(w);
	run_prepared(w, &a, s);
	slot_put(s);
}
