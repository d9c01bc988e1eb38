// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses of a guest to an instance passed through: registers by mapping,
 * ioctls of the stock port driver, a serial port in loopback.
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include <linux/fpga-dfl.h>

/* Simulated AFU */
#define AFU_IRQ_TRIGGER	0x50
#define AFU_IRQ_STATUS	0x58

/* The kernel's; its header does not go with <termios.h> */
#ifndef TIOCM_LOOP
#define TIOCM_LOOP	0x8000
#endif

#define MAX_VECTORS	16
#define WAIT_MS		20000

static int open_rw(const char *path)
{
	int fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (*end || end == text)
		errx(1, "not a number: %s", text);
	return value;
}

static volatile void *map(int fd, off_t off, size_t len)
{
	void *addr = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			  off);

	if (addr == MAP_FAILED)
		err(1, "mmap");
	return addr;
}

/*
 * In a VM of the lab KVM runs on an emulated SVM. On an exit, that still
 * reports the last page fault of the guest, marked as not valid. KVM takes it
 * for an event that was being delivered, and does not emulate the access that
 * caused the exit. After another exit no page fault is reported.
 */
static void leave_guest(void)
{
	uint32_t a = 0, b, c = 0, d;

	__asm__ volatile("cpuid"
			 : "+a"(a), "=b"(b), "+c"(c), "=d"(d) : : "memory");
}

/* --- registers ---------------------------------------------------------- */

static volatile void *map_register(const char *path, uint64_t off)
{
	uint64_t page = off & ~(uint64_t)(getpagesize() - 1);
	volatile char *base = map(open_rw(path), page, getpagesize());

	return base + (off - page);
}

static int peek(char **arg)
{
	volatile void *reg = map_register(arg[0], number(arg[1]));
	uint64_t value;

	switch (number(arg[2])) {
	case 8:
		leave_guest();
		value = *(volatile uint64_t *)reg;
		printf("0x%016llx\n", (unsigned long long)value);
		return 0;
	case 4:
		leave_guest();
		value = *(volatile uint32_t *)reg;
		printf("0x%08x\n", (uint32_t)value);
		return 0;
	default:
		errx(1, "no such width");
	}
}

static int poke(char **arg)
{
	volatile void *reg = map_register(arg[0], number(arg[1]));
	uint64_t value = number(arg[3]);

	switch (number(arg[2])) {
	case 8:
		leave_guest();
		*(volatile uint64_t *)reg = value;
		return 0;
	case 4:
		leave_guest();
		*(volatile uint32_t *)reg = value;
		return 0;
	default:
		errx(1, "no such width");
	}
}

/* --- a port of the stock driver ------------------------------------------ */

static struct dfl_fpga_port_region_info afu_region(int port)
{
	struct dfl_fpga_port_region_info info = {
		.argsz = sizeof(info),
		.index = DFL_PORT_REGION_INDEX_AFU,
	};

	if (ioctl(port, DFL_FPGA_PORT_GET_REGION_INFO, &info))
		err(1, "DFL_FPGA_PORT_GET_REGION_INFO");
	return info;
}

static int port_region(char **arg)
{
	struct dfl_fpga_port_region_info info = afu_region(open_rw(arg[0]));

	printf("size 0x%llx flags 0x%x\n", (unsigned long long)info.size,
	       info.flags);
	return 0;
}

static int port_reset(char **arg)
{
	int port = open_rw(arg[0]);

	leave_guest();
	if (ioctl(port, DFL_FPGA_PORT_RESET, 0))
		err(1, "DFL_FPGA_PORT_RESET");
	return 0;
}

/* port-peek, port-poke: as above, in the AFU */
static volatile uint64_t *map_afu(int port)
{
	struct dfl_fpga_port_region_info info = afu_region(port);

	return map(port, info.offset, info.size);
}

static int port_peek(char **arg)
{
	volatile uint64_t *afu = map_afu(open_rw(arg[0]));

	printf("0x%016llx\n", (unsigned long long)afu[number(arg[1]) / 8]);
	return 0;
}

static int port_poke(char **arg)
{
	volatile uint64_t *afu = map_afu(open_rw(arg[0]));

	afu[number(arg[1]) / 8] = number(arg[2]);
	return 0;
}

static void set_irqs(int port, const int32_t *fds, uint32_t count)
{
	struct {
		struct dfl_fpga_irq_set set;
		int32_t fds[MAX_VECTORS];
	} all = { .set.count = count };

	memcpy(all.fds, fds, count * sizeof(*fds));
	if (ioctl(port, DFL_FPGA_PORT_UINT_SET_IRQ, &all))
		err(1, "DFL_FPGA_PORT_UINT_SET_IRQ");
}

static void expect_event(int fd, uint32_t vector)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint64_t count;

	if (poll(&pfd, 1, WAIT_MS) != 1)
		errx(1, "no interrupt %u", vector);
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		err(1, "eventfd");
}

