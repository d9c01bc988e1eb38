/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PCI driver, the mdev driver, and the mdev types of a bound card.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_BINDING_H
#define _VDFL_BINDING_H

#include <linux/mdev.h>
#include <linux/pci.h>

struct vdfl_card;
struct vdfl_types;

/* mdev_drv.c */
extern struct mdev_driver vdfl_mdev_driver;

/* pci_drv.c */
extern struct pci_driver vdfl_pci_driver;

/* mdev_types.c */
struct vdfl_types *vdfl_types_register(struct vdfl_card *card);
void vdfl_types_unregister(struct vdfl_types *types);
unsigned int vdfl_type_available(struct mdev_type *mtype);
ssize_t vdfl_type_description(struct mdev_type *mtype, char *buf);

#endif /* _VDFL_BINDING_H */
