// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt source "msix": real vectors. The messages are memory writes, so bus
 * mastering is enabled while a client is armed. This requires an IOMMU that
 * blocks all other writes of the card and isolates its interrupts from those of
 * other devices.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/slab.h>

#include "card/card_priv.h"

/**
 * struct vdfl_msix_vector - one requested vector
 * @client: client that the vector belongs to
 * @nr: number of the vector in the block
 *
 * Constant while the vector is requested.
 */
struct vdfl_msix_vector {
	struct vdfl_irq_client *client;
	unsigned int nr;
};

/*
 * Lockless: a vector belongs to one client. free_irq() waits for this handler
 * before the client is disarmed or the source is stopped.
 */
static irqreturn_t src_msix_handler(int nr, void *data)
{
	struct vdfl_msix_vector *vector = data;
	struct vdfl_irq_client *client = vector->client;

	if (likely(!READ_ONCE(client->interval)))
		client->message(client, vector->nr);
	else
		vdfl_irq_hold_message(client, vector->nr);
	return IRQ_HANDLED;
}

static int src_msix_irq(struct vdfl_card *card,
			const struct vdfl_irq_client *client, unsigned int nr)
{
	return pci_irq_vector(card->pdev, client->first + nr);
}

static void src_msix_free_vectors(struct vdfl_card *card,
				  struct vdfl_irq_client *client,
				  unsigned int nr)
{
	while (nr--)
		free_irq(src_msix_irq(card, client, nr), &client->msix[nr]);
	kfree(client->msix);
	client->msix = NULL;
}

static int src_msix_client_on(struct vdfl_card *card,
			      struct vdfl_irq_client *client)
{
	unsigned int i;
	int ret;

	client->msix = kcalloc(client->nr, sizeof(*client->msix), GFP_KERNEL);
	if (!client->msix)
		return -ENOMEM;
	for (i = 0; i < client->nr; i++) {
		client->msix[i].client = client;
		client->msix[i].nr = i;
		ret = request_irq(src_msix_irq(card, client, i),
				  src_msix_handler, 0, VDFL_NAME,
				  &client->msix[i]);
		if (ret) {
			src_msix_free_vectors(card, client, i);
			return ret;
		}
	}
	return 0;
}

static void src_msix_client_off(struct vdfl_card *card,
				struct vdfl_irq_client *client)
{
	if (client->msix)
		src_msix_free_vectors(card, client, client->nr);
}

/* pci_free_irq_vectors() enables the pin, which has no handler. */
static void src_msix_free_all(struct pci_dev *pdev)
{
	pci_free_irq_vectors(pdev);
	if (pdev->pin)
		pci_intx(pdev, 0);
}

static int src_msix_start(struct vdfl_card *card)
{
	struct pci_dev *pdev = card->pdev;
	unsigned int total = card->msix.nr;
	int ret;

	ret = vdfl_card_check_msix(card);
	if (ret)
		return ret;
	ret = pci_alloc_irq_vectors(pdev, total, total, PCI_IRQ_MSIX);
	if (ret < 0)
		return ret;
	ret = vdfl_busmaster_enable_msix(card);
	if (ret) {
		src_msix_free_all(pdev);
		return ret;
	}
	vdfl_irq_set_running(&card->irq, true);
	return 0;
}

static void src_msix_stop(struct vdfl_card *card)
{
	vdfl_busmaster_disable_msix(card);
	vdfl_irq_set_running(&card->irq, false);
	src_msix_free_all(card->pdev);
}

static bool src_msix_usable(struct vdfl_card *card)
{
	return card->msix.nr &&
	       vdfl_card_range_valid(card, &card->msix.table) &&
	       vdfl_busmaster_msix_permitted(card);
}

const struct vdfl_irq_source vdfl_irq_msix = {
	.name		= "msix",
	.uapi		= VFIO_DFL_MDEV_IRQ_MSIX,
	.msix_flags	= PCI_MSIX_FLAGS_ENABLE,
	.usable		= src_msix_usable,
	.start		= src_msix_start,
	.stop		= src_msix_stop,
	.client_on	= src_msix_client_on,
	.client_off	= src_msix_client_off,
};
