// SPDX-License-Identifier: GPL-2.0-only
/*
 * DFL ports: reset, and the ports that failed one.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/jiffies.h>

#include "card/card_priv.h"

/*
 * The hardware acknowledges within 1 ms. Bound the number of polls rather than
 * the time alone, because the CPU may be preempted between two polls. The time
 * limit ends the wait only if the polls themselves are slow.
 */
#define PORT_ACK_STEP_US	10
#define PORT_ACK_POLLS		500
#define PORT_ACK_MIN_POLLS	10
#define PORT_ACK_LIMIT		HZ

static int port_wait_ack(void __iomem *ctrl, u64 want)
{
	unsigned long limit = jiffies + PORT_ACK_LIMIT;
	unsigned int poll;
	u64 value;

	for (poll = 0; poll < PORT_ACK_POLLS; poll++) {
		value = readq(ctrl);
		if (value == ~0ULL)
			return -EIO;
		if ((value & DFL_PORT_CTRL_ACK) == want)
			return 0;
		if (poll >= PORT_ACK_MIN_POLLS && time_after(jiffies, limit))
			break;
		usleep_range(PORT_ACK_STEP_US, 2 * PORT_ACK_STEP_US);
	}
	return -ETIMEDOUT;
}

/**
 * vdfl_port_deassert_reset() - take a port out of reset
 * @card: card that is being probed, or bound card with vdfl_card.reset_lock
 *	held
 * @bar: BAR of the port header, mapped
 * @off: byte offset of the port header
 *
 * Sleeps up to PORT_ACK_LIMIT.
 *
 * Return: 0; -EIO if the port reads all-ones; -ETIMEDOUT if the port does not
 * acknowledge
 */
int vdfl_port_deassert_reset(struct vdfl_card *card, u8 bar, u64 off)
{
	void __iomem *ctrl = card->bar[bar] + off + DFL_PORT_CTRL;
	u64 value = readq(ctrl);

	if (value == ~0ULL)
		return -EIO;
	if (value & DFL_PORT_CTRL_RESET)
		writeq(value & ~DFL_PORT_CTRL_RESET, ctrl);
	return port_wait_ack(ctrl, 0);
}

/**
 * vdfl_port_assert_reset() - put a port into reset
 * @card: bound card that the PCI core does not operate on, with
 *	vdfl_card.reset_lock held; or card that is being removed
 * @port: header of the port
 *
 * Undone by vdfl_port_deassert_reset(). Sleeps up to PORT_ACK_LIMIT.
 *
 * Return: 0; -EIO if the port reads all-ones; -ETIMEDOUT if the port does not
 * acknowledge
 */
int vdfl_port_assert_reset(struct vdfl_card *card,
			   const struct dfl_header *port)
{
	void __iomem *ctrl = card->bar[port->bar] + port->off + DFL_PORT_CTRL;
	u64 value = readq(ctrl);

	if (value == ~0ULL)
		return -EIO;
	writeq(value | DFL_PORT_CTRL_RESET, ctrl);
	return port_wait_ack(ctrl, DFL_PORT_CTRL_ACK);
}

/**
 * vdfl_port_end_reset() - take a port out of reset after vdfl_port_assert_reset()
 * @card: as given to vdfl_port_assert_reset()
 * @port: header of the port
 * @err: result of vdfl_port_assert_reset()
 *
 * A port that did not acknowledge stays in reset with its AFU. One without an AFU
 * of its own would keep the AFUs of other functions in reset. Sleeps up to
 * PORT_ACK_LIMIT.
 *
 * Return: @err; if that is 0, as vdfl_port_deassert_reset()
 */
int vdfl_port_end_reset(struct vdfl_card *card, const struct dfl_header *port,
			int err)
{
	int ret = 0;

	if (!err || port->no_afu)
		ret = vdfl_port_deassert_reset(card, port->bar, port->off);
	return err ?: ret;
}

/**
 * vdfl_port_reset() - reset a port
 * @card: bound card that is not frozen; vdfl_card.reset_lock is held
 * @port: header of the port
 *
 * Sleeps up to twice PORT_ACK_LIMIT.
 *
 * Return: 0; -EIO if the port reads all-ones; -ETIMEDOUT if the port does not
 * acknowledge
 */
int vdfl_port_reset(struct vdfl_card *card, const struct dfl_header *port)
{
	return vdfl_port_end_reset(card, port,
				   vdfl_port_assert_reset(card, port));
}

/**
 * vdfl_port_is_dead() - check whether a port failed a reset
 * @card: card that has the port
 * @port: header of the port
 *
 * Lockless: the state changes under vdfl_card.reset_lock.
 *
 * Return: true if the port is excluded from use
 */
bool vdfl_port_is_dead(const struct vdfl_card *card,
		       const struct dfl_header *port)
{
	return test_bit(port - card->map->header, card->dead_ports);
}

/**
 * vdfl_port_mark_dead() - exclude a port from use
 * @card: card that has the port; vdfl_card.reset_lock is held
 * @port: header of the port
 * @err: negative errno of the reset, for the log
 */
