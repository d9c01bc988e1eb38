/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vdflctl: declarations of all files.
 *
 * The files, from the bottom up. A file uses only files of the lines above it:
 *   util.c              faults, text, numbers and addresses
 *   table.c, sysfs.c    tables; files of the kernel
 *   file.c              files that are replaced as a whole
 *   names.c, region.c   names of features; VFIO regions
 *   proof.c             stored measurements of bus mastering
 *   model.c             cards, blocks, types and instances from sysfs
 *   statistics.c        activity of instances, see statistics.h
 *   errors.c            error words in plain text
 *   binding.c           driver and driver_override of a PCI function
 *   instance.c          types and creation of instances
 *   registers.c, filter.c   names of registers; filters, see filter.h
 *   describe.c, vfio.c  description region; opening an instance
 *   owner.c             owner of an instance and of its device nodes
 *   conf.c              files of saved cards, see conf.h
 *   window.c            registers of an open instance
 *   map.c, picture.c    parts of the BARs, see map.h, and their pictures
 *   function.c          a whole PCI function with a page for DMA
 *   engine.c            DMA engines of AFUs
 *   command.c           command lines of the verbs
 *   verb_*.c            one verb each
 *   main.c              the table of the verbs
 */
#ifndef _VDFLCTL_H
#define _VDFLCTL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
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

#define ABSENT		(~0ULL)	/* number that the kernel does not provide */

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT_ULL(n)	(1ULL << (n))
#define GENMASK_ULL(high, low)	\
	((~0ULL << (low)) & (~0ULL >> (63 - (high))))

#ifndef __printf
#define __printf(fmt, first)	__attribute__((format(printf, fmt, first)))
#endif

/* Extract the bits of @value in @mask */
static inline __u64 field_get(__u64 mask, __u64 value)
{
	return (value & mask) / (mask & -mask);
}

/* util.c */

/**
 * struct fault - messages about a failure
 * @problem: operation and error
 * @remedy: command or action for the user, or empty
 */
struct fault {
	char problem[TEXT_LEN * 3];
	char remedy[TEXT_LEN * 3];
};

/* Replace control characters of arguments and files, which may control a terminal */
void text_clean(char *text);
/* Set the problem and clear the remedy, or set the remedy; return -1 */
int fault_set(struct fault *fault, const char *fmt, ...) __printf(2, 3);
int fault_remedy(struct fault *fault, const char *fmt, ...) __printf(2, 3);
/* Set the remedy and return true if @error is a lack of privilege */
bool fault_denied(struct fault *fault, int error);
/* Set "@fmt: @error", and root as the remedy for a lack of privilege; return -1 */
int fault_error(struct fault *fault, int error, const char *fmt, ...)
	__printf(3, 4);
/* The same for an operation of the driver, whose remedy is the kernel log */
int fault_kernel(struct fault *fault, int error, const char *fmt, ...)
	__printf(3, 4);
/* Print to stderr, after @prefix if there is one; return EXIT_FAILURE */
int fault_report_at(const char *prefix, const struct fault *fault);
int fault_report(const struct fault *fault);

/* Let signals wait while a card is between two drivers */
void signals_block(sigset_t *former);
void signals_restore(const sigset_t *former);

