// SPDX-License-Identifier: GPL-2.0-only
/*
 * Races: threads that run operations on one card at the same time that exclude
 * each other.
 *
 * Usage: race_user SEED SECONDS MODULE BDF [RACE]...
 *
 * Each race takes its share of SECONDS, in which each of its threads must have
 * succeeded at least once; if one has not, the race gets some more shares. The
 * card must be usable after each race. Failed checks and threads that do not
 * end are printed on standard error; standard output has the operations of each
 * thread and the number of successes.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "lab_card.h"
#include "vdfl_test.h"

#define MAX_ACTORS	4
#define NR_AFUS		4
#define STUCK_S		30
#define MAX_SHARES	30
#define MAX_SHIFT	4

struct actor;

/* * struct race - operations that run at the same time */
struct race {
	const char *name;
	bool shared;		/* all use one open instance */
	bool stays;		/* the card stays bound */
	void (*act[MAX_ACTORS])(struct actor *a);
	const char *what[MAX_ACTORS];
};

/* * struct actor - a thread that repeats one operation */
struct actor {
	pthread_t thread;
	void (*act)(struct actor *a);
	const char *what;
	u64 random;
	u64 done;
	atomic_ulong worked;
};

static struct card card;
static const char *module;
static atomic_bool over;
/* Shares of time that the race has used; at least one */
static atomic_uint share = 1;

/* The instance of a shared race */
static struct instance inst;
static struct dev dev;
static void *map;
static int events[AFU_VECTORS];

static u64 dice(struct actor *a, u64 sides)
{
	return random_next(&a->random) % sides;
}

static void nap(struct actor *a, u64 max_us)
{
	sleep_us(dice(a, max_us));
}

/*
 * Pause of threads that take the card or an instance from the others. The
 * others need longer on a slow kernel, and the pauses grow in each further
 * share, until all threads have succeeded.
 */
static void leave_alone(struct actor *a, u64 max_us)
{
	unsigned int shift = atomic_load(&share) - 1;

	nap(a, (max_us * slow) << (shift < MAX_SHIFT ? shift : MAX_SHIFT));
}

/* --- the shared instance ------------------------------------------------------- */

static void touch_mapping(struct actor *a)
{
	char *at = (char *)map + PAGE * dice(a, AFU_SIZE / PAGE);
	u64 value;

	a->worked += !try_load64(at, &value);
	a->worked += !try_store64((char *)map + AFU_SCRATCH0, value);
}

static void map_anew(struct actor *a)
{
	void *other = mmap(NULL, AFU_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			   dev.fd, dev.region[BAR0].offset);
	u64 value;

	if (other == MAP_FAILED)
		return;
	a->worked += !try_load64(other, &value);
	munmap(other, AFU_SIZE);
}

static void read_registers(struct actor *a)
{
	u64 words[16];
	size_t len = dice(a, 2) ? sizeof(words[0]) : sizeof(words);

	a->worked += try_dev_read(&dev, BAR0, AFU_SCRATCH0, words, len) ==
		     (ssize_t)len;
}

static void reset(struct actor *a)
{
	a->worked += !try_dev_ioctl(&dev, VFIO_DEVICE_RESET, NULL);
	nap(a, 4000);
}

static void toggle_memory(struct actor *a)
{
	u16 command = dice(a, 2) ? PCI_COMMAND_MEMORY : 0;

	a->worked += try_dev_write(&dev, CONFIG, PCI_COMMAND, &command,
				   2) == 2;
	nap(a, 300);
}

static void set_irqs(struct actor *a)
{
	u32 start = dice(a, AFU_VECTORS);
	u32 count = 1 + dice(a, AFU_VECTORS - start);
	s32 fds[AFU_VECTORS];
	u32 i;

	for (i = 0; i < count; i++)
		fds[i] = dice(a, 2) ? events[start + i] : -1;
	if (dice(a, 4))
		a->worked += !try_irq_fds(&dev, MSIX, start, count, fds);
	else
		a->worked += !try_irq_set(&dev, MSIX, VFIO_IRQ_SET_DATA_NONE |
					  VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0,
					  NULL, 0);
}

static void raise_interrupts(struct actor *a)
{
	u64 value = 1 + dice(a, 15);

	a->worked += try_dev_write(&dev, BAR0, AFU_IRQ_TRIGGER, &value, 8) == 8;
	nap(a, 200);
	value = ~0ULL;
	try_dev_write(&dev, BAR0, AFU_IRQ_STATUS, &value, 8);
}

static void function_reset(struct actor *a)
{
	a->worked += !try_sysfs_write("1", "%s/reset", card.dir);
	nap(a, 200000);
}

