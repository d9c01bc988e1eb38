// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest under KVM that reads one register of a device, with the part of QEMU
 * that this needs: a mapping of the device is memory of the guest, and
 * an access elsewhere is an exit and a system call.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "perf.h"

/* Physical addresses of the guest, 1 GiB each in its one page table */
#define MEMORY		0
#define MAPPED		0x40000000UL
#define TRAPPED		0x80000000UL

#define MEMORY_SIZE	0x4000
#define TOP_TABLE	0x1000
#define NEXT_TABLE	0x2000
#define CODE		0x3000
#define CODE_SIZE	64	/* larger than the code */
#define PAGE_TABLE	0x3	/* present, writable */
#define PAGE_1G		0x83

#define CR0_PROTECTED	0x1
#define CR0_PAGING	0x80000000UL
#define CR4_PAE		0x20
#define EFER_LONG	0x500	/* enabled, active */

#define MAX_CPUID	100
#define GUEST_BATCHES	50

struct guest {
	struct device *device;
	int vm;
	int cpu;
	uint8_t *memory;
	void *map;
	struct kvm_run *run;
	size_t run_size;
	unsigned int exits;
};

/* Read rdi rsi times; rax has the duration when the guest halts. */
__attribute__((naked)) static void guest_code(void)
{
	asm volatile("1: rdtsc\n\t"
		     "shl $32, %rdx\n\t"
		     "or %rdx, %rax\n\t"
		     "mov %rax, %r8\n\t"
		     "mov %rsi, %rcx\n"
		     "2: mov (%rdi), %rbx\n\t"
		     "dec %rcx\n\t"
		     "jnz 2b\n\t"
		     "rdtsc\n\t"
		     "shl $32, %rdx\n\t"
		     "or %rdx, %rax\n\t"
		     "sub %r8, %rax\n\t"
		     "hlt\n\t"
		     "jmp 1b");
}

static void add_memory(struct guest *g, unsigned int slot, uint64_t where,
		       void *memory, size_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = where,
		.memory_size = size,
		.userspace_addr = (uintptr_t)memory,
	};

	must(ioctl(g->vm, KVM_SET_USER_MEMORY_REGION, &region), "memory slot");
}

static void fill_memory(struct guest *g)
{
	uint64_t *top = (void *)(g->memory + TOP_TABLE);
	uint64_t *next = (void *)(g->memory + NEXT_TABLE);

	top[0] = NEXT_TABLE | PAGE_TABLE;
	next[0] = MEMORY | PAGE_1G;
	next[1] = MAPPED | PAGE_1G;
	next[2] = TRAPPED | PAGE_1G;
	memcpy(g->memory + CODE, (const void *)guest_code, CODE_SIZE);
}

static void set_cpuid(struct guest *g, int kvm)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + MAX_CPUID *
					  sizeof(cpuid->entries[0]));

	if (!cpuid)
		die("no memory");
	cpuid->nent = MAX_CPUID;
	must(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid), "supported cpuid");
	must(ioctl(g->cpu, KVM_SET_CPUID2, cpuid), "cpuid");
	free(cpuid);
}

/* Enter 64-bit mode, as far as KVM does not start in it */
static void set_mode(struct guest *g)
{
	struct kvm_sregs sregs;

	must(ioctl(g->cpu, KVM_GET_SREGS, &sregs), "get sregs");
	sregs.cr3 = TOP_TABLE;
	sregs.cr4 = CR4_PAE;
	sregs.cr0 |= CR0_PROTECTED | CR0_PAGING;
	sregs.efer = EFER_LONG;
	sregs.cs.base = 0;
	sregs.cs.selector = 8;
	sregs.cs.type = 0xb;
	sregs.cs.l = 1;
	sregs.cs.db = 0;
	must(ioctl(g->cpu, KVM_SET_SREGS, &sregs), "set sregs");
}

static void guest_open(struct guest *g, struct device *d)
{
	int kvm = must(open("/dev/kvm", O_RDWR), "/dev/kvm");

	g->device = d;
	g->vm = must(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	g->cpu = must(ioctl(g->vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	g->run_size = must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "size");
	g->run = mmap(NULL, g->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      g->cpu, 0);
	g->memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g->run == MAP_FAILED || g->memory == MAP_FAILED)
		die("guest: mmap: %m");
	g->map = device_map(d, d->map);
	add_memory(g, 0, MEMORY, g->memory, MEMORY_SIZE);
	add_memory(g, 1, MAPPED, g->map, 4096);
	fill_memory(g);
	set_cpuid(g, kvm);
	set_mode(g);
	close(kvm);
}

static void guest_close(struct guest *g)
{
	munmap(g->run, g->run_size);
	close(g->cpu);
	close(g->vm);
	munmap(g->map, 4096);
	munmap(g->memory, MEMORY_SIZE);
}

/* Set the address to read, and the number of reads before the guest halts */
static void guest_aim(struct guest *g, uint64_t addr, unsigned int times)
{
	struct kvm_regs regs = {
		.rip = CODE,
		.rflags = 2,
		.rdi = addr,
		.rsi = times,
	};

	must(ioctl(g->cpu, KVM_SET_REGS, &regs), "set regs");
}

static void guest_mmio(struct guest *g)
{
	struct kvm_run *run = g->run;
	struct device *d = g->device;
	uint64_t at = d->region + d->map + (run->mmio.phys_addr - TRAPPED);

	must(sys4(SYS_pread64, d->fd, (long)run->mmio.data, run->mmio.len, at),
	     d->id);
}

/* Run until the guest halts; return the duration of its reads */
static uint64_t guest_run(struct guest *g)
{
	struct kvm_regs regs;

	for (g->exits = 0; ; g->exits++) {
		must(sys3(SYS_ioctl, g->cpu, KVM_RUN, 0), "KVM_RUN");
		if (g->run->exit_reason == KVM_EXIT_HLT)
			break;
		if (g->run->exit_reason != KVM_EXIT_MMIO)
			die("guest: exit %u", g->run->exit_reason);
		guest_mmio(g);
	}
	must(ioctl(g->cpu, KVM_GET_REGS, &regs), "get regs");
	return regs.rax;
}

static void measure_row(struct guest *g, const char *row, uint64_t addr)
{
	static struct samples s;
	unsigned int batch;

	s.nr = 0;
	guest_aim(g, addr + g->device->reg8 - g->device->map, OPS);
	guest_run(g);
	for (batch = 0; batch < GUEST_BATCHES; batch++)
		sample(&s, (double)guest_run(g) / OPS);
	report(g->device->name, row, &s);
	report_exits(g->device->name, row, (double)g->exits / OPS);
}

/* measure_guest() - one read of 8 bytes by a guest, mapped and trapped */
void measure_guest(struct device *d)
{
	struct guest g;

	guest_open(&g, d);
	measure_row(&g, "guest-mapped-load", MAPPED);
	measure_row(&g, "guest-trapped-load", TRAPPED);
	guest_close(&g);
}
