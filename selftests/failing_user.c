// SPDX-License-Identifier: GPL-2.0-only
/*
 * Injects failures into every operation on a card and an instance. "nth": the
 * first allocation or copy from or to user space fails, then the second, and so
 * on. "calls": each call by the module that can fail does. After each failure
 * the error must be a documented one, the state must be unchanged, and the
 * operation must succeed when repeated. An operation that can fail must have
 * failed.
 *
 * Usage: failing_user nth STEP FIRST [PATH]...
 *        failing_user calls [PATH]...
 *
 * With STEP only every STEPth failure is injected, from FIRST on. Prints one
 * line per path, and one with the totals. VDFL_CARD is the card, not bound;
 * VDFL_TYPE the type of the instance; VDFL_MODULE the module. If it is loaded,
 * loading is not tested.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "vdfl_test.h"

#define FAIL_CALL	"/sys/kernel/debug/vdfl_fail"
#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define STATE_LEN	8192
#define EAGER_US	1000
#define MAX_TRIES	2000	/* larger than any path needs */

/* --- failing on demand ------------------------------------------------------ */

#define VM_FAULT_SIGBUS	2	/* of the kernel */

enum level { LOADED_NOT, LOADED, BOUND, CREATED, OPEN, ARMED, NR_LEVELS };

/** struct call - a function that the module calls */
static const struct call {
	enum level from;	/* where steps start that call it */
	const char *symbol;
	long fails;		/* its return value */
	int becomes;		/* errno for the user, 0 if it succeeds */
} calls[] = {
	{ LOADED_NOT, "alloc_workqueue_noprof", 0, -ENOMEM },
	{ LOADED_NOT, "mdev_register_driver", -ENOMEM, -ENOMEM },
	{ LOADED_NOT, "__pci_register_driver", -ENOMEM, -ENOMEM },
	{ LOADED, "pci_num_vf", 1, -EBUSY },
	{ LOADED, "pci_find_dvsec_capability", 0x100, -EOPNOTSUPP },
	{ LOADED, "pci_msix_vec_count", -EINVAL, 0 },
	{ LOADED, "get_zeroed_page_noprof", 0, -ENOMEM },
	{ LOADED, "iommu_group_get", 0, 0 },
	{ LOADED, "iommu_device_claim_dma_owner", -EPERM, -EPERM },
	{ LOADED, "pci_enable_device_mem", -EIO, -EIO },
	{ LOADED, "pci_request_selected_regions_exclusive", -EBUSY, -EBUSY },
	{ LOADED, "pci_save_state", -ENOMEM, -ENOMEM },
	{ LOADED, "pci_store_saved_state", 0, -ENOMEM },
	{ LOADED, "pci_iomap", 0, -ENOMEM },
	{ LOADED, "__kvmalloc_node_noprof", 0, -ENOMEM },
	{ LOADED, "kobject_create_and_add", 0, -ENOMEM },
	{ LOADED, "kobject_init_and_add", -ENOMEM, -ENOMEM },
	{ LOADED, "mdev_register_parent", -EEXIST, -EEXIST },
	{ BOUND, "_vfio_alloc_device", -EBUSY, -EBUSY },
	{ BOUND, "vfio_register_emulated_iommu_dev", -EBUSY, -EBUSY },
	{ OPEN, "vfio_info_add_capability", -ENOMEM, -ENOMEM },
	{ OPEN, "vfio_set_irqs_validate_and_prepare", -EINVAL, -EINVAL },
	{ OPEN, "memdup_user", -EFAULT, -EFAULT },
	{ OPEN, "eventfd_ctx_fdget", -EBADF, -EBADF },
	{ OPEN, "eventfd_ctx_fileget", -EINVAL, -EINVAL },
	{ OPEN, "request_threaded_irq", -EBUSY, -EBUSY },
	{ OPEN, "pci_alloc_irq_vectors", -ENOSPC, -ENOSPC },
	{ OPEN, "pci_irq_vector", -EINVAL, -EINVAL },
	{ OPEN, "msi_device_has_isolated_msi", 0, -EPERM },
	{ OPEN, "kthread_create_on_node", -EINTR, -EINTR },
	{ OPEN, "vmf_insert_pfn", VM_FAULT_SIGBUS, -EFAULT },
	{ ARMED, "vfio_set_irqs_validate_and_prepare", -EINVAL, -EINVAL },
};

