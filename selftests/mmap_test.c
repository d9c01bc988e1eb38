// SPDX-License-Identifier: GPL-2.0-only
/* Mappings: the pages that can be mapped, and the revocation of mappings. */
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "harness.h"
#include "lab_card.h"

/* --- which blocks -------------------------------------------------------- */

FIXTURE(block) {
	struct card card;
	struct instance inst;
	struct dev dev;
	u64 mappable;
	struct {
		struct vfio_region_info info;
		char caps[256];
	} bar;
};

FIXTURE_VARIANT(block) {
	const char *pos;
	u64 mappable;
};

FIXTURE_VARIANT_ADD(block, eth) {
	.pos = POS_ETH, .mappable = PAGE,
};

FIXTURE_VARIANT_ADD(block, hssi) {
	.pos = POS_HSSI, .mappable = PAGE,
};

FIXTURE_VARIANT_ADD(block, unknown) {
	.pos = POS_FME_UNKNOWN, .mappable = PAGE,
};

FIXTURE_VARIANT_ADD(block, userclk) {
	.pos = POS_USERCLK,
};

FIXTURE_VARIANT_ADD(block, afu) {
	.pos = POS_AFU1, .mappable = AFU_SIZE,
};

FIXTURE_VARIANT_ADD(block, first_half_of_a_page) {
	.pos = POS_ETH_SHARED_PAGE,
};

FIXTURE_VARIANT_ADD(block, second_half_of_a_page) {
	.pos = POS_TOD_SHARED_PAGE,
};

FIXTURE_VARIANT_ADD(block, beside_msix_table) {
	.pos = POS_ETH_MSIX_PAGE,
};

FIXTURE_VARIANT_ADD(block, uart) {
	.pos = POS_UART,
};

FIXTURE_SETUP(block)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, variant->pos);
	block_open(&self->inst, &self->dev, &self->card, variant->pos);
	self->mappable = variant->mappable;
	dev_region_info(&self->dev, BAR0, &self->bar.info, sizeof(self->bar));
}

FIXTURE_TEARDOWN(block)
{
	block_close(&self->inst, &self->dev);
}

TEST_F(block, mappable_area_is_reported)
{
	const struct vfio_region_info_cap_sparse_mmap *sparse;
	const u32 flags = VFIO_REGION_INFO_FLAG_MMAP |
			       VFIO_REGION_INFO_FLAG_CAPS;

	EXPECT_EQ(self->mappable,
		  block_attr_u64(&self->card, variant->pos, "mappable"));
	EXPECT_EQ(self->mappable ? flags : 0, self->bar.info.flags & flags);
	sparse = (const void *)region_cap(&self->bar.info,
					  VFIO_REGION_INFO_CAP_SPARSE_MMAP);
	ASSERT_EQ(!!self->mappable, !!sparse);
	if (!sparse)
		return;
	EXPECT_EQ(1, sparse->nr_areas);
	EXPECT_EQ(0, sparse->areas[0].offset);
	EXPECT_EQ(self->mappable, sparse->areas[0].size);
}

TEST_F(block, mappable_area_only_can_be_mapped)
{
	u64 size = self->dev.region[BAR0].size, off, seen;
	void *map;

	for (off = 0; off < size + PAGE; off += PAGE) {
		map = try_dev_map(&self->dev, off, PAGE);
		EXPECT_EQ(off < self->mappable, map != MAP_FAILED);
		if (map == MAP_FAILED) {
			EXPECT_EQ(EINVAL, errno);
			continue;
		}
		if (!off) {
			EXPECT_EQ(0, try_load64(map, &seen));
			EXPECT_EQ(card_peek(&self->card, variant->pos, 0),
				  seen);
		}
		dev_unmap(&self->dev, map);
	}
	map = try_dev_map(&self->dev, 0, size + PAGE);
	EXPECT_EQ(MAP_FAILED, map);
	EXPECT_EQ(EINVAL, errno);
	map = try_dev_map(&self->dev, 0, size);
	EXPECT_EQ(self->mappable == size, map != MAP_FAILED);
}

