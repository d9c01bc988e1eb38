// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cards, blocks, types and instances, read from sysfs. A table of attributes
 * per struct is used both to load the struct and to print it as JSON.
 */

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "vdflctl.h"

#define FIELD(type, field, kind) \
	{ #field, kind, offsetof(struct type, field), \
	  sizeof(((struct type *)0)->field) }
#define TEXT(type, field)	FIELD(type, field, ATTR_TEXT)
#define WORDS(type, field)	FIELD(type, field, ATTR_WORDS)
#define NUMBER(type, field)	FIELD(type, field, ATTR_NUMBER)
#define DERIVED(type, field)	FIELD(type, field, ATTR_DERIVED)

static const struct attr block_attrs[] = {
	DERIVED(block, pos),
	TEXT(block, kind),
	TEXT(block, feature_id),
	DERIVED(block, what),
	NUMBER(block, revision),
	NUMBER(block, dfh_version),
	TEXT(block, guid),
	TEXT(block, parent),
	NUMBER(block, bar),
	NUMBER(block, offset),
	NUMBER(block, size),
	NUMBER(block, mappable),
	TEXT(block, class),
	TEXT(block, withheld),
	TEXT(block, type),
	NUMBER(block, vectors),
	TEXT(block, scrub),
	TEXT(block, instance),
	TEXT(block, read_only_type),
	NUMBER(block, readers),
	NUMBER(block, port),
	TEXT(block, errors),
	TEXT(block, first_error),
	TEXT(block, pcie_errors),
	TEXT(block, nonfatal_errors),
	TEXT(block, catfatal_errors),
};

static const struct attr type_attrs[] = {
	DERIVED(type, type),
	TEXT(type, name),
	TEXT(type, description),
	NUMBER(type, available_instances),
};

static const struct attr instance_attrs[] = {
	DERIVED(instance, uuid),
	DERIVED(instance, card),
	DERIVED(instance, type),
	DERIVED(instance, group),
	DERIVED(instance, cdev),
	TEXT(instance, block),
	TEXT(instance, mmap),
	TEXT(instance, irq_source),
	TEXT(instance, scrub),
	TEXT(instance, owner),
	TEXT(instance, filter),
	NUMBER(instance, rate),
	DERIVED(instance, state),
};

static const struct attr pci_attrs[] = {
	DERIVED(card, address),
	TEXT(card, vendor),
	TEXT(card, device),
	TEXT(card, subsystem_vendor),
	TEXT(card, subsystem_device),
};

static const struct attr card_attrs[] = {
	TEXT(card, fence_command),
	TEXT(card, fence_iommu),
	TEXT(card, fence_port),
	TEXT(card, links),
	NUMBER(card, busmaster_violations),
	NUMBER(card, busmaster_acknowledged),
	WORDS(card, siblings_mastering),
	NUMBER(card, siblings_started),
	TEXT(card, siblings_out_of_sight),
	TEXT(card, irq_source),
	WORDS(card, irq_sources),
	WORDS(card, irq_stuck),
	NUMBER(card, irq_holdoff_us),
	NUMBER(card, poll_floor_us),
	NUMBER(card, poll_ceiling_us),
	NUMBER(card, generation),
	NUMBER(card, gone),
	TEXT(card, state),
	NUMBER(card, release_grace_ms),
};

static void load(void *object, const struct attr *attr, size_t count,
		 const char *dir)
{
	char text[WORDS_LEN];
	void *field;

	for (; count--; attr++) {
		if (attr->kind == ATTR_DERIVED)
			continue;
		field = (char *)object + attr->offset;
		sysfs_read(text, sizeof(text), "%s/%s", dir, attr->name);
		if (attr->kind != ATTR_NUMBER)
			text_set(field, attr->size, "%s", text);
		else if (!parse_number(text, field))
			*(__u64 *)field = ABSENT;
	}
}

static json_t *words_json(const char *text)
{
	json_t *words = json_array();
	size_t len;

	for (; *text; text += len) {
		text += strspn(text, " ");
		len = strcspn(text, " ");
		if (len)
			json_array_append_new(words, json_stringn(text, len));
	}
	return words;
}

