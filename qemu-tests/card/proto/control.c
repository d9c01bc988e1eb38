// SPDX-License-Identifier: GPL-2.0-only
/* Requests of tests: one JSON object each, with one JSON object as reply. */
#include <stdio.h>
#include <string.h>

#include "hostile/become.h"
#include "hostile/cases.h"
#include "lib/dfl.h"
#include "lib/spec.h"
#include "proto/control.h"

static json_t *failure(const char *why)
{
	return json_pack("{s:b,s:s}", "ok", false, "error", why);
}

static json_t *success(void)
{
	return json_pack("{s:b}", "ok", true);
}

static bool get_u64(const json_t *req, const char *key, u64 *out)
{
	return spec_parse_u64(json_object_get(req, key), out);
}

/* Return the block at "bar"/"offset" of @req; @off becomes relative to it. */
static struct block *get_block(struct card *c, const json_t *req, u64 *off)
{
	struct block *b;
	u64 bar;

	if (!get_u64(req, "bar", &bar) || !get_u64(req, "offset", off) ||
	    bar >= NR_BARS)
		return NULL;
	b = card_find_block(c, bar, *off);
	if (b)
		*off -= b->offset;
	return b;
}

static json_t *op_peek(struct card *c, const json_t *req)
{
	u64 off;
	struct block *b = get_block(c, req, &off);

	if (!b || off % 8)
		return failure("no register at this offset");
	return json_pack("{s:b,s:o}", "ok", true, "value",
			 log_hex(block_reg(b, off)->value));
}

static json_t *op_poke(struct card *c, const json_t *req)
{
	u64 off, value;
	struct block *b = get_block(c, req, &off);

	if (!b || off % 8)
		return failure("no register at this offset");
	if (!get_u64(req, "value", &value))
		return failure("no value");
	block_reg(b, off)->value = value;
	/* A changed header models a reconfigured FPGA and survives resets. */
	if (off < b->header_len)
		block_reg(b, off)->reset = value;
	return success();
}

static void raise_cause(struct block *b, u32 vector, bool on)
{
	u64 others = b->irq.cause & ~BIT_ULL(vector);

	irq_set_cause(&b->irq, on ? others | BIT_ULL(vector) : others);
}

static json_t *set_interrupt(struct card *c, const json_t *req, bool on)
{
	u64 off, vector;
	struct block *b = get_block(c, req, &off);

	if (!b || off)
		return failure("no block at this offset");
	if (!get_u64(req, "vector", &vector) || vector >= b->irq.nr)
		return failure("no such vector");
	if (block_in_reset(b))
		return failure("block is in reset");
	if (b->model->raise)
		b->model->raise(b, vector, on);
	else
		raise_cause(b, vector, on);
	return success();
}

static json_t *op_raise(struct card *c, const json_t *req)
{
	return set_interrupt(c, req, true);
}

static json_t *op_lower(struct card *c, const json_t *req)
{
	return set_interrupt(c, req, false);
}

/* Make an AFU stop answering until its next reset. */
static json_t *op_hang(struct card *c, const json_t *req)
{
	u64 off;
	struct block *b = get_block(c, req, &off);

	if (!b || off || b->kind != KIND_AFU)
		return failure("no AFU at this offset");
	b->hung = true;
	return success();
}

/* Make all ports acknowledge a request with the next access. */
static json_t *op_ack_at_once(struct card *c, const json_t *req)
{
	size_t i;

	(void)req;
	for (i = 0; i < c->nr_blocks; i++)
		c->blocks[i].prompt = true;
	return success();
}

/* Set or clear the block of all AFUs, as an AFU of another function would. */
static json_t *op_protocol_error(struct card *c, const json_t *req)
{
	u64 error = 0;

	if (!c->checker.on)
		return failure("no protocol checker");
	if (json_is_false(json_object_get(req, "on")))
		c->checker.blocked = false;
	else if (get_u64(req, "error", &error) && error)
		card_protocol_error(c, error);
	else
		return failure("no error");
	return success();
}

static json_t *op_vanish(struct card *c, const json_t *req)
{
	(void)req;
	card_vanish(c);
	return success();
}

/* Make the card vanish after a number of accesses. */
static json_t *op_vanish_after(struct card *c, const json_t *req)
{
	u64 accesses;

	if (!get_u64(req, "accesses", &accesses))
		return failure("no number of accesses");
	c->faults.vanish_at = c->accesses + accesses + 1;
	return success();
}

static json_t *op_vanish_at_flr(struct card *c, const json_t *req)
{
	(void)req;
	c->faults.vanish_at_flr = true;
	return success();
}

