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

bool binding_needs_force(const char *driver)
{
	return driver[0] && strcmp(driver, DRIVER) &&
	       strcmp(driver, "dfl-pci") && strcmp(driver, "vfio-pci");
}

static int move_card(const char *bdf, const struct binding *former,
		     struct fault *fault)
{
	int ret, restored;
	bool moved;

	ret = binding_move(bdf, former, DRIVER, &moved);
	if (!moved)
		return fault_kernel(fault, -ret, "cannot bind %s", bdf);
	if (!ret && model_card_bound(bdf))
		return 0;
	restored = binding_restore(former, bdf);
	if (restored)
		return fault_kernel(fault, -restored,
				    DRIVER " rejected %s, and its former driver cannot be restored",
				    bdf);
	if (ret)
		return fault_kernel(fault, -ret, "cannot bind %s", bdf);
	fault_set(fault, DRIVER " rejected %s", bdf);
	return fault_remedy(fault, "see the kernel log for the reason: dmesg");
}

int binding_take(const char *bdf, bool force, struct fault *fault)
{
	struct binding former;
	sigset_t signals;
	int ret;

	if (!sysfs_exists("bus/pci/devices/%s", bdf))
		return fault_set(fault, "no such PCI device: %s", bdf);
	if (!sysfs_exists("bus/pci/drivers/" DRIVER)) {
		fault_set(fault, "driver " DRIVER " is not loaded");
		return fault_remedy(fault, "as root: modprobe " DRIVER);
	}
	binding_load(&former, bdf);
	if (!strcmp(former.driver, DRIVER))
		return 0;
	if (!force && binding_needs_force(former.driver)) {
		fault_set(fault, "%s is bound to driver %s", bdf,
			  former.driver);
		return fault_remedy(fault, "to unbind it from that driver: vdflctl bind --force %s",
				    bdf);
	}
	signals_block(&signals);
	ret = move_card(bdf, &former, fault);
	signals_restore(&signals);
	return ret;
}