static void tune(struct actor *a)
{
	static const char *const file[] = {
		"irq_holdoff_us", "poll_floor_us", "poll_ceiling_us",
	};
	static const char *const value[] = { "10", "100", "1000", "5000" };

	a->worked += !try_sysfs_write(value[dice(a, 4)], "%s/dfl/%s", card.dir,
				      file[dice(a, 3)]);
	nap(a, 500);
}

/* --- instances of their own ------------------------------------------------------ */

/* All operations of a client, until REQ is signalled */
static void use(struct actor *a, struct dev *d)
{
	int req = event_new(), event = event_new();
	u64 turns = dice(a, 20), value = 1;

	try_irq_fds(d, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, &req);
	try_irq_fds(d, MSIX, 0, 1, &event);
	while (turns-- && !event_take(req)) {
		try_dev_write(d, BAR0, AFU_IRQ_TRIGGER, &value, 8);
		event_wait(event, 1);
		try_dev_write(d, BAR0, AFU_IRQ_STATUS, &value, 8);
		if (!dice(a, 8))
			try_dev_ioctl(d, VFIO_DEVICE_RESET, NULL);
	}
	close(req);
	close(event);
}

static void use_mapped(struct actor *a, struct dev *d)
{
	char *own = try_dev_map(d, 0, AFU_SIZE);
	u64 turns = dice(a, 20), value;

	if (own == MAP_FAILED)
		return;
	while (turns-- && !try_load64(own + AFU_RAM, &value))
		try_store64(own + AFU_RAM, value + 1);
}

static void create_open_close_remove(struct actor *a)
{
	struct instance own;
	struct dev d;

	if (try_instance_create(&own, &card, TYPE_AFU)) {
		nap(a, 1000);
		return;
	}
	if (!try_dev_open(&d, &own)) {
		a->worked++;
		if (dice(a, 2))
			use(a, &d);
		else
			use_mapped(a, &d);
		dev_close(&d);
	}
	try_instance_remove(&own);
}

static void create_remove(struct actor *a)
{
	struct instance own;

	if (try_instance_create(&own, &card, TYPE_AFU)) {
		nap(a, 500);
		return;
	}
	a->worked += !try_instance_remove(&own);
}

/*
 * An instance is complete once it has this link. Before that its creation can
 * fail, and the mdev core then frees memory that a task writing to "remove"
 * still uses.
 */
static bool is_complete(const char *uuid)
{
	char path[PATH_MAX];

	format(path, sizeof(path), MDEV_DIR "/%s/mdev_type", uuid);
	return !access(path, F_OK);
}

/*
 * Return the number of removed instances. The mdev core may refuse an instance
 * that has just been created (EAGAIN), and it cannot be removed by its UUID
 * after that.
 */
static unsigned int remove_instances(unsigned int most)
{
	DIR *dir = opendir(MDEV_DIR);
	struct dirent *entry;
	unsigned int nr = 0;

	while (dir && nr < most && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && is_complete(entry->d_name))
			nr += !try_sysfs_write("1",
					       MDEV_DIR "/%s/remove",
					       entry->d_name);
	if (dir)
		closedir(dir);
	return nr;
}

/* Remove an instance of another thread */
static void remove_any(struct actor *a)
{
	leave_alone(a, 20000);
	a->worked += remove_instances(1);
}

static void write_attributes(struct actor *a)
{
	static const char *const source[] = {
		"intx", "poll", "msix", "none", "auto",
	};
	static const char *const on_off[] = { "on", "off" };
	DIR *dir = opendir(MDEV_DIR);
	struct dirent *entry;
	char value[VALUE_LEN];

	a->worked += !try_sysfs_write(source[dice(a, 5)], "%s/dfl/irq_source",
				      card.dir);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			a->worked += !try_sysfs_write(on_off[dice(a, 2)],
						      MDEV_DIR "/%s/dfl/mmap",
						      entry->d_name);
	if (dir)
		closedir(dir);
	try_sysfs_read(value, sizeof(value), "%s/dfl/irq_stuck", card.dir);
	nap(a, 500);
}

static void read_attributes(struct actor *a)
{
	static const char *const file[] = {
		"b2-o40000/instance", "b2-oc0000/instance", "b2-o40000/size",
		"b0-o0/kind",
	};
	char value[VALUE_LEN];

	a->worked += !try_sysfs_read(value, sizeof(value), "%s/dfl/blocks/%s",
				     card.dir, file[dice(a, 4)]);
	try_sysfs_read(value, sizeof(value),
		       "%s/mdev_supported_types/%s-%s/available_instances",
		       card.dir, DRIVER, TYPE_AFU);
	nap(a, 200);
}

/* --- the whole card --------------------------------------------------------------- */

static void rebind(struct actor *a)
{
	int ret;

	leave_alone(a, 50000);
	ret = try_card_unbind(&card);
	a->worked += try_card_bind(&card) && !ret;
}

static void rescan(struct actor *a)
{
	a->worked += !try_sysfs_write("1", "/sys/bus/pci/rescan");
	nap(a, 5000);
}

