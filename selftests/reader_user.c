// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read-only instances: what a reader tries does not change a bit of the block
 * that another instance owns. Needs the simulated card with profile "tod", and
 * opt_in=tod,tod-ro.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "harness.h"

#define POS_TOD		"b0-o9000"
#define TYPE_READER	"tod-ro"
#define TOD_SECONDS	0x100
#define TOD_NANOSEC	0x108
#define SECRET		0x1122334455667788ULL
#define MAX_READERS	64

FIXTURE(reader) {
	struct card card;
	struct instance owner_inst;
	struct instance inst;
	struct dev owner;
	struct dev dev;
	struct block_stats before;
};

static void reader_create(struct instance *inst, const struct card *card)
{
	int ret = try_instance_create(inst, card, TYPE_READER);

	if (ret)
		die("creating %s: %s", TYPE_READER, err_name(ret));
}

FIXTURE_SETUP(reader)
{
	card_find(&self->card);
	block_open(&self->owner_inst, &self->owner, &self->card, POS_TOD);
	reader_create(&self->inst, &self->card);
	dev_open(&self->dev, &self->inst);
	dev_write64(&self->owner, TOD_SECONDS, SECRET);
	card_block_stats(&self->card, POS_TOD, &self->before);
}

/* The card counted no write since the setup, and has the value of the owner. */
FIXTURE_TEARDOWN(reader)
{
	struct block_stats after;

	card_block_stats(&self->card, POS_TOD, &after);
	EXPECT_EQ(self->before.writes, after.writes);
	EXPECT_EQ(self->before.resets, after.resets);
	EXPECT_EQ(0, after.stray);
	EXPECT_EQ(SECRET, card_peek(&self->card, POS_TOD, TOD_SECONDS));
	block_close(&self->inst, &self->dev);
	block_close(&self->owner_inst, &self->owner);
}

/* --- accesses that raise a signal ------------------------------------------ */

static sigjmp_buf escape;

static void on_fault(int sig)
{
	siglongjmp(escape, sig);
}

/* Return the signal that a store raised, or 0. */
static int store_signal(void *addr, unsigned int width)
{
	const struct sigaction action = { .sa_handler = on_fault };
	struct sigaction old_segv, old_bus;
	int sig;

	sigaction(SIGSEGV, &action, &old_segv);
	sigaction(SIGBUS, &action, &old_bus);
	sig = sigsetjmp(escape, 1);
	if (!sig) {
		switch (width) {
		case 1:
			*(volatile __u8 *)addr = 1;
			break;
		case 2:
			*(volatile __u16 *)addr = 1;
			break;
		case 4:
			map_store32(addr, 1);
			break;
		default:
			map_store64(addr, 1);
		}
	}
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGBUS, &old_bus, NULL);
	return sig;
}

static long err(long ret)
{
	return ret < 0 ? -errno : ret;
}

static long map_err(const struct dev *dev, unsigned int region, int prot,
		    int flags)
{
	void *map = mmap(NULL, PAGE, prot, flags, dev->fd,
			 dev->region[region].offset);

	if (map == MAP_FAILED)
		return -errno;
	munmap(map, PAGE);
	return 0;
}

/* --- information about a reader ----------------------------------------------- */

