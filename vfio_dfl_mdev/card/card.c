// SPDX-License-Identifier: GPL-2.0-only
/*
 * One PCI function with feature lists: its BARs, the snapshot of its headers,
 * its lifetime, and its end.
 */
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "vdfl.h"

/* All header reads of a probe together; each may take tens of ms on bad links */
#define WALK_TIMEOUT		(5 * HZ)
#define FREE_RETRY		(HZ / 10)
#define VSEC_DWORDS		(2 + DFL_MAX_LISTS)	/* header, count, entries */

#define CXL_DVSEC_VENDOR	0x1e98
#define CXL_DVSEC_DEVICE	0

struct workqueue_struct *vdfl_cards_wq;
static DECLARE_WAIT_QUEUE_HEAD(cards_gone);
static atomic_t cards_alive;

/* --- reading the lists ------------------------------------------------- */

struct walk_ctx {
	struct vdfl_card *card;
	unsigned long deadline;
	int err;		/* ours, not the card's */
};

/* vdfl_card_map_bar(): mapping of a BAR until the card is released, or NULL */
void __iomem *vdfl_card_map_bar(struct vdfl_card *card, u8 bar)
{
	if (bar < DFL_NR_BARS && !card->bar[bar])
		card->bar[bar] = pci_iomap(card->pdev, bar, 0);
	return bar < DFL_NR_BARS ? card->bar[bar] : NULL;
}

static u64 walk_read64(void *data, u8 bar, u64 off)
{
	struct walk_ctx *ctx = data;
	void __iomem *base = vdfl_card_map_bar(ctx->card, bar);

	if (!base)
		ctx->err = -ENOMEM;
	if (!base || time_after(jiffies, ctx->deadline))
		return ~0ULL;
	return readq(base + off);
}

static int walk_deassert_port_reset(void *data, u8 bar, u64 off)
{
	struct walk_ctx *ctx = data;

	if (!vdfl_card_map_bar(ctx->card, bar))
		return -ENOMEM;
	return vdfl_port_release(ctx->card, bar, off);
}

static u64 card_bar_len(struct pci_dev *pdev, int bar)
{
	if (!(pci_resource_flags(pdev, bar) & IORESOURCE_MEM))
		return 0;
	return pci_resource_len(pdev, bar);
}

/* vdfl_card_has(): does @place lie where the card says, in a memory BAR? */
bool vdfl_card_has(struct vdfl_card *card, const struct dfl_range *place)
{
	return place->bar < DFL_NR_BARS &&
	       place->off + place->len <= card_bar_len(card->pdev, place->bar);
}

/* Returns the dwords read from the VSEC header on; 0 if there is no VSEC. */
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
	u32 i, nr = min_t(u32, map->nr_findings, DFL_MAX_FINDINGS);

	for (i = 0; i < nr; i++)
		pci_notice(card->pdev, "BAR%u+0x%llx: %s (0x%llx)\n",
			   map->finding[i].bar, map->finding[i].off,
			   dfl_reason_text(map->finding[i].reason), map->finding[i].value);
	if (map->nr_findings > nr)
		pci_notice(card->pdev, "%u more oddities not shown\n",
			   map->nr_findings - nr);
}

static int card_refuse_lists(struct vdfl_card *card, int err)
{
	const struct dfl_finding *finding = &card->map->finding[0];

	if (card->map->nr_findings)
		pci_err(card->pdev,
			"refused: no usable feature list; first reason: BAR%u+0x%llx: %s (0x%llx)\n",
			finding->bar, finding->off, dfl_reason_text(finding->reason),
			finding->value);
	else
		pci_err(card->pdev, "refused: no feature list found\n");
	return err;
}

static int msix_read_place(struct pci_dev *pdev, u32 reg, u64 len,
			   struct dfl_range *place)
{
	u32 where;

	pci_read_config_dword(pdev, pdev->msix_cap + reg, &where);
	place->bar = where & PCI_MSIX_TABLE_BIR;
	place->off = where & PCI_MSIX_TABLE_OFFSET;
	place->len = len;
	return PCI_POSSIBLE_ERROR(where) ? -EIO : 0;
}

static int msix_read(struct pci_dev *pdev, struct vdfl_msix *msix)
{
	int ret;

	msix->nr = max(pci_msix_vec_count(pdev), 0);
	if (!msix->nr)
		return 0;
	ret = msix_read_place(pdev, PCI_MSIX_TABLE,
			      msix->nr * PCI_MSIX_ENTRY_SIZE, &msix->table);
	return ret ?: msix_read_place(pdev, PCI_MSIX_PBA,
				      ALIGN(msix->nr, 64) / 8, &msix->pba);
}

