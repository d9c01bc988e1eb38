// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory as the client mapped it, and the card's DMA engine.
 *
 * The card writes directly to memory for which the client sent a file
 * descriptor. Other memory is written by a message to the client. The caller
 * sends the message when all requests of the client are answered. One message
 * can be outstanding.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pci/dma.h"

struct backing {
	dev_t dev;
	ino_t ino;
	int fd;
	size_t users;
};

struct mapping {
	u64 addr;
	u64 size;
	u64 fd_offset;
	bool writable;
	struct backing *backing;	/* NULL: by messages only */
};

#define NAME_LEN	24

/**
 * struct dma - engine and mappings
 * @cfg: config space; Bus Master Enable gates requests
 * @maps: mappings
 * @nr_maps: entries in @maps
 * @backings: files that contain the memory of @maps
 * @nr_backings: entries in @backings
 * @by_message: send messages even for memory that has a file descriptor
 * @busy: a message is not yet sent or not yet answered
 * @sent: the message was sent
 * @client: client of the message; NULL if the client was reset meanwhile
 * @name: name of the client
 * @message: the message
 * @counts: statistics
 */
struct dma {
	const struct config *cfg;
	struct mapping *maps;
	size_t nr_maps;
	struct backing **backings;
	size_t nr_backings;
	bool by_message;
	bool busy;
	bool sent;
	const struct dma_client *client;
	char name[NAME_LEN];
	struct dma_message message;
	struct dma_counts counts;
};

struct dma *dma_new(const struct config *cfg)
{
	struct dma *d = calloc(1, sizeof(*d));

	if (d)
		d->cfg = cfg;
	return d;
}

static struct backing *backing_get(struct dma *d, int fd)
{
	struct backing **grown, *b;
	struct stat st;
	size_t i;

	if (fstat(fd, &st))
		return NULL;
	for (i = 0; i < d->nr_backings; i++) {
		b = d->backings[i];
		if (b->dev == st.st_dev && b->ino == st.st_ino) {
			close(fd);
			b->users++;
			return b;
		}
	}
	grown = reallocarray(d->backings, d->nr_backings + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	d->backings = grown;
	b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	*b = (struct backing){ st.st_dev, st.st_ino, fd, 1 };
	d->backings[d->nr_backings++] = b;
	return b;
}

static void backing_put(struct dma *d, struct backing *b)
{
	size_t i;

	if (!b || --b->users)
		return;
	for (i = 0; d->backings[i] != b; i++)
		;
	d->backings[i] = d->backings[--d->nr_backings];
	close(b->fd);
	free(b);
}

static bool overlaps(const struct mapping *m, u64 addr, u64 size)
{
	/* Neither range wraps: the caller has checked both. */
	return addr < m->addr + m->size && m->addr < addr + size;
}

static bool is_mapped(const struct dma *d, u64 addr, u64 size)
{
	size_t i;

	for (i = 0; i < d->nr_maps; i++)
		if (overlaps(&d->maps[i], addr, size))
			return true;
	return false;
}

/**
 * dma_map() - add guest memory
 * @d: engine
 * @addr: bus address
 * @size: bytes
 * @fd_offset: offset of @addr in @fd
 * @writable: the card may write
 * @fd: file that contains the memory, -1 if none; dma_map() closes it, also on
 *	error
 *
 * Return: 0 or a negative errno.
 */
int dma_map(struct dma *d, u64 addr, u64 size, u64 fd_offset, bool writable,
	    int fd)
{
	struct mapping *grown;
	struct backing *backing = NULL;

	if (is_mapped(d, addr, size)) {
		if (fd >= 0)
			close(fd);
		return -EEXIST;
	}
	if (fd >= 0) {
		backing = backing_get(d, fd);
		if (!backing) {
			close(fd);
			return -ENOMEM;
		}
	}
	grown = reallocarray(d->maps, d->nr_maps + 1, sizeof(*grown));
	if (!grown) {
		backing_put(d, backing);
		return -ENOMEM;
	}
	d->maps = grown;
	d->maps[d->nr_maps++] = (struct mapping){
		addr, size, fd_offset, writable, backing
	};
	return 0;
}

/* Drop every mapping that overlaps the range, or @all of them. */
void dma_unmap(struct dma *d, u64 addr, u64 size, bool all)
{
	size_t i = 0;

	while (i < d->nr_maps) {
		if (!all && !overlaps(&d->maps[i], addr, size)) {
			i++;
			continue;
		}
		backing_put(d, d->maps[i].backing);
		d->maps[i] = d->maps[--d->nr_maps];
	}
}

static const struct mapping *find_mapping(const struct dma *d, u64 addr,
					  u64 size)
{
	size_t i;

	for (i = 0; i < d->nr_maps; i++) {
		const struct mapping *m = &d->maps[i];

		if (addr >= m->addr && addr - m->addr < m->size &&
		    size <= m->size - (addr - m->addr))
			return m;
	}
	return NULL;
}

static void report(struct dma *d, const char *name, u64 addr,
		   enum dma_result result, const char *why)
{
	static const char *const names[] = {
		[DMA_DONE] = "done",
		[DMA_REFUSED] = "refused",
		[DMA_FAULT] = "fault",
	};

