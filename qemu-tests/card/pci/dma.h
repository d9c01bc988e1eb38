/* SPDX-License-Identifier: GPL-2.0-only */
/* The card's DMA engine and the guest memory that it can reach. */
#ifndef _VDFL_CARD_PCI_DMA_H
#define _VDFL_CARD_PCI_DMA_H

#include "pci/config.h"

struct dma;

enum dma_result { DMA_NONE, DMA_DONE, DMA_REFUSED, DMA_FAULT };

/**
 * struct dma_client - user of the engine
 * @name: name in the log
 * @done: the write ended with @result
 * @owner: argument of @done
 */
struct dma_client {
	const char *name;
	void (*done)(void *owner, enum dma_result result);
	void *owner;
};

/** struct dma_message - write that the vfio-user client carries out */
struct dma_message {
	u64 addr;
	u64 data;
};

/**
 * struct dma_transfer - read or write of guest memory
 * @addr: bus address
 * @buf: bytes that are written, or room for those that are read
 * @len: bytes
 * @write: memory is written
 */
struct dma_transfer {
	u64 addr;
	void *buf;
	u64 len;
	bool write;
};

struct dma_counts {
	u64 attempts;
	u64 refused;
	u64 done;
};

struct dma *dma_new(const struct config *cfg);
int dma_map(struct dma *d, u64 addr, u64 size, u64 fd_offset, bool writable,
	    int fd);
void dma_unmap(struct dma *d, u64 addr, u64 size, bool all);
void dma_start(struct dma *d, const struct dma_client *client, u64 addr,
	       u64 data);
enum dma_result dma_transfer(struct dma *d, const char *name,
			     const struct dma_transfer *t);
void dma_forget(struct dma *d, const struct dma_client *client);
bool dma_next_message(struct dma *d, struct dma_message *out);
void dma_message_done(struct dma *d, int error);
void dma_set_by_message(struct dma *d, bool on);
const struct dma_counts *dma_counts(const struct dma *d);

#endif /* _VDFL_CARD_PCI_DMA_H */
