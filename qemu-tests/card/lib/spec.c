// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers, texts and errors of profiles and requests.
 *
 * A number is a JSON integer or a string in C notation ("0x1000").
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/spec.h"

/* Report an error of the profile. Return -1 for the caller to return. */
int spec_error(const char *fmt, ...)
{
	va_list ap;

	fputs("vdfl-card: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return -1;
}

bool spec_parse_u64(const json_t *value, u64 *out)
{
	const char *text;
	char *end;

	if (json_is_integer(value)) {
		*out = json_integer_value(value);
		return true;
	}
	text = json_string_value(value);
	if (!text || !*text)
		return false;
	errno = 0;
	*out = strtoull(text, &end, 0);
	return !errno && !*end;
}

/* Member @key of @obj, or @fallback. Exits if the member is not a number. */
u64 spec_u64(const json_t *obj, const char *key, u64 fallback)
{
	json_t *value = json_object_get(obj, key);
	u64 out;

	if (!value)
		return fallback;
	if (spec_parse_u64(value, &out))
		return out;
	spec_error("\"%s\" is not a number", key);
	exit(EXIT_FAILURE);
}

const char *spec_string(const json_t *obj, const char *key,
			const char *fallback)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : fallback;
}
