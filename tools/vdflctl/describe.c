// SPDX-License-Identifier: GPL-2.0-only
/* The description region: found by its type, decoded as text and as JSON */

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dfl/regs.h"
#include "vdflctl.h"

static int find_region(int device, struct region *region)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	__u32 i;

	if (ioctl(device, VFIO_DEVICE_GET_INFO, &info))
		return -errno;
	for (i = VFIO_PCI_NUM_REGIONS; i < info.num_regions; i++) {
		if (!region_get(device, i, region) &&
		    region->type == VFIO_DFL_MDEV_REGION_TYPE &&
		    region->subtype == VFIO_DFL_MDEV_REGION_SUBTYPE)
			return 0;
	}
	return -ENOENT;
}

int describe(int device, struct description *desc, struct fault *fault)
{
	struct vfio_dfl_mdev_block *block = &desc->block;
	struct region region;
	ssize_t len;
	int ret;

	memset(desc, 0, sizeof(*desc));
	ret = find_region(device, &region);
	if (ret)
		return fault_set(fault, "cannot find the description region: %s",
				 strerror(-ret));
	len = pread(device, block, sizeof(*block), region.offset);
	if (len != sizeof(*block) || block->argsz < sizeof(*block))
		return fault_set(fault, "cannot read the description region: %s",
				 len < 0 ? strerror(errno) : "short read");
	if (block->param_size > sizeof(desc->word) ||
	    !block->param_size || block->param_size % sizeof(__u64))
		return 0;
	len = pread(device, desc->word, block->param_size,
		    region.offset + block->param_offset);
	if (len == block->param_size)
		desc->nr_words = block->param_size / sizeof(__u64);
	return 0;
}

static const char *pick(const char * const *names, size_t count, __u32 value)
{
	return value < count && names[value] ? names[value] : "unknown";
}

static const char *kind_name(__u32 kind)
{
	static const char * const names[] = {
		[VFIO_DFL_MDEV_KIND_AFU] = "afu",
		[VFIO_DFL_MDEV_KIND_PRIVATE] = "private",
	};

	return pick(names, ARRAY_SIZE(names), kind);
}

static const char *parent_name(__u32 parent)
{
	static const char * const names[] = {
		[VFIO_DFL_MDEV_PARENT_NONE] = "none",
		[VFIO_DFL_MDEV_PARENT_FME] = "fme",
		[VFIO_DFL_MDEV_PARENT_PORT] = "port",
	};

	return pick(names, ARRAY_SIZE(names), parent);
}

static const char *source_name(__u32 source)
{
	static const char * const names[] = {
		[VFIO_DFL_MDEV_IRQ_NONE] = "none",
		[VFIO_DFL_MDEV_IRQ_INTX] = "intx",
		[VFIO_DFL_MDEV_IRQ_POLL] = "poll",
		[VFIO_DFL_MDEV_IRQ_MSIX] = "msix",
	};

	return pick(names, ARRAY_SIZE(names), source);
}

static const char *scrub_name(__u32 scrub)
{
	static const char * const names[] = {
		[VFIO_DFL_MDEV_SCRUB_NONE] = "none",
		[VFIO_DFL_MDEV_SCRUB_PORT_RESET] = "port-reset",
		[VFIO_DFL_MDEV_SCRUB_FUNCTION_RESET] = "function-reset",
	};

	return pick(names, ARRAY_SIZE(names), scrub);
}

/* Empty if the header has no GUID */
static void guid_text(char text[UUID_LEN], const __u8 guid[16])
{
	static const __u8 none[16];
	size_t i, used = 0;

	text[0] = '\0';
	if (!memcmp(guid, none, sizeof(none)))
		return;
	for (i = 0; i < 16; i++)
		used += sprintf(text + used, "%s%02x",
				i == 4 || i == 6 || i == 8 || i == 10 ?
				"-" : "", guid[i]);
}

/**
 * struct param - one parameter block
 * @id: DFL parameter id
 * @version: of the layout
 * @data: words after the header
 * @nr_data: number of @data
 */
struct param {
	__u32 id;
	__u32 version;
	const __u64 *data;
	__u32 nr_data;
};

/* Parse the parameter block at *@at and advance *@at; false at the end */
static bool next_param(const struct description *desc, __u32 *at,
		       struct param *param)
{
	__u32 left = desc->nr_words - *at;
	__u64 head, words;

	if (!left)
		return false;
	head = desc->word[*at];
	words = field_get(DFL_PARAM_NEXT, head);
	/* the last block extends to the end of the parameters */
	if ((head & DFL_PARAM_EOP) && (!words || words > left))
		words = left;
	if (!words || words > left)
		return false;
	*param = (struct param){
		.id = field_get(DFL_PARAM_ID, head),
		.version = field_get(DFL_PARAM_VERSION, head),
		.data = &desc->word[*at + 1],
		.nr_data = words - 1,
	};
	*at = head & DFL_PARAM_EOP ? desc->nr_words : *at + words;
	return true;
}

static json_t *param_json(const struct param *param)
{
	json_t *data = json_array();
	char word[NAME_LEN];
	__u32 i;

	/* as text, because many JSON readers store numbers as doubles */
	for (i = 0; i < param->nr_data; i++) {
		text_set(word, sizeof(word), "0x%016llx", param->data[i]);
		json_array_append_new(data, json_string(word));
	}
	return json_pack("{s:i, s:i, s:o}", "id", param->id, "version",
			 param->version, "data", data);
}

