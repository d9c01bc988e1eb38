/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files of saved cards, one for each PCI address: /etc/vdfl/BDF.conf
 *
 *   # comment
 *   [card]
 *   irq_source = poll
 *
 *   [instance 83b8f4f2-509f-382f-3c1e-e6bfe0fa1001]
 *   type = eth-group-b0-o2000
 *   owner = 1000
 */
#ifndef _VDFLCTL_CONF_H
#define _VDFLCTL_CONF_H

#include "vdflctl.h"

enum conf_key {
	/* attributes of a card; the names are those in sysfs */
	CONF_IRQ_SOURCE,
	CONF_IRQ_HOLDOFF_US,
	CONF_POLL_FLOOR_US,
	CONF_POLL_CEILING_US,
	CONF_RELEASE_GRACE_MS,
	CONF_CARD_KEYS,

	/* of an instance */
	CONF_TYPE = CONF_CARD_KEYS,
	CONF_MMAP,
	CONF_FILTER,
	CONF_RATE,
	CONF_OWNER,
	CONF_KEYS
};

/**
 * struct conf_value - value of a key
 * @text: the value, valid for the key; NULL if the key is absent
 * @line: number of its line, 0 if the key is absent
 */
struct conf_value {
	char *text;
	unsigned int line;
};

/**
 * struct conf_section - one section of a file
 * @uuid: instance, or empty for the card
 * @line: number of the line with the name of the section
 * @skip: the name was rejected; all lines of the section are ignored
 * @bad: a line of the section was rejected
 * @value: by enum conf_key
 */
struct conf_section {
	char uuid[UUID_LEN];
	unsigned int line;
	bool skip;
	bool bad;
	struct conf_value value[CONF_KEYS];
};

/**
 * struct conf - contents of a file
 * @path: the file
 * @errors: number of reported errors
 * @count: number of @section
 * @section: sections in the order of the file
 */
struct conf {
	char path[PATH_LEN];
	unsigned int errors;
	size_t count;
	struct conf_section *section;
};

/*
 * Addresses of the cards that have a file, none without the directory; free with
 * names_free()
 */
void conf_cards(struct names *cards);
bool conf_exists(const char *bdf);
const char *conf_key_name(enum conf_key key);
/*
 * Read the file of a card. Report a line that is not valid, and go on with the
 * next. Return 0; -1 with @fault set if there is nothing to read. Free with
 * conf_free() in both cases.
 */
int conf_load(struct conf *conf, const char *bdf, struct fault *fault);
void conf_free(struct conf *conf);
/* Report and count an error in a line */
void conf_report(struct conf *conf, unsigned int line,
		 const struct fault *fault);
/*
 * Call @act when no other save or restore of the card is running, so that save does
 * not store a card that is restored in part. The driver may bind the card before its
 * restore has begun; save does not wait then. Return its result, or -1 with @fault
 * set.
 */
int conf_locked(const char *bdf,
		int (*act)(const char *bdf, struct fault *fault),
		struct fault *fault);
/* Replace the file of a card, and set @path */
int conf_replace(const char *bdf, const char *text, char path[PATH_LEN],
		 struct fault *fault);

#endif /* _VDFLCTL_CONF_H */
