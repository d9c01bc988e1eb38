// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hostile or careless clients: at the limit of descriptors, with children that
 * outlive them, without privileges, with mappings in system calls. None of it
 * may last longer than the client.
 */
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "harness.h"
#include "lab_card.h"

#define NOBODY		65534
#define WAIT_MS		20000

FIXTURE(user) {
	struct card card;
	struct instance inst;
	struct dev dev;
	bool removed;
};

FIXTURE_SETUP(user)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU0);
	block_open(&self->inst, &self->dev, &self->card, POS_AFU0);
	self->removed = false;
}

FIXTURE_TEARDOWN(user)
{
	dev_close(&self->dev);
	if (!self->removed)
		instance_remove(&self->inst);
}

/* --- descriptors --------------------------------------------------------------- */

static int another(struct dev *dev, const struct instance *inst)
{
	int fd = ioctl(dev->group, VFIO_GROUP_GET_DEVICE_FD, inst->uuid);

	return fd < 0 ? -errno : fd;
}

/* Open as many descriptors as allowed; the refused open must leak nothing. */
TEST_F(user, descriptor_limit_leaks_nothing)
{
	struct rlimit before, few = { .rlim_cur = 64, .rlim_max = 64 };
	int fd[64], nr = 0, last;
	struct block_stats stats, end;

	if (self->dev.group < 0)
		SKIP(return, "a device node gives one descriptor");
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	few.rlim_max = before.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	while ((last = another(&self->dev, &self->inst)) >= 0)
		fd[nr++] = last;
	EXPECT_EQ(-EMFILE, last);
	EXPECT_LT(30, nr);
	EXPECT_EQ(-EMFILE, another(&self->dev, &self->inst));
	/* the open ones work, and so do other calls */
	EXPECT_EQ(AFU_RO_VALUE, dev_read64(&self->dev, AFU_RO));
	EXPECT_ERR(0, try_dev_ioctl(&self->dev, VFIO_DEVICE_RESET, NULL));
	while (nr)
		close(fd[--nr]);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &before));

	/* the block is reset once, at the last close */
	card_block_stats(&self->card, POS_PORT0, &stats);
	dev_close(&self->dev);
	card_block_stats(&self->card, POS_PORT0, &end);
	EXPECT_EQ(stats.resets + 1, end.resets);
}

/* One eventfd for all vectors, when the limit allows no new descriptor */
TEST_F(user, eventfd_works_without_a_descriptor)
{
	const struct rlimit none = { .rlim_cur = 3, .rlim_max = 4096 };
	const s32 bad[AFU_VECTORS] = { 3, 4, 5, 6 };
	struct rlimit before;
	int event = event_new(), i;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	for (i = 0; i < AFU_VECTORS; i++)
		irq_arm(&self->dev, MSIX, i, event);
	/* a descriptor above the new limit is still open and can be used */
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	irq_arm(&self->dev, MSIX, 0, event);
	EXPECT_GT(0, eventfd(0, 0));
	EXPECT_EQ(EMFILE, errno);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
	close(event);
	for (i = 0; i < 50; i++)
		card_set_irq(&self->card, POS_AFU0, i % AFU_VECTORS, i & 1);
	EXPECT_GT(0, try_irq_fds(&self->dev, MSIX, 0, AFU_VECTORS, bad));
}

/*
 * --- a client that never answers
 * ----------------------------------------------------
 */

#define ORDER_LOAD	'l'
#define ORDER_READ	'r'
#define ANSWER_NOTHING	'-'
#define ANSWER_VALUE	'+'

/*
 * Access registers through a mapping or the descriptor. The child maps the
 * descriptor at its first access, because fork() does not copy mappings.
 */
static char look(void *arg, char order)
{
	static void *map;
	struct dev *dev = arg;
	u64 value;
	bool ok;

	if (!map)
		map = dev_map(dev, 0, PAGE);
	if (order == ORDER_LOAD)
		ok = !try_load64(map + AFU_SCRATCH0, &value);
	else
		ok = try_dev_read(dev, BAR0, AFU_SCRATCH0, &value, 8) == 8;
	return ok ? ANSWER_VALUE : ANSWER_NOTHING;
}

/* A process that only writes "1" to remove, because the write blocks. */
static pid_t remove_behind(struct instance *inst)
{
	pid_t pid = fork();

	if (!pid)
		_exit(try_instance_remove(inst) ? EXIT_FAILURE : EXIT_SUCCESS);
	return pid;
}

static bool comes(struct child *child, char order, char answer)
{
	u64 end = now_us() + WAIT_MS * 1000;

	while (child_ask(child, order) != answer) {
		if (now_us() > end)
			return false;
		sleep_us(1000);
	}
	return true;
}

/*
 * The parent has closed, the child has a mapping. The child is a client like
 * any other: removal revokes its access, and the block is reset after its end.
 */
TEST_F(user, child_keeps_access_after_its_parent_closes)
{
	void *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 self->dev.fd, 0);
	struct block_stats before, after;
	struct child child;
	int status;
	pid_t admin;

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(0, try_store64(map + AFU_SCRATCH0, 0x77));
	child_start(&child, look, &self->dev);
	EXPECT_EQ(ANSWER_VALUE, child_ask(&child, ORDER_LOAD));
	munmap(map, PAGE);
	dev_close(&self->dev);
	EXPECT_EQ(ANSWER_VALUE, child_ask(&child, ORDER_LOAD));
	EXPECT_EQ(ANSWER_VALUE, child_ask(&child, ORDER_READ));

	card_block_stats(&self->card, POS_PORT0, &before);
	admin = remove_behind(&self->inst);
	EXPECT_TRUE(comes(&child, ORDER_LOAD, ANSWER_NOTHING));
	EXPECT_EQ(ANSWER_NOTHING, child_ask(&child, ORDER_READ));
	EXPECT_EQ(0, waitpid(admin, &status, WNOHANG));
	child_end(&child);
	EXPECT_EQ(admin, waitpid(admin, &status, 0));
	EXPECT_EQ(0, status);
	self->removed = true;
	card_block_stats(&self->card, POS_PORT0, &after);
	EXPECT_EQ(before.resets + 1, after.resets);
	EXPECT_EQ(0, card_peek(&self->card, POS_AFU0, AFU_SCRATCH0));
}

