// SPDX-License-Identifier: GPL-2.0-only
/* Registers of an open instance, by system call or through a mapping */

#include <errno.h>
#include <getopt.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "window.h"

/* Where an access through the mapping continues if it is not possible */
static sigjmp_buf revoked;
static volatile sig_atomic_t accessing;

/* SIGBUS interrupts only the access, so that printed registers are not lost */
static void on_sigbus(int sig)
{
	if (accessing)
		siglongjmp(revoked, 1);
	signal(sig, SIG_DFL);
}

int window_open(struct window *win, const char *uuid, struct fault *fault)
{
	struct description desc;
	struct instance inst;
	int ret;

	win->map = NULL;
	if (model_instance_load(&inst, uuid, fault) ||
	    vfio_open(&win->dev, &inst, fault))
		return -1;
	ret = region_get(win->dev.device, VFIO_PCI_BAR0_REGION_INDEX,
			 &win->bar);
	if (ret)
		fault_set(fault, "cannot find the register region of %s: %s", uuid,
			  strerror(-ret));
	else
		ret = describe(win->dev.device, &desc, fault);
	if (ret) {
		vfio_close(&win->dev);
		return -1;
	}
	win->size = desc.block.size;
	win->scrubbed = desc.block.scrub != VFIO_DFL_MDEV_SCRUB_NONE;
	return 0;
}

void window_close(struct window *win)
{
	if (win->map)
		munmap(win->map, win->map_size);
	vfio_close(&win->dev);
}

int window_check(const struct window *win, __u64 offset, __u32 width,
		 __u64 count, struct fault *fault)
{
	if (offset % width) {
		fault_set(fault, "offset 0x%llx is not a multiple of width %u",
			  offset, width);
		return fault_remedy(fault, "use another offset or --width");
	}
	if (offset < win->size && count <= (win->size - offset) / width)
		return 0;
	fault_set(fault, "%llu times %u bytes at 0x%llx: outside the block of 0x%llx bytes",
		  count, width, offset, win->size);
	return fault_remedy(fault, "offsets count from the header; the last one is 0x%llx",
			    win->size - width);
}

/* A read-only block can only be mapped without write access */
static int map_area(struct window *win, __u32 i, bool write,
		    struct fault *fault)
{
	struct sigaction action = {
		.sa_handler = on_sigbus,
		.sa_flags = SA_NODEFER,
	};
	void *map;

	map = mmap(NULL, win->bar.area[i].size,
		   write ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED,
		   win->dev.device, win->bar.offset + win->bar.area[i].offset);
	if (map == MAP_FAILED)
		return fault_set(fault, "cannot map 0x%llx bytes at 0x%llx: %s",
				 win->bar.area[i].size,
				 win->bar.area[i].offset, strerror(errno));
	sigaction(SIGBUS, &action, NULL);
	win->map = map;
	win->map_start = win->bar.area[i].offset;
	win->map_size = win->bar.area[i].size;
	return 0;
}

static int map_range(struct window *win, const struct range *range,
		     struct fault *fault)
{
	__u64 offset = range->offset, len = range->count * range->width;
	__u32 i;

	for (i = 0; i < win->bar.nr_areas; i++) {
		if (offset >= win->bar.area[i].offset &&
		    offset - win->bar.area[i].offset < win->bar.area[i].size &&
		    len <= win->bar.area[i].size -
			   (offset - win->bar.area[i].offset))
			return map_area(win, i, range->write, fault);
	}
	if (win->bar.nr_areas > 1) {
		fault_set(fault, "cannot map 0x%llx bytes at 0x%llx, only %u other parts",
			  len, offset, win->bar.nr_areas);
		return fault_remedy(fault, "vdflctl info %s shows the parts",
				    range->uuid);
	}
	if (!win->bar.nr_areas)
		fault_set(fault, "no part of this block can be mapped");
	else
		fault_set(fault, "cannot map 0x%llx bytes at 0x%llx, only 0x%llx bytes at 0x%llx",
			  len, offset, win->bar.area[0].size,
			  win->bar.area[0].offset);
	return fault_remedy(fault, "omit --map to access through the driver");
}

