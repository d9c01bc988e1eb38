/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vdflctl: what its files share.
 *
 * fault and text helpers (util.c, table.c), files of the kernel (sysfs.c), the
 * picture built from them (model.c, names.c), VFIO devices (vfio.c, region.c,
 * describe.c), and one function per command (cmd_*.c).
 */
#ifndef _VDFLCTL_H
#define _VDFLCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <jansson.h>
#include <linux/types.h>
#include <linux/vfio_dfl_mdev.h>

#define DRIVER		"vfio_dfl_mdev"
#define TYPE_PREFIX	DRIVER "-"

#define EXIT_USAGE	2
#define EXIT_TIMEOUT	124	/* as timeout(1) */

#define BDF_LEN		24
#define UUID_LEN	37
#define NAME_LEN	64
#define TEXT_LEN	160
#define PATH_LEN	512
#define WORDS_LEN	4096	/* the longest file in sysfs */

#define ABSENT		(~0ULL)	/* a number the kernel does not tell */

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT_ULL(n)	(1ULL << (n))
#define GENMASK_ULL(high, low)	\
	((~0ULL << (low)) & (~0ULL >> (63 - (high))))

#ifndef __printf
#define __printf(fmt, first)	__attribute__((format(printf, fmt, first)))
#endif

/* The bits of @value under @mask, moved down */
static inline __u64 field_get(__u64 mask, __u64 value)
{
	return (value & mask) / (mask & -mask);
}

/* util.c */

/**
 * struct fault - why something failed, in words
 * @what: what was tried and how it ended
 * @next: what the user can do about it, or empty
 */
struct fault {
	char what[TEXT_LEN * 3];
	char next[TEXT_LEN * 3];
};

/* Both return -1, for "return fault_set(...)" */
int fault_set(struct fault *fault, const char *fmt, ...) __printf(2, 3);
int fault_next(struct fault *fault, const char *fmt, ...) __printf(2, 3);
/* Was it for want of privilege? Then say so */
bool fault_denied(struct fault *fault, int error);
/* Prints to stderr; returns EXIT_FAILURE */
int fault_report(const struct fault *fault);

