// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI config space: bytes with write masks. config_write() returns the effects
 * on the rest of the card, which the caller carries out.
 */
#include <string.h>

#include <linux/pci_regs.h>

#include "lib/dfl.h"
#include "pci/config.h"

#define CFG_PM		0x40
#define CFG_MSIX	0x50
#define CFG_EXP		0x60
#define CFG_DSN		0x100
#define CFG_ALTERA	0x110
#define CFG_CXL		0x160
#define CFG_ATS		0x1a0
#define CFG_VSEC	0x200

/* A vendor-specific capability other than that of feature lists */
#define ALTERA_VSEC_ID	0x1172
#define ALTERA_VSEC_LEN	0x44

/* Designated vendor-specific capability of CXL devices */
#define CXL_VENDOR	0x1e98
#define CXL_DEVICE	0
#define CXL_LEN		0x3c

#define COMMAND_WMASK	(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | \
			 PCI_COMMAND_PARITY | PCI_COMMAND_SERR | \
			 PCI_COMMAND_INTX_DISABLE)
#define DEVCTL_WMASK	(PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE | \
			 PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE | \
			 PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_PAYLOAD | \
			 PCI_EXP_DEVCTL_EXT_TAG | PCI_EXP_DEVCTL_NOSNOOP_EN | \
			 PCI_EXP_DEVCTL_READRQ)
#define MSIX_WMASK	(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL)
#define POWER_D3HOT	3

static u16 get16(const u8 *bytes, u32 off)
{
	return bytes[off] | bytes[off + 1] << 8;
}

static void put16(u8 *bytes, u32 off, u16 value)
{
	bytes[off] = value;
	bytes[off + 1] = value >> 8;
}

static void put32(u8 *bytes, u32 off, u32 value)
{
	put16(bytes, off, value);
	put16(bytes, off + 2, value >> 16);
}

static void init_header(struct config *cfg, const struct identity *id)
{
	put16(cfg->reset, PCI_VENDOR_ID, id->vendor);
	put16(cfg->reset, PCI_DEVICE_ID, id->device);
	put16(cfg->wmask, PCI_COMMAND,
	      id->vf ? PCI_COMMAND_MASTER : COMMAND_WMASK);
	put16(cfg->reset, PCI_STATUS, PCI_STATUS_CAP_LIST);
	put32(cfg->reset, PCI_CLASS_REVISION, id->class << 8 | id->revision);
	cfg->wmask[PCI_CACHE_LINE_SIZE] = 0xff;
	put16(cfg->reset, PCI_SUBSYSTEM_VENDOR_ID, id->subvendor);
	put16(cfg->reset, PCI_SUBSYSTEM_ID, id->subdevice);
	cfg->reset[PCI_CAPABILITY_LIST] = CFG_PM;
	cfg->wmask[PCI_INTERRUPT_LINE] = 0xff;
	cfg->reset[PCI_INTERRUPT_PIN] = id->pin;
}

static void init_bar(struct config *cfg, u32 nr, const struct bar *bar)
{
	u32 off = PCI_BASE_ADDRESS_0 + 4 * nr;
	u32 low = PCI_BASE_ADDRESS_SPACE_MEMORY;

	if (!bar->size)
		return;
	if (bar->prefetchable)
		low |= PCI_BASE_ADDRESS_MEM_PREFETCH;
	if (bar->is64) {
		low |= PCI_BASE_ADDRESS_MEM_TYPE_64;
		put32(cfg->wmask, off + 4, ~(bar->size - 1) >> 32);
	}
	put32(cfg->reset, off, low);
	put32(cfg->wmask, off, ~(bar->size - 1));
}

static void init_pm(struct config *cfg, u8 next)
{
	cfg->reset[CFG_PM] = PCI_CAP_ID_PM;
	cfg->reset[CFG_PM + PCI_CAP_LIST_NEXT] = next;
	put16(cfg->reset, CFG_PM + PCI_PM_PMC, 3);
	/* No_Soft_Reset is 0: leaving D3hot resets the function. */
	put16(cfg->wmask, CFG_PM + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);
}

static void init_msix(struct config *cfg, const struct identity *id)
{
	cfg->reset[CFG_MSIX] = PCI_CAP_ID_MSIX;
	cfg->reset[CFG_MSIX + PCI_CAP_LIST_NEXT] = CFG_EXP;
	put16(cfg->reset, CFG_MSIX + PCI_MSIX_FLAGS, id->nr_vectors - 1);
	put16(cfg->wmask, CFG_MSIX + PCI_MSIX_FLAGS, MSIX_WMASK);
	put32(cfg->reset, CFG_MSIX + PCI_MSIX_TABLE, id->table.off | id->table.bar);
	put32(cfg->reset, CFG_MSIX + PCI_MSIX_PBA, id->pba.off | id->pba.bar);
}

