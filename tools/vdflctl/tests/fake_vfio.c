// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into vdflctl: simulates a VFIO group, container and device with
 * regular files below VDFL_DEV. The registers are in the file VDFL_DEV/device,
 * region INDEX at INDEX << 16. The offsets differ from those of the driver,
 * because vdflctl must get them from REGION_INFO.
 *
 * FAKE_OPEN_ERRNO   error of opening the group
 * FAKE_SHARED_ERRNO error of opening the container or iommufd
 * FAKE_DEVICE_ERRNO error of getting the device from its group
 * FAKE_SOURCE_ERRNO error of writing irq_source
 * FAKE_AREAS        mappable areas of 4 KiB, every 8 KiB (default 1)
 * FAKE_CREATE_ERRNO error of writing create
 * FAKE_INTERRUPT    file; opening it for writing sends SIGTERM to the program
 * FAKE_IRQS         interrupts as soon as an MSI-X vector is armed (default 0)
 * FAKE_REQUEST      requests as soon as the request eventfd is set (default 0)
 * FAKE_NO_MMAP      no mappable areas
 * FAKE_READ_ONLY    the registers cannot be mapped with write access
 * FAKE_REVOKED      two pages can be mapped; accesses to the second one fail
 * FAKE_DENIED       file that cannot be opened for writing
 * FAKE_NO_CHAR      nodes are regular files
 * FAKE_CHOWN_UNLINK file that disappears when the owner of a node is set
 * FAKE_RENAME       "FILE FROM TO": opening FILE for writing renames FROM to TO,
 *                   as if the kernel had created TO
 * FAKE_USER         name of a user with the id 4321
 *
 * Opening the group is recorded in VDFL_DEV/opened.
 *
 * A node is a character device 511:N, N being the number in its name. A new owner
 * is appended to VDFL_DEV/owners, because setting it needs privilege.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <unistd.h>
#include <linux/vfio_dfl_mdev.h>

#define REGIONS		(VFIO_PCI_NUM_REGIONS + 1)
#define REGION_SHIFT	16
#define PAGE		0x1000

/* Headers older than 6.6 lack the ioctl; the fd is the third word */
#define BIND_IOMMUFD	_IO(VFIO_TYPE, VFIO_BASE + 18)

static const __u64 region_size[REGIONS] = {
	[VFIO_PCI_BAR0_REGION_INDEX] = 0x2000,
	[VFIO_PCI_BAR4_REGION_INDEX] = 0x1000,
	[VFIO_PCI_CONFIG_REGION_INDEX] = 0x1000,
	[VFIO_PCI_NUM_REGIONS] = 0x1000,
};

static const __u32 irq_count[VFIO_PCI_NUM_IRQS] = {
	[VFIO_PCI_MSIX_IRQ_INDEX] = 4,
	[VFIO_PCI_ERR_IRQ_INDEX] = 1,
	[VFIO_PCI_REQ_IRQ_INDEX] = 1,
};

static int number_from(const char *name)
{
	const char *text = getenv(name);

	return text ? atoi(text) : 0;
}

static int fail(int error)
{
	errno = error;
	return -1;
}

static void record_open(void)
{
	char opened[4096];
	FILE *file;

	snprintf(opened, sizeof(opened), "%s/opened", getenv("VDFL_DEV"));
	file = fopen(opened, "a");
	if (file)
		fclose(file);
}

static void rename_at(const char *path)
{
	char file[1024], from[1024], to[1024];
	const char *text = getenv("FAKE_RENAME");

	if (text && sscanf(text, "%1023s %1023s %1023s", file, from, to) == 3 &&
	    !strcmp(path, file))
		rename(from, to);
}