static void remove_function(struct actor *a)
{
	int ret;

	leave_alone(a, 50000);
	ret = try_sysfs_write("1", "%s/remove", card.dir);
	try_sysfs_write("1", "/sys/bus/pci/rescan");
	a->worked += try_card_bind(&card) && !ret;
}

static bool load(void)
{
	int fd = open(module, O_RDONLY | O_CLOEXEC);
	bool loaded = fd >= 0 && driver_is_gone() &&
		      !syscall(SYS_finit_module, fd, "", 0);

	if (fd >= 0)
		close(fd);
	return loaded;
}

static void unload_load(struct actor *a)
{
	/* Fails while an instance is in use, so it rarely succeeds */
	if (syscall(SYS_delete_module, DRIVER, O_NONBLOCK)) {
		nap(a, 20000);
		return;
	}
	a->worked += load() && try_card_bind(&card);
	leave_alone(a, 50000);
}

static const struct race races[] = {
	{ "open-unbind", false, false,
	  { create_open_close_remove, create_open_close_remove, rebind,
	    read_attributes },
	  { "open", "open", "rebind", "read" } },
	{ "map-reset", true, true,
	  { touch_mapping, map_anew, reset, toggle_memory },
	  { "touch", "map", "reset", "memory-enable" } },
	{ "set-irqs-interrupt", true, true,
	  { set_irqs, set_irqs, raise_interrupts, tune },
	  { "set-irqs", "set-irqs", "interrupt", "tune" } },
	{ "irqs-reset", true, true,
	  { set_irqs, raise_interrupts, reset, function_reset },
	  { "set-irqs", "interrupt", "reset", "function-reset" } },
	{ "remove-ioctl", false, true,
	  { create_open_close_remove, create_open_close_remove, remove_any,
	    remove_any },
	  { "open", "open", "remove", "remove" } },
	{ "reset-reset", true, true,
	  { reset, reset, function_reset, read_registers },
	  { "reset", "reset", "function-reset", "read" } },
	{ "unload-open", false, false,
	  { create_open_close_remove, create_open_close_remove, unload_load },
	  { "open", "open", "unload" } },
	{ "rescan-open", false, true,
	  { create_open_close_remove, create_open_close_remove, rescan,
	    read_attributes },
	  { "open", "open", "rescan", "read" } },
	{ "attributes-open", false, true,
	  { create_open_close_remove, create_open_close_remove,
	    write_attributes, tune },
	  { "open", "open", "write", "tune" } },
	{ "create-unbind", false, false,
	  { create_remove, create_remove, rebind, read_attributes },
	  { "create", "create", "rebind", "read" } },
	{ "reset-unbind", false, false,
	  { create_open_close_remove, function_reset, rebind,
	    write_attributes },
	  { "open", "function-reset", "rebind", "write" } },
	{ "pci-remove-open", false, false,
	  { create_open_close_remove, create_open_close_remove,
	    remove_function },
	  { "open", "open", "pci-remove" } },
};

#define NR_RACES	ARRAY_SIZE(races)

/* --- before and after ---------------------------------------------------------- */

static void open_shared(void)
{
	unsigned int i;
	int ret = try_instance_create(&inst, &card, TYPE_AFU);

	if (!ret)
		ret = try_dev_open(&dev, &inst);
	if (ret)
		die("no instance to share: %s", err_name(ret));
	map = dev_map(&dev, 0, AFU_SIZE);
	for (i = 0; i < AFU_VECTORS; i++)
		events[i] = event_new();
}

static void close_shared(void)
{
	unsigned int i;

	dev_close(&dev);
	for (i = 0; i < AFU_VECTORS; i++)
		close(events[i]);
	instance_remove(&inst);
}

static const char *const afu[NR_AFUS] = {
	"b2-o40000", "b2-oc0000", "b2-o140000", "b2-o1c0000",
};

/* From here on no access outside of the blocks in use is allowed. */
static void watch(const struct race *race)
{
	const char *pos = inst.pos;

	if (!race->stays)
		return;
	if (race->shared)
		card_own(&card, &pos, 1);
	else
		card_own(&card, afu, NR_AFUS);
}

static void check_watched(const struct race *race)
{
	struct card_stats stats;

	card_stats(&card, &stats);
	card_own(&card, NULL, 0);
	if (stats.not_owned)
		report_broken("%s: %lu accesses outside of the blocks in use",
			      race->name, stats.not_owned);
}

