/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bounded walk of Device Feature Lists into the caller's arrays.
 *
 * Every word of the card is hostile input: it is read once into a snapshot, and
 * only the snapshot is checked and used. The walk does not allocate, lock or
 * print.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_DFL_WALK_H
#define _VDFL_DFL_WALK_H

#include "pure_env.h"
#include "regs.h"

#define DFL_NR_BARS		6
#define DFL_MAX_LISTS		6	/* in a VSEC */
#define DFL_MAX_HEADERS		256
#define DFL_MAX_FINDINGS	64
#define DFL_MAX_PARAM_WORDS	32	/* per feature; else none is kept */
#define DFL_MAX_VECTORS		64	/* per feature */
#define DFL_NO_PARENT		-1

enum dfl_kind {
	DFL_KIND_FME,
	DFL_KIND_PORT,
	DFL_KIND_AFU,
	DFL_KIND_PRIVATE,
	DFL_KIND_OPAQUE,	/* in the map, never assigned */
};

/*
 * Reason why a part of a card is ignored or withheld; dfl_reason_text() returns
 * the text of each. DFL_OK is 0.
 */
enum dfl_reason {
	DFL_OK,
	/* the walk ends, or ignores a part of the card */
	DFL_REASON_GONE,		/* all-ones header */
	DFL_REASON_ZERO,		/* all-zero header */
	DFL_REASON_NEXT_UNALIGNED,
	DFL_REASON_NEXT_SHORT,		/* headers would overlap */
	DFL_REASON_TRUNCATED,		/* header does not fit in the list */
	DFL_REASON_TOO_MANY,
	DFL_REASON_NO_FIU,		/* feature before any FIU */
	DFL_REASON_FIU_UNKNOWN,
	DFL_REASON_FIU_DUPLICATE,
	DFL_REASON_TYPE_UNKNOWN,
	DFL_REASON_VSEC_BAD,
	DFL_REASON_VSEC_ENTRY,
	DFL_REASON_PORT_COUNT,
	DFL_REASON_PORT_OFST,
	DFL_REASON_PORT_VF,
	DFL_REASON_PORT_STUCK,		/* reset not acknowledged */
	DFL_REASON_AFU_OFFSET,
	DFL_REASON_AFU_HEADER,
	DFL_REASON_AFU_SIZE,
	DFL_REASON_AFU_UNDER_FME,
	DFL_REASON_PARAMS,
	DFL_REASON_VECTORS,		/* bad range */
	DFL_REASON_VECTOR_SHARED,
	/* a block is withheld */
	DFL_REASON_POLICY,		/* class never */
	DFL_REASON_OPT_IN,
	DFL_REASON_VERSION,		/* header version >= 2 */
	DFL_REASON_GUID,		/* zero or all-ones */
	DFL_REASON_CSR_ABSOLUTE,
	DFL_REASON_CSR_AMBIGUOUS,
	DFL_REASON_CSR_RANGE,
	DFL_REASON_OVERLAP,
	DFL_REASON_MSIX,		/* overlaps MSI-X structures */
	DFL_REASON_NR,
};

/**
 * struct dfl_io - access to the registers of a card
 * @read64: read the aligned word at @off of memory BAR @bar; dfl_walk() has
 *	checked that the word lies inside the BAR. A header that reads all-ones
 *	ends the walk with -EIO
 * @deassert_port_reset: take the port whose header is at @bar/@off out of
 *	reset, so that its AFU can be read; return 0, or a negative errno if
 *	the port does not acknowledge
 * @ctx: argument of both callbacks
 * @bar_len: bytes of each memory BAR, 0 where there is none
 * @nr_vectors: interrupt vectors of the function
 */
struct dfl_io {
	u64 (*read64)(void *ctx, u8 bar, u64 off);
	int (*deassert_port_reset)(void *ctx, u8 bar, u64 off);
	void *ctx;
	u64 bar_len[DFL_NR_BARS];
	u32 nr_vectors;
};