int open(const char *path, int flags, ...)
{
	int (*real)(const char *path, int flags, ...) =
		(int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
	const char *denied = getenv("FAKE_DENIED");
	const char *interrupt = getenv("FAKE_INTERRUPT");
	mode_t mode = 0;
	va_list ap;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	if (denied && flags & O_WRONLY && !strcmp(path, denied))
		return fail(EACCES);
	if (strstr(path, "/vfio/7"))
		record_open();
	if (strstr(path, "/vfio/7") && number_from("FAKE_OPEN_ERRNO"))
		return fail(number_from("FAKE_OPEN_ERRNO"));
	if ((strstr(path, "/dev/vfio/vfio") || strstr(path, "/dev/iommu")) &&
	    number_from("FAKE_SHARED_ERRNO"))
		return fail(number_from("FAKE_SHARED_ERRNO"));
	if (strstr(path, "/irq_source") && flags & O_WRONLY &&
	    number_from("FAKE_SOURCE_ERRNO"))
		return fail(number_from("FAKE_SOURCE_ERRNO"));
	if (strstr(path, "/create") && number_from("FAKE_CREATE_ERRNO"))
		return fail(number_from("FAKE_CREATE_ERRNO"));
	if (flags & O_WRONLY && interrupt && !strcmp(path, interrupt))
		raise(SIGTERM);
	if (flags & O_WRONLY)
		rename_at(path);
	return real(path, flags, mode);
}

static void path_of(int fd, char *path, size_t size)
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, size - 1);
	path[len > 0 ? len : 0] = '\0';
}

int fstat(int fd, struct stat *st)
{
	char path[4096];
	const char *name;

	if (fstatat(fd, "", st, AT_EMPTY_PATH))
		return -1;
	path_of(fd, path, sizeof(path));
	if (!strstr(path, "/dev/vfio/") || !S_ISREG(st->st_mode) ||
	    number_from("FAKE_NO_CHAR"))
		return 0;
	name = strrchr(path, '/') + 1;
	st->st_mode = S_IFCHR | 0600;
	st->st_rdev = makedev(511, atoi(name + strcspn(name, "0123456789")));
	return 0;
}

int fchownat(int fd, const char *path, uid_t uid, gid_t gid, int flags)
{
	const char *victim = getenv("FAKE_CHOWN_UNLINK");
	char node[4096], owners[4096];
	FILE *file;

	if (path[0] || flags != AT_EMPTY_PATH || gid != (gid_t)-1)
		return fail(EINVAL);
	path_of(fd, node, sizeof(node));
	snprintf(owners, sizeof(owners), "%s/owners", getenv("VDFL_DEV"));
	file = fopen(owners, "a");
	if (!file)
		return -1;
	fprintf(file, "%s %u\n", strrchr(node, '/') + 1, uid);
	fclose(file);
	if (victim)
		unlink(victim);
	return 0;
}

struct passwd *getpwnam(const char *name)
{
	struct passwd *(*real)(const char *name) =
		(struct passwd *(*)(const char *))dlsym(RTLD_NEXT, "getpwnam");
	static struct passwd user = { .pw_uid = 4321 };
	const char *fake = getenv("FAKE_USER");

	return fake && !strcmp(name, fake) ? &user : real(name);
}

/* A page after the end of a file raises SIGBUS, as does one that VFIO revoked */
void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	void *(*real)(void *at, size_t size, int prot, int flags, int fd,
		      off_t offset) =
		(void *(*)(void *, size_t, int, int, int, off_t))
		dlsym(RTLD_NEXT, "mmap");
	char *map;
	int empty;

	if (flags & MAP_SHARED && prot & PROT_WRITE &&
	    number_from("FAKE_READ_ONLY")) {
		errno = EACCES;
		return MAP_FAILED;
	}
	map = real(at, size, prot, flags, fd, offset);
	if (map == MAP_FAILED || size != 2 * PAGE || !number_from("FAKE_REVOKED"))
		return map;
	empty = memfd_create("empty", MFD_CLOEXEC);
	real(map + PAGE, PAGE, prot, flags | MAP_FIXED, empty, 0);
	close(empty);
	return map;
}

static int open_device(void)
{
	char path[4096];

	if (number_from("FAKE_DEVICE_ERRNO"))
		return fail(number_from("FAKE_DEVICE_ERRNO"));
	snprintf(path, sizeof(path), "%s/device", getenv("VDFL_DEV"));
	return open(path, O_RDWR | O_CLOEXEC);
}

static int device_info(struct vfio_device_info *info)
{
	info->flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info->num_regions = REGIONS;
	info->num_irqs = VFIO_PCI_NUM_IRQS;
	return 0;
}

