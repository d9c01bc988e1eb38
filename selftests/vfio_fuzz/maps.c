// SPDX-License-Identifier: GPL-2.0-only
/* Mappings: create, change, access, inherit. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "fuzz.h"

/* --- accesses that may fault ------------------------------------------------------ */

static __thread sigjmp_buf escape;

static void on_fault(int sig)
{
	siglongjmp(escape, sig);
}

void catch_faults(void)
{
	const struct sigaction action = {
		.sa_handler = on_fault,
		.sa_flags = SA_NODEFER,
	};

	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
}

/* Return 0, or the signal that was raised */
static int access_map(u8 *at, u64 *value, bool write, bool wide)
{
	int sig = sigsetjmp(escape, 1);

	if (sig)
		return sig;
	if (write && wide)
		map_store64(at, *value);
	else if (write)
		map_store32(at, *value);
	else
		*value = wide ? map_load64(at) : map_load32(at);
	return 0;
}

/* The expected signal; -1 if it depends on other workers */
static int right_signal(const struct worker *w, const struct map *m, bool write)
{
	if (!(m->prot & PROT_WRITE) && (write || !(m->prot & PROT_READ)))
		return SIGSEGV;
	if (!w->t->alone)
		return -1;
	return w->t->state.memory ? 0 : SIGBUS;
}

static void touch(struct worker *w, struct map *m, u64 off, bool write,
		  bool wide)
{
	size_t len = wide ? 8 : 4;
	int want = right_signal(w, m, write), got;
	u64 value = 0;

	if (write)
		fill_words(w, m->block + off, (u8 *)&value, len);
	got = access_map(m->addr + off, &value, write, wide);
	w->count[COUNT_TOUCH]++;
	if (got != want && (want >= 0 || (got && got != SIGBUS)))
		complain(w, "%s at 0x%lx of a mapping: signal %d, not %d",
			 write ? "store" : "load", m->block + off, got, want);
	if (!got && !write)
		check_words(w, m->block + off, (u8 *)&value, len);
}

static struct map *some_map(struct worker *w)
{
	size_t first = below(w, NR_MAPS), i;

	for (i = 0; i < NR_MAPS; i++) {
		struct map *m = &w->map[(first + i) % NR_MAPS];

		if (m->addr)
			return m;
	}
	return NULL;
}

static u64 some_offset(struct worker *w, size_t len)
{
	u64 off = chance(w, 2) ? below(w, 0x80) : around(w, len);

	return (off % len) & ~7UL;
}

/* --- making them -------------------------------------------------------------------- */

/**
 * struct wish - arguments of mmap()
 * @huge: so large that the kernel may refuse it before it calls the driver;
 *	private memory is also accounted before that
 */
struct wish {
	u64 offset;
	u64 len;
	int prot;
	int flags;
	bool huge;
};

static bool inside(const struct target *t, const struct wish *m)
{
	u64 pos = m->offset & ((1ULL << REGION_SHIFT) - 1);
	u64 index = m->offset >> REGION_SHIFT;
	u64 len = (m->len + PAGE - 1) & ~(PAGE - 1);
	const struct vfio_region_sparse_mmap_area *area;

	if (index >= NR_REGIONS)
		return false;
	area = &t->map[index];
	return pos >= area->offset && len <= area->size &&
	       pos - area->offset <= area->size - len;
}

static struct answers map_answers(const struct target *t, const struct wish *m)
{
	struct answers a = answer(-EINVAL);

	if (m->huge) {
		or_error(&a, ENOMEM);
		or_error(&a, EOVERFLOW);
		return a;
	}
	if (m->offset % PAGE || !m->len || !(m->flags & MAP_SHARED))
		return a;
	return inside(t, m) ? answer(0) : a;
}

static struct wish any_wish(struct worker *w)
{
	u64 index = PICK(w, BAR0, BAR0, BAR0, BAR2, BAR2, 1, 4, 7, 9, 10, 255);
	struct wish m = {
		.prot = PICK(w, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
			     PROT_READ, PROT_WRITE, PROT_NONE),
		.flags = PICK(w, MAP_SHARED, MAP_SHARED, MAP_SHARED,
			      MAP_SHARED | MAP_POPULATE, MAP_PRIVATE),
		.len = PICK(w, PAGE, PAGE, 2 * PAGE, 3 * PAGE, 16 * PAGE, 1, 0),
	};
	u64 size = 0;