/* --- an accelerator ------------------------------------------------------ */

FIXTURE(afu) {
	struct card card;
	struct instance inst;
	struct dev dev;
};

FIXTURE_SETUP(afu)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU0);
	block_open(&self->inst, &self->dev, &self->card, POS_AFU0);
}

FIXTURE_TEARDOWN(afu)
{
	block_close(&self->inst, &self->dev);
}

static long map_errno(struct dev *dev, size_t len, int flags, u64 off)
{
	void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, dev->fd,
			 off);

	if (map == MAP_FAILED)
		return -errno;
	munmap(map, len);
	return 0;
}

TEST_F(afu, bad_mmap_is_refused)
{
	static const unsigned int region[] = {
		VFIO_PCI_BAR1_REGION_INDEX, VFIO_PCI_BAR2_REGION_INDEX,
		VFIO_PCI_BAR4_REGION_INDEX, VFIO_PCI_ROM_REGION_INDEX,
		CONFIG, VFIO_PCI_VGA_REGION_INDEX,
		REGION_BLOCK, NR_REGIONS, 255,
	};
	struct dev *dev = &self->dev;
	size_t i;

	EXPECT_ERR(0, map_errno(dev, AFU_SIZE, MAP_SHARED, 0));
	EXPECT_ERR(EINVAL, map_errno(dev, PAGE, MAP_PRIVATE, 0));
	EXPECT_ERR(EINVAL, map_errno(dev, AFU_SIZE + PAGE, MAP_SHARED, 0));
	EXPECT_ERR(EINVAL, map_errno(dev, AFU_SIZE, MAP_SHARED, PAGE));
	EXPECT_ERR(EINVAL, map_errno(dev, PAGE, MAP_SHARED, AFU_SIZE));
	EXPECT_ERR(EINVAL, map_errno(dev, PAGE, MAP_SHARED, 0x123));
	/* the last page before the next region, and one page into that */
	EXPECT_ERR(EINVAL, map_errno(dev, PAGE, MAP_SHARED,
				     (1ULL << 40) - PAGE));
	EXPECT_ERR(EINVAL, map_errno(dev, 2 * PAGE, MAP_SHARED,
				     (1ULL << 40) - PAGE));
	EXPECT_ERR(EINVAL, map_errno(dev, 1ULL << 41, MAP_SHARED, 0));
	for (i = 0; i < ARRAY_SIZE(region); i++)
		EXPECT_ERR(EINVAL, map_errno(dev, PAGE, MAP_SHARED,
					     (u64)region[i] << REGION_SHIFT));
}

TEST_F(afu, pages_map_the_right_registers)
{
	void *whole = dev_map(&self->dev, 0, AFU_SIZE);
	void *page = dev_map(&self->dev, AFU_RAM, PAGE);
	u64 value;

	ASSERT_EQ(0, try_store64(page + 0x10, 0x1234));
	EXPECT_EQ(0x1234, card_peek(&self->card, POS_AFU0, AFU_RAM + 0x10));
	EXPECT_EQ(0, try_load64(whole + AFU_RAM + 0x10, &value));
	EXPECT_EQ(0x1234, value);
	EXPECT_EQ(0, try_load64(whole + AFU_RO, &value));
	EXPECT_EQ(AFU_RO_VALUE, value);
}

/*
 * Registers are not memory: each access reaches the card once, at full width.
 */
TEST_F(afu, one_access_per_load_or_store)
{
	void *map = dev_map(&self->dev, 0, AFU_SIZE);
	struct block_stats before, after;
	u64 value;
	u32 half;

	try_load64(map, &value);
	card_block_stats(&self->card, POS_AFU0, &before);
	EXPECT_EQ(0, try_load64(map + AFU_COUNTER, &value));
	EXPECT_EQ(1, value);
	EXPECT_EQ(0, try_load64(map + AFU_COUNTER, &value));
	EXPECT_EQ(2, value);
	EXPECT_EQ(0, try_load32(map + AFU_RO, &half));
	EXPECT_EQ((u32)AFU_RO_VALUE, half);
	EXPECT_EQ(0, try_store64(map + AFU_SCRATCH0, 1));
	EXPECT_EQ(0, try_store32(map + AFU_SCRATCH0 + 4, 2));
	card_block_stats(&self->card, POS_AFU0, &after);
	EXPECT_EQ(before.reads + 3, after.reads);
	EXPECT_EQ(before.writes + 2, after.writes);
	EXPECT_EQ(0x200000001, card_peek(&self->card, POS_AFU0, AFU_SCRATCH0));
}

