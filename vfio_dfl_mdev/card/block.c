// SPDX-License-Identifier: GPL-2.0-only
/* The blocks of a card: which can be given away, and who has them. */
#include <linux/module.h>
#include <linux/slab.h>

#include "card/card_priv.h"
#include "dfl/vconfig.h"

static char *opt_in;
module_param(opt_in, charp, 0444);
MODULE_PARM_DESC(opt_in,
		 "Comma separated block types to offer although they are not by default, e.g. uart,qsfp,fme-1f,vendor-12345678");

static void args_init(struct dfl_carve_args *args, const struct vdfl_card *card)
{
	int i;

	memset(args, 0, sizeof(*args));
	args->page_size = PAGE_SIZE;
	args->opt_in = opt_in;
	memcpy(args->bar_len, card->bar_len, sizeof(args->bar_len));
	for (i = 0; i < DFL_NR_BARS; i++)
		if (card->bar_len[i])
			args->bar_start[i] = pci_resource_start(card->pdev, i);
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

/**
 * vdfl_block_io() - registers of a block
 * @block: assignable block of an enabled card
 *
 * Return: mapping that starts at the header
 */
void __iomem *vdfl_block_io(const struct vdfl_block *block)
{
	return block->card->bar[block->header->bar] + block->header->off;
}

/**
 * vdfl_block_phys() - physical address of a block
 * @block: assignable block
 *
 * Return: address of the header
 */
phys_addr_t vdfl_block_phys(const struct vdfl_block *block)
{
	return pci_resource_start(block->card->pdev, block->header->bar) +
	       block->header->off;
}

/**
 * vdfl_block_ids() - PCI ids that an instance of a block shows
 * @block: assignable block
 * @desc: its ids, class and prefetch bit are set
 */
void vdfl_block_ids(const struct vdfl_block *block, struct vconfig_desc *desc)
{
	const struct pci_dev *pdev = block->card->pdev;

	desc->vendor = pdev->vendor;
	desc->device = pdev->device;
	desc->subvendor = pdev->subsystem_vendor;
	desc->subdevice = pdev->subsystem_device;
	desc->revision = pdev->revision;
	desc->class = pdev->class;
	desc->prefetch = pci_resource_flags(pdev, block->header->bar) &
			 IORESOURCE_PREFETCH;
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

/**
 * vdfl_block_parent_kind() - what a block is below
 * @block: any block
 *
 * Return: kind of its interface unit, or DFL_KIND_OPAQUE if it has none
 */
enum dfl_kind vdfl_block_parent_kind(const struct vdfl_block *block)
{
	s16 parent = block->header->parent;

	if (parent == DFL_NO_PARENT)
		return DFL_KIND_OPAQUE;
	return block->card->map->header[parent].kind;
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

	return port && vdfl_port_is_dead(block->card, port);
}

/* vdfl_block_assignable(): could a user have this block at all? */
bool vdfl_block_assignable(const struct vdfl_block *block)
{
	return block->window->reason == DFL_OK;
}

static bool block_matches(const struct vdfl_block *block,
			  const struct vdfl_block_match *match)
{
	if (!vdfl_block_assignable(block))
		return false;
	if (!match)
		return true;
	if (match->block)
		return block == match->block;
	return !strcmp(block->window->type, match->kind);
}

static bool block_free(const struct vdfl_block *block)
{
	lockdep_assert_held(&block->card->lock);
	return !block->owner && !vdfl_block_port_dead(block);
}

static const struct vdfl_block *block_end(const struct vdfl_card *card)
{
	return card->block + card->nr_blocks;
}

/**
 * vdfl_block_next() - iterate over blocks, free or not
 * @card: bound card
 * @prev: block to start behind, or NULL for the first of all
 * @match: which blocks, or NULL for all that can be assigned
 *
 * Return: the next block that matches, or NULL
 */
const struct vdfl_block *vdfl_block_next(const struct vdfl_card *card,
					 const struct vdfl_block *prev,
					 const struct vdfl_block_match *match)
{
	const struct vdfl_block *block = prev ? prev + 1 : card->block;

	for (; block < block_end(card); block++)
		if (block_matches(block, match))
			return block;
	return NULL;
}

/**
 * vdfl_block_claim() - reserve a free block
 * @card: where it is
 * @match: which block
 * @client: new owner; the card can reach it from now on
 *
 * Return: the block, or an ERR_PTR: -ENOSPC when none is free, -ENODEV when
 * the card is lost.
 */
struct vdfl_block *vdfl_block_claim(struct vdfl_card *card,
				    const struct vdfl_block_match *match,
				    struct vdfl_client *client)
{
	struct vdfl_block *block;

	guard(mutex)(&card->lock);
	if (card->gone)
		return ERR_PTR(-ENODEV);
	for (block = card->block; block < block_end(card); block++) {
		if (!block_free(block) || !block_matches(block, match))
			continue;
		block->owner = client;
		client->block = block;
		list_add_tail(&client->node, &card->clients);
		return block;
	}
	return ERR_PTR(-ENOSPC);
}

/* vdfl_block_release(): give back what vdfl_block_claim() reserved */
void vdfl_block_release(struct vdfl_client *client)
{
	struct vdfl_card *card = client->block->card;

	guard(mutex)(&card->lock);
	list_del(&client->node);
	client->block->owner = NULL;
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
	const struct vdfl_client_ops *ops;
	struct vdfl_client *client;

	lockdep_assert_held(&card->reset_lock);
	guard(mutex)(&card->lock);
	list_for_each_entry(client, &card->clients, node) {
		ops = client->ops;
		if (!vdfl_block_port_dead(client->block) &&
		    !vdfl_card_check_header(client->block)) {
			ops->restore(client, VDFL_REVOKED_RESET);
			continue;
		}
		ops->revoke(client, VDFL_REVOKED_RESET);
		ops->drain(client);
		ops->error(client);
	}
}

/**
 * vdfl_blocks_nr_free() - count the blocks that can be claimed now
 * @card: bound card
 * @match: which blocks
 *
 * Return: their number, 0 on a lost card
 */
unsigned int vdfl_blocks_nr_free(struct vdfl_card *card,
				 const struct vdfl_block_match *match)
{
	const struct vdfl_block *block = NULL;
	unsigned int nr = 0;

	guard(mutex)(&card->lock);
	if (card->gone)
		return 0;
	while ((block = vdfl_block_next(card, block, match)))
		nr += block_free(block);
	return nr;
}
