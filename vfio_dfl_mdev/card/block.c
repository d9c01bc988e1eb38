// SPDX-License-Identifier: GPL-2.0-only
/* The blocks of a card: which can be given away, and who has them. */
#include <linux/module.h>
#include <linux/slab.h>

#include "vdfl.h"

static char *opt_in;
module_param(opt_in, charp, 0444);
MODULE_PARM_DESC(opt_in,
		 "Comma separated block types to offer although they are not by default, e.g. uart,qsfp,fme-1f,vendor-12345678");

static void args_init(struct dfl_carve_args *args, const struct vdfl_card *card)
{
	struct pci_dev *pdev = card->pdev;
	int i;

	memset(args, 0, sizeof(*args));
	args->page_size = PAGE_SIZE;
	args->opt_in = opt_in;
	for (i = 0; i < DFL_NR_BARS; i++) {
		if (!(pci_resource_flags(pdev, i) & IORESOURCE_MEM))
			continue;
		args->bar_start[i] = pci_resource_start(pdev, i);
		args->bar_len[i] = pci_resource_len(pdev, i);
	}
	if (!card->msix.nr)
		return;
	/* Whoever writes the MSI-X table directs interrupts anywhere */
	args->reserved[args->nr_reserved++] = card->msix.table;
	args->reserved[args->nr_reserved++] = card->msix.pba;
}

/* Policy is no news, nor what the walk has said. */
static void block_log_bad(const struct vdfl_block *block)
{
	enum dfl_reason reason = block->window->reason;

	if (reason == block->header->reason || reason == DFL_REASON_POLICY ||
	    reason == DFL_REASON_OPT_IN)
		return;
	pci_notice(block->card->pdev, "%s (feature 0x%x) is withheld: %s\n",
		   block->pos, block->header->id, dfl_reason_text(reason));
}

/**
 * vdfl_blocks_init() - decide what can be given away
 * @card: its headers are known
 *
 * Return: 0 or -ENOMEM; undone by vdfl_blocks_free().
 */
int vdfl_blocks_init(struct vdfl_card *card)
{
	u32 i, nr = card->map->nr_headers;
	struct dfl_carve_args args;

	card->window = kvcalloc(nr, sizeof(*card->window), GFP_KERNEL);
	card->block = kvcalloc(nr, sizeof(*card->block), GFP_KERNEL);
	if (!card->window || !card->block)
		return -ENOMEM;

	args_init(&args, card);
	if (!dfl_carve(card->map, &args, card->window))
		pci_warn(card->pdev,
			 "no block can be given away; see dfl/blocks/*/withheld and the module parameter opt_in\n");

	for (i = 0; i < nr; i++) {
		struct vdfl_block *block = &card->block[i];

		block->card = card;
		block->header = &card->map->header[i];
		block->window = &card->window[i];
		snprintf(block->pos, sizeof(block->pos), "b%u-o%llx",
			 block->header->bar, block->header->off);
		block_log_bad(block);
	}
	card->nr_blocks = nr;
	return 0;
}

void vdfl_blocks_free(struct vdfl_card *card)
{
	kvfree(card->block);
	kvfree(card->window);
}

/* vdfl_block_guid(): GUID of @block in text order, zero if it has none */
void vdfl_block_guid(const struct vdfl_block *block, u8 guid[16])
{
	__be64 words[2] = {
		cpu_to_be64(block->header->guid_h),
		cpu_to_be64(block->header->guid_l),
	};

	memcpy(guid, words, sizeof(words));
}

/* vdfl_block_port(): the port whose AFU @block is, or NULL */
const struct dfl_header *vdfl_block_port(const struct vdfl_block *block)
{
	const struct dfl_header *h = block->header;

	if (h->kind != DFL_KIND_AFU || h->parent == DFL_NO_PARENT)
		return NULL;
	return &block->card->map->header[h->parent];
}