static bool same_place(const struct dfl_range *a, const struct dfl_range *b)
{
	return a->bar == b->bar && a->off == b->off && a->len == b->len;
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

	if (msix_read(card->pdev, &now) || now.nr != was->nr ||
	    !same_place(&now.table, &was->table) ||
	    !same_place(&now.pba, &was->pba))
		return -EIO;
	return 0;
}

static int card_walk(struct vdfl_card *card)
{
	struct walk_ctx ctx = {
		.card = card,
		.deadline = jiffies + WALK_TIMEOUT,
	};
	struct dfl_io io = {
		.read64 = walk_read64,
		.deassert_port_reset = walk_deassert_port_reset,
		.ctx = &ctx,
	};
	u32 vsec[VSEC_DWORDS] = {};
	unsigned int dwords = card_read_vsec(card->pdev, vsec);
	int i, ret;

	for (i = 0; i < DFL_NR_BARS; i++)
		io.bar_len[i] = card_bar_len(card->pdev, i);
	io.nr_vectors = card->msix.nr;

	ret = dfl_walk(&io, dwords ? vsec : NULL, dwords, card->map);
	if (ctx.err)
		return ctx.err;
	if (ret)
		return card_refuse_lists(card, ret);
	card_log_findings(card);

	if (card->map->fme_cap & (DFL_FME_CAP_COHERENT | DFL_FME_CAP_PCIE1)) {
		pci_err(card->pdev,
			"refused: the card has a coherent or second PCIe link (capability 0x%llx) that bus master does not gate\n",
			card->map->fme_cap);
		return -EOPNOTSUPP;
	}
	return 0;
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

/* --- tenants ----------------------------------------------------------- */

/* All are shut before one is waited for. */
static void tenants_block(struct vdfl_card *card, unsigned int why)
{
	struct vdfl_tenant *tenant;

	lockdep_assert_held(&card->lock);
	list_for_each_entry(tenant, &card->tenants, node)
		tenant->ops->block(tenant, why);
	list_for_each_entry(tenant, &card->tenants, node)
		tenant->ops->drain(tenant);
}

/* vdfl_card_block(): put all blocks out of reach because of @why */
void vdfl_card_block(struct vdfl_card *card, unsigned int why)
{
	mutex_lock(&card->lock);
	tenants_block(card, why);
	mutex_unlock(&card->lock);
}

/* vdfl_card_unblock(): take back @why of vdfl_card_block() */
void vdfl_card_unblock(struct vdfl_card *card, unsigned int why)
{
	struct vdfl_tenant *tenant;

	mutex_lock(&card->lock);
	list_for_each_entry(tenant, &card->tenants, node)
		tenant->ops->unblock(tenant, why);
	mutex_unlock(&card->lock);
}

/* vdfl_card_alarm(): tell all users of an error */
void vdfl_card_alarm(struct vdfl_card *card)
{
	struct vdfl_tenant *tenant;

	mutex_lock(&card->lock);
	list_for_each_entry(tenant, &card->tenants, node)
		tenant->ops->alarm(tenant);
	mutex_unlock(&card->lock);
}

/**
 * vdfl_card_open() - an instance is about to be used
 * @card: where its block is
 *
 * Until vdfl_card_close() the interrupt source of the card stays what it is.
 *
 * Return: 0, -ENODEV when the card is lost.
 */
int vdfl_card_open(struct vdfl_card *card)
{
	int ret = -ENODEV;

	mutex_lock(&card->lock);
	if (!card->gone) {
		card->nr_open++;
		ret = 0;
	}
	mutex_unlock(&card->lock);
	return ret;
}

/* vdfl_card_close(): undo vdfl_card_open() */
void vdfl_card_close(struct vdfl_card *card)
{
	mutex_lock(&card->lock);
	card->nr_open--;
	mutex_unlock(&card->lock);
}

/**
 * vdfl_card_lost() - the card cannot be used any more
 * @card: any time between probe and remove
 * @why: for the log
 *
 * Access ends for good when this returns: mappings are revoked, users are told
 * and asked to let go, no interrupt is delivered. For who calls it once more, it
 * may not have ended yet. May sleep. vdfl_card.reset_lock may be held,
 * vdfl_card.lock is not.
 */
void vdfl_card_lost(struct vdfl_card *card, const char *why)
{
	struct vdfl_tenant *tenant;

	mutex_lock(&card->lock);
	if (card->gone) {
		mutex_unlock(&card->lock);
		return;
	}
	WRITE_ONCE(card->gone, true);
	if (!list_empty(&card->tenants))
		pci_warn(card->pdev, "taken from its users: %s\n", why);
	else
		pci_info(card->pdev, "no longer usable: %s\n", why);
	tenants_block(card, VDFL_BLOCKED_GONE);
	mutex_unlock(&card->lock);

	/* With msix this turns bus master off: before anybody hears of the end */
	vdfl_irq_suspend(card);

	mutex_lock(&card->lock);
	list_for_each_entry(tenant, &card->tenants, node) {
		tenant->ops->alarm(tenant);
		tenant->ops->evict(tenant);
	}
	mutex_unlock(&card->lock);
}

/* --- lifetime ---------------------------------------------------------- */

static void card_free_work(struct work_struct *work)
{
	struct vdfl_card *card = container_of(to_delayed_work(work),
					      struct vdfl_card, free_work);

	if (!vdfl_types_drained(card)) {
		queue_delayed_work(vdfl_cards_wq, &card->free_work, FREE_RETRY);
		return;
	}
	vdfl_types_free(card);
	vdfl_blocks_free(card);
	kfree(card->saved);
	kvfree(card->map);
	pci_dev_put(card->pdev);
	kfree(card);
	if (atomic_dec_and_test(&cards_alive))
		wake_up(&cards_gone);
}

static struct vdfl_card *card_alloc(struct pci_dev *pdev)
{
	struct vdfl_card *card = kzalloc(sizeof(*card), GFP_KERNEL);

	if (!card)
		return NULL;
	card->map = kvzalloc(sizeof(*card->map), GFP_KERNEL);
	if (!card->map) {
		kfree(card);
		return NULL;
	}
	kref_init(&card->ref);
	card->pdev = pci_dev_get(pdev);
	mutex_init(&card->lock);
	mutex_init(&card->reset_lock);
	INIT_LIST_HEAD(&card->tenants);
	INIT_DELAYED_WORK(&card->free_work, card_free_work);
	atomic_inc(&cards_alive);
	return card;
}

static void card_release(struct kref *ref)
{
	struct vdfl_card *card = container_of(ref, struct vdfl_card, ref);

	queue_delayed_work(vdfl_cards_wq, &card->free_work, 0);
}

struct vdfl_card *vdfl_card_get(struct vdfl_card *card)
{
	kref_get(&card->ref);
	return card;
}

void vdfl_card_put(struct vdfl_card *card)
{
	kref_put(&card->ref, card_release);
}

static int card_acceptable(struct pci_dev *pdev)
{
	if (pci_num_vf(pdev)) {
		pci_err(pdev,
			"refused: its virtual functions are enabled and can master the bus; write 0 to sriov_numvfs first\n");
		return -EBUSY;
	}
	if (pci_find_dvsec_capability(pdev, CXL_DVSEC_VENDOR,
				      CXL_DVSEC_DEVICE)) {
		pci_err(pdev,
			"refused: CXL traffic is not gated by bus master\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

static int card_memory_bars(struct pci_dev *pdev)
{
	return pci_select_bars(pdev, IORESOURCE_MEM);
}

static void card_unmap_bars(struct vdfl_card *card)
{
	int i;

	for (i = 0; i < DFL_NR_BARS; i++) {
		if (card->bar[i])
			pci_iounmap(card->pdev, card->bar[i]);
		card->bar[i] = NULL;
	}
}

static int card_enable(struct vdfl_card *card)
{
	struct pci_dev *pdev = card->pdev;
	int ret = pci_enable_device_mem(pdev);

	if (ret)
		return ret;
	/* Nobody handles the pin until an instance is armed */
	if (pdev->pin)
		pci_intx(pdev, 0);
	ret = pci_request_selected_regions_exclusive(pdev,
						     card_memory_bars(pdev),
						     VDFL_NAME);
	if (ret) {
		pci_err(pdev,
			"refused: its BARs are in use, see /proc/iomem (%pe)\n",
			ERR_PTR(ret));
		goto err_disable;
	}
	/* Enabling touched the command register; recovery will restore it */
	ret = vdfl_busmaster_take(card);
	if (!ret)
		ret = pci_save_state(pdev);
	if (ret)
		goto err_release;
	card->saved = pci_store_saved_state(pdev);
	if (!card->saved) {
		ret = -ENOMEM;
		goto err_release;
	}
	return 0;

err_release:
	pci_release_selected_regions(pdev, card_memory_bars(pdev));
err_disable:
	pci_disable_device(pdev);
	return ret;
}

static void card_disable(struct vdfl_card *card)
{
	card_unmap_bars(card);
	pci_release_selected_regions(card->pdev, card_memory_bars(card->pdev));
	pci_disable_device(card->pdev);
}

static int card_scan(struct vdfl_card *card)
{
	int ret = msix_read(card->pdev, &card->msix);

	if (ret) {
		pci_err(card->pdev, "refused: the card does not answer\n");
		return ret;
	}
	ret = card_walk(card);
	if (ret)
		return ret;
	ret = vdfl_blocks_init(card);
	if (ret)
		return ret;
	vdfl_irq_init(card);
	return vdfl_sysfs_add(card);
}

/**
 * vdfl_card_probe() - take possession of a function and find its blocks
 * @pdev: function that the PCI driver is being bound to
 *
 * Bus master is off and verified before the function is touched otherwise.
 * Each reason to refuse a card is logged with what to do about it.
 *
 * Return: the card, or an ERR_PTR; undone by vdfl_card_remove().
 */
struct vdfl_card *vdfl_card_probe(struct pci_dev *pdev)
{
	struct vdfl_card *card = card_alloc(pdev);
	int ret;

	if (!card)
		return ERR_PTR(-ENOMEM);
	ret = vdfl_busmaster_init(card);
	if (ret)
		goto err_put;
	ret = card_acceptable(pdev);
	if (ret)
		goto err_put;
	ret = vdfl_fence_check_siblings(card);
	if (ret)
		goto err_put;
	ret = vdfl_fence_init(card);
	if (ret)
		goto err_put;
	ret = card_enable(card);
	if (ret)
		goto err_fence;
	ret = vdfl_busmaster_fence_port(card);
	if (ret)
		goto err_disable;
	ret = card_scan(card);
	if (ret)
		goto err_port;
	return card;

err_port:
	vdfl_busmaster_fini(card);
err_disable:
	card_disable(card);
err_fence:
	vdfl_fence_fini(card);
err_put:
	vdfl_card_put(card);
	return ERR_PTR(ret);
}

/**
 * vdfl_card_remove() - give the function back
 * @card: no instance is left, though VFIO may still hold memory of some
 */
void vdfl_card_remove(struct vdfl_card *card)
{
	vdfl_busmaster_fini(card);
	vdfl_sysfs_remove(card);
	card_disable(card);
	vdfl_fence_fini(card);
	vdfl_card_put(card);
}

/* --- work in tasks of ours ------------------------------------------------ */

struct card_call {
	struct work_struct work;
	int (*fn)(void *data);
	void *data;
	int ret;
};

static void card_call_work(struct work_struct *work)
{
	struct card_call *call = container_of(work, struct card_call, work);

	call->ret = call->fn(call->data);
}

/**
 * vdfl_cards_call() - call @fn in a task of ours
 * @fn: takes locks of a card, and may sleep
 * @data: for @fn
 *
 * Whatever sleeps with a lock of the card is called like this for users. Their
 * own tasks may have to wait for a processor for as long as their scheduling
 * class, or the limits of their container, make them: in older kernels also in
 * the middle of it, and with them the audit and all other users.
 *
 * Return: what @fn returns
 */
int vdfl_cards_call(int (*fn)(void *data), void *data)
{
	struct card_call call = { .fn = fn, .data = data };

	INIT_WORK_ONSTACK(&call.work, card_call_work);
	queue_work(vdfl_cards_wq, &call.work);
	flush_work(&call.work);
	destroy_work_on_stack(&call.work);
	return call.ret;
}

/* vdfl_cards_init(): once per module */
int vdfl_cards_init(void)
{
	vdfl_cards_wq = alloc_workqueue(VDFL_NAME, WQ_UNBOUND, 0);
	return vdfl_cards_wq ? 0 : -ENOMEM;
}

/* vdfl_cards_exit(): wait until the memory of all cards is freed */
void vdfl_cards_exit(void)
{
	wait_event(cards_gone, !atomic_read(&cards_alive));
	destroy_workqueue(vdfl_cards_wq);
}