int window_open_range(struct window *win, const struct range *range,
		      struct fault *fault)
{
	int ret;

	if (window_open(win, range->uuid, fault))
		return -1;
	ret = window_check(win, range->offset, range->width, range->count,
			   fault);
	if (!ret && range->map)
		ret = map_range(win, range, fault);
	if (ret)
		window_close(win);
	return ret;
}

/* A single access of the given width */
#define REGISTER(type, at)	(*(volatile type *)(at))

static void load(void *at, __u32 width, __u64 *value)
{
	switch (width) {
	case 1:
		*value = REGISTER(__u8, at);
		break;
	case 2:
		*value = REGISTER(__u16, at);
		break;
	case 4:
		*value = REGISTER(__u32, at);
		break;
	default:
		*value = REGISTER(__u64, at);
	}
}

static void store(void *at, __u32 width, __u64 *value)
{
	switch (width) {
	case 1:
		REGISTER(__u8, at) = *value;
		break;
	case 2:
		REGISTER(__u16, at) = *value;
		break;
	case 4:
		REGISTER(__u32, at) = *value;
		break;
	default:
		REGISTER(__u64, at) = *value;
	}
}

/* @access is load() or store() */
static int access_map(const struct window *win, __u64 offset, __u32 width,
		      __u64 *value,
		      void (*access)(void *at, __u32 width, __u64 *value),
		      struct fault *fault)
{
	if (sigsetjmp(revoked, 0)) {
		accessing = false;
		fault_set(fault, "mapping was revoked at 0x%llx; the card may be lost",
			  offset);
		return fault_remedy(fault, "see vdflctl list");
	}
	accessing = true;
	access((char *)win->map + (offset - win->map_start), width, value);
	accessing = false;
	return 0;
}

static int access_failed(const char *verb, __u64 offset, __u32 width,
			 ssize_t done, struct fault *fault)
{
	int error = errno;

	fault_set(fault, "cannot %s %u bytes at 0x%llx: %s", verb, width,
		  offset, done < 0 ? strerror(error) : "short transfer");
	if (done < 0 && error == EINVAL)
		return fault_remedy(fault, "most blocks permit 4 and 8 bytes only: see --width");
	return fault_remedy(fault, "vdflctl list shows the state of the card");
}

int window_read(const struct window *win, __u64 offset, __u32 width,
		__u64 *value, struct fault *fault)
{
	ssize_t done;

	*value = 0;
	if (win->map)
		return access_map(win, offset, width, value, load, fault);
	/* registers are little endian, as are all supported machines */
	done = pread(win->dev.device, value, width, win->bar.offset + offset);
	if (done == (ssize_t)width)
		return 0;
	return access_failed("read", offset, width, done, fault);
}

int window_write(const struct window *win, __u64 offset, __u32 width,
		 __u64 value, struct fault *fault)
{
	ssize_t done;

	if (win->map)
		return access_map(win, offset, width, &value, store, fault);
	done = pwrite(win->dev.device, &value, width,
		      win->bar.offset + offset);
	if (done == (ssize_t)width)
		return 0;
	return access_failed("write", offset, width, done, fault);
}

int range_options(const struct command *cmd, int argc, char **argv,
		  struct range *range, bool counted)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'n' },
		{ "width", required_argument, NULL, 'w' },
		{ "map", no_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const struct option *known = counted ? options : options + 1;
	const char *letters = counted ? "n:w:mh" : "w:mh";
	int opt;

	while ((opt = getopt_long(argc, argv, letters, known, NULL)) != -1) {
		switch (opt) {
		case 'h':
			return command_help(cmd);
		case 'm':
			range->map = true;
			break;
		case 'w':
			if (command_width(optarg, &range->width))
				return EXIT_USAGE;
			break;
		case 'n':
			if (command_count(optarg, &range->count))
				return EXIT_USAGE;
			break;
		default:
			return command_misuse(NULL);
		}
	}
	return -1;
}
