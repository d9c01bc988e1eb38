// SPDX-License-Identifier: GPL-2.0-only
/* Names of features by id and of AFUs by GUID */

#include <string.h>

#include "dfl/regs.h"
#include "vdflctl.h"

struct feature {
	__u64 id;
	const char *name;
};

static const struct feature fme_features[] = {
	{ DFL_FME_PERF,			"Performance counters" },
	{ DFL_FME_THERMAL,		"Thermal management" },
	{ DFL_FME_POWER,		"Power management" },
	{ DFL_FME_IPERF,		"Performance counters (iperf)" },
	{ DFL_FME_ERROR,		"Global errors" },
	{ DFL_FME_PR,			"Partial reconfiguration" },
	{ DFL_FME_HSSI_LEGACY,		"HSSI (legacy)" },
	{ DFL_FME_DPERF,		"Performance counters (dperf)" },
	{ DFL_FME_QSPI,			"QSPI flash" },
	{ DFL_FME_EMIF,			"Memory controllers" },
	{ DFL_FME_HSSI_D5005,		"HSSI (D5005)" },
	{ DFL_FME_NIOS,			"NIOS board controller" },
	{ DFL_FME_MAX10_SPI,		"MAX10 SPI" },
	{ DFL_FME_MAC_ROM,		"MAC address ROM" },
	{ DFL_FME_ETH_GROUP,		"Ethernet group" },
	{ DFL_FME_TCM,			"Trusted compute" },
	{ DFL_FME_PMCI,			"Board management (PMCI)" },
	{ DFL_FME_QSFP,			"QSFP controller" },
	{ DFL_FME_ST2MM,		"Stream to memory-mapped" },
	{ DFL_FME_HSSI,			"HSSI subsystem" },
	{ DFL_FME_N5010_HSSI,		"HSSI (N5010)" },
	{ DFL_FME_PCIE,			"PCIe subsystem" },
	{ DFL_FME_N5010_MAC,		"Ethernet MAC (N5010)" },
	{ DFL_FME_TOD,			"Time of day" },
	{ DFL_FME_VENDOR,		"Vendor-specific" },
	{ DFL_FME_UART,			"UART" },
	{ DFL_FME_CXL_CACHE,		"CXL cache" },
	{ DFL_FME_SGDMA,		"Scatter-gather DMA" },
};

static const struct feature port_features[] = {
	{ DFL_PORT_ERROR,		"Port errors" },
	{ DFL_PORT_UMSG,		"User messages" },
	{ DFL_PORT_UINT,		"User interrupts" },
	{ DFL_PORT_STP,			"SignalTap" },
	{ DFL_PORT_USERCLK,		"User clock" },
};

static const struct {
	const char *guid;
	const char *name;
} afus[] = {
	{ "d8424dc4-a4a3-c413-f89e-433683f9040b", "native loopback" },
	{ "9aeffe5f-8457-0612-c000-c9660d824272", "N3000" },
	{ "3e7b60a0-df2d-4850-aa31-f54a3e403501", "HE-NULL" },
	{ "56e203e9-864f-49a7-b94b-12284c31e02b", "HE-LB" },
	{ "8568ab4e-6ba5-4616-bb65-2a578330a8eb", "HE-MEM" },
	{ "823c334c-98bf-11ea-bb37-0242ac130002", "HE-HSSI" },
	{ "4dadea34-2c78-48cb-a3dc-5b831f5cecbb", "MEM-TG" },
	{ "44bfc10d-b42a-44e5-bd42-57dc93ea7f91", "copy engine" },
};

static const char *find(const struct feature *list, size_t count, __u64 id)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (list[i].id == id)
			return list[i].name;
	}
	return "Unknown feature";
}

const char *feature_name(const char *parent_kind, __u64 id)
{
	if (!strcmp(parent_kind, "fme"))
		return find(fme_features, ARRAY_SIZE(fme_features), id);
	if (!strcmp(parent_kind, "port"))
		return find(port_features, ARRAY_SIZE(port_features), id);
	return "Unknown feature";
}

const char *afu_name(const char *guid)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(afus); i++) {
		if (!strcmp(afus[i].guid, guid))
			return afus[i].name;
	}
	return NULL;
}
