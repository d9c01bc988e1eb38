/* SPDX-License-Identifier: GPL-2.0-only */
/* Device Feature Lists: the fields that a client reads in a header. */
#ifndef _VDFL_DFL_H
#define _VDFL_DFL_H

#define DFH_TYPE(dfh)		((dfh) >> 60)
#define   DFH_TYPE_FIU		4
#define DFH_NEXT(dfh)		((dfh) >> 16 & 0xffffff)
#define DFH_EOL(dfh)		((dfh) >> 40 & 1)
#define DFH_ID(dfh)		((dfh) & 0xfff)
#define   DFH_ID_FME		0
#define   DFH_ID_PORT		1
#define   DFH_ID_UINT		0x12

#define NEXT_AFU		0x18

#define PORT_CTRL		0x38
#define   PORT_CTRL_RESET	0x01
#define   PORT_CTRL_ACK		0x10

#endif /* _VDFL_DFL_H */
