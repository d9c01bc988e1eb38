// SPDX-License-Identifier: GPL-2.0-only
/* Files of saved cards: sections with keys and values, see conf.h */

#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"

#define FILE_MAX	(64 << 10)	/* bytes */
#define SUFFIX		".conf"
#define BLANKS		" \t"
#define FIRST_INSTANCE_KEY	CONF_TYPE

static bool is_number(const char *text)
{
	__u64 value;

	return parse_decimal(text, &value);
}

static bool is_type(const char *text)
{
	char type[NAME_LEN];

	return parse_type(text, type);
}

static bool is_switch(const char *text)
{
	return !strcmp(text, "on") || !strcmp(text, "off");
}

/* A name is resolved only when the file is restored; an unknown one is printed */
static bool is_user(const char *text)
{
	const char *next;

	for (next = text; *next; next++)
		if (*next == ' ' || iscntrl((unsigned char)*next))
			return false;
	return next > text;
}

/* Names are resolved, and the driver parses the table, when the file is restored */
static bool is_filter(const char *text)
{
	return text[0] &&
	       !text[strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEF_+/;"
				  BLANKS)];
}

static const struct {
	const char *name;
	bool (*valid)(const char *text);
} keys[CONF_KEYS] = {
	[CONF_IRQ_SOURCE]	= { "irq_source", text_is_word },
	[CONF_IRQ_HOLDOFF_US]	= { "irq_holdoff_us", is_number },
	[CONF_POLL_FLOOR_US]	= { "poll_floor_us", is_number },
	[CONF_POLL_CEILING_US]	= { "poll_ceiling_us", is_number },
	[CONF_RELEASE_GRACE_MS]	= { "release_grace_ms", is_number },
	[CONF_TYPE]		= { "type", is_type },
	[CONF_MMAP]		= { "mmap", is_switch },
	[CONF_FILTER]		= { "filter", is_filter },
	[CONF_RATE]		= { "rate", is_number },
	[CONF_OWNER]		= { "owner", is_user },
};

const char *conf_key_name(enum conf_key key)
{
	return keys[key].name;
}

/* --- files ---------------------------------------------------------------- */

/* /etc/vdfl, or VDFL_CONF in tests */
static const char *conf_root(void)
{
	const char *root = secure_getenv("VDFL_CONF");

	return root ? root : "/etc/vdfl";
}

static void conf_path(char path[PATH_LEN], const char *bdf)
{
	text_set(path, PATH_LEN, "%s/%s" SUFFIX, conf_root(), bdf);
}

bool conf_exists(const char *bdf)
{
	char path[PATH_LEN];

	conf_path(path, bdf);
	return !access(path, F_OK);
}

/* Set @bdf if the name is that of the file of a card */
static bool card_of_file(const char *name, char bdf[BDF_LEN])
{
	size_t len = strlen(name), suffix = strlen(SUFFIX);
	char stem[BDF_LEN];

	if (len <= suffix || len - suffix >= sizeof(stem) ||
	    strcmp(name + len - suffix, SUFFIX))
		return false;
	text_set(stem, sizeof(stem), "%.*s", (int)(len - suffix), name);
	return parse_bdf(stem, bdf) && !strcmp(stem, bdf);
}

static int keep_file(const struct dirent *entry)
{
	char bdf[BDF_LEN];

	return card_of_file(entry->d_name, bdf);
}

void conf_cards(struct names *cards)
{
	char bdf[BDF_LEN];
	struct dirent **entry;
	int i, n;

	*cards = (struct names){ 0 };
	n = scandir(conf_root(), &entry, keep_file, alphasort);
	if (n < 0 && errno != ENOENT)
		err(EXIT_FAILURE, "%s", conf_root());
	if (n < 0)
		return;
	cards->name = calloc(n ? n : 1, sizeof(*cards->name));
	for (i = 0; i < n && cards->name; i++) {
		card_of_file(entry[i]->d_name, bdf);
		cards->name[i] = strdup(bdf);
		if (!cards->name[i])
			err(EXIT_FAILURE, "%s", conf_root());
		cards->count++;
		free(entry[i]);
	}
	free(entry);
}

int conf_replace(const char *bdf, const char *text, char path[PATH_LEN],
		 struct fault *fault)
{
	int ret;

	conf_path(path, bdf);
	if (strlen(text) > FILE_MAX)
		return fault_set(fault, "cannot write %s: larger than %u bytes",
				 path, FILE_MAX);
	ret = file_replace(path, text);
	return ret ? fault_error(fault, -ret, "cannot write %s", path) : 0;
}

int conf_locked(const char *bdf,
		int (*act)(const char *bdf, struct fault *fault),
		struct fault *fault)
{
	int lock = file_lock(bdf, "save or restore", fault);
	int ret;

	if (lock < 0)
		return -1;
	ret = act(bdf, fault);
	close(lock);
	return ret;
}

/* --- lines ---------------------------------------------------------------- */

void conf_report(struct conf *conf, unsigned int line,
		 const struct fault *fault)
{
	char prefix[PATH_LEN + NAME_LEN];

	text_set(prefix, sizeof(prefix), "%s:%u: ", conf->path, line);
	fault_report_at(prefix, fault);
	conf->errors++;
}

/* Return the section that is being read, or NULL before the first */
static struct conf_section *current(struct conf *conf)
{
	return conf->count ? &conf->section[conf->count - 1] : NULL;
}

