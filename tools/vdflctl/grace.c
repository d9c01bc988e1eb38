// SPDX-License-Identifier: GPL-2.0-only
/* Option --grace: time that users keep access after the request to close */

#include <limits.h>

#include "vdflctl.h"

int grace_parse(const char *text)
{
	__u64 ms;

	if (parse_number(text, &ms) && ms <= UINT_MAX)
		return 0;
	return command_misuse("invalid grace: '%s'", text);
}

int grace_set(const char *bdf, const char *text, struct fault *fault)
{
	int ret;

	if (!text)
		return 0;
	ret = sysfs_write(text, "bus/pci/devices/%s/dfl/release_grace_ms", bdf);
	return ret ? fault_kernel(fault, -ret, "cannot set the grace of %s",
				  bdf) : 0;
}
