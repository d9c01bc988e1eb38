// SPDX-License-Identifier: GPL-2.0-only
/*
 * A card that vanishes at each access that the driver makes while the card is
 * bound, opened, reset, armed, used, closed and unbound.
 *
 * Usage: vanish_user BDF SOURCE STRIDE	at every STRIDEth access, with that
 *					SOURCE of interrupts
 *        vanish_user BDF users NR	card NR, under four clients at once
 *
 * Each operation must end, with or without an error. After that every access of a
 * client must fail. The card is unbound, returns, and must work again. Failed
 * checks are printed on standard error, figures on standard output. The scenario
 * checks the times, because they depend on how busy the machine is.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "lab_card.h"
#include "vdfl_test.h"

#define LIMIT_MS	30000	/* for an operation that does not end */
#define LOST_MS		50	/* for an interrupt that may not come */
#define NR_USERS	4

/* The state between the steps */
struct state {
	struct card card;
	const char *source;
	struct instance inst;
	bool created;
	struct dev dev;
	bool opened;
	void *map;
	int event;
	unsigned int patience_ms;	/* for an interrupt */
};

static u64 slowest;
static u64 checked;

/* --- the steps --------------------------------------------------------------- */

static void do_bind(struct state *s)
{
	if (try_card_bind(&s->card))
		try_sysfs_write(s->source, "%s/dfl/irq_source", s->card.dir);
}

static void do_create(struct state *s)
{
	s->created = !try_instance_create(&s->inst, &s->card, TYPE_AFU);
}

static void do_open(struct state *s)
{
	s->opened = !try_dev_open(&s->dev, &s->inst);
}

static void do_reset(struct state *s)
{
	try_dev_ioctl(&s->dev, VFIO_DEVICE_RESET, NULL);
}

static void do_map(struct state *s)
{
	u64 value;

	s->map = try_dev_map(&s->dev, 0, AFU_SIZE);
	if (s->map == MAP_FAILED)
		return;
	try_load64(s->map, &value);
	try_store64((char *)s->map + AFU_SCRATCH0, value);
	try_load64((char *)s->map + AFU_SIZE - 8, &value);
}

static void do_access(struct state *s)
{
	u64 word[8];

	try_dev_read(&s->dev, BAR0, 0, word, 64);
	try_dev_write(&s->dev, BAR0, AFU_RAM, word, 64);
	try_dev_read(&s->dev, BAR0, AFU_SCRATCH0, word, 4);
}

static void do_arm(struct state *s)
{
	try_irq_fds(&s->dev, MSIX, 0, 1, &s->event);
}

static void do_interrupt(struct state *s)
{
	u64 one = 1;

	try_dev_write(&s->dev, BAR0, AFU_IRQ_TRIGGER, &one, sizeof(one));
	event_wait(s->event, s->patience_ms);
	try_dev_write(&s->dev, BAR0, AFU_IRQ_STATUS, &one, sizeof(one));
}

static void do_disarm(struct state *s)
{
	int none = -1;

	try_irq_fds(&s->dev, MSIX, 0, 1, &none);
}

static void do_close(struct state *s)
{
	if (s->opened)
		dev_close(&s->dev);
	s->opened = false;
}

static void do_remove(struct state *s)
{
	if (s->created && try_instance_remove(&s->inst))
		report_broken("the instance cannot be removed");
	s->created = false;
}

static void do_unbind(struct state *s)
{
	if (card_is_bound(&s->card) && try_card_unbind(&s->card))
		report_broken("the card cannot be unbound");
}

enum need { NOTHING, BOUND, CREATED, OPENED };

static const struct step {
	const char *name;
	void (*run)(struct state *s);
	enum need need;		/* the step is skipped without it */
} steps[] = {
	{ "bind", do_bind, NOTHING },
	{ "create", do_create, BOUND },
	{ "open", do_open, CREATED },
	{ "map", do_map, OPENED },
	{ "access", do_access, OPENED },
	{ "arm", do_arm, OPENED },
	{ "interrupt", do_interrupt, OPENED },
	{ "reset", do_reset, OPENED },
	{ "disarm", do_disarm, OPENED },
	{ "close", do_close, NOTHING },
	{ "remove", do_remove, NOTHING },
	{ "unbind", do_unbind, NOTHING },
};

#define NR_STEPS	ARRAY_SIZE(steps)

/* --- one life of the card -------------------------------------------------------- */

static u64 accesses(const struct state *s)
{
	struct card_stats stats;

	card_stats(&s->card, &stats);
	return stats.accesses;
}