/* snprintf() that truncates silently */
void text_set(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
/* "-" for 0, "16", "4K", "1M", or "?" for ABSENT */
void text_size(char *buf, size_t size, __u64 bytes);

/* Return true for one or more lower case letters */
bool text_is_word(const char *text);

/* Decimal, hexadecimal with 0x or octal with a leading 0 */
bool parse_number(const char *text, __u64 *value);
bool parse_decimal(const char *text, __u64 *value);
/* Accept 0000:01:00.0 and 01:00.0 in any case; @bdf is as in sysfs */
bool parse_bdf(const char *text, char bdf[BDF_LEN]);
bool parse_uuid(const char *text, char uuid[UUID_LEN]);
/* Accept the name with and without prefix; @type is without prefix */
bool parse_type(const char *text, char type[NAME_LEN]);

int print_json(json_t *root);

/* table.c */

#define TABLE_COLUMNS	8

/**
 * struct table - rows of text, printed with columns as wide as needed
 * @columns: number of columns in use
 * @rows: number of rows
 * @cell: strings, row by row
 */
struct table {
	size_t columns;
	size_t rows;
	char **cell;
};

void table_start(struct table *table, size_t columns);
void table_row(struct table *table, ...); /* a string per column */
void table_print(struct table *table, int indent); /* and free */

/* sysfs.c: paths are below /sys, or below VDFL_SYSFS in tests */

int sysfs_path(char *path, const char *fmt, ...) __printf(2, 3);
bool sysfs_exists(const char *fmt, ...) __printf(1, 2);
/* Read the first line; return 0, or -errno with an empty @buf */
int sysfs_read(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
/* Read and terminate a file; return the number of bytes, or -errno */
ssize_t sysfs_read_all(char *buf, size_t size, const char *fmt, ...)
	__printf(3, 4);
/* Check that a file can be opened for writing; return 0 or -errno */
int sysfs_writable(const char *fmt, ...) __printf(1, 2);
int sysfs_write(const char *text, const char *fmt, ...) __printf(2, 3);
/*
 * Write the attribute @name of the driver unless it has the value. Return 0, or
 * -errno with @fault set.
 */
int sysfs_set(const char *value, const char *dir, const char *name,
	      struct fault *fault);
/* Read the last component of the target of a link; return 0 or -errno */
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

/* List the entries for which @keep returns true; none on error */
void sysfs_names(struct names *names, bool (*keep)(const char *name),
		 const char *fmt, ...) __printf(3, 4);
void names_free(struct names *names);

/* file.c */

/* Create all directories above @path. Return 0 or -errno. */
int file_make_dirs(const char *path);
/*
 * Replace a file, or create it and its directories, so that it has the old or the
 * new contents even after a crash. Return 0 or -errno.
 */
int file_replace(const char *path, const char *text);
/* The same with an object as text */
int file_replace_json(const char *path, const json_t *json);
/*
 * Wait until no other process has the lock @name, and print that another @other is
 * waited for. Only root can open the file, so that no other user can hold the lock.
 * Return a descriptor whose close() ends the lock, or -1 with @fault set.
 */
int file_lock(const char *name, const char *other, struct fault *fault);

/* names.c */

/* Name of a private feature of an "fme" or "port" */
const char *feature_name(const char *parent_kind, __u64 id);
/* Name of a well-known AFU, or NULL */
const char *afu_name(const char *guid);

/* model.c: contents of sysfs; empty text means "none" */

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
	char read_only_type[NAME_LEN];	/* empty if there is none */
	char what[TEXT_LEN];	/* description, see names.c */
	char parent_kind[NAME_LEN];	/* of a private feature; not in JSON */
	__u64 revision;
	__u64 dfh_version;
	__u64 bar;
	__u64 offset;
	__u64 size;
	__u64 mappable;
	__u64 vectors;
	__u64 readers;		/* ABSENT with an older driver */
	__u64 port;		/* number of a port, ABSENT for other blocks */
	/* error words, empty without the feature or the permission */
	char errors[NAME_LEN];
	char first_error[NAME_LEN];
	char pcie_errors[NAME_LEN];
	char nonfatal_errors[NAME_LEN];
	char catfatal_errors[NAME_LEN];
};

struct type {
	char type[NAME_LEN];	/* without prefix */
	char name[TEXT_LEN];
	char description[TEXT_LEN];
	__u64 available_instances;
};

#define FILTER_NONE	"none"

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
	char owner[NAME_LEN];	/* user id or OWNER_NONE */
	char filter[WORDS_LEN];	/* ranges of registers, or FILTER_NONE */
	__u64 rate;		/* accesses a second, 0 without a bound, or ABSENT */
	char state[NAME_LEN];	/* "created", or "removing": waits for users */
};

/* Verdicts of vdflctl prove */
#define PROOF_HONOURS		"honours"
#define PROOF_IGNORES		"ignores"
#define PROOF_NO_ENGINE		"no engine"
#define PROOF_NOT_PROVABLE	"not provable here"

/**
 * struct proof - measurement whether a card honours bus master off
 * @verdict: PROOF_*, or empty: never measured
 * @reason: reason of a verdict that is no measurement, or empty
 * @engine: engine that was tried, or empty
 * @fence: "iommu" if only a page was reachable, "none" without an IOMMU, or empty
 * @image: hash of the ids and headers of the card
 * @kernel: release and version
 * @date: UTC, ISO 8601
 * @state: "current", or "stale: " and the reason
 */
