// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory as the client mapped it, and the AFUs' DMA engine.
 *
 * Memory that came with a file descriptor is written directly; the rest takes
 * a message to the client, which server.c sends once nothing is unanswered.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "card.h"

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

struct dma {
	struct mapping *maps;
	size_t nr_maps;
	struct backing **backings;
	size_t nr_backings;
	struct block *waiting;		/* block whose message is not done */
	bool abandoned;			/* its block was reset meanwhile */
	bool sent;
	struct dma_message message;
};

struct dma *dma_new(void)
{
	return calloc(1, sizeof(struct dma));
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
	/* neither range wraps: dma_map() and server.c saw to it */
	return addr < m->addr + m->size && m->addr < addr + size;
}

/**
 * dma_map() - remember guest memory
 * @fd: memory behind it, taken over; -1 if there is none
 *
 * Return: 0 or a negative errno.
 */
int dma_map(struct dma *d, u64 addr, u64 size, u64 fd_offset, bool writable,
	    int fd)
{
	struct mapping *grown;
	struct backing *backing = NULL;
	size_t i;

	for (i = 0; i < d->nr_maps; i++) {
		if (overlaps(&d->maps[i], addr, size)) {
			if (fd >= 0)
				close(fd);
			return -EEXIST;
		}
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

/** dma_unmap() - forget everything that touches the range, or @all */
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

static void report(struct block *b, u64 addr, enum dma_result result,
		   const char *why)
{
	static const char *const names[] = {
		[DMA_DONE] = "done",
		[DMA_REFUSED] = "refused",
		[DMA_FAULT] = "fault",
	};
	struct card *c = b->card;

	c->dma_done += result == DMA_DONE;
	c->dma_refused += result == DMA_REFUSED;
	log_event(c->log, "dma", "{s:s,s:o,s:s,s:s*}", "block", b->name, "addr",
		  log_hex(addr), "outcome", names[result], "why", why);
}

static void finish(struct block *b, u64 addr, enum dma_result result,
		   const char *why)
{
	report(b, addr, result, why);
	afu_dma_result(b, result);
}

static void queue_message(struct block *b, u64 addr, u64 data)
{
	struct dma *d = b->card->dma;

	if (d->waiting) {
		finish(b, addr, DMA_FAULT, "engine busy");
		return;
	}
	d->waiting = b;
	d->abandoned = false;
	d->sent = false;
	d->message = (struct dma_message){ addr, data };
}

/** dma_start() - @b wants to write @data to host address @addr */
void dma_start(struct block *b, u64 addr, u64 data)
{
	struct card *c = b->card;
	const struct mapping *m;

	c->dma_attempts++;
	afu_dma_result(b, DMA_NONE);
	if (!config_bus_master(c) && !c->dishonest) {
		finish(b, addr, DMA_REFUSED, "bus master off");
		return;
	}
	m = find_mapping(c->dma, addr, sizeof(data));
	if (!m || !m->writable) {
		finish(b, addr, DMA_FAULT, m ? "read-only" : "unmapped");
		return;
	}
	if (!m->backing || c->dma_by_message) {
		queue_message(b, addr, data);
		return;
	}
	if (pwrite(m->backing->fd, &data, sizeof(data),
		   m->fd_offset + (addr - m->addr)) == sizeof(data))
		finish(b, addr, DMA_DONE, NULL);
	else
		finish(b, addr, DMA_FAULT, "write failed");
}

/** dma_next_message() - is there a write to send to the client? */
bool dma_next_message(struct dma *d, struct dma_message *out)
{
	if (!d->waiting || d->sent)
		return false;
	d->sent = true;
	*out = d->message;
	return true;
}

/** dma_message_done() - the client answered; @error is a negative errno or 0 */
void dma_message_done(struct card *c, int error)
{
	enum dma_result result = error ? DMA_FAULT : DMA_DONE;
	struct dma *d = c->dma;
	struct block *b = d->waiting;

	if (!b || !d->sent)
		return;
	d->waiting = NULL;
	report(b, d->message.addr, result, error ? strerror(-error) : NULL);
	if (!d->abandoned)
		afu_dma_result(b, result);
}

/** dma_forget() - @b is reset: drop its write, or the answer if already sent */
void dma_forget(struct dma *d, const struct block *b)
{
	if (d->waiting != b)
		return;
	if (d->sent)
		d->abandoned = true;
	else
		d->waiting = NULL;
}
