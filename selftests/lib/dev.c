// SPDX-License-Identifier: GPL-2.0-only
/* Open instances: group or device node, regions, config space. */
#include <dirent.h>
#include <fcntl.h>

#include "vdfl_test.h"

/* --- opening -------------------------------------------------------------- */

bool dev_has_path(enum dev_path path)
{
	return !access(path == DEV_CDEV ? "/dev/iommu" : "/dev/vfio/vfio",
		       F_OK);
}

static int choose_iommu(struct dev *dev)
{
	if (ioctl(dev->group, VFIO_GROUP_SET_CONTAINER, &dev->container) ||
	    ioctl(dev->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return -errno;
	return 0;
}

static int open_by_group(struct dev *dev, const struct instance *inst)
{
	char path[PATH_MAX], number[16];
	int ret = try_sysfs_link(number, sizeof(number), "%s/iommu_group",
				 inst->dir);

	if (ret)
		return ret;
	dev->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (dev->container < 0)
		return -errno;
	format(path, sizeof(path), "/dev/vfio/%s", number);
	dev->group = open(path, O_RDWR | O_CLOEXEC);
	if (dev->group < 0)
		return -errno;
	ret = choose_iommu(dev);
	if (ret)
		return ret;
	dev->fd = ioctl(dev->group, VFIO_GROUP_GET_DEVICE_FD, inst->uuid);
	return dev->fd < 0 ? -errno : 0;
}

static int node_of(const struct instance *inst, char *path, size_t size)
{
	char dir_path[PATH_MAX];
	struct dirent *entry;
	int ret = -ENOENT;
	DIR *dir;

	format(dir_path, sizeof(dir_path), "%s/vfio-dev", inst->dir);
	dir = opendir(dir_path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "vfio", 4))
			continue;
		format(path, size, "/dev/vfio/devices/%s", entry->d_name);
		ret = 0;
	}
	closedir(dir);
	return ret;
}

static int open_by_node(struct dev *dev, const struct instance *inst)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	char path[PATH_MAX];
	int ret = node_of(inst, path, sizeof(path));

	if (ret)
		return ret;
	dev->container = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (dev->container < 0)
		return -errno;
	dev->fd = open(path, O_RDWR | O_CLOEXEC);
	if (dev->fd < 0)
		return -errno;
	bind.iommufd = dev->container;
	return ioctl(dev->fd, VFIO_DEVICE_BIND_IOMMUFD, &bind) ? -errno : 0;
}

static int read_regions(struct dev *dev)
{
	u32 i;

	for (i = 0; i < NR_REGIONS; i++) {
		dev->region[i].argsz = sizeof(dev->region[i]);
		dev->region[i].index = i;
		if (i != VFIO_PCI_VGA_REGION_INDEX &&
		    ioctl(dev->fd, VFIO_DEVICE_GET_REGION_INFO,
			  &dev->region[i]))
			return -errno;
	}
	return 0;
}

int try_dev_open_path(struct dev *dev, const struct instance *inst,
		      enum dev_path path)
{
	int ret;

	*dev = (struct dev){ .container = -1, .group = -1, .fd = -1 };
	if (path == DEV_CDEV)
		ret = open_by_node(dev, inst);
	else
		ret = open_by_group(dev, inst);
	if (!ret)
		ret = read_regions(dev);
	if (ret)
		dev_close(dev);
	return ret;
}

/* Open by group, unless VDFL_OPEN is "cdev" */
static enum dev_path usual_path(void)
{
	const char *name = getenv("VDFL_OPEN");

	return name && !strcmp(name, "cdev") ? DEV_CDEV : DEV_GROUP;
}

/** dev_can_open() - check for the device node that dev_open() needs */
bool dev_can_open(void)
{
	return dev_has_path(usual_path());
}

int try_dev_open(struct dev *dev, const struct instance *inst)
{
	return try_dev_open_path(dev, inst, usual_path());
}

