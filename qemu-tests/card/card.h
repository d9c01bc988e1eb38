/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulated card: state, and what its files offer one another.
 *
 * server.c speaks vfio-user and calls config.c, card.c, irq.c and dma.c;
 * control.c speaks JSON with the tests and calls card.c and irq.c. image.c
 * builds all of it from a profile. One thread, no locks.
 */
#ifndef _VDFL_CARD_H
#define _VDFL_CARD_H

#include <jansson.h>

#include "env.h"
#include "dfl/regs.h"

#define CARD_NR_BARS		6
#define CARD_CONFIG_SIZE	4096
#define CARD_MAX_VECTORS	64
#define CARD_ONES		(~0ULL)
#define CARD_NAME_LEN		24

struct block;
struct card;

#define REG_PRESENT		BIT(0)
#define REG_COUNTER		BIT(1)	/* each read gives the next value */
#define REG_HOOKED		BIT(2)	/* the model sees reads and writes */
#define REG_MEDIATED		BIT(3)	/* control of a port */

/**
 * struct reg - one 64-bit register
 * @value: what a read gives
 * @reset: value after a reset of its block
 * @rw: bits a write stores
 * @w1c: bits a written 1 clears
 * @flags: REG_*
 */
struct reg {
	u64 value;
	u64 reset;
	u64 rw;
	u64 w1c;
	u8 flags;
};

/**
 * struct model - behaviour of a kind of block; every member but @name and
 * @init may be NULL
 * @init: lay out the registers; 0, or -1 after a message
 * @read: value of a hooked register, with the side effects of a read
 * @write: a hooked register was written; @bits are the bits the write covered
 *	and @value has them merged in, nothing is stored yet
 * @reset: registers are back at their reset values
 * @raise: raise or drop interrupt @vector of the block
 * @io_read: byte-wide register window [io_start, io_start + io_len)
 * @io_write: see @io_read
 */
struct model {
	const char *name;
	int (*init)(struct block *b, const json_t *spec);
	u64 (*read)(struct block *b, u64 off);
	void (*write)(struct block *b, u64 off, u64 value, u64 bits);
	void (*reset)(struct block *b);
	void (*raise)(struct block *b, u32 vector, bool on);
	u64 (*io_read)(struct block *b, u64 off, u32 len);
	void (*io_write)(struct block *b, u64 off, u32 len, u64 value);
};

enum block_kind {
	KIND_FME,
	KIND_PORT,
	KIND_AFU,
	KIND_PRIVATE,
	KIND_HIDDEN,	/* registers no header announces */
};

/**
 * struct block - one window of registers behind a header
 * @kind: kind of its header
 * @model: behaviour
 * @name: "b<bar>-o<offset>", as the driver's sysfs names it
 * @bar: BAR that holds it
 * @offset: where in @bar
 * @size: bytes it decodes
 * @header_len: bytes of header, parameters included
 * @regs: one per 8 bytes
 * @port: port whose reset holds this AFU, or NULL
 * @afu: port only: AFU held by its reset, or NULL
 * @first_vector: first interrupt vector on the card
 * @nr_vectors: how many; 0 if it has none
 * @cause: standing interrupt causes, one bit per vector
 * @owned: see "own" of the control channel
 * @priv: the model's own state
 */
struct block {
	struct card *card;
	enum block_kind kind;
	const struct model *model;
	char name[CARD_NAME_LEN];
	u8 bar;
	u64 offset;
	u64 size;
	u64 header_len;
	struct reg *regs;
	struct block *port;
	struct block *afu;
	u32 first_vector;
	u32 nr_vectors;
	u64 cause;
	u64 io_start;
	u64 io_len;
	bool owned;
	void *priv;

	u64 reads;
	u64 writes;
	u64 header_reads;
	u64 resets;
	u64 stray;
};

struct bar {
	u64 size;
	bool is64;
	bool prefetchable;
};

struct vsec {
	bool present;
	u32 count;	/* as announced; may lie */
	u32 nr_entries;
	u32 entries[16];
};

/** struct identity - what config space says and no driver can change */
struct identity {
	u16 vendor, device, subvendor, subdevice;
	u32 class;
	u8 revision;
	u8 pin;
	u32 nr_vectors;
	u8 table_bar, pba_bar;
	u64 table, pba;
	struct vsec vsec;
	bool cxl;
};

struct config {
	u8 value[CARD_CONFIG_SIZE];
	u8 reset[CARD_CONFIG_SIZE];
	u8 wmask[CARD_CONFIG_SIZE];
};

/**
 * struct irq - interrupt state
 * @level: vectors with a standing cause
 * @pending: the pending-bit array
 * @any_cause: some block has a cause standing, with or without a vector
 * @intx_line: INTx is asserted
 * @intx_masked: client holds INTx masked; each signal masks it by itself
 * @intx_fd: eventfd, -1 if none
 * @msix_fd: eventfds, -1 if none
 */
struct irq {
	u64 level;
	u64 pending;
	bool any_cause;
	bool intx_line;
	bool intx_masked;
	int intx_fd;
	int msix_fd[CARD_MAX_VECTORS];
};