/* port-irqs PORT: each interrupt of the AFU arrives at its own vector */
static int port_irqs(char **arg)
{
	int port = open_rw(arg[0]);
	volatile uint64_t *afu = map_afu(port);
	int32_t fds[MAX_VECTORS];
	uint64_t count;
	uint32_t nr, i, j;

	if (ioctl(port, DFL_FPGA_PORT_UINT_GET_IRQ_NUM, &nr))
		err(1, "DFL_FPGA_PORT_UINT_GET_IRQ_NUM");
	if (nr > MAX_VECTORS)
		errx(1, "%u interrupts", nr);
	for (i = 0; i < nr; i++) {
		fds[i] = eventfd(0, EFD_NONBLOCK);
		if (fds[i] < 0)
			err(1, "eventfd");
	}
	set_irqs(port, fds, nr);
	for (i = 0; i < nr; i++) {
		afu[AFU_IRQ_TRIGGER / 8] = 1ULL << i;
		expect_event(fds[i], i);
		afu[AFU_IRQ_STATUS / 8] = ~0ULL;
		for (j = i + 1; j < nr; j++)
			if (read(fds[j], &count, sizeof(count)) > 0)
				errx(1, "interrupt %u came as %u too", i, j);
	}
	printf("%u interrupts\n", nr);
	return 0;
}

/* --- a serial port -------------------------------------------------------- */

static void uart_setup(int fd)
{
	struct termios tio;
	int loop = TIOCM_LOOP | TIOCM_RTS | TIOCM_DTR;

	if (tcgetattr(fd, &tio))
		err(1, "not a terminal");
	cfmakeraw(&tio);
	tio.c_cflag |= CLOCAL | CREAD;
	cfsetspeed(&tio, B115200);
	leave_guest();
	if (tcsetattr(fd, TCSANOW, &tio))
		err(1, "tcsetattr");
	leave_guest();
	if (ioctl(fd, TIOCMSET, &loop))
		err(1, "TIOCMSET");
}

static uint8_t pattern(size_t i)
{
	return i ^ i >> 8;
}

static size_t uart_send(int fd, size_t done, size_t len)
{
	uint8_t buf[256];
	size_t i, n = len - done < sizeof(buf) ? len - done : sizeof(buf);
	ssize_t ret;

	for (i = 0; i < n; i++)
		buf[i] = pattern(done + i);
	leave_guest();
	ret = write(fd, buf, n);
	if (ret < 0)
		err(1, "write");
	return done + ret;
}

static size_t uart_receive(int fd, size_t done)
{
	uint8_t buf[256];
	ssize_t ret = read(fd, buf, sizeof(buf));
	ssize_t i;

	if (ret <= 0)
		err(1, "read");
	for (i = 0; i < ret; i++)
		if (buf[i] != pattern(done + i))
			errx(1, "byte %zu is %#x, not %#x", done + i, buf[i],
			     pattern(done + i));
	return done + ret;
}

/* uart TTY BYTES: send bytes in loopback, compare those received */
static int uart(char **arg)
{
	size_t len = number(arg[1]), sent = 0, received = 0;
	int fd;

	leave_guest();
	fd = open(arg[0], O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", arg[0]);
	uart_setup(fd);
	while (received < len) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };

		/* No more on its way than the line discipline can hold */
		if (sent < len && sent - received < 2048)
			pfd.events |= POLLOUT;
		if (poll(&pfd, 1, WAIT_MS) != 1)
			errx(1, "%zu of %zu bytes came back", received, len);
		if (pfd.revents & POLLOUT)
			sent = uart_send(fd, sent, len);
		if (pfd.revents & POLLIN)
			received = uart_receive(fd, received);
	}
	printf("%zu bytes\n", received);
	return 0;
}

static const struct command {
	const char *name;
	int nr_args;
	int (*run)(char **arg);
	const char *args;
} commands[] = {
	{ "peek", 3, peek, "FILE OFFSET WIDTH" },
	{ "poke", 4, poke, "FILE OFFSET WIDTH VALUE" },
	{ "port-region", 1, port_region, "PORT" },
	{ "port-reset", 1, port_reset, "PORT" },
	{ "port-peek", 2, port_peek, "PORT OFFSET" },
	{ "port-poke", 3, port_poke, "PORT OFFSET VALUE" },
	{ "port-irqs", 1, port_irqs, "PORT" },
	{ "uart", 2, uart, "TTY BYTES" },
};

int main(int argc, char **argv)
{
	const struct command *c = commands;
	const struct command *end = c + sizeof(commands) / sizeof(*c);

	for (; argc > 1 && c < end; c++)
		if (!strcmp(argv[1], c->name) && argc == c->nr_args + 2)
			return c->run(argv + 2);
	for (c = commands; c < end; c++)
		fprintf(stderr, "probe %s %s\n", c->name, c->args);
	return 2;
}
