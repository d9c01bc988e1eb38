// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings of large windows: the size of the pages, and that splits, moves and
 * revocation include each of them. The scenario large-mappings runs the program
 * with the cards "large" (fixture gib) and "large-odd" (fixture odd). VDFL_LARGE
 * is set if the kernel maps large pages.
 */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "harness.h"
#include "lab_card.h"

#define MIB		0x100000UL
#define GIB		0x40000000UL
#define LARGE		(2 * MIB)

/* Windows, and offsets in them of registers that hold their place in the BAR */
#define POS_GIB		"b0-o0"
#define POS_ODD		"b2-o140000"
#define ODD_START	0x140000UL
#define ODD_SIZE	0x560000UL
#define ODD_FIRST_LARGE	0xc0000UL	/* first large page in the window */
#define POS_NEIGHBOUR	"b2-o6a0000"

static const u64 gib_reg[] = {
	0x200000, 0x300000, 0x302000, 0x1fe00000, 0x3ffff000,
};

static const u64 odd_reg[] = {
	0xbf000, 0xc0000, 0x2bf000, 0x2c0000, 0x4bf000, 0x4c0000, 0x55f000,
};

static bool large_pages(void)
{
	return getenv("VDFL_LARGE");
}

/* Address space of @len bytes at a multiple of @align, inaccessible */
static void *reserve(size_t len, size_t align)
{
	char *map = mmap(NULL, len + align, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		die_errno("reserving address space");
	return map + (align - (unsigned long)map % align) % align;
}

static void *map_at(const struct dev *dev, void *addr, u64 off, size_t len)
{
	void *map = mmap(addr, len, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, dev->fd,
			 dev->region[BAR0].offset + off);

	if (map == MAP_FAILED)
		die_errno("mapping %zu bytes at 0x%lx", len, off);
	return map;
}

static void zeros_at(void *addr, size_t len)
{
	if (mmap(addr, len, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
		 -1, 0) == MAP_FAILED)
		die_errno("mapping zeros");
}

static u64 faults_now(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		die_errno("getrusage");
	return usage.ru_minflt;
}

/* Page faults of one load in each @step bytes */
static u64 touch(char *map, size_t len, size_t step)
{
	u64 before;
	size_t off;

	faults_now();	/* its own pages */
	before = faults_now();
	for (off = 0; off < len; off += step)
		map_load64(map + off);
	return faults_now() - before;
}

/* Resident KiB of the mapping at @map, as /proc reports them; -1 without entry */
static long resident_kib(const void *map)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	bool found = false;
	long kib = -1;
	char line[512];

	if (!file)
		die_errno("opening smaps");
	while (kib < 0 && fgets(line, sizeof(line), file)) {
		found |= strtoul(line, NULL, 16) == (unsigned long)map &&
			 strchr(line, '-');
		if (found)
			sscanf(line, "Rss: %ld", &kib);
	}
	fclose(file);
	return kib;
}

/* --- a window of 1 GiB ------------------------------------------------------ */

FIXTURE(gib) {
	struct card card;
	struct instance inst;
	struct dev dev;
	char *map;
};

FIXTURE_SETUP(gib)
{
	card_find(&self->card);
	block_open(&self->inst, &self->dev, &self->card, POS_GIB);
	self->map = map_at(&self->dev, reserve(GIB, GIB), 0, GIB);
}

/* The mappings hold references of the device */
FIXTURE_TEARDOWN(gib)
{
	munmap(self->map, GIB);
	block_close(&self->inst, &self->dev);
}

/* Check the registers at [@start, @end) of the window, mapped at @map */
static unsigned int wrong_regs(char *map, u64 start, u64 end)
{
	unsigned int wrong = 0;
	u64 value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gib_reg); i++)
		if (gib_reg[i] >= start && gib_reg[i] < end)
			wrong += try_load64(map + gib_reg[i] + 0x20, &value) ||
				 value != gib_reg[i];
	return wrong;
}

/* Count the pages with registers that can be accessed */
static unsigned int accessible_regs(char *map)
{
	unsigned int nr = 0;
	u64 value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gib_reg); i++)
		nr += !try_load64(map + gib_reg[i] + 0x20, &value);
	return nr;
}

