// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open an instance: through its group if the group has a node, else through
 * the device node and iommufd. No memory is mapped for DMA, so that neither
 * privilege nor locked memory is needed.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vdflctl.h"

#ifndef VFIO_DEVICE_BIND_IOMMUFD	/* headers older than 6.6 */
struct vfio_device_bind_iommufd {
	__u32 argsz;
	__u32 flags;
	__s32 iommufd;
	__u32 out_devid;
};

#define VFIO_DEVICE_BIND_IOMMUFD	_IO(VFIO_TYPE, VFIO_BASE + 18)
#endif

const char *dev_root(void)
{
	const char *root = secure_getenv("VDFL_DEV");

	return root ? root : "/dev";
}

static int open_node(const char *path, struct fault *fault)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), error;

	if (fd >= 0)
		return fd;
	error = errno;
	fault_set(fault, "cannot open %s: %s", path, strerror(error));
	return -error;
}

/* Open the node of the instance or of its group */
static int open_own_node(const char *name, const struct instance *inst,
			 struct fault *fault)
{
	char path[PATH_LEN];
	int fd;

	text_set(path, sizeof(path), "%s/%s", dev_root(), name);
	fd = open_node(path, fault);
	switch (fd) {
	case -EACCES:
	case -EPERM:
		return fault_remedy(fault, "as root: vdflctl give %s USER",
				    inst->uuid);
	case -EBUSY:
		return fault_remedy(fault, "another program has it open: vdflctl info %s",
				    inst->uuid);
	case -ENOENT:
	case -ENODEV:
		return fault_remedy(fault, "as root: modprobe -a vfio vfio_iommu_type1");
	default:
		return fd;
	}
}

/* Open a node that all instances share, and that @module creates */
static int open_shared_node(const char *name, const char *module,
			    struct fault *fault)
{
	char path[PATH_LEN];
	int fd;

	text_set(path, sizeof(path), "%s/%s", dev_root(), name);
	fd = open_node(path, fault);
	switch (fd) {
	case -EACCES:
	case -EPERM:
		return fault_remedy(fault, "permit read and write, as root: chmod 666 %s",
				    path);
	case -ENOENT:
	case -ENODEV:
		return fault_remedy(fault, "as root: modprobe %s", module);
	default:
		return fd;
	}
}

static int step_failed(const char *step, const struct instance *inst,
		       struct fault *fault)
{
	int error = errno;

	fault_set(fault, "%s: %s: %s", inst->uuid, step, strerror(error));
	if (error == EBUSY)
		return fault_remedy(fault, "another program has it open: vdflctl info %s",
				    inst->uuid);
	if (error == ENODEV)
		return fault_remedy(fault, "card lost or being unbound: see vdflctl list");
	if (error == EIO)
		return fault_remedy(fault, "card or block not usable: see dmesg");
	if (error == EAGAIN)
		return fault_remedy(fault, "card is being reset or does not respond: try again");
	if (error == EACCES)
		return fault_remedy(fault, "owned by another user; as root: vdflctl give %s USER",
				    inst->uuid);
	if (error == EPERM)
		return fault_remedy(fault, "after a bus master violation: vdflctl acknowledge %s",
				    inst->card);
	return -1;
}

static int use_group(struct vfio_dev *dev, const struct instance *inst,
		     struct fault *fault)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };

	if (ioctl(dev->container, VFIO_GET_API_VERSION) != VFIO_API_VERSION)
		return fault_set(fault, "%s/vfio/vfio: unsupported VFIO API version",
				 dev_root());
	if (ioctl(dev->group, VFIO_GROUP_GET_STATUS, &status))
		return step_failed("cannot get the group status", inst, fault);
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return fault_set(fault, "group %s is not viable", inst->group);
	if (ioctl(dev->group, VFIO_GROUP_SET_CONTAINER, &dev->container))
		return step_failed("cannot set the container", inst, fault);
	if (ioctl(dev->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)) {
		fault_set(fault, "cannot set the IOMMU model for %s: %s",
			  inst->uuid, strerror(errno));
		return fault_remedy(fault, "as root: modprobe vfio_iommu_type1");
	}
	dev->device = ioctl(dev->group, VFIO_GROUP_GET_DEVICE_FD, inst->uuid);
	if (dev->device < 0)
		return step_failed("cannot open the device", inst, fault);
	return 0;
}

int vfio_no_node(const struct instance *inst, struct fault *fault)
{
	fault_set(fault, "%s has no device node", inst->uuid);
	return fault_remedy(fault, "the instance is being created or removed: try again");
}

static int open_by_group(struct vfio_dev *dev, const struct instance *inst,
			 struct fault *fault)
{
	char name[PATH_LEN];

	if (!inst->group[0])
		return vfio_no_node(inst, fault);
	/* the group first: its error is more specific */
	text_set(name, sizeof(name), "vfio/%s", inst->group);
	dev->group = open_own_node(name, inst, fault);
	if (dev->group < 0)
		return -1;
	dev->container = open_shared_node("vfio/vfio", "vfio_iommu_type1",
					  fault);
	if (dev->container < 0)
		return -1;
	return use_group(dev, inst, fault);
}

static int open_by_cdev(struct vfio_dev *dev, const struct instance *inst,
			struct fault *fault)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	char name[PATH_LEN];

	text_set(name, sizeof(name), "vfio/devices/%s", inst->cdev);
	dev->device = open_own_node(name, inst, fault);
	if (dev->device < 0)
		return -1;
	dev->container = open_shared_node("iommu", "iommufd", fault);
	if (dev->container < 0)
		return -1;
	bind.iommufd = dev->container;
	if (ioctl(dev->device, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		return step_failed("cannot bind the device to iommufd", inst, fault);
	return 0;
}

bool vfio_group_node(const struct instance *inst, char path[PATH_LEN])
{
	text_set(path, PATH_LEN, "%s/vfio/%s", dev_root(), inst->group);
	return inst->group[0] && !access(path, F_OK);
}

int vfio_open(struct vfio_dev *dev, const struct instance *inst,
	      struct fault *fault)
{
	char path[PATH_LEN];
	int ret;

	*dev = (struct vfio_dev){ .container = -1, .group = -1, .device = -1 };
	if (inst->cdev[0] && !vfio_group_node(inst, path))
		ret = open_by_cdev(dev, inst, fault);
	else
		ret = open_by_group(dev, inst, fault);
	if (ret)
		vfio_close(dev);
	return ret;
}

void vfio_close(struct vfio_dev *dev)
{
	if (dev->device >= 0)
		close(dev->device);
	if (dev->group >= 0)
		close(dev->group);
	if (dev->container >= 0)
		close(dev->container);
}
