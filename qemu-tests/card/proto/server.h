/* SPDX-License-Identifier: GPL-2.0-only */
/* vfio-user server for one client, which is QEMU or a test. */
#ifndef _VDFL_CARD_PROTO_SERVER_H
#define _VDFL_CARD_PROTO_SERVER_H

#include "core/card.h"

struct server;

struct server *server_new(struct card *c, int fd);
bool server_run(struct server *s);

#endif /* _VDFL_CARD_PROTO_SERVER_H */