/** struct dfl_list - one list: @len bytes from offset @start of BAR @bar */
struct dfl_list {
	u8 bar;
	u64 start;
	u64 len;
};

/**
 * struct dfl_header - snapshot of one feature header
 * @kind: kind of the feature
 * @reason: DFL_OK, or the reason why the walk excludes it from assignment
 * @bar: BAR that contains the header
 * @version: header version
 * @revision: revision field
 * @id: id field
 * @parent: index of its FIU in the map, or DFL_NO_PARENT
 * @port: port number of a port, its features and its AFU; 0xff for others
 * @no_afu: of a port: it has no AFU in this function, not even an unusable one
 * @off: byte offset in @bar
 * @limit: upper bound of its size in bytes: distance to the next header or to
 *	the end of the list; for an AFU the size in the port header
 * @dfh: first header word
 * @guid_l: GUID words, 0 if the header has none
 * @guid_h: see @guid_l
 * @csr_addr: version 1: raw word
 * @csr_size: version 1: raw word
 * @first_vector: first interrupt vector of the card
 * @nr_vectors: number of vectors, 0 if none or if the range is bad
 * @nr_params: words in @params
 * @params: version 1: parameter blocks, header words included
 */
struct dfl_header {
	enum dfl_kind kind;
	enum dfl_reason reason;
	u8 bar;
	u8 version;
	u8 revision;
	u8 port;
	bool no_afu;
	u16 id;
	s16 parent;
	u64 off;
	u64 limit;
	u64 dfh;
	u64 guid_l;
	u64 guid_h;
	u64 csr_addr;
	u64 csr_size;
	u16 first_vector;
	u16 nr_vectors;
	u16 nr_params;
	u64 params[DFL_MAX_PARAM_WORDS];
};

/** struct dfl_finding - defect found by dfl_walk() */
struct dfl_finding {
	enum dfl_reason reason;
	u8 bar;
	u64 off;
	u64 value;	/* the refused word or number */
};

/**
 * struct dfl_map - result of dfl_walk()
 * @fme_cap: FME capability word, 0 without FME
 * @bitstream: bitstream id of the FME, 0 without FME
 * @nr_headers: entries in @header
 * @nr_findings: number of findings, also of those past DFL_MAX_FINDINGS
 * @header: headers of the lists in the order found, then the AFUs that only
 *	ports locate
 * @finding: the first DFL_MAX_FINDINGS of them
 */
struct dfl_map {
	u64 fme_cap;
	u64 bitstream;
	u32 nr_headers;
	u32 nr_findings;
	struct dfl_header header[DFL_MAX_HEADERS];
	struct dfl_finding finding[DFL_MAX_FINDINGS];
};

/**
 * dfl_walk() - find all features of a card
 * @io: access to its registers
 * @vsec: body of the DFL VSEC as read from config space, from its VSEC header
 *	dword (+0x04) on, or NULL if the function has none
 * @vsec_dwords: dwords in @vsec
 * @map: result, cleared first
 *
 * Each word is read at most once: up to five words per header, plus parameters.
 * The port offsets of the FME count as parameters.
 *
 * Return: 0, -ENODEV if the card has no list, -EINVAL if the lists contain no
 * usable header, -EIO if the card does not respond
 */
int dfl_walk(const struct dfl_io *io, const u32 *vsec,
	     unsigned int vsec_dwords, struct dfl_map *map);

/**
 * dfl_param_msix() - find the MSI-X parameter of a feature
 * @h: header of the feature
 *
 * Return: index in @h->params of the data word of the first MSI-X parameter
 * that has one, or 0
 */
u32 dfl_param_msix(const struct dfl_header *h);

/**
 * dfl_reason_text() - describe a reason for the log and sysfs
 * @reason: the reason
 *
 * Return: a few words; empty for DFL_OK
 */
const char *dfl_reason_text(enum dfl_reason reason);

#endif /* _VDFL_DFL_WALK_H */
