/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulated card with profile "lab": positions and registers of its blocks.
 */
#ifndef _VDFL_LAB_CARD_H
#define _VDFL_LAB_CARD_H

#define POS_ETH			"b0-o2000"
#define POS_HSSI		"b0-o4000"
#define POS_ETH_SHARED_PAGE	"b0-o14000"
#define POS_TOD_SHARED_PAGE	"b0-o14800"
#define POS_UART		"b0-o15000"
#define POS_FME_UNKNOWN		"b0-o17000"
#define POS_ETH_MSIX_PAGE	"b0-o18000"
#define POS_PORT0		"b2-o0"
#define POS_USERCLK		"b2-o3000"
#define POS_AFU0		"b2-o40000"
#define POS_PORT1		"b2-o80000"
#define POS_AFU1		"b2-oc0000"

#define TYPE_AFU		"afu-d8424dc4"
#define AFU_SIZE		0x10000
#define AFU_VECTORS		4

/* Registers of the accelerators */
#define AFU_DFH			0x00
#define AFU_GUID_L		0x08
#define AFU_GUID_H		0x10
#define AFU_SCRATCH0		0x28
#define AFU_SCRATCH1		0x30
#define AFU_COUNTER		0x38
#define AFU_W1C			0x40
#define AFU_RO			0x48
#define   AFU_RO_VALUE		0x1122334455667788ULL
#define AFU_IRQ_TRIGGER		0x50
#define AFU_IRQ_STATUS		0x58
#define AFU_DMA_ADDR		0x60
#define AFU_DMA_DATA		0x68
#define AFU_DMA_GO		0x70
#define AFU_DMA_RESULT		0x78
#define AFU_RAM			0x1000
#define AFU_RAM_END		0x2000

/* Ethernet group: a register that keeps its value */
#define ETH_CTRL		0x10

/* UART: eight byte registers, four bytes apart */
#define UART_REGS		0x200
#define UART_REG_STEP		4

#endif /* _VDFL_LAB_CARD_H */
