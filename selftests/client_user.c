// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client of one instance, controlled by commands: one per line on standard
 * input, one line of answer each. A command that fails answers "error NAME".
 *
 *	read OFFSET WIDTH		value
 *	write OFFSET WIDTH VALUE	ok
 *	map				bytes mapped
 *	maps NR				ok; so many more mappings of the first pages,
 *					all of them touched, until quit
 *	mread OFFSET			value, or SIGBUS
 *	mwrite OFFSET VALUE		value, or SIGBUS
 *	mloop OFFSET MS [VALUE]		once a ms: reads NUMBER, or SIGBUS MS-PASSED,
 *					or changed NEW
 *	arm LINE			ok; LINE is err, req or a vector's number
 *	disarm				ok; no vector is armed, their eventfds stay
 *	wait LINE MS			fired MS-PASSED, or timeout
 *	count LINE MS			signals in that time
 *	watch LINES N			adds N waiters to each of the first LINES
 *					eventfds: US that a signal to each of them
 *					takes then
 *	nest LINES N			adds one waiter to each of these eventfds, an epoll
 *					instance with N waiters of its own: US as of watch
 *	pulse MS			again and again raises vector 0, waits for its
 *					signal and acknowledges: number of signals
 *	mpulse MS			as pulse, through the mapping and without a pause:
 *					PULSES SIGNALS
 *	loop OFFSET MS [VALUE]		reads NUMBER, or error NAME MS-PASSED, or
 *					changed NEW if another than VALUE was read
 *	pace OFFSET MS [VALUE]		as loop, once a ms
 *	bulk OFFSET BYTES		one read() of so many: ok, or error NAME MS-PASSED
 *	latency OFFSET N		median of the times of N reads, ns
 *	fences, generation		that field of the block's description
 *	dma				attempt of the AFU to write to our memory:
 *					RESULT same, or RESULT changed
 *	reset				ok
 *	flr				ok; by the emulated config space
 *	memory 0|1			ok; memory enable of the emulated config space
 *	open, close			ok
 *	quit
 *
 * The loops, pace and pulse end early when the next command arrives.
 *
 * Usage: client_user UUID. Opens the instance at the start and prints "ready".
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "lab_card.h"
#include "vdfl_test.h"

#define MAX_VECTORS	64
#define PACE_US		1000
#define LINE_ERR	MAX_VECTORS
#define LINE_REQ	(MAX_VECTORS + 1)
#define NR_LINES	(MAX_VECTORS + 2)

struct client {
	struct instance inst;
	struct dev dev;
	char *map;
	uint64_t map_len;
	int line[NR_LINES];	/* eventfds */
};

/* --- answers ---------------------------------------------------------------- */

static void say_error(long ret)
{
	printf("error %s\n", err_name(ret));
}

static void say_status(long ret)
{
	if (ret < 0)
		say_error(ret);
	else
		printf("ok\n");
}

static void say_value(long ret, uint64_t value)
{
	if (ret < 0)
		say_error(ret);
	else
		printf("0x%lx\n", value);
}

static void say_mapped(int ret, uint64_t value)
{
	if (ret)
		printf("SIGBUS\n");
	else
		printf("0x%lx\n", value);
}

static uint64_t number(const char *text)
{
	return text ? strtoull(text, NULL, 0) : 0;
}

static uint64_t now_ms(void)
{
	return now_us() / 1000;
}

static bool loop_is_over(uint64_t end)
{
	return now_ms() >= end || event_wait(STDIN_FILENO, 0);
}

/* Print and return true if @arg is given and @value differs */
static bool has_changed(const char *arg, uint64_t value)
{
	if (!arg || value == number(arg))
		return false;
	printf("changed 0x%lx\n", value);
	return true;
}

/* --- opening ---------------------------------------------------------------- */

static void client_close(struct client *c)
{
	int i;

	dev_close(&c->dev);
	c->map_len = 0;
	for (i = 0; i < NR_LINES; i++) {
		if (c->line[i] >= 0)
			close(c->line[i]);
		c->line[i] = -1;
	}
}

static void cmd_open(struct client *c, char **arg)
{
	(void)arg;
	say_status(try_dev_open(&c->dev, &c->inst));
}

static void cmd_close(struct client *c, char **arg)
{
	(void)arg;
	client_close(c);
	say_status(0);
}

