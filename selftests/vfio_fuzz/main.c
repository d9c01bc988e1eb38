// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_fuzz_user [--seed N] [--ops N] [--threads N] [--fds N] [--cdev]
 *  [--disturbed] [--verbose] [--kcov[=watch]] [--kept=N,N...]
 *  UUID[=WHO]...
 *
 * Starts a process per instance, with threads that do random operations on the
 * same descriptors; see fuzz.h. Prints "ready" when all are open, and the
 * totals at the end. The first wrong result ends all processes.
 *
 * --disturbed: the card may be reset or removed meanwhile, so registers may be
 * inaccessible at any time. WHO, 0 to 15, is the tag in all words that the user
 * writes, by default the index of the instance. A block must keep its tag,
 * unless it is reset between users.
 *
 * --kcov: if the kernel supports it, repeat operations that reached new code
 * (see chain.c); with "watch" only count them. A failed run prints the argument
 * of --kept.
 */
#include <getopt.h>
#include <signal.h>
#include <sys/wait.h>

#include "fuzz.h"

#define MAX_TARGETS	16

static const struct {
	void (*run)(struct worker *w);
	const char *name;
	unsigned int weight;
} ops[] = {
	{ op_access, "access", 420 },
	{ op_set_irqs, "SET_IRQS", 150 },
	{ op_touch, "touch", 80 },
	{ op_region_info, "REGION_INFO", 60 },
	{ op_info, "INFO", 40 },
	{ op_irq_info, "IRQ_INFO", 40 },
	{ op_other_ioctl, "ioctl", 50 },
	{ op_map, "mmap", 50 },
	{ op_change_map, "mapping", 20 },
	{ op_unmap, "munmap", 15 },
	{ op_command, "command", 20 },
	{ op_read_on, "read on", 20 },
	{ op_events, "eventfd", 20 },
	{ op_reset, "reset", 4 },
	{ op_dup, "dup", 6 },
	{ op_reopen, "reopen", 3 },
	{ op_fork, "fork", 1 },
	{ op_cycle, "cycle", 1 },
};

static unsigned int total_weight(void)
{
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		sum += ops[i].weight;
	return sum;
}

static void run_one(struct worker *w)
{
	u64 n = below(w, total_weight());
	size_t i = 0;

	while (n >= ops[i].weight)
		n -= ops[i++].weight;
	w->doing = ops[i].name;
	ops[i].run(w);
}

/* --- threads -------------------------------------------------------------------- */

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	const struct options *opt = w->t->opt;
	u64 share = opt->ops / opt->threads;

	arena_init(w);
	events_init(w);
	kcov_start(w);
	for (w->op = 0; w->op < share; w->op++) {
		/* An operation can be repeated without those before it */
		w->rng = chain_seed(w);
		run_one(w);
		chain_done(w);
		if (opt->verbose)
			fprintf(stderr, "# %s thread %u operation %lu %s\n",
				w->t->inst.pos, w->nr, w->op, w->doing);
	}
	if (opt->verbose)
		say_kept(w);
	children_reap(w);
	maps_drop(w);
	return NULL;
}

struct sums {
	u64 count[NR_COUNTS];
	u64 ops;
	u64 refused;
};

static struct sums run_workers(struct target *t)
{
	struct worker *w = calloc(t->opt->threads, sizeof(*w));
	struct sums sums = {};
	unsigned int i, n;

	if (!w)
		die("out of memory");
	for (i = 0; i < t->opt->threads; i++) {
		w[i].t = t;
		w[i].nr = i;
		if (pthread_create(&w[i].thread, NULL, worker_main, &w[i]))
			die("no thread");
	}
	for (i = 0; i < t->opt->threads; i++) {
		pthread_join(w[i].thread, NULL);
		for (n = 0; n < NR_COUNTS; n++)
			sums.count[n] += w[i].count[n];
		sums.ops += w[i].op;
		sums.refused += w[i].refused;
	}
	return sums;
}

/* --- processes ------------------------------------------------------------------- */

static void target_name(struct target *t, const char *arg)
{
	const char *who = strchr(arg, '=');
	int len = who ? who - arg : (int)strlen(arg);
	char uuid[sizeof(t->inst.uuid)];

	format(uuid, sizeof(uuid), "%.*s", len, arg);
	instance_at(&t->inst, NULL, uuid);
	if (who)
		t->tag = TAG + strtoul(who + 1, NULL, 0) % MAX_TARGETS;
}

static struct sums run_target(const struct options *opt, const char *arg,
			      u8 tag, int ready)
{
	struct target t = {
		.opt = opt,
		.tag = tag,
		.alone = opt->threads == 1 && !opt->disturbed,
		.nr_slots = opt->fds,
	};
	unsigned int i;

	target_name(&t, arg);
	sysfs_read(t.inst.pos, sizeof(t.inst.pos), "%s/dfl/block", t.inst.dir);
	for (i = 0; i < MAX_FDS; i++)
		pthread_rwlock_init(&t.slot[i].lock, NULL);
	target_open(&t);
	target_learn(&t);
	if (write(ready, "", 1) != 1)
		die_errno("saying that it is open");
	close(ready);
	catch_faults();
	return run_workers(&t);
}

