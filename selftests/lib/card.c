// SPDX-License-Identifier: GPL-2.0-only
/*
 * The card under test, and its control channel: a line of JSON each way.
 *
 * The channel is opened for each request, because only one process can have it
 * open at a time.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>

#include "vdfl_test.h"

#define DRIVER_DIR	"/sys/bus/pci/drivers/vfio_dfl_mdev"
#define ANSWER_MS	60000
#define RETRY_US	10000
#define LINE_MAX_LEN	65536

static bool is_address(const char *name)
{
	unsigned int v;
	int len = 0;

	return sscanf(name, "%x:%x:%x.%x%n", &v, &v, &v, &v, &len) == 4 &&
	       !name[len];
}

static void find_bound(char *bdf, size_t size)
{
	DIR *dir = opendir(DRIVER_DIR);
	struct dirent *entry;

	if (!dir)
		die("the driver is not loaded");
	bdf[0] = 0;
	while ((entry = readdir(dir)))
		if (is_address(entry->d_name))
			format(bdf, size, "%s", entry->d_name);
	closedir(dir);
	if (!bdf[0])
		die("no card is bound");
}

/** card_find() - card 0 of the lab: the one that is bound, or VDFL_CARD */
void card_find(struct card *card)
{
	const char *named = getenv("VDFL_CARD");
	char bdf[sizeof(card->bdf)];

	if (named)
		format(bdf, sizeof(bdf), "%s", named);
	else
		find_bound(bdf, sizeof(bdf));
	card_at(card, bdf, 0);
}

static int open_channel(const struct card *card)
{
	u64 end = now_us() + ANSWER_MS * 1000;
	int fd;

	while ((fd = open(card->ctl, O_RDWR | O_CLOEXEC)) < 0) {
		if (errno != EBUSY || now_us() > end)
			die_errno("opening %s", card->ctl);
		sleep_us(RETRY_US);
	}
	return fd;
}

/* Register writes are posted; a config read arrives behind them. */
static void flush_posted_writes(const struct card *card)
{
	char path[PATH_MAX];
	u32 id;
	int fd;

	format(path, sizeof(path), "%s/config", card->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, &id, sizeof(id), 0) != sizeof(id))
		die_errno("reading %s", path);
	close(fd);
}

static void send_line(int fd, json_t *request)
{
	char *line = json_dumps(request, JSON_COMPACT);
	size_t len, done = 0;
	ssize_t ret;

	if (!line)
		die("request is no JSON");
	len = strlen(line);
	line[len++] = '\n';	/* over the terminator: never used as text again */
	while (done < len) {
		ret = write(fd, line + done, len - done);
		if (ret <= 0)
			die_errno("writing to the control channel");
		done += ret;
	}
	free(line);
}

static void receive_line(int fd, char *line, size_t size)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t done = 0;
	ssize_t ret;

	while (!done || line[done - 1] != '\n') {
		if (poll(&pfd, 1, ANSWER_MS) != 1)
			die("the card does not answer on its control channel");
		ret = read(fd, line + done, size - 1 - done);
		if (ret <= 0)
			die_errno("reading from the control channel");
		done += ret;
	}
	line[done] = 0;
}

/**
 * card_ask() - send @request, which is consumed
 * Return: the reply, which says that all went well; json_decref() it
 */
json_t *card_ask(const struct card *card, json_t *request)
{
	static char line[LINE_MAX_LEN];
	json_t *reply;
	int fd;

	if (!request)
		die("request cannot be built");
	flush_posted_writes(card);
	fd = open_channel(card);
	send_line(fd, request);
	receive_line(fd, line, sizeof(line));
	close(fd);
	json_decref(request);
	reply = json_loads(line, 0, NULL);
	if (!json_is_true(json_object_get(reply, "ok")))
		die("the card refuses: %s", line);
	return reply;
}

static u64 number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_string(value))
		return strtoull(json_string_value(value), NULL, 0);
	if (!json_is_integer(value))
		die("the card says nothing of %s", key);
	return json_integer_value(value);
}

