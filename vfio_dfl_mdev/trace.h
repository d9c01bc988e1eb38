/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: trapped access, interrupt, reset of a block, revoked access.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vfio_dfl_mdev

#if !defined(_VDFL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VDFL_TRACE_H

#include <linux/pci.h>
#include <linux/tracepoint.h>

#define VDFL_TRACE_NAME	40	/* a UUID, a PCI address, a position */

TRACE_EVENT(vdfl_access,
	TP_PROTO(struct device *dev, bool write, u64 offset, unsigned int width,
		 u64 value),
	TP_ARGS(dev, write, offset, width, value),
	TP_STRUCT__entry(
		__array(char, name, VDFL_TRACE_NAME)
		__field(bool, write)
		__field(u64, offset)
		__field(unsigned int, width)
		__field(u64, value)
	),
	TP_fast_assign(
		strscpy(__entry->name, dev_name(dev), VDFL_TRACE_NAME);
		__entry->write = write;
		__entry->offset = offset;
		__entry->width = width;
		__entry->value = value;
	),
	TP_printk("%s %s 0x%llx width %u value 0x%llx", __entry->name,
		  __entry->write ? "write" : "read", __entry->offset,
		  __entry->width, __entry->value)
);

TRACE_EVENT(vdfl_irq,
	TP_PROTO(struct device *dev, unsigned int vectors),
	TP_ARGS(dev, vectors),
	TP_STRUCT__entry(
		__array(char, name, VDFL_TRACE_NAME)
		__field(unsigned int, vectors)
	),
	TP_fast_assign(
		strscpy(__entry->name, dev_name(dev), VDFL_TRACE_NAME);
		__entry->vectors = vectors;
	),
	TP_printk("%s signalled %u vectors", __entry->name, __entry->vectors)
);

TRACE_EVENT(vdfl_reset,
	TP_PROTO(struct pci_dev *pdev, const char *pos, int result),
	TP_ARGS(pdev, pos, result),
	TP_STRUCT__entry(
		__array(char, card, VDFL_TRACE_NAME)
		__array(char, pos, VDFL_TRACE_NAME)
		__field(int, result)
	),
	TP_fast_assign(
		strscpy(__entry->card, pci_name(pdev), VDFL_TRACE_NAME);
		strscpy(__entry->pos, pos, VDFL_TRACE_NAME);
		__entry->result = result;
	),
	TP_printk("%s %s result %d", __entry->card, __entry->pos,
		  __entry->result)
);

TRACE_EVENT(vdfl_revoke,
	TP_PROTO(struct device *dev, unsigned int revoked),
	TP_ARGS(dev, revoked),
	TP_STRUCT__entry(
		__array(char, name, VDFL_TRACE_NAME)
		__field(unsigned int, revoked)
	),
	TP_fast_assign(
		strscpy(__entry->name, dev_name(dev), VDFL_TRACE_NAME);
		__entry->revoked = revoked;
	),
	TP_printk("%s revoked 0x%x", __entry->name, __entry->revoked)
);

#endif /* _VDFL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
