// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access to a card: BARs, location of the MSI-X structures, and headers.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/io.h>

#include "card/card_priv.h"

static u64 bar_len(struct pci_dev *pdev, int bar)
{
	if (!(pci_resource_flags(pdev, bar) & IORESOURCE_MEM))
		return 0;
	return pci_resource_len(pdev, bar);
}

/**
 * vdfl_card_range_valid() - check whether a range lies inside a memory BAR
 * @card: card after vdfl_card_read_layout()
 * @range: range as the card reports it; its offset and length are below 2^32
 *
 * Return: true if the whole range does
 */
bool vdfl_card_range_valid(struct vdfl_card *card,
			   const struct dfl_range *range)
{
	return range->bar < DFL_NR_BARS &&
	       range->off + range->len <= card->bar_len[range->bar];
}

/**
 * vdfl_card_map_bar() - map a BAR unless it is mapped already
 * @card: enabled card that is being probed, or bound card with
 *	vdfl_card_irq.mutex held
 * @bar: number of the BAR as the card reports it, not checked
 *
 * The BAR stays mapped until vdfl_card_unmap_bars(). May sleep.
 *
 * Return: the mapping, or NULL if there is no such BAR or it cannot be mapped
 */
void __iomem *vdfl_card_map_bar(struct vdfl_card *card, u8 bar)
{
	if (bar < DFL_NR_BARS && !card->bar[bar])
		card->bar[bar] = pci_iomap(card->pdev, bar, 0);
	return bar < DFL_NR_BARS ? card->bar[bar] : NULL;
}

/**
 * vdfl_card_unmap_bars() - unmap all BARs
 * @card: card that is being removed, without users
 */
void vdfl_card_unmap_bars(struct vdfl_card *card)
{
	int i;

	for (i = 0; i < DFL_NR_BARS; i++) {
		if (card->bar[i])
			pci_iounmap(card->pdev, card->bar[i]);
		card->bar[i] = NULL;
	}
}

static int card_msix_read_range(struct pci_dev *pdev, u32 reg, u64 len,
				struct dfl_range *place)
{
	u32 where;

	pci_read_config_dword(pdev, pdev->msix_cap + reg, &where);
	place->bar = where & PCI_MSIX_TABLE_BIR;
	place->off = where & PCI_MSIX_TABLE_OFFSET;
	place->len = len;
	return PCI_POSSIBLE_ERROR(where) ? -ENODEV : 0;
}

static int card_msix_read(struct pci_dev *pdev, struct vdfl_msix *msix)
{
	int ret;

	msix->nr = max(pci_msix_vec_count(pdev), 0);
	if (!msix->nr)
		return 0;
	ret = card_msix_read_range(pdev, PCI_MSIX_TABLE,
				   msix->nr * PCI_MSIX_ENTRY_SIZE,
				   &msix->table);
	return ret ?: card_msix_read_range(pdev, PCI_MSIX_PBA,
					   ALIGN(msix->nr, 64) / 8, &msix->pba);
}

static bool same_range(const struct dfl_range *a, const struct dfl_range *b)
{
	return a->bar == b->bar && a->off == b->off && a->len == b->len;
}

/**
 * vdfl_card_read_layout() - read the sizes of BARs and the location of MSI-X
 * @card: enabled card that is being probed
 *
 * Return: 0, or -ENODEV if the card does not respond
 */
int vdfl_card_read_layout(struct vdfl_card *card)
{
	int i;

	for (i = 0; i < DFL_NR_BARS; i++)
		card->bar_len[i] = bar_len(card->pdev, i);
	return card_msix_read(card->pdev, &card->msix);
}

/**
 * vdfl_card_check_msix() - check that the MSI-X structures have not moved
 * @card: bound card that is not frozen
 *
 * Windows exclude the location found at probe, but the PCI core reads the
 * location again when it enables MSI-X.
 *
 * Return: 0; -EIO if the location differs; -ENODEV if the card does not respond
 */
int vdfl_card_check_msix(struct vdfl_card *card)
{
	const struct vdfl_msix *was = &card->msix;
	struct vdfl_msix now = {};
	int ret = card_msix_read(card->pdev, &now);

	if (ret)
		return ret;
	return now.nr == was->nr && same_range(&now.table, &was->table) &&
	       same_range(&now.pba, &was->pba) ? 0 : -EIO;
}

/**
 * vdfl_card_answers() - check whether the card responds
 * @card: any card; a reference is held
 *
 * A device that reset itself has memory decoding disabled. Virtual functions do
 * not implement the bit. May be called in hard interrupt context.
 *
 * Return: true if config space responds and memory decoding is enabled
 */
bool vdfl_card_answers(struct vdfl_card *card)
{
	struct pci_dev *pdev = card->pdev;
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	return !PCI_POSSIBLE_ERROR(command) &&
	       (command & PCI_COMMAND_MEMORY || pdev->no_command_memory);
}

/**
 * vdfl_card_check_header() - compare the header of a block with its snapshot
 * @block: assignable block of a card that is not frozen;
 *	vdfl_card.reset_lock is held
 *
 * Return: 0; -EIO if the header differs, as after a reconfiguration; -ENODATA if it
 * reads all-ones; -ENODEV if the card does not respond
 */
int vdfl_card_check_header(struct vdfl_block *block)
{
	const struct dfl_header *h = block->header;
	void __iomem *io = block->card->bar[h->bar] + h->off;
	u64 dfh = readq(io + DFL_DFH);
	bool same = dfh == h->dfh;

	if (h->guid_l || h->guid_h)
		same = same && readq(io + DFL_GUID_L) == h->guid_l &&
		       readq(io + DFL_GUID_H) == h->guid_h;
	if (same)
		return 0;
	/* Do not blame the block if the whole device stopped responding */
	if (!vdfl_card_answers(block->card))
		return -ENODEV;
	return dfh == ~0ULL ? -ENODATA : -EIO;
}
