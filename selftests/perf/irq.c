// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts. The simulated card is a process of its own, so the arrival of an
 * interrupt in the VM is not exact. The cost from there on is: one thread only
 * reads the clock, and the gap in its readings is the interrupt.
 *
 * Polled interrupts are exact: the card latches an event before the register
 * write that causes it returns, and the timers are those of the VM.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "perf.h"

#define SIGNALS		300
#define GAP		300	/* longer than any iteration of watch_clock() */
#define AFTERMATH	300000	/* longer than the hold-off */
#define PATIENCE	400000000	/* timeout of an interrupt */
#define WAITER_END	0x100000000ULL

/* Shared by the thread that watches the clock and the one that waits */
static volatile uint64_t last_tick;
static volatile uint64_t woken_at;

/* --- the clock --------------------------------------------------------------- */

/* Read the clock until it jumps; return the gap, 0 at @deadline. */
static uint64_t watch_clock(uint64_t last, uint64_t deadline)
{
	uint64_t now;

	for (;;) {
		last_tick = last;
		now = ticks();
		if (now - last > GAP)
			return now - last;
		if (now > deadline)
			return 0;
		last = now;
	}
}

static bool take(int event)
{
	uint64_t value;

	return sys3(SYS_read, event, (long)&value, sizeof(value)) > 0;
}

/* --- raising ------------------------------------------------------------------ */

/**
 * struct origin - how to raise and end an interrupt
 * @d: device whose registers do that
 * @map: page of the registers: no system call is to be interrupted
 * @index: of the device's interrupts
 */
struct origin {
	struct device *d;
	char *map;
	unsigned int index;
};

static inline void reg_set(const struct origin *o, uint64_t off)
{
	if (o->d->irq_width == 8)
		*(volatile uint64_t *)(o->map + off) = 1;
	else
		*(volatile uint32_t *)(o->map + off) = 1;
}

/* Instructions of the unmask that VFIO requires after an INTx. */
static uint64_t unmask(const struct origin *o)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK,
		.index = o->index,
		.count = 1,
	};
	uint64_t begin = ticks();

	if (o->index != VFIO_PCI_INTX_IRQ_INDEX)
		return 0;
	must(sys3(SYS_ioctl, o->d->fd, VFIO_DEVICE_SET_IRQS, (long)&set),
	     "unmask");
	return ticks() - begin;
}

/* Instructions of the driver's own later work: the end of the hold-off. */
static uint64_t aftermath(void)
{
	uint64_t deadline = ticks() + AFTERMATH, sum = 0, gap;

	while ((gap = watch_clock(ticks(), deadline)))
		sum += gap;
	return sum;
}

/* --- to the eventfd ------------------------------------------------------------ */

static uint64_t one_signal(const struct origin *o, int event)
{
	uint64_t begin = ticks(), deadline = begin + PATIENCE, gap;

	reg_set(o, o->d->irq_raise);
	for (gap = watch_clock(begin, deadline); !take(event);
	     gap = watch_clock(ticks(), deadline))
		if (!gap)
			die("%s: an interrupt was lost", o->d->id);
	return gap;
}

static void measure_signals(const struct origin *o, const char *name, int event)
{
	static struct samples handled, rest;
	uint64_t cost;

	handled.nr = 0;
	rest.nr = 0;
	while (handled.nr < SIGNALS) {
		sample(&handled, one_signal(o, event));
		reg_set(o, o->d->irq_ack);
		cost = unmask(o);
		sample(&rest, cost + aftermath());
		take(event);
	}
	report(name, "irq-eventfd", &handled);
	report(name, "irq-after", &rest);
}

/* --- to a blocked waiter --------------------------------------------------------- */

static void *waiter(void *arg)
{
	int event = *(int *)arg;
	uint64_t value = 0;

	while (value < WAITER_END) {
		sys3(SYS_read, event, (long)&value, sizeof(value));
		woken_at = ticks();
	}
	return NULL;
}

static void be_fifo(pthread_t thread)
{
	struct sched_param param = { .sched_priority = 50 };

	must(-pthread_setschedparam(thread, SCHED_FIFO, &param), "SCHED_FIFO");
}

static uint64_t one_wake(const struct origin *o)
{
	uint64_t begin, deadline;

	woken_at = 0;
	begin = ticks();
	deadline = begin + PATIENCE;
	reg_set(o, o->d->irq_raise);
	watch_clock(begin, deadline);
	while (!woken_at)
		if (!watch_clock(ticks(), deadline))
			die("%s: an interrupt was lost", o->d->id);
	return woken_at - last_tick;
}

static void measure_wakes(const struct origin *o, const char *name, int event)
{
	uint64_t end = WAITER_END;
	static struct samples s;
	pthread_t thread;

	must(-pthread_create(&thread, NULL, waiter, &event), "thread");
	be_fifo(thread);
	usleep(1000);
	s.nr = 0;
	while (s.nr < SIGNALS) {
		sample(&s, one_wake(o));
		reg_set(o, o->d->irq_ack);
		unmask(o);
		aftermath();
	}
	report(name, "irq-wake", &s);
	must(sys3(SYS_write, event, (long)&end, sizeof(end)), "eventfd");
	pthread_join(thread, NULL);
}

/* --- polled ------------------------------------------------------------------------ */

/* Not synchronous to the clock, but the same in every run. */
static uint32_t pseudo_random(uint32_t below)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(state >> 33) % below;
}

static void sleep_ns(uint64_t ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	sys3(SYS_nanosleep, (long)&ts, 0, 0);
}

static void measure_delays(const struct origin *o, const char *row, int event,
			   unsigned int times, unsigned int spread_us)
{
	static struct samples s;
	uint64_t begin;

	s.nr = 0;
	while (s.nr < times) {
		sleep_ns(pseudo_random(spread_us * 1000));
		begin = ticks();
		reg_set(o, o->d->irq_raise);
		if (!take(event))
			die("%s: no signal", o->d->id);
		sample(&s, ticks() - begin);
		reg_set(o, o->d->irq_ack);
	}
	report(o->d->name, row, &s);
}

static void origin_init(struct origin *o, struct device *d, unsigned int index)
{
	o->d = d;
	o->map = device_map(d, d->map);
	o->index = index;
	reg_set(o, d->irq_ack);
}

/**
 * measure_poll() - register write that raises to return of a blocked read
 * @d: instance on a card whose pending bits are polled
 * @row: of the table
 * @times: number of events
 * @spread_us: events are apart by up to that
 */
void measure_poll(struct device *d, const char *row, unsigned int times,
		  unsigned int spread_us)
{
	int event = must(eventfd(0, 0), "eventfd");
	struct origin o;

	origin_init(&o, d, VFIO_PCI_MSIX_IRQ_INDEX);
	irq_event(d, o.index, 0, event);
	measure_delays(&o, row, event, times, spread_us);
	irq_disable(d, o.index);
	munmap(o.map, 4096);
	close(event);
}

/* measure_interrupts() - interrupt @index of @d, as the column @name */
void measure_interrupts(struct device *d, const char *name, unsigned int index)
{
	int polled = must(eventfd(0, EFD_NONBLOCK), "eventfd");
	int blocking = must(eventfd(0, 0), "eventfd");
	struct origin o;

	origin_init(&o, d, index);
	irq_event(d, index, 0, polled);
	measure_signals(&o, name, polled);
	irq_disable(d, index);
	irq_event(d, index, 0, blocking);
	measure_wakes(&o, name, blocking);
	irq_disable(d, index);
	munmap(o.map, 4096);
	close(polled);
	close(blocking);
}