static unsigned int failures_of[ARRAY_SIZE(calls)];

/**
 * struct attempt - failure to inject in the next step
 * @call: a call of the module; else it is the kernel's allocations and copies
 * @nth: which one, 0 for none
 * @failed: it did
 */
static struct attempt {
	const struct call *call;
	unsigned int nth;
	bool failed;
} attempt;

static int fail_fd = -1;

static int fail_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die_errno("opening %s", path);
	return fd;
}

/* Begin a step: from here to step_end() the attempt is armed. */
static void step_begin(void)
{
	char words[128];

	if (!attempt.nth)
		return;
	if (attempt.call)
		format(words, sizeof(words), "%s %ld %u", attempt.call->symbol,
		       attempt.call->fails, attempt.nth);
	else
		format(words, sizeof(words), "%u", attempt.nth);
	if (pwrite(fail_fd, words, strlen(words), 0) < 0)
		die_errno("arming \"%s\"", words);
}

/*
 * While armed with fail-nth, reading the rest, and disarming, are copies
 * that count; the value is taken before the first of them.
 */
static void step_end(void)
{
	const char *off = attempt.call ? "off" : "0";
	char left[16] = "";
	ssize_t len;

	if (!attempt.nth)
		return;
	len = pread(fail_fd, left, sizeof(left) - 1, 0);
	attempt.failed = len > 0 && !strtoul(left, NULL, 10);
	while (pwrite(fail_fd, off, strlen(off), 0) < 0)
		if (errno != EFAULT)
			die_errno("disarming");
}

/* --- the card, and permitted operations --------------------------------------- */

static struct lab {
	struct card card;
	struct instance inst;
	struct dev dev;
	char type[64];
	int event[2];
	void *map;
} lab;

static int write_file(const char *value, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		die_errno("opening %s", path);
	step_begin();
	if (write(fd, value, strlen(value)) < 0)
		ret = -errno;
	step_end();
	close(fd);
	return ret;
}

static void set_override(const char *driver)
{
	sysfs_write(driver, "%s/driver_override", lab.card.dir);
}

/* The names of the drivers may stay for some time */
static void unload_end(void)
{
	if (!driver_is_gone())
		die("drivers stay after the module is unloaded");
}

