// SPDX-License-Identifier: GPL-2.0-only
/*
 * Emulated config space: a PCIe endpoint with up to three memory BARs. All
 * other bytes read as zero and ignore writes.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "regs.h"
#include "vconfig.h"

#define PCIE_CAP		0x40
#define PCIE_CAP_SIZE		0x3c
#define MSIX_CAP		(PCIE_CAP + PCIE_CAP_SIZE)

#define VSEC_CAP		0x100	/* where extended capabilities start */

#define BAR_MSIX		(PCI_BASE_ADDRESS_0 + 4 * VCONFIG_MSIX_BAR)

#define COMMAND_WRITABLE	(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | \
				 PCI_COMMAND_PARITY | PCI_COMMAND_SERR | \
				 PCI_COMMAND_INTX_DISABLE)

/* Initiate Function Level Reset is an effect of a write; it reads 0. */
#define DEVCTL_WRITABLE		(PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE | \
				 PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE | \
				 PCI_EXP_DEVCTL_RELAX_EN | \
				 PCI_EXP_DEVCTL_PAYLOAD | \
				 PCI_EXP_DEVCTL_NOSNOOP_EN | \
				 PCI_EXP_DEVCTL_READRQ)
#define DEVCTL_RESET		(PCI_EXP_DEVCTL_RELAX_EN | \
				 PCI_EXP_DEVCTL_NOSNOOP_EN | \
				 PCI_EXP_DEVCTL_READRQ_512B)

/* One lane at 2.5 GT/s, the minimum of a link */
#define LINK_X1			BIT(4)

struct field {
	u16 off;
	u8 len;
	u32 value;
	u32 writable;
};

/* Fields of every instance */
static const struct field fixed[] = {
	{ PCI_COMMAND, 2, PCI_COMMAND_MEMORY, COMMAND_WRITABLE },
	{ PCI_STATUS, 2, PCI_STATUS_CAP_LIST, 0 },
	{ PCI_CAPABILITY_LIST, 1, PCIE_CAP, 0 },
	{ PCI_INTERRUPT_LINE, 1, 0, 0xff },

	{ PCIE_CAP + PCI_CAP_LIST_ID, 1, PCI_CAP_ID_EXP, 0 },
	{ PCIE_CAP + PCI_EXP_FLAGS, 2, 2 | PCI_EXP_TYPE_ENDPOINT << 4, 0 },
	{ PCIE_CAP + PCI_EXP_DEVCTL, 2, DEVCTL_RESET, DEVCTL_WRITABLE },
	{ PCIE_CAP + PCI_EXP_LNKCAP, 4, PCI_EXP_LNKCAP_SLS_2_5GB | LINK_X1, 0 },
	{ PCIE_CAP + PCI_EXP_LNKSTA, 2, PCI_EXP_LNKSTA_CLS_2_5GB | LINK_X1, 0 },
	{ PCIE_CAP + PCI_EXP_LNKCAP2, 4, PCI_EXP_LNKCAP2_SLS_2_5GB, 0 },
	{ PCIE_CAP + PCI_EXP_LNKCTL2, 2, PCI_EXP_LNKCTL2_TLS_2_5GT, 0 },
};

/* Fields of an instance with interrupts, apart from the table size */
static const struct field msix[] = {
	{ PCIE_CAP + PCI_CAP_LIST_NEXT, 1, MSIX_CAP, 0 },
	{ MSIX_CAP + PCI_CAP_LIST_ID, 1, PCI_CAP_ID_MSIX, 0 },
	{ MSIX_CAP + PCI_MSIX_TABLE, 4, VCONFIG_MSIX_BAR, 0 },
	{ MSIX_CAP + PCI_MSIX_PBA, 4, VCONFIG_MSIX_PBA | VCONFIG_MSIX_BAR, 0 },
	{ BAR_MSIX, 4, PCI_BASE_ADDRESS_MEM_TYPE_32,
	  ~(u32)(VCONFIG_MSIX_BAR_SIZE - 1) },
};

static void put(struct vconfig *cfg, u32 off, u32 len, u32 value, u32 writable)
{
	for (; len; len--, off++, value >>= 8, writable >>= 8) {
		cfg->value[off] = value;
		cfg->writable[off] = writable;
	}
}

static void put_all(struct vconfig *cfg, const struct field *field,
		    unsigned int nr)
{
	for (; nr; nr--, field++)
		put(cfg, field->off, field->len, field->value,
		    field->writable);
}