struct proof {
	char verdict[NAME_LEN];
	char reason[TEXT_LEN * 3];
	char engine[NAME_LEN];
	char fence[NAME_LEN];
	char image[NAME_LEN];
	char kernel[TEXT_LEN];
	char date[NAME_LEN];
	char state[NAME_LEN];
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
	char links[TEXT_LEN];
	char siblings_mastering[WORDS_LEN];
	char siblings_out_of_sight[TEXT_LEN];
	char irq_source[NAME_LEN];
	char irq_sources[TEXT_LEN];
	char irq_stuck[WORDS_LEN];
	__u64 busmaster_violations;
	__u64 busmaster_acknowledged;
	__u64 siblings_started;
	__u64 irq_holdoff_us;
	__u64 poll_floor_us;
	__u64 poll_ceiling_us;
	__u64 gone;
	__u64 generation;
	char state[NAME_LEN];
	__u64 release_grace_ms;
	struct proof proof;
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
	ATTR_DERIVED,	/* text that is not read from a file */
};

/**
 * struct attr - one field of a model struct
 * @name: file in sysfs and key in JSON
 * @kind: kind of the contents
 * @offset: of the field
 * @size: of the field
 */
struct attr {
	const char *name;
	enum attr_kind kind;
	size_t offset;
	size_t size;
};

/* Addresses of the cards that are bound to the driver, or being unbound */
void model_cards(struct names *cards);
/* Not true any more while the card is being unbound */
bool model_card_bound(const char *bdf);
/* Return 0 if the card is bound or being unbound, else -1 with @fault set */
int model_card_need(const char *bdf, struct fault *fault);
void model_card_load(struct card *card, const char *bdf);
void model_card_free(struct card *card);
int model_instance_load(struct instance *inst, const char *uuid,
			struct fault *fault);
/* The same, but also for an instance that is being removed */
int model_instance_find(struct instance *inst, const char *uuid,
			struct fault *fault);
void model_block_load(struct block *block, const char *bdf, const char *pos);
/* UUIDs of the instances of a card; free with names_free() */
void model_instances(struct names *uuids, const char *bdf);
/* Find the only instance in an IOMMU group; return false if there is none */
bool model_group_instance(const char *group, char uuid[UUID_LEN]);

/* Return the block of a card at a position, or NULL */
const struct block *card_block(const struct card *card, const char *pos);
json_t *card_json(const struct card *card);
json_t *block_json(const struct block *block);
json_t *instance_json(const struct instance *inst);

/* errors.c */

/* List the errors of a card, a line each; free with names_free() */
void errors_lines(struct names *lines, const struct card *card);
/* The same lines as an array */
json_t *errors_json(const struct card *card);
/* Return true if an AFU has stopped the card; a reset of @port releases it */
bool errors_stopped(const struct card *card, __u64 *port);

/* proof.c */

/* Set image, kernel and date of a measurement that begins now */
void proof_start(struct proof *proof, const struct card *card);
/* Load the stored measurement of a card of which the blocks are loaded */
void proof_load(struct proof *proof, const struct card *card);
/* Return true if there is a verdict, for the present image and kernel */
bool proof_current(const struct proof *proof);
/* Return true if the verdict is honours or ignores */
bool proof_measured(const struct proof *proof);
/*
 * Store a measurement. A verdict that is no measurement does not replace a current
 * measurement.
 */
int proof_save(const struct proof *proof, const struct card *card,
	       struct fault *fault);
json_t *proof_json(const struct proof *proof);

/* binding.c */

/**
 * struct binding - driver and override of a card before the command
 * @driver: name, or empty
 * @override: contents of driver_override, or a newline for none
 */
struct binding {
	char driver[NAME_LEN];
	char override[TEXT_LEN];
};

void binding_load(struct binding *binding, const char *bdf);
/* Return true if binding_take() unbinds the driver @driver only with @force */
bool binding_needs_force(const char *driver);
/*
 * Unbind a card from its former driver and probe it with @driver. @moved is set to
 * whether the former driver is unbound. Return 0 or -errno.
 */
int binding_move(const char *bdf, const struct binding *former,
		 const char *driver, bool *moved);
/* The card has no driver. Return 0 or -errno. */
int binding_restore(const struct binding *former, const char *bdf);

/*
 * Bind a card to the driver, unless it is bound to it. Without @force, only
 * known drivers are unbound first. On failure restore the former driver, and
 * return -1 with @fault set.
 */
int binding_take(const char *bdf, bool force, struct fault *fault);

/* instance.c */

/* Set the name of the type by position, which not each card has */
void instance_position_type(const struct instance *inst, char *type,
			    size_t size);
/* @type is without prefix; 0, or -1 with @fault set */
int instance_create(const char *bdf, const char *type, const char *uuid,
		    struct fault *fault);

/* grace.c */

/* Check the argument of --grace; 0, or EXIT_USAGE after printing the reason */
int grace_parse(const char *text);
/* Write a grace to the card, unless @text is NULL */
int grace_set(const char *bdf, const char *text, struct fault *fault);