	if (index < NR_REGIONS) {
		m.offset = w->t->map[index].offset;
		size = w->t->map[index].size;
	}
	if (!chance(w, 3))
		m.offset += around(w, size / PAGE + 1) * PAGE;
	if (chance(w, 10))
		m.offset += below(w, PAGE);
	if (chance(w, 10))
		m.len = around(w, size + PAGE);
	m.offset += index << REGION_SHIFT;
	m.huge = m.offset >> REGION_SHIFT > 255 || m.len >> 24;
	return m;
}

void maps_drop(struct worker *w)
{
	size_t i;

	for (i = 0; i < NR_MAPS; i++) {
		if (w->map[i].addr)
			munmap(w->map[i].addr, w->map[i].len);
		w->map[i].addr = NULL;
	}
}

/* Where in the block the mapping begins */
static u64 block_offset(const struct target *t, u64 offset)
{
	u64 pos = offset & ((1ULL << REGION_SHIFT) - 1);

	return offset >> REGION_SHIFT == BAR2 ? pos - t->view_block : pos;
}

static void keep(struct worker *w, struct map *m, const struct wish *wish,
		 u8 *addr)
{
	if (m->addr)
		munmap(m->addr, m->len);
	*m = (struct map){
		.addr = addr,
		.len = (wish->len + PAGE - 1) & ~(PAGE - 1),
		.prot = wish->prot,
		.block = block_offset(w->t, wish->offset),
	};
}

static void make(struct worker *w, struct map *m, const struct wish *wish)
{
	struct answers right = map_answers(w->t, wish);
	struct slot *s = slot_get(w);
	u8 *addr;

	addr = mmap(NULL, wish->len, wish->prot, wish->flags, s->fd,
		    wish->offset);
	w->count[COUNT_MAP]++;
	expect(w, &right, addr == MAP_FAILED ? -errno : 0,
	       "mapping 0x%lx bytes at 0x%lx, protection %d, flags 0x%x",
	       wish->len, wish->offset, wish->prot, wish->flags);
	slot_put(s);
	if (addr != MAP_FAILED)
		keep(w, m, wish, addr);
}

void op_map(struct worker *w)
{
	struct wish wish = any_wish(w);

	make(w, &w->map[below(w, NR_MAPS)], &wish);
}

/* A part of the mappable area */
static void make_good(struct worker *w)
{
	u64 index = PICK(w, BAR0, BAR2);
	const struct vfio_region_sparse_mmap_area *area = &w->t->map[index];
	struct wish wish = {
		.prot = PROT_READ | PROT_WRITE,
		.flags = MAP_SHARED,
		.len = PAGE,
	};

	if (!area->size)
		return;
	wish.offset = (index << REGION_SHIFT) + area->offset +
		      below(w, area->size / PAGE) * PAGE;
	make(w, &w->map[0], &wish);
}

void op_touch(struct worker *w)
{
	u64 where, how, times = 1 + below(w, 4);
	struct map *m = some_map(w);

	if (!m) {
		make_good(w);
		m = some_map(w);
	}
	while (m && times--) {
		where = rng(w);
		how = rng(w);
		where = (how & 4 ? where % 0x80 : where) % m->len & ~7UL;
		touch(w, m, where, how & 1, how & 2);
	}
}

/* All pages, or the first or last one */
void op_unmap(struct worker *w)
{
	u64 how = below(w, 3);
	struct map *m = some_map(w);

	if (!m)
		return;
	w->count[COUNT_MAP]++;
	if (!how || m->len == PAGE) {
		munmap(m->addr, m->len);
		m->addr = NULL;
		return;
	}
	m->len -= PAGE;
	if (how == 1) {
		munmap(m->addr, PAGE);
		m->addr += PAGE;
		m->block += PAGE;
	} else {
		munmap(m->addr + m->len, PAGE);
	}
}

/* --- changing them ------------------------------------------------------------------ */

