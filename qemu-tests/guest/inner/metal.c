// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest without an operating system, which boots at once. It runs commands
 * from the serial port on the PCI device below a root port: one per line,
 * numbers in hex. Answers like init: output, then "@ STATUS".
 *
 *   dev N			from now on, the device below the Nth root port; the
 *				first one before that
 *   cfg OFFSET [VALUE]		read or write 4 bytes of config space
 *   r BAR OFFSET WIDTH		read 4 or 8 bytes
 *   w BAR OFFSET WIDTH VALUE	write them
 *   arm NR			route MSI-X vectors 0 to NR - 1 here
 *   irqs			number of interrupts per vector
 *   flr COUNT			set a register, reset the function, expect 0; repeat
 *   mix COUNT SEED		write and read back registers of device 1 (an AFU,
 *				mapped) and device 2 (an Ethernet group, trapped);
 *				answers the number of accesses for each
 *   hammer			use the device until killed
 *   release COUNT		use the device until the host requests it, COUNT
 *				times more, then eject it
 *   reboot
 */
#include <stddef.h>
#include <stdint.h>

#define COM1		0x3f8
#define LINE_LEN	80
#define MAX_ARGS	5
#define MAX_IRQS	8
#define FIRST_VECTOR	0x40

#define CFG_COMMAND	0x04
#define CFG_BAR(n)	(0x10 + 4 * (n))
#define CFG_CAPS	0x34
#define COMMAND_MEMORY	0x02
#define COMMAND_MASTER	0x04
#define CAP_ID_EXP	0x10
#define EXP_DEVCTL	0x08
#define DEVCTL_FLR	0x8000U
#define CAP_ID_MSIX	0x11
#define MSIX_ENABLE	0x80000000U
#define MSIX_BAR	4

#define HOST_PCIEXBAR	0x60
/* ACPI hot plug of QEMU */
#define HOTPLUG_DOWN	0x0cc4	/* slots that the host requests */
#define HOTPLUG_EJECT	0x0cc8
#define HOTPLUG_BUS	0x0cd0	/* selects the bus of the two above */
#define HOTPLUG_BUSES	8
#define LAPIC		0xfee00000U
#define LAPIC_EOI	0xb0
#define LAPIC_SPURIOUS	0xf0
#define LAPIC_ON	0x1ff
#define LAPIC_TIMER	0x320
#define LAPIC_PERIODIC	0x20000
#define LAPIC_COUNT	0x380
#define TICK		5000000		/* some milliseconds */

/* Simulated AFU */
#define SCRATCH0	0x28
#define IRQ_TRIGGER	0x50
#define IRQ_STATUS	0x58
#define HAMMER_IRQS	4
#define RAM		0x1000
#define RAM_WORDS	512

/* Ethernet group: a register without effect that keeps its value */
#define MAILBOX		0x10
#define MAILBOX_QUIET	0x3fffffffU	/* in the upper half */