static int do_load(void)
{
	int fd = open(getenv("VDFL_MODULE"), O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		die_errno("opening the module, VDFL_MODULE");
	step_begin();
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	step_end();
	close(fd);
	if (ret)
		unload_end();
	return ret;
}

static int do_unload(void)
{
	int ret;

	step_begin();
	ret = syscall(SYS_delete_module, DRIVER, 0) ? -errno : 0;
	step_end();
	if (!ret)
		unload_end();
	return ret;
}

static int do_bind(void)
{
	return write_file(lab.card.bdf, DRIVER_DIR "/bind");
}

static int do_unbind(void)
{
	return write_file(lab.card.bdf, DRIVER_DIR "/unbind");
}

/*
 * With a process that creates instances as early as possible. Without its pause
 * it would keep a CPU busy during every bind.
 */
static int do_bind_eager(void)
{
	struct instance inst;
	pid_t child = fork();
	int ret;

	if (child < 0)
		die_errno("fork");
	while (!child) {
		try_instance_create(&inst, &lab.card, lab.type);
		sleep_us(EAGER_US);
	}
	ret = do_bind();
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return ret;
}

/* The mdev core keeps the UUID until it has freed the earlier instance. */
static int do_create(void)
{
	u64 since = now_us();
	char path[PATH_MAX];
	int ret;

	format(path, sizeof(path),
	       "%s/mdev_supported_types/" DRIVER "-%s/create", lab.card.dir,
	       lab.type);
	do
		ret = write_file(lab.inst.uuid, path);
	while (ret == -EEXIST && !(attempt.nth && attempt.failed) &&
	       name_stays(since));
	return ret;
}

static int do_remove(void)
{
	char path[PATH_MAX];

	format(path, sizeof(path), "%s/remove", lab.inst.dir);
	return write_file("1", path);
}

static int open_path(enum dev_path path)
{
	int ret;

	step_begin();
	ret = try_dev_open_path(&lab.dev, &lab.inst, path);
	step_end();
	return ret;
}

static int do_open_group(void)
{
	return open_path(DEV_GROUP);
}

static int do_open_node(void)
{
	return open_path(DEV_CDEV);
}

static int do_open(void)
{
	return open_path(dev_has_path(DEV_GROUP) ? DEV_GROUP : DEV_CDEV);
}

static int do_close(void)
{
	step_begin();
	dev_close(&lab.dev);
	step_end();
	return 0;
}

static int do_info(void)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_irq_info irq = { .argsz = sizeof(irq), .index = MSIX };
	union {
		struct vfio_region_info info;
		char space[512];
	} region = { .info.argsz = sizeof(region) };
	int ret;

	step_begin();
	ret = try_dev_ioctl(&lab.dev, VFIO_DEVICE_GET_INFO, &info);
	if (!ret)
		ret = try_dev_ioctl(&lab.dev, VFIO_DEVICE_GET_REGION_INFO,
				    &region);
	if (!ret)
		ret = try_dev_ioctl(&lab.dev, VFIO_DEVICE_GET_IRQ_INFO, &irq);
	step_end();
	return ret;
}

static int do_access(void)
{
	u64 value;
	ssize_t ret;

	step_begin();
	ret = try_dev_read(&lab.dev, BAR0, 0, &value, 8);
	if (ret > 0)
		ret = try_dev_write(&lab.dev, BAR0, 0x28, &value, 8);
	if (ret > 0)
		ret = try_dev_read(&lab.dev, CONFIG, 0, &value, 4);
	if (ret > 0)
		ret = try_dev_write(&lab.dev, CONFIG, 0x3c, &value, 1);
	step_end();
	return ret < 0 ? ret : 0;
}

/* With a page from the pool, for the tables of another region */
static int do_map(void)
{
	u64 value;
	int ret;

	step_begin();
	lab.map = try_dev_map(&lab.dev, 0, PAGE);
	ret = lab.map == MAP_FAILED ? -errno : try_load64(lab.map, &value);
	step_end();
	if (ret && lab.map != MAP_FAILED)
		dev_unmap(&lab.dev, lab.map);
	return ret;
}

static int do_unmap(void)
{
	step_begin();
	dev_unmap(&lab.dev, lab.map);
	step_end();
	return 0;
}

static int do_reset(void)
{
	int ret;

	step_begin();
	ret = try_dev_ioctl(&lab.dev, VFIO_DEVICE_RESET, NULL);
	step_end();
	return ret;
}

static int set_irq(u32 index, unsigned int count)
{
	s32 fds[2] = { lab.event[0], lab.event[1] };
	int ret;

	step_begin();
	ret = try_irq_fds(&lab.dev, index, 0, count, fds);
	step_end();
	return ret;
}

static int unset_irq(u32 index)
{
	int ret;

	step_begin();
	ret = try_irq_set(&lab.dev, index, VFIO_IRQ_SET_DATA_NONE |
			  VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0, NULL, 0);
	step_end();
	return ret;
}

static int do_arm(void)
{
	return set_irq(MSIX, 2);
}

static int do_disarm(void)
{
	return unset_irq(MSIX);
}

