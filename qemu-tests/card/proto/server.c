// SPDX-License-Identifier: GPL-2.0-only
/*
 * The part of the vfio-user protocol that a PCI card without migration and
 * mappable registers uses.
 *
 * One receive takes all queued messages of the client. check_message() checks
 * each message before it is carried out, and one send transmits all replies.
 * Messages to the client (DMA by message) are sent when all requests are
 * answered. The same loop handles their replies, so that client and server
 * cannot block each other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/access.h"
#include "proto/check.h"
#include "proto/server.h"

#define MAX_TRANSFER	(1024 * 1024)
#define RX_SIZE		(MAX_TRANSFER + 4096)
#define TX_SIZE		(2 * RX_SIZE)
#define VERSION_JSON	"{\"capabilities\":{\"max_msg_fds\":8}}"

struct server {
	struct card *card;
	int fd;
	u8 *rx;
	size_t rx_len;
	u8 *tx;
	size_t tx_len;
	u64 body[BODY_SIZE / 8];	/* of the current message, aligned */
	int fds[MAX_FDS];
	u32 nr_fds;
	size_t fds_end;		/* bytes received when @fds arrived */
	u16 next_id;
};

struct server *server_new(struct card *c, int fd)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->card = c;
	s->fd = fd;
	s->rx = malloc(RX_SIZE);
	s->tx = malloc(TX_SIZE);
	return s->rx && s->tx ? s : NULL;
}

/* ---- replies ---- */

static bool flush(struct server *s)
{
	size_t done = 0;

	while (done < s->tx_len) {
		ssize_t n = send(s->fd, s->tx + done, s->tx_len - done,
				 MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += n;
	}
	s->tx_len = 0;
	return true;
}

/* Return space for a reply body, or NULL if the client disconnected. */
static void *reply_begin(struct server *s, const struct message *m, u32 len,
			 int error)
{
	struct header hdr = {
		.id = m->hdr.id,
		.command = m->hdr.command,
		.size = sizeof(hdr) + len,
		.flags = FLAG_REPLY | (error ? FLAG_ERROR : 0),
		.error = -error,
	};
	void *body;

	if (s->tx_len + hdr.size > TX_SIZE && !flush(s))
		return NULL;
	memcpy(s->tx + s->tx_len, &hdr, sizeof(hdr));
	body = s->tx + s->tx_len + sizeof(hdr);
	s->tx_len += hdr.size;
	return body;
}

static void reply_with(struct server *s, const struct message *m,
		       const void *body, u32 len)
{
	void *room = reply_begin(s, m, len, 0);

	if (room)
		memcpy(room, body, len);
}

static void reply_status(struct server *s, const struct message *m, int error)
{
	if (!(m->hdr.flags & FLAG_NO_REPLY))
		reply_begin(s, m, 0, error);
}

/* ---- validated requests ---- */

static void do_version(struct server *s, const struct message *m)
{
	struct version v = { 0, 0 };
	u8 *room = reply_begin(s, m, sizeof(v) + sizeof(VERSION_JSON), 0);

	if (!room)
		return;
	memcpy(room, &v, sizeof(v));
	memcpy(room + sizeof(v), VERSION_JSON, sizeof(VERSION_JSON));
}

static void do_dma_map(struct server *s, const struct message *m)
{
	const struct msg_dma_map *map = m->body;
	int fd = -1;

	if (m->nr_fds) {
		fd = m->fds[0];
		m->fds[0] = -1;
	}
	reply_status(s, m, dma_map(s->card->dma, map->addr, map->size,
				   map->offset,
				   map->flags & VFIO_DMA_MAP_FLAG_WRITE, fd));
}

static void do_dma_unmap(struct server *s, const struct message *m)
{
	const struct msg_dma_unmap *unmap = m->body;

	dma_unmap(s->card->dma, unmap->addr, unmap->size,
		  unmap->flags & VFIO_DMA_UNMAP_FLAG_ALL);
	reply_with(s, m, unmap, sizeof(*unmap));
}

static void do_get_info(struct server *s, const struct message *m)
{
	const u32 info[4] = {
		sizeof(info), VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI,
		NR_REGIONS, NR_IRQS
	};

	reply_with(s, m, info, sizeof(info));
}

static void do_get_region_info(struct server *s, const struct message *m)
{
	const struct vfio_region_info *req = m->body;
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = req->index,
		.size = check_region_size(s->card, req->index),
	};

	if (info.size)
		info.flags = VFIO_REGION_INFO_FLAG_READ |
			     VFIO_REGION_INFO_FLAG_WRITE;
	reply_with(s, m, &info, sizeof(info));
}