/* --- trapped access ----------------------------------------------------------- */

static size_t get_width(const char *text)
{
	uint64_t width = number(text);

	return width < sizeof(uint64_t) ? width : sizeof(uint64_t);
}

static int get_reg(struct client *c, uint64_t off, size_t width,
		   uint64_t *value)
{
	ssize_t ret;

	*value = 0;
	ret = try_dev_read(&c->dev, BAR0, off, value, width);
	return ret < 0 ? ret : 0;
}

static int set_reg(struct client *c, uint64_t off, size_t width, uint64_t value)
{
	ssize_t ret = try_dev_write(&c->dev, BAR0, off, &value, width);

	return ret < 0 ? ret : 0;
}

static void cmd_read(struct client *c, char **arg)
{
	uint64_t value;
	int ret = get_reg(c, number(arg[1]), get_width(arg[2]), &value);

	say_value(ret, value);
}

static void cmd_write(struct client *c, char **arg)
{
	say_status(set_reg(c, number(arg[1]), get_width(arg[2]),
			   number(arg[3])));
}

/* @pause_us: after each read */
static void read_often(struct client *c, char **arg, uint64_t pause_us)
{
	uint64_t off = number(arg[1]), value, reads = 0;
	uint64_t start = now_ms(), end = start + number(arg[2]);
	int ret;

	while (!loop_is_over(end)) {
		ret = get_reg(c, off, sizeof(value), &value);
		if (ret) {
			printf("error %s %lu\n", err_name(ret),
			       now_ms() - start);
			return;
		}
		if (has_changed(arg[3], value))
			return;
		reads++;
		if (pause_us)
			sleep_us(pause_us);
	}
	printf("reads %lu\n", reads);
}

static void cmd_loop(struct client *c, char **arg)
{
	read_often(c, arg, 0);
}

static void cmd_pace(struct client *c, char **arg)
{
	read_often(c, arg, PACE_US);
}

