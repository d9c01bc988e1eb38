// SPDX-License-Identifier: GPL-2.0-only
/* Types and creation of instances */

#include <errno.h>
#include <string.h>

#include "vdflctl.h"

void instance_position_type(const struct instance *inst, char *type,
			    size_t size)
{
	text_set(type, size, "%s-%s", inst->type, inst->block);
}

static int create_failed(int error, const char *bdf, const char *type,
			 const char *uuid, struct fault *fault)
{
	fault_set(fault, "cannot create %s of type %s on %s: %s", uuid, type,
		  bdf, strerror(error));
	if (fault_denied(fault, error))
		return -1;
	switch (error) {
	case EEXIST:
		return fault_remedy(fault, "the UUID is in use: vdflctl info %s",
				    uuid);
	case ENOSPC:
	case EUSERS:
		return fault_remedy(fault, "no free block of the type: see vdflctl list %s",
				    bdf);
	case EAGAIN:
		return fault_remedy(fault, "the card is being bound: try again");
	case ENODEV:
		return fault_remedy(fault, "the card is lost or is being unbound: vdflctl list");
	default:
		return fault_remedy(fault, "see the kernel log: dmesg");
	}
}

int instance_create(const char *bdf, const char *type, const char *uuid,
		    struct fault *fault)
{
	int ret;

	if (model_card_need(bdf, fault))
		return -1;
	if (!sysfs_exists("bus/pci/devices/%s/mdev_supported_types/"
			  TYPE_PREFIX "%s", bdf, type)) {
		fault_set(fault, "%s has no type %s", bdf, type);
		return fault_remedy(fault, "vdflctl list %s shows the types",
				    bdf);
	}
	ret = sysfs_write(uuid, "bus/pci/devices/%s/mdev_supported_types/"
			  TYPE_PREFIX "%s/create", bdf, type);
	return ret ? create_failed(-ret, bdf, type, uuid, fault) : 0;
}
