// SPDX-License-Identifier: GPL-2.0-only
/* Accesses that may raise SIGBUS, and memory that must not be touched. */
#include <setjmp.h>
#include <signal.h>

#include "vdfl_test.h"

static __thread sigjmp_buf escape;
static __thread volatile sig_atomic_t expected;

/* The default action kills the process on an unexpected fault. */
static void on_sigbus(int sig)
{
	if (!expected) {
		signal(sig, SIG_DFL);
		return;
	}
	siglongjmp(escape, 1);
}

/* Installed once and for all: threads may be in an access at any time. */
static void catch_sigbus(void)
{
	const struct sigaction action = { .sa_handler = on_sigbus };

	sigaction(SIGBUS, &action, NULL);
}

/* Run @access with addr and value; return -EFAULT if it raised SIGBUS. */
static int try_access(void (*access)(void *addr, void *value),
		      void *addr, void *value)
{
	catch_sigbus();
	if (sigsetjmp(escape, 1)) {
		expected = 0;
		return -EFAULT;
	}
	expected = 1;
	access(addr, value);
	expected = 0;
	return 0;
}

static void load64(void *addr, void *value)
{
	*(u64 *)value = map_load64(addr);
}

static void load32(void *addr, void *value)
{
	*(u32 *)value = map_load32(addr);
}

static void store64(void *addr, void *value)
{
	map_store64(addr, *(u64 *)value);
}

static void store32(void *addr, void *value)
{
	map_store32(addr, *(u32 *)value);
}

int try_load64(void *addr, u64 *value)
{
	return try_access(load64, addr, value);
}

int try_load32(void *addr, u32 *value)
{
	return try_access(load32, addr, value);
}

int try_store64(void *addr, u64 value)
{
	return try_access(store64, addr, &value);
}

int try_store32(void *addr, u32 value)
{
	return try_access(store32, addr, &value);
}

static size_t page(void)
{
	return sysconf(_SC_PAGESIZE);
}

static size_t pages_for(size_t len)
{
	return (len + page() - 1) / page() * page();
}

void *guarded_alloc(size_t len)
{
	size_t body = pages_for(len);
	char *map = mmap(NULL, body + page(), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || mprotect(map + body, page(), PROT_NONE))
		die_errno("allocating %zu bytes", len);
	return map + body - len;
}

void guarded_free(void *buf, size_t len)
{
	size_t body = pages_for(len);

	munmap((char *)buf + len - body, body + page());
}

void *bad_address(void)
{
	static void *addr;

	if (!addr)
		addr = mmap(NULL, page(), PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (addr == MAP_FAILED)
		die_errno("reserving a page");
	return addr;
}