static void vanish_after(const struct state *s, u64 nr)
{
	card_ask(&s->card, "'op':'vanish-after','accesses':%lu", nr);
}

static bool has(const struct state *s, enum need need)
{
	switch (need) {
	case BOUND:
		return card_is_bound(&s->card);
	case CREATED:
		return s->created;
	case OPENED:
		return s->opened;
	default:
		return true;
	}
}

static void run_step(struct state *s, const struct step *step)
{
	u64 start = now_us(), took;

	if (!has(s, step->need))
		return;
	step->run(s);
	took = (now_us() - start) / 1000;
	if (took > slowest)
		slowest = took;
	if (took > LIMIT_MS * slow)
		report_broken("%s took %lu ms", step->name, took);
}

static bool has_vanished(const struct state *s)
{
	struct card_stats stats;

	card_stats(&s->card, &stats);
	return stats.vanished;
}

static bool is_mapped(const struct state *s)
{
	u64 value;

	return s->map != MAP_FAILED && !try_load64(s->map, &value);
}

/* Accesses to a lost card must fail: all-ones are not a valid result. */
static void check_gone(struct state *s, const char *when)
{
	/* After a failure, check each further step without waiting */
	u64 end = now_us() + (nr_broken ? 0 : LIMIT_MS * 1000ULL * slow), value;
	ssize_t got = try_dev_read(&s->dev, BAR0, AFU_RO, &value,
				   sizeof(value));
	long ret = try_dev_ioctl(&s->dev, VFIO_DEVICE_RESET, NULL);

	if (got != -EIO)
		report_broken("%s: register read of a lost card: %s", when,
			      err_name(got));
	if (ret != -EIO)
		report_broken("%s: reset of a lost card: %s", when,
			      err_name(ret));
	while (is_mapped(s) && now_us() < end)
		sleep_us(1000);
	if (is_mapped(s))
		report_broken("%s: a lost card is still mapped", when);
	checked++;
}

/*
 * Run all steps; in step number @at the card vanishes after @nr accesses. The
 * check of a lost card makes the driver notice the loss, so in every second run
 * it is left to the steps.
 */
static void live(struct state *s, unsigned int at, u64 nr)
{
	unsigned int i;

	s->map = MAP_FAILED;
	s->patience_ms = LOST_MS;
	for (i = 0; i < NR_STEPS; i++) {
		if (i == at)
			vanish_after(s, nr);
		run_step(s, &steps[i]);
		if (i < at || !s->opened || (nr % 2 && steps[i].run != do_disarm))
			continue;
		if (has_vanished(s))
			check_gone(s, steps[i].name);
	}
	card_ask(&s->card, "'op':'return'");
	event_take(s->event);
}

static bool source_is_set(const struct state *s)
{
	char source[VALUE_LEN];

	return !try_sysfs_read(source, sizeof(source), "%s/dfl/irq_source",
			       s->card.dir) &&
	       !strcmp(source, s->source);
}

/* Return true if the step did its work. */
static bool went_well(const struct state *s, const struct step *step)
{
	if (step->run == do_bind)
		return source_is_set(s);
	if (step->run == do_open)
		return s->opened;
	if (step->run == do_map)
		return is_mapped(s);
	if (step->run == do_interrupt)
		return event_take(s->event);
	return true;
}

/* Run all steps on a card that responds. */
static void live_well(struct state *s, u64 *cost)
{
	unsigned int i;
	u64 before;

	s->map = MAP_FAILED;
	s->patience_ms = LIMIT_MS * slow;
	for (i = 0; i < NR_STEPS; i++) {
		before = accesses(s);
		run_step(s, &steps[i]);
		if (cost)
			cost[i] = accesses(s) - before;
		if (!went_well(s, &steps[i]))
			report_broken("%s fails, and the card responds",
				      steps[i].name);
	}
}