static void cmd_bulk(struct client *c, char **arg)
{
	size_t len = number(arg[2]);
	uint64_t start = now_ms();
	void *buf = malloc(len);
	ssize_t ret;

	if (!buf)
		die("no memory for %zu bytes", len);
	ret = try_dev_read(&c->dev, BAR0, number(arg[1]), buf, len);
	if (ret < 0)
		printf("error %s %lu\n", err_name(ret), now_ms() - start);
	else
		printf("ok\n");
	free(buf);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void cmd_latency(struct client *c, char **arg)
{
	uint64_t nr = number(arg[2]), value, i;
	uint64_t *ns = calloc(nr, sizeof(*ns));
	int ret = 0;

	if (!nr || !ns)
		die("latency of no reads, or no memory");
	for (i = 0; i < nr && !ret; i++) {
		uint64_t start = now_ns();

		ret = get_reg(c, number(arg[1]), sizeof(value), &value);
		ns[i] = now_ns() - start;
	}
	qsort(ns, nr, sizeof(*ns), compare_u64);
	if (ret)
		say_error(ret);
	else
		printf("%lu\n", ns[nr / 2]);
	free(ns);
}

static ssize_t get_description(struct client *c,
			       struct vfio_dfl_mdev_block *desc)
{
	memset(desc, 0, sizeof(*desc));
	return try_dev_read(&c->dev, REGION_BLOCK, 0, desc, sizeof(*desc));
}

static void cmd_fences(struct client *c, char **arg)
{
	struct vfio_dfl_mdev_block desc;
	ssize_t ret = get_description(c, &desc);

	(void)arg;
	say_value(ret, desc.fences);
}

static void cmd_generation(struct client *c, char **arg)
{
	struct vfio_dfl_mdev_block desc;
	ssize_t ret = get_description(c, &desc);

	(void)arg;
	if (ret < 0)
		say_error(ret);
	else
		printf("%u\n", desc.generation);
}

static void cmd_reset(struct client *c, char **arg)
{
	(void)arg;
	say_status(try_dev_ioctl(&c->dev, VFIO_DEVICE_RESET, NULL));
}

static void cmd_memory(struct client *c, char **arg)
{
	dev_memory_enable(&c->dev, number(arg[1]));
	say_status(0);
}

static void cmd_flr(struct client *c, char **arg)
{
	unsigned int cap = dev_find_cap(&c->dev, PCI_CAP_ID_EXP);

	(void)arg;
	if (!(dev_config_read(&c->dev, cap + PCI_EXP_DEVCAP, 4) &
	      PCI_EXP_DEVCAP_FLR)) {
		printf("no such capability\n");
		return;
	}
	dev_config_write(&c->dev, cap + PCI_EXP_DEVCTL, 2,
			 PCI_EXP_DEVCTL_BCR_FLR);
	say_status(0);
}

/* --- mapped access ------------------------------------------------------------ */

static uint64_t mappable_bytes(struct client *c)
{
	uint64_t buf[64];
	struct vfio_region_info *info = (void *)buf;
	const struct vfio_region_info_cap_sparse_mmap *sparse;

	dev_region_info(&c->dev, BAR0, info, sizeof(buf));
	sparse = (const void *)region_cap(info,
					  VFIO_REGION_INFO_CAP_SPARSE_MMAP);
	return sparse ? sparse->areas[0].size : 0;
}

static void cmd_map(struct client *c, char **arg)
{
	uint64_t len = mappable_bytes(c);
	void *map = try_dev_map(&c->dev, 0, len);

	(void)arg;
	if (map == MAP_FAILED) {
		say_error(-errno);
		return;
	}
	c->map = map;
	c->map_len = len;
	printf("%lu\n", len);
}

static void cmd_maps(struct client *c, char **arg)
{
	uint64_t nr = number(arg[1]), len = mappable_bytes(c), value = 0, off;
	char *map;

	while (nr--) {
		map = mmap(NULL, len, PROT_READ, MAP_SHARED, c->dev.fd,
			   c->dev.region[BAR0].offset);
		if (map == MAP_FAILED) {
			say_error(-errno);
			return;
		}
		for (off = 0; off < len; off += PAGE)
			try_load64(map + off, &value);
	}
	say_status(0);
}

static void cmd_mread(struct client *c, char **arg)
{
	uint64_t off = number(arg[1]), value = 0;

	int ret;

	if (off >= c->map_len) {
		say_error(-EINVAL);
		return;
	}
	ret = try_load64(c->map + off, &value);
	say_mapped(ret, value);
}

static void cmd_mwrite(struct client *c, char **arg)
{
	uint64_t off = number(arg[1]), value = number(arg[2]);

	if (off >= c->map_len)
		say_error(-EINVAL);
	else
		say_mapped(try_store64(c->map + off, value), value);
}

static void cmd_mloop(struct client *c, char **arg)
{
	uint64_t off = number(arg[1]), value, reads = 0;
	uint64_t start = now_ms(), end = start + number(arg[2]);

	if (off >= c->map_len) {
		say_error(-EINVAL);
		return;
	}
	for (; !loop_is_over(end); reads++) {
		if (try_load64(c->map + off, &value)) {
			printf("SIGBUS %lu\n", now_ms() - start);
			return;
		}
		if (has_changed(arg[3], value))
			return;
		sleep_us(PACE_US);
	}
	printf("reads %lu\n", reads);
}

/* --- interrupts ------------------------------------------------------------- */

static int line_number(const char *name)
{
	if (name && !strcmp(name, "err"))
		return LINE_ERR;
	if (name && !strcmp(name, "req"))
		return LINE_REQ;
	return number(name) % MAX_VECTORS;
}

static void cmd_arm(struct client *c, char **arg)
{
	int line = line_number(arg[1]);

	if (c->line[line] < 0)
		c->line[line] = event_new();
	if (line == LINE_ERR)
		say_status(try_irq_fds(&c->dev, VFIO_PCI_ERR_IRQ_INDEX, 0, 1,
				       &c->line[line]));
	else if (line == LINE_REQ)
		say_status(try_irq_fds(&c->dev, VFIO_PCI_REQ_IRQ_INDEX, 0, 1,
				       &c->line[line]));
	else
		say_status(try_irq_fds(&c->dev, VFIO_PCI_MSIX_IRQ_INDEX, 0,
				       line + 1, c->line));
}

static void cmd_disarm(struct client *c, char **arg)
{
	(void)arg;
	irq_disable(&c->dev, VFIO_PCI_MSIX_IRQ_INDEX);
	printf("ok\n");
}

static void cmd_wait(struct client *c, char **arg)
{
	int fd = c->line[line_number(arg[1])];
	uint64_t start = now_ms();

	if (!event_wait(fd, number(arg[2]))) {
		printf("timeout\n");
		return;
	}
	event_take(fd);
	printf("fired %lu\n", now_ms() - start);
}

static void cmd_count(struct client *c, char **arg)
{
	int fd = c->line[line_number(arg[1])];
	uint64_t now = now_ms(), end = now + number(arg[2]), signals = 0;

	for (; now < end; now = now_ms())
		if (event_wait(fd, end - now))
			signals += event_take(fd);
	printf("%lu\n", signals);
}

/**
 * struct waiters - a file that a thread polls many times with one call
 * @polled: array in which each entry has the same file
 * @nr: number of entries, each of which is a waiter
 * @tid: the thread, 0 until it runs
 */
struct waiters {
	struct pollfd *polled;
	unsigned int nr;
	pid_t tid;
};

/* Only an error ends poll(), so a signal walks all entries and wakes no task. */
static void *poll_waiters(void *arg)
{
	struct waiters *waiters = arg;

	__atomic_store_n(&waiters->tid, gettid(), __ATOMIC_RELEASE);
	poll(waiters->polled, waiters->nr, -1);
	die_errno("polling");
	return NULL;
}

static bool are_waiting(const struct waiters *waiters)
{
	pid_t tid = __atomic_load_n(&waiters->tid, __ATOMIC_ACQUIRE);
	char stat[256];

	if (!tid)
		return false;
	sysfs_read(stat, sizeof(stat), "/proc/self/task/%d/stat", tid);
	return strstr(stat, ") S ");
}

/* The waiters stay until the process ends. */
static void add_waiters(int fd, unsigned int nr)
{
	struct rlimit limit = { .rlim_cur = nr, .rlim_max = nr };
	struct waiters *waiters = calloc(1, sizeof(*waiters));
	pthread_t thread;

	if (!waiters || setrlimit(RLIMIT_NOFILE, &limit))
		die_errno("adding waiters");
	waiters->nr = nr;
	waiters->polled = calloc(nr, sizeof(*waiters->polled));
	if (!waiters->polled)
		die("no memory for waiters");
	while (nr--)
		waiters->polled[nr].fd = fd;
	if (pthread_create(&thread, NULL, poll_waiters, waiters))
		die("no thread for waiters");
	while (!are_waiting(waiters))
		sleep_us(1000);
}

/* Return an epoll instance that waits for @event. */
static int nest_new(int event)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, event, &ev))
		die_errno("waiting for an eventfd");
	return epoll;
}