TEST_F(afu, memory_off_revokes_mappings)
{
	void *used = dev_map(&self->dev, 0, PAGE);
	void *unused = dev_map(&self->dev, AFU_RAM, PAGE);
	struct card_stats before, after;
	u64 value;
	int i;

	EXPECT_EQ(0, try_store64(used + AFU_SCRATCH0, 0x77));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, try_load64(used + AFU_SCRATCH0, &value));
		EXPECT_EQ(0x77, value);
		card_stats(&self->card, &before);
		dev_memory_enable(&self->dev, false);
		EXPECT_EQ(-EFAULT, try_load64(used + AFU_SCRATCH0, &value));
		EXPECT_EQ(-EFAULT, try_store64(used + AFU_SCRATCH0, 0));
		EXPECT_EQ(-EFAULT, try_load64(unused, &value));
		card_stats(&self->card, &after);
		EXPECT_EQ(before.reads, after.reads);
		EXPECT_EQ(before.writes, after.writes);
		dev_memory_enable(&self->dev, true);
	}
	EXPECT_EQ(0, try_load64(used + AFU_SCRATCH0, &value));
	EXPECT_EQ(0x77, value);
	EXPECT_EQ(0, try_load64(unused, &value));
}

/* Revocation affects the mappings of one instance only. */
TEST_F(afu, revocation_leaves_other_instances)
{
	void *map = dev_map(&self->dev, 0, PAGE), *other_map;
	struct instance other_inst;
	struct dev other;
	u64 value;

	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU1);
	block_open(&other_inst, &other, &self->card, POS_AFU1);
	other_map = dev_map(&other, 0, PAGE);
	EXPECT_EQ(0, try_load64(map + AFU_RO, &value));
	EXPECT_EQ(0, try_load64(other_map + AFU_RO, &value));
	dev_memory_enable(&self->dev, false);
	EXPECT_EQ(-EFAULT, try_load64(map + AFU_RO, &value));
	EXPECT_EQ(0, try_load64(other_map + AFU_RO, &value));
	EXPECT_EQ(AFU_RO_VALUE, value);
	block_close(&other_inst, &other);
}

TEST_F(afu, mmap_while_memory_is_off)
{
	u64 value;
	void *map;

	dev_memory_enable(&self->dev, false);
	map = dev_map(&self->dev, 0, PAGE);
	EXPECT_EQ(-EFAULT, try_load64(map + AFU_RO, &value));
	dev_memory_enable(&self->dev, true);
	EXPECT_EQ(0, try_load64(map + AFU_RO, &value));
	EXPECT_EQ(AFU_RO_VALUE, value);
}

TEST_F(afu, mapping_survives_reset)
{
	void *map = dev_map(&self->dev, 0, AFU_SIZE);
	u64 value = 1;
	int i;

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, try_store64(map + AFU_SCRATCH0, 0x77));
		EXPECT_EQ(0, try_store64(map + AFU_RAM, 0x77));
		EXPECT_ERR(0, try_dev_ioctl(&self->dev, VFIO_DEVICE_RESET,
					    NULL));
		EXPECT_EQ(0, try_load64(map + AFU_SCRATCH0, &value));
		EXPECT_EQ(0, value);
		EXPECT_EQ(0, try_load64(map + AFU_RAM, &value));
		EXPECT_EQ(0, value);
	}
	dev_memory_enable(&self->dev, false);
	EXPECT_ERR(0, try_dev_ioctl(&self->dev, VFIO_DEVICE_RESET, NULL));
	EXPECT_EQ(-EFAULT, try_load64(map + AFU_RO, &value));
}

