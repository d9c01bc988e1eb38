// SPDX-License-Identifier: GPL-2.0-only
/* Bind a card to the driver, and unbind it. */
#include "vdfl_test.h"

/** card_at() - card number @nr of the lab, at PCI address @bdf */
void card_at(struct card *card, const char *bdf, unsigned int nr)
{
	format(card->bdf, sizeof(card->bdf), "%s", bdf);
	format(card->dir, sizeof(card->dir), "/sys/bus/pci/devices/%s", bdf);
	format(card->ctl, sizeof(card->ctl), "/dev/virtio-ports/card%u", nr);
	format(card->log, sizeof(card->log), "/out/card%u.jsonl", nr);
}

bool card_is_bound(const struct card *card)
{
	char name[VALUE_LEN];

	return !try_sysfs_link(name, sizeof(name), "%s/driver", card->dir) &&
	       !strcmp(name, DRIVER);
}

/* * try_card_bind() - Return: true if the driver is bound afterwards */
bool try_card_bind(const struct card *card)
{
	if (try_sysfs_write(DRIVER, "%s/driver_override", card->dir))
		return false;
	try_sysfs_write(card->bdf, "/sys/bus/pci/drivers_probe");
	return card_is_bound(card);
}

int try_card_unbind(const struct card *card)
{
	return try_sysfs_write(card->bdf, DRIVER_DIR "/unbind");
}