struct dma;
struct hostile;
struct log;

/** struct range - bytes of a BAR */
struct range {
	u8 bar;
	u64 off;
	u64 len;
};

struct card {
	char *name;
	struct identity id;
	struct bar bars[CARD_NR_BARS];
	struct block *blocks;
	size_t nr_blocks;
	struct config cfg;
	struct irq irq;
	struct dma *dma;
	struct hostile *hostile;	/* what it is now, if it is hostile */
	struct log *log;
	bool dishonest;		/* DMA and MSI-X in spite of bus master off */
	bool vanished;
	bool owning;
	struct range own_range;	/* owned beside the owned blocks */
	struct range own_port;	/* control of the port that resets it */
	struct range flush;	/* where the driver may read to flush writes */
	bool irq_storm;		/* causes stand for ever, messages never end */
	bool master_stuck;	/* bus master reads 1 whatever is written */
	bool irq_log_off;	/* interrupts are counted, not logged */
	bool access_log_off;	/* the same for accesses that should not be */
	bool dma_by_message;	/* even of memory that came with a descriptor */

	u64 accesses;		/* of BARs and config space, while it answers */
	u64 vanish_at;		/* the access it vanishes before; 0: none */
	bool vanish_at_flr;	/* it does not come back from that */
	u64 master_at;		/* the access bus master turns on before */
	u64 reads;
	u64 writes;
	u64 stray;
	u64 not_owned;		/* stray ones in blocks that are not owned */
	u64 flr;
	u64 bus_master_on_count;
	u64 intx_asserted;
	u64 irq_raised;		/* causes of AFUs that came up */
	u64 msix_sent;
	u64 pba_reads;
	u64 dma_attempts, dma_refused, dma_done;
};

/* image.c */
struct card *image_load(const char *path, struct log *log);
u64 image_u64(const json_t *obj, const char *key, u64 fallback);
bool image_parse_u64(const json_t *value, u64 *out);

/* card.c */
u64 card_bar_read(struct card *c, u8 bar, u64 off, u32 len);
void card_bar_write(struct card *c, u8 bar, u64 off, u32 len, u64 value);
struct block *card_find_block(struct card *c, u8 bar, u64 off);
void card_reset(struct card *c, const char *what);
void card_vanish(struct card *c);
void card_return(struct card *c);
void card_own(struct card *c, bool on);
void card_count_access(struct card *c);
void block_reset(struct block *b);

/** block_reg() - the register that holds byte @off of @b */
static inline struct reg *block_reg(const struct block *b, u64 off)
{
	return &b->regs[off / 8];
}

void block_add_reg(struct block *b, u64 off, u64 reset, u64 rw);

/* config.c */
void config_init(struct card *c);
void config_set_vsec(struct card *c, u16 id, u32 len);
void config_set_master(struct card *c);
void config_reset(struct card *c);
void config_read(struct card *c, u32 off, u32 len, void *data);
void config_write(struct card *c, u32 off, u32 len, const void *data);
bool config_bus_master(const struct card *c);
bool config_memory_on(const struct card *c);
bool config_intx_disabled(const struct card *c);
bool config_msix_enabled(const struct card *c);
bool config_msix_masked(const struct card *c);

/* irq.c */
void irq_init(struct card *c);
void irq_update(struct card *c);
void irq_event(struct block *b, u32 vector);
void irq_enables_changed(struct card *c, bool msix_came_on);
void irq_reset(struct card *c);
void irq_storm(struct card *c);
void irq_set_intx_masked(struct card *c, bool masked);
void irq_set_intx_fd(struct card *c, int fd);
void irq_set_msix_fd(struct card *c, u32 vector, int fd);

/* dma.c */
enum dma_result { DMA_NONE, DMA_DONE, DMA_REFUSED, DMA_FAULT };

/** struct dma_message - a write the client must carry out for us */
struct dma_message {
	u64 addr;
	u64 data;
};

struct dma *dma_new(void);
int dma_map(struct dma *d, u64 addr, u64 size, u64 fd_offset, bool writable,
	    int fd);
void dma_unmap(struct dma *d, u64 addr, u64 size, bool all);
void dma_start(struct block *b, u64 addr, u64 data);
bool dma_next_message(struct dma *d, struct dma_message *out);
void dma_message_done(struct card *c, int error);
void dma_forget(struct dma *d, const struct block *b);

/* log.c */
struct log *log_open(const char *path);
void log_event(struct log *log, const char *ev, const char *fmt, ...);
json_t *log_hex(u64 value);

/* control.c */
json_t *control_execute(struct card *c, const char *line);

/* blocks */
extern const struct model model_afu;
extern const struct model model_ethgroup;
extern const struct model model_fme;
extern const struct model model_plain;
extern const struct model model_port;
extern const struct model model_raw;
extern const struct model model_uart;
extern const struct model model_irq_cap;
bool port_in_reset(const struct block *port);
void afu_dma_result(struct block *b, enum dma_result result);

#endif /* _VDFL_CARD_H */
