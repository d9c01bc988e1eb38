// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resets: of a block through its port, and what the PCI core does to the whole
 * card (function reset, errors, suspend).
 */
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/pm.h>

#include "trace.h"
#include "vdfl.h"

/*
 * The hardware acknowledges within 1 ms. A stuck port must not hold users up,
 * but one that is given up wrongly, on a machine that stalls, is lost to them.
 */
#define PORT_ACK_STEP_US	10
#define PORT_ACK_LIMIT_US	200000

static int port_wait_ack(void __iomem *ctrl, u64 want)
{
	u64 value;

	return readq_poll_timeout(ctrl, value,
				  (value & DFL_PORT_CTRL_ACK) == want,
				  PORT_ACK_STEP_US, PORT_ACK_LIMIT_US);
}

/**
 * vdfl_port_release() - take a port out of reset
 * @card: where it is
 * @bar: BAR of the port header, mapped
 * @off: offset of the port header
 *
 * Return: 0, -EIO on a dead link, -ETIMEDOUT when the port never answers.
 */
int vdfl_port_release(struct vdfl_card *card, u8 bar, u64 off)
{
	void __iomem *ctrl = card->bar[bar] + off + DFL_PORT_CTRL;
	u64 value = readq(ctrl);

	if (value == ~0ULL)
		return -EIO;
	if (value & DFL_PORT_CTRL_RESET)
		writeq(value & ~DFL_PORT_CTRL_RESET, ctrl);
	return port_wait_ack(ctrl, 0);
}

/*
 * Sleeps up to twice PORT_ACK_LIMIT_US. All-ones in between is taken for an
 * acknowledge, and is caught by the second wait.
 */
static int port_reset(struct vdfl_card *card, const struct dfl_header *port)
{
	void __iomem *ctrl = card->bar[port->bar] + port->off + DFL_PORT_CTRL;
	u64 value = readq(ctrl);
	int ret;

	if (value == ~0ULL)
		return -EIO;
	writeq(value | DFL_PORT_CTRL_RESET, ctrl);
	ret = port_wait_ack(ctrl, DFL_PORT_CTRL_ACK);
	if (!ret)
		ret = vdfl_port_release(card, port->bar, port->off);
	return ret;
}

/* vdfl_block_has_reset(): can @block be cleaned between users? */
bool vdfl_block_has_reset(const struct vdfl_block *block)
{
	return vdfl_block_port(block);
}

/* vdfl_block_scrub_name(): how @block is cleaned between users, for sysfs */
const char *vdfl_block_scrub_name(const struct vdfl_block *block)
{
	return vdfl_block_has_reset(block) ? "port-reset" : "none";
}

static void port_mark_dead(struct vdfl_card *card,
			   const struct dfl_header *port, int err)
{
	lockdep_assert_held(&card->reset_lock);
	pci_err(card->pdev,
		"port %u did not take a reset (%pe); its block is withheld until the card is bound again\n",
		port->port, ERR_PTR(err));
	set_bit(port - card->map->header, card->dead_ports);
}

static int block_scrub_locked(struct vdfl_block *block,
			      const struct dfl_header *port)
{
	struct vdfl_card *card = block->card;
	int ret;

	lockdep_assert_held(&card->reset_lock);
	if (card->asleep)
		return -EAGAIN;
	if (test_bit(port - card->map->header, card->dead_ports))
		return -EIO;
	ret = port_reset(card, port);
	trace_vdfl_reset(card->pdev, block->pos, ret);
	if (!ret)
		return 0;
	port_mark_dead(card, port, ret);
	return -EIO;
}

/**
 * vdfl_block_scrub() - reset @block, if the hardware can
 * @block: no access to it is possible while this runs
 *
 * A port that does not take the reset is never given to anyone again.
 *
 * Return: 0, also for blocks without reset; -EIO when the block is unusable;
 * -EAGAIN while the whole card is being reset.
 */
int vdfl_block_scrub(struct vdfl_block *block)
{
	const struct dfl_header *port = vdfl_block_port(block);
	struct vdfl_card *card = block->card;
	int ret;

	if (!port)
		return 0;
	mutex_lock(&card->reset_lock);
	ret = block_scrub_locked(block, port);
	mutex_unlock(&card->reset_lock);
	return ret;
}

/* --- what the PCI core does to the whole card --------------------------- */

static void card_quiesce(struct vdfl_card *card)
{
	mutex_lock(&card->reset_lock);
	card->asleep = true;
	mutex_unlock(&card->reset_lock);
	vdfl_card_block(card, VDFL_BLOCKED_CARD);
	vdfl_irq_suspend(card);
}

/* After a reset of the function its ports are in reset again. */
static void card_wake_ports(struct vdfl_card *card)
{
	const struct dfl_header *h = card->map->header;
	const struct dfl_header *end = h + card->map->nr_headers;
	int ret;

	mutex_lock(&card->reset_lock);
	card->asleep = false;
	for (; h < end; h++) {
		if (h->kind != DFL_KIND_PORT || !card->bar[h->bar])
			continue;
		ret = vdfl_port_release(card, h->bar, h->off);
		if (ret)
			port_mark_dead(card, h, ret);
	}
	mutex_unlock(&card->reset_lock);
}

static int card_restore(struct vdfl_card *card)
{
	int ret = vdfl_busmaster_verify(card);

	if (!ret) {
		card_wake_ports(card);
		ret = vdfl_irq_resume(card);
	}
	if (ret) {
		vdfl_card_lost(card, "it did not come back from a reset");
		return ret;
	}
	vdfl_card_unblock(card, VDFL_BLOCKED_CARD);
	return 0;
}

static void err_reset_prepare(struct pci_dev *pdev)
{
	card_quiesce(pci_get_drvdata(pdev));
}

static void err_reset_done(struct pci_dev *pdev)
{
	card_restore(pci_get_drvdata(pdev));
}

static pci_ers_result_t err_detected(struct pci_dev *pdev,
				     pci_channel_state_t state)
{
	struct vdfl_card *card = pci_get_drvdata(pdev);

	if (state == pci_channel_io_perm_failure) {
		vdfl_card_lost(card, "PCI reports a permanent failure");
		return PCI_ERS_RESULT_DISCONNECT;
	}
	card_quiesce(card);
	vdfl_card_alarm(card);
	return state == pci_channel_io_normal ? PCI_ERS_RESULT_CAN_RECOVER :
						PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t err_mmio_enabled(struct pci_dev *pdev)
{
	return PCI_ERS_RESULT_RECOVERED;
}

static pci_ers_result_t err_slot_reset(struct pci_dev *pdev)
{
	pci_restore_state(pdev);
	/* Restoring used up what was saved, on older kernels */
	pci_save_state(pdev);
	return PCI_ERS_RESULT_RECOVERED;
}

static void err_resume(struct pci_dev *pdev)
{
	card_restore(pci_get_drvdata(pdev));
}

const struct pci_error_handlers vdfl_err_handlers = {
	.error_detected	= err_detected,
	.mmio_enabled	= err_mmio_enabled,
	.slot_reset	= err_slot_reset,
	.reset_prepare	= err_reset_prepare,
	.reset_done	= err_reset_done,
	.resume		= err_resume,
};

static int __maybe_unused vdfl_suspend(struct device *dev)
{
	card_quiesce(dev_get_drvdata(dev));
	return 0;
}

static int __maybe_unused vdfl_resume(struct device *dev)
{
	return card_restore(dev_get_drvdata(dev));
}

const struct dev_pm_ops vdfl_pm_ops = {
	SET_SYSTEM_SLEEP_PM_OPS(vdfl_suspend, vdfl_resume)
};