/* Bus master, if it is on, cannot be turned off any more. */
static json_t *op_master_stuck(struct card *c, const json_t *req)
{
	c->cfg.master_stuck = !json_is_false(json_object_get(req, "on")) &&
			      config_bus_master(&c->cfg);
	return success();
}

static json_t *op_return(struct card *c, const json_t *req)
{
	(void)req;
	c->faults.vanish_at = 0;
	c->faults.vanish_at_flr = false;
	card_return(c);
	return success();
}

/* {"bar":0,"offset":"0x0","len":8,"us":10000}; no time makes them fast again */
static json_t *op_slow(struct card *c, const json_t *req)
{
	u64 bar, off, len, us = 0;

	if (!get_u64(req, "bar", &bar) || !get_u64(req, "offset", &off) ||
	    !get_u64(req, "len", &len) || bar >= NR_BARS)
		return failure("no such range");
	get_u64(req, "us", &us);
	c->faults.slow = (struct range){ bar, off, len };
	c->faults.slow_us = us;
	return success();
}

static json_t *op_reappear(struct card *c, const json_t *req)
{
	(void)req;
	card_reappear(c);
	return success();
}

static json_t *block_stats(const struct block *b)
{
	return json_pack("{s:i,s:o,s:I,s:I,s:I,s:I,s:I}", "bar", b->bar,
			 "offset", log_hex(b->offset),
			 "reads", (json_int_t)b->reads,
			 "writes", (json_int_t)b->writes,
			 "header_reads", (json_int_t)b->header_reads,
			 "resets", (json_int_t)b->resets,
			 "stray", (json_int_t)b->stray);
}

static json_t *op_stats(struct card *c, const json_t *req)
{
	const struct dma_counts *dma = dma_counts(c->dma);
	const struct {
		const char *name;
		u64 value;
	} counters[] = {
		{ "bus_master", config_bus_master(&c->cfg) },
		{ "bus_master_on_count", c->cfg.master_on_count },
		{ "dma_attempts", dma->attempts },
		{ "dma_refused", dma->refused },
		{ "dma_done", dma->done },
		{ "intx_asserted", c->irq.intx_asserted },
		{ "irq_raised", c->irq.raised },
		{ "msix_sent", c->irq.msix_sent },
		{ "reads", c->reads },
		{ "pba_reads", c->pba_reads },
		{ "writes", c->writes },
		{ "accesses", c->accesses },
		{ "stray", c->stray },
		{ "not_owned", c->watch.violations },
		{ "flr", c->flr },
		{ "afus_blocked", c->checker.blocked },
	};
	json_t *blocks = json_array(), *reply = success();
	size_t i;

	(void)req;
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		json_object_set_new(reply, counters[i].name,
				    json_integer(counters[i].value));
	json_object_set_new(reply, "pending", log_hex(c->irq.pending));
	json_object_set_new(reply, "vanished", json_boolean(c->vanished));
	for (i = 0; i < c->nr_blocks; i++)
		json_array_append_new(blocks, block_stats(&c->blocks[i]));
	json_object_set_new(reply, "blocks", blocks);
	return reply;
}

/*
 * Own a range instead of blocks: {"bar":2,"offset":64,"len":8}. With
 * "port":"b2-o0" the owner may reset that port as well.
 */
static json_t *own_range(struct card *c, const json_t *req)
{
	const char *port = json_string_value(json_object_get(req, "port"));
	u64 bar, off, len, port_off = 0;
	unsigned int port_bar = 0;

	if (!get_u64(req, "bar", &bar) || !get_u64(req, "offset", &off) ||
	    !get_u64(req, "len", &len) || bar >= NR_BARS)
		return failure("no such range");
	if (port && sscanf(port, "b%u-o%llx", &port_bar, &port_off) != 2)
		return failure("no such port");
	card_own(c, true);
	c->watch.range = (struct range){ bar, off, len };
	if (port)
		c->watch.port_ctrl = (struct range){
			port_bar, port_off + DFL_PORT_CTRL, 8
		};
	return success();
}

static json_t *op_own(struct card *c, const json_t *req)
{
	const json_t *names = json_object_get(req, "blocks");
	json_t *name;
	size_t i;

	if (json_object_get(req, "len"))
		return own_range(c, req);
	json_array_foreach(names, i, name)
		if (!card_block_named(c, json_string_value(name)))
			return failure("no such block");
	card_own(c, names);
	/* With INTx the driver reads the first header to flush writes. */
	if (json_array_size(names))
		c->watch.flush = (struct range){
			c->blocks[0].bar, c->blocks[0].offset, 8
		};
	json_array_foreach(names, i, name)
		card_block_named(c, json_string_value(name))->owned = true;
	return success();
}