TEST_F(gib, gib_is_mapped_by_one_fault)
{
	EXPECT_EQ(large_pages() ? 1 : GIB / LARGE,
		  touch(self->map, GIB, LARGE));
	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
}

TEST_F(gib, two_mib_are_mapped_by_one_fault)
{
	char *map = map_at(&self->dev, reserve(LARGE, LARGE), LARGE, LARGE);

	EXPECT_EQ(large_pages() ? 1 : LARGE / PAGE, touch(map, LARGE, PAGE));
	EXPECT_EQ(0, munmap(map, LARGE));
}

TEST_F(gib, unaligned_address_is_mapped_by_small_pages)
{
	char *map = map_at(&self->dev, reserve(3 * LARGE, LARGE) + PAGE, 0,
			   2 * LARGE);
	u64 value;

	EXPECT_EQ(2 * LARGE / PAGE, touch(map, 2 * LARGE, PAGE));
	EXPECT_EQ(0, try_load64(map + gib_reg[0] + 0x20, &value));
	EXPECT_EQ(gib_reg[0], value);
	EXPECT_EQ(0, munmap(map, 2 * LARGE));
}

TEST_F(gib, short_mapping_is_mapped_by_small_pages)
{
	char *area = reserve(LARGE, LARGE), *map;

	map = map_at(&self->dev, area, LARGE, LARGE - PAGE);
	zeros_at(map + LARGE - PAGE, PAGE);
	EXPECT_EQ(LARGE / PAGE - 1, touch(map, LARGE - PAGE, PAGE));
	EXPECT_EQ(0, map_load64(map + LARGE - PAGE));
	EXPECT_EQ(0, munmap(map, LARGE));
}

TEST_F(gib, memory_off_revokes_each_page)
{
	int i;

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
		dev_memory_enable(&self->dev, false);
		EXPECT_EQ(0, accessible_regs(self->map));
		dev_memory_enable(&self->dev, true);
	}
	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
}

TEST_F(gib, reset_revokes_each_page)
{
	u64 want = large_pages() ? 1 : GIB / LARGE;

	EXPECT_EQ(want, touch(self->map, GIB, LARGE));
	sysfs_write("1", "%s/reset", self->card.dir);
	EXPECT_EQ(want, touch(self->map, GIB, LARGE));
	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
}

/* Several kernels split a PUD entry at no VMA boundary. */
TEST_F(gib, unmapped_page_leaves_the_rest)
{
	u64 hole = 0x301000;

	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
	EXPECT_EQ(0, munmap(self->map + hole, PAGE));
	zeros_at(self->map + hole, PAGE);
	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
	EXPECT_EQ(0, map_load64(self->map + hole));
	dev_memory_enable(&self->dev, false);
	EXPECT_EQ(0, accessible_regs(self->map));
	dev_memory_enable(&self->dev, true);
	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
}

TEST_F(gib, unmapped_large_page_leaves_the_rest)
{
	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
	EXPECT_EQ(0, munmap(self->map + 2 * LARGE, LARGE));
	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
	dev_memory_enable(&self->dev, false);
	EXPECT_EQ(0, accessible_regs(self->map));
	dev_memory_enable(&self->dev, true);
	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
}