/*
 * A child killed while it accesses registers leaves the block to the next
 * client.
 */
TEST_F(user, killed_child_frees_the_block)
{
	void *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 self->dev.fd, 0);
	struct child child;
	int i;

	ASSERT_NE(MAP_FAILED, map);
	for (i = 0; i < 10; i++) {
		child_start(&child, look, &self->dev);
		EXPECT_EQ(ANSWER_VALUE, child_ask(&child, ORDER_LOAD));
		child_end(&child);
	}
	munmap(map, PAGE);
	EXPECT_EQ(AFU_RO_VALUE, dev_read64(&self->dev, AFU_RO));
}

/* --- without privileges ---------------------------------------------------------------- */

static void become_nobody(void)
{
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		die_errno("becoming nobody");
}

static bool refused(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd >= 0)
		close(fd);
	return fd < 0 && (errno == EACCES || errno == EPERM);
}

/* Run without privileges; return 0 or the number of the failed check */
static int nobody_tries(struct dev *dev, const struct instance *inst)
{
	char path[PATH_MAX];
	u64 value;

	become_nobody();
	if (try_dev_read(dev, BAR0, AFU_RO, &value, 8) != 8 ||
	    value != AFU_RO_VALUE)
		return 1;
	if (try_dev_ioctl(dev, VFIO_DEVICE_RESET, NULL))
		return 2;
	format(path, sizeof(path), "%s/remove", inst->dir);
	if (!refused(path, O_WRONLY))
		return 3;
	format(path, sizeof(path), "%s/dfl/mmap", inst->dir);
	if (!refused(path, O_WRONLY))
		return 4;
	format(path, sizeof(path), "%s/dfl/irq_source", inst->card->dir);
	if (!refused(path, O_WRONLY))
		return 5;
	format(path, sizeof(path), "%s/dfl/busmaster_acknowledged",
	       inst->card->dir);
	if (!refused(path, O_WRONLY))
		return 6;
	format(path, sizeof(path), "%s/resource2", inst->card->dir);
	if (!refused(path, O_RDWR))
		return 7;
	return 0;
}

/*
 * A process that received the descriptors can use the block, and nothing else.
 */
TEST_F(user, unprivileged_user_has_the_block_only)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(nobody_tries(&self->dev, &self->inst));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_TRUE(WIFEXITED(status));
}

/* --- ways round the mapping ----------------------------------------------------------------- */

/* Registers are not memory: the kernel does not read them for a system call. */
TEST_F(user, kernel_does_not_read_mapped_registers)
{
	void *map = dev_map(&self->dev, 0, PAGE);
	struct iovec there = { .iov_base = map, .iov_len = 8 };
	struct iovec here;
	int channel[2], fd;
	u64 value;

	here.iov_base = &value;
	here.iov_len = sizeof(value);
	/* an address that is not mapped yet would fail for another reason */
	EXPECT_EQ(0, try_load64(map, &value));
	/* not every kernel has that system call */
	if (process_vm_readv(getpid(), &here, 1, &here, 1, 0) > 0) {
		EXPECT_EQ(-1, process_vm_readv(getpid(), &here, 1, &there, 1,
					       0));
		EXPECT_EQ(EFAULT, errno);
	}
	ASSERT_EQ(0, pipe(channel));
	EXPECT_EQ(-1, vmsplice(channel[1], &there, 1, 0));
	EXPECT_EQ(EFAULT, errno);
	fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, pread(fd, &value, sizeof(value), (off_t)(uintptr_t)map));
	EXPECT_EQ(EIO, errno);
	close(fd);
	close(channel[0]);
	close(channel[1]);
}

/* The buffer of a system call is a mapping of the same registers. */
TEST_F(user, registers_are_a_valid_buffer)
{
	void *map = dev_map(&self->dev, 0, PAGE);
	u64 value;

	EXPECT_EQ(0, try_store64(map + AFU_SCRATCH0, 0x1234567));
	EXPECT_EQ(8, try_dev_write(&self->dev, BAR0, AFU_SCRATCH1,
				   map + AFU_SCRATCH0, 8));
	EXPECT_EQ(0x1234567, dev_read64(&self->dev, AFU_SCRATCH1));
	EXPECT_EQ(8, try_dev_read(&self->dev, BAR0, AFU_RO, map + AFU_SCRATCH0,
				  8));
	EXPECT_EQ(AFU_RO_VALUE, dev_read64(&self->dev, AFU_SCRATCH0));
	/* a revoked mapping is inaccessible memory */
	dev_memory_enable(&self->dev, false);
	EXPECT_ERR(EFAULT, try_dev_write(&self->dev, BAR0, AFU_SCRATCH1,
					 map + AFU_SCRATCH0, 8));
	EXPECT_ERR(EFAULT, try_dev_read(&self->dev, CONFIG,
					0, map + AFU_SCRATCH0, 8));
	dev_memory_enable(&self->dev, true);
	EXPECT_EQ(0, try_load64(map + AFU_SCRATCH0, &value));
}

TEST_CARD_MAIN