static json_t *op_mark(struct card *c, const json_t *req)
{
	const char *text = json_string_value(json_object_get(req, "text"));

	if (!text)
		return failure("no text");
	log_event(c->log, "mark", "{s:s}", "text", text);
	return success();
}

/* Switch off log lines that would take 100 MB in tests with many interrupts. */
static json_t *op_log_irqs(struct card *c, const json_t *req)
{
	c->irq.log_off = json_is_false(json_object_get(req, "on"));
	return success();
}

static json_t *op_log_accesses(struct card *c, const json_t *req)
{
	c->access_log_off = json_is_false(json_object_get(req, "on"));
	return success();
}

static json_t *op_dma_by_message(struct card *c, const json_t *req)
{
	dma_set_by_message(c->dma, !json_is_false(json_object_get(req, "on")));
	return success();
}

/* Return the members on the block that the driver has to withhold. */
static json_t *withheld(const struct hostile *h)
{
	return json_pack("{s:o,s:s}", "withheld",
			 json_sprintf("b%u-o%llx", h->withheld.bar,
				      h->withheld.off), "why", h->why);
}

static json_t *op_hostile(struct card *c, const json_t *req)
{
	const char *name = json_string_value(json_object_get(req, "case"));
	json_t *reply;
	u64 seed;

	if (json_is_true(json_object_get(req, "list")))
		return json_pack("{s:b,s:o}", "ok", true, "cases",
				 hostile_case_names());
	if (!get_u64(req, "seed", &seed))
		return failure("no seed");
	if (hostile_become(c, seed, name))
		return failure("unknown case, or profile without hostile cards");
	log_event(c->log, "hostile", "{s:I,s:s}", "seed", (json_int_t)seed,
		  "case", c->hostile->name);
	reply = json_pack("{s:b,s:s,s:s}", "ok", true, "case", c->hostile->name,
			  "expect", c->hostile->expect);
	if (c->hostile->why)
		json_object_update_new(reply, withheld(c->hostile));
	return reply;
}

/* Report the accesses of the driver to a hostile card. */
static json_t *op_seen(struct card *c, const json_t *req)
{
	const struct hostile *h = c->hostile;
	json_t *written = json_array();
	u32 i;

	(void)req;
	for (i = 0; h && i < h->nr_written && i < HOSTILE_MAX_WRITTEN; i++)
		json_array_append_new(written,
				      json_sprintf("b%u-o%llx",
						   h->written[i].bar,
						   h->written[i].off));
	return json_pack("{s:b,s:I,s:i,s:o,s:I,s:I}", "ok", true, "reread",
			 (json_int_t)(h ? h->reread : 0), "nr_written",
			 h ? h->nr_written : 0, "written", written, "stray",
			 (json_int_t)c->stray, "bus_master_on_count",
			 (json_int_t)c->cfg.master_on_count);
}

static const struct {
	const char *name;
	json_t *(*execute)(struct card *c, const json_t *req);
} ops[] = {
	{ "peek", op_peek },
	{ "poke", op_poke },
	{ "raise", op_raise },
	{ "lower", op_lower },
	{ "hang", op_hang },
	{ "ack-at-once", op_ack_at_once },
	{ "protocol-error", op_protocol_error },
	{ "vanish", op_vanish },
	{ "vanish-after", op_vanish_after },
	{ "vanish-at-flr", op_vanish_at_flr },
	{ "reappear", op_reappear },
	{ "master-stuck", op_master_stuck },
	{ "return", op_return },
	{ "slow", op_slow },
	{ "stats", op_stats },
	{ "own", op_own },
	{ "log-irqs", op_log_irqs },
	{ "log-accesses", op_log_accesses },
	{ "dma-by-message", op_dma_by_message },
	{ "mark", op_mark },
	{ "hostile", op_hostile },
	{ "seen", op_seen },
};

/* Return the reply to the request on @line; never NULL. */
json_t *control_execute(struct card *c, const char *line)
{
	json_t *req = json_loads(line, 0, NULL);
	const char *op = json_string_value(json_object_get(req, "op"));
	json_t *reply = NULL;
	size_t i;

	for (i = 0; op && i < ARRAY_SIZE(ops) && !reply; i++)
		if (!strcmp(ops[i].name, op))
			reply = ops[i].execute(c, req);
	if (!reply)
		reply = failure(req ? "unknown op" : "not JSON");
	json_decref(req);
	return reply;
}