TEST_F(reader, is_described)
{
	struct vfio_dfl_mdev_block mine, theirs;
	const u32 flags = VFIO_REGION_INFO_FLAG_READ |
			  VFIO_REGION_INFO_FLAG_WRITE |
			  VFIO_REGION_INFO_FLAG_MMAP;
	char pos[VALUE_LEN];

	dev_read(&self->dev, REGION_BLOCK, 0, &mine, sizeof(mine));
	dev_read(&self->owner, REGION_BLOCK, 0, &theirs, sizeof(theirs));
	EXPECT_EQ(VFIO_DFL_MDEV_BLOCK_READ_ONLY | VFIO_DFL_MDEV_BLOCK_SHARED,
		  mine.flags);
	EXPECT_EQ(VFIO_DFL_MDEV_BLOCK_SHARED, theirs.flags);
	EXPECT_EQ(theirs.offset, mine.offset);
	EXPECT_EQ(PAGE, mine.size);
	EXPECT_EQ(PAGE, mine.map_size);
	EXPECT_EQ(VFIO_DFL_MDEV_SCRUB_NONE, mine.scrub);
	EXPECT_EQ(0, mine.vectors);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_MMAP,
		  self->dev.region[BAR0].flags & flags);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ,
		  self->dev.region[BAR2].flags & flags);
	EXPECT_EQ(0, self->dev.region[BAR4].size);
	EXPECT_EQ(flags, self->owner.region[BAR0].flags & flags);
	sysfs_read(pos, sizeof(pos), "%s/dfl/block", self->inst.dir);
	EXPECT_EQ(0, strcmp(POS_TOD, pos));
}

TEST_F(reader, sees_writes_of_the_owner)
{
	u64 *map = dev_map(&self->dev, 0, PAGE);
	u64 i, seen;

	for (i = 1; i <= 16; i++) {
		dev_write64(&self->owner, TOD_NANOSEC, i);
		EXPECT_EQ(i, dev_read64(&self->dev, TOD_NANOSEC));
		EXPECT_EQ(0, try_load64((char *)map + TOD_NANOSEC, &seen));
		EXPECT_EQ(i, seen);
		dev_read(&self->dev, BAR2, PAGE + TOD_NANOSEC, &seen, 8);
		EXPECT_EQ(i, seen);
	}
	/* these writes are of the owner */
	self->before.writes += 16;
}

/* --- attempts to write -------------------------------------------------------- */

TEST_F(reader, write_of_any_width_is_refused)
{
	static const size_t width[] = { 1, 2, 3, 4, 5, 7, 8, 12, 16, 64, 4096 };
	static const u64 at[] = { 0, 4, 8, 0x100, 0x102, 0x104, 0x108, 0xff8 };
	static char ones[4096];
	size_t i, j;

	memset(ones, 0xff, sizeof(ones));
	for (i = 0; i < ARRAY_SIZE(width); i++) {
		for (j = 0; j < ARRAY_SIZE(at); j++) {
			EXPECT_ERR(EINVAL, try_dev_write(&self->dev, BAR0,
							 at[j], ones,
							 width[i]));
			EXPECT_ERR(EINVAL, try_dev_write(&self->dev, BAR2,
							 at[j] + PAGE, ones,
							 width[i]));
			/* the emulated header in front of the block */
			EXPECT_ERR(EINVAL, try_dev_write(&self->dev, BAR2,
							 at[j], ones,
							 width[i]));
		}
	}
}

TEST_F(reader, vectored_write_is_refused)
{
	u64 word[2] = { 1, 2 };
	struct iovec iov[2] = { { &word[0], 8 }, { &word[1], 8 } };

	EXPECT_ERR(EINVAL, err(pwritev(self->dev.fd, iov, 2,
				       self->dev.region[BAR0].offset +
				       TOD_SECONDS)));
}

TEST_F(reader, writable_mapping_is_refused)
{
	static const int flags[] = {
		MAP_SHARED, MAP_SHARED | MAP_POPULATE, MAP_SHARED | MAP_LOCKED,
		MAP_SHARED | MAP_NORESERVE,
	};
	const int any = PROT_READ | PROT_WRITE | PROT_EXEC;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_ERR(EACCES, map_err(&self->dev, BAR0, PROT_WRITE,
					   flags[i]));
		EXPECT_ERR(EACCES, map_err(&self->dev, BAR0,
					   PROT_READ | PROT_WRITE, flags[i]));
		/* some kernels refuse to execute device files before */
		EXPECT_GT(0, map_err(&self->dev, BAR0, any, flags[i]));
		EXPECT_ERR(0, map_err(&self->dev, BAR0, PROT_READ, flags[i]));
		EXPECT_ERR(EINVAL, map_err(&self->dev, BAR2, PROT_READ,
					   flags[i]));
	}
	/* copy on write would show registers as memory */
	EXPECT_ERR(EINVAL, map_err(&self->dev, BAR0, PROT_READ, MAP_PRIVATE));
	EXPECT_ERR(EINVAL, map_err(&self->dev, BAR0, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE));
}

