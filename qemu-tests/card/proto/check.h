/* SPDX-License-Identifier: GPL-2.0-only */
/* Validation of requests. */
#ifndef _VDFL_CARD_PROTO_CHECK_H
#define _VDFL_CARD_PROTO_CHECK_H

#include <linux/vfio.h>

#include "core/card.h"
#include "proto/wire.h"

#define NR_REGIONS	VFIO_PCI_NUM_REGIONS
#define NR_IRQS		VFIO_PCI_NUM_IRQS

u32 check_irq_count(const struct card *c, u32 index);
u64 check_region_size(const struct card *c, u32 index);
int check_message(const struct card *c, const struct message *m);

#endif /* _VDFL_CARD_PROTO_CHECK_H */