static uint64_t signal_us(int event)
{
	uint64_t one = 1, start = now_us();

	if (write(event, &one, sizeof(one)) != sizeof(one))
		die_errno("signalling an eventfd");
	return now_us() - start;
}

static uint64_t least_signal_us(int event)
{
	uint64_t us = ~0ULL, took;
	int i;

	for (i = 0; i < 5; i++) {
		took = signal_us(event);
		if (took < us)
			us = took;
	}
	event_take(event);
	return us;
}

static void answer_signals_us(const struct client *c, unsigned int lines)
{
	uint64_t us = 0;
	unsigned int i;

	for (i = 0; i < lines; i++)
		us += least_signal_us(c->line[i]);
	printf("%lu\n", us);
}

static void cmd_watch(struct client *c, char **arg)
{
	unsigned int lines = line_number(arg[1]), i;

	for (i = 0; i < lines; i++)
		add_waiters(c->line[i], number(arg[2]));
	answer_signals_us(c, lines);
}

static void cmd_nest(struct client *c, char **arg)
{
	unsigned int lines = line_number(arg[1]), i;

	for (i = 0; i < lines; i++)
		add_waiters(nest_new(c->line[i]), number(arg[2]));
	answer_signals_us(c, lines);
}

static void cmd_pulse(struct client *c, char **arg)
{
	uint64_t end = now_ms() + number(arg[1]), signals = 0;
	int ret = 0;

	while (!ret && !loop_is_over(end)) {
		ret = set_reg(c, AFU_IRQ_TRIGGER, 8, 1);
		if (!ret && event_wait(c->line[0], 1000))
			signals += event_take(c->line[0]) != 0;
		ret = ret ?: set_reg(c, AFU_IRQ_STATUS, 8, ~0ULL);
		/* Longer than the hold-off, so that the pin is unmasked */
		sleep_us(2000);
	}
	printf("%lu\n", signals);
}

