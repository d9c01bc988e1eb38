// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resets: of a block through its port, and what the PCI core does to the whole
 * card (function reset, errors, suspend).
 */
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/pm.h>

#include "trace.h"
#include "vdfl.h"

/*
 * The hardware acknowledges within 1 ms. A port is given up after many looks,
 * not after some time alone: a machine may stall between two of them. The time
 * ends it early only where each look takes long.
 */
#define PORT_ACK_STEP_US	10
#define PORT_ACK_LOOKS		500
#define PORT_ACK_MIN_LOOKS	10
#define PORT_ACK_LIMIT		HZ

/* A function reset, an error recovery or a suspend, all without sleep time */
#define RECOVERY_LIMIT		(60 * HZ)

static int port_wait_ack(void __iomem *ctrl, u64 want)
{
	unsigned long limit = jiffies + PORT_ACK_LIMIT;
	unsigned int look;
	u64 value;

	for (look = 0; look < PORT_ACK_LOOKS; look++) {
		value = readq(ctrl);
		if (value == ~0ULL)
			return -EIO;
		if ((value & DFL_PORT_CTRL_ACK) == want)
			return 0;
		if (look >= PORT_ACK_MIN_LOOKS && time_after(jiffies, limit))
			break;
		usleep_range(PORT_ACK_STEP_US, 2 * PORT_ACK_STEP_US);
	}
	return -ETIMEDOUT;
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

/* Sleeps up to twice PORT_ACK_LIMIT. */
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

/* A port that does not take the reset is never given to anyone again. */
static int block_scrub(struct vdfl_block *block)
{
	const struct dfl_header *port = vdfl_block_port(block);
	struct vdfl_card *card = block->card;
	int ret;

	lockdep_assert_held(&card->reset_lock);
	if (!port)
		return 0;
	if (card->asleep)
		return -EAGAIN;
	if (test_bit(port - card->map->header, card->dead_ports))
		return -EIO;
	ret = port_reset(card, port);
	trace_vdfl_reset(card->pdev, block->pos, ret);
	if (!ret)
		return 0;
	/* What a lost card does not do says nothing about its ports */
	if (vdfl_card_answers(card))
		port_mark_dead(card, port, ret);
	return -EIO;
}

static int block_prepare(void *data)
{
	struct vdfl_block *block = data;
	struct vdfl_card *card = block->card;
	int ret = -EAGAIN;

	mutex_lock(&card->reset_lock);
	if (!card->asleep)
		ret = vdfl_busmaster_may_open(card);
	if (!ret)
		ret = block_scrub(block);
	if (!ret)
		ret = vdfl_card_check_header(block);
	mutex_unlock(&card->reset_lock);
	return ret;
}

static int block_reset(void *data)
{
	struct vdfl_block *block = data;
	struct vdfl_card *card = block->card;
	struct vdfl_tenant *tenant = &block->owner->tenant;
	int ret = -EIO;

	mutex_lock(&card->reset_lock);
	if (!READ_ONCE(card->gone))
		ret = block_scrub(block);
	if (!ret)
		ret = vdfl_card_check_header(block);
	if (ret == -EIO)
		tenant->ops->block(tenant, VDFL_BLOCKED_RESET);
	else if (!ret)
		tenant->ops->unblock(tenant, VDFL_BLOCKED_RESET);
	mutex_unlock(&card->reset_lock);
	return ret;
}

static int block_clean(void *data)
{
	struct vdfl_block *block = data;
	int ret;

	mutex_lock(&block->card->reset_lock);
	ret = block_scrub(block);
	mutex_unlock(&block->card->reset_lock);
	return ret;
}

/**
 * vdfl_block_prepare() - make @block ready for a new user
 * @block: nobody has it open
 *
 * Bus master is verified, the block is reset if the hardware can, and its
 * header must be the one found at probe.
 *
 * Return: 0; -EAGAIN while the PCI core has the whole card; else the error of
 * the step that failed.
 */
int vdfl_block_prepare(struct vdfl_block *block)
{
	return vdfl_cards_call(block_prepare, block);
}

/**
 * vdfl_block_reset() - reset @block for its user
 * @block: no access to it is possible while this runs
 *
 * If it does not take the reset, or is another one now, it stays out of reach.
 *
 * Return: 0, also for blocks without reset; -EIO when the block is unusable;
 * -EAGAIN while the PCI core has the whole card.
 */
int vdfl_block_reset(struct vdfl_block *block)
{
	return vdfl_cards_call(block_reset, block);
}

/* vdfl_block_clean(): reset @block behind its last user, if the hardware can */
void vdfl_block_clean(struct vdfl_block *block)
{
	vdfl_cards_call(block_clean, block);
}

/* --- what the PCI core does to the whole card --------------------------- */

static void card_quiesce(struct vdfl_card *card, unsigned int why)
{
	mutex_lock(&card->reset_lock);
	if (!card->asleep) {
		/* What the PCI core saves now, it will restore */
		vdfl_busmaster_verify(card);
		/* More errors do not win it more time */
		card->asleep_since = jiffies;
	}
	card->asleep |= why;
	mutex_unlock(&card->reset_lock);
	vdfl_card_block(card, VDFL_BLOCKED_CARD);
	vdfl_irq_suspend(card);
}

/* After a reset of the function those of its ports that are ours are in reset. */
static void card_release_ports(struct vdfl_card *card)
{
	const struct dfl_header *h = card->map->header;
	const struct dfl_header *end = h + card->map->nr_headers;
	int ret;

	lockdep_assert_held(&card->reset_lock);
	for (; h < end; h++) {
		if (h->kind != DFL_KIND_PORT || h->reason || !card->bar[h->bar] ||
		    test_bit(h - card->map->header, card->dead_ports))
			continue;
		ret = vdfl_port_release(card, h->bar, h->off);
		if (ret)
			port_mark_dead(card, h, ret);
	}
}

/* Interrupts are delivered before a user can cause one. */
static void card_wake(struct vdfl_card *card)
{
	bool resumed;

	card_release_ports(card);
	vdfl_blocks_recheck(card);
	resumed = vdfl_irq_resume(card);
	vdfl_card_unblock(card, VDFL_BLOCKED_CARD);
	if (resumed)
		vdfl_irq_catch_up(card);
}

/* @why of card_quiesce() is over; what else the card sleeps for goes on. */
static int card_restore(struct vdfl_card *card, unsigned int why)
{
	int ret = 0;
	bool wakes;

	mutex_lock(&card->reset_lock);
	/* What never began, or was given up meanwhile, has no end */
	if (!(card->asleep & why))
		goto out;
	wakes = card->asleep == why;
	card->asleep &= ~why;
	ret = vdfl_busmaster_verify(card);
	if (!wakes)
		ret = 0;
	else if (ret)
		vdfl_card_lost(card, "it did not come back from a reset");
	else if (vdfl_card_check_msix(card))
		vdfl_card_lost(card, "its MSI-X structures are elsewhere after a reset");
	else
		card_wake(card);
out:
	mutex_unlock(&card->reset_lock);
	return ret;
}

static void card_audit_awake(struct vdfl_card *card)
{
	int ret = vdfl_busmaster_verify(card);

	if (ret == -ENODEV)
		vdfl_card_lost(card, "it no longer answers");
	else if (ret)
		vdfl_card_lost(card, "bus master cannot be turned off");
	else if (vdfl_irq_resume(card))
		vdfl_irq_catch_up(card);
}

/* Nobody wakes it any more; from now on its bus master is looked at again. */
static void card_give_up(struct vdfl_card *card, const char *why)
{
	lockdep_assert_held(&card->reset_lock);
	vdfl_card_lost(card, why);
	card->asleep = 0;
}

/**
 * vdfl_card_audit() - is the card still there and without bus master?
 * @card: bound card
 *
 * If not, it is taken from its users. While the PCI core has it, it may not
 * answer; but it has to come back some time.
 */
void vdfl_card_audit(struct vdfl_card *card)
{
	mutex_lock(&card->reset_lock);
	if (!card->asleep)
		card_audit_awake(card);
	else if (time_after(jiffies, card->asleep_since + RECOVERY_LIMIT))
		card_give_up(card, "it did not come back from a reset");
	mutex_unlock(&card->reset_lock);
}

static void err_reset_prepare(struct pci_dev *pdev)
{
	card_quiesce(pci_get_drvdata(pdev), VDFL_ASLEEP_RESET);
}

static void err_reset_done(struct pci_dev *pdev)
{
	card_restore(pci_get_drvdata(pdev), VDFL_ASLEEP_RESET);
}

static pci_ers_result_t err_detected(struct pci_dev *pdev,
				     pci_channel_state_t state)
{
	struct vdfl_card *card = pci_get_drvdata(pdev);

	if (state == pci_channel_io_perm_failure) {
		mutex_lock(&card->reset_lock);
		card_give_up(card, "PCI reports a permanent failure");
		mutex_unlock(&card->reset_lock);
		return PCI_ERS_RESULT_DISCONNECT;
	}
	card_quiesce(card, VDFL_ASLEEP_ERROR);
	vdfl_card_alarm(card);
	return state == pci_channel_io_normal ? PCI_ERS_RESULT_CAN_RECOVER :
						PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t err_slot_reset(struct pci_dev *pdev)
{
	struct vdfl_card *card = pci_get_drvdata(pdev);

	/* Not what somebody saved last: in this, bus master is off */
	if (pci_load_saved_state(pdev, card->saved))
		return PCI_ERS_RESULT_DISCONNECT;
	pci_restore_state(pdev);
	return vdfl_card_answers(card) ? PCI_ERS_RESULT_RECOVERED :
					 PCI_ERS_RESULT_DISCONNECT;
}

static void err_resume(struct pci_dev *pdev)
{
	card_restore(pci_get_drvdata(pdev), VDFL_ASLEEP_ERROR);
}

const struct pci_error_handlers vdfl_err_handlers = {
	.error_detected	= err_detected,
	.slot_reset	= err_slot_reset,
	.reset_prepare	= err_reset_prepare,
	.reset_done	= err_reset_done,
	.resume		= err_resume,
};

static int vdfl_suspend(struct device *dev)
{
	card_quiesce(dev_get_drvdata(dev), VDFL_ASLEEP_SUSPEND);
	return 0;
}

static int vdfl_resume(struct device *dev)
{
	return card_restore(dev_get_drvdata(dev), VDFL_ASLEEP_SUSPEND);
}

DEFINE_SIMPLE_DEV_PM_OPS(vdfl_pm_ops, vdfl_suspend, vdfl_resume);