static void parse_pos(const char *pos, unsigned int *bar, u64 *off)
{
	if (sscanf(pos, "b%u-o%lx", bar, off) != 2)
		die("no position: %s", pos);
}

static json_t *ask_register(const struct card *card, const char *op,
			    const char *pos, u64 off, json_t *more)
{
	unsigned int bar;
	u64 start;
	json_t *request;

	parse_pos(pos, &bar, &start);
	request = json_pack("{s:s,s:i,s:I}", "op", op, "bar", bar, "offset",
			    (json_int_t)(start + off));
	if (more) {
		json_object_update(request, more);
		json_decref(more);
	}
	return card_ask(card, request);
}

/** card_peek() - what a register holds; the card does not count it */
u64 card_peek(const struct card *card, const char *pos, u64 off)
{
	json_t *reply = ask_register(card, "peek", pos, off, NULL);
	u64 value = number(reply, "value");

	json_decref(reply);
	return value;
}

/** card_poke() - change a register from inside the card */
void card_poke(const struct card *card, const char *pos, u64 off,
	       u64 value)
{
	char text[24];

	format(text, sizeof(text), "0x%lx", value);
	json_decref(ask_register(card, "poke", pos, off,
				 json_pack("{s:s}", "value", text)));
}

/** card_set_irq() - raise or lower an interrupt cause of a block */
void card_set_irq(const struct card *card, const char *pos, unsigned int vector,
		  bool on)
{
	json_decref(ask_register(card, on ? "raise" : "lower", pos, 0,
				 json_pack("{s:i}", "vector", vector)));
}

static json_t *ask_stats(const struct card *card)
{
	return card_ask(card, json_pack("{s:s}", "op", "stats"));
}

void card_stats(const struct card *card, struct card_stats *stats)
{
	json_t *reply = ask_stats(card);

	*stats = (struct card_stats){
		.bus_master = number(reply, "bus_master"),
		.bus_master_on_count = number(reply, "bus_master_on_count"),
		.intx_asserted = number(reply, "intx_asserted"),
		.reads = number(reply, "reads"),
		.writes = number(reply, "writes"),
		.stray = number(reply, "stray"),
		.flr = number(reply, "flr"),
	};
	json_decref(reply);
}

static const json_t *find_block(const json_t *reply, const char *pos)
{
	const json_t *block;
	unsigned int bar;
	u64 off;
	size_t i;

	parse_pos(pos, &bar, &off);
	json_array_foreach(json_object_get(reply, "blocks"), i, block)
		if (number(block, "bar") == bar &&
		    number(block, "offset") == off)
			return block;
	die("the card has no block %s", pos);
}

void card_block_stats(const struct card *card, const char *pos,
		      struct block_stats *stats)
{
	json_t *reply = ask_stats(card);
	const json_t *block = find_block(reply, pos);

	*stats = (struct block_stats){
		.reads = number(block, "reads"),
		.writes = number(block, "writes"),
		.header_reads = number(block, "header_reads"),
		.resets = number(block, "resets"),
		.stray = number(block, "stray"),
	};
	json_decref(reply);
}

/** card_own() - count accesses outside these blocks as stray; 0 to stop */
void card_own(const struct card *card, const char *const *pos, size_t nr)
{
	json_t *request = json_pack("{s:s}", "op", "own");
	json_t *blocks = json_array();
	size_t i;

	for (i = 0; i < nr; i++)
		json_array_append_new(blocks, json_string(pos[i]));
	if (nr)
		json_object_set(request, "blocks", blocks);
	json_decref(blocks);
	json_decref(card_ask(card, request));
}

/** card_log_lines() - lines of the card's log about @event */
unsigned int card_log_lines(const struct card *card, const char *event)
{
	FILE *file = fopen(card->log, "re");
	unsigned int lines = 0;
	char *line = NULL;
	char wanted[64];
	size_t size = 0;

	if (!file)
		die_errno("opening %s", card->log);
	format(wanted, sizeof(wanted), "\"ev\":\"%s\"", event);
	while (getline(&line, &size, file) >= 0)
		lines += !!strstr(line, wanted);
	free(line);
	fclose(file);
	return lines;
}
