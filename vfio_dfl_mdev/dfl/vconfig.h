/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Emulated PCI config space of an instance: a value and a write mask for every
 * byte. A write changes only this memory and returns its effects.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_VCONFIG_H
#define _VDFL_VCONFIG_H

#include "pure_env.h"

#define VCONFIG_SIZE		4096
#define VCONFIG_STORED		0x110	/* the rest is zero and read-only */

/* BAR of the guest list */
#define VCONFIG_GUEST_BAR	2

/* Layout of the MSI-X BAR */
#define VCONFIG_MSIX_BAR	4
#define VCONFIG_MSIX_BAR_SIZE	4096
#define VCONFIG_MSIX_PBA	0x800

#define VCONFIG_MEMORY_ON	BIT(0)	/* memory enable went 0 -> 1 */
#define VCONFIG_MEMORY_OFF	BIT(1)	/* memory enable went 1 -> 0 */
#define VCONFIG_FLR		BIT(2)	/* function level reset was requested */

/**
 * struct vconfig_desc - contents of the config space
 * @vendor: vendor id of the card
 * @device: device id of the card
 * @subvendor: subsystem vendor id of the card
 * @subdevice: subsystem id of the card
 * @revision: revision of the card
 * @class: 24 bits: class, subclass, programming interface
 * @bar0_size: bytes, a power of two, at least 4096
 * @bar2_size: bytes of the guest list, a power of two, or 0 for none; a VSEC
 *	announces it as a Device Feature List
 * @prefetch: announce both BARs as prefetchable
 * @nr_vectors: MSI-X vectors, 0 for no MSI-X capability and no BAR 4
 * @flr: announce function level reset
 */
struct vconfig_desc {
	u16 vendor;
	u16 device;
	u16 subvendor;
	u16 subdevice;
	u8 revision;
	u32 class;
	u64 bar0_size;
	u64 bar2_size;
	bool prefetch;
	u16 nr_vectors;
	bool flr;
};

/**
 * struct vconfig - config space of one instance; the rest reads 0
 * @value: current value of each byte
 * @writable: mask of the writable bits of each byte
 */
struct vconfig {
	u8 value[VCONFIG_STORED];
	u8 writable[VCONFIG_STORED];
};

/**
 * vconfig_init() - set all bytes to their reset values
 * @cfg: the config space
 * @desc: its contents
 *
 * Memory enable starts at 1.
 */
void vconfig_init(struct vconfig *cfg, const struct vconfig_desc *desc);

/**
 * vconfig_read() - read bytes
 * @cfg: the config space
 * @off: offset of the first byte
 * @buf: result
 * @len: number of bytes; the caller has checked @off + @len <= VCONFIG_SIZE
 */
void vconfig_read(const struct vconfig *cfg, u32 off, void *buf, u32 len);

/**
 * vconfig_write() - write bytes
 * @cfg: the config space
 * @off: offset of the first byte
 * @buf: the bytes
 * @len: number of bytes; the caller has checked @off + @len <= VCONFIG_SIZE
 *
 * Return: effects of the write, VCONFIG_MEMORY_ON, _MEMORY_OFF and _FLR
 */
u32 vconfig_write(struct vconfig *cfg, u32 off, const void *buf, u32 len);

/**
 * vconfig_memory_on() - check whether virtual memory enable is set
 * @cfg: the config space
 *
 * Return: true if it is set
 */
bool vconfig_memory_on(const struct vconfig *cfg);

#endif /* _VDFL_VCONFIG_H */