static int do_open_armed(void)
{
	int ret = do_open();

	return ret ? ret : do_arm();
}

static int do_err_set(void)
{
	return set_irq(VFIO_PCI_ERR_IRQ_INDEX, 1);
}

static int do_err_unset(void)
{
	return unset_irq(VFIO_PCI_ERR_IRQ_INDEX);
}

/* --- paths ---------------------------------------------------------------------- */

/* Operations to the next level, and back */
static const struct {
	int (*up)(void);
	int (*down)(void);
} ladder[NR_LEVELS] = {
	[LOADED]	= { do_load, do_unload },
	[BOUND]		= { do_bind, do_unbind },
	[CREATED]	= { do_create, do_remove },
	[OPEN]		= { do_open, do_close },
	[ARMED]		= { do_arm, do_disarm },
};

/**
 * struct path - an operation that is made to fail
 * @name: its name
 * @from: level at which it starts
 * @source: interrupt source to use, if it matters
 * @run: run it; returns 0 or a negative errno
 * @undo: undo it
 * @calls: minimum number of calls of the table that fail in it
 * @nth: minimum number of allocations and copies; 0: it has none
 * @silent: maximum number of these that may fail without effect, if all are
 *	tried
 */
static const struct path {
	const char *name;
	enum level from;
	const char *source;
	int (*run)(void);
	int (*undo)(void);
	unsigned int calls;
	unsigned int nth;
	unsigned int silent;
} paths[] = {
	/* Not known where the module is, so only its calls can be made to fail */
	{ "load", LOADED_NOT, NULL, do_load, do_unload, 3, 0, 0 },
	/* Works without some allocations; so do creating and unbinding */
	{ "bind", LOADED, NULL, do_bind_eager, do_unbind, 16, 200, 20 },
	{ "create", BOUND, NULL, do_create, do_remove, 2, 5, 2 },
	/* Opening checks, resets and counts; only VFIO allocates */
	{ "open-group", CREATED, NULL, do_open_group, do_close, 0, 1, 0 },
	{ "open-node", CREATED, NULL, do_open_node, do_close, 0, 1, 0 },
	{ "info", OPEN, NULL, do_info, NULL, 1, 4, 0 },
	/* Copies only */
	{ "access", OPEN, NULL, do_access, NULL, 0, 1, 0 },
	/* Page tables are allocated too many calls away from the module */
	{ "map", OPEN, NULL, do_map, do_unmap, 1, 0, 0 },
	/* Write a register and wait */
	{ "reset", OPEN, NULL, do_reset, NULL, 0, 0, 0 },
	{ "err", OPEN, NULL, do_err_set, do_err_unset, 2, 3, 0 },
	{ "arm-intx", OPEN, "intx", do_arm, do_disarm, 4, 3, 0 },
	{ "disarm-intx", ARMED, "intx", do_disarm, do_arm, 1, 1, 0 },
	/* Closing and removing only free memory, and cannot fail */
	{ "close-intx", ARMED, "intx", do_close, do_open_armed, 0, 0, 0 },
	{ "arm-poll", OPEN, "poll", do_arm, do_disarm, 4, 4, 0 },
	{ "disarm-poll", ARMED, "poll", do_disarm, do_arm, 1, 1, 0 },
	{ "close-poll", ARMED, "poll", do_close, do_open_armed, 0, 0, 0 },
	{ "arm-msix", OPEN, "msix", do_arm, do_disarm, 9, 6, 0 },
	{ "disarm-msix", ARMED, "msix", do_disarm, do_arm, 1, 1, 0 },
	{ "close-msix", ARMED, "msix", do_close, do_open_armed, 0, 0, 0 },
	{ "remove", CREATED, NULL, do_remove, do_create, 0, 0, 0 },
	{ "unbind", BOUND, NULL, do_unbind, do_bind, 0, 1, 4 },
};

static enum level level;

static void must(int ret, const char *what)
{
	if (ret)
		die("%s: %s", what, err_name(ret));
}