static void init_express(struct config *cfg, const struct identity *id)
{
	cfg->reset[CFG_EXP] = PCI_CAP_ID_EXP;
	put16(cfg->reset, CFG_EXP + PCI_EXP_FLAGS, 2);
	put32(cfg->reset, CFG_EXP + PCI_EXP_DEVCAP,
	      PCI_EXP_DEVCAP_RBER | (id->flr ? PCI_EXP_DEVCAP_FLR : 0) | 1);
	put16(cfg->reset, CFG_EXP + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_READRQ_512B);
	put16(cfg->wmask, CFG_EXP + PCI_EXP_DEVCTL,
	      DEVCTL_WMASK | (id->flr ? PCI_EXP_DEVCTL_BCR_FLR : 0));
	/* 8 GT/s, 8 lanes */
	put32(cfg->reset, CFG_EXP + PCI_EXP_LNKCAP, 3 | 8 << 4);
	put16(cfg->wmask, CFG_EXP + PCI_EXP_LNKCTL,
	      PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_CCC);
	put16(cfg->reset, CFG_EXP + PCI_EXP_LNKSTA, 3 | 8 << 4);
	put32(cfg->reset, CFG_EXP + PCI_EXP_LNKCAP2, 0xe);
	put16(cfg->reset, CFG_EXP + PCI_EXP_LNKCTL2, 3);
}

static void put_ext_cap(struct config *cfg, u32 off, u16 id, u32 next)
{
	put32(cfg->reset, off, id | 1 << 16 | next << 20);
}

/* Only the contents change, not the position in the capability list. */
static void put_vsec(struct config *cfg, const struct vsec *vsec, u16 id,
		     u32 len)
{
	u32 i;

	put32(cfg->reset, CFG_VSEC + DFL_VSEC_HDR, id | len << 20);
	put32(cfg->reset, CFG_VSEC + DFL_VSEC_COUNT, vsec->count);
	for (i = 0; i < ARRAY_SIZE(vsec->entries); i++)
		put32(cfg->reset, CFG_VSEC + DFL_VSEC_ENTRY + 4 * i,
		      i < vsec->nr_entries ? vsec->entries[i] : 0);
}

/* Replace the announced lists by those of cfg->id.vsec. */
void config_set_vsec(struct config *cfg, u16 id, u32 len)
{
	u32 size = DFL_VSEC_ENTRY + sizeof(cfg->id.vsec.entries);

	put_vsec(cfg, &cfg->id.vsec, id, len);
	memcpy(cfg->value + CFG_VSEC, cfg->reset + CFG_VSEC, size);
}

static void init_cxl(struct config *cfg, u32 next)
{
	put_ext_cap(cfg, CFG_CXL, PCI_EXT_CAP_ID_DVSEC, next);
	put32(cfg->reset, CFG_CXL + PCI_DVSEC_HEADER1,
	      CXL_VENDOR | CXL_LEN << 20);
	put16(cfg->reset, CFG_CXL + PCI_DVSEC_HEADER2, CXL_DEVICE);
}

static void init_ats(struct config *cfg, u32 next)
{
	put_ext_cap(cfg, CFG_ATS, PCI_EXT_CAP_ID_ATS, next);
	put16(cfg->reset, CFG_ATS + PCI_ATS_CAP, PCI_ATS_CAP_PAGE_ALIGNED);
	put16(cfg->wmask, CFG_ATS + PCI_ATS_CTRL,
	      PCI_ATS_CTRL_ENABLE | PCI_ATS_CTRL_STU(0x1f));
}

static void init_extended(struct config *cfg, const struct identity *id)
{
	const struct vsec *vsec = &id->vsec;
	u32 next = vsec->present ? CFG_VSEC : 0;

	if (id->ats) {
		init_ats(cfg, next);
		next = CFG_ATS;
	}
	if (id->cxl) {
		init_cxl(cfg, next);
		next = CFG_CXL;
	}
	put_ext_cap(cfg, CFG_DSN, PCI_EXT_CAP_ID_DSN, CFG_ALTERA);
	put32(cfg->reset, CFG_DSN + 4, 0x00f10d00);
	put32(cfg->reset, CFG_DSN + 8, 0x644c4644);
	put_ext_cap(cfg, CFG_ALTERA, PCI_EXT_CAP_ID_VNDR, next);
	put32(cfg->reset, CFG_ALTERA + PCI_VNDR_HEADER,
	      ALTERA_VSEC_ID | ALTERA_VSEC_LEN << 20);
	if (!vsec->present)
		return;
	put_ext_cap(cfg, CFG_VSEC, PCI_EXT_CAP_ID_VNDR, 0);
	put_vsec(cfg, vsec, DFL_VSEC_ID,
		 DFL_VSEC_ENTRY + 4 * vsec->nr_entries);
}

void config_init(struct config *cfg, const struct bar *bars)
{
	const struct identity *id = &cfg->id;
	u32 i;

	init_header(cfg, id);
	for (i = 0; i < NR_BARS; i++)
		init_bar(cfg, i, &bars[i]);
	init_pm(cfg, id->nr_vectors ? CFG_MSIX : CFG_EXP);
	if (id->nr_vectors)
		init_msix(cfg, id);
	init_express(cfg, id);
	init_extended(cfg, id);
	memcpy(cfg->value, cfg->reset, sizeof(cfg->value));
}