static inline void outb(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void outl(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint32_t read32(uint32_t addr)
{
	return *(volatile uint32_t *)addr;
}

static inline void write32(uint32_t addr, uint32_t value)
{
	*(volatile uint32_t *)addr = value;
}

/* One access of 8 bytes; also of those instructions that KVM can emulate */
static uint64_t read64(uint32_t addr)
{
	uint64_t value;

	__asm__ volatile("movq (%1), %%mm0\n\tmovq %%mm0, %0\n\temms"
			 : "=m"(value) : "r"(addr) : "memory");
	return value;
}

static void write64(uint32_t addr, uint64_t value)
{
	__asm__ volatile("movq %0, %%mm0\n\tmovq %%mm0, (%1)\n\temms"
			 : : "m"(value), "r"(addr) : "memory");
}

/* --- serial port ---------------------------------------------------------- */

static void put(char c)
{
	while (!(inb(COM1 + 5) & 0x20))
		;
	outb(COM1, c);
}

static void puts(const char *s)
{
	while (*s)
		put(*s++);
}

static void put_hex(uint64_t value, unsigned int digits)
{
	while (digits--)
		put("0123456789abcdef"[value >> (4 * digits) & 0xf]);
}

static void get_line(char *line)
{
	unsigned int n = 0;
	char c;

	do {
		while (!(inb(COM1 + 5) & 1))
			__asm__ volatile("hlt");
		c = inb(COM1);
		line[n] = c;
	} while (c != '\n' && ++n < LINE_LEN);
	line[n] = 0;
}

static int matches(const char *word, const char *name)
{
	while (*name)
		if (*word++ != *name++)
			return 0;
	return !*word || *word == ' ';
}

/* The numbers after the first word */
static unsigned int parse(const char *s, uint64_t *arg)
{
	unsigned int n = 0;

	while (*s && *s != ' ')
		s++;
	while (*s && n < MAX_ARGS) {
		arg[n] = 0;
		for (s++; *s && *s != ' '; s++)
			arg[n] = arg[n] << 4 | (*s <= '9' ? *s - '0' :
							    *s - 'a' + 10);
		n++;
	}
	return n;
}

/* --- the device ----------------------------------------------------------- */

static uint32_t config;		/* its config space */

/* The firmware has numbered the buses in the order of the ports */
static int choose_device(uint32_t bus)
{
	outl(0xcf8, 0x80000000U | HOST_PCIEXBAR);
	config = (inl(0xcfc) & ~0xfffU) + (bus << 20);
	write32(config + CFG_COMMAND, COMMAND_MASTER | COMMAND_MEMORY);
	return 0;
}

static uint32_t bar(unsigned int n)
{
	return read32(config + CFG_BAR(n)) & ~0xfU;
}

static uint32_t find_cap(uint8_t id)
{
	uint8_t off = read32(config + CFG_CAPS);

	while (off && (read32(config + off) & 0xff) != id)
		off = read32(config + off) >> 8;
	return off;
}

/* --- interrupts ------------------------------------------------------------ */

struct gate {
	uint16_t low;
	uint16_t segment;
	uint16_t flags;
	uint16_t high;
};

struct frame;

/* The last one is the timer, which ends a halt now and then */
static struct gate idt[FIRST_VECTOR + MAX_IRQS + 1];
static volatile uint32_t irqs[MAX_IRQS];

#define HANDLER(n)							\
	__attribute__((interrupt)) static void handler##n(struct frame *f) \
	{								\
		(void)f;						\
		irqs[n]++;						\
		write32(LAPIC + LAPIC_EOI, 0);				\
	}

HANDLER(0) HANDLER(1) HANDLER(2) HANDLER(3)
HANDLER(4) HANDLER(5) HANDLER(6) HANDLER(7)

__attribute__((interrupt)) static void tick(struct frame *f)
{
	(void)f;
	write32(LAPIC + LAPIC_EOI, 0);
}

static void (*const handlers[MAX_IRQS + 1])(struct frame *f) = {
	handler0, handler1, handler2, handler3,
	handler4, handler5, handler6, handler7, tick,
};

static void init_interrupts(void)
{
	struct {
		uint16_t limit;
		uint32_t base;
	} __attribute__((packed)) idtr = { sizeof(idt) - 1, (uint32_t)idt };
	uint16_t cs;
	int i;

	__asm__("movw %%cs, %0" : "=r"(cs));
	for (i = 0; i <= MAX_IRQS; i++) {
		uint32_t addr = (uint32_t)handlers[i];

		idt[FIRST_VECTOR + i] = (struct gate){ addr, cs, 0x8e00,
						       addr >> 16 };
	}
	/* Mask the old interrupt controllers */
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
	write32(LAPIC + LAPIC_SPURIOUS, LAPIC_ON);
	write32(LAPIC + LAPIC_TIMER, LAPIC_PERIODIC | (FIRST_VECTOR + MAX_IRQS));
	write32(LAPIC + LAPIC_COUNT, TICK);
	__asm__ volatile("lidt %0\n\tsti" : : "m"(idtr));
}

static int arm(uint32_t nr)
{
	uint32_t cap = find_cap(CAP_ID_MSIX), table = bar(MSIX_BAR), i;

	if (!cap || nr > MAX_IRQS)
		return 1;
	for (i = 0; i < nr; i++) {
		write32(table + 16 * i, LAPIC);
		write32(table + 16 * i + 4, 0);
		write32(table + 16 * i + 8, FIRST_VECTOR + i);
		write32(table + 16 * i + 12, 0);
	}
	write32(config + cap, read32(config + cap) | MSIX_ENABLE);
	return 0;
}

static int show_irqs(void)
{
	int i;

	for (i = 0; i < MAX_IRQS; i++) {
		put_hex(irqs[i], 4);
		put(i == MAX_IRQS - 1 ? '\n' : ' ');
	}
	return 0;
}

/* --- commands --------------------------------------------------------------- */

static int cfg(const uint64_t *arg, unsigned int nr)
{
	if (nr == 2) {
		write32(config + arg[0], arg[1]);
		return 0;
	}
	put_hex(read32(config + arg[0]), 8);
	put('\n');
	return nr != 1;
}

static int reg_read(uint32_t addr, unsigned int width)
{
	put_hex(width == 8 ? read64(addr) : read32(addr), 2 * width);
	put('\n');
	return 0;
}

static int reg_write(uint32_t addr, unsigned int width, uint64_t value)
{
	if (width == 8)
		write64(addr, value);
	else
		write32(addr, value);
	return 0;
}

/* --- repeated accesses -------------------------------------------------------- */

static int flr(uint64_t count)
{
	uint32_t devctl = config + find_cap(CAP_ID_EXP) + EXP_DEVCTL;
	uint32_t reg = bar(0) + SCRATCH0;

	for (; count; count--) {
		write64(reg, count);
		if (read64(reg) != count)
			return 1;
		write32(devctl, (read32(devctl) & 0xffff) | DEVCTL_FLR);
		if (read64(reg))
			return 1;
	}
	return 0;
}

union word {
	uint64_t whole;
	uint32_t half[2];
};

/* Expected register values; the mailbox comes last */
static union word want[RAM_WORDS + 1];

/* xorshift */
static uint32_t chance(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static int mismatch(uint32_t addr, uint64_t got, uint64_t expected)
{
	put_hex(addr, 8);
	puts(" is ");
	put_hex(got, 16);
	puts(", not ");
	put_hex(expected, 16);
	put('\n');
	return 1;
}

static int access_whole(uint32_t addr, union word *word, int write)
{
	uint64_t value;

	if (write) {
		write64(addr, word->whole);
		return 0;
	}
	value = read64(addr);
	return value == word->whole ? 0 : mismatch(addr, value, word->whole);
}

static int access_half(uint32_t addr, union word *word, int half, int write)
{
	uint32_t value;

	addr += 4 * half;
	if (write) {
		write32(addr, word->half[half]);
		return 0;
	}
	value = read32(addr);
	return value == word->half[half] ? 0 :
	       mismatch(addr, value, word->half[half]);
}

static int access(uint32_t addr, union word *word, uint32_t *state)
{
	uint32_t how = chance(state) >> 8;
	int write = how & 1, half = how >> 1 & 1, whole = how >> 2 & 1;

	if (write && (whole || !half))
		word->half[0] = chance(state);
	if (write && (whole || half))
		word->half[1] = chance(state);
	if (word == &want[RAM_WORDS])
		word->half[1] &= MAILBOX_QUIET;
	return whole ? access_whole(addr, word, write) :
		       access_half(addr, word, half, write);
}

static int mix(uint64_t count, uint32_t state)
{
	uint32_t ram, mailbox, mapped = 0, trapped = 0, i;
	int status = 0;

	choose_device(2);
	mailbox = bar(0) + MAILBOX;
	choose_device(1);
	ram = bar(0) + RAM;
	for (i = 0; i < RAM_WORDS; i++)
		want[i].whole = read64(ram + 8 * i);
	want[i].whole = 0;
	write64(mailbox, 0);

	while (count-- && !status) {
		i = chance(&state) >> 8;
		if (i & 1) {
			i = i >> 1 & (RAM_WORDS - 1);
			status = access(ram + 8 * i, &want[i], &state);
			mapped++;
		} else {
			status = access(mailbox, &want[RAM_WORDS], &state);
			trapped++;
		}
	}
	put_hex(mapped, 8);
	put(' ');
	put_hex(trapped, 8);
	put('\n');
	return status;
}

/* Mapped and trapped access, config space and interrupts, until killed */
static void hammer(void)
{
	uint32_t base = bar(0), cap = find_cap(CAP_ID_MSIX), n;

	arm(HAMMER_IRQS);
	puts("@ 0\n");
	for (n = 0; ; n++) {
		write64(base + SCRATCH0, n);
		(void)read32(bar(2) + SCRATCH0);
		if (n & 0xf)
			continue;
		write64(base + IRQ_STATUS, ~0ULL);
		write64(base + IRQ_TRIGGER, n >> 4);
		write32(config + cap, read32(config + cap) ^ MSIX_ENABLE);
		write32(config + CFG_COMMAND, COMMAND_MASTER);
		write32(config + CFG_COMMAND, COMMAND_MASTER | COMMAND_MEMORY);
	}
}

/* Slots that the host requests, of the bus that stays selected; 0 for none */
static uint32_t slots_wanted(void)
{
	uint32_t bus, slots = 0;

	for (bus = 0; !slots && bus < HOTPLUG_BUSES; bus++) {
		outl(HOTPLUG_BUS, bus);
		slots = inl(HOTPLUG_DOWN);
	}
	return slots;
}

/* A driver uses its device for some time after the request as well */
static int release(uint64_t count)
{
	uint32_t base = bar(0), slots = 0, n;

	for (n = 0; !slots; n++) {
		write64(base + SCRATCH0, n);
		(void)read32(bar(2) + SCRATCH0);
		if (!(n & 0xf))
			slots = slots_wanted();
	}
	for (; count; count--) {
		write64(base + SCRATCH0, n++);
		(void)read32(bar(2) + SCRATCH0);
	}
	outl(HOTPLUG_EJECT, slots);
	return 0;
}

static int reboot(void)
{
	outb(0xcf9, 6);
	return 1;
}

static int run(const char *line)
{
	uint64_t arg[MAX_ARGS];
	unsigned int nr = parse(line, arg);

	if (matches(line, "dev") && nr == 1)
		return choose_device(arg[0]);
	if (matches(line, "cfg"))
		return cfg(arg, nr);
	if (matches(line, "r") && nr == 3)
		return reg_read(bar(arg[0]) + arg[1], arg[2]);
	if (matches(line, "w") && nr == 4)
		return reg_write(bar(arg[0]) + arg[1], arg[2], arg[3]);
	if (matches(line, "arm") && nr == 1)
		return arm(arg[0]);
	if (matches(line, "irqs"))
		return show_irqs();
	if (matches(line, "flr") && nr == 1)
		return flr(arg[0]);
	if (matches(line, "mix") && nr == 2)
		return mix(arg[0], arg[1]);
	if (matches(line, "hammer"))
		hammer();
	if (matches(line, "release") && nr == 1)
		return release(arg[0]);
	if (matches(line, "reboot"))
		return reboot();
	return 2;
}

void start(void)
{
	char line[LINE_LEN + 1];

	choose_device(1);
	init_interrupts();
	puts("@ up 0\n");
	for (;;) {
		int status;

		get_line(line);
		status = run(line);
		puts("@ ");
		put('0' + status);
		put('\n');
	}
}

/* Multiboot; the stack is where nothing else is */
__asm__(".section .multiboot, \"a\"\n"
	".align 4\n"
	".long 0x1badb002, 0, -0x1badb002\n"
	".text\n"
	".globl entry\n"
	"entry:\n"
	"	movl $0x80000, %esp\n"
	"	call start\n");
