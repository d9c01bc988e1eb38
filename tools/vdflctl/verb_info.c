// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl info: an instance, its block and its VFIO device */

#include <errno.h>
#include <getopt.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "filter.h"
#include "holders.h"
#include "vdflctl.h"

#define MAX_REGIONS	16

/**
 * struct view - the VFIO device of an instance
 * @device: result of VFIO_DEVICE_GET_INFO
 * @nr_regions: number of entries of @region
 * @region: regions with a size
 * @irq: results of VFIO_DEVICE_GET_IRQ_INFO
 * @desc: contents of the description region
 */
struct view {
	struct vfio_device_info device;
	__u32 nr_regions;
	struct region region[MAX_REGIONS];
	struct vfio_irq_info irq[VFIO_PCI_NUM_IRQS];
	struct description desc;
};

static int view_load(struct view *view, int device, struct fault *fault)
{
	struct region region;
	__u32 i;

	*view = (struct view){ .device.argsz = sizeof(view->device) };
	if (ioctl(device, VFIO_DEVICE_GET_INFO, &view->device))
		return fault_set(fault, "cannot get the device information: %s",
				 strerror(errno));
	for (i = 0; i < view->device.num_regions; i++) {
		if (region_get(device, i, &region) || !region.size)
			continue;
		if (view->nr_regions < MAX_REGIONS)
			view->region[view->nr_regions++] = region;
	}
	for (i = 0; i < ARRAY_SIZE(view->irq); i++) {
		view->irq[i].argsz = sizeof(view->irq[i]);
		view->irq[i].index = i;
		/* the driver may return an error for an index without interrupts */
		if (ioctl(device, VFIO_DEVICE_GET_IRQ_INFO, &view->irq[i]))
			view->irq[i].count = 0;
	}
	return describe(device, &view->desc, fault);
}

static int view_open(struct view *view, const struct instance *inst,
		     struct fault *fault)
{
	struct vfio_dev dev;
	int ret;

	if (vfio_open(&dev, inst, fault))
		return -1;
	ret = view_load(view, dev.device, fault);
	vfio_close(&dev);
	return ret;
}

static void region_name(char *buf, size_t size, const struct region *region)
{
	if (region->index <= VFIO_PCI_BAR5_REGION_INDEX)
		text_set(buf, size, "BAR%u", region->index);
	else if (region->index == VFIO_PCI_ROM_REGION_INDEX)
		text_set(buf, size, "ROM");
	else if (region->index == VFIO_PCI_CONFIG_REGION_INDEX)
		text_set(buf, size, "config");
	else if (region->type == VFIO_DFL_MDEV_REGION_TYPE &&
		 region->subtype == VFIO_DFL_MDEV_REGION_SUBTYPE)
		text_set(buf, size, "description");
	else
		text_set(buf, size, "region %u", region->index);
}

static const char *irq_name(__u32 index)
{
	static const char * const names[VFIO_PCI_NUM_IRQS] = {
		[VFIO_PCI_INTX_IRQ_INDEX] = "INTx",
		[VFIO_PCI_MSI_IRQ_INDEX] = "MSI",
		[VFIO_PCI_MSIX_IRQ_INDEX] = "MSI-X",
		[VFIO_PCI_ERR_IRQ_INDEX] = "error",
		[VFIO_PCI_REQ_IRQ_INDEX] = "request",
	};

	return names[index];
}

static json_t *region_json(const struct region *region)
{
	json_t *areas = json_array();
	char name[NAME_LEN];
	__u32 i;

	for (i = 0; i < region->nr_areas; i++)
		json_array_append_new(areas,
				      json_pack("{s:I, s:I}", "offset",
						region->area[i].offset, "size",
						region->area[i].size));
	region_name(name, sizeof(name), region);
	return json_pack("{s:i, s:s, s:I, s:b, s:b, s:o}",
			 "index", region->index, "name", name,
			 "size", region->size,
			 "read", !!(region->flags & VFIO_REGION_INFO_FLAG_READ),
			 "write",
			 !!(region->flags & VFIO_REGION_INFO_FLAG_WRITE),
			 "mmap", areas);
}

static json_t *view_json(const struct view *view)
{
	json_t *regions = json_array();
	json_t *irqs = json_object();
	__u32 i;

	for (i = 0; i < view->nr_regions; i++)
		json_array_append_new(regions, region_json(&view->region[i]));
	for (i = 0; i < ARRAY_SIZE(view->irq); i++)
		json_object_set_new(irqs, irq_name(i),
				    json_integer(view->irq[i].count));
	return json_pack("{s:b, s:b, s:o, s:o, s:o}",
			 "pci", !!(view->device.flags & VFIO_DEVICE_FLAGS_PCI),
			 "reset",
			 !!(view->device.flags & VFIO_DEVICE_FLAGS_RESET),
			 "regions", regions, "irqs", irqs,
			 "description", description_json(&view->desc));
}

static int print_info_json(const struct instance *inst,
			   const struct block *block,
			   const struct card *card,
			   const struct holders *holders,
			   const struct view *view, const struct fault *fault)
{
	json_t *json = instance_json(inst);

	json_object_set_new(json, "block", block_json(block));
	json_object_set_new(json, "card_errors", errors_json(card));
	json_object_set_new(json, "holders", holders_json(holders));
	json_object_set_new(json, "vfio",
			    view ? view_json(view) : json_null());
	json_object_set_new(json, "vfio_error",
			    view ? json_null() : json_string(fault->problem));
	return print_json(json);
}