/* vfio.c */

struct vfio_dev {
	int container;	/* or iommufd */
	int group;	/* -1 if opened through its device node */
	int device;
};

/* /dev, or VDFL_DEV in tests */
const char *dev_root(void);
int vfio_open(struct vfio_dev *dev, const struct instance *inst,
	      struct fault *fault);
void vfio_close(struct vfio_dev *dev);
/* Report an instance whose directory in sysfs names no node; return -1 */
int vfio_no_node(const struct instance *inst, struct fault *fault);
/* Set @path to the node of the group; return true if it exists */
bool vfio_group_node(const struct instance *inst, char path[PATH_LEN]);

/* owner.c */

#define OWNER_NONE	"none"

/* Find a user by name, decimal id, or id after a plus sign; OWNER_NONE is root */
int owner_find(const char *name, uid_t *uid, struct fault *fault);
/* The same, but a number is an id, as save stores it, also if a user has this name */
int owner_find_stored(const char *name, uid_t *uid, struct fault *fault);
/*
 * Make a user the owner of an instance and of its device nodes; for root, the
 * driver does not check the user any more. Print each node that changed.
 */
int owner_set(const char *uuid, uid_t uid, struct fault *fault);

/* region.c */

#define REGION_AREAS	32	/* ranges of a filter */

/**
 * struct region - one region of a VFIO device
 * @index: VFIO region index
 * @flags: VFIO_REGION_INFO_FLAG_*
 * @size: bytes
 * @offset: of the region in the device file
 * @type: from VFIO_REGION_INFO_CAP_TYPE, or 0
 * @subtype: see @type
 * @nr_areas: number of @area
 * @area: parts that can be mapped
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
 * @block: as read from the driver
 * @nr_words: words in @word
 * @word: parameter blocks with their headers
 */
struct description {
	struct vfio_dfl_mdev_block block;
	__u32 nr_words;
	__u64 word[DESCRIBE_PARAMS];
};

int describe(int device, struct description *desc, struct fault *fault);
json_t *description_json(const struct description *desc);
void print_description(const struct description *desc);

/* command.c */

/**
 * struct command - a verb
 * @name: of the verb
 * @alias: other name of the verb, or NULL
 * @arguments: options and operands, for the usage line
 * @summary: one line for the list of verbs
 * @details: options and notes, for --help of the verb
 * @run: parse the command line and run; returns the exit status
 */
struct command {
	const char *name;
	const char *alias;
	const char *arguments;
	const char *summary;
	const char *details;
	int (*run)(const struct command *cmd, int argc, char **argv);
};

int command_help(const struct command *cmd);

/*
 * The functions below return EXIT_USAGE after a message on stderr that ends
 * with a reference to --help.
 */

/* @fmt is NULL if getopt has already printed the error */
int command_misuse(const char *fmt, ...) __printf(1, 2);
/*
 * Parse --help and, unless NULL, --@name, for short its first letter, which
 * sets @flag. Return -1 if the verb continues at optind, else the exit status.
 */
int command_options(const struct command *cmd, int argc, char **argv,
		    const char *name, bool *flag);
/* Check that @count operands start at optind; return 0 or EXIT_USAGE */
int command_operands(int argc, char **argv, int count);
/* Parse an operand or the argument of an option; return 0 or EXIT_USAGE */
int command_bdf(const char *text, char bdf[BDF_LEN]);
/* The address of a card is the only operand */
int command_only_bdf(int argc, char **argv, char bdf[BDF_LEN]);
/*
 * Act on the cards that are operands, else on those that @all lists. Go on after
 * a failure, because the cards are independent. Return the exit status.
 */
int command_cards(int argc, char **argv, void (*all)(struct names *cards),
		  int (*act)(const char *bdf, struct fault *fault));
int command_uuid(const char *text, char uuid[UUID_LEN]);
int command_number(const char *text, const char *what, __u64 *value);
int command_count(const char *text, __u64 *count);
int command_width(const char *text, __u32 *width);

/* verb_*.c */
extern const struct command verb_list, verb_info, verb_map;
extern const struct command verb_create, verb_remove;
extern const struct command verb_read, verb_write, verb_wait;
extern const struct command verb_bind, verb_unbind, verb_give, verb_filter;
extern const struct command verb_save, verb_restore, verb_name, verb_cdi;
extern const struct command verb_top, verb_metrics, verb_events;
extern const struct command verb_irq, verb_acknowledge, verb_reset_port, verb_prove;

#endif /* _VDFLCTL_H */
