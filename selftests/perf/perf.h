/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the parts of vdfl-perf. The clock is the time stamp counter of a VM
 * that counts instructions (QEMU's -icount shift=0): one tick is one
 * instruction, or one nanosecond of the VM's time.
 */
#ifndef PERF_H
#define PERF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include "../lib/lab_card.h"

#define BATCHES		100
#define OPS		200
#define MAX_SAMPLES	2000

#define LAB_BDF		"0000:01:00.0"
#define MANY_BDF	"0000:02:00.0"
#define LARGE_BDF	"0000:03:00.0"
#define EDU_BDF		"0000:00:10.0"
#define IVSHMEM_BDF	"0000:00:11.0"

/* Of the simulated AFU */
#define AFU_BAR		2	/* of the card */
#define AFU_OFFSET	0x40000

/* --- raw system calls: libc's own cost differs once a thread has existed --- */

static inline long sys3(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("syscall" : "=a" (ret)
		     : "a" (nr), "D" (a), "S" (b), "d" (c)
		     : "rcx", "r11", "memory");
	return ret;
}

static inline long sys4(long nr, long a, long b, long c, long d)
{
	register long r10 asm("r10") = d;
	long ret;

	asm volatile("syscall" : "=a" (ret)
		     : "a" (nr), "D" (a), "S" (b), "d" (c), "r" (r10)
		     : "rcx", "r11", "memory");
	return ret;
}

static inline uint64_t ticks(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* --- measure.c -------------------------------------------------------------- */

/** struct samples - instructions or nanoseconds, one value per batch */
struct samples {
	double value[MAX_SAMPLES];
	size_t nr;
};

_Noreturn void die(const char *fmt, ...);
long must(long ret, const char *what);
void sample(struct samples *s, double value);
void report(const char *device, const char *row, struct samples *s);
void report_count(const char *device, const char *row, double value);
void report_exits(const char *device, const char *row, double value);
void measure_floors(void);

/*
 * Instructions per operation: BATCHES batches of OPS. @op is an expression; it
 * runs once more before, to be warm.
 */
#define MEASURE(device, row, op) do {					\
	static struct samples s_;					\
	uint64_t begin_, end_;						\
	unsigned int batch_, n_;					\
									\
	s_.nr = 0;							\
	for (n_ = 0; n_ < 8; n_++)					\
		op;							\
	for (batch_ = 0; batch_ < BATCHES; batch_++) {			\
		begin_ = ticks();					\
		for (n_ = OPS; n_; n_--) {				\
			op;						\
			asm volatile("" : "+r" (n_));	/* no unrolling */ \
		}							\
		end_ = ticks();						\
		sample(&s_, (double)(end_ - begin_) / OPS);		\
	}								\
	report(device, row, &s_);					\
} while (0)

/* --- machine.c: sysfs and the card's control channel ------------------------- */

void write_file(const char *path, const char *text);
bool try_write_file(const char *path, const char *text);
void read_file(const char *path, char *buf, size_t size);
unsigned int count_dir(const char *path);
void driver_bind(const char *bdf, const char *driver);
void driver_unbind(const char *bdf);
void card_set(const char *bdf, const char *name, const char *value);
uint64_t card_accesses(void);

/* --- vfio.c ------------------------------------------------------------------- */

/**
 * struct device - something VFIO gives us
 * @name: column of the table
 * @fd: of the device
 * @group: of its group
 * @container: of its container
 * @id: its name in the group
 * @bar: region with registers
 * @reg4: register for accesses of 4 bytes
 * @reg8: register for accesses of 8 bytes, 0 if there is none
 * @map: page to map, from the start of the region
 * @irq_index: interrupts that its software can trigger, -1 if none
 * @irq_raise: register in that page; writing 1 raises an interrupt
 * @irq_ack: register in that page; writing 1 ends it
 * @irq_width: bytes of both
 * @region: offset of the region in @fd
 */
struct device {
	const char *name;
	int fd;
	int group;
	int container;
	char id[64];
	unsigned int bar;
	uint64_t reg4;
	uint64_t reg8;
	uint64_t map;
	int irq_index;
	uint64_t irq_raise;
	uint64_t irq_ack;
	size_t irq_width;
	uint64_t region;
};

void device_open(struct device *d, const char *sysfs);
void device_close(struct device *d);
uint64_t region_offset(struct device *d, unsigned int index);
void *device_map(struct device *d, uint64_t page);
uint64_t reg_read64(struct device *d, uint64_t off);
void reg_write64(struct device *d, uint64_t off, uint64_t value);
void config_write16(struct device *d, unsigned int off, uint16_t value);
uint16_t config_read16(struct device *d, unsigned int off);
long irq_event(struct device *d, unsigned int index, unsigned int nr, int fd);
void irq_disable(struct device *d, unsigned int index);

/* --- the rows ------------------------------------------------------------------- */

void measure_bar(struct device *d);
void measure_access(struct device *d);
void measure_large(struct device *d);
void measure_guest(struct device *d);
void measure_open_close(struct device *d, unsigned int times);
void measure_create_remove(const char *name, const char *type_dir);
void instance_create(const char *type_dir, const char *uuid);
void instance_remove(const char *uuid);

void measure_poll(struct device *d, const char *row, unsigned int times,
		  unsigned int spread_us);
void measure_interrupts(struct device *d, const char *name,
			unsigned int index);

#endif
