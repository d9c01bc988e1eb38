// SPDX-License-Identifier: GPL-2.0-only
/*
 * Raises interrupts by the hundred thousand, with one client per AFU of the
 * card, all at the same time. Each client raises interrupts on random vectors
 * and waits for those of armed vectors. Meanwhile it arms and disarms vectors,
 * disables all, closes and opens, or only waits.
 *
 * Usage: irq_stress_user SEED CAUSES UUID...
 *
 * Prints the counts. Fails if an interrupt of an armed vector was lost, if a
 * vector was signalled that was not armed or was closed, or if a client was
 * signalled for another's interrupt (except under intx, where the pin is
 * shared).
 */
#include <pthread.h>
#include <stdatomic.h>

#include "vdfl_test.h"
#include "lab_card.h"

#define MAX_OWNERS	8
#define ARRIVES_MS	60000	/* longer than any busy machine takes */
#define SETTLE_US	50000
#define QUIET_US	5000

/*
 * The last vector shows that all earlier interrupts of the others were
 * delivered.
 */
#define LAST		(AFU_VECTORS - 1)

enum count {
	RAISED, HEARD, AGAIN, ARMED, DISARMED, DISABLED, CLOSED, LISTENED,
	/* failed checks */
	LOST, AFTER_DISARM, AFTER_CLOSE, OF_OTHERS,
	NR_COUNTS
};

static const char *const count_name[NR_COUNTS] = {
	"raised", "heard", "again", "armed", "disarmed", "disabled", "closed",
	"listened", "lost", "after-disarm", "after-close", "of-others",
};

struct owner {
	struct instance inst;
	struct dev dev;
	void *bar;
	int event[AFU_VECTORS];
	uint32_t armed;		/* one bit for each vector */
	u64 random;
	uint64_t n[NR_COUNTS];
};

static bool level;		/* a pending interrupt is signalled again */
static bool shared;		/* the pin is shared */
static atomic_long left;	/* interrupts still to be raised */
static pthread_barrier_t ready;

static uint32_t dice(struct owner *o, uint32_t sides)
{
	return random_next(&o->random) % sides;
}

/* When this returns, no interrupt of this client is pending in the card. */
static void acknowledge(struct owner *o)
{
	map_store64(o->bar + AFU_IRQ_STATUS, ~0ULL);
	map_load64(o->bar + AFU_IRQ_STATUS);
}

static uint64_t drain(struct owner *o, uint32_t vectors)
{
	uint64_t signals = 0;
	unsigned int v;

	for (v = 0; v < AFU_VECTORS; v++)
		if (vectors & 1U << v)
			signals += event_take(o->event[v]);
	return signals;
}

/* --- arming ---------------------------------------------------------------- */

static void set_vector(struct owner *o, unsigned int v, bool on)
{
	irq_arm(&o->dev, MSIX, v, on ? o->event[v] : -1);
	if (on)
		o->armed |= 1U << v;
	else
		o->armed &= ~(1U << v);
}

/* A vector is armed again only after its eventfd has been read. */
static void arm(struct owner *o, unsigned int v)
{
	o->n[AFTER_DISARM] += event_take(o->event[v]);
	set_vector(o, v, true);
	o->n[ARMED]++;
}

static void disarm(struct owner *o, unsigned int v)
{
	set_vector(o, v, false);
	event_take(o->event[v]);
	o->n[DISARMED]++;
}

static void arm_all(struct owner *o)
{
	if (try_irq_fds(&o->dev, MSIX, 0, AFU_VECTORS, o->event))
		die("arming all vectors");
	o->armed = (1U << AFU_VECTORS) - 1;
}

static void shuffle(struct owner *o)
{
	unsigned int v;

	for (v = 0; v < LAST; v++) {
		if (!(o->armed & 1U << v)) {
			if (!dice(o, 4))
				arm(o, v);
		} else if (!dice(o, 32)) {
			disarm(o, v);
		}
	}
}

/* --- causes ---------------------------------------------------------------- */

static void raise(struct owner *o, uint32_t vectors)
{
	unsigned int nr = __builtin_popcount(vectors);

	map_store64(o->bar + AFU_IRQ_TRIGGER, vectors);
	o->n[RAISED] += nr;
	atomic_fetch_sub(&left, nr);
}

static bool hear(struct owner *o, unsigned int v)
{
	if (event_take(o->event[v]))
		return true;
	if (event_wait(o->event[v], ARRIVES_MS) && event_take(o->event[v]))
		return true;
	o->n[LOST]++;
	atomic_store(&left, 0);	/* one is enough */
	return false;
}

static void hear_all(struct owner *o, uint32_t vectors)
{
	unsigned int v;

	for (v = 0; v < AFU_VECTORS; v++)
		if (vectors & o->armed & 1U << v)
			o->n[HEARD] += hear(o, v);
}

/* Arm a vector whose interrupt is pending: a level is signalled. */
static void arm_late(struct owner *o, uint32_t vectors)
{
	unsigned int v;

	for (v = 0; v < LAST; v++)
		if (level && vectors & ~o->armed & 1U << v && !dice(o, 8))
			arm(o, v);
}

