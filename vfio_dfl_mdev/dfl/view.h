/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A second view of a block: a small list of its own that a stock DFL driver
 * can walk. An emulated FIU header comes first, then the block itself with its
 * own registers. Nothing here looks at a card.
 */
#ifndef _VDFL_DFL_VIEW_H
#define _VDFL_DFL_VIEW_H

#include "walk.h"

#define DFL_VIEW_MAX_WORDS	16

/**
 * struct dfl_view_word - one emulated word
 * @off: byte offset in the view, a multiple of 8
 * @value: what it reads; writes are dropped
 */
struct dfl_view_word {
	u64 off;
	u64 value;
};

/**
 * struct dfl_view - layout of the view of one block
 * @size: bytes, a power of two; 0: this block has no view
 * @block: offset of the block; below it all words are emulated
 * @patched: bytes from @block on that hold emulated words, whole pages
 * @ctrl: offset of the port control register, 0 if the FIU is no port
 * @nr_words: entries in @word
 * @word: words that do not read 0 below @block, or not as on the card above it
 */
struct dfl_view {
	u64 size;
	u64 block;
	u64 patched;
	u64 ctrl;
	u32 nr_words;
	struct dfl_view_word word[DFL_VIEW_MAX_WORDS];
};

/**
 * struct dfl_view_desc - what the view depends on
 * @header: header of the block
 * @parent: kind of its FIU
 * @block_size: bytes of the block
 * @page_size: bytes of a host page
 * @nr_vectors: interrupt vectors of the instance
 */
struct dfl_view_desc {
	const struct dfl_header *header;
	enum dfl_kind parent;
	u64 block_size;
	u64 page_size;
	u16 nr_vectors;
};

/**
 * dfl_view_init() - lay out the view of a block
 * @view: result; its size is 0 when a list cannot describe the block
 * @desc: the block
 */
void dfl_view_init(struct dfl_view *view, const struct dfl_view_desc *desc);

/**
 * dfl_view_word() - is a word of the view emulated?
 * @view: a view
 * @off: byte offset, a multiple of 8
 * @value: what it reads, if it is
 *
 * Return: false if the word is one of the block
 */
bool dfl_view_word(const struct dfl_view *view, u64 off, u64 *value);

#endif /* _VDFL_DFL_VIEW_H */
