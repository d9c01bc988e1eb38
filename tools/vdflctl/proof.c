// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measurements whether a card honours bus master off, one JSON file per card.
 * A measurement counts for the image and the kernel with which it was made.
 */

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "vdflctl.h"

#define FIELD(name)	{ #name, offsetof(struct proof, name), \
			  sizeof(((struct proof *)0)->name) }

static const struct {
	const char *key;
	size_t offset;
	size_t size;
} fields[] = {
	FIELD(verdict), FIELD(reason), FIELD(engine), FIELD(fence),
	FIELD(image), FIELD(kernel), FIELD(date),
};

static char *field_of(const struct proof *proof, size_t i)
{
	return (char *)proof + fields[i].offset;
}

/* /var/lib/vdfl/proofs, or VDFL_PROOFS in tests */
static int proof_path(char *path, const char *bdf)
{
	const char *root = secure_getenv("VDFL_PROOFS");
	int len = snprintf(path, PATH_LEN, "%s/%s.json",
			   root ? root : "/var/lib/vdfl/proofs", bdf);

	return len < PATH_LEN ? 0 : -ENAMETOOLONG;
}

/* 64-bit FNV-1a, over the text and its final zero */
static __u64 hash(__u64 state, const char *text)
{
	do {
		state = (state ^ (unsigned char)*text) * 0x100000001b3ULL;
	} while (*text++);
	return state;
}

static __u64 hash_block(__u64 state, const struct block *block)
{
	char numbers[TEXT_LEN];

	text_set(numbers, sizeof(numbers), "%llx %llx", block->revision,
		 block->dfh_version);
	state = hash(state, block->pos);
	state = hash(state, block->kind);
	state = hash(state, block->feature_id);
	state = hash(state, numbers);
	return hash(state, block->guid);
}

/* Identify the image by all that its headers report and sysfs shows */
static void set_image(char *text, size_t size, const struct card *card)
{
	__u64 state = 0xcbf29ce484222325ULL;
	char revision[NAME_LEN], bitstream[NAME_LEN];
	size_t i;

	sysfs_read(revision, sizeof(revision), "bus/pci/devices/%s/revision",
		   card->address);
	/* Reads as 0 if the FME is in another function */
	sysfs_read(bitstream, sizeof(bitstream),
		   "bus/pci/devices/%s/dfl/bitstream_id", card->address);
	state = hash(state, card->vendor);
	state = hash(state, card->device);
	state = hash(state, card->subsystem_vendor);
	state = hash(state, card->subsystem_device);
	state = hash(state, revision);
	state = hash(state, bitstream);
	for (i = 0; i < card->nr_blocks; i++)
		state = hash_block(state, &card->blocks[i]);
	text_set(text, size, "%016llx", state);
}

static void set_kernel(char *text, size_t size)
{
	struct utsname name;

	if (uname(&name))
		text_set(text, size, "unknown");
	else
		text_set(text, size, "%s %s", name.release, name.version);
}

void proof_start(struct proof *proof, const struct card *card)
{
	time_t now = time(NULL);
	struct tm tm;

	*proof = (struct proof){ .state = "current" };
	set_image(proof->image, sizeof(proof->image), card);
	set_kernel(proof->kernel, sizeof(proof->kernel));
	strftime(proof->date, sizeof(proof->date), "%FT%TZ", gmtime_r(&now, &tm));
}

bool proof_measured(const struct proof *proof)
{
	return !strcmp(proof->verdict, PROOF_HONOURS) ||
	       !strcmp(proof->verdict, PROOF_IGNORES);
}

static bool is_verdict(const char *text)
{
	return !strcmp(text, PROOF_HONOURS) || !strcmp(text, PROOF_IGNORES) ||
	       !strcmp(text, PROOF_NO_ENGINE) ||
	       !strcmp(text, PROOF_NOT_PROVABLE);
}

static void parse(struct proof *proof, const json_t *json)
{
	const char *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		text = json_string_value(json_object_get(json, fields[i].key));
		text_set(field_of(proof, i), fields[i].size, "%s",
			 text ? text : "");
	}
	if (!is_verdict(proof->verdict))
		proof->verdict[0] = '\0';
}

void proof_load(struct proof *proof, const struct card *card)
{
	struct proof now;
	char path[PATH_LEN];
	json_t *json;

	*proof = (struct proof){ 0 };
	if (proof_path(path, card->address))
		return;
	json = json_load_file(path, 0, NULL);
	parse(proof, json);
	json_decref(json);
	if (!proof->verdict[0])
		return;
	proof_start(&now, card);
	text_set(proof->state, sizeof(proof->state), "%s",
		 strcmp(proof->image, now.image) ? "stale: image changed" :
		 strcmp(proof->kernel, now.kernel) ? "stale: kernel changed" :
		 "current");
}

bool proof_current(const struct proof *proof)
{
	return proof->verdict[0] && !strcmp(proof->state, "current");
}

static json_t *stored_json(const struct proof *proof)
{
	json_t *json = json_object();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		json_object_set_new(json, fields[i].key,
				    *field_of(proof, i) ?
				    json_string(field_of(proof, i)) :
				    json_null());
	return json;
}

json_t *proof_json(const struct proof *proof)
{
	json_t *json;

	if (!proof->verdict[0])
		return json_null();
	json = stored_json(proof);
	json_object_set_new(json, "state", json_string(proof->state));
	return json;
}

int proof_save(const struct proof *proof, const struct card *card,
	       struct fault *fault)
{
	char path[PATH_LEN];
	json_t *json;
	int ret;

	/* A run without result does not replace a measurement */
	if (!proof_measured(proof) && proof_current(&card->proof) &&
	    proof_measured(&card->proof))
		return 0;
	ret = proof_path(path, card->address);
	if (!ret) {
		json = stored_json(proof);
		ret = file_replace_json(path, json);
		json_decref(json);
	}
	return ret ? fault_error(fault, -ret, "cannot store the verdict in %s",
				 path) : 0;
}