/* --- an access is always in progress ----------------------- */

struct hammer {
	pid_t pid;
	u64 loads;
	u64 faults;
	u64 wrong;
	bool stop;
};

/* fork() does not copy mappings: the child maps the descriptor itself. */
static void hammer_loop(struct hammer *h, struct dev *dev)
{
	void *map = dev_map(dev, 0, PAGE);
	u64 value;

	while (!__atomic_load_n(&h->stop, __ATOMIC_ACQUIRE)) {
		if (try_load64(map + AFU_RO, &value))
			h->faults++;
		else if (value == AFU_RO_VALUE)
			h->loads++;
		else
			h->wrong++;
	}
	_exit(0);
}

static struct hammer *hammer_start(struct dev *dev)
{
	struct hammer *h = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (h == MAP_FAILED)
		die_errno("memory");
	h->pid = fork();
	if (h->pid < 0)
		die_errno("fork");
	if (!h->pid)
		hammer_loop(h, dev);
	return h;
}

/* The thread has taken at least one more fault. */
static void hammer_wait(const u64 *count)
{
	u64 seen = __atomic_load_n(count, __ATOMIC_ACQUIRE);

	while (__atomic_load_n(count, __ATOMIC_ACQUIRE) == seen)
		sched_yield();
}

static void hammer_stop(struct hammer *h)
{
	__atomic_store_n(&h->stop, true, __ATOMIC_RELEASE);
	waitpid(h->pid, NULL, 0);
}

TEST_F(afu, revocation_races_with_faults)
{
	struct hammer *h = hammer_start(&self->dev);
	int i;

	for (i = 0; i < 50; i++) {
		dev_memory_enable(&self->dev, false);
		hammer_wait(&h->faults);
		dev_memory_enable(&self->dev, true);
		hammer_wait(&h->loads);
	}
	hammer_stop(h);
	EXPECT_EQ(0, h->wrong);
}

/* A failed fault would end a guest, so the fault waits for the reset. */
TEST_F(afu, fault_waits_for_reset)
{
	struct hammer *h = hammer_start(&self->dev);
	int i;

	for (i = 0; i < 50; i++) {
		hammer_wait(&h->loads);
		EXPECT_ERR(0, try_dev_ioctl(&self->dev, VFIO_DEVICE_RESET,
					    NULL));
	}
	hammer_stop(h);
	EXPECT_EQ(0, h->faults);
	EXPECT_EQ(0, h->wrong);
}

/* --- parents and children ------------------------------------------------ */

/*
 * Value of SCRATCH0, 0 after SIGBUS. The child maps the inherited descriptor at
 * its first load, because fork() does not copy mappings.
 */
static char load_scratch(void *arg, char order)
{
	static void *map;
	u64 value;

	(void)order;
	if (!map)
		map = dev_map(arg, 0, PAGE);
	return try_load64(map + AFU_SCRATCH0, &value) ? 0 : value;
}

/* 1 if the mapping at @map exists in the child: SIGSEGV kills the child */
static char load_inherited(void *map, char order)
{
	u64 value;

	(void)order;
	return !try_load64(map, &value);
}

/* A client cannot multiply the mappings that a revocation has to zap. */
TEST_F(afu, fork_does_not_copy_mappings)
{
	void *map = dev_map(&self->dev, 0, PAGE);
	struct child child;
	u64 value;

	EXPECT_EQ(-1, madvise(map, PAGE, MADV_DOFORK));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, try_load64(map, &value));
	child_start(&child, load_inherited, map);
	EXPECT_EQ(-1, child_ask(&child, 'l'));
	child_end(&child);
	EXPECT_EQ(0, try_load64(map, &value));
}

static int child_load(const struct child *child)
{
	return child_ask(child, 'l');
}

