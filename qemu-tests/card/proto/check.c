// SPDX-License-Identifier: GPL-2.0-only
/* Validation of requests, before they are carried out. */
#include <errno.h>

#include "proto/check.h"

#define DMA_MAX_OFFSET	(ALL_ONES >> 1)	/* of a file */

/* Return the number of vectors of an interrupt index. */
u32 check_irq_count(const struct card *c, u32 index)
{
	switch (index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		return c->cfg.id.pin ? 1 : 0;
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return c->cfg.id.nr_vectors;
	default:
		return 0;
	}
}

/* Return the size of a region in bytes. */
u64 check_region_size(const struct card *c, u32 index)
{
	if (index < NR_BARS)
		return c->bars[index].size;
	return index == VFIO_PCI_CONFIG_REGION_INDEX ? CONFIG_SIZE : 0;
}

static int check_version(const struct card *c, const struct message *m)
{
	const struct version *v = m->body;

	(void)c;
	return v->major == 0 ? 0 : -EPROTONOSUPPORT;
}

static int check_dma_map(const struct card *c, const struct message *m)
{
	const struct msg_dma_map *map = m->body;

	(void)c;
	if (!map->size || map->size - 1 > ALL_ONES - map->addr ||
	    map->offset > DMA_MAX_OFFSET || map->size > DMA_MAX_OFFSET - map->offset)
		return -EINVAL;
	return map->flags & ~(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE) ?
	       -EINVAL : 0;
}

static int check_dma_unmap(const struct card *c, const struct message *m)
{
	const struct msg_dma_unmap *unmap = m->body;

	(void)c;
	if (unmap->flags & VFIO_DMA_UNMAP_FLAG_ALL)
		return 0;
	return unmap->size && unmap->size - 1 <= ALL_ONES - unmap->addr ?
	       0 : -EINVAL;
}

static int check_info(const struct card *c, const struct message *m)
{
	const struct vfio_device_info *info = m->body;

	(void)c;
	return info->argsz >= 16 ? 0 : -EINVAL;
}

static int check_region_info(const struct card *c, const struct message *m)
{
	const struct vfio_region_info *info = m->body;

	(void)c;
	return info->argsz >= sizeof(*info) && info->index < NR_REGIONS ?
	       0 : -EINVAL;
}

static int check_irq_info(const struct card *c, const struct message *m)
{
	const struct vfio_irq_info *info = m->body;

	(void)c;
	return info->argsz >= sizeof(*info) && info->index < NR_IRQS ?
	       0 : -EINVAL;
}

static int check_set_irqs(const struct card *c, const struct message *m)
{
	const struct vfio_irq_set *set = m->body;
	u32 data = set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	u32 action = set->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
	u32 count;

	if (set->index >= NR_IRQS || set->flags != (data | action))
		return -EINVAL;
	if (m->nr_fds && (data != VFIO_IRQ_SET_DATA_EVENTFD ||
			  action != VFIO_IRQ_SET_ACTION_TRIGGER ||
			  m->nr_fds != set->count))
		return -EINVAL;
	count = check_irq_count(c, set->index);
	if (set->start > count || set->count > count - set->start)
		return -EINVAL;
	if (action == VFIO_IRQ_SET_ACTION_TRIGGER) {
		if (data == VFIO_IRQ_SET_DATA_EVENTFD)
			return 0;
		return data == VFIO_IRQ_SET_DATA_NONE && !set->count ? 0 : -EINVAL;
	}
	/* Only INTx can be masked. */
	if (set->index != VFIO_PCI_INTX_IRQ_INDEX || set->count != 1 ||
	    data != VFIO_IRQ_SET_DATA_NONE)
		return -EINVAL;
	return action == VFIO_IRQ_SET_ACTION_MASK ||
	       action == VFIO_IRQ_SET_ACTION_UNMASK ? 0 : -EINVAL;
}

static int check_region_access(const struct card *c, const struct message *m)
{
	const struct region_access *a = m->body;
	u32 data = m->hdr.command == CMD_REGION_WRITE ? a->count : 0;
	u64 size;

	if (a->region >= NR_REGIONS || m->len - sizeof(*a) != data)
		return -EINVAL;
	size = check_region_size(c, a->region);
	if (!a->count || a->offset > size || a->count > size - a->offset)
		return -EINVAL;
	if (a->region == VFIO_PCI_CONFIG_REGION_INDEX)
		return 0;
	return a->count == 1 || a->count == 2 || a->count == 4 ||
	       a->count == 8 ? 0 : -EINVAL;
}

static const struct rule {
	u32 min_len;		/* of the body */
	u32 max_len;
	u32 max_fds;
	int (*check)(const struct card *c, const struct message *m);
} rules[NR_CMDS] = {
	[CMD_VERSION] = { sizeof(struct version), 4096, 0, check_version },
	[CMD_DMA_MAP] = { sizeof(struct msg_dma_map),
			  sizeof(struct msg_dma_map), 1, check_dma_map },
	[CMD_DMA_UNMAP] = { sizeof(struct msg_dma_unmap),
			    sizeof(struct msg_dma_unmap), 0, check_dma_unmap },
	[CMD_GET_INFO] = { 16, 32, 0, check_info },
	[CMD_GET_REGION_INFO] = { sizeof(struct vfio_region_info), 4096, 0,
				  check_region_info },
	[CMD_GET_IRQ_INFO] = { sizeof(struct vfio_irq_info),
			       sizeof(struct vfio_irq_info), 0,
			       check_irq_info },
	[CMD_SET_IRQS] = { sizeof(struct vfio_irq_set),
			   sizeof(struct vfio_irq_set), MAX_FDS,
			   check_set_irqs },
	[CMD_REGION_READ] = { sizeof(struct region_access),
			      sizeof(struct region_access), 0,
			      check_region_access },
	[CMD_REGION_WRITE] = { sizeof(struct region_access), BODY_SIZE, 0,
			       check_region_access },
	[CMD_RESET] = { 0, 0, 0, NULL },
};

/* Check whether a request is valid. Return 0 or a negative errno. */
int check_message(const struct card *c, const struct message *m)
{
	const struct rule *rule;

	if (m->hdr.command >= NR_CMDS)
		return -EOPNOTSUPP;
	rule = &rules[m->hdr.command];
	if (!rule->check && m->hdr.command != CMD_RESET)
		return -EOPNOTSUPP;
	if (m->len < rule->min_len || m->len > rule->max_len ||
	    m->nr_fds > rule->max_fds)
		return -EINVAL;
	return rule->check ? rule->check(c, m) : 0;
}