static void cmd_mpulse(struct client *c, char **arg)
{
	uint64_t end = now_ms() + number(arg[1]), pulses = 0;

	if (!c->map) {
		say_error(-EINVAL);
		return;
	}
	event_take(c->line[0]);
	while (!loop_is_over(end)) {
		map_store64(c->map + AFU_IRQ_TRIGGER, 1);
		map_store64(c->map + AFU_IRQ_STATUS, ~0ULL);
		pulses++;
	}
	printf("%lu %lu\n", pulses, event_take(c->line[0]));
}

/* --- direct memory access ----------------------------------------------------- */

static uint64_t physical(const volatile void *page)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd < 0)
		die_errno("pagemap");
	if (pread(fd, &entry, sizeof(entry), (uintptr_t)page / PAGE * 8) < 0)
		die_errno("reading pagemap");
	close(fd);
	return (entry & ((1ULL << 55) - 1)) * PAGE;
}

static int try_dma(struct client *c, uint64_t addr, uint64_t value,
		   uint64_t *result)
{
	int tries, ret;

	ret = set_reg(c, AFU_DMA_ADDR, 8, addr) ?:
	      set_reg(c, AFU_DMA_DATA, 8, value) ?:
	      set_reg(c, AFU_DMA_GO, 8, 1);
	*result = 0;
	for (tries = 0; !ret && !*result && tries < 1000; tries++) {
		ret = get_reg(c, AFU_DMA_RESULT, 8, result);
		sleep_us(1000);
	}
	return ret;
}

static void cmd_dma(struct client *c, char **arg)
{
	const uint64_t good = 0x600d600d600d600dULL;
	volatile uint64_t *page;
	uint64_t result;
	int ret;

	(void)arg;
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	if (page == MAP_FAILED)
		die_errno("a page for the card to write to");
	*page = good;
	ret = try_dma(c, physical(page), ~good, &result);
	if (ret)
		say_error(ret);
	else
		printf("%lu %s\n", result, *page == good ? "same" : "changed");
	munmap((void *)page, PAGE);
}

/* --- commands ----------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*run)(struct client *c, char **arg);
} commands[] = {
	{ "arm", cmd_arm },
	{ "bulk", cmd_bulk },
	{ "close", cmd_close },
	{ "count", cmd_count },
	{ "disarm", cmd_disarm },
	{ "dma", cmd_dma },
	{ "fences", cmd_fences },
	{ "flr", cmd_flr },
	{ "generation", cmd_generation },
	{ "latency", cmd_latency },
	{ "loop", cmd_loop },
	{ "map", cmd_map },
	{ "maps", cmd_maps },
	{ "memory", cmd_memory },
	{ "mloop", cmd_mloop },
	{ "mpulse", cmd_mpulse },
	{ "mread", cmd_mread },
	{ "mwrite", cmd_mwrite },
	{ "nest", cmd_nest },
	{ "open", cmd_open },
	{ "pace", cmd_pace },
	{ "pulse", cmd_pulse },
	{ "read", cmd_read },
	{ "reset", cmd_reset },
	{ "wait", cmd_wait },
	{ "watch", cmd_watch },
	{ "write", cmd_write },
	{}
};

static void run(struct client *c, char *text)
{
	char *arg[6] = {}, *rest = text;
	size_t i;

	for (i = 0; i < 5; i++)
		arg[i] = strtok_r(NULL, "\n ", &rest);
	for (i = 0; arg[0] && commands[i].name; i++) {
		if (!strcmp(arg[0], commands[i].name)) {
			commands[i].run(c, arg);
			return;
		}
	}
	printf("error unknown command\n");
}

int main(int argc, char **argv)
{
	struct client c = {};
	char text[256];
	int i, ret;

	if (argc != 2)
		die("usage: client_user UUID");
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < NR_LINES; i++)
		c.line[i] = -1;
	instance_at(&c.inst, NULL, argv[1]);
	ret = try_dev_open(&c.dev, &c.inst);
	if (ret)
		say_error(ret);
	else
		printf("ready\n");

	while (fgets(text, sizeof(text), stdin) && strcmp(text, "quit\n"))
		run(&c, text);
	client_close(&c);
	return 0;
}