TEST_F(afu, revocation_includes_children)
{
	void *map = dev_map(&self->dev, 0, PAGE);
	struct child child;
	u64 value;

	ASSERT_EQ(0, try_store64(map + AFU_SCRATCH0, 0x77));
	child_start(&child, load_scratch, &self->dev);
	EXPECT_EQ(0x77, child_load(&child));
	dev_memory_enable(&self->dev, false);
	EXPECT_EQ(0, child_load(&child));
	EXPECT_EQ(-EFAULT, try_load64(map + AFU_SCRATCH0, &value));
	dev_memory_enable(&self->dev, true);
	EXPECT_EQ(0x77, child_load(&child));
	child_end(&child);
	EXPECT_EQ(0, try_load64(map + AFU_SCRATCH0, &value));
}

/* The child keeps its mapping after the parent has unmapped its own. */
TEST_F(afu, child_outlives_the_mapping_of_its_parent)
{
	void *map = dev_map(&self->dev, 0, PAGE);
	struct child child;

	ASSERT_EQ(0, try_store64(map + AFU_SCRATCH0, 0x77));
	child_start(&child, load_scratch, &self->dev);
	EXPECT_EQ(0x77, child_load(&child));
	dev_unmap(&self->dev, map);
	EXPECT_EQ(0x77, child_load(&child));
	dev_memory_enable(&self->dev, false);
	EXPECT_EQ(0, child_load(&child));
	dev_memory_enable(&self->dev, true);
	EXPECT_EQ(0x77, child_load(&child));
	child_end(&child);
}

/* --- pieces of mappings -------------------------------------------------- */

TEST_F(afu, unmapped_part_leaves_the_rest)
{
	void *map = dev_map(&self->dev, 0, 3 * PAGE);
	u64 value;

	EXPECT_EQ(0, try_store64(map + AFU_RAM, 0x77));
	EXPECT_EQ(0, munmap(map + 2 * PAGE, PAGE));
	EXPECT_EQ(0, munmap(map, PAGE));
	EXPECT_EQ(0, try_load64(map + AFU_RAM, &value));
	EXPECT_EQ(0x77, value);
	dev_memory_enable(&self->dev, false);
	EXPECT_EQ(-EFAULT, try_load64(map + AFU_RAM, &value));
	dev_memory_enable(&self->dev, true);
	/* faults in again at the right offset */
	EXPECT_EQ(0, try_load64(map + AFU_RAM, &value));
	EXPECT_EQ(0x77, value);
}

TEST_F(afu, moved_mapping_is_revoked)
{
	void *map = dev_map(&self->dev, 0, 2 * PAGE), *moved;
	u64 value;

	EXPECT_EQ(0, try_store64(map + AFU_RAM, 0x77));
	/* only the second page is moved */
	moved = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, moved);
	moved = mremap(map + PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       moved);
	ASSERT_NE(MAP_FAILED, moved);
	EXPECT_EQ(0, try_load64(moved, &value));
	EXPECT_EQ(0x77, value);
	dev_memory_enable(&self->dev, false);
	EXPECT_EQ(-EFAULT, try_load64(moved, &value));
	EXPECT_EQ(-EFAULT, try_load64(map + AFU_RO, &value));
	dev_memory_enable(&self->dev, true);
	EXPECT_EQ(0, try_load64(moved, &value));
	EXPECT_EQ(0x77, value);
	EXPECT_EQ(0, munmap(moved, PAGE));
}

/*
 * remap_file_pages() maps the file of the VMA again. From kernel 6.10 on, that is the
 * file of the device. Before, it is the shmem file of the instance, and the driver has
 * the call fail with EACCES.
 */
TEST_F(afu, remapped_page_shows_a_register)
{
	void *map = dev_map(&self->dev, 0, 2 * PAGE);
	u64 value, off = AFU_RAM;

	EXPECT_EQ(0, try_store64(map + AFU_SCRATCH0, 0x77));
	dev_write64(&self->dev, AFU_RAM + AFU_SCRATCH0, 0x88);
	if (syscall(SYS_remap_file_pages, map, PAGE, 0, off / PAGE, 0)) {
		EXPECT_EQ(EACCES, errno);
		off = 0;
	}
	EXPECT_EQ(0, try_load64(map + AFU_SCRATCH0, &value));
	EXPECT_EQ(off ? 0x88 : 0x77, value);
	dev_memory_enable(&self->dev, false);
	EXPECT_EQ(-EFAULT, try_load64(map + AFU_SCRATCH0, &value));
}

