// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures the time from a register write that raises vector 0 of an AFU to the
 * signal on its eventfd. Prints median, 99th percentile and maximum in
 * microseconds. Blocks in read(), so that the driver signals in its interrupt
 * handler: a work item would compete with those of other instances for a CPU.
 *
 * Usage: irq_latency_user UUID ROUNDS
 */
#include <sys/eventfd.h>

#include "vdfl_test.h"
#include "lab_card.h"

#define ARRIVES_S	20

static int ascending(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static uint64_t one_round(struct dev *dev, int event)
{
	uint64_t start, passed, signals;

	while (event_wait(event, 0))
		event_take(event);
	/* SIGALRM ends the program if no interrupt arrives */
	alarm(ARRIVES_S);
	start = now_us();
	dev_write64(dev, AFU_IRQ_TRIGGER, 1);
	if (read(event, &signals, sizeof(signals)) != sizeof(signals))
		die_errno("waiting for an interrupt");
	passed = now_us() - start;
	dev_write64(dev, AFU_IRQ_STATUS, 1);
	dev_read64(dev, AFU_IRQ_STATUS);
	return passed;
}

int main(int argc, char **argv)
{
	struct instance inst = {};
	unsigned int rounds, i;
	uint64_t *passed;
	struct dev dev;
	int event;

	if (argc != 3)
		die("usage: irq_latency_user UUID ROUNDS");
	instance_at(&inst, NULL, argv[1]);
	rounds = atoi(argv[2]);
	passed = calloc(rounds, sizeof(*passed));
	if (!passed)
		die("no rounds");
	dev_open(&dev, &inst);
	event = eventfd(0, EFD_CLOEXEC);
	if (event < 0)
		die_errno("creating an eventfd");
	irq_arm(&dev, MSIX, 0, event);
	for (i = 0; i < rounds; i++)
		passed[i] = one_round(&dev, event);
	qsort(passed, rounds, sizeof(*passed), ascending);
	printf("%lu %lu %lu\n", passed[rounds / 2], passed[rounds * 99 / 100],
	       passed[rounds - 1]);
	dev_close(&dev);
	free(passed);
	return 0;
}