/* A new instance receives an interrupt */
static void check_works(const char *race)
{
	u64 value = 1;
	int event;

	if (try_instance_create(&inst, &card, TYPE_AFU) ||
	    try_dev_open(&dev, &inst)) {
		report_broken("%s: the card cannot be used any more", race);
		return;
	}
	if (dev_read64(&dev, AFU_RO) != AFU_RO_VALUE)
		report_broken("%s: registers are not what they were", race);
	event = event_new();
	irq_arm(&dev, MSIX, 0, event);
	dev_write(&dev, BAR0, AFU_IRQ_TRIGGER, &value, sizeof(value));
	if (!event_wait(event, 2000 * slow))
		report_broken("%s: interrupts do not arrive any more", race);
	close(event);
	block_close(&inst, &dev);
}

static void settle(const char *race)
{
	char value[VALUE_LEN];

	if (access(DRIVER_DIR, F_OK) && !load())
		report_broken("%s: the module does not load any more", race);
	remove_instances(UINT_MAX);
	/* Instances that cannot be removed are removed with the card */
	if (card_is_bound(&card) && try_card_unbind(&card))
		report_broken("%s: the card does not unbind any more", race);
	if (!try_card_bind(&card)) {
		report_broken("%s: the card does not bind any more", race);
		return;
	}
	sysfs_write("auto", "%s/dfl/irq_source", card.dir);
	sysfs_read(value, sizeof(value), "%s/dfl/busmaster_violations",
		   card.dir);
	if (strcmp(value, "0"))
		report_broken("%s: bus master was on %s times", race, value);
	check_works(race);
}

/* --- running ------------------------------------------------------------------- */

static void *run_actor(void *data)
{
	struct actor *a = data;

	while (!atomic_load(&over)) {
		a->act(a);
		a->done++;
	}
	return NULL;
}

/* Print the state of all threads; no test is possible after that. */
static void __noreturn stuck(const struct race *race, const struct actor *a)
{
	try_sysfs_write("w", "/proc/sysrq-trigger");
	die("%s: \"%s\" does not end", race->name, a->what);
}

static void join(const struct race *race, struct actor *a)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += STUCK_S * slow;
	if (pthread_timedjoin_np(a->thread, NULL, &end))
		stuck(race, a);
}

static bool all_worked(const struct actor *a, unsigned int nr)
{
	while (nr--)
		if (!atomic_load(&a[nr].worked))
			return false;
	return true;
}

static void give_time(const struct actor *actors, unsigned int nr, u64 us)
{
	sleep_us(us);
	while (!all_worked(actors, nr) && atomic_load(&share) < MAX_SHARES) {
		atomic_fetch_add(&share, 1);
		sleep_us(us);
	}
}

static void run_race(const struct race *race, u64 seed, u64 us)
{
	struct actor actors[MAX_ACTORS] = { 0 };
	unsigned int i, nr = 0;

	if (race->shared)
		open_shared();
	watch(race);
	atomic_store(&over, false);
	atomic_store(&share, 1);
	for (; nr < MAX_ACTORS && race->act[nr]; nr++) {
		actors[nr].act = race->act[nr];
		actors[nr].what = race->what[nr];
		actors[nr].random = (seed + nr + 1) * 0x9e3779b97f4a7c15ULL;
		if (pthread_create(&actors[nr].thread, NULL, run_actor,
				   &actors[nr]))
			die("no thread");
	}
	give_time(actors, nr, us);
	atomic_store(&over, true);
	for (i = 0; i < nr; i++)
		join(race, &actors[i]);
	if (race->shared)
		close_shared();
	check_watched(race);
	printf("%s:", race->name);
	for (i = 0; i < nr; i++)
		printf(" %s %lu/%lu", actors[i].what, actors[i].worked,
		       actors[i].done);
	if (atomic_load(&share) > 1)
		printf(", %u times as long", atomic_load(&share));
	putchar('\n');
	for (i = 0; i < nr; i++)
		if (!actors[i].worked)
			report_broken("%s: \"%s\" never worked", race->name,
				      actors[i].what);
	settle(race->name);
}

static bool chosen(const char *name, char **names)
{
	char **n;

	for (n = names; *n; n++)
		if (!strcmp(*n, name))
			return true;
	return !*names;
}

int main(int argc, char **argv)
{
	u64 seed, seconds;
	unsigned int i, nr = 0;

	if (argc < 5)
		die("usage: race_user SEED SECONDS MODULE BDF [RACE]...");
	setlinebuf(stdout);
	seed = strtoull(argv[1], NULL, 0);
	seconds = strtoull(argv[2], NULL, 0);
	module = argv[3];
	slow_learn();
	card_at(&card, argv[4], 0);
	for (i = 0; i < NR_RACES; i++)
		nr += chosen(races[i].name, argv + 5);
	settle("before");
	for (i = 0; i < NR_RACES; i++)
		if (chosen(races[i].name, argv + 5))
			run_race(&races[i], seed + 100 * i,
				 seconds * 1000000 / nr);
	printf("races %u failed %lu\n", nr, nr_broken);
	return nr_broken ? EXIT_FAILURE : EXIT_SUCCESS;
}