TEST_F(afu, mapping_cannot_grow)
{
	void *map = dev_map(&self->dev, 0, PAGE);

	EXPECT_EQ(MAP_FAILED, mremap(map, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MAP_FAILED, mremap(map, 0, PAGE, MREMAP_MAYMOVE));
}

TEST_F(afu, read_only_mapping_can_be_read)
{
	void *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->dev.fd, 0);
	u64 value;

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(0, try_load64(map + AFU_RO, &value));
	EXPECT_EQ(AFU_RO_VALUE, value);
	EXPECT_EQ(0, munmap(map, PAGE));
}

/* --- how many ------------------------------------------------------------- */

#define BOUND	VFIO_DFL_MDEV_MAX_MAPS

static void map_pages(struct dev *dev, void *map[], unsigned int nr)
{
	while (nr--) {
		map[nr] = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, dev->fd, 0);
		if (map[nr] == MAP_FAILED)
			die_errno("mmap");
	}
}

TEST_F(afu, number_of_mappings_is_bounded)
{
	static void *map[BOUND];
	unsigned int i;
	u64 value;

	map_pages(&self->dev, map, BOUND);
	EXPECT_ERR(ENOMEM, map_errno(&self->dev, PAGE, MAP_SHARED, 0));
	EXPECT_ERR(EINVAL, map_errno(&self->dev, PAGE, MAP_PRIVATE, 0));
	for (i = 0; i < BOUND; i++)
		EXPECT_EQ(0, try_load64(map[i] + AFU_RO, &value));
	dev_memory_enable(&self->dev, false);
	EXPECT_EQ(-EFAULT, try_load64(map[0] + AFU_RO, &value));
	EXPECT_EQ(-EFAULT, try_load64(map[BOUND - 1] + AFU_RO, &value));
	dev_memory_enable(&self->dev, true);
	EXPECT_EQ(0, munmap(map[0], PAGE));
	EXPECT_ERR(0, map_errno(&self->dev, PAGE, MAP_SHARED, 0));
	for (i = 1; i < BOUND; i++)
		munmap(map[i], PAGE);
	/* all of them can be used again */
	map_pages(&self->dev, map, BOUND);
	for (i = 0; i < BOUND; i++)
		munmap(map[i], PAGE);
}

TEST_F(afu, pieces_of_mappings_count)
{
	static void *map[BOUND - 1];
	void *whole = dev_map(&self->dev, 0, 3 * PAGE), *moved;
	unsigned int i;
	u64 value;

	map_pages(&self->dev, map, BOUND - 2);
	EXPECT_EQ(0, munmap(whole + 2 * PAGE, PAGE));
	/* one more, by a split */
	EXPECT_EQ(0, mprotect(whole + PAGE, PAGE, PROT_READ));
	EXPECT_ERR(ENOMEM, map_errno(&self->dev, PAGE, MAP_SHARED, 0));
	EXPECT_EQ(0, munmap(whole + PAGE, PAGE));
	map_pages(&self->dev, map + BOUND - 2, 1);
	/* a mapping that is moved as a whole stays one */
	moved = mremap(whole, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       whole + PAGE);
	EXPECT_EQ(whole + PAGE, moved);
	EXPECT_EQ(0, try_load64(moved + AFU_RO, &value));
	for (i = 0; i < BOUND - 1; i++)
		munmap(map[i], PAGE);
	munmap(moved, PAGE);
}