static void go(enum level to)
{
	while (level < to) {
		level++;
		must(ladder[level].up(), "going up");
	}
	while (level > to) {
		must(ladder[level].down(), "going down");
		level--;
	}
}

/* Go to the level where the path starts */
static void path_prepare(const struct path *path)
{
	char usable[VALUE_LEN];

	/*
	 * Loading also binds cards with a matching override, which is another
	 * step
	 */
	if (level == LOADED_NOT) {
		set_override("\n");
		go(path->from == LOADED_NOT ? LOADED_NOT : LOADED);
	}
	if (level != LOADED_NOT)
		set_override(DRIVER);
	if (path->from >= BOUND) {
		go(BOUND);
		sysfs_read(usable, sizeof(usable), "%s/dfl/irq_sources",
			   lab.card.dir);
		if (path->source && !strstr(usable, path->source))
			die("%s: the card has no such source", path->name);
		sysfs_write(path->source ? path->source : "auto",
			    "%s/dfl/irq_source", lab.card.dir);
	}
	go(path->from);
}

/* --- what must be as it was -------------------------------------------------------- */

struct state {
	char text[STATE_LEN];
	size_t len;
};

static void state_add(struct state *state, const char *text)
{
	format(state->text + state->len, sizeof(state->text) - state->len,
	       "%s\n", text);
	state->len += strlen(text) + 1;
}

/* Lines of @path with the name of the driver: memory ranges, interrupts */
static void state_add_lines(struct state *state, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[512];

	if (!file)
		die_errno("opening %s", path);
	while (fgets(line, sizeof(line), file))
		if (strstr(line, DRIVER))
			state_add(state, path);
	fclose(file);
}

/* Name of each entry of @dir, and the value of @attr unless NULL */
static void state_add_dir(struct state *state, const char *path,
			  const char *attr)
{
	DIR *dir = opendir(path);
	char value[VALUE_LEN] = "", line[2 * VALUE_LEN];
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (attr)
			sysfs_read(value, sizeof(value), "%s/%s/%s", path,
				   entry->d_name, attr);
		format(line, sizeof(line), "%.99s %s", entry->d_name, value);
		state_add(state, line);
	}
	closedir(dir);
}

static u16 msix_control(const u8 config[256])
{
	u8 at = config[PCI_CAPABILITY_LIST];

	while (at && config[at] != PCI_CAP_ID_MSIX)
		at = config[at + 1];
	return at ? config[at + 2] | config[at + 3] << 8 : 0;
}

/* Bus master, the pin, and whether vectors are on */
static void state_add_config(struct state *state)
{
	u8 config[256];
	char line[64];

	card_config_read(&lab.card, 0, config, sizeof(config));
	format(line, sizeof(line), "command %02x%02x msix %04x", config[5],
	       config[4], msix_control(config));
	state_add(state, line);
}

static void state_take(struct state *state)
{
	char path[PATH_MAX], driver[PATH_MAX] = "no driver";

	state->len = 0;
	format(path, sizeof(path), "%s/driver", lab.card.dir);
	if (readlink(path, driver, sizeof(driver) - 1) < 0 && errno != ENOENT)
		die_errno("reading %s", path);
	state_add(state, driver);
	state_add(state, access(DRIVER_DIR, F_OK) ? "not loaded" : "loaded");
	format(path, sizeof(path), "%s/mdev_supported_types", lab.card.dir);
	state_add_dir(state, path, "available_instances");
	state_add_dir(state, MDEV_DIR, NULL);
	state_add_lines(state, "/proc/iomem");
	state_add_lines(state, "/proc/interrupts");
	state_add_config(state);
}

/* --- failing one path ------------------------------------------------------------------ */

static struct {
	unsigned int tests, bad, failures, unnoticed;
} total;

/**
 * struct trial - progress of one path
 * @path: the path
 * @before: state at its start
 * @failures: number of injected failures
 * @unnoticed: number of these without effect
 * @bad: a check failed
 */
