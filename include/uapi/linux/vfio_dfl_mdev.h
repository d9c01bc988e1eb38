/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * User-space interface of a vfio_dfl_mdev instance beyond the vfio-pci device
 * API: the region that describes the block of the instance.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _UAPI_LINUX_VFIO_DFL_MDEV_H
#define _UAPI_LINUX_VFIO_DFL_MDEV_H

#include <linux/types.h>

/*
 * VFIO_REGION_INFO_CAP_TYPE of the description region. The type is
 * VFIO_REGION_TYPE_PCI_VENDOR_TYPE | 0x8086; the subtype is the id of the
 * "Device Feature List" VSEC of that vendor.
 */
#define VFIO_DFL_MDEV_REGION_TYPE	(0x80000000u | 0x8086u)
#define VFIO_DFL_MDEV_REGION_SUBTYPE	0x43u

#define VFIO_DFL_MDEV_KIND_AFU		1u
#define VFIO_DFL_MDEV_KIND_PRIVATE	2u

#define VFIO_DFL_MDEV_PARENT_NONE	0u
#define VFIO_DFL_MDEV_PARENT_FME	1u
#define VFIO_DFL_MDEV_PARENT_PORT	2u

#define VFIO_DFL_MDEV_IRQ_NONE		0u
#define VFIO_DFL_MDEV_IRQ_INTX		1u
#define VFIO_DFL_MDEV_IRQ_POLL		2u
#define VFIO_DFL_MDEV_IRQ_MSIX		3u

#define VFIO_DFL_MDEV_FENCE_COMMAND	0x1u /* PCI bus master reads 0 */
#define VFIO_DFL_MDEV_FENCE_IOMMU	0x2u /* group is blocked, no ATS */
#define VFIO_DFL_MDEV_FENCE_PORT	0x4u /* bus master above reads 0 */

#define VFIO_DFL_MDEV_SCRUB_NONE	0u
#define VFIO_DFL_MDEV_SCRUB_PORT_RESET	1u /* on first open, last close, RESET */
#define VFIO_DFL_MDEV_SCRUB_FUNCTION_RESET 2u /* FLR, at the same times */

#define VFIO_DFL_MDEV_NO_PORT		0xffffffffu

/*
 * Only reads: a write() fails with EINVAL, a writable mmap() and an mprotect()
 * that adds PROT_WRITE fail with EACCES. The instance has no interrupts and no
 * reset. Another instance may write the same registers at any time.
 */
#define VFIO_DFL_MDEV_BLOCK_READ_ONLY	0x1u
/*
 * Other instances may read registers of this block. At most one instance can
 * write them: the one without VFIO_DFL_MDEV_BLOCK_READ_ONLY.
 */
#define VFIO_DFL_MDEV_BLOCK_SHARED	0x2u

/*
 * Mappings (VMAs) of all processes that one instance can have. mmap(), and an
 * munmap(), mprotect() or mremap() that splits a mapping, return ENOMEM beyond
 * it. A child of fork() does not inherit mappings, but can map the inherited
 * file descriptor.
 */
#define VFIO_DFL_MDEV_MAX_MAPS		1024

/**
 * struct vfio_dfl_mdev_block - contents of the description region
 * @argsz: bytes of this structure that the driver fills; parameters follow at
 *	@param_offset. Later versions only append: a field exists if it ends
 *	within @argsz. The first version ended with @reserved, at 128 bytes.
 * @flags: VFIO_DFL_MDEV_BLOCK_*
 * @kind: VFIO_DFL_MDEV_KIND_*
 * @feature_id: id field of the header
 * @revision: revision field of the header
 * @dfh_version: 0 or 1
 * @dfh: first header word as found when the card was bound
 * @guid: GUID in text order (byte 0 is the first pair of hex digits); zero if
 *	the header has none
 * @parent: VFIO_DFL_MDEV_PARENT_*: interface unit that lists the block
 * @port: number of the port, or VFIO_DFL_MDEV_NO_PORT
 * @bar: BAR of the card that contains the block
 * @irq_source: VFIO_DFL_MDEV_IRQ_*; does not change while the device is open
 * @offset: byte offset of the block in that BAR
 * @size: bytes of the block; the rest of region 0 is padding
 * @csr_offset: private feature of version 1: byte offset of its registers from
 *	the header; else 0
 * @csr_size: version 1: size of the registers as the header reports it, bytes
 * @map_size: bytes from offset 0 of region 0 that can be mapped
 * @fences: VFIO_DFL_MDEV_FENCE_* in force when the region is read; for
 *	bus-master bits the result of the last check, which runs every 500 ms.
 *	0 if the card has a link that these fences do not cover
 * @scrub: VFIO_DFL_MDEV_SCRUB_*: reset of the block between users
 * @vectors: number of MSI-X vectors of the instance
 * @param_offset: byte offset of the version 1 parameter blocks in this region
 * @param_size: bytes of parameter blocks, 0 if none
 * @reserved: 0
 * @generation: number of events since the card was bound, modulo 2^32, after
 *	which registers may have their reset values, and writes may be lost:
 *	resets and recoveries of the card, times in which it did not respond,
 *	port resets by the administrator, and resets of another function that
 *	reset the AFUs of this one
 * @reserved2: 0
 */
struct vfio_dfl_mdev_block {
	__u32 argsz;
	__u32 flags;
	__u32 kind;
	__u32 feature_id;
	__u32 revision;
	__u32 dfh_version;
	__u64 dfh;
	__u8  guid[16];
	__u32 parent;
	__u32 port;
	__u32 bar;
	__u32 irq_source;
	__u64 offset;
	__u64 size;
	__u64 csr_offset;
	__u64 csr_size;
	__u64 map_size;
	__u32 fences;
	__u32 scrub;
	__u32 vectors;
	__u32 param_offset;
	__u32 param_size;
	__u32 reserved;
	__u32 generation;
	__u32 reserved2;
};

#endif /* _UAPI_LINUX_VFIO_DFL_MDEV_H */