TEST_F(gib, protection_of_a_page_leaves_the_rest)
{
	char *page = self->map + gib_reg[1];
	u64 value;

	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
	EXPECT_EQ(0, mprotect(page, PAGE, PROT_READ));
	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
	EXPECT_EQ(0, mprotect(page, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, try_store64(page + 0x28, 0x77));
	EXPECT_EQ(0, try_load64(page + 0x28, &value));
	EXPECT_EQ(0x77, value);
	EXPECT_EQ(0, try_store64(page + 0x28, gib_reg[1]));
	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
}

TEST_F(gib, protection_of_all_can_change)
{
	char *page = self->map + gib_reg[0];

	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
	EXPECT_EQ(0, mprotect(self->map, GIB, PROT_READ));
	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
	EXPECT_EQ(0, mprotect(self->map, GIB, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, try_store64(page + 0x28, gib_reg[0]));
	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
}

/* Without the moved page tables, the old address may keep a TLB entry. */
TEST_F(gib, moved_mapping_is_revoked)
{
	char *to = reserve(GIB + LARGE, GIB) + LARGE, *moved;

	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
	moved = mremap(self->map, GIB, GIB, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	ASSERT_EQ(to, moved);
	zeros_at(self->map, GIB);
	EXPECT_EQ(0, map_load64(self->map + gib_reg[0] + 0x20));
	EXPECT_EQ(0, wrong_regs(moved, 0, GIB));
	dev_memory_enable(&self->dev, false);
	EXPECT_EQ(0, accessible_regs(moved));
	dev_memory_enable(&self->dev, true);
	EXPECT_EQ(0, wrong_regs(moved, 0, GIB));
	EXPECT_EQ(0, munmap(moved, GIB));
}

TEST_F(gib, moved_part_is_revoked)
{
	char *to = reserve(2 * LARGE, LARGE) + PAGE, *moved;
	u64 value;

	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
	moved = mremap(self->map + LARGE, LARGE, LARGE,
		       MREMAP_MAYMOVE | MREMAP_FIXED, to);
	ASSERT_EQ(to, moved);
	EXPECT_EQ(0, try_load64(moved + 0x20, &value));
	EXPECT_EQ(LARGE, value);
	EXPECT_EQ(0, wrong_regs(self->map, 2 * LARGE, GIB));
	dev_memory_enable(&self->dev, false);
	EXPECT_EQ(-EFAULT, try_load64(moved + 0x20, &value));
	EXPECT_EQ(-EFAULT, try_load64(self->map + gib_reg[3], &value));
	dev_memory_enable(&self->dev, true);
	EXPECT_EQ(0, try_load64(moved + 0x20, &value));
	EXPECT_EQ(LARGE, value);
	EXPECT_EQ(0, munmap(moved, LARGE));
}

/*
 * A walk of the page tables, for smaps or mbind(), removes a PUD entry and finds no
 * page below. The next access inserts the entry again.
 */
TEST_F(gib, page_walks_find_no_page)
{
	bool numa = !access("/sys/devices/system/node", F_OK);
	u64 removed = large_pages() ? 1 : 0;
	unsigned long node0 = 1;

	touch(self->map, GIB, LARGE);
	EXPECT_EQ(0, resident_kib(self->map));
	EXPECT_EQ(removed, touch(self->map, GIB, LARGE));
	if (numa)
		EXPECT_EQ(0, syscall(SYS_mbind, self->map, GIB, MPOL_BIND,
				     &node0, 8 * sizeof(node0),
				     MPOL_MF_STRICT));
	EXPECT_EQ(numa ? removed : 0, touch(self->map, GIB, LARGE));
	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
	dev_memory_enable(&self->dev, false);
	EXPECT_EQ(0, accessible_regs(self->map));
	dev_memory_enable(&self->dev, true);
	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
}

/* After soft-dirty tracking has begun, new entries are not writable at first. */
TEST_F(gib, store_ends_with_soft_dirty_tracking)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);

	ASSERT_LE(0, fd);
	if (write(fd, "4", 1) != 1)
		TH_LOG("this kernel has no soft-dirty tracking");
	close(fd);
	EXPECT_EQ(0, try_store64(self->map + gib_reg[0] + 0x28,
				 gib_reg[0]));
	EXPECT_EQ(0, try_store64(self->map + gib_reg[3] + 0x28,
				 gib_reg[3]));
	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
}

/* Threads fault on all levels while one splits and another revokes. */

static bool stop;
static __thread sigjmp_buf no_mapping;

static void on_sigsegv(int sig)
{
	(void)sig;
	siglongjmp(no_mapping, 1);
}

/* While the mapping is moved, its old address is unmapped for a moment. */
static void *load_always(void *map)
{
	const struct sigaction action = { .sa_handler = on_sigsegv };
	u64 value;

	sigaction(SIGSEGV, &action, NULL);
	sigsetjmp(no_mapping, 1);
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
		try_load64((char *)map + gib_reg[4], &value);
	return NULL;
}

static void *revoke_always(void *dev)
{
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		dev_memory_enable(dev, false);
		dev_memory_enable(dev, true);
	}
	return NULL;
}