static json_t *value_json(const void *field, enum attr_kind kind)
{
	if (kind == ATTR_WORDS)
		return words_json(field);
	if (kind == ATTR_NUMBER)
		return *(const __u64 *)field == ABSENT ? json_null() :
			json_integer(*(const __u64 *)field);
	return *(const char *)field ? json_string(field) : json_null();
}

static void save(json_t *json, const void *object, const struct attr *attr,
		 size_t count)
{
	for (; count--; attr++)
		json_object_set_new(json, attr->name,
				    value_json((const char *)object +
					       attr->offset, attr->kind));
}

static void *array(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory)
		err(EXIT_FAILURE, "card");
	return memory;
}

/* The directory is there until unbinding is over, the links to the driver not */
static bool keep_card(const char *name)
{
	char bdf[BDF_LEN];

	return parse_bdf(name, bdf) &&
	       sysfs_exists("bus/pci/devices/%s/dfl/blocks", name);
}

static bool keep_uuid(const char *name)
{
	char uuid[UUID_LEN];

	return parse_uuid(name, uuid);
}

static bool keep_type(const char *name)
{
	char type[NAME_LEN];

	return !strncmp(name, TYPE_PREFIX, strlen(TYPE_PREFIX)) &&
	       parse_type(name, type);
}

static bool keep_visible(const char *name)
{
	return name[0] != '.';
}

void model_cards(struct names *cards)
{
	sysfs_names(cards, keep_card, "bus/pci/devices");
}

bool model_card_bound(const char *bdf)
{
	return sysfs_exists("bus/pci/drivers/" DRIVER "/%s", bdf);
}

int model_card_need(const char *bdf, struct fault *fault)
{
	char driver[NAME_LEN];

	if (keep_card(bdf))
		return 0;
	if (!sysfs_exists("bus/pci/devices/%s", bdf))
		return fault_set(fault, "no such PCI device: %s", bdf);
	sysfs_link(driver, sizeof(driver), "bus/pci/devices/%s/driver", bdf);
	fault_set(fault, "%s is not bound to " DRIVER "; its driver is %s",
		  bdf, driver[0] ? driver : "none");
	return fault_remedy(fault, "as root: vdflctl bind %s", bdf);
}

void model_instances(struct names *uuids, const char *bdf)
{
	sysfs_names(uuids, keep_uuid, "bus/pci/devices/%s", bdf);
}

bool model_group_instance(const char *group, char uuid[UUID_LEN])
{
	struct names uuids;
	bool found;

	sysfs_names(&uuids, keep_uuid, "kernel/iommu_groups/%s/devices", group);
	found = uuids.count == 1 && parse_uuid(uuids.name[0], uuid);
	names_free(&uuids);
	return found;
}

static void describe_block(struct block *block, const char *bdf)
{
	const char *name;
	__u64 id;

	if (!strcmp(block->kind, "fme")) {
		name = "FPGA management engine";
	} else if (!strcmp(block->kind, "port")) {
		name = "Port";
	} else if (!strcmp(block->kind, "afu")) {
		name = afu_name(block->guid);
		text_set(block->what, sizeof(block->what), "AFU %s",
			 name ? name : block->guid);
		return;
	} else if (parse_number(block->feature_id, &id)) {
		if (block->parent[0])
			sysfs_read(block->parent_kind,
				   sizeof(block->parent_kind),
				   "bus/pci/devices/%s/dfl/blocks/%s/kind",
				   bdf, block->parent);
		name = feature_name(block->parent_kind, id);
	} else {
		name = "Unknown feature";
	}
	text_set(block->what, sizeof(block->what), "%s", name);
}

void model_block_load(struct block *block, const char *bdf, const char *pos)
{
	char dir[PATH_LEN];

	text_set(block->pos, sizeof(block->pos), "%s", pos);
	text_set(dir, sizeof(dir), "bus/pci/devices/%s/dfl/blocks/%s", bdf,
		 pos);
	load(block, block_attrs, ARRAY_SIZE(block_attrs), dir);
	describe_block(block, bdf);
}

static int by_place(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	if (x->bar != y->bar)
		return x->bar < y->bar ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return strcmp(x->pos, y->pos);
}