/* One page of BAR0 can be mapped, or two, or several areas of one page */
static void add_areas(struct vfio_region_info *info)
{
	struct vfio_region_info_cap_sparse_mmap *cap = (void *)(info + 1);
	__u32 i, nr = getenv("FAKE_AREAS") ? number_from("FAKE_AREAS") : 1;
	__u32 size = sizeof(*cap) + nr * sizeof(cap->areas[0]);

	info->flags |= VFIO_REGION_INFO_FLAG_MMAP |
		       VFIO_REGION_INFO_FLAG_CAPS;
	if (info->argsz < sizeof(*info) + size) {
		info->argsz = sizeof(*info) + size;
		info->cap_offset = 0;
		return;
	}
	info->cap_offset = sizeof(*info);
	memset(cap, 0, size);
	cap->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	cap->header.version = 1;
	cap->nr_areas = nr;
	for (i = 0; i < nr; i++) {
		cap->areas[i].offset = i * 2 * PAGE;
		cap->areas[i].size = number_from("FAKE_REVOKED") ? 2 * PAGE :
								   PAGE;
	}
}

static void add_type(struct vfio_region_info *info)
{
	struct vfio_region_info_cap_type *type = (void *)(info + 1);

	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	if (info->argsz < sizeof(*info) + sizeof(*type)) {
		info->argsz = sizeof(*info) + sizeof(*type);
		info->cap_offset = 0;
		return;
	}
	info->cap_offset = sizeof(*info);
	memset(type, 0, sizeof(*type));
	type->header.id = VFIO_REGION_INFO_CAP_TYPE;
	type->header.version = 1;
	type->type = VFIO_DFL_MDEV_REGION_TYPE;
	type->subtype = VFIO_DFL_MDEV_REGION_SUBTYPE;
}

static int region_info(struct vfio_region_info *info)
{
	if (info->index >= REGIONS)
		return fail(EINVAL);
	info->flags = 0;
	info->size = region_size[info->index];
	info->offset = (__u64)info->index << REGION_SHIFT;
	if (!info->size)
		return 0;
	info->flags = VFIO_REGION_INFO_FLAG_READ;
	if (info->index != VFIO_PCI_NUM_REGIONS)
		info->flags |= VFIO_REGION_INFO_FLAG_WRITE;
	if (info->index == VFIO_PCI_NUM_REGIONS)
		add_type(info);
	else if (info->index == VFIO_PCI_BAR0_REGION_INDEX &&
		 !number_from("FAKE_NO_MMAP"))
		add_areas(info);
	return 0;
}

static int irq_info(struct vfio_irq_info *info)
{
	if (info->index >= VFIO_PCI_NUM_IRQS)
		return fail(EINVAL);
	info->flags = VFIO_IRQ_INFO_EVENTFD;
	info->count = irq_count[info->index];
	return 0;
}

static int set_irqs(const struct vfio_irq_set *set)
{
	int signals = 0;
	int fd;

	if (set->index >= VFIO_PCI_NUM_IRQS || set->count != 1 ||
	    set->start >= irq_count[set->index] ||
	    set->argsz != sizeof(*set) + sizeof(fd) ||
	    set->flags != (VFIO_IRQ_SET_DATA_EVENTFD |
			   VFIO_IRQ_SET_ACTION_TRIGGER))
		return fail(EINVAL);
	memcpy(&fd, set->data, sizeof(fd));
	if (set->index == VFIO_PCI_MSIX_IRQ_INDEX)
		signals = number_from("FAKE_IRQS");
	else if (set->index == VFIO_PCI_REQ_IRQ_INDEX)
		signals = number_from("FAKE_REQUEST");
	return signals ? eventfd_write(fd, signals) : 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	(void)fd;
	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	switch (request) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_GROUP_GET_STATUS:
		((struct vfio_group_status *)arg)->flags =
			VFIO_GROUP_FLAGS_VIABLE;
		return 0;
	case VFIO_GROUP_SET_CONTAINER:
	case VFIO_SET_IOMMU:
		return 0;
	case VFIO_GROUP_GET_DEVICE_FD:
		return open_device();
	case BIND_IOMMUFD:
		return fcntl(((const int *)arg)[2], F_GETFD) < 0 ? -1 : 0;
	case VFIO_DEVICE_GET_INFO:
		return device_info(arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return region_info(arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return irq_info(arg);
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(arg);
	default:
		return fail(ENOTTY);
	}
}