static void put_ids(struct vconfig *cfg, const struct vconfig_desc *desc)
{
	put(cfg, PCI_VENDOR_ID, 2, desc->vendor, 0);
	put(cfg, PCI_DEVICE_ID, 2, desc->device, 0);
	put(cfg, PCI_REVISION_ID, 1, desc->revision, 0);
	put(cfg, PCI_CLASS_PROG, 3, desc->class, 0);
	put(cfg, PCI_SUBSYSTEM_VENDOR_ID, 2, desc->subvendor, 0);
	put(cfg, PCI_SUBSYSTEM_ID, 2, desc->subdevice, 0);
}

static void put_bar64(struct vconfig *cfg, u32 bar, u64 size, bool prefetch)
{
	u64 address = ~(size - 1);
	u32 type = PCI_BASE_ADDRESS_MEM_TYPE_64;

	if (prefetch)
		type |= PCI_BASE_ADDRESS_MEM_PREFETCH;
	put(cfg, bar, 4, type, (u32)address);
	put(cfg, bar + 4, 4, 0, (u32)(address >> 32));
}

/* One list, at the start of the BAR of the guest list */
static void put_vsec(struct vconfig *cfg)
{
	u32 len = DFL_VSEC_ENTRY + 4;

	put(cfg, VSEC_CAP, 4, PCI_EXT_CAP_ID_VNDR | 1 << 16, 0);
	put(cfg, VSEC_CAP + DFL_VSEC_HDR, 4,
	    DFL_VSEC_ID | FIELD_PREP(DFL_VSEC_HDR_LEN, len), 0);
	put(cfg, VSEC_CAP + DFL_VSEC_COUNT, 4, 1, 0);
	put(cfg, VSEC_CAP + DFL_VSEC_ENTRY, 4, VCONFIG_GUEST_BAR, 0);
}

void vconfig_init(struct vconfig *cfg, const struct vconfig_desc *desc)
{
	u32 devcap = PCI_EXP_DEVCAP_RBER;

	if (desc->flr)
		devcap |= PCI_EXP_DEVCAP_FLR;

	memset(cfg, 0, sizeof(*cfg));
	put_all(cfg, fixed, ARRAY_SIZE(fixed));
	put_ids(cfg, desc);
	put_bar64(cfg, PCI_BASE_ADDRESS_0, desc->bar0_size, desc->prefetch);
	if (desc->bar2_size) {
		put_bar64(cfg, PCI_BASE_ADDRESS_2, desc->bar2_size,
			  desc->prefetch);
		put_vsec(cfg);
	}
	put(cfg, PCIE_CAP + PCI_EXP_DEVCAP, 4, devcap, 0);
	if (!desc->nr_vectors)
		return;
	put_all(cfg, msix, ARRAY_SIZE(msix));
	put(cfg, MSIX_CAP + PCI_MSIX_FLAGS, 2, desc->nr_vectors - 1,
	    PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
}

void vconfig_read(const struct vconfig *cfg, u32 off, void *buf, u32 len)
{
	u32 stored = 0;

	if (off < VCONFIG_STORED) {
		stored = min(len, VCONFIG_STORED - off);
		memcpy(buf, cfg->value + off, stored);
	}
	if (stored < len)
		memset((u8 *)buf + stored, 0, len - stored);
}

static bool announces_flr(const struct vconfig *cfg)
{
	return cfg->value[PCIE_CAP + PCI_EXP_DEVCAP + 3] &
	       (PCI_EXP_DEVCAP_FLR >> 24);
}

/* Return the effect of writing @byte at @off, besides the stored value. */
static u32 byte_effect(const struct vconfig *cfg, u32 off, u8 byte)
{
	if (off == PCIE_CAP + PCI_EXP_DEVCTL + 1 &&
	    (byte & (PCI_EXP_DEVCTL_BCR_FLR >> 8)) && announces_flr(cfg))
		return VCONFIG_FLR;
	return 0;
}

u32 vconfig_write(struct vconfig *cfg, u32 off, const void *buf, u32 len)
{
	bool was_on = vconfig_memory_on(cfg);
	const u8 *byte = buf;
	u32 effects = 0;

	for (; len && off < VCONFIG_STORED; len--, off++, byte++) {
		u8 mask = cfg->writable[off];

		cfg->value[off] = (cfg->value[off] & ~mask) | (*byte & mask);
		effects |= byte_effect(cfg, off, *byte);
	}
	if (was_on && !vconfig_memory_on(cfg))
		effects |= VCONFIG_MEMORY_OFF;
	if (!was_on && vconfig_memory_on(cfg))
		effects |= VCONFIG_MEMORY_ON;
	return effects;
}

bool vconfig_memory_on(const struct vconfig *cfg)
{
	return cfg->value[PCI_COMMAND] & PCI_COMMAND_MEMORY;
}