static const char *or_none(const char *text)
{
	return text[0] ? text : "none";
}

/* With the names of known registers */
static void print_filter(const struct instance *inst,
			 const struct block *block)
{
	char *text;

	if (!inst->filter[0])
		return;
	text = filter_named(block, inst->filter);
	printf("  filter:       %s\n", text);
	free(text);
}

static void print_instance(const struct instance *inst,
			   const struct block *block)
{
	char size[NAME_LEN];

	text_size(size, sizeof(size), block->size);
	printf("%s\n", inst->uuid);
	printf("  card:         %s\n", inst->card);
	printf("  type:         %s\n", or_none(inst->type));
	printf("  block:        %s, %s (id %s), %s\n", or_none(inst->block),
	       block->what, or_none(block->feature_id), size);
	printf("  group:        %s%s%s\n", or_none(inst->group),
	       inst->cdev[0] ? ", device node " : "", inst->cdev);
	printf("  mmap:         %s\n", or_none(inst->mmap));
	print_filter(inst, block);
	if (inst->rate == 0)
		printf("  rate:         no bound\n");
	else if (inst->rate != ABSENT)
		printf("  rate:         %llu accesses a second\n", inst->rate);
	printf("  interrupts:   %s\n", or_none(inst->irq_source));
	printf("  scrub:        %s\n", or_none(inst->scrub));
	if (!strcmp(inst->state, "removing"))
		printf("  state:        being removed, waits until it is closed\n");
}

static void print_region(struct table *table, const struct region *region)
{
	char number[NAME_LEN], name[NAME_LEN], size[NAME_LEN];
	char mmap[REGION_AREAS * NAME_LEN] = "-";
	size_t used = 0;
	__u32 i;

	text_set(number, sizeof(number), "%u", region->index);
	region_name(name, sizeof(name), region);
	text_set(size, sizeof(size), "0x%llx", region->size);
	for (i = 0; i < region->nr_areas && used < sizeof(mmap); i++)
		used += snprintf(mmap + used, sizeof(mmap) - used,
				 "%s0x%llx at 0x%llx", i ? ", " : "",
				 region->area[i].size, region->area[i].offset);
	table_row(table, number, name, size,
		  region->flags & VFIO_REGION_INFO_FLAG_WRITE ? "rw" : "r",
		  mmap);
}

static void print_view(const struct view *view)
{
	struct table table;
	__u32 i;

	printf("\nVFIO device, reset: %s\n",
	       view->device.flags & VFIO_DEVICE_FLAGS_RESET ? "yes" : "no");
	table_start(&table, 5);
	table_row(&table, "REGION", "NAME", "SIZE", "ACCESS", "MMAP");
	for (i = 0; i < view->nr_regions; i++)
		print_region(&table, &view->region[i]);
	table_print(&table, 2);
	printf("  interrupts: ");
	for (i = 0; i < ARRAY_SIZE(view->irq); i++)
		printf(" %s %u%s", irq_name(i), view->irq[i].count,
		       i + 1 < ARRAY_SIZE(view->irq) ? "," : "\n\n");
	print_description(&view->desc);
}

/* The errors of its card, if there are any */
static void print_card_errors(const struct card *card)
{
	struct names lines;
	size_t i;

	errors_lines(&lines, card);
	for (i = 0; i < lines.count; i++)
		printf("  %-14s%s\n", i ? "" : "card errors:", lines.name[i]);
	names_free(&lines);
}

static int print_info(const struct instance *inst, const struct block *block,
		      const struct card *card, const struct holders *holders,
		      const struct view *view, const struct fault *fault)
{
	print_instance(inst, block);
	print_card_errors(card);
	print_holders(holders);
	if (view)
		print_view(view);
	else
		printf("\nVFIO device, not opened: %s\n  %s\n",
		       fault->problem, fault->remedy);
	return EXIT_SUCCESS;
}

static int info(const char *uuid, bool json)
{
	const struct view *seen;
	struct block block = { 0 };
	struct holders holders;
	struct instance inst;
	struct fault fault;
	struct card card;
	struct view view;
	int ret;

	if (model_instance_find(&inst, uuid, &fault))
		return fault_report(&fault);
	if (inst.block[0])
		model_block_load(&block, inst.card, inst.block);
	model_card_load(&card, inst.card);
	seen = view_open(&view, &inst, &fault) ? NULL : &view;
	holders_find(&holders, &inst);
	ret = json ? print_info_json(&inst, &block, &card, &holders, seen,
				     &fault) :
		     print_info(&inst, &block, &card, &holders, seen, &fault);
	holders_free(&holders);
	model_card_free(&card);
	return ret;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	char uuid[UUID_LEN];
	bool json = false;
	int status;

	status = command_options(cmd, argc, argv, "json", &json);
	if (status >= 0)
		return status;
	if (command_operands(argc, argv, 1))
		return EXIT_USAGE;
	if (command_uuid(argv[optind], uuid))
		return EXIT_USAGE;
	return info(uuid, json);
}

const struct command verb_info = {
	.name = "info",
	.alias = "show",
	.arguments = "[--json] UUID",
	.summary = "Show an instance, its block and its VFIO device",
	.details =
"  -j, --json   print JSON\n"
"  -h, --help   display this help and exit\n"
"\n"
"Opens the instance, unless that is not permitted or another program has it\n"
"open. Then the reason is shown instead of the VFIO device.\n",
	.run = run,
};