static void load_blocks(struct card *card)
{
	struct names names;
	size_t i;

	sysfs_names(&names, keep_visible, "bus/pci/devices/%s/dfl/blocks",
		    card->address);
	card->nr_blocks = names.count;
	card->blocks = array(names.count, sizeof(*card->blocks));
	for (i = 0; i < names.count; i++)
		model_block_load(&card->blocks[i], card->address,
				 names.name[i]);
	names_free(&names);
	/* names sort as text: b0-o10000 before b0-o2000 */
	qsort(card->blocks, card->nr_blocks, sizeof(*card->blocks), by_place);
}

static void load_types(struct card *card)
{
	char dir[PATH_LEN];
	struct names names;
	size_t i;

	sysfs_names(&names, keep_type,
		    "bus/pci/devices/%s/mdev_supported_types", card->address);
	card->nr_types = names.count;
	card->types = array(names.count, sizeof(*card->types));
	for (i = 0; i < names.count; i++) {
		parse_type(names.name[i], card->types[i].type);
		text_set(dir, sizeof(dir),
			 "bus/pci/devices/%s/mdev_supported_types/%s",
			 card->address, names.name[i]);
		load(&card->types[i], type_attrs, ARRAY_SIZE(type_attrs), dir);
	}
	names_free(&names);
}

/* While an instance is removed, only its block names it */
static void find_block(struct instance *inst)
{
	char uuid[UUID_LEN];
	struct names names;
	size_t i;

	sysfs_names(&names, keep_visible, "bus/pci/devices/%s/dfl/blocks",
		    inst->card);
	for (i = 0; i < names.count; i++) {
		sysfs_read(uuid, sizeof(uuid),
			   "bus/pci/devices/%s/dfl/blocks/%s/instance",
			   inst->card, names.name[i]);
		if (!strcmp(uuid, inst->uuid))
			text_set(inst->block, sizeof(inst->block), "%s",
				 names.name[i]);
	}
	names_free(&names);
}

static void load_instance(struct instance *inst, const char *bdf,
			  const char *uuid)
{
	char dir[PATH_LEN], type[TEXT_LEN];
	struct names cdevs;

	parse_uuid(uuid, inst->uuid);
	text_set(inst->card, sizeof(inst->card), "%s", bdf);
	text_set(dir, sizeof(dir), "bus/pci/devices/%s/%s", bdf, uuid);
	sysfs_link(type, sizeof(type), "%s/mdev_type", dir);
	if (!parse_type(type, inst->type))
		inst->type[0] = '\0';
	sysfs_link(inst->group, sizeof(inst->group), "%s/iommu_group", dir);
	sysfs_names(&cdevs, keep_visible, "%s/vfio-dev", dir);
	/* Without CONFIG_VFIO_DEVICE_CDEV the directory has no dev attribute */
	if (cdevs.count &&
	    sysfs_exists("%s/vfio-dev/%s/dev", dir, cdevs.name[0]))
		text_set(inst->cdev, sizeof(inst->cdev), "%s", cdevs.name[0]);
	names_free(&cdevs);
	text_set(dir, sizeof(dir), "bus/pci/devices/%s/%s/dfl", bdf, uuid);
	load(inst, instance_attrs, ARRAY_SIZE(instance_attrs), dir);
	text_set(inst->state, sizeof(inst->state), "%s",
		 sysfs_exists("bus/mdev/devices/%s", uuid) ? "created" :
							     "removing");
	if (!inst->block[0])
		find_block(inst);
}

static void load_instances(struct card *card)
{
	struct names names;
	size_t i;

	model_instances(&names, card->address);
	card->nr_instances = names.count;
	card->instances = array(names.count, sizeof(*card->instances));
	for (i = 0; i < names.count; i++)
		load_instance(&card->instances[i], card->address,
			      names.name[i]);
	names_free(&names);
}

void model_card_load(struct card *card, const char *bdf)
{
	char dir[PATH_LEN];

	*card = (struct card){ 0 };
	text_set(card->address, sizeof(card->address), "%s", bdf);
	text_set(dir, sizeof(dir), "bus/pci/devices/%s", bdf);
	load(card, pci_attrs, ARRAY_SIZE(pci_attrs), dir);
	text_set(dir, sizeof(dir), "bus/pci/devices/%s/dfl", bdf);
	load(card, card_attrs, ARRAY_SIZE(card_attrs), dir);
	load_blocks(card);
	load_types(card);
	load_instances(card);
	proof_load(&card->proof, card);
}

void model_card_free(struct card *card)
{
	free(card->blocks);
	free(card->types);
	free(card->instances);
}

