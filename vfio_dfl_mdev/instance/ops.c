// SPDX-License-Identifier: GPL-2.0-only
/* VFIO device operations: life, open and close, one function per ioctl. */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vdfl.h"

/* --- what the card asks of an instance ---------------------------------- */

static struct vdfl_mdev *tenant_mdev(struct vdfl_tenant *tenant)
{
	return container_of(tenant, struct vdfl_mdev, tenant);
}

static void tenant_block(struct vdfl_tenant *tenant, unsigned int why)
{
	vdfl_region_shut(tenant_mdev(tenant), why);
}

static void tenant_unblock(struct vdfl_tenant *tenant, unsigned int why)
{
	vdfl_region_unblock(tenant_mdev(tenant), why);
}

static void tenant_drain(struct vdfl_tenant *tenant)
{
	vdfl_region_drain(tenant_mdev(tenant));
}

static void tenant_alarm(struct vdfl_tenant *tenant)
{
	vdfl_mdev_fire_err(tenant_mdev(tenant));
}

static void tenant_evict(struct vdfl_tenant *tenant)
{
	vdfl_mdev_fire_req(tenant_mdev(tenant));
}

static const struct vdfl_tenant_ops tenant_ops = {
	.block		= tenant_block,
	.unblock	= tenant_unblock,
	.drain		= tenant_drain,
	.alarm		= tenant_alarm,
	.evict		= tenant_evict,
};

/* --- life --------------------------------------------------------------- */

static int mdev_init(struct vfio_device *vdev)
{
	struct mdev_device *mdev = to_mdev_device(vdev->dev);
	struct vdfl_type *type = container_of(mdev->type, struct vdfl_type,
					      mdev);
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	struct vdfl_block *block;
	int ret;

	mutex_init(&vd->cfg_lock);
	init_rwsem(&vd->memory_lock);
	init_waitqueue_head(&vd->unblocked);
	atomic_set(&vd->blocked, VDFL_BLOCKED_CLOSED);
	vd->mmap_on = true;
	vd->tenant.ops = &tenant_ops;
	vdfl_mdev_irq_init(vd);

	ret = vdfl_mapping_init(&vd->mapping, vd);
	if (ret)
		return ret;
	vd->card = vdfl_card_get(type->card);
	block = vdfl_block_claim(type, vd);
	if (IS_ERR(block)) {
		vdfl_card_put(vd->card);
		vdfl_mapping_release(&vd->mapping);
		return PTR_ERR(block);
	}
	/* VFIO lets go of it earlier than of us */
	get_device(vdev->dev);
	vd->block = block;
	vd->io = vd->card->bar[block->header->bar] + block->header->off;
	return 0;
}

static void mdev_release(struct vfio_device *vdev)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	struct device *dev = vdev->dev;

	vdfl_block_release(vd);
	vdfl_mapping_release(&vd->mapping);
	vdfl_card_put(vd->card);
	vdfl_compat_free_device(vdev);
	put_device(dev);
}

static void mdev_init_config(struct vdfl_mdev *vd)
{
	struct pci_dev *pdev = vd->card->pdev;
	u8 bar = vd->block->header->bar;
	struct vconfig_desc desc = {
		.vendor		= pdev->vendor,
		.device		= pdev->device,
		.subvendor	= pdev->subsystem_vendor,
		.subdevice	= pdev->subsystem_device,
		.revision	= pdev->revision,
		.class		= pdev->class,
		.bar0_size	= vdfl_region_bar0_size(vd),
		.bar2_size	= vd->guest.size,
		.prefetch	= pci_resource_flags(pdev, bar) &
				  IORESOURCE_PREFETCH,
		.nr_vectors	= vd->nr_vectors,
		.flr		= vdfl_block_has_reset(vd->block),
	};

	mutex_lock(&vd->cfg_lock);
	vconfig_init(&vd->cfg, &desc);
	mutex_unlock(&vd->cfg_lock);
}

static void mdev_init_guest(struct vdfl_mdev *vd)
{
	const struct dfl_header *h = vd->block->header;
	struct dfl_guest_desc desc = {
		.header		= h,
		.parent		= h->parent == DFL_NO_PARENT ? DFL_KIND_OPAQUE :
				  vd->card->map->header[h->parent].kind,
		.block_size	= vd->block->window->size,
		.page_size	= PAGE_SIZE,
		.nr_vectors	= vd->nr_vectors,
	};

	dfl_guest_init(&vd->guest, &desc);
	vd->port_held = false;
}

static u16 mdev_nr_vectors(struct vdfl_mdev *vd)
{
	if (vd->card->irq.source->uapi == VFIO_DFL_MDEV_IRQ_NONE)
		return 0;
	return vd->block->header->nr_vectors;
}