/* snprintf() for fixed fields: never past @size, always ended */
void text_set(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
/* "-", "16", "4K", "1M", or "?" when ABSENT */
void text_size(char *buf, size_t size, __u64 bytes);

bool parse_number(const char *text, __u64 *value);
/* 0000:01:00.0 or 01:00.0, any case; @bdf gets the form sysfs uses */
bool parse_bdf(const char *text, char bdf[BDF_LEN]);
bool parse_uuid(const char *text, char uuid[UUID_LEN]);
/* Accepts the name with and without prefix; @type gets it without */
bool parse_type(const char *text, char type[NAME_LEN]);

/* What remains after the options must be @count arguments */
bool arguments_are(int argc, char **argv, int first, int count);

int print_json(json_t *root);

/* table.c */

#define TABLE_COLUMNS	8

/**
 * struct table - rows of text, printed with columns as wide as needed
 * @columns: number of columns in use
 * @rows: number of rows
 * @cell: @rows * @columns strings
 */
struct table {
	size_t columns;
	size_t rows;
	char **cell;
};

void table_start(struct table *table, size_t columns);
void table_row(struct table *table, ...); /* one string for each column */
void table_print(struct table *table, int indent); /* and free */

/* sysfs.c: paths are below /sys, or below VDFL_SYSFS in tests */

int sysfs_path(char *path, const char *fmt, ...) __printf(2, 3);
bool sysfs_exists(const char *fmt, ...) __printf(1, 2);
/* One line without its end; 0 or -errno, then @buf is empty */
int sysfs_read(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
int sysfs_write(const char *text, const char *fmt, ...) __printf(2, 3);
/* Last component of what a link points to; 0 or -errno */
int sysfs_link(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/**
 * struct names - sorted entries of a directory
 * @count: number of entries
 * @name: the entries
 */
struct names {
	size_t count;
	char **name;
};

/* Entries that @keep likes; a directory that cannot be read has none */
void sysfs_names(struct names *names, bool (*keep)(const char *name),
		 const char *fmt, ...) __printf(3, 4);
void names_free(struct names *names);

/* names.c */

/* Words for a private feature below an "fme" or "port" */
const char *feature_name(const char *parent_kind, __u64 id);
/* Words for an AFU everybody knows, or NULL */
const char *afu_name(const char *guid);

/* model.c: the cards as sysfs shows them; empty text means "none" */

struct block {
	char pos[NAME_LEN];
	char kind[NAME_LEN];
	char feature_id[NAME_LEN];
	char guid[NAME_LEN];
	char parent[NAME_LEN];
	char class[NAME_LEN];
	char withheld[TEXT_LEN];
	char type[NAME_LEN];
	char scrub[NAME_LEN];
	char instance[NAME_LEN];
	char what[TEXT_LEN];	/* for people, from the names above */
	__u64 revision;
	__u64 dfh_version;
	__u64 bar;
	__u64 offset;
	__u64 size;
	__u64 mappable;
	__u64 vectors;
};

struct type {
	char type[NAME_LEN];	/* without prefix */
	char name[TEXT_LEN];
	char description[TEXT_LEN];
	__u64 available_instances;
};

struct instance {
	char uuid[UUID_LEN];
	char card[BDF_LEN];
	char type[NAME_LEN];	/* without prefix */
	char group[NAME_LEN];
	char cdev[NAME_LEN];	/* "vfio3", or empty without device nodes */
	char block[NAME_LEN];
	char mmap[NAME_LEN];
	char irq_source[NAME_LEN];
	char scrub[NAME_LEN];
	char state[NAME_LEN];	/* "created", or "removing": waits for users */
};

struct card {
	char address[BDF_LEN];
	char vendor[NAME_LEN];
	char device[NAME_LEN];
	char subsystem_vendor[NAME_LEN];
	char subsystem_device[NAME_LEN];
	char fence_command[TEXT_LEN];
	char fence_iommu[TEXT_LEN];
	char fence_port[TEXT_LEN];
	char siblings_mastering[TEXT_LEN];
	char irq_source[NAME_LEN];
	char irq_sources[TEXT_LEN];
	char irq_stuck[WORDS_LEN];
	__u64 busmaster_violations;
	__u64 busmaster_acknowledged;
	__u64 irq_holdoff_us;
	__u64 poll_floor_us;
	__u64 poll_ceiling_us;
	__u64 gone;
	char state[NAME_LEN];
	__u64 release_grace_ms;
	size_t nr_blocks;
	size_t nr_types;
	size_t nr_instances;
	struct block *blocks;
	struct type *types;
	struct instance *instances;
};

enum attr_kind {
	ATTR_TEXT,
	ATTR_WORDS,	/* with blanks in between; an array in JSON */
	ATTR_NUMBER,	/* __u64 */
	ATTR_DERIVED,	/* text that is no file of its own */
};

/**
 * struct attr - one field of a model struct
 * @name: file in sysfs and key in JSON
 * @kind: what it holds
 * @offset: of the field
 * @size: of the field
 */
struct attr {
	const char *name;
	enum attr_kind kind;
	size_t offset;
	size_t size;
};

/* Addresses of the cards bound to our driver, or being unbound from it */
void model_cards(struct names *cards);
/* Not true any more while the card is being unbound */
bool model_card_bound(const char *bdf);
/* Bound or being unbound; -1 after saying what it is instead, and how to bind */
int model_card_need(const char *bdf, struct fault *fault);
void model_card_load(struct card *card, const char *bdf);
void model_card_free(struct card *card);
int model_instance_load(struct instance *inst, const char *uuid,
			struct fault *fault);
void model_block_load(struct block *block, const char *bdf, const char *pos);
/* mdevs below a card; free with names_free() */
void model_instances(struct names *uuids, const char *bdf);

json_t *card_json(const struct card *card);
json_t *block_json(const struct block *block);
json_t *instance_json(const struct instance *inst);

/* vfio.c */

struct vfio_dev {
	int container;	/* or iommufd */
	int group;	/* -1 when opened through its device node */
	int device;
};

/* /dev, or VDFL_DEV in tests */
const char *dev_root(void);
int vfio_open(struct vfio_dev *dev, const struct instance *inst,
	      struct fault *fault);
void vfio_close(struct vfio_dev *dev);
/* Does the node of its group exist? @path is where it would be */
bool vfio_group_node(const struct instance *inst, char path[PATH_LEN]);
/* Has another program opened it? Not known (false) without the permission */
bool vfio_in_use(const struct instance *inst);

/* region.c */

#define REGION_AREAS	16

/**
 * struct region - one region of a VFIO device
 * @index: its number
 * @flags: VFIO_REGION_INFO_FLAG_*
 * @size: bytes
 * @offset: of the region in the device file
 * @type: of VFIO_REGION_INFO_CAP_TYPE, 0 without
 * @subtype: see @type
 * @nr_areas: number of @area
 * @area: what can be mapped
 */
struct region {
	__u32 index;
	__u32 flags;
	__u64 size;
	__u64 offset;
	__u32 type;
	__u32 subtype;
	__u32 nr_areas;
	struct {
		__u64 offset;
		__u64 size;
	} area[REGION_AREAS];
};

/* 0 or -errno */
int region_get(int device, __u32 index, struct region *region);

/* describe.c */

#define DESCRIBE_PARAMS	256	/* 64-bit words */

/**
 * struct description - contents of the description region
 * @block: as the driver wrote it
 * @nr_words: words in @word
 * @word: parameter blocks, their headers included
 */
struct description {
	struct vfio_dfl_mdev_block block;
	__u32 nr_words;
	__u64 word[DESCRIBE_PARAMS];
};

int describe(int device, struct description *desc, struct fault *fault);
json_t *description_json(const struct description *desc);
void print_description(const struct description *desc);

/* main.c */

struct command {
	const char *name;
	const char *arguments;
	const char *summary;
	const char *details;
	int (*run)(const struct command *cmd, int argc, char **argv);
};

int command_help(const struct command *cmd);
/* "try --help"; returns EXIT_USAGE. @fmt may be NULL if getopt has spoken */
int command_misuse(const struct command *cmd, const char *fmt, ...)
	__printf(2, 3);
/*
 * Take --help and, unless NULL, --@name, for short its first letter, which sets
 * @flag. Returns -1 to go on at optind, else the exit status.
 */
int command_options(const struct command *cmd, int argc, char **argv,
		    const char *name, bool *flag);
/* Take an argument of that shape; 0, or EXIT_USAGE after saying so */
int command_bdf(const struct command *cmd, const char *text,
		char bdf[BDF_LEN]);
int command_uuid(const struct command *cmd, const char *text,
		 char uuid[UUID_LEN]);

/* cmd_*.c */
extern const struct command cmd_list, cmd_create, cmd_remove, cmd_info;
extern const struct command cmd_read, cmd_write, cmd_wait;
extern const struct command cmd_bind, cmd_unbind, cmd_give;
extern const struct command cmd_irq, cmd_acknowledge;

#endif /* _VDFLCTL_H */
