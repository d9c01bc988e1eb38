/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device Feature List: header words and the registers this project uses.
 *
 * Offsets are bytes from the header of the feature, registers are 64 bits and
 * little endian. Shared with the simulated card, the unit tests and the tools.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_DFL_REGS_H
#define _VDFL_DFL_REGS_H

/* Vendor-specific extended capability that lists feature lists */
#define DFL_VSEC_ID			0x43
#define DFL_VSEC_HDR			0x04
#define   DFL_VSEC_HDR_ID		GENMASK(15, 0)
#define   DFL_VSEC_HDR_LEN		GENMASK(31, 20)
#define DFL_VSEC_COUNT			0x08
#define DFL_VSEC_ENTRY			0x0c
#define   DFL_VSEC_ENTRY_BIR		GENMASK(2, 0)
#define   DFL_VSEC_ENTRY_OFFSET		GENMASK(31, 3)

/* First word of every feature header, versions 0 and 1 */
#define DFL_DFH				0x00
#define   DFL_DFH_ID			GENMASK_ULL(11, 0)
#define   DFL_DFH_REVISION		GENMASK_ULL(15, 12)
#define   DFL_DFH_NEXT			GENMASK_ULL(39, 16)
#define   DFL_DFH_EOL			BIT_ULL(40)
#define   DFL_DFH_VERSION		GENMASK_ULL(59, 52)
#define   DFL_DFH_TYPE			GENMASK_ULL(63, 60)
#define DFL_TYPE_AFU			1
#define DFL_TYPE_BBB			2
#define DFL_TYPE_PRIVATE		3
#define DFL_TYPE_FIU			4

#define DFL_FIU_FME			0
#define DFL_FIU_PORT			1

/* FIU, AFU, and every version 1 header */
#define DFL_GUID_L			0x08
#define DFL_GUID_H			0x10

/* FIU version 0 */
#define DFL_NEXT_AFU			0x18
#define   DFL_NEXT_AFU_OFFSET		GENMASK_ULL(23, 0)

/* Version 1 */
#define DFL_CSR_ADDR			0x18
#define   DFL_CSR_ADDR_REL		BIT_ULL(0)	/* 1: absolute */
#define   DFL_CSR_ADDR_VALUE		GENMASK_ULL(63, 1)
#define DFL_CSR_SIZE_GROUP		0x20
#define   DFL_CSR_INSTANCE		GENMASK_ULL(15, 0)
#define   DFL_CSR_GROUP			GENMASK_ULL(30, 16)
#define   DFL_CSR_HAS_PARAMS		BIT_ULL(31)
#define   DFL_CSR_SIZE			GENMASK_ULL(63, 32)
#define DFL_PARAM			0x28
#define   DFL_PARAM_ID			GENMASK_ULL(15, 0)
#define   DFL_PARAM_VERSION		GENMASK_ULL(31, 16)
#define   DFL_PARAM_EOP			BIT_ULL(32)
#define   DFL_PARAM_NEXT		GENMASK_ULL(63, 35)	/* 8-byte words */
#define DFL_PARAM_MSIX			1
#define   DFL_PARAM_MSIX_START		GENMASK_ULL(31, 0)
#define   DFL_PARAM_MSIX_COUNT		GENMASK_ULL(63, 32)

/* FME header */
#define DFL_FME_CAP			0x30
#define   DFL_FME_CAP_PCIE1		BIT_ULL(13)
#define   DFL_FME_CAP_COHERENT		BIT_ULL(14)
#define   DFL_FME_CAP_NUM_PORTS		GENMASK_ULL(19, 17)
#define DFL_FME_PORT_OFST(n)		(0x38 + 8 * (n))
#define DFL_FME_BITSTREAM_ID		0x60
#define   DFL_PORT_OFST_OFFSET		GENMASK_ULL(23, 0)
#define   DFL_PORT_OFST_BAR		GENMASK_ULL(34, 32)
#define   DFL_PORT_OFST_VF		BIT_ULL(55)
#define   DFL_PORT_OFST_IMPLEMENTED	BIT_ULL(60)
#define DFL_PORT_OFST_BAR_SKIP		7
#define DFL_MAX_PORTS			4

/* Port header */
#define DFL_PORT_CAP			0x30
#define   DFL_PORT_CAP_NUMBER		GENMASK_ULL(1, 0)
#define   DFL_PORT_CAP_MMIO_KIB		GENMASK_ULL(23, 8)
#define   DFL_PORT_CAP_INTERRUPTS	GENMASK_ULL(35, 32)
#define DFL_PORT_CTRL			0x38
#define   DFL_PORT_CTRL_RESET		BIT_ULL(0)
#define   DFL_PORT_CTRL_ACK		BIT_ULL(4)

