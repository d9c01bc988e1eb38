// SPDX-License-Identifier: GPL-2.0-only
/* Region information with its capabilities */

#include <errno.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>

#include "vdflctl.h"

#define INFO_MAX	65536

/* Query again if the driver reports a larger argsz */
static struct vfio_region_info *get_info(int device, __u32 index)
{
	struct vfio_region_info *info, *more;
	__u32 size = sizeof(*info);

	info = calloc(1, size);
	if (!info)
		return NULL;
	info->argsz = size;
	info->index = index;
	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, info))
		goto fail;
	if (info->argsz <= size)
		return info;
	size = info->argsz < INFO_MAX ? info->argsz : INFO_MAX;
	more = calloc(1, size);
	if (!more)
		goto fail;
	free(info);
	info = more;
	info->argsz = size;
	info->index = index;
	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, info))
		goto fail;
	return info;
fail:
	free(info);
	return NULL;
}

static void take_areas(struct region *region,
		       const struct vfio_region_info_cap_sparse_mmap *cap)
{
	__u32 i;

	for (i = 0; i < cap->nr_areas && i < REGION_AREAS; i++) {
		region->area[i].offset = cap->areas[i].offset;
		region->area[i].size = cap->areas[i].size;
	}
	region->nr_areas = i;
}

static void take_cap(struct region *region,
		     const struct vfio_info_cap_header *cap)
{
	const struct vfio_region_info_cap_type *type;

	if (cap->id == VFIO_REGION_INFO_CAP_SPARSE_MMAP) {
		take_areas(region, (const void *)cap);
	} else if (cap->id == VFIO_REGION_INFO_CAP_TYPE) {
		type = (const void *)cap;
		region->type = type->type;
		region->subtype = type->subtype;
	}
}

int region_get(int device, __u32 index, struct region *region)
{
	struct vfio_region_info *info = get_info(device, index);
	const struct vfio_info_cap_header *cap;
	__u32 next;

	if (!info)
		return -errno;
	*region = (struct region){
		.index = index,
		.flags = info->flags,
		.size = info->size,
		.offset = info->offset,
	};
	/* without the sparse mmap capability the whole region can be mapped */
	if (info->flags & VFIO_REGION_INFO_FLAG_MMAP) {
		region->nr_areas = 1;
		region->area[0].size = info->size;
	}
	next = info->flags & VFIO_REGION_INFO_FLAG_CAPS ? info->cap_offset : 0;
	while (next) {
		cap = (const void *)((const char *)info + next);
		take_cap(region, cap);
		next = cap->next > next ? cap->next : 0;
	}
	free(info);
	return 0;
}