static pid_t start_target(const struct options *opt, const char *uuid, u8 tag,
			  int ready, int out)
{
	pid_t pid = fork();
	struct sums sums;

	if (pid < 0)
		die_errno("fork");
	if (pid)
		return pid;
	sums = run_target(opt, uuid, tag, ready);
	if (write(out, &sums, sizeof(sums)) != sizeof(sums))
		die_errno("telling the figures");
	exit(EXIT_SUCCESS);
}

static void print_sums(const struct sums *sums)
{
	static const char *const names[] = {
		[COUNT_IOCTL] = "ioctls",
		[COUNT_ACCESS] = "accesses",
		[COUNT_MAP] = "maps",
		[COUNT_TOUCH] = "touches",
		[COUNT_FD] = "descriptors",
	};
	int i;

	printf("operations %lu", sums->ops);
	for (i = 0; i < NR_COUNTS; i++)
		printf(" %s %lu", names[i], sums->count[i]);
	printf(" refused %lu", sums->refused);
	if (kcov_blocks())
		printf(" blocks %lu", kcov_blocks());
	printf("\n");
}

static void add_sums(struct sums *all, int in)
{
	struct sums one;
	unsigned int n;

	if (read(in, &one, sizeof(one)) != sizeof(one))
		die("a process did not end well");
	for (n = 0; n < NR_COUNTS; n++)
		all->count[n] += one.count[n];
	all->ops += one.ops;
	all->refused += one.refused;
}

/* Wait for all of them; the first failure ends the others. */
static int wait_for_all(pid_t *pid, int nr)
{
	int i, n, status, ret = EXIT_SUCCESS;
	pid_t ended;

	for (i = 0; i < nr; i++) {
		ended = wait(&status);
		if (status)
			ret = EXIT_FAILURE;
		for (n = 0; n < nr; n++) {
			if (pid[n] == ended)
				pid[n] = 0;	/* the number may be reused */
			else if (pid[n] && status)
				kill(pid[n], SIGKILL);
		}
	}
	return ret;
}

/* The processes stay, whatever happens to the card. */
static void say_ready(int ready, int nr)
{
	char byte;

	while (nr && read(ready, &byte, 1) == 1)
		nr--;
	printf("ready\n");
	fflush(stdout);
}

static int run_all(const struct options *opt, char **uuid, int nr)
{
	struct sums all = {};
	int i, channel[2], ready[2];
	pid_t pid[MAX_TARGETS];

	if (pipe(channel) || pipe(ready))
		die_errno("pipe");
	for (i = 0; i < nr; i++)
		pid[i] = start_target(opt, uuid[i], TAG + i, ready[1],
				      channel[1]);
	close(ready[1]);
	say_ready(ready[0], nr);
	if (wait_for_all(pid, nr))
		return EXIT_FAILURE;
	for (i = 0; i < nr; i++)
		add_sums(&all, channel[0]);
	print_sums(&all);
	return EXIT_SUCCESS;
}

/* --- options ----------------------------------------------------------------------- */

static void usage(void)
{
	die("usage: vfio_fuzz_user [OPTION]... UUID[=WHO]...; see main.c");
}

static u64 number(const char *text, u64 limit)
{
	char *end;
	u64 value = strtoull(text, &end, 0);

	if (end == text || *end || !value || value > limit)
		die("not a number from 1 to %lu: %s", limit, text);
	return value;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "ops", required_argument, NULL, 'o' },
		{ "threads", required_argument, NULL, 't' },
		{ "fds", required_argument, NULL, 'f' },
		{ "cdev", no_argument, NULL, 'c' },
		{ "disturbed", no_argument, NULL, 'd' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "kcov", optional_argument, NULL, 'k' },
		{ "kept", required_argument, NULL, 'K' },
		{}
	};
	struct options opt = { .seed = 1, .ops = 10000, .threads = 1, .fds = 2 };
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 's':
			opt.seed = number(optarg, ONES);
			break;
		case 'o':
			opt.ops = number(optarg, ONES);
			break;
		case 't':
			opt.threads = number(optarg, MAX_WORKERS);
			break;
		case 'f':
			opt.fds = number(optarg, MAX_FDS);
			break;
		case 'c':
			opt.cdev = true;
			break;
		case 'd':
			opt.disturbed = true;
			break;
		case 'v':
			opt.verbose = true;
			break;
		case 'k':
			opt.feedback = !optarg || strcmp(optarg, "watch");
			kcov_init();
			break;
		case 'K':
			opt.kept = optarg;
			break;
		default:
			usage();
		}
	}
	if (optind == argc || argc - optind > MAX_TARGETS)
		usage();
	printf("seed %lu operations %lu for each of %d instances, threads %u, descriptors %u\n",
	       opt.seed, opt.ops, argc - optind, opt.threads, opt.fds);
	fflush(stdout);
	return run_all(&opt, argv + optind, argc - optind);
}