static u16 command(const struct config *cfg)
{
	return get16(cfg->value, PCI_COMMAND);
}

static u16 power_state(const struct config *cfg)
{
	return cfg->value[CFG_PM + PCI_PM_CTRL] & PCI_PM_CTRL_STATE_MASK;
}

static u16 msix_flags(const struct config *cfg)
{
	if (!cfg->id.nr_vectors)
		return 0;
	return get16(cfg->value, CFG_MSIX + PCI_MSIX_FLAGS);
}

bool config_bus_master(const struct config *cfg)
{
	return command(cfg) & PCI_COMMAND_MASTER && power_state(cfg) == 0;
}

/* Check whether the card may send requests; a dishonest card always does. */
bool config_may_master(const struct config *cfg)
{
	return cfg->dishonest || config_bus_master(cfg);
}

/* The physical function enables the memory of a virtual one. */
bool config_memory_on(const struct config *cfg)
{
	return (cfg->id.vf || command(cfg) & PCI_COMMAND_MEMORY) &&
	       power_state(cfg) == 0;
}

bool config_intx_disabled(const struct config *cfg)
{
	return command(cfg) & PCI_COMMAND_INTX_DISABLE;
}

bool config_msix_enabled(const struct config *cfg)
{
	return msix_flags(cfg) & PCI_MSIX_FLAGS_ENABLE;
}

bool config_msix_masked(const struct config *cfg)
{
	return msix_flags(cfg) & PCI_MSIX_FLAGS_MASKALL;
}

static void log_bus_master(struct config *cfg, bool on, const char *why)
{
	cfg->master_on_count += on;
	log_event(cfg->log, "bus-master", "{s:b,s:s}", "on", on, "why", why);
}

/* Enable bus mastering without a write of the driver; this is not logged. */
void config_set_master(struct config *cfg)
{
	cfg->value[PCI_COMMAND] |= PCI_COMMAND_MASTER;
}

/* Reset all registers, as FLR or power-up do. */
void config_reset(struct config *cfg)
{
	bool was_master = command(cfg) & PCI_COMMAND_MASTER;

	memcpy(cfg->value, cfg->reset, sizeof(cfg->value));
	if (cfg->master_stuck)
		config_set_master(cfg);
	if (was_master)
		log_bus_master(cfg, false, "reset");
}

/* Read @len bytes at @off; @interrupt is the interrupt status bit. */
void config_read(const struct config *cfg, u32 off, u32 len, void *data,
		 bool interrupt)
{
	u8 *bytes = data;

	memcpy(data, cfg->value + off, len);
	if (interrupt && off <= PCI_STATUS && PCI_STATUS < off + len)
		bytes[PCI_STATUS - off] |= PCI_STATUS_INTERRUPT;
}

static bool touches(u32 off, u32 len, u32 reg, u32 reg_len)
{
	return off < reg + reg_len && reg < off + len;
}

static void command_written(struct config *cfg, u16 old)
{
	u16 new = command(cfg);

	log_event(cfg->log, "command", "{s:o,s:o}", "old", log_hex(old),
		  "new", log_hex(new));
	if ((old ^ new) & PCI_COMMAND_MASTER)
		log_bus_master(cfg, new & PCI_COMMAND_MASTER, "command");
}

static void msix_written(struct config *cfg)
{
	log_event(cfg->log, "msix-control", "{s:b,s:b}", "enable",
		  config_msix_enabled(cfg), "mask", config_msix_masked(cfg));
}

static void store(struct config *cfg, u32 off, u32 len, const u8 *bytes)
{
	u32 i;

	for (i = 0; i < len; i++) {
		u8 *value = &cfg->value[off + i];
		u8 mask = cfg->wmask[off + i];

		*value = (*value & ~mask) | (bytes[i] & mask);
	}
	if (cfg->master_stuck)
		config_set_master(cfg);
}

/**
 * config_write() - write to config space
 * @cfg: config space
 * @off: offset in config space
 * @len: number of bytes, all of which are in config space
 * @data: bytes to store
 *
 * Return: bits of enum config_effect.
 */
u32 config_write(struct config *cfg, u32 off, u32 len, const void *data)
{
	u16 old_command = command(cfg), old_power = power_state(cfg);
	bool old_msix = config_msix_enabled(cfg);
	u32 effects = 0;

	store(cfg, off, len, data);
	if (touches(off, len, PCI_COMMAND, 2))
		command_written(cfg, old_command);
	if (cfg->id.nr_vectors && touches(off, len, CFG_MSIX + PCI_MSIX_FLAGS, 2))
		msix_written(cfg);
	if (get16(cfg->value, CFG_EXP + PCI_EXP_DEVCTL) & PCI_EXP_DEVCTL_BCR_FLR)
		effects |= CONFIG_FLR;
	if (old_power == POWER_D3HOT && power_state(cfg) == 0)
		effects |= CONFIG_POWER_UP;
	if (!old_msix && config_msix_enabled(cfg))
		effects |= CONFIG_MSIX_ON;
	return effects;
}