static void move(struct worker *w, struct map *m)
{
	u8 *room = mmap(NULL, m->len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	u8 *addr;

	if (room == MAP_FAILED)
		die_errno("reserving addresses");
	addr = mremap(m->addr, m->len, m->len, MREMAP_MAYMOVE | MREMAP_FIXED,
		      room);
	if (addr == MAP_FAILED)
		complain(w, "a mapping cannot be moved: %s", err_name(-errno));
	m->addr = addr;
}

static void grow(struct worker *w, struct map *m, size_t by)
{
	struct answers right = answer(-EFAULT);
	void *addr = mremap(m->addr, m->len, m->len + by, MREMAP_MAYMOVE);

	expect(w, &right, addr == MAP_FAILED ? -errno : 0, "growing a mapping");
}

/* Some advice does not apply; none may do harm */
static void advise(struct map *m, int advice)
{
	madvise(m->addr, m->len, advice);
}

/* No access through /proc, and none by another process */
static void look_at_memory(struct worker *w, struct map *m, u64 off)
{
	struct answers right = answer(-EIO);
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	u64 value;
	ssize_t ret;

	if (fd < 0)
		return;
	ret = pread(fd, &value, sizeof(value), (off_t)(uintptr_t)m->addr + off);
	expect(w, &right, ret < 0 ? -errno : ret, "reading /proc/self/mem");
	close(fd);
}

void op_change_map(struct worker *w)
{
	int prot = PICK(w, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
			PROT_READ, PROT_NONE);
	u64 how = below(w, 8), by = PICK(w, PAGE, 16 * PAGE, 1UL << 40);
	int advice = below(w, 26);
	struct map *m = some_map(w);

	if (!m)
		return;
	w->count[COUNT_MAP]++;
	switch (how) {
	case 0:
		move(w, m);
		break;
	case 1:
		grow(w, m, by);
		break;
	case 2:
		look_at_memory(w, m, 0);
		break;
	case 3:
		msync(m->addr, m->len, MS_SYNC | MS_INVALIDATE);
		mlock(m->addr, m->len);
		munlock(m->addr, m->len);
		break;
	case 4:
	case 5:
		advise(m, advice);
		break;
	default:
		if (mprotect(m->addr, m->len, prot))
			complain(w, "mprotect: %s", err_name(-errno));
		m->prot = prot;
		break;
	}
}

/* --- children ----------------------------------------------------------------------- */

enum child_end { CHILD_RIGHT, CHILD_WRONG, CHILD_FOREIGN };

static void pause_us(u64 us)
{
	struct timespec ts = { .tv_nsec = us * 1000 };

	nanosleep(&ts, NULL);
}

/*
 * A child has the descriptors of its parent, and keeps them for some time. It
 * does not have the mappings, but can map a descriptor itself. It calls only
 * operations that are safe when other threads held locks.
 */
static int child_main(struct worker *w, struct map *m, u64 off, int fd)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	u64 value;
	u8 *own;
	int got;

	pause_us(off % 16 * 1000);
	if (ioctl(fd, VFIO_DEVICE_GET_INFO, &info))
		return CHILD_WRONG;
	if (!m->addr)
		return CHILD_RIGHT;
	if (access_map(m->addr + off, &value, false, false) != SIGSEGV)
		return CHILD_WRONG;
	own = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd,
		   ((off_t)BAR0 << REGION_SHIFT) + m->block);
	if (own == MAP_FAILED)
		return CHILD_WRONG;
	got = access_map(own + off, &value, false, false);
	/* Other operations of the parent meanwhile are unknown here */
	if (got && got != SIGBUS)
		return CHILD_WRONG;
	return !got && is_foreign(w->t, value) ? CHILD_FOREIGN : CHILD_RIGHT;
}

static void child_reap(struct worker *w, pid_t *pid)
{
	int status;

	if (!*pid)
		return;
	if (waitpid(*pid, &status, 0) != *pid)
		die_errno("waiting for a child");
	*pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != CHILD_RIGHT)
		complain(w, "a child ended with status 0x%x", status);
}

void children_reap(struct worker *w)
{
	size_t i;

	for (i = 0; i < NR_CHILDREN; i++)
		child_reap(w, &w->child[i]);
}

void op_fork(struct worker *w)
{
	pid_t *pid = &w->child[below(w, NR_CHILDREN)];
	struct map *m = &w->map[below(w, NR_MAPS)];
	u64 off = some_offset(w, PAGE);
	struct slot *s;

	child_reap(w, pid);
	s = slot_get(w);
	*pid = fork();
	if (!*pid)
		_exit(child_main(w, m, off, s->fd));
	if (*pid < 0)
		die_errno("fork");
	slot_put(s);
	w->count[COUNT_FD]++;
}