void dev_open(struct dev *dev, const struct instance *inst)
{
	int ret = try_dev_open(dev, inst);

	if (ret)
		die("opening %s (%s): %s", inst->uuid, inst->pos,
		    err_name(ret));
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void dev_close(struct dev *dev)
{
	size_t i;

	for (i = 0; i < MAX_MAPS; i++)
		if (dev->map[i].addr)
			dev_unmap(dev, dev->map[i].addr);
	close_fd(&dev->fd);
	close_fd(&dev->group);
	close_fd(&dev->container);
}

/** block_open() - create an instance of the block at @pos and open it */
void block_open(struct instance *inst, struct dev *dev, const struct card *card,
		const char *pos)
{
	instance_create(inst, card, pos);
	dev_open(dev, inst);
}

void block_close(struct instance *inst, struct dev *dev)
{
	dev_close(dev);
	instance_remove(inst);
}

/* --- access --------------------------------------------------------------- */

long try_dev_ioctl(const struct dev *dev, unsigned long cmd, void *arg)
{
	long ret = ioctl(dev->fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

ssize_t try_dev_read(const struct dev *dev, unsigned int region, u64 pos,
		     void *buf, size_t len)
{
	ssize_t ret = pread(dev->fd, buf, len,
			    dev->region[region].offset + pos);

	return ret < 0 ? -errno : ret;
}

ssize_t try_dev_write(const struct dev *dev, unsigned int region, u64 pos,
		      const void *buf, size_t len)
{
	ssize_t ret = pwrite(dev->fd, buf, len,
			     dev->region[region].offset + pos);

	return ret < 0 ? -errno : ret;
}

void dev_read(const struct dev *dev, unsigned int region, u64 pos,
	      void *buf, size_t len)
{
	ssize_t ret = try_dev_read(dev, region, pos, buf, len);

	if (ret != (ssize_t)len)
		die("reading %zu bytes at 0x%lx of region %u: %s", len, pos,
		    region, err_name(ret));
}

void dev_write(const struct dev *dev, unsigned int region, u64 pos,
	       const void *buf, size_t len)
{
	ssize_t ret = try_dev_write(dev, region, pos, buf, len);

	if (ret != (ssize_t)len)
		die("writing %zu bytes at 0x%lx of region %u: %s", len, pos,
		    region, err_name(ret));
}

u64 dev_read64(const struct dev *dev, u64 pos)
{
	u64 value;

	dev_read(dev, BAR0, pos, &value, sizeof(value));
	return value;
}

void dev_write64(const struct dev *dev, u64 pos, u64 value)
{
	dev_write(dev, BAR0, pos, &value, sizeof(value));
}

u32 dev_read32(const struct dev *dev, u64 pos)
{
	u32 value;

	dev_read(dev, BAR0, pos, &value, sizeof(value));
	return value;
}

void dev_write32(const struct dev *dev, u64 pos, u32 value)
{
	dev_write(dev, BAR0, pos, &value, sizeof(value));
}

/* --- config space --------------------------------------------------------- */

u32 dev_config_read(const struct dev *dev, unsigned int off,
		    unsigned int len)
{
	u32 value = 0;

	dev_read(dev, CONFIG, off, &value, len);
	return value;
}

void dev_config_write(const struct dev *dev, unsigned int off, unsigned int len,
		      u32 value)
{
	dev_write(dev, CONFIG, off, &value, len);
}

/** dev_memory_enable() - the memory enable bit of the virtual command word */
void dev_memory_enable(const struct dev *dev, bool on)
{
	u32 command = dev_config_read(dev, PCI_COMMAND, 2);

	if (on)
		command |= PCI_COMMAND_MEMORY;
	else
		command &= ~PCI_COMMAND_MEMORY;
	dev_config_write(dev, PCI_COMMAND, 2, command);
}

/** dev_find_cap() - offset of a capability, 0 if it is not in the list */
unsigned int dev_find_cap(const struct dev *dev, u8 id)
{
	unsigned int left = 48;	/* more than fit into 192 bytes */
	u32 off = dev_config_read(dev, PCI_CAPABILITY_LIST, 1);

	while (off && left--) {
		if (dev_config_read(dev, off + PCI_CAP_LIST_ID, 1) == id)
			return off;
		off = dev_config_read(dev, off + PCI_CAP_LIST_NEXT, 1);
	}
	return 0;
}

/* --- region info ---------------------------------------------------------- */

void dev_region_info(const struct dev *dev, unsigned int region,
		     struct vfio_region_info *info, size_t size)
{
	u32 argsz = sizeof(*info);
	long ret;

	do {
		memset(info, 0, size);
		info->argsz = argsz;
		info->index = region;
		ret = try_dev_ioctl(dev, VFIO_DEVICE_GET_REGION_INFO, info);
		if (ret)
			die("info of region %u: %s", region, err_name(ret));
		if (info->argsz > size)
			die("info of region %u takes %u bytes", region,
			    info->argsz);
	} while (info->argsz > argsz && (argsz = info->argsz));
}

const struct vfio_info_cap_header *
region_cap(const struct vfio_region_info *info, u16 id)
{
	const struct vfio_info_cap_header *cap;
	u32 off = info->cap_offset;

	while (off) {
		cap = (const void *)((const char *)info + off);
		if (cap->id == id)
			return cap;
		if (cap->next && cap->next <= off)
			die("capabilities of region %u go round", info->index);
		off = cap->next;
	}
	return NULL;
}

/* --- mappings ------------------------------------------------------------- */

static void remember_map(struct dev *dev, void *addr, size_t len)
{
	size_t i = 0;

	while (i < MAX_MAPS && dev->map[i].addr)
		i++;
	if (i == MAX_MAPS)
		die("too many mappings");
	dev->map[i].addr = addr;
	dev->map[i].len = len;
}

/**
 * try_dev_map() - map part of BAR 0, for writes if the region permits writes
 * Return: MAP_FAILED with errno set on failure
 */
void *try_dev_map(struct dev *dev, u64 off, size_t len)
{
	bool writable = dev->region[BAR0].flags & VFIO_REGION_INFO_FLAG_WRITE;
	void *map = mmap(NULL, len, PROT_READ | (writable ? PROT_WRITE : 0),
			 MAP_SHARED, dev->fd, dev->region[BAR0].offset + off);

	if (map != MAP_FAILED)
		remember_map(dev, map, len);
	return map;
}

void *dev_map(struct dev *dev, u64 off, size_t len)
{
	void *map = try_dev_map(dev, off, len);

	if (map == MAP_FAILED)
		die_errno("mapping %zu bytes at 0x%lx", len, off);
	return map;
}

/** dev_unmap() - take down the mapping that starts at @addr */
void dev_unmap(struct dev *dev, void *addr)
{
	size_t i;

	for (i = 0; i < MAX_MAPS; i++) {
		if (dev->map[i].addr != addr)
			continue;
		munmap(addr, dev->map[i].len);
		dev->map[i].addr = NULL;
	}
}
