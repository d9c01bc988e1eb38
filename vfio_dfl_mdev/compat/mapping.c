// SPDX-License-Identifier: GPL-2.0-only
/*
 * User mappings of an instance, for kernels whose VFIO devices share one
 * anonymous inode (before 6.10).
 *
 * Zapping that inode would zap the mappings of every other VFIO device.
 * Mappings are therefore moved to a shmem file of the instance, which has no
 * pages and only provides its address space. Such a mapping does not reference
 * the device file, so its vm_private_data does.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifdef VDFL_COMPAT_NO_INODE

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/shmem_fs.h>

/**
 * vdfl_mapping_init() - prepare the address space for user mappings
 * @mapping: address space of an instance that is being created
 * @owner: instance, for vdfl_mapping_owner()
 *
 * Undone by vdfl_mapping_release(). May sleep.
 *
 * Return: 0, or an error of shmem_file_setup()
 */
int vdfl_mapping_init(struct vdfl_mapping *mapping, void *owner)
{
	struct file *file = shmem_file_setup("vfio_dfl_mdev", 0, VM_NORESERVE);

	if (IS_ERR(file))
		return PTR_ERR(file);
	file->private_data = owner;
	/*
	 * remap_file_pages() maps the file of a VMA again. Refuse that: such a
	 * mapping of shmem is not counted, and fork() copies it.
	 */
	file->f_mode &= ~FMODE_READ;
	mapping->file = file;
	return 0;
}

/**
 * vdfl_mapping_release() - release the address space
 * @mapping: address space without mappings
 */
void vdfl_mapping_release(struct vdfl_mapping *mapping)
{
	fput(mapping->file);
}

/**
 * vdfl_mapping_attach() - move a mapping to the address space of an instance
 * @mapping: address space of the instance
 * @vma: mapping that mmap() creates; mmap_lock is held for writing
 * @owner: as given to vdfl_mapping_init()
 *
 * References the device file until vdfl_mapping_vma_close().
 */
void vdfl_mapping_attach(struct vdfl_mapping *mapping,
			 struct vm_area_struct *vma, void *owner)
{
	vma->vm_private_data = get_file(vma->vm_file);
	vma_set_file(vma, mapping->file);
}

/**
 * vdfl_mapping_owner() - get the instance of a mapping
 * @vma: mapping after vdfl_mapping_attach()
 *
 * Return: owner given to vdfl_mapping_init()
 */
void *vdfl_mapping_owner(struct vm_area_struct *vma)
{
	return vma->vm_file->private_data;
}

/**
 * vdfl_mapping_zap() - remove all PTEs of all user mappings of an instance
 * @mapping: address space of the instance
 * @vdev: VFIO device of the instance, which has the address space from 6.10 on
 *
 * May sleep.
 */
void vdfl_mapping_zap(struct vdfl_mapping *mapping, struct vfio_device *vdev)
{
	unmap_mapping_range(mapping->file->f_mapping, 0, 0, true);
}

/**
 * vdfl_mapping_vma_open() - reference the device file for a copied mapping
 * @vma: copy of a mapping, after a split or while it is moved
 */
void vdfl_mapping_vma_open(struct vm_area_struct *vma)
{
	get_file(vma->vm_private_data);
}

/**
 * vdfl_mapping_vma_close() - drop the reference of the device file
 * @vma: mapping that is being removed
 */
void vdfl_mapping_vma_close(struct vm_area_struct *vma)
{
	fput(vma->vm_private_data);
}

#endif
