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
#include <stdarg.h>

#include "vdfl_test.h"

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

/* Return true if a card is bound; @bdf is the last one found */
static bool find_bound(char *bdf, size_t size)
{
	DIR *dir = opendir(DRIVER_DIR);
	struct dirent *entry;

	bdf[0] = 0;
	while (dir && (entry = readdir(dir)))
		if (is_address(entry->d_name))
			format(bdf, size, "%s", entry->d_name);
	if (dir)
		closedir(dir);
	return bdf[0];
}

/* VDFL_CARD names the card; without it the card that is bound is used */
static bool try_card_find(struct card *card)
{
	const char *named = getenv("VDFL_CARD");
	char bdf[sizeof(card->bdf)];

	if (named)
		format(bdf, sizeof(bdf), "%s", named);
	else if (!find_bound(bdf, sizeof(bdf)))
		return false;
	card_at(card, bdf, 0);
	return true;
}

/** card_find() - card 0 of the lab: the one that is bound, or VDFL_CARD */
void card_find(struct card *card)
{
	if (!try_card_find(card))
		die("no card is bound");
}

/**
 * card_missing() - check whether the machine can run the tests
 * Return: the missing part, NULL if there is none
 */
const char *card_missing(void)
{
	struct card card;

	if (geteuid())
		return "tests must be run as root";
	if (access(DRIVER_DIR, F_OK))
		return "module " DRIVER " is not loaded";
	if (!try_card_find(&card) || !card_is_bound(&card))
		return "no card is bound to " DRIVER;
	if (access(card.ctl, F_OK))
		return "no control channel, so no simulated card";
	if (access(card.log, F_OK))
		return "no log of the card";
	if (!dev_can_open())
		return "no VFIO container or iommufd";
	return NULL;
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

/** card_config_read() - read the card's own config space through sysfs */
void card_config_read(const struct card *card, unsigned int off, void *buf,
		      size_t len)
{
	char path[PATH_MAX];
	int fd;

	format(path, sizeof(path), "%s/config", card->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, buf, len, off) != (ssize_t)len)
		die_errno("reading %s", path);
	close(fd);
}

/* Register writes are posted; the config read arrives after them. */
static void flush_posted_writes(const struct card *card)
{
	u32 id;

	card_config_read(card, 0, &id, sizeof(id));
}

/* Append the text between braces; single quotes become double quotes */
static void format_request(char *line, size_t size, const char *fmt,
			   va_list args)
{
	int len;
	char *p;

	line[0] = '{';
	len = vsnprintf(line + 1, size - 1, fmt, args);
	if (len < 0 || (size_t)len >= size - 1)
		die("request too long: %s", fmt);
	format(line + 1 + len, size - 1 - len, "}\n");
	while ((p = strchr(line, '\'')))
		*p = '"';
}

static void send_line(int fd, const char *line)
{
	size_t len = strlen(line), done = 0;
	ssize_t ret;

	while (done < len) {
		ret = write(fd, line + done, len - done);
		if (ret <= 0)
			die_errno("writing to the control channel");
		done += ret;
	}
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
 * card_ask() - send a request
 * @fmt: members of the request, with single quotes: "'op':'stats'"
 *
 * Return: the reply, which reports success; valid until the next call
 */
const char *card_ask(const struct card *card, const char *fmt, ...)
{
	static char line[LINE_MAX_LEN];
	va_list args;
	int fd;

	va_start(args, fmt);
	format_request(line, sizeof(line), fmt, args);
	va_end(args);
	flush_posted_writes(card);
	fd = open_channel(card);
	send_line(fd, line);
	receive_line(fd, line, sizeof(line));
	close(fd);
	if (!json_true(line, "ok"))
		die("the card refuses: %s", line);
	return line;
}

/** pos_parse() - Return true if @pos is a position, "b2-o40000" */
bool pos_parse(const char *pos, unsigned int *bar, u64 *off)
{
	return sscanf(pos, "b%u-o%lx", bar, off) == 2;
}

static void must_parse(const char *pos, unsigned int *bar, u64 *off)
{
	if (!pos_parse(pos, bar, off))
		die("no position: %s", pos);
}

/* * card_peek() - value of a register; the card does not count the read */
u64 card_peek(const struct card *card, const char *pos, u64 off)
{
	unsigned int bar;
	u64 start;

	must_parse(pos, &bar, &start);
	return json_u64(card_ask(card, "'op':'peek','bar':%u,'offset':%lu", bar,
				 start + off), "value");
}

/** card_poke() - change a register from inside the card */
void card_poke(const struct card *card, const char *pos, u64 off,
	       u64 value)
{
	unsigned int bar;
	u64 start;

	must_parse(pos, &bar, &start);
	card_ask(card, "'op':'poke','bar':%u,'offset':%lu,'value':'0x%lx'", bar,
		 start + off, value);
}

/** card_set_irq() - raise or lower an interrupt cause of a block */
void card_set_irq(const struct card *card, const char *pos, unsigned int vector,
		  bool on)
{
	unsigned int bar;
	u64 start;

	must_parse(pos, &bar, &start);
	card_ask(card, "'op':'%s','bar':%u,'offset':%lu,'vector':%u",
		 on ? "raise" : "lower", bar, start, vector);
}

void card_stats(const struct card *card, struct card_stats *stats)
{
	const char *reply = card_ask(card, "'op':'stats'");

	*stats = (struct card_stats){
		.bus_master = json_u64(reply, "bus_master"),
		.bus_master_on_count = json_u64(reply, "bus_master_on_count"),
		.intx_asserted = json_u64(reply, "intx_asserted"),
		.reads = json_u64(reply, "reads"),
		.writes = json_u64(reply, "writes"),
		.accesses = json_u64(reply, "accesses"),
		.stray = json_u64(reply, "stray"),
		.not_owned = json_u64(reply, "not_owned"),
		.flr = json_u64(reply, "flr"),
		.vanished = json_true(reply, "vanished"),
	};
}

static const char *find_block(const char *reply, const char *pos)
{
	const char *block = json_member(reply, "blocks");
	unsigned int bar;
	u64 off;

	must_parse(pos, &bar, &off);
	while (block && (block = json_element(block)))
		if (json_u64(block, "bar") == bar &&
		    json_u64(block, "offset") == off)
			return block;
	die("the card has no block %s", pos);
}

void card_block_stats(const struct card *card, const char *pos,
		      struct block_stats *stats)
{
	const char *block = find_block(card_ask(card, "'op':'stats'"), pos);

	*stats = (struct block_stats){
		.reads = json_u64(block, "reads"),
		.writes = json_u64(block, "writes"),
		.header_reads = json_u64(block, "header_reads"),
		.resets = json_u64(block, "resets"),
		.stray = json_u64(block, "stray"),
	};
}

/** card_own() - count accesses outside these blocks as stray; 0 to stop */
void card_own(const struct card *card, const char *const *pos, size_t nr)
{
	char names[256] = "";
	size_t i, len = 0;

	for (i = 0; i < nr; i++) {
		format(names + len, sizeof(names) - len, "%s'%s'",
		       i ? "," : "", pos[i]);
		len += strlen(names + len);
	}
	if (nr)
		card_ask(card, "'op':'own','blocks':[%s]", names);
	else
		card_ask(card, "'op':'own'");
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
