// SPDX-License-Identifier: GPL-2.0-only
/* Bind a card to the driver, and unbind it. */
#include "vdfl_test.h"

#define MDEV_DRIVER_DIR	"/sys/bus/mdev/drivers/" DRIVER
#define NAMES_MS	30000	/* a release is delayed by 4 s at most */
#define RETRY_US	50000

/**
 * name_stays() - wait for a moment if a name of a removed object may still be used
 * @since: now_us() when the name was needed
 *
 * With CONFIG_DEBUG_KOBJECT_RELEASE names stay for seconds after the removal.
 *
 * Return: false once the caller should give up
 */
bool name_stays(u64 since)
{
	if (now_us() > since + NAMES_MS * 1000)
		return false;
	sleep_us(RETRY_US);
	return true;
}

/**
 * driver_is_gone() - wait until no driver of an unloaded module is in sysfs
 *
 * Return: true if the module can be loaded
 */
bool driver_is_gone(void)
{
	u64 since = now_us();

	while (!access(DRIVER_DIR, F_OK) || !access(MDEV_DRIVER_DIR, F_OK))
		if (!name_stays(since))
			return false;
	return true;
}

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