TEST_F(reader, mapping_stays_read_only)
{
	static const unsigned int width[] = { 1, 2, 4, 8 };
	char *map = dev_map(&self->dev, 0, PAGE), *moved;
	size_t i;
	u64 seen;

	EXPECT_EQ(0, try_load64(map + TOD_SECONDS, &seen));
	EXPECT_EQ(SECRET, seen);
	for (i = 0; i < ARRAY_SIZE(width); i++)
		EXPECT_EQ(SIGSEGV, store_signal(map + TOD_SECONDS, width[i]));
	EXPECT_ERR(EACCES, err(mprotect(map, PAGE, PROT_READ | PROT_WRITE)));
	EXPECT_ERR(EACCES, err(mprotect(map, PAGE, PROT_WRITE)));
	EXPECT_ERR(0, err(mprotect(map, PAGE, PROT_NONE)));
	EXPECT_ERR(EACCES, err(mprotect(map, PAGE, PROT_READ | PROT_WRITE)));
	EXPECT_ERR(0, err(mprotect(map, PAGE, PROT_READ)));
	EXPECT_EQ(SIGSEGV, store_signal(map + TOD_SECONDS, 8));

	moved = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, moved);
	ASSERT_EQ(moved, mremap(map, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
				moved));
	EXPECT_ERR(EACCES, err(mprotect(moved, PAGE, PROT_READ | PROT_WRITE)));
	EXPECT_EQ(SIGSEGV, store_signal(moved + TOD_SECONDS, 8));
	EXPECT_EQ(0, try_load64(moved + TOD_SECONDS, &seen));
	EXPECT_EQ(SECRET, seen);
	munmap(moved, PAGE);
}

/* The kernel writes for the reader, as to memory without write permission. */
TEST_F(reader, kernel_does_not_write_for_it)
{
	char *map = dev_map(&self->dev, 0, PAGE);
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	struct iovec from, to;
	u64 ones = ONES, seen;
	int pipe_fd[2], ret;

	ASSERT_LE(0, mem);
	EXPECT_EQ(0, try_load64(map + TOD_SECONDS, &seen));
	EXPECT_GT(0, pwrite(mem, &ones, 8, (off_t)(map + TOD_SECONDS)));
	EXPECT_GT(0, pwrite(mem, &ones, 1, (off_t)(map + TOD_SECONDS)));
	close(mem);
	from = (struct iovec){ &ones, 8 };
	to = (struct iovec){ map + TOD_SECONDS, 8 };
	ret = err(process_vm_writev(getpid(), &from, 1, &to, 1, 0));
	/* The debug kernels do not have that system call */
	if (ret != -ENOSYS)
		EXPECT_ERR(EFAULT, ret);
	ASSERT_EQ(0, pipe(pipe_fd));
	ASSERT_EQ(8, write(pipe_fd[1], &ones, 8));
	EXPECT_ERR(EFAULT, err(read(pipe_fd[0], map + TOD_SECONDS, 8)));
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	EXPECT_ERR(EFAULT, try_dev_read(&self->owner, BAR0, TOD_NANOSEC,
					map + TOD_SECONDS, 8));
}

/* A child has the descriptor, but no mapping; it gets what the parent gets. */
static int child_attempts(struct dev *dev)
{
	u64 one = 1;
	char *map;

	if (map_err(dev, BAR0, PROT_READ | PROT_WRITE, MAP_SHARED) != -EACCES)
		return 1;
	if (try_dev_write(dev, BAR0, TOD_SECONDS, &one, 8) != -EINVAL)
		return 2;
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, dev->fd,
		   dev->region[BAR0].offset);
	if (map == MAP_FAILED)
		return 3;
	if (!mprotect(map, PAGE, PROT_READ | PROT_WRITE) || errno != EACCES)
		return 4;
	if (store_signal(map + TOD_SECONDS, 8) != SIGSEGV)
		return 5;
	return map_load64(map + TOD_SECONDS) == SECRET ? 0 : 6;
}

