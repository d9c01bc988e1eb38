/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest list: the small Device Feature List in BAR 2 of an instance, for the
 * stock DFL driver of a guest. It starts with an emulated FIU header; the block
 * follows with its own registers.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_DFL_GUEST_H
#define _VDFL_DFL_GUEST_H

#include "walk.h"

#define DFL_GUEST_MAX_WORDS	16

/**
 * struct dfl_guest_word - one emulated word
 * @off: byte offset in the guest list, a multiple of 8
 * @value: value returned by a read; writes are dropped
 */
struct dfl_guest_word {
	u64 off;
	u64 value;
};

/**
 * struct dfl_guest - layout of the guest list of one block
 * @size: bytes, a power of two; 0 if the block has no guest list
 * @block_off: offset of the block; all words below it are emulated
 * @patched: bytes from @block_off on that contain emulated words, whole pages
 * @ctrl: offset of the port control register, 0 if the FIU is not a port
 * @nr_words: entries in @word
 * @word: emulated words; any other word below @block_off reads 0, any other
 *	word from @block_off on is read from the block
 */
struct dfl_guest {
	u64 size;
	u64 block_off;
	u64 patched;
	u64 ctrl;
	u32 nr_words;
	struct dfl_guest_word word[DFL_GUEST_MAX_WORDS];
};

/**
 * struct dfl_guest_desc - input of dfl_guest_init()
 * @header: header of the block
 * @parent: kind of its FIU
 * @block_size: bytes of the block
 * @page_size: bytes of a host page
 * @nr_vectors: interrupt vectors of the instance
 */
struct dfl_guest_desc {
	const struct dfl_header *header;
	enum dfl_kind parent;
	u64 block_size;
	u64 page_size;
	u16 nr_vectors;
};

/**
 * dfl_guest_init() - lay out the guest list of a block
 * @guest: result; its size is 0 if the block cannot have a guest list
 * @desc: the block
 */
void dfl_guest_init(struct dfl_guest *guest, const struct dfl_guest_desc *desc);

/**
 * dfl_guest_word() - look up a word of the guest list
 * @guest: the guest list
 * @off: byte offset, a multiple of 8
 * @value: value of the word if it is emulated
 *
 * Return: true if the word is emulated, false if it belongs to the block
 */
bool dfl_guest_word(const struct dfl_guest *guest, u64 off, u64 *value);

#endif /* _VDFL_DFL_GUEST_H */
