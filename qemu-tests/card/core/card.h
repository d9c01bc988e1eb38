/* SPDX-License-Identifier: GPL-2.0-only */
/* The card: blocks, resets, loss and return. */
#ifndef _VDFL_CARD_CORE_CARD_H
#define _VDFL_CARD_CORE_CARD_H

#include "blocks/block.h"
#include "pci/bar.h"
#include "pci/config.h"
#include "pci/dma.h"
#include "pci/irq.h"

struct hostile;

/**
 * struct watch - accesses that the driver may make, see "own" of the control
 * channel
 * @on: log and count accesses outside of owned blocks and ranges
 * @range: owned in addition to the owned blocks
 * @port_ctrl: control register of the port that resets @range
 * @flush: register that the driver may read to flush writes
 * @violations: number of accesses outside of owned blocks and ranges
 */
struct watch {
	bool on;
	struct range range;
	struct range port_ctrl;
	struct range flush;
	u64 violations;
};

/**
 * struct faults - faults that the card triggers by itself; 0 means never
 * @vanish_at: number of the access before which the card vanishes
 * @vanish_at_flr: the card vanishes at the next function level reset
 * @master_at: number of the access before which bus mastering is enabled
 * @slow: reads of these registers take @slow_us
 * @slow_us: microseconds
 */
struct faults {
	u64 vanish_at;
	bool vanish_at_flr;
	u64 master_at;
	struct range slow;
	u32 slow_us;
};

/**
 * struct card - a simulated card
 * @log: log of events
 * @bars: base address registers
 * @cfg: config space
 * @irq: interrupts
 * @dma: DMA engine
 * @blocks: blocks of registers
 * @nr_blocks: entries in @blocks
 * @hostile: draft of the current hostile card, or NULL
 * @watch: accesses that the driver may make
 * @faults: planned faults
 * @checker: protocol checker of the shell
 * @zero_outside: reads outside of all blocks return 0, not all-ones
 * @vanished: reads return all-ones, writes are dropped
 * @access_log_off: stray accesses are counted, not logged
 * @accesses: accesses of BARs and config space, unless @vanished
 * @reads: reads of BARs
 * @writes: writes to BARs
 * @pba_reads: reads of the pending-bit array
 * @stray: accesses that no driver should make
 * @flr: function level resets
 */
struct card {
	struct log *log;
	struct bar bars[NR_BARS];
	struct config cfg;
	struct irq irq;
	struct dma *dma;
	struct block *blocks;
	size_t nr_blocks;
	struct hostile *hostile;
	struct watch watch;
	struct faults faults;
	struct checker checker;
	bool zero_outside;
	bool vanished;
	bool access_log_off;

	u64 accesses;
	u64 reads;
	u64 writes;
	u64 pba_reads;
	u64 stray;
	u64 flr;
};

struct card *card_new(struct log *log);
int card_alloc_blocks(struct card *c, size_t nr);
void card_free_blocks(struct card *c);
struct block *card_find_block(struct card *c, u8 bar, u64 off);
struct block *card_block_named(struct card *c, const char *name);
void card_reset(struct card *c, const char *what);
void card_protocol_error(struct card *c, u64 error);
void card_vanish(struct card *c);
void card_reappear(struct card *c);
void card_return(struct card *c);
void card_own(struct card *c, bool on);
void card_count_access(struct card *c);

#endif /* _VDFL_CARD_CORE_CARD_H */
