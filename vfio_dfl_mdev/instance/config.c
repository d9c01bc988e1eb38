// SPDX-License-Identifier: GPL-2.0-only
/*
 * Emulated config space of an instance, and the effects of writes to it.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "instance/instance.h"

/**
 * vdfl_config_init() - set the config space to its reset values
 * @vd: instance that is being opened; nr_vectors and guest are set
 *
 * Takes vdfl_mdev.cfg_lock. May sleep.
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

/**
 * vdfl_config_size() - get the size of the config space
 * @vd: any instance
 *
 * Return: bytes
 */
u64 vdfl_config_size(const struct vdfl_mdev *vd)
{
	return VCONFIG_SIZE;
}

/**
 * vdfl_config_read() - read from the config space
 * @vd: open instance
 * @pos: byte offset, in range
 * @buf: result
 * @len: bytes, in range
 *
 * Takes vdfl_mdev.cfg_lock. May sleep.
 *
 * Return: 0
 */
int vdfl_config_read(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	guard(mutex)(&vd->cfg_lock);
	vconfig_read(&vd->cfg, pos, buf, len);
	return 0;
}

/**
 * vdfl_config_write() - write to the config space
 * @vd: open instance
 * @pos: byte offset, in range
 * @buf: value
 * @len: bytes, in range
 *
 * Memory enable takes effect under vdfl_mdev.cfg_lock, so in the order of the
 * writes. A failed FLR is not reported. May sleep.
 *
 * Return: 0
 */
int vdfl_config_write(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	u32 effects;

	mutex_lock(&vd->cfg_lock);
	effects = vconfig_write(&vd->cfg, pos, buf, len);
	if (effects & VCONFIG_MEMORY_OFF)
		vdfl_access_revoke_sync(vd, VDFL_REVOKED_MEMORY);
	if (effects & VCONFIG_MEMORY_ON)
		vdfl_access_restore(vd, VDFL_REVOKED_MEMORY);
	mutex_unlock(&vd->cfg_lock);
	if (effects & VCONFIG_FLR)
		vdfl_mdev_reset(vd, false);
	return 0;
}