TEST_F(afu, no_split_beyond_the_bound)
{
	static void *map[BOUND - 1];
	void *whole = dev_map(&self->dev, 0, 3 * PAGE), *spare;
	unsigned int i;
	u64 value;

	spare = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, spare);
	map_pages(&self->dev, map, BOUND - 1);
	EXPECT_EQ(-1, munmap(whole + PAGE, PAGE));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(-1, mprotect(whole + PAGE, PAGE, PROT_READ));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(MAP_FAILED, mremap(whole + PAGE, PAGE, PAGE,
				     MREMAP_MAYMOVE | MREMAP_FIXED, spare));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(0, try_load64(whole + 2 * PAGE, &value));
	for (i = 0; i < BOUND - 1; i++)
		munmap(map[i], PAGE);
}

/* --- lifetime ------------------------------------------------------------ */

/*
 * A mapping keeps the device open: no reset and no new client until it is gone.
 */
TEST_F(afu, mapping_keeps_the_device_open)
{
	struct block_stats before, after;
	u64 value;
	void *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 self->dev.fd, 0);

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(0, try_store64(map + AFU_SCRATCH0, 0x77));
	card_block_stats(&self->card, POS_PORT0, &before);
	dev_close(&self->dev);
	EXPECT_EQ(0, try_load64(map + AFU_SCRATCH0, &value));
	EXPECT_EQ(0x77, value);
	card_block_stats(&self->card, POS_PORT0, &after);
	EXPECT_EQ(before.resets, after.resets);
	EXPECT_EQ(0, munmap(map, PAGE));
	card_block_stats(&self->card, POS_PORT0, &after);
	EXPECT_EQ(before.resets + 1, after.resets);
	EXPECT_EQ(0, card_peek(&self->card, POS_AFU0, AFU_SCRATCH0));
}

/* --- the attribute ------------------------------------------------------- */

static long set_mmap(struct instance *inst, const char *value)
{
	return try_sysfs_write(value, "%s/dfl/mmap", inst->dir);
}

TEST_F(afu, mmap_attribute_off_refuses_mappings)
{
	const u32 flags = VFIO_REGION_INFO_FLAG_MMAP |
			       VFIO_REGION_INFO_FLAG_CAPS;
	struct vfio_dfl_mdev_block desc;
	char value[VALUE_LEN];

	dev_close(&self->dev);
	ASSERT_ERR(0, set_mmap(&self->inst, "off"));
	sysfs_read(value, sizeof(value), "%s/dfl/mmap", self->inst.dir);
	EXPECT_STREQ("off", value);
	dev_open(&self->dev, &self->inst);
	EXPECT_EQ(0, self->dev.region[BAR0].flags & flags);
	EXPECT_ERR(EINVAL, map_errno(&self->dev, PAGE, MAP_SHARED, 0));
	dev_read(&self->dev, REGION_BLOCK, 0, &desc, sizeof(desc));
	EXPECT_EQ(0, desc.map_size);
	EXPECT_EQ(AFU_RO_VALUE, dev_read64(&self->dev, AFU_RO));

	dev_close(&self->dev);
	ASSERT_ERR(0, set_mmap(&self->inst, "on"));
	dev_open(&self->dev, &self->inst);
	EXPECT_ERR(0, map_errno(&self->dev, PAGE, MAP_SHARED, 0));
}

TEST_F(afu, mmap_attribute_is_fixed_while_open)
{
	char value[VALUE_LEN];

	EXPECT_ERR(EBUSY, set_mmap(&self->inst, "off"));
	EXPECT_ERR(EBUSY, set_mmap(&self->inst, "on"));
	sysfs_read(value, sizeof(value), "%s/dfl/mmap", self->inst.dir);
	EXPECT_STREQ("on", value);
	EXPECT_ERR(0, map_errno(&self->dev, PAGE, MAP_SHARED, 0));
}

TEST_F(afu, mmap_attribute_takes_on_and_off)
{
	dev_close(&self->dev);
	EXPECT_ERR(EINVAL, set_mmap(&self->inst, "perhaps"));
	EXPECT_ERR(EINVAL, set_mmap(&self->inst, "2"));
	EXPECT_ERR(0, set_mmap(&self->inst, "off\n"));
	EXPECT_ERR(0, set_mmap(&self->inst, "on\n"));
}

TEST_CARD_MAIN
