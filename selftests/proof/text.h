/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * String functions as plain loops, which the checker handles faster than its own
 * models. @set of strcspn() has up to three characters.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_PROOF_TEXT_H
#define _VDFL_PROOF_TEXT_H

#define strlen(text)		text_len(text)
#define strcspn(text, set)	text_span(text, set)
#define memcmp(a, b, len)	text_compare(a, b, len)

static inline size_t text_len(const char *text)
{
	size_t len = 0;

	while (text[len])
		len++;
	return len;
}

static inline size_t text_span(const char *text, const char *set)
{
	size_t len = 0;

	while (text[len] && text[len] != set[0] && text[len] != set[1] &&
	       (!set[1] || text[len] != set[2]))
		len++;
	return len;
}

static inline int text_compare(const char *a, const char *b, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (a[i] != b[i])
			return 1;
	return 0;
}

#endif /* _VDFL_PROOF_TEXT_H */