TEST_F(reader, child_cannot_write_either)
{
	char *map = dev_map(&self->dev, 0, PAGE);
	int status;
	u64 seen;
	pid_t pid;

	EXPECT_EQ(0, try_load64(map + TOD_SECONDS, &seen));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(child_attempts(&self->dev));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(0, try_load64(map + TOD_SECONDS, &seen));
	EXPECT_EQ(SECRET, seen);
}

/* --- what a reader does not have ----------------------------------------------- */

TEST_F(reader, has_no_reset_and_no_interrupt)
{
	struct vfio_irq_info irq = { .argsz = sizeof(irq), .index = MSIX };
	struct vfio_device_info info = { .argsz = sizeof(info) };

	EXPECT_ERR(0, try_dev_ioctl(&self->dev, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_EQ(0, info.flags & VFIO_DEVICE_FLAGS_RESET);
	EXPECT_ERR(EINVAL, try_dev_ioctl(&self->dev, VFIO_DEVICE_RESET, NULL));
	EXPECT_ERR(0, try_dev_ioctl(&self->dev, VFIO_DEVICE_GET_IRQ_INFO,
				    &irq));
	EXPECT_EQ(0, irq.count);
	EXPECT_EQ(0, dev_find_cap(&self->dev, PCI_CAP_ID_MSIX));
}

TEST_F(reader, memory_enable_revokes_its_mapping_only)
{
	char *map = dev_map(&self->dev, 0, PAGE);
	char *owner = dev_map(&self->owner, 0, PAGE);
	u64 seen;

	EXPECT_EQ(0, try_load64(map + TOD_SECONDS, &seen));
	EXPECT_EQ(0, try_load64(owner + TOD_SECONDS, &seen));
	dev_memory_enable(&self->dev, false);
	EXPECT_EQ(-EFAULT, try_load64(map + TOD_SECONDS, &seen));
	EXPECT_EQ(0, try_load64(owner + TOD_SECONDS, &seen));
	dev_memory_enable(&self->dev, true);
	EXPECT_EQ(0, try_load64(map + TOD_SECONDS, &seen));
	EXPECT_EQ(SECRET, seen);
}

/* --- claims -------------------------------------------------------------------- */

static u64 free_of(const struct card *card, const char *type)
{
	return sysfs_read_u64("%s/mdev_supported_types/" DRIVER
			      "-%s/available_instances", card->dir, type);
}

TEST_F(reader, number_of_readers_is_bounded)
{
	struct instance more[MAX_READERS - 1], late;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(more); i++) {
		EXPECT_EQ(ARRAY_SIZE(more) - i,
			  free_of(&self->card, TYPE_READER));
		reader_create(&more[i], &self->card);
	}
	EXPECT_EQ(0, free_of(&self->card, TYPE_READER));
	EXPECT_ERR(ENOSPC, try_instance_create(&late, &self->card,
					       TYPE_READER));
	EXPECT_EQ(MAX_READERS,
		  block_attr_u64(&self->card, POS_TOD, "readers"));
	/* readers do not count for the owner, nor the owner for readers */
	EXPECT_EQ(0, free_of(&self->card, "tod"));
	block_close(&self->owner_inst, &self->owner);
	EXPECT_EQ(1, free_of(&self->card, "tod"));
	EXPECT_ERR(ENOSPC, try_instance_create(&late, &self->card,
					       TYPE_READER));
	block_open(&self->owner_inst, &self->owner, &self->card, POS_TOD);
	for (i = 0; i < ARRAY_SIZE(more); i++)
		instance_remove(&more[i]);
	EXPECT_EQ(1, block_attr_u64(&self->card, POS_TOD, "readers"));
}

TEST_CARD_MAIN
