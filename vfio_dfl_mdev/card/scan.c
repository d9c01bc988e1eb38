// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scan of a card at probe: locate its lists, walk them and log the findings.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/io.h>
#include <linux/ktime.h>

#include "card/card_priv.h"

/* Bound of all header reads together; each may take tens of ms on a bad link */
#define WALK_TIMEOUT_S		10
#define VSEC_DWORDS		(2 + DFL_MAX_LISTS)	/* header, count, entries */

struct walk_ctx {
	struct vdfl_card *card;
	ktime_t deadline;	/* jiffies do not advance in a stalled read */
	int err;		/* a word was not read: -ENOMEM, -ETIMEDOUT */
};

static u64 walk_read64(void *data, u8 bar, u64 off)
{
	struct walk_ctx *ctx = data;
	void __iomem *base = vdfl_card_map_bar(ctx->card, bar);

	if (!base)
		ctx->err = -ENOMEM;
	else if (ktime_after(ktime_get(), ctx->deadline))
		ctx->err = -ETIMEDOUT;
	return ctx->err ? ~0ULL : readq(base + off);
}

static int walk_deassert_port_reset(void *data, u8 bar, u64 off)
{
	struct walk_ctx *ctx = data;

	if (!vdfl_card_map_bar(ctx->card, bar))
		return -ENOMEM;
	return vdfl_port_deassert_reset(ctx->card, bar, off);
}

/* Returns the number of dwords read from the VSEC header on; 0 without VSEC. */
static unsigned int card_read_vsec(struct pci_dev *pdev, u32 *vsec)
{
	u16 pos = pci_find_vsec_capability(pdev, PCI_VENDOR_ID_INTEL,
					   DFL_VSEC_ID);
	unsigned int len, i;

	if (!pos)
		return 0;
	pci_read_config_dword(pdev, pos + DFL_VSEC_HDR, &vsec[0]);
	len = min_t(unsigned int, FIELD_GET(DFL_VSEC_HDR_LEN, vsec[0]),
		    PCI_CFG_SPACE_EXP_SIZE - pos);
	if (len < DFL_VSEC_ENTRY)
		return 1;
	len = min_t(unsigned int, (len - DFL_VSEC_HDR) / 4, VSEC_DWORDS);
	for (i = 1; i < len; i++)
		pci_read_config_dword(pdev, pos + DFL_VSEC_HDR + 4 * i,
				      &vsec[i]);
	return len;
}

static void card_log_findings(struct vdfl_card *card)
{
	const struct dfl_map *map = card->map;
	u32 nr = min_t(u32, map->nr_findings, DFL_MAX_FINDINGS);
	const struct dfl_finding *f;

	for (f = map->finding; f < map->finding + nr; f++)
		pci_notice(card->pdev, "BAR%u+0x%llx: %s (0x%llx)\n", f->bar,
			   f->off, dfl_reason_text(f->reason), f->value);
	if (map->nr_findings > nr)
		pci_notice(card->pdev, "%u further findings suppressed\n",
			   map->nr_findings - nr);
}

static int card_refuse_lists(struct vdfl_card *card, int err)
{
	const struct dfl_finding *f = &card->map->finding[0];

	if (card->map->nr_findings)
		pci_err(card->pdev,
			"refused: no usable feature list; first finding: BAR%u+0x%llx: %s (0x%llx)\n",
			f->bar, f->off, dfl_reason_text(f->reason), f->value);
	else
		pci_err(card->pdev, "refused: no feature list found\n");
	return err;
}

/**
 * vdfl_card_walk() - take the snapshot of the card's headers
 * @card: card that is being probed, after vdfl_card_read_layout()
 *
 * Log the findings, or the reason why the card is refused. May sleep.
 *
 * Return: 0; an error of dfl_walk(); -ENOMEM if a BAR cannot be mapped;
 *	-ETIMEDOUT if the reads take longer than WALK_TIMEOUT_S
 */
int vdfl_card_walk(struct vdfl_card *card)
{
	struct walk_ctx ctx = {
		.card = card,
		.deadline = ktime_add_ms(ktime_get(),
					 WALK_TIMEOUT_S * MSEC_PER_SEC),
	};
	struct dfl_io io = {
		.read64 = walk_read64,
		.deassert_port_reset = walk_deassert_port_reset,
		.ctx = &ctx,
	};
	u32 vsec[VSEC_DWORDS] = {};
	unsigned int dwords = card_read_vsec(card->pdev, vsec);
	int ret;

	memcpy(io.bar_len, card->bar_len, sizeof(io.bar_len));
	io.nr_vectors = card->msix.nr;

	ret = dfl_walk(&io, dwords ? vsec : NULL, dwords, card->map);
	if (ctx.err == -ETIMEDOUT)
		pci_err(card->pdev,
			"refused: reading the headers took more than %d s\n",
			WALK_TIMEOUT_S);
	if (ctx.err)
		return ctx.err;
	if (ret)
		return card_refuse_lists(card, ret);
	card_log_findings(card);
	return 0;
}