/* The text of a rejected line is not printed, since it may control a terminal */
static void reject(struct conf *conf, unsigned int line, const char *problem)
{
	struct conf_section *section = current(conf);
	struct fault fault;

	fault_set(&fault, "%s", problem);
	conf_report(conf, line, &fault);
	if (section)
		section->bad = true;
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	len = strlen(text);
	while (len && strchr(BLANKS, text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

static bool known_section(const struct conf *conf, const char *uuid)
{
	size_t i;

	for (i = 0; i < conf->count; i++)
		if (!conf->section[i].skip &&
		    !strcmp(conf->section[i].uuid, uuid))
			return true;
	return false;
}

/* Set the UUID of "[instance UUID]"; return the problem, or NULL */
static const char *parse_section(char *text, char uuid[UUID_LEN])
{
	static const char instance[] = "instance ";
	char *end = strchr(text, ']');
	char *word;

	if (!end || end[1])
		return "section does not end with ]";
	*end = '\0';
	word = trim(text + 1);
	if (!strcmp(word, "card"))
		return NULL;
	if (strncmp(word, instance, strlen(instance)))
		return "unknown section";
	return parse_uuid(trim(word + strlen(instance)), uuid) ?
	       NULL : "invalid UUID";
}

/* A rejected section stays, so that its keys do not belong to the one before */
static void read_section(struct conf *conf, unsigned int line, char *text)
{
	struct conf_section section = { .line = line };
	const char *problem = parse_section(text, section.uuid);

	if (!problem && known_section(conf, section.uuid))
		problem = "section appears twice";
	section.skip = problem;
	conf->section = reallocarray(conf->section, conf->count + 1,
				     sizeof(section));
	if (!conf->section)
		err(EXIT_FAILURE, "%s", conf->path);
	conf->section[conf->count++] = section;
	if (problem)
		reject(conf, line, problem);
}

static int find_key(const char *name, bool instance)
{
	int i = instance ? FIRST_INSTANCE_KEY : 0;
	int end = instance ? CONF_KEYS : CONF_CARD_KEYS;

	for (; i < end; i++)
		if (!strcmp(keys[i].name, name))
			return i;
	return -1;
}

static const char *set_value(struct conf_section *section, unsigned int line,
			     const char *name, const char *text)
{
	int key = find_key(name, section->uuid[0]);
	struct conf_value *value = &section->value[key < 0 ? 0 : key];

	if (key < 0)
		return "unknown key";
	if (value->line)
		return "key appears twice";
	if (strlen(text) >= WORDS_LEN || !keys[key].valid(text))
		return "invalid value";
	value->text = strdup(text);
	if (!value->text)
		err(EXIT_FAILURE, "%s", name);
	value->line = line;
	return NULL;
}

static void read_line(struct conf *conf, unsigned int line, char *text)
{
	struct conf_section *section = current(conf);
	const char *problem;
	char *value;

	text = trim(text);
	if (!text[0] || text[0] == '#')
		return;
	if (text[0] == '[') {
		read_section(conf, line, text);
		return;
	}
	if (section && section->skip)
		return;
	value = strchr(text, '=');
	if (!value) {
		problem = "neither 'key = value' nor a section";
	} else if (!section) {
		problem = "key before the first section";
	} else {
		*value = '\0';
		problem = set_value(section, line, trim(text), trim(value + 1));
	}
	if (problem)
		reject(conf, line, problem);
}

static void read_lines(struct conf *conf, char *text, size_t len)
{
	char *end = text + len, *next;
	unsigned int line;

	for (line = 1; text < end; line++, text = next + 1) {
		next = memchr(text, '\n', end - text);
		if (!next)
			next = end;
		*next = '\0';
		if (strlen(text) < (size_t)(next - text))
			reject(conf, line, "zero byte");
		else
			read_line(conf, line, text);
	}
}

/* Read at most FILE_MAX bytes; there is room for one more */
static int read_file(const char *path, char *text, size_t *len,
		     struct fault *fault)
{
	FILE *file = fopen(path, "re");
	int error;

	if (!file)
		return fault_error(fault, errno, "%s", path);
	errno = 0;
	*len = fread(text, 1, FILE_MAX + 1, file);
	error = ferror(file) ? errno : 0;
	fclose(file);
	if (error)
		return fault_set(fault, "%s: %s", path, strerror(error));
	if (*len > FILE_MAX)
		return fault_set(fault, "%s: larger than %u bytes", path, FILE_MAX);
	return 0;
}

int conf_load(struct conf *conf, const char *bdf, struct fault *fault)
{
	char *text = malloc(FILE_MAX + 1);
	size_t len = 0;
	int ret;

	*conf = (struct conf){ 0 };
	conf_path(conf->path, bdf);
	if (!text)
		err(EXIT_FAILURE, "%s", conf->path);
	ret = read_file(conf->path, text, &len, fault);
	if (!ret)
		read_lines(conf, text, len);
	else if (!conf_exists(bdf))
		fault_remedy(fault, "to store the card: vdflctl save %s", bdf);
	free(text);
	return ret;
}

void conf_free(struct conf *conf)
{
	size_t i;
	int key;

	for (i = 0; i < conf->count; i++)
		for (key = 0; key < CONF_KEYS; key++)
			free(conf->section[i].value[key].text);
	free(conf->section);
}