TEST_F(gib, splits_and_moves_race_with_faults)
{
	pthread_t loader, revoker;
	char *moved, *to = reserve(GIB + LARGE, GIB) + LARGE;
	int i;

	ASSERT_EQ(0, pthread_create(&loader, NULL, load_always, self->map));
	ASSERT_EQ(0, pthread_create(&revoker, NULL, revoke_always, &self->dev));
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(0, mprotect(self->map + gib_reg[1], PAGE, PROT_READ));
		zeros_at(self->map, GIB);
		map_at(&self->dev, self->map, 0, GIB);
		moved = mremap(self->map, GIB, GIB,
			       MREMAP_MAYMOVE | MREMAP_FIXED, to);
		EXPECT_EQ(to, moved);
		map_at(&self->dev, self->map, 0, GIB);
		EXPECT_EQ(0, munmap(moved, GIB));
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	pthread_join(loader, NULL);
	pthread_join(revoker, NULL);
	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
}

static void *unbind(void *card)
{
	return try_card_unbind(card) ? card : NULL;
}

TEST_F(gib, unbinding_revokes_each_page)
{
	u64 end = now_us() + slow * 20000000ULL;
	pthread_t thread;
	void *failed;

	EXPECT_EQ(0, wrong_regs(self->map, 0, GIB));
	ASSERT_EQ(0, pthread_create(&thread, NULL, unbind, &self->card));
	while (accessible_regs(self->map) && now_us() < end)
		sleep_us(10000);
	EXPECT_EQ(0, accessible_regs(self->map));
	munmap(self->map, GIB);
	dev_close(&self->dev);
	pthread_join(thread, &failed);
	EXPECT_EQ(NULL, failed);
	ASSERT_TRUE(try_card_bind(&self->card));
	/* for the teardown */
	self->map = reserve(GIB, GIB);
	block_open(&self->inst, &self->dev, &self->card, POS_GIB);
}

/* --- a window that starts and ends at an odd place -------------------------- */

FIXTURE(odd) {
	struct card card;
	struct instance inst;
	struct dev dev;
	char *area;
	char *map;
};

#define AREA_SIZE	(4 * LARGE)

/* The area around the mapping reads as zeros, unless a page covers too much. */
FIXTURE_SETUP(odd)
{
	card_find(&self->card);
	block_open(&self->inst, &self->dev, &self->card, POS_ODD);
	self->area = reserve(AREA_SIZE, LARGE);
	zeros_at(self->area, AREA_SIZE);
	self->map = map_at(&self->dev, self->area + ODD_START, 0, ODD_SIZE);
}

FIXTURE_TEARDOWN(odd)
{
	munmap(self->area, AREA_SIZE);
	block_close(&self->inst, &self->dev);
}

TEST_F(odd, large_pages_inside_the_window_only)
{
	u64 tail = ODD_FIRST_LARGE + 2 * LARGE;

	EXPECT_EQ(ODD_FIRST_LARGE / PAGE,
		  touch(self->map, ODD_FIRST_LARGE, PAGE));
	EXPECT_EQ(large_pages() ? 2 : 2 * LARGE / PAGE,
		  touch(self->map + ODD_FIRST_LARGE, 2 * LARGE, PAGE));
	EXPECT_EQ((ODD_SIZE - tail) / PAGE,
		  touch(self->map + tail, ODD_SIZE - tail, PAGE));
}

TEST_F(odd, pages_map_the_right_registers)
{
	u64 value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(odd_reg); i++) {
		EXPECT_EQ(0, try_load64(self->map + odd_reg[i] + 0x20, &value));
		EXPECT_EQ(ODD_START + odd_reg[i], value);
	}
	EXPECT_EQ(0, try_load64(self->map + AFU_RO, &value));
	EXPECT_EQ(AFU_RO_VALUE, value);
}

TEST_F(odd, neighbours_are_out_of_reach)
{
	char *before = self->map - PAGE, *after = self->map + ODD_SIZE;
	u64 value = card_peek(&self->card, POS_NEIGHBOUR, 0x20);

	touch(self->map, ODD_SIZE, PAGE);
	EXPECT_EQ(0, map_load64(before));
	EXPECT_EQ(0, map_load64(after));
	map_store64(before, ~0ULL);
	map_store64(after + 0x20, ~value);
	EXPECT_EQ(value, card_peek(&self->card, POS_NEIGHBOUR, 0x20));
}

TEST_CARD_MAIN
