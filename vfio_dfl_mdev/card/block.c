// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks of a card: which can be assigned, and which clients own them.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "card/card_priv.h"
#include "dfl/vconfig.h"

static char *opt_in;
module_param(opt_in, charp, 0444);
MODULE_PARM_DESC(opt_in,
		 "Additional block types to offer, comma separated, e.g. uart,qsfp,fme-7a,vendor-12345678");

static const struct vdfl_block *block_end(const struct vdfl_card *card)
{
	return card->block + DFL_NR_VIEWS * card->nr_blocks;
}

/**
 * vdfl_block_reader() - get the read-only view of a block
 * @block: block in the view of its owner
 *
 * Return: the block in DFL_VIEW_READ, assignable or not
 */
struct vdfl_block *vdfl_block_reader(const struct vdfl_block *block)
{
	u32 index = block - block->card->block;

	return &block->card->block[block->card->nr_blocks + index];
}

/**
 * vdfl_block_shared() - check whether a block can have readers
 * @block: any block
 *
 * Return: true if the block can be assigned read-only
 */
bool vdfl_block_shared(const struct vdfl_block *block)
{
	if (!vdfl_block_read_only(block))
		block = vdfl_block_reader(block);
	return vdfl_block_assignable(block);
}

/**
 * vdfl_block_nr_vectors() - get the number of vectors of a client of a block
 * @block: any block
 *
 * Return: number of vectors; 0 for a reader: the cause of an interrupt is
 * cleared by a write
 */
u16 vdfl_block_nr_vectors(const struct vdfl_block *block)
{
	return vdfl_block_read_only(block) ? 0 : block->header->nr_vectors;
}

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
	/* Never assigned: the table contains the address of each message */
	args->reserved[args->nr_reserved++] = card->msix.table;
	args->reserved[args->nr_reserved++] = card->msix.pba;
}

/* Do not log blocks withheld by policy or already reported by dfl_walk(). */
static void block_log_bad(const struct vdfl_block *block)
{
	enum dfl_reason reason = block->window->reason;

	if (reason == block->header->reason || reason == DFL_REASON_POLICY ||
	    reason == DFL_REASON_OPT_IN)
		return;
	pci_notice(block->card->pdev, "%s (feature 0x%x) is withheld: %s\n",
		   block->pos, block->header->id, dfl_reason_text(reason));
}

/* Return the only assignable block, or NULL if there is none, or several. */
static struct vdfl_block *only_block(struct vdfl_card *card)
{
	struct vdfl_block *only = NULL;
	u32 i;

	for (i = 0; i < card->nr_blocks; i++) {
		if (!vdfl_block_assignable(&card->block[i]))
			continue;
		if (only)
			return NULL;
		only = &card->block[i];
	}
	return only;
}

/* FME and ports serve other functions of the card. */
static bool has_interface_unit(const struct vdfl_card *card)
{
	u32 i;

	for (i = 0; i < card->nr_blocks; i++)
		if (card->map->header[i].kind == DFL_KIND_FME ||
		    card->map->header[i].kind == DFL_KIND_PORT)
			return true;
	return false;
}

static struct vdfl_block *find_flr_block(struct vdfl_card *card)
{
	struct vdfl_block *block = only_block(card);

	if (!block || has_interface_unit(card))
		return NULL;
	if (!pcie_reset_flr(card->pdev, PCI_RESET_PROBE))
		return block;
	pci_notice(card->pdev,
		   "%s: no function level reset, block keeps its state between users\n",
		   block->pos);
	return NULL;
}

static void block_init(struct vdfl_card *card, u32 index)
{
	const struct dfl_header *h = &card->map->header[index % card->nr_blocks];
	struct vdfl_block *block = &card->block[index];

	block->card = card;
	block->header = h;
	block->window = &card->window[index];
	snprintf(block->pos, sizeof(block->pos), "b%u-o%llx", h->bar, h->off);
	if (!vdfl_block_read_only(block))
		block_log_bad(block);
}

static void carve(struct vdfl_card *card)
{
	struct dfl_carve_args args;
	unsigned int assignable;

	args_init(&args, card);
	args.view = DFL_VIEW_OWN;
	assignable = dfl_carve(card->map, &args, card->window);
	args.view = DFL_VIEW_READ;
	assignable += dfl_carve(card->map, &args,
				card->window + card->map->nr_headers);
	if (!assignable)
		pci_warn(card->pdev,
			 "no assignable block; see dfl/blocks/*/withheld and the module parameter opt_in\n");
}

/**
 * vdfl_blocks_init() - decide which blocks can be assigned
 * @card: card whose snapshot of headers is complete
 *
 * May sleep. vdfl_blocks_free() frees the arrays, also after an error.
 *
 * Return: 0 or -ENOMEM
 */
int vdfl_blocks_init(struct vdfl_card *card)
{
	u32 i, nr = card->map->nr_headers, nr_views = DFL_NR_VIEWS * nr;

	card->window = kvcalloc(nr_views, sizeof(*card->window), GFP_KERNEL);
	card->block = kvcalloc(nr_views, sizeof(*card->block), GFP_KERNEL);
	if (!card->window || !card->block)
		return -ENOMEM;

	carve(card);
	card->nr_blocks = nr;
	for (i = 0; i < nr_views; i++)
		block_init(card, i);
	card->flr_block = find_flr_block(card);
	return 0;
}

/**
 * vdfl_blocks_free() - free the blocks of a card
 * @card: card without references; vdfl_blocks_init() may have failed
 */
void vdfl_blocks_free(struct vdfl_card *card)
{
	kvfree(card->block);
	kvfree(card->window);
}

/**
 * vdfl_block_io() - get the mapped registers of a block
 * @block: assignable block of a bound card
 *
 * Return: address of the header in the mapping of the BAR
 */