static void do_get_irq_info(struct server *s, const struct message *m)
{
	const struct vfio_irq_info *req = m->body;
	struct vfio_irq_info info = {
		.argsz = sizeof(info),
		.flags = VFIO_IRQ_INFO_EVENTFD,
		.index = req->index,
		.count = check_irq_count(s->card, req->index),
	};

	if (req->index == VFIO_PCI_INTX_IRQ_INDEX)
		info.flags |= VFIO_IRQ_INFO_MASKABLE |
			      VFIO_IRQ_INFO_AUTOMASKED;
	else
		info.flags |= VFIO_IRQ_INFO_NORESIZE;
	reply_with(s, m, &info, sizeof(info));
}

static void set_fd(struct card *c, u32 index, u32 vector, int fd)
{
	if (index == VFIO_PCI_INTX_IRQ_INDEX)
		irq_set_intx_fd(&c->irq, fd);
	else
		irq_set_msix_fd(&c->irq, vector, fd);
}

static void set_triggers(struct card *c, const struct vfio_irq_set *set,
			 const struct message *m)
{
	bool disable = !set->count;
	u32 start = disable ? 0 : set->start;
	u32 count = disable ? check_irq_count(c, set->index) : set->count;
	u32 i;

	for (i = 0; i < count; i++) {
		int fd = -1;

		if (m->nr_fds) {
			fd = m->fds[i];
			m->fds[i] = -1;
		}
		set_fd(c, set->index, start + i, fd);
	}
}

static void do_set_irqs(struct server *s, const struct message *m)
{
	const struct vfio_irq_set *set = m->body;

	if (set->flags & VFIO_IRQ_SET_ACTION_TRIGGER)
		set_triggers(s->card, set, m);
	else
		irq_set_intx_masked(&s->card->irq,
				    set->flags & VFIO_IRQ_SET_ACTION_MASK);
	reply_status(s, m, 0);
}

static void do_region_read(struct server *s, const struct message *m)
{
	const struct region_access *a = m->body;
	u8 *room = reply_begin(s, m, sizeof(*a) + a->count, 0);
	u64 value;

	if (!room)
		return;
	memcpy(room, a, sizeof(*a));
	room += sizeof(*a);
	if (a->region == VFIO_PCI_CONFIG_REGION_INDEX) {
		access_config_read(s->card, a->offset, a->count, room);
		return;
	}
	value = access_read(s->card, a->region, a->offset, a->count);
	memcpy(room, &value, a->count);
}

static void do_region_write(struct server *s, const struct message *m)
{
	const struct region_access *a = m->body;
	u64 value = 0;

	if (a->region == VFIO_PCI_CONFIG_REGION_INDEX) {
		access_config_write(s->card, a->offset, a->count, a->data);
	} else {
		memcpy(&value, a->data, a->count);
		access_write(s->card, a->region, a->offset, a->count, value);
	}
	if (!(m->hdr.flags & FLAG_NO_REPLY))
		reply_with(s, m, a, sizeof(*a));
}

static void do_reset(struct server *s, const struct message *m)
{
	card_reset(s->card, "device");
	reply_status(s, m, 0);
}