struct trial {
	const struct path *path;
	struct state before;
	unsigned int failures, unnoticed;
	bool bad;
};

static void complain(struct trial *trial, const char *what, const char *detail)
{
	trial->bad = true;
	printf("# %s, %s %u: %s %s\n", trial->path->name,
	       attempt.call ? attempt.call->symbol : "failure", attempt.nth,
	       what, detail);
}

static void check_state(struct trial *trial, const char *when)
{
	static struct state now;

	state_take(&now);
	if (strcmp(now.text, trial->before.text)) {
		complain(trial, when, "not as before:");
		printf("# before:\n%s# now:\n%s", trial->before.text, now.text);
	}
}

static void check_error(struct trial *trial, int ret)
{
	bool expected;

	if (attempt.call)
		expected = ret == attempt.call->becomes;
	else
		/*
		 * Without memory a region counts as in use, a vector as absent
		 */
		expected = ret == -ENOMEM || ret == -EFAULT ||
			   (ret == -EBUSY && trial->path->from == LOADED) ||
			   (ret == -ENOSPC && trial->path->from == OPEN);
	if (!expected)
		complain(trial, "unexpected", err_name(ret));
}

static void undo(const struct path *path)
{
	if (path->undo)
		must(path->undo(), "undoing");
}

/* The same step without failure, and back. */
static void check_clean(struct trial *trial)
{
	const struct attempt was = attempt;
	int ret;

	attempt.nth = 0;
	ret = trial->path->run();
	attempt = was;
	if (ret)
		die("%s does not succeed when tried again: %s",
		    trial->path->name, err_name(ret));
	attempt.nth = 0;
	undo(trial->path);
	attempt = was;
	check_state(trial, "after a clean run");
}

/* Return true if something failed. */
static bool try_one(struct trial *trial)
{
	unsigned int nth = attempt.nth;
	int ret;

	attempt.failed = false;
	ret = trial->path->run();
	attempt.nth = 0;
	if (!ret)
		undo(trial->path);
	attempt.nth = nth;
	if (!attempt.failed) {
		if (ret)
			complain(trial, "fails by itself:", err_name(ret));
		return false;
	}
	trial->failures++;
	if (ret || (attempt.call && attempt.call->becomes))
		check_error(trial, ret);
	else
		trial->unnoticed++;
	check_state(trial, "after the failure");
	check_clean(trial);
	return true;
}

/* Further calls are the same for each block, so not all are tried. */
static unsigned int step_after(unsigned int nth)
{
	return nth < 4 ? 1 : 4;
}

/*
 * @step: 0 for calls. Return the number of failures, rounded up to the next
 *         tried one.
 */
static unsigned int try_all(struct trial *trial, unsigned int first,
			    unsigned int step)
{
	unsigned int nr;

	for (attempt.nth = first; try_one(trial);
	     attempt.nth += step ?: step_after(attempt.nth))
		if (attempt.nth > MAX_TRIES)
			die("%s never succeeds", trial->path->name);
	nr = attempt.nth - 1;
	attempt.nth = 0;
	return nr;
}

static void expect_within(struct trial *trial, const char *what,
			  unsigned int nr, unsigned int least, unsigned int most)
{
	if (nr >= least && nr <= most)
		return;
	trial->bad = true;
	printf("# %s: %u %s, expected %u to %u\n", trial->path->name, nr, what,
	       least, most);
}

static void try_nth(struct trial *trial, unsigned int first, unsigned int step)
{
	unsigned int nr = try_all(trial, first, step);
	unsigned int silent = trial->path->silent;

	/*
	 * With few tries the number of silent failures depends on chance. Twenty
	 * of 400 give three among eleven in one of 77 runs, six in one of 400,000.
	 */
	if (step > 1)
		silent = silent / step + 5;
	expect_within(trial, "allocations and copies", nr, trial->path->nth,
		      MAX_TRIES);
	expect_within(trial, "failures without effect", trial->unnoticed, 0,
		      silent);
}

