/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State of a walk, shared by walk.c and afu.c
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_DFL_WALK_PRIV_H
#define _VDFL_DFL_WALK_PRIV_H

#include "walk.h"

#define ALL_ONES		(~0ULL)
#define WORD			8

/* Bytes needed to read a version 1 header without parameters */
#define MIN_V1			0x28

/* Bytes from a header on that can be read as part of the header */
#define MAX_SPAN		(DFL_PARAM + WORD * DFL_MAX_PARAM_WORDS)

/**
 * struct walk_port - one port
 * @header: index of its header, or DFL_NO_PARENT if there is no such port
 * @afu: index of an AFU header in the list of the port, or DFL_NO_PARENT
 * @end: end of the list that contains the port
 * @next_afu: value of its Next AFU register: offset of the AFU from @header
 * @window: bytes of the AFU
 */
struct walk_port {
	int header;
	int afu;
	u64 end;
	u64 next_afu;
	u64 window;
};

/** struct rejected - a word that was read and does not begin a header */
struct rejected {
	u8 bar;
	u64 off;
};

/**
 * struct walk - state of dfl_walk()
 * @io: access to the card
 * @map: result
 * @fiu: index of the FIU above the next feature, or DFL_NO_PARENT
 * @end: end of the current list
 * @used: end of the part of the current list that was parsed
 * @have_fme: an FME was found
 * @vf_ports: bit mask of the ports that are assigned to virtual functions
 * @nr_ofst: entries in @ofst
 * @ofst: port offset registers of the FME
 * @port: ports by port number
 * @nr_rejected: entries in @rejected; at most one per list and one per AFU
 * @rejected: words that do not begin a header
 */
struct walk {
	const struct dfl_io *io;
	struct dfl_map *map;
	int fiu;
	u64 end;
	u64 used;
	bool have_fme;
	u8 vf_ports;
	unsigned int nr_ofst;
	u64 ofst[DFL_MAX_PORTS];
	struct walk_port port[DFL_MAX_PORTS];
	unsigned int nr_rejected;
	struct rejected rejected[DFL_MAX_LISTS + DFL_MAX_PORTS];
};

static inline u64 read64(const struct walk *w, u8 bar, u64 off)
{
	return w->io->read64(w->io->ctx, bar, off);
}

void dfl_add_finding(struct walk *w, enum dfl_reason reason, u8 bar, u64 off,
		     u64 value);
void dfl_reject(struct walk *w, enum dfl_reason reason, u8 bar, u64 off,
		u64 dfh);
void dfl_make_opaque(struct walk *w, struct dfl_header *h,
		     enum dfl_reason reason, u64 value);
struct dfl_header *dfl_add_header(struct walk *w, u8 bar, u64 off, u64 dfh);
void dfl_read_afu(struct walk *w, struct dfl_header *h, u64 room);

/* afu.c */
void dfl_parse_port_afus(struct walk *w);

#endif /* _VDFL_DFL_WALK_PRIV_H */