static json_t *fences_json(__u32 fences)
{
	return json_pack("{s:b, s:b, s:b}",
			 "command", !!(fences & VFIO_DFL_MDEV_FENCE_COMMAND),
			 "iommu", !!(fences & VFIO_DFL_MDEV_FENCE_IOMMU),
			 "port", !!(fences & VFIO_DFL_MDEV_FENCE_PORT));
}

static json_t *header_json(const struct vfio_dfl_mdev_block *b)
{
	char guid[UUID_LEN], dfh[NAME_LEN], id[NAME_LEN];

	guid_text(guid, b->guid);
	text_set(dfh, sizeof(dfh), "0x%016llx", b->dfh);
	text_set(id, sizeof(id), "0x%x", b->feature_id);
	return json_pack("{s:s, s:s, s:i, s:i, s:s, s:s?, s:s, s:o?}",
			 "kind", kind_name(b->kind),
			 "feature_id", id,
			 "revision", b->revision,
			 "dfh_version", b->dfh_version,
			 "dfh", dfh,
			 "guid", guid[0] ? guid : NULL,
			 "parent", parent_name(b->parent),
			 "port", b->port == VFIO_DFL_MDEV_NO_PORT ? NULL :
				 json_integer(b->port));
}

static json_t *window_json(const struct vfio_dfl_mdev_block *b)
{
	return json_pack("{s:i, s:I, s:I, s:I, s:I, s:I}",
			 "bar", b->bar,
			 "offset", b->offset,
			 "size", b->size,
			 "map_size", b->map_size,
			 "csr_offset", b->csr_offset,
			 "csr_size", b->csr_size);
}

static json_t *state_json(const struct vfio_dfl_mdev_block *b)
{
	return json_pack("{s:s, s:i, s:o, s:s}",
			 "irq_source", source_name(b->irq_source),
			 "vectors", b->vectors,
			 "fences", fences_json(b->fences),
			 "scrub", scrub_name(b->scrub));
}

json_t *description_json(const struct description *desc)
{
	json_t *json = header_json(&desc->block);
	json_t *window = window_json(&desc->block);
	json_t *state = state_json(&desc->block);
	json_t *params = json_array();
	struct param param;
	__u32 at = 0;

	while (next_param(desc, &at, &param))
		json_array_append_new(params, param_json(&param));
	json_object_update(json, window);
	json_object_update(json, state);
	json_object_set_new(json, "parameters", params);
	json_decref(window);
	json_decref(state);
	return json;
}

static void print_param(const struct param *param)
{
	__u32 i;

	if (param->id == DFL_PARAM_MSIX && param->nr_data) {
		printf("  parameter %u (MSI-X), version %u: vectors %llu + %llu of the card\n",
		       param->id, param->version,
		       field_get(DFL_PARAM_MSIX_START, param->data[0]),
		       field_get(DFL_PARAM_MSIX_COUNT, param->data[0]));
		return;
	}
	printf("  parameter %u, version %u:", param->id, param->version);
	for (i = 0; i < param->nr_data; i++)
		printf(" 0x%016llx", param->data[i]);
	putchar('\n');
}

/* The region has no reason why a fence is not in force; vdflctl list has it */
static const char *fence_state(const struct vfio_dfl_mdev_block *b, __u32 fence)
{
	return b->fences & fence ? "in force" : "not in force";
}

static void print_fences(const struct vfio_dfl_mdev_block *b)
{
	printf("  fences:       bus master off: %s, iommu: %s, port above: %s\n",
	       fence_state(b, VFIO_DFL_MDEV_FENCE_COMMAND),
	       fence_state(b, VFIO_DFL_MDEV_FENCE_IOMMU),
	       fence_state(b, VFIO_DFL_MDEV_FENCE_PORT));
}

void print_description(const struct description *desc)
{
	const struct vfio_dfl_mdev_block *b = &desc->block;
	struct param param;
	char guid[UUID_LEN];
	__u32 at = 0;

	guid_text(guid, b->guid);
	printf("Description region\n");
	printf("  header:       0x%016llx, %s 0x%x, revision %u, version %u\n",
	       b->dfh, kind_name(b->kind), b->feature_id, b->revision,
	       b->dfh_version);
	if (guid[0])
		printf("  guid:         %s\n", guid);
	printf("  place:        BAR %u + 0x%llx, below %s", b->bar, b->offset,
	       parent_name(b->parent));
	if (b->port != VFIO_DFL_MDEV_NO_PORT)
		printf(" %u", b->port);
	printf("\n  size:         0x%llx, of which 0x%llx can be mapped\n",
	       b->size, b->map_size);
	if (b->dfh_version)
		printf("  registers:    0x%llx bytes at 0x%llx\n", b->csr_size,
		       b->csr_offset);
	printf("  interrupts:   %u, source %s\n", b->vectors,
	       source_name(b->irq_source));
	print_fences(b);
	printf("  scrub:        %s\n", scrub_name(b->scrub));
	while (next_param(desc, &at, &param))
		print_param(&param);
}