	d->counts.done += result == DMA_DONE;
	d->counts.refused += result == DMA_REFUSED;
	log_event(d->cfg->log, "dma", "{s:s,s:o,s:s,s:s*}", "block", name,
		  "addr", log_hex(addr), "outcome", names[result], "why", why);
}

/* Copy from or to the file that contains the memory. */
static bool copy(const struct mapping *m, const struct dma_transfer *t)
{
	u64 pos = m->fd_offset + (t->addr - m->addr);

	if (t->write)
		return pwrite(m->backing->fd, t->buf, t->len, pos) == (ssize_t)t->len;
	return pread(m->backing->fd, t->buf, t->len, pos) == (ssize_t)t->len;
}

/**
 * dma_transfer() - read or write memory for which the client sent a file
 * @d: engine
 * @name: name in the log
 * @t: the transfer
 *
 * Return: the result; other memory is a fault.
 */
enum dma_result dma_transfer(struct dma *d, const char *name,
			     const struct dma_transfer *t)
{
	enum dma_result result = DMA_FAULT;
	const struct mapping *m;
	const char *why = NULL;

	d->counts.attempts++;
	m = find_mapping(d, t->addr, t->len);
	if (!config_may_master(d->cfg)) {
		result = DMA_REFUSED;
		why = "bus master off";
	} else if (!m || !m->backing) {
		why = m ? "no file" : "unmapped";
	} else if (t->write && !m->writable) {
		why = "read-only";
	} else if (!copy(m, t)) {
		why = "copy failed";
	} else {
		result = DMA_DONE;
	}
	report(d, name, t->addr, result, why);
	return result;
}

static void finish(struct dma *d, const struct dma_client *client, u64 addr,
		   enum dma_result result, const char *why)
{
	report(d, client->name, addr, result, why);
	client->done(client->owner, result);
}

static void queue_message(struct dma *d, const struct dma_client *client,
			  u64 addr, u64 data)
{
	if (d->busy) {
		finish(d, client, addr, DMA_FAULT, "engine busy");
		return;
	}
	d->busy = true;
	d->sent = false;
	d->client = client;
	snprintf(d->name, sizeof(d->name), "%s", client->name);
	d->message = (struct dma_message){ addr, data };
}

/* Write @data to bus address @addr for @client. */
void dma_start(struct dma *d, const struct dma_client *client, u64 addr,
	       u64 data)
{
	const struct mapping *m;

	d->counts.attempts++;
	if (!config_may_master(d->cfg)) {
		finish(d, client, addr, DMA_REFUSED, "bus master off");
		return;
	}
	m = find_mapping(d, addr, sizeof(data));
	if (!m || !m->writable) {
		finish(d, client, addr, DMA_FAULT, m ? "read-only" : "unmapped");
		return;
	}
	if (!m->backing || d->by_message) {
		queue_message(d, client, addr, data);
		return;
	}
	if (pwrite(m->backing->fd, &data, sizeof(data),
		   m->fd_offset + (addr - m->addr)) == sizeof(data))
		finish(d, client, addr, DMA_DONE, NULL);
	else
		finish(d, client, addr, DMA_FAULT, "write failed");
}

/* Return true if @out is a write that the caller has to send to the client. */
bool dma_next_message(struct dma *d, struct dma_message *out)
{
	if (!d->busy || d->sent)
		return false;
	d->sent = true;
	*out = d->message;
	return true;
}

/* Handle the reply to the message; @error is a negative errno or 0. */
void dma_message_done(struct dma *d, int error)
{
	enum dma_result result = error ? DMA_FAULT : DMA_DONE;

	if (!d->busy || !d->sent)
		return;
	d->busy = false;
	report(d, d->name, d->message.addr, result,
	       error ? strerror(-error) : NULL);
	if (d->client)
		d->client->done(d->client->owner, result);
}

/* Drop the message of @client, or ignore the reply if the message is sent. */
void dma_forget(struct dma *d, const struct dma_client *client)
{
	if (!d->busy || d->client != client)
		return;
	d->client = NULL;
	d->busy = d->sent;
}

void dma_set_by_message(struct dma *d, bool on)
{
	d->by_message = on;
}

const struct dma_counts *dma_counts(const struct dma *d)
{
	return &d->counts;
}