static int vanish_everywhere(struct state *s, u64 stride)
{
	u64 cost[NR_STEPS], nr = 0, tried = 0;
	unsigned int i;

	live_well(s, cost);
	for (i = 0; i < NR_STEPS; i++) {
		for (; nr <= cost[i]; nr += stride) {
			live(s, i, nr);
			tried++;
			if (tried % 16 == 0)
				live_well(s, NULL);
		}
		nr -= cost[i] + 1;
		printf("%s %lu ", steps[i].name, cost[i]);
	}
	live_well(s, NULL);
	printf("in-all %lu checked %lu slowest-ms %lu failed %lu\n", tried,
	       checked, slowest, nr_broken);
	return nr_broken ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --- users --------------------------------------------------------------------- */

static int use_mapping(struct state *s)
{
	u64 value;

	return s->map == MAP_FAILED ? -EINVAL : try_load64(s->map, &value);
}

static int use_registers(struct state *s)
{
	u64 value;
	ssize_t ret = try_dev_read(&s->dev, BAR0, AFU_SCRATCH0, &value,
				   sizeof(value));

	return ret < 0 ? ret : 0;
}

static int use_ioctls(struct state *s)
{
	int ret = try_irq_fds(&s->dev, MSIX, 0, 1, &s->event);

	do_disarm(s);
	ret = ret ?: try_dev_ioctl(&s->dev, VFIO_DEVICE_RESET, NULL);
	/* The card does not respond, but is not lost yet */
	return ret == -EAGAIN ? 0 : ret;
}

/**
 * struct user - a process that repeats one access
 * @use: one access; returns 0 or a negative errno
 * @until: error that ends it; 0 if only a signal does
 */
static const struct user {
	int (*use)(struct state *s);
	int until;
} users[NR_USERS] = {
	{ use_mapping, -EFAULT },
	{ use_registers, -EIO },
	{ use_ioctls, -EIO },
	{ use_mapping, 0 },
};

/* Report ready after the first successful access. */
static void be_user(struct state *s, unsigned int nr, int ready)
{
	const struct user *user = &users[nr];
	int ret;

	if (try_instance_create(&s->inst, &s->card, TYPE_AFU) ||
	    try_dev_open(&s->dev, &s->inst))
		die("user %u cannot start", nr);
	do_map(s);
	do_arm(s);
	ret = user->use(s);
	if (ret || write(ready, "", 1) != 1)
		die("user %u fails at once: %s", nr, err_name(ret));
	while (!ret || !user->until)
		ret = user->use(s);
	if (ret != user->until)
		die("user %u ends with %s", nr, err_name(ret));
	dev_close(&s->dev);
}

static pid_t start_user(struct state *s, unsigned int nr, int ready)
{
	pid_t pid = fork();

	if (pid < 0)
		die_errno("forking");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	be_user(s, nr, ready);
	_exit(EXIT_SUCCESS);
}

/* Return true if the process has ended in time; @status is its status. */
static bool wait_user(pid_t pid, u64 limit_ms, int *status)
{
	u64 end = now_us() + limit_ms * 1000;

	while (!waitpid(pid, status, WNOHANG)) {
		if (now_us() > end)
			return false;
		sleep_us(2000);
	}
	return true;
}

static int vanish_from_users(struct state *s)
{
	int ready[2], status;
	pid_t pid[NR_USERS];
	unsigned int i;
	u64 start;
	char c;

	if (!try_card_bind(&s->card) || pipe(ready))
		die("the card does not bind");
	for (i = 0; i < NR_USERS; i++) {
		pid[i] = start_user(s, i, ready[1]);
		if (!event_wait(ready[0], LIMIT_MS * slow) ||
		    read(ready[0], &c, 1) != 1)
			die("user %u did not start", i);
	}
	sleep_us(200000);
	for (i = 0; i < NR_USERS; i++)
		if (wait_user(pid[i], 0, &status))
			die("user %u ended before the card was gone", i);
	start = now_us();
	card_ask(&s->card, "'op':'vanish'");
	for (i = 0; i < NR_USERS - 1; i++) {
		if (!wait_user(pid[i], LIMIT_MS * slow, &status))
			report_broken("user %u did not end", i);
		else if (status)
			report_broken("user %u ended with status 0x%x", i,
				      status);
	}
	slowest = (now_us() - start) / 1000;
	kill(pid[i], SIGKILL);
	if (!wait_user(pid[i], LIMIT_MS * slow, &status))
		report_broken("a user cannot be killed");
	else if (!WIFSIGNALED(status))
		report_broken("the last user had ended with status 0x%x",
			      status);
	printf("ended-ms %lu failed %lu\n", slowest, nr_broken);
	return nr_broken ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static struct state s;
	bool with_users;

	if (argc < 4)
		die("usage: vanish_user BDF SOURCE STRIDE | BDF users NR");
	slow_learn();
	with_users = !strcmp(argv[2], "users");
	card_at(&s.card, argv[1], with_users ? atoi(argv[3]) : 0);
	s.event = event_new();
	if (with_users)
		return vanish_from_users(&s);
	s.source = argv[2];
	return vanish_everywhere(&s, strtoull(argv[3], NULL, 0));
}