/* vdfl_block_port_dead(): did its port not take a reset? */
bool vdfl_block_port_dead(const struct vdfl_block *block)
{
	const struct dfl_header *port = vdfl_block_port(block);

	return port && test_bit(port - block->card->map->header,
				block->card->dead_ports);
}

/* vdfl_block_assignable(): could a user have this block at all? */
bool vdfl_block_assignable(const struct vdfl_block *block)
{
	return block->window->reason == DFL_OK;
}

static bool block_fits(const struct vdfl_block *block,
		       const struct vdfl_type *type)
{
	lockdep_assert_held(&block->card->lock);

	if (block->owner || !vdfl_block_assignable(block) ||
	    vdfl_block_port_dead(block))
		return false;
	if (type->block)
		return block == type->block;
	return !strcmp(block->window->type, type->kind);
}

/**
 * vdfl_block_claim() - reserve a free block of @type
 * @type: what is asked for
 * @vd: new owner; its tenant is reachable by the card from now on
 *
 * Return: the block, or an ERR_PTR: -ENOSPC when none is free, -ENODEV when
 * the card is lost, -EAGAIN while it is being bound.
 */
struct vdfl_block *vdfl_block_claim(struct vdfl_type *type,
				    struct vdfl_mdev *vd)
{
	struct vdfl_block *found = ERR_PTR(-ENOSPC);
	struct vdfl_card *card = type->card;
	u32 i;

	if (!vdfl_types_ready(card))
		return ERR_PTR(-EAGAIN);

	mutex_lock(&card->lock);
	for (i = 0; i < card->nr_blocks && IS_ERR(found); i++)
		if (block_fits(&card->block[i], type))
			found = &card->block[i];
	if (card->gone)
		found = ERR_PTR(-ENODEV);
	if (!IS_ERR(found)) {
		found->owner = vd;
		list_add_tail(&vd->tenant.node, &card->tenants);
	}
	mutex_unlock(&card->lock);
	return found;
}

/* vdfl_block_release(): give back what vdfl_block_claim() reserved */
void vdfl_block_release(struct vdfl_mdev *vd)
{
	struct vdfl_card *card = vd->card;

	mutex_lock(&card->lock);
	list_del(&vd->tenant.node);
	vd->block->owner = NULL;
	mutex_unlock(&card->lock);
}

/**
 * vdfl_blocks_recheck() - is what users have still what they were given?
 * @card: was reset as a whole; vdfl_card.reset_lock is held, its ports have been
 *	taken out of reset
 *
 * A block stays out of reach if its port did not come out of reset, or if it
 * shows another header, as after a new bitstream; its user is told.
 */
void vdfl_blocks_recheck(struct vdfl_card *card)
{
	struct vdfl_tenant *tenant;
	struct vdfl_block *block;
	u32 i;

	lockdep_assert_held(&card->reset_lock);
	mutex_lock(&card->lock);
	for (i = 0; i < card->nr_blocks; i++) {
		block = &card->block[i];
		if (!block->owner)
			continue;
		tenant = &block->owner->tenant;
		if (vdfl_block_port_dead(block) || vdfl_card_check_header(block)) {
			tenant->ops->block(tenant, VDFL_BLOCKED_RESET);
			tenant->ops->drain(tenant);
			tenant->ops->alarm(tenant);
		} else {
			tenant->ops->unblock(tenant, VDFL_BLOCKED_RESET);
		}
	}
	mutex_unlock(&card->lock);
}

/* vdfl_blocks_free_of(): number of blocks of @type that can be had now */
unsigned int vdfl_blocks_free_of(struct vdfl_type *type)
{
	struct vdfl_card *card = type->card;
	unsigned int nr = 0;
	u32 i;

	mutex_lock(&card->lock);
	for (i = 0; i < card->nr_blocks && !card->gone; i++)
		nr += block_fits(&card->block[i], type);
	mutex_unlock(&card->lock);
	return nr;
}