static void (*const handlers[NR_CMDS])(struct server *s,
				       const struct message *m) = {
	[CMD_VERSION] = do_version,
	[CMD_DMA_MAP] = do_dma_map,
	[CMD_DMA_UNMAP] = do_dma_unmap,
	[CMD_GET_INFO] = do_get_info,
	[CMD_GET_REGION_INFO] = do_get_region_info,
	[CMD_GET_IRQ_INFO] = do_get_irq_info,
	[CMD_SET_IRQS] = do_set_irqs,
	[CMD_REGION_READ] = do_region_read,
	[CMD_REGION_WRITE] = do_region_write,
	[CMD_RESET] = do_reset,
};

/* ---- the stream ---- */

static void handle(struct server *s, const struct message *m)
{
	int error;

	if ((m->hdr.flags & FLAG_TYPE) == FLAG_REPLY) {
		if (m->hdr.command == CMD_DMA_WRITE)
			dma_message_done(s->card->dma, m->hdr.flags & FLAG_ERROR ?
					 -(int)m->hdr.error ?: -EIO : 0);
		return;
	}
	error = check_message(s->card, m);
	if (error)
		reply_status(s, m, error);
	else
		handlers[m->hdr.command](s, m);
}

static void close_fds(struct server *s)
{
	u32 i;

	for (i = 0; i < s->nr_fds; i++)
		if (s->fds[i] >= 0)
			close(s->fds[i]);
	s->nr_fds = 0;
}

/*
 * recvmsg() stops after bytes that carry descriptors, so the descriptors belong
 * to the last message in the buffer at that time.
 */
static void attach_fds(struct server *s, struct message *m, size_t end)
{
	if (!s->nr_fds || end < s->fds_end)
		return;
	m->fds = s->fds;
	m->nr_fds = s->nr_fds;
}

/* Handle all complete messages. Return false if the stream is malformed. */
static bool handle_all(struct server *s)
{
	size_t at = 0;

	while (s->rx_len - at >= sizeof(struct header)) {
		struct message m = { 0 };

		memcpy(&m.hdr, s->rx + at, sizeof(m.hdr));
		if (m.hdr.size < sizeof(m.hdr) || m.hdr.size > RX_SIZE)
			return false;
		if (s->rx_len - at < m.hdr.size)
			break;
		m.len = m.hdr.size - sizeof(m.hdr);
		m.body = memcpy(s->body, s->rx + at + sizeof(m.hdr),
				min_u64(m.len, sizeof(s->body)));
		at += m.hdr.size;
		attach_fds(s, &m, at);
		handle(s, &m);
		if (m.nr_fds)
			close_fds(s);
	}
	s->rx_len -= at;
	memmove(s->rx, s->rx + at, s->rx_len);
	s->fds_end -= min_u64(s->fds_end, at);
	return true;
}

static void take_fds(struct server *s, struct msghdr *msg)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		close_fds(s);
		s->nr_fds = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(s->fds, CMSG_DATA(cmsg), s->nr_fds * sizeof(int));
		s->fds_end = s->rx_len;
	}
}

static bool receive(struct server *s)
{
	char control[CMSG_SPACE(MAX_FDS * sizeof(int))];
	struct iovec iov = { s->rx + s->rx_len, RX_SIZE - s->rx_len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(s->fd, &msg, MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EINTR;
	if (n == 0)
		return false;
	s->rx_len += n;
	take_fds(s, &msg);
	return true;
}

static bool send_dma(struct server *s)
{
	struct dma_message dma;
	struct dma_write *m;

	if (!dma_next_message(s->card->dma, &dma))
		return true;
	m = (void *)s->tx;
	*m = (struct dma_write){
		.hdr = {
			.id = s->next_id++,
			.command = CMD_DMA_WRITE,
			.size = sizeof(*m),
		},
		.addr = dma.addr,
		.count = sizeof(m->data),
		.data = dma.data,
	};
	s->tx_len = sizeof(*m);
	return flush(s);
}

/**
 * server_run() - handle the queued messages of the client
 * @s: server
 *
 * Return: false if the client disconnected or the stream is malformed.
 */
bool server_run(struct server *s)
{
	if (!receive(s) || !handle_all(s) || !flush(s))
		return false;
	return s->rx_len || send_dma(s);
}