/* The card of an instance that is being removed, which has lost its links */
static int find_removing(const char *uuid, char bdf[BDF_LEN])
{
	struct names cards;
	int ret = -ENOENT;
	size_t i;

	model_cards(&cards);
	for (i = 0; i < cards.count && ret; i++) {
		if (sysfs_exists("bus/pci/devices/%s/%s", cards.name[i], uuid)) {
			parse_bdf(cards.name[i], bdf);
			ret = 0;
		}
	}
	names_free(&cards);
	return ret;
}

/* The parent of the instance is the directory above the target of the link */
static int find_parent(const char *uuid, char bdf[BDF_LEN])
{
	char path[PATH_LEN], real[PATH_MAX], *slash;

	if (sysfs_path(path, "bus/mdev/devices/%s", uuid) ||
	    !realpath(path, real))
		return -ENOENT;
	slash = strrchr(real, '/');
	*slash = '\0';
	slash = strrchr(real, '/');
	return slash && parse_bdf(slash + 1, bdf) ? 0 : -ENODEV;
}

static int no_instance(const char *uuid, struct fault *fault)
{
	char bdf[BDF_LEN];

	if (!find_removing(uuid, bdf)) {
		fault_set(fault, "%s is being removed", uuid);
		return fault_remedy(fault, "what it waits for: vdflctl info %s",
				    uuid);
	}
	fault_set(fault, "no such instance: %s", uuid);
	return fault_remedy(fault, "see vdflctl list");
}

int model_instance_load(struct instance *inst, const char *uuid,
			struct fault *fault)
{
	char bdf[BDF_LEN], driver[TEXT_LEN];
	int ret;

	*inst = (struct instance){ 0 };
	ret = find_parent(uuid, bdf);
	if (ret == -ENOENT)
		return no_instance(uuid, fault);
	sysfs_link(driver, sizeof(driver), "bus/mdev/devices/%s/driver", uuid);
	if (ret || strcmp(driver, DRIVER))
		return fault_set(fault,
				 "%s is not an instance of " DRIVER "; its driver is %s",
				 uuid, driver[0] ? driver : "unknown");
	load_instance(inst, bdf, uuid);
	return 0;
}

int model_instance_find(struct instance *inst, const char *uuid,
			struct fault *fault)
{
	char bdf[BDF_LEN];

	if (find_parent(uuid, bdf) != -ENOENT || find_removing(uuid, bdf))
		return model_instance_load(inst, uuid, fault);
	*inst = (struct instance){ 0 };
	load_instance(inst, bdf, uuid);
	return 0;
}

json_t *block_json(const struct block *block)
{
	json_t *json = json_object();

	save(json, block, block_attrs, ARRAY_SIZE(block_attrs));
	return json;
}

json_t *instance_json(const struct instance *inst)
{
	json_t *json = json_object();

	save(json, inst, instance_attrs, ARRAY_SIZE(instance_attrs));
	return json;
}

static json_t *type_json(const struct type *type)
{
	json_t *json = json_object();

	save(json, type, type_attrs, ARRAY_SIZE(type_attrs));
	return json;
}

const struct block *card_block(const struct card *card, const char *pos)
{
	size_t i;

	for (i = 0; i < card->nr_blocks; i++)
		if (!strcmp(card->blocks[i].pos, pos))
			return &card->blocks[i];
	return NULL;
}

json_t *card_json(const struct card *card)
{
	json_t *json = json_object();
	json_t *blocks = json_array();
	json_t *types = json_array();
	json_t *instances = json_array();
	size_t i;

	save(json, card, pci_attrs, ARRAY_SIZE(pci_attrs));
	save(json, card, card_attrs, ARRAY_SIZE(card_attrs));
	for (i = 0; i < card->nr_blocks; i++)
		json_array_append_new(blocks, block_json(&card->blocks[i]));
	for (i = 0; i < card->nr_types; i++)
		json_array_append_new(types, type_json(&card->types[i]));
	for (i = 0; i < card->nr_instances; i++)
		json_array_append_new(instances,
				      instance_json(&card->instances[i]));
	json_object_set_new(json, "bus_master_proof", proof_json(&card->proof));
	json_object_set_new(json, "blocks", blocks);
	json_object_set_new(json, "types", types);
	json_object_set_new(json, "instances", instances);
	return json;
}