void __iomem *vdfl_block_io(const struct vdfl_block *block)
{
	return block->card->bar[block->header->bar] + block->header->off;
}

/**
 * vdfl_block_phys() - get the physical address of a block
 * @block: assignable block
 *
 * Return: physical address of the header
 */
phys_addr_t vdfl_block_phys(const struct vdfl_block *block)
{
	return pci_resource_start(block->card->pdev, block->header->bar) +
	       block->header->off;
}

/**
 * vdfl_block_ids() - fill in the PCI ids that an instance of a block reports
 * @block: assignable block
 * @desc: the ids, revision, class and prefetch bit are set
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

/**
 * vdfl_block_guid() - get the GUID of a block
 * @block: any block
 * @guid: result, in text order; zero if the header has no GUID
 */
void vdfl_block_guid(const struct vdfl_block *block, u8 guid[16])
{
	__be64 words[2] = {
		cpu_to_be64(block->header->guid_h),
		cpu_to_be64(block->header->guid_l),
	};

	memcpy(guid, words, sizeof(words));
}

/**
 * vdfl_block_parent_kind() - get the kind of the interface unit of a block
 * @block: any block
 *
 * Return: DFL_KIND_FME or DFL_KIND_PORT; DFL_KIND_OPAQUE without interface unit
 */
enum dfl_kind vdfl_block_parent_kind(const struct vdfl_block *block)
{
	s16 parent = block->header->parent;

	if (parent == DFL_NO_PARENT)
		return DFL_KIND_OPAQUE;
	return block->card->map->header[parent].kind;
}

/**
 * vdfl_block_port() - get the port of an AFU
 * @block: any block
 *
 * Return: header of the port, or NULL if the block is no AFU of a port
 */
const struct dfl_header *vdfl_block_port(const struct vdfl_block *block)
{
	const struct dfl_header *h = block->header;

	if (h->kind != DFL_KIND_AFU || h->parent == DFL_NO_PARENT)
		return NULL;
	return &block->card->map->header[h->parent];
}

/**
 * vdfl_block_port_dead() - check whether the port of a block failed a reset
 * @block: any block
 *
 * Return: true if the block has a port, and the port is dead
 */
bool vdfl_block_port_dead(const struct vdfl_block *block)
{
	const struct dfl_header *port = vdfl_block_port(block);

	return port && vdfl_port_is_dead(block->card, port);
}

/**
 * vdfl_block_assignable() - check whether carving permits to assign a block
 * @block: any block
 *
 * Return: true unless carving withheld the block; its owner and the state of its
 * port do not matter
 */
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

/* Return the number of clients that can claim the block now. */
static unsigned int block_free(const struct vdfl_block *block)
{
	lockdep_assert_held(&block->card->lock);
	if (vdfl_block_port_dead(block))
		return 0;
	if (vdfl_block_read_only(block))
		return VDFL_MAX_READERS - block->nr_readers;
	return !block->owner;
}

/**
 * vdfl_block_next() - iterate over assignable blocks, claimed or not
 * @card: bound card
 * @prev: block to continue after, or NULL to start
 * @match: selection of blocks, or NULL for each assignable block
 *
 * A block that can also be assigned read-only occurs twice. Lockless: the set
 * of assignable blocks is constant after probe.
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

static struct vdfl_block *
block_find_free(struct vdfl_card *card, const struct vdfl_block_match *match)
{
	struct vdfl_block *block;

	lockdep_assert_held(&card->lock);
	if (card->gone || card->unbinding)
		return ERR_PTR(-ENODEV);
	for (block = card->block; block < block_end(card); block++)
		if (block_free(block) && block_matches(block, match))
			return block;
	return ERR_PTR(-ENOSPC);
}

/**
 * vdfl_block_claim() - claim a free block for a client
 * @card: card that has the block
 * @match: selection of blocks
 * @client: new owner or reader; its callbacks are called until
 *	vdfl_block_release()
 *
 * Takes vdfl_card.lock.
 *
 * Return: the block, or an ERR_PTR: -ENOSPC if no block is free, -ENODEV if the
 * card is lost or being unbound
 */
struct vdfl_block *vdfl_block_claim(struct vdfl_card *card,
				    const struct vdfl_block_match *match,
				    struct vdfl_client *client)
{
	struct vdfl_block *block;

	raw_spin_lock(&card->lock);
	block = block_find_free(card, match);
	if (!IS_ERR(block)) {
		client->block = block;
		client->stats.nr_vectors = vdfl_block_nr_vectors(block);
		vdfl_client_add(client);
	}
	raw_spin_unlock(&card->lock);
	return block;
}

/**
 * vdfl_block_release() - release the block of a client, if it has one
 * @client: client that is not open; its callbacks are not called any more
 *	afterwards
 *
 * Takes vdfl_card.lock. May sleep.
 */
void vdfl_block_release(struct vdfl_client *client)
{
	if (!client->block)
		return;
	vdfl_client_del(client);
	client->block = NULL;
}

/**
 * vdfl_blocks_nr_free() - count the clients that can claim a block now
 * @card: bound card
 * @match: selection of blocks
 *
 * Takes vdfl_card.lock.
 *
 * Return: number of clients: one for each free block, up to VDFL_MAX_READERS if
 * the type is read-only; 0 if the card is lost or being unbound
 */
unsigned int vdfl_blocks_nr_free(struct vdfl_card *card,
				 const struct vdfl_block_match *match)
{
	const struct vdfl_block *block = NULL;
	unsigned int nr = 0;

	raw_spin_lock(&card->lock);
	if (!card->gone && !card->unbinding)
		while ((block = vdfl_block_next(card, block, match)))
			nr += block_free(block);
	raw_spin_unlock(&card->lock);
	return nr;
}
