/* SPDX-License-Identifier: GPL-2.0-only */
/* Headers of blocks, from the entries of a profile. */
#ifndef _VDFL_CARD_IMAGE_HEADER_H
#define _VDFL_CARD_IMAGE_HEADER_H

#include "blocks/block.h"

/**
 * struct kind_row - a kind of block, as profiles name it
 * @name: name in profiles
 * @kind: kind of block
 * @type: type field of the header, unless given
 * @id: id field of the header, unless given
 * @has_guid: a version 0 header has a GUID as well
 * @model: name of the model, unless given
 */
struct kind_row {
	const char *name;
	enum block_kind kind;
	u8 type;
	u8 id;
	bool has_guid;
	const char *model;
};

const struct kind_row *header_kind(const char *name);
int header_put(struct block *b, const struct kind_row *row, const json_t *spec);

#endif /* _VDFL_CARD_IMAGE_HEADER_H */