static int mdev_open(struct vfio_device *vdev)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	int ret;

	ret = vdfl_card_open(vd->card);
	if (ret)
		return ret;
	/* What an earlier user could not reset is tried again */
	vdfl_region_unblock(vd, VDFL_BLOCKED_RESET);
	ret = vdfl_block_prepare(vd->block);
	if (ret) {
		vdfl_card_close(vd->card);
		return ret;
	}
	vd->nr_vectors = mdev_nr_vectors(vd);
	vd->line.first = vd->block->header->first_vector;
	vd->line.nr = vd->nr_vectors;
	mdev_init_guest(vd);
	mdev_init_config(vd);
	vdfl_region_open(vd);
	return 0;
}

static void mdev_close(struct vfio_device *vdev)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);

	vdfl_region_block(vd, VDFL_BLOCKED_CLOSED);
	vdfl_mdev_irq_close(vd);
	vdfl_block_clean(vd->block);
	vdfl_card_close(vd->card);
}

static void mdev_request(struct vfio_device *vdev, unsigned int count)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);

	if (!vdfl_mdev_fire_req(vd) && !count)
		dev_notice(vdev->dev,
			   "waiting for its user, who cannot be asked to let go: no device request eventfd is set\n");
}

/**
 * vdfl_mdev_reset_locked() - reset the block of an open instance
 * @vd: vdfl_mdev.cfg_lock is held
 *
 * Mappings are revoked and fault in again afterwards; eventfds and config
 * space stay.
 *
 * Return: 0; -EINVAL when the block has no reset; -EIO when it did not take
 * the reset, or the card is lost; -EAGAIN while the whole card is being reset.
 */
int vdfl_mdev_reset_locked(struct vdfl_mdev *vd)
{
	int ret;

	lockdep_assert_held(&vd->cfg_lock);
	if (!vdfl_block_has_reset(vd->block))
		return -EINVAL;
	ret = vdfl_region_reset(vd);
	if (!ret)
		WRITE_ONCE(vd->port_held, false);
	return ret;
}

/* --- ioctls ------------------------------------------------------------- */

static long mdev_get_info(struct vdfl_mdev *vd,
			  struct vfio_device_info __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info = {};
	u32 argsz;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;

	argsz = min_t(u32, info.argsz, sizeof(info));
	info.flags = VFIO_DEVICE_FLAGS_PCI;
	if (vdfl_block_has_reset(vd->block))
		info.flags |= VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VDFL_NUM_REGIONS;
	info.num_irqs = VFIO_PCI_NUM_IRQS;
	return copy_to_user(arg, &info, argsz) ? -EFAULT : 0;
}

static long mdev_get_irq_info(struct vdfl_mdev *vd,
			      struct vfio_irq_info __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz || info.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;

	info.count = vdfl_mdev_irq_count(vd, info.index);
	info.flags = VFIO_IRQ_INFO_EVENTFD;
	if (info.index == VFIO_PCI_INTX_IRQ_INDEX)
		info.flags |= VFIO_IRQ_INFO_MASKABLE |
			      VFIO_IRQ_INFO_AUTOMASKED;
	else if (info.index != VFIO_PCI_MSIX_IRQ_INDEX)
		info.flags |= VFIO_IRQ_INFO_NORESIZE;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static long mdev_set_irqs(struct vdfl_mdev *vd,
			  struct vfio_irq_set __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_irq_set, count);
	struct vfio_irq_set hdr;
	size_t size = 0;
	void *data = NULL;
	long ret;

	if (copy_from_user(&hdr, arg, minsz))
		return -EFAULT;
	ret = vfio_set_irqs_validate_and_prepare(&hdr,
						 vdfl_mdev_irq_count(vd, hdr.index),
						 VFIO_PCI_NUM_IRQS, &size);
	if (ret)
		return ret;
	if (size) {
		data = memdup_user(&arg->data, size);
		if (IS_ERR(data))
			return PTR_ERR(data);
	}
	ret = vdfl_mdev_set_irqs(vd, &hdr, data);
	kfree(data);
	return ret;
}

static long mdev_reset(struct vdfl_mdev *vd)
{
	long ret;

	mutex_lock(&vd->cfg_lock);
	ret = vdfl_mdev_reset_locked(vd);
	mutex_unlock(&vd->cfg_lock);
	return ret;
}

long vdfl_mdev_ioctl(struct vfio_device *vdev, unsigned int cmd,
		     unsigned long arg)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return mdev_get_info(vd, uarg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return mdev_get_irq_info(vd, uarg);
	case VFIO_DEVICE_SET_IRQS:
		return mdev_set_irqs(vd, uarg);
	case VFIO_DEVICE_RESET:
		return mdev_reset(vd);
	default:
		return -ENOTTY;
	}
}

const struct vfio_device_ops vdfl_mdev_ops = {
	.name		= VDFL_NAME,
	.init		= mdev_init,
	.release	= mdev_release,
	.open_device	= mdev_open,
	.close_device	= mdev_close,
	.read		= vdfl_region_read,
	.write		= vdfl_region_write,
	.mmap		= vdfl_region_mmap,
	.request	= mdev_request,
	VDFL_COMPAT_IOCTL_OPS
	VDFL_COMPAT_IOMMUFD_OPS
};
