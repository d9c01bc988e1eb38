/* SPDX-License-Identifier: GPL-2.0-only */
/* PCI config space. */
#ifndef _VDFL_CARD_PCI_CONFIG_H
#define _VDFL_CARD_PCI_CONFIG_H

#include "lib/log.h"
#include "pci/bar.h"

#define CONFIG_SIZE		4096

/**
 * struct vsec - capability that announces feature lists
 * @present: the capability exists
 * @count: announced number of lists, which may differ from @nr_entries
 * @nr_entries: entries in @entries
 * @entries: BAR and offset of each list
 */
struct vsec {
	bool present;
	u32 count;
	u32 nr_entries;
	u32 entries[16];
};

/** struct identity - read-only contents of config space */
struct identity {
	u16 vendor, device, subvendor, subdevice;
	u32 class;
	u8 revision;
	u8 pin;
	bool flr;
	bool vf;
	u32 nr_vectors;
	struct range table;
	struct range pba;
	struct vsec vsec;
	bool cxl;
	bool ats;
};

/**
 * struct config - config space of the function
 * @id: fixed contents
 * @value: current bytes
 * @reset: bytes after a reset
 * @wmask: bits that a write stores
 * @dishonest: the card sends DMA and MSI-X with bus mastering disabled as well
 * @master_stuck: Bus Master Enable always reads as 1
 * @master_on_count: how often the driver enabled bus mastering
 * @log: log of events
 */
struct config {
	struct identity id;
	u8 value[CONFIG_SIZE];
	u8 reset[CONFIG_SIZE];
	u8 wmask[CONFIG_SIZE];
	bool dishonest;
	bool master_stuck;
	u64 master_on_count;
	struct log *log;
};

/** enum config_effect - effects of a write on the rest of the card */
enum config_effect {
	CONFIG_FLR = 1,		/* function level reset */
	CONFIG_POWER_UP = 2,	/* D3hot to D0, which resets the function */
	CONFIG_MSIX_ON = 4,	/* MSI-X was enabled */
};

void config_init(struct config *cfg, const struct bar *bars);
void config_set_vsec(struct config *cfg, u16 id, u32 len);
void config_set_master(struct config *cfg);
void config_reset(struct config *cfg);
void config_read(const struct config *cfg, u32 off, u32 len, void *data,
		 bool interrupt);
u32 config_write(struct config *cfg, u32 off, u32 len, const void *data);
bool config_bus_master(const struct config *cfg);
bool config_may_master(const struct config *cfg);
bool config_memory_on(const struct config *cfg);
bool config_intx_disabled(const struct config *cfg);
bool config_msix_enabled(const struct config *cfg);
bool config_msix_masked(const struct config *cfg);

#endif /* _VDFL_CARD_PCI_CONFIG_H */
