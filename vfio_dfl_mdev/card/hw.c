// SPDX-License-Identifier: GPL-2.0-only
/* Access to the hardware of a card: its BARs, MSI-X structures and headers. */
#include <linux/io.h>

#include "card/card_priv.h"

static u64 bar_len(struct pci_dev *pdev, int bar)
{
	if (!(pci_resource_flags(pdev, bar) & IORESOURCE_MEM))
		return 0;
	return pci_resource_len(pdev, bar);
}

/**
 * vdfl_card_range_valid() - check whether a range lies in a memory BAR
 * @card: its BARs are known
 * @range: as the card reports it
 *
 * Return: true if all of it does
 */
bool vdfl_card_range_valid(struct vdfl_card *card,
			   const struct dfl_range *range)
{
	return range->bar < DFL_NR_BARS &&
	       range->off + range->len <= card->bar_len[range->bar];
}

/**
 * vdfl_card_map_bar() - map a BAR unless it is mapped already
 * @card: enabled
 * @bar: as the card reports it
 *
 * Return: the mapping, which vdfl_card_unmap_bars() removes, or NULL
 */
void __iomem *vdfl_card_map_bar(struct vdfl_card *card, u8 bar)
{
	if (bar < DFL_NR_BARS && !card->bar[bar])
		card->bar[bar] = pci_iomap(card->pdev, bar, 0);
	return bar < DFL_NR_BARS ? card->bar[bar] : NULL;
}

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
	return PCI_POSSIBLE_ERROR(where) ? -EIO : 0;
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
 * vdfl_card_read_layout() - read the sizes of BARs, and where MSI-X is
 * @card: enabled
 *
 * Return: 0, or -EIO when the card does not respond
 */
int vdfl_card_read_layout(struct vdfl_card *card)
{
	int i;

	for (i = 0; i < DFL_NR_BARS; i++)
		card->bar_len[i] = bar_len(card->pdev, i);
	return card_msix_read(card->pdev, &card->msix);
}

/**
 * vdfl_card_check_msix() - are the MSI-X structures where they were at probe?
 * @card: it answers
 *
 * Windows were cut around them, and the PCI core asks the card again.
 *
 * Return: 0; -EIO when the card says something else
 */
int vdfl_card_check_msix(struct vdfl_card *card)
{
	const struct vdfl_msix *was = &card->msix;
	struct vdfl_msix now = {};

	if (card_msix_read(card->pdev, &now) || now.nr != was->nr ||
	    !same_range(&now.table, &was->table) ||
	    !same_range(&now.pba, &was->pba))
		return -EIO;
	return 0;
}

/*
 * vdfl_card_answers(): is the card there, and does it decode its registers?
 * One that has reset itself does not. A virtual function has no such bit.
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
 * vdfl_card_check_header() - is the header of @block still what it was?
 * @block: its registers can be read now
 *
 * Return: 0; -EIO when the card shows another header than at probe, as after a
 * reconfiguration.
 */
int vdfl_card_check_header(struct vdfl_block *block)
{
	const struct dfl_header *h = block->header;
	void __iomem *io = block->card->bar[h->bar] + h->off;
	bool same = readq(io + DFL_DFH) == h->dfh;

	if (h->guid_l || h->guid_h)
		same = same && readq(io + DFL_GUID_L) == h->guid_l &&
		       readq(io + DFL_GUID_H) == h->guid_h;
	if (same)
		return 0;
	/* What a lost card shows says nothing about its blocks */
	if (vdfl_card_answers(block->card))
		dev_warn_ratelimited(&block->card->pdev->dev,
				     "%s: header differs from the one found at probe; unbind and bind the card to scan it again\n",
				     block->pos);
	return -EIO;
}
