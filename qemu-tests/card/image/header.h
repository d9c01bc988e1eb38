/* SPDX-License-Identifier: GPL-2.0-only */
/* Create headers of blocks from the entries of a profile. */
#ifndef _VDFL_CARD_IMAGE_HEADER_H
#define _VDFL_CARD_IMAGE_HEADER_H

#include "blocks/block.h"

/**
 * struct kind_row - a kind of block and its defaults
 * @name: name in profiles
 * @kind: kind of block
 * @type: type field of the header, unless the profile has one
 * @id: id field of the header, unless the profile has one
 * @has_guid: a version 0 header has a GUID as well
 * @model: name of the model, unless the profile has one
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