/* Port feature "user interrupts" */
#define DFL_UINT_CAP			0x08
#define   DFL_UINT_CAP_COUNT		GENMASK_ULL(11, 0)
#define   DFL_UINT_CAP_FIRST		GENMASK_ULL(23, 12)

/* Error words; a written 1 clears a bit, except in the first error of an FME */
#define DFL_FME_ERR_WORD		0x10
#define DFL_FME_ERR_PCIE0		0x20
#define DFL_FME_ERR_FIRST		0x38
#define DFL_FME_ERR_NONFATAL		0x50
#define DFL_FME_ERR_CATFATAL		0x60
#define DFL_PORT_ERR_WORD		0x10
#define DFL_PORT_ERR_FIRST		0x18
/* From this revision on: errors of a protocol checker, which stops the AFUs */
#define DFL_PORT_ERR_REV_CHECKER	2
#define   DFL_PORT_ERR_MMIO_TIMEOUT	BIT_ULL(7)

/* Temperature, in degrees Celsius */
#define DFL_THERM_THRESHOLD		0x08
#define   DFL_THERM_THRESHOLD_1		GENMASK_ULL(6, 0)
#define   DFL_THERM_THRESHOLD_2		GENMASK_ULL(14, 8)
#define   DFL_THERM_THRESHOLD_TRIP	GENMASK_ULL(30, 24)
#define   DFL_THERM_THRESHOLD_1_ALARM	BIT_ULL(32)
#define   DFL_THERM_THRESHOLD_2_ALARM	BIT_ULL(33)
#define DFL_THERM_SENSOR		0x10
#define   DFL_THERM_SENSOR_TEMP		GENMASK_ULL(6, 0)
#define DFL_THERM_CAP			0x20
#define   DFL_THERM_CAP_NO_THROTTLE	BIT_ULL(0)

/* Power, in watts */
#define DFL_POWER_STATUS		0x08
#define   DFL_POWER_STATUS_WATTS	GENMASK_ULL(17, 0)
#define DFL_POWER_THRESHOLD		0x10
#define   DFL_POWER_THRESHOLD_1		GENMASK_ULL(6, 0)
#define   DFL_POWER_THRESHOLD_2		GENMASK_ULL(14, 8)
#define   DFL_POWER_THRESHOLD_1_ALARM	BIT_ULL(16)
#define   DFL_POWER_THRESHOLD_2_ALARM	BIT_ULL(17)

/* Feature ids below an FME */
#define DFL_FME_PERF			0x00
#define DFL_FME_THERMAL			0x01
#define DFL_FME_POWER			0x02
#define DFL_FME_IPERF			0x03
#define DFL_FME_ERROR			0x04
#define DFL_FME_PR			0x05
#define DFL_FME_HSSI_LEGACY		0x06
#define DFL_FME_DPERF			0x07
#define DFL_FME_QSPI			0x08
#define DFL_FME_EMIF			0x09
#define DFL_FME_HSSI_D5005		0x0a
#define DFL_FME_UNREGISTERED_0B		0x0b
#define DFL_FME_NIOS			0x0d
#define DFL_FME_MAX10_SPI		0x0e
#define DFL_FME_MAC_ROM			0x0f
#define DFL_FME_ETH_GROUP		0x10
#define DFL_FME_TCM			0x11
#define DFL_FME_PMCI			0x12
#define DFL_FME_QSFP			0x13
#define DFL_FME_ST2MM			0x14
#define DFL_FME_HSSI			0x15
#define DFL_FME_N5010_HSSI		0x1f
#define DFL_FME_PCIE			0x20
#define DFL_FME_N5010_MAC		0x21
#define DFL_FME_TOD			0x22
#define DFL_FME_VENDOR			0x23
#define DFL_FME_UART			0x24
#define DFL_FME_CXL_CACHE		0x25
#define DFL_FME_SGDMA			0x26

/* Feature ids below a port */
#define DFL_PORT_ERROR			0x10
#define DFL_PORT_UMSG			0x11
#define DFL_PORT_UINT			0x12
#define DFL_PORT_STP			0x13
#define DFL_PORT_USERCLK		0x14

#endif /* _VDFL_DFL_REGS_H */