void vdfl_port_mark_dead(struct vdfl_card *card, const struct dfl_header *port,
			 int err)
{
	lockdep_assert_held(&card->reset_lock);
	pci_err(card->pdev,
		"port %u: reset failed (%pe), AFU withheld until a card reset cures the port\n",
		port->port, ERR_PTR(err));
	set_bit(port - card->map->header, card->dead_ports);
}

/* A dead port has to take a whole reset, and fails it silently. */
static void port_revive(struct vdfl_card *card, const struct dfl_header *port)
{
	if (vdfl_port_reset(card, port))
		return;
	pci_info(card->pdev,
		 "port %u: reset works again, AFU not withheld\n",
		 port->port);
	clear_bit(port - card->map->header, card->dead_ports);
}

static void port_after_reset(struct vdfl_card *card,
			     const struct dfl_header *port)
{
	int ret;

	if (vdfl_port_is_dead(card, port)) {
		port_revive(card, port);
		return;
	}
	ret = vdfl_port_deassert_reset(card, port->bar, port->off);
	/* Do not blame the port if the whole device stopped responding */
	if (ret && vdfl_card_answers(card))
		vdfl_port_mark_dead(card, port, ret);
}

static bool port_in_reset(struct vdfl_card *card, const struct dfl_header *port)
{
	u64 value = readq(card->bar[port->bar] + port->off + DFL_PORT_CTRL);

	return value != ~0ULL && value & DFL_PORT_CTRL_RESET;
}

static bool port_is_usable(struct vdfl_card *card, const struct dfl_header *h)
{
	return h->kind == DFL_KIND_PORT && !h->reason && card->bar[h->bar];
}

/**
 * vdfl_ports_deassert_reset() - take all ports of a card out of reset
 * @card: bound card after a reset; vdfl_card.reset_lock is held
 *
 * A reset of the function leaves its ports in reset. A port that does not
 * acknowledge is marked dead. A dead port is used again if it takes a reset
 * now. Sleeps up to PORT_ACK_LIMIT for each port, and up to twice that for a
 * dead one.
 *
 * Return: true if a port without an AFU of its own was in reset, and so the AFUs of
 * other functions
 */
bool vdfl_ports_deassert_reset(struct vdfl_card *card)
{
	const struct dfl_header *h = card->map->header;
	const struct dfl_header *end = h + card->map->nr_headers;
	bool others_reset = false;

	lockdep_assert_held(&card->reset_lock);
	for (; h < end; h++) {
		if (!port_is_usable(card, h))
			continue;
		if (h->no_afu && (vdfl_port_is_dead(card, h) ||
				  port_in_reset(card, h)))
			others_reset = true;
		port_after_reset(card, h);
	}
	return others_reset;
}

/* --- ports whose AFU is another function of the card ----------------------- */

/**
 * vdfl_ports_are_shared() - check whether a card has a port for other functions
 * @card: bound card, frozen or not
 *
 * Return: true if a usable port has no AFU of its own
 */
bool vdfl_ports_are_shared(struct vdfl_card *card)
{
	const struct dfl_header *h = card->map->header;
	const struct dfl_header *end = h + card->map->nr_headers;

	for (; h < end; h++)
		if (port_is_usable(card, h) && h->no_afu)
			return true;
	return false;
}

/* Return true if the port was in reset. */
static bool port_release(struct vdfl_card *card, const struct dfl_header *port)
{
	int ret;

	if (!port_in_reset(card, port))
		return false;
	ret = vdfl_port_deassert_reset(card, port->bar, port->off);
	if (ret)
		pci_warn(card->pdev,
			 "port %u: stays in reset (%pe), AFUs of other functions may not respond\n",
			 port->port, ERR_PTR(ret));
	set_bit(port - card->map->header, card->held_ports);
	return true;
}

/**
 * vdfl_ports_release() - release ports without an AFU of their own
 * @card: card that is being probed, after the walk
 *
 * A port of revision 1 comes up in reset, and keeps the AFUs of other functions
 * in reset. Undone by vdfl_ports_restore(). Sleeps up to PORT_ACK_LIMIT for each
 * port.
 *
 * Return: true if a port was in reset, and so the AFUs of other functions
 */
bool vdfl_ports_release(struct vdfl_card *card)
{
	const struct dfl_header *h = card->map->header;
	const struct dfl_header *end = h + card->map->nr_headers;
	bool others_reset = false;

	for (; h < end; h++)
		if (port_is_usable(card, h) && h->no_afu)
			others_reset |= port_release(card, h);
	return others_reset;
}

/**
 * vdfl_ports_restore() - undo vdfl_ports_release()
 * @card: card that is being removed and responds; its BARs are mapped
 *
 * Sleeps up to PORT_ACK_LIMIT for each port.
 */
void vdfl_ports_restore(struct vdfl_card *card)
{
	unsigned long i;

	for_each_set_bit(i, card->held_ports, card->map->nr_headers)
		vdfl_port_assert_reset(card, &card->map->header[i]);
}
