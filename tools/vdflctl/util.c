// SPDX-License-Identifier: GPL-2.0-only
/* Faults, text, numbers and addresses */

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "vdflctl.h"

void text_clean(char *text)
{
	unsigned char *c;

	for (c = (unsigned char *)text; *c; c++) {
		/* U+0080 to U+009F in UTF-8 */
		if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			*c++ = '?';
		else if (!iscntrl(*c))
			continue;
		*c = '?';
	}
}

int fault_set(struct fault *fault, const char *fmt, ...)
{
	va_list ap;

	fault->remedy[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(fault->problem, sizeof(fault->problem), fmt, ap);
	va_end(ap);
	text_clean(fault->problem);
	return -1;
}

int fault_remedy(struct fault *fault, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fault->remedy, sizeof(fault->remedy), fmt, ap);
	va_end(ap);
	text_clean(fault->remedy);
	return -1;
}

bool fault_denied(struct fault *fault, int error)
{
	if (error != EACCES && error != EPERM)
		return false;
	fault_remedy(fault, "root privilege is required");
	return true;
}

/* Return true if root is the remedy */
static bool set_error(struct fault *fault, int error, const char *fmt,
		      va_list ap)
{
	char text[TEXT_LEN];

	vsnprintf(text, sizeof(text), fmt, ap);
	fault_set(fault, "%s: %s", text, strerror(error));
	return fault_denied(fault, error);
}

int fault_error(struct fault *fault, int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_error(fault, error, fmt, ap);
	va_end(ap);
	return -1;
}

int fault_kernel(struct fault *fault, int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (!set_error(fault, error, fmt, ap))
		fault_remedy(fault, "see the kernel log: dmesg");
	va_end(ap);
	return -1;
}

int fault_report_at(const char *prefix, const struct fault *fault)
{
	fprintf(stderr, "vdflctl: %s%s\n", prefix, fault->problem);
	if (fault->remedy[0])
		fprintf(stderr, "vdflctl: %s\n", fault->remedy);
	return EXIT_FAILURE;
}

int fault_report(const struct fault *fault)
{
	return fault_report_at("", fault);
}

void signals_block(sigset_t *former)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, former);
}

void signals_restore(const sigset_t *former)
{
	sigprocmask(SIG_SETMASK, former, NULL);
}

void text_set(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, size, fmt, ap);
	va_end(ap);
}

void text_size(char *buf, size_t size, __u64 bytes)
{
	if (bytes == ABSENT)
		text_set(buf, size, "?");
	else if (!bytes)
		text_set(buf, size, "-");
	else if (bytes % (1 << 20) == 0)
		text_set(buf, size, "%lluM", bytes >> 20);
	else if (bytes % (1 << 10) == 0)
		text_set(buf, size, "%lluK", bytes >> 10);
	else
		text_set(buf, size, "%llu", bytes);
}

bool text_is_word(const char *text)
{
	return text[0] && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz")];
}

static bool parse_base(const char *text, int base, __u64 *value)
{
	char *end;

	/*
	 * strtoull() accepts leading blanks and a sign, and newer libraries also
	 * binary numbers; reject them
	 */
	if (!isdigit((unsigned char)text[0]) || tolower((unsigned char)text[1]) == 'b')
		return false;
	errno = 0;
	*value = strtoull(text, &end, base);
	return !errno && !*end;
}

bool parse_number(const char *text, __u64 *value)
{
	return parse_base(text, 0, value);
}

bool parse_decimal(const char *text, __u64 *value)
{
	return parse_base(text, 10, value);
}

/* Return true if @text matches @shape, in which x is a hex digit */
static bool has_shape(const char *text, const char *shape)
{
	for (; *shape; shape++, text++) {
		if (*shape == 'x' ? !isxdigit((unsigned char)*text) :
				    *text != *shape)
			return false;
	}
	return !*text;
}

static void copy_lower(char *to, const char *from)
{
	do {
		*to++ = tolower((unsigned char)*from);
	} while (*from++);
}

bool parse_bdf(const char *text, char bdf[BDF_LEN])
{
	/* a domain has four digits, or more below VMD and Hyper-V bridges */
	static const char * const full[] = {
		"xxxx:xx:xx.x", "xxxxx:xx:xx.x", "xxxxxx:xx:xx.x",
		"xxxxxxx:xx:xx.x", "xxxxxxxx:xx:xx.x",
	};
	size_t i;

	if (has_shape(text, "xx:xx.x")) {
		memcpy(bdf, "0000:", 5);
		copy_lower(bdf + 5, text);
		return true;
	}
	for (i = 0; i < ARRAY_SIZE(full); i++) {
		if (has_shape(text, full[i])) {
			copy_lower(bdf, text);
			return true;
		}
	}
	return false;
}

bool parse_uuid(const char *text, char uuid[UUID_LEN])
{
	if (!has_shape(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"))
		return false;
	copy_lower(uuid, text);
	return true;
}

bool parse_type(const char *text, char type[NAME_LEN])
{
	size_t len;

	if (!strncmp(text, TYPE_PREFIX, strlen(TYPE_PREFIX)))
		text += strlen(TYPE_PREFIX);
	len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (!len || len >= NAME_LEN || text[len])
		return false;
	memcpy(type, text, len + 1);
	return true;
}

int print_json(json_t *root)
{
	int ret = json_dumpf(root, stdout, JSON_INDENT(2));

	json_decref(root);
	putchar('\n');
	if (!ret)
		return EXIT_SUCCESS;
	/* main() reports write errors */
	if (!ferror(stdout))
		fprintf(stderr, "vdflctl: cannot encode JSON\n");
	return EXIT_FAILURE;
}
