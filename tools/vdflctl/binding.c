// SPDX-License-Identifier: GPL-2.0-only
/* The driver of a PCI function, and its driver_override */

#include <string.h>

#include "vdflctl.h"

void binding_load(struct binding *binding, const char *bdf)
{
	char text[TEXT_LEN];

	sysfs_link(binding->driver, sizeof(binding->driver),
		   "bus/pci/devices/%s/driver", bdf);
	sysfs_read(text, sizeof(text), "bus/pci/devices/%s/driver_override",
		   bdf);
	text_set(binding->override, sizeof(binding->override), "%s",
		 text[0] && strcmp(text, "(null)") ? text : "\n");
}

/* Restore the override first: the former driver may match only through it */
int binding_restore(const struct binding *former, const char *bdf)
{
	int ret = sysfs_write(former->override,
			      "bus/pci/devices/%s/driver_override", bdf);

	if (ret || !former->driver[0])
		return ret;
	return sysfs_write(bdf, "bus/pci/drivers/%s/bind", former->driver);
}

/* Unbind the former driver, after the override, which may be denied */
static int release(const char *bdf, const struct binding *former,
		   const char *driver)
{
	int ret;

	ret = sysfs_write(driver, "bus/pci/devices/%s/driver_override", bdf);
	if (ret || !former->driver[0])
		return ret;
	ret = sysfs_write(bdf, "bus/pci/devices/%s/driver/unbind", bdf);
	if (ret)
		sysfs_write(former->override,
			    "bus/pci/devices/%s/driver_override", bdf);
	return ret;
}

int binding_move(const char *bdf, const struct binding *former,
		 const char *driver, bool *moved)
{
	int ret = release(bdf, former, driver);

	*moved = !ret;
	return ret ? ret : sysfs_write(bdf, "bus/pci/drivers_probe");
}
