// SPDX-License-Identifier: GPL-2.0-only
/* The card's replies: one line of JSON each, read in place. */
#include "vdfl_test.h"

/* Return the place after the string that starts at @p */
static const char *string_end(const char *p)
{
	while (*++p != '"')
		if (!*p || (*p == '\\' && !*++p))
			die("the reply ends within a string");
	return p + 1;
}

/* Return the comma or bracket that follows the value at @p */
static const char *value_end(const char *p)
{
	unsigned int depth = 0;

	while (depth || !strchr(",]}", *p)) {
		if (*p == '"') {
			p = string_end(p);
			continue;
		}
		if (*p == '[' || *p == '{')
			depth++;
		else if (*p == ']' || *p == '}')
			depth--;
		p++;
		if (!*p)
			die("the reply ends within a value");
	}
	return p;
}

static const char *skip_space(const char *p)
{
	return p + strspn(p, "\n ");
}

/**
 * json_member() - find a member of an object
 * @object: text that starts with the object
 * @key: its name
 * Return: where its value starts, NULL if there is none. Members of objects
 * inside @object do not count.
 */
const char *json_member(const char *object, const char *key)
{
	size_t len = strlen(key);
	const char *p = object;
	bool found;

	if (*p != '{')
		return NULL;
	do {
		p = skip_space(p + 1);
		if (*p != '"')
			return NULL;
		found = !strncmp(p + 1, key, len) && p[1 + len] == '"';
		p = skip_space(string_end(p));
		if (*p != ':')
			return NULL;
		p = skip_space(p + 1);
		if (found)
			return p;
		p = value_end(p);
	} while (*p == ',');
	return NULL;
}

/**
 * json_element() - step through an array
 * @p: the array for its first element, an element for the one after it
 * Return: where the element starts, NULL at the end
 */
const char *json_element(const char *p)
{
	if (*p != '[')
		p = value_end(p);
	if (*p != '[' && *p != ',')
		return NULL;
	p = skip_space(p + 1);
	return *p == ']' ? NULL : p;
}

/** json_true() - Return true if the object has such a member and it is true */
bool json_true(const char *object, const char *key)
{
	const char *value = json_member(object, key);

	return value && !strncmp(value, "true", 4);
}

/** json_u64() - a number, which may be a string in C notation */
u64 json_u64(const char *object, const char *key)
{
	const char *value = json_member(object, key);
	char *end = NULL;
	u64 number = 0;

	if (value) {
		value += *value == '"';
		number = strtoull(value, &end, 0);
	}
	if (end == value)
		die("the reply has no number %s", key);
	return number;
}

/** json_text() - a string without escapes at @value, empty if that is NULL */
void json_text(const char *value, char *text, size_t size)
{
	const char *start = value ? value + 1 : "";
	int len = 0;

	if (value && *value != '"')
		die("the reply has no text: %s", value);
	if (value)
		len = string_end(value) - start - 1;
	if (memchr(start, '\\', len))
		die("the reply has an escape: %.*s", len, start);
	format(text, size, "%.*s", len, start);
}
