// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links of the card that Bus Master Enable does not gate: CXL, coherent links
 * and second PCIe links.
 *
 * The FME reports coherent and second links. It is a block of one function,
 * usually function 0. The driver reads registers only of functions that are
 * bound to it, because another driver may own the function or may have powered
 * it down. So the functions of a card that are bound to this driver share what
 * the FME of one of them reports. Without such an FME the links are unknown.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/delay.h>
#include <linux/module.h>

#include "card/card_priv.h"

#define CXL_DVSEC_VENDOR	0x1e98
#define CXL_DVSEC_DEVICE	0

static bool require_known_links;
module_param(require_known_links, bool, 0444);
MODULE_PARM_DESC(require_known_links,
		 "Refuse functions if no FME bound to the driver reports the links of the card (default: N)");

/* Cards between vdfl_links_join() and vdfl_links_leave(); under links_lock */
static LIST_HEAD(cards);
static DEFINE_MUTEX(links_lock);

/* --- CXL ------------------------------------------------------------------- */

static bool function_is_cxl(struct pci_dev *pdev)
{
	return pcie_is_cxl(pdev) ||
	       pci_find_dvsec_capability(pdev, CXL_DVSEC_VENDOR,
					 CXL_DVSEC_DEVICE);
}

/* Users of a sibling may reset it again and again. */
static bool stays_in_reset(struct pci_dev *other)
{
	unsigned long end = jiffies + HZ;

	while (vdfl_function_in_reset(other)) {
		if (time_after(jiffies, end))
			return true;
		usleep_range(100, 200);
	}
	return false;
}

static int sibling_check_cxl(struct vdfl_card *card, struct pci_dev *other)
{
	/*
	 * Checked when it was bound. A sibling that is being bound has this
	 * driver as well, but is not reset: that needs its device lock.
	 */
	if (vdfl_function_in_reset(other) &&
	    other->dev.driver == card->pdev->dev.driver)
		return 0;
	if (stays_in_reset(other)) {
		pci_err(card->pdev,
			"refused: function %s is being reset, so CXL cannot be checked; bind again\n",
			pci_name(other));
		return -EBUSY;
	}
	if (!function_is_cxl(other))
		return 0;
	pci_err(card->pdev,
		"refused: CXL traffic of function %s is not gated by Bus Master Enable\n",
		pci_name(other));
	return -EOPNOTSUPP;
}

/**
 * vdfl_links_check_cxl() - refuse cards with CXL
 * @card: card that is being probed
 *
 * CXL devices have the capability in function 0 only, so all functions of the
 * card are checked, and the port above. May sleep.
 *
 * Return: 0; -EOPNOTSUPP with CXL; -EBUSY if a sibling is being reset
 */
int vdfl_links_check_cxl(struct vdfl_card *card)
{
	struct pci_dev *port = pci_upstream_bridge(card->pdev);
	struct pci_dev *other = NULL;
	int ret;

	if (function_is_cxl(card->pdev) || (port && pcie_is_cxl(port))) {
		pci_err(card->pdev,
			"refused: CXL traffic is not gated by Bus Master Enable\n");
		return -EOPNOTSUPP;
	}
	while ((other = vdfl_sibling_next(card, other))) {
		ret = sibling_check_cxl(card, other);
		if (ret) {
			pci_dev_put(other);
			return ret;
		}
	}
	return 0;
}

/* --- coherent and second links --------------------------------------------- */

static enum vdfl_links fme_links(const struct vdfl_card *card)
{
	const struct dfl_map *map = card->map;
	u32 i;

	if (map->fme_cap & (DFL_FME_CAP_COHERENT | DFL_FME_CAP_PCIE1))
		return VDFL_LINKS_NOT_GATED;
	for (i = 0; i < map->nr_headers; i++)
		if (map->header[i].kind == DFL_KIND_FME)
			return VDFL_LINKS_GATED;
	return VDFL_LINKS_UNKNOWN;
}

/* Returns what the FME of the card or of a sibling reports. */
static enum vdfl_links share_links(struct vdfl_card *card)
{
	enum vdfl_links links = fme_links(card);
	struct vdfl_card *other;

	lockdep_assert_held(&links_lock);
	list_for_each_entry(other, &cards, links_node) {
		if (!vdfl_sibling_is(card, other->pdev))
			continue;
		/* Another FME does not take back what one has reported */
		if (links < other->links) {
			links = other->links;
		} else if (links != other->links) {
			WRITE_ONCE(other->links, links);
			if (links == VDFL_LINKS_NOT_GATED)
				pci_err(other->pdev,
					"the FME of function %s reports a coherent or second PCIe link, which is not gated by Bus Master Enable; unbind the card\n",
					pci_name(card->pdev));
		}
	}
	return links;
}

static int links_acceptable(struct vdfl_card *card, enum vdfl_links links)
{
	if (links == VDFL_LINKS_NOT_GATED) {
		pci_err(card->pdev,
			"refused: coherent or second PCIe link (capability 0x%llx of this function) is not gated by Bus Master Enable\n",
			card->map->fme_cap);
		return -EOPNOTSUPP;
	}
	if (links == VDFL_LINKS_UNKNOWN && require_known_links) {
		pci_err(card->pdev,
			"refused: links of the card are unknown and require_known_links is set; bind the function with the FME first\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

/**
 * vdfl_links_join() - find out which links the card has
 * @card: card that is being probed, after vdfl_card_walk()
 *
 * If the card has an FME, the links of its bound siblings are set as well. A
 * sibling with a link that is not gated is only marked and logged: its users are
 * not stopped. Undone by vdfl_links_leave(). May sleep.
 *
 * Return: 0; -EOPNOTSUPP if the card has links that bus mastering does not
 * gate, or if they are unknown and the module parameter require_known_links is
 * set
 */
int vdfl_links_join(struct vdfl_card *card)
{
	int ret;

	guard(mutex)(&links_lock);
	card->links = share_links(card);
	ret = links_acceptable(card, card->links);
	if (!ret)
		list_add_tail(&card->links_node, &cards);
	return ret;
}

/**
 * vdfl_links_leave() - undo vdfl_links_join()
 * @card: card that is being removed
 *
 * The links of siblings do not change. May sleep.
 */
void vdfl_links_leave(struct vdfl_card *card)
{
	guard(mutex)(&links_lock);
	list_del(&card->links_node);
}

/**
 * vdfl_links_name() - get the value of sysfs attribute links
 * @card: bound card
 *
 * Return: static string
 */
const char *vdfl_links_name(const struct vdfl_card *card)
{
	switch (READ_ONCE(card->links)) {
	case VDFL_LINKS_GATED:
		return "one PCIe link";
	case VDFL_LINKS_NOT_GATED:
		return "coherent or second PCIe link";
	default:
		return "unknown";
	}
}
