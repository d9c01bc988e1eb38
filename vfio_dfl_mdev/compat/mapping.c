// SPDX-License-Identifier: GPL-2.0-only
/*
 * User mappings of an instance, for kernels whose VFIO devices share one
 * anonymous inode (before 6.10).
 *
 * Zapping that inode would hit every other VFIO device. So mappings are moved
 * to a private shmem file that holds no pages and only lends its address space.
 * A mapping then no longer pins the device file by itself: its private data
 * does.
 */
#ifdef VDFL_COMPAT_NO_INODE

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/shmem_fs.h>

int vdfl_mapping_init(struct vdfl_mapping *mapping, void *owner)
{
	struct file *file = shmem_file_setup("vfio_dfl_mdev", 0, VM_NORESERVE);

	if (IS_ERR(file))
		return PTR_ERR(file);
	file->private_data = owner;
	mapping->file = file;
	return 0;
}

void vdfl_mapping_release(struct vdfl_mapping *mapping)
{
	fput(mapping->file);
}

void vdfl_mapping_attach(struct vdfl_mapping *mapping,
			 struct vm_area_struct *vma, void *owner)
{
	vma->vm_private_data = get_file(vma->vm_file);
	vma_set_file(vma, mapping->file);
}

void *vdfl_mapping_owner(struct vm_area_struct *vma)
{
	return vma->vm_file->private_data;
}

void vdfl_mapping_zap(struct vdfl_mapping *mapping, struct vfio_device *vdev)
{
	unmap_mapping_range(mapping->file->f_mapping, 0, 0, true);
}

void vdfl_mapping_vma_open(struct vm_area_struct *vma)
{
	get_file(vma->vm_private_data);
}

void vdfl_mapping_vma_close(struct vm_area_struct *vma)
{
	fput(vma->vm_private_data);
}

#endif
