/* SPDX-License-Identifier: GPL-2.0-only */
/* The vfio-user side: one client, which is QEMU or a test. */
#ifndef _VDFL_CARD_SERVER_H
#define _VDFL_CARD_SERVER_H

#include "card.h"

struct server;

struct server *server_new(struct card *c, int fd);

/**
 * server_run() - handle what the client has sent
 *
 * Return: false when the client is gone or talks nonsense.
 */
bool server_run(struct server *s);

#endif /* _VDFL_CARD_SERVER_H */
