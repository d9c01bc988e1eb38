/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages of the vfio-user protocol; all fields are in host byte order. */
#ifndef _VDFL_CARD_PROTO_WIRE_H
#define _VDFL_CARD_PROTO_WIRE_H

#include "lib/env.h"

#define MAX_FDS		8
#define BODY_SIZE	8192

enum command {
	CMD_VERSION = 1,
	CMD_DMA_MAP,
	CMD_DMA_UNMAP,
	CMD_GET_INFO,
	CMD_GET_REGION_INFO,
	CMD_GET_REGION_IO_FDS,
	CMD_GET_IRQ_INFO,
	CMD_SET_IRQS,
	CMD_REGION_READ,
	CMD_REGION_WRITE,
	CMD_DMA_READ,
	CMD_DMA_WRITE,
	CMD_RESET,
	NR_CMDS,
};

#define FLAG_TYPE	0xf
#define FLAG_REPLY	0x1
#define FLAG_NO_REPLY	0x10
#define FLAG_ERROR	0x20

struct header {
	u16 id;
	u16 command;
	u32 size;
	u32 flags;
	u32 error;
};

struct version {
	u16 major;
	u16 minor;
	char json[];
};

struct msg_dma_map {
	u32 argsz;
	u32 flags;
	u64 offset;
	u64 addr;
	u64 size;
};

struct msg_dma_unmap {
	u32 argsz;
	u32 flags;
	u64 addr;
	u64 size;
};

struct region_access {
	u64 offset;
	u32 region;
	u32 count;
	u8 data[];
};

struct dma_write {
	struct header hdr;
	u64 addr;
	u64 count;
	u64 data;
};

/** struct message - one message in the receive buffer and its descriptors */
struct message {
	struct header hdr;
	const void *body;	/* first BODY_SIZE bytes; rules allow no more */
	u32 len;		/* of the whole body */
	int *fds;
	u32 nr_fds;
};

#endif /* _VDFL_CARD_PROTO_WIRE_H */