static void try_calls(struct trial *trial)
{
	unsigned int i, before;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].from != trial->path->from)
			continue;
		before = trial->failures;
		attempt.call = &calls[i];
		try_all(trial, 1, 0);
		failures_of[i] += trial->failures - before;
	}
	expect_within(trial, "failed calls", trial->failures,
		      trial->path->calls, MAX_TRIES);
}

/* Every call of the table must have been made to fail. */
static void check_calls(void)
{
	bool bad = false;
	unsigned int i;

	total.tests++;
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (!failures_of[i]) {
			printf("# %s was never called\n", calls[i].symbol);
			bad = true;
		}
	printf("%sok %u calls: each of the table was made to fail\n",
	       bad ? "not " : "", total.tests);
	total.bad += bad;
}

static void try_path(const struct path *path, unsigned int first,
		     unsigned int step)
{
	static struct trial trial;

	total.tests++;
	path_prepare(path);
	memset(&trial, 0, sizeof(trial));
	trial.path = path;
	/* The first run has lasting effects, such as masking the pin */
	must(path->run(), path->name);
	undo(path);
	state_take(&trial.before);
	if (step)
		try_nth(&trial, first, step);
	else
		try_calls(&trial);
	printf("%sok %u %s: %u failures, %u without effect\n",
	       trial.bad ? "not " : "", total.tests, path->name,
	       trial.failures, trial.unnoticed);
	fflush(stdout);
	total.bad += trial.bad;
	total.failures += trial.failures;
	total.unnoticed += trial.unnoticed;
}

/* --- the program --------------------------------------------------------------------- */

static void setup(void)
{
	const char *bdf = getenv("VDFL_CARD"), *type = getenv("VDFL_TYPE");

	if (!bdf || !type || !getenv("VDFL_MODULE"))
		die("VDFL_CARD, VDFL_TYPE and VDFL_MODULE must be set");
	card_find(&lab.card);
	char uuid[40];

	format(lab.type, sizeof(lab.type), "%s", type);
	uuid_new(uuid);
	instance_at(&lab.inst, &lab.card, uuid);
	lab.event[0] = event_new();
	lab.event[1] = event_new();
	/* No page of this program may be faulted in while a step fails */
	if (mlockall(MCL_CURRENT))
		die_errno("locking memory");
}

static bool chosen(const struct path *path, char **names)
{
	if (!*names)
		return true;
	while (*names && strcmp(*names, path->name))
		names++;
	return *names;
}

int main(int argc, char **argv)
{
	unsigned int step = 0, first = 1;
	enum level start;
	size_t i;

	if (argc < 2 || (strcmp(argv[1], "nth") && strcmp(argv[1], "calls")))
		die("usage: failing_user nth STEP FIRST [PATH]..., failing_user calls [PATH]...");
	argv++;
	if (!strcmp(*argv++, "nth")) {
		if (argc < 4)
			die("nth needs a step and the first");
		step = strtoul(*argv++, NULL, 0);
		first = strtoul(*argv++, NULL, 0);
	}
	setup();
	start = access(DRIVER_DIR, F_OK) ? LOADED_NOT : LOADED;
	level = start;
	/*
	 * With the file open, work of the module for this task can fail as well
	 */
	fail_fd = fail_open(FAIL_CALL);
	if (step)
		fail_fd = fail_open(FAIL_NTH);
	for (i = 0; i < ARRAY_SIZE(paths); i++)
		if (chosen(&paths[i], argv) && paths[i].from >= start)
			try_path(&paths[i], first, step);
	if (!step && !*argv)
		check_calls();
	go(LOADED);
	set_override("\n");
	must(do_unload(), "unloading");
	printf("# figure: %u paths, %u failures, %u without effect\n",
	       total.tests, total.failures, total.unnoticed);
	return total.bad || !total.failures;
}
