// SPDX-License-Identifier: GPL-2.0-only
/* Emulated config space of an instance: what it announces, effects of writes. */
#include "instance/instance.h"

/**
 * vdfl_config_init() - set the config space to its reset values
 * @vd: instance that is being opened; its vectors and second view are set
 */
void vdfl_config_init(struct vdfl_mdev *vd)
{
	struct vconfig_desc desc = {
		.bar0_size	= vdfl_bar0_size(vd),
		.bar2_size	= vd->guest.size,
		.nr_vectors	= vd->nr_vectors,
		.flr		= vdfl_block_has_reset(vd->block),
	};

	vdfl_block_ids(vd->block, &desc);
	guard(mutex)(&vd->cfg_lock);
	vconfig_init(&vd->cfg, &desc);
}

u64 vdfl_config_size(const struct vdfl_mdev *vd)
{
	return VCONFIG_SIZE;
}

int vdfl_config_read(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	guard(mutex)(&vd->cfg_lock);
	vconfig_read(&vd->cfg, pos, buf, len);
	return 0;
}

/* Effects happen under the lock, in the order of the writes. */
int vdfl_config_write(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	u32 effects;

	guard(mutex)(&vd->cfg_lock);
	effects = vconfig_write(&vd->cfg, pos, buf, len);
	if (effects & VCONFIG_MEMORY_OFF)
		vdfl_access_revoke_sync(vd, VDFL_REVOKED_MEMORY);
	if (effects & VCONFIG_FLR)
		vdfl_mdev_reset_locked(vd);
	if (effects & VCONFIG_MEMORY_ON)
		vdfl_access_restore(vd, VDFL_REVOKED_MEMORY);
	return 0;
}