static void one_round(struct owner *o)
{
	uint32_t all = (1U << LAST) - 1;
	uint32_t vectors = dice(o, 2) ? all : 1 + dice(o, all);

	drain(o, o->armed);
	raise(o, vectors);
	arm_late(o, vectors);
	hear_all(o, vectors);
	if (level && !dice(o, 64)) {
		drain(o, o->armed);
		hear_all(o, vectors);
		o->n[AGAIN]++;
	}
	acknowledge(o);
}

/* --- now and then ------------------------------------------------------------ */

static void disable(struct owner *o)
{
	raise(o, 1U << dice(o, LAST));
	irq_disable(&o->dev, MSIX);
	drain(o, ~0U);
	o->armed = 0;
	acknowledge(o);
	o->n[AFTER_DISARM] += drain(o, ~0U);
	arm_all(o);
	o->n[DISABLED]++;
}

static void open_bar(struct owner *o)
{
	dev_open(&o->dev, &o->inst);
	o->bar = dev_map(&o->dev, 0, AFU_RAM);
}

static void close_and_open(struct owner *o)
{
	raise(o, 1U << dice(o, LAST));
	dev_close(&o->dev);
	drain(o, ~0U);
	sleep_us(QUIET_US);
	o->n[AFTER_CLOSE] += drain(o, ~0U);
	open_bar(o);
	o->n[AFTER_CLOSE] += drain(o, ~0U);
	arm_all(o);
	o->n[CLOSED]++;
}

/*
 * All interrupts of this client are acknowledged. Earlier ones were delivered
 * before the last vector was signalled: passes of a poll do not overlap, and
 * each message was waited for. A later signal is not for this client.
 */
static void listen(struct owner *o)
{
	if (!level)
		sleep_us(SETTLE_US);
	drain(o, ~0U);
	raise(o, 1U << LAST);
	if (hear(o, LAST))
		o->n[HEARD]++;
	acknowledge(o);
	drain(o, ~(1U << LAST) & o->armed);
	sleep_us(QUIET_US);
	o->n[OF_OTHERS] += drain(o, ~(1U << LAST) & o->armed);
	o->n[LISTENED]++;
}

static void *own(void *data)
{
	struct owner *o = data;

	open_bar(o);
	arm_all(o);
	pthread_barrier_wait(&ready);
	while (atomic_load(&left) > 0) {
		shuffle(o);
		one_round(o);
		if (!dice(o, 256))
			disable(o);
		if (!dice(o, 1024))
			close_and_open(o);
		if (!dice(o, 512))
			listen(o);
	}
	disable(o);
	dev_close(&o->dev);
	return NULL;
}

/* --- all owners -------------------------------------------------------------- */

static void owner_init(struct owner *o, const struct card *card,
		       const char *uuid, uint32_t seed)
{
	unsigned int v;

	instance_at(&o->inst, card, uuid);
	o->random = (seed * 2654435761u) | 1;
	for (v = 0; v < AFU_VECTORS; v++)
		o->event[v] = event_new();
}

static void counts_add(uint64_t sum[NR_COUNTS], const uint64_t n[NR_COUNTS])
{
	size_t i;

	for (i = 0; i < NR_COUNTS; i++)
		sum[i] += n[i];
}

static void counts_print(const uint64_t n[NR_COUNTS], uint64_t us)
{
	size_t i;

	for (i = 0; i < NR_COUNTS; i++)
		printf("%s %lu ", count_name[i], n[i]);
	printf("ms %lu\n", us / 1000);
}

static void learn_source(const struct card *card)
{
	char name[VALUE_LEN];

	sysfs_read(name, sizeof(name), "%s/dfl/irq_source", card->dir);
	shared = !strcmp(name, "intx");
	level = strcmp(name, "msix");
}

int main(int argc, char **argv)
{
	static struct owner owner[MAX_OWNERS];
	pthread_t thread[MAX_OWNERS];
	int i, nr = argc - 3;
	uint64_t sum[NR_COUNTS] = {};
	struct card card;
	uint64_t start;

	if (nr < 1 || nr > MAX_OWNERS)
		die("usage: irq_stress_user SEED CAUSES UUID...");
	card_find(&card);
	learn_source(&card);
	left = strtol(argv[2], NULL, 0);
	for (i = 0; i < nr; i++)
		owner_init(&owner[i], &card, argv[3 + i],
			   strtoul(argv[1], NULL, 0) + i);
	pthread_barrier_init(&ready, NULL, nr);
	start = now_us();
	for (i = 0; i < nr; i++)
		if (pthread_create(&thread[i], NULL, own, &owner[i]))
			die("no thread");
	for (i = 0; i < nr; i++) {
		pthread_join(thread[i], NULL);
		counts_add(sum, owner[i].n);
	}
	counts_print(sum, now_us() - start);
	if (shared)
		sum[OF_OTHERS] = 0;
	return sum[LOST] || sum[AFTER_DISARM] || sum[AFTER_CLOSE] || sum[OF_OTHERS];
}
