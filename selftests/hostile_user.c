// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hostile cards, one after the other: each is bound, used and unbound, and the
 * rules for every card are checked.
 *
 * Usage: hostile_user FIRST COUNT BDF...
 *
 * The cards have seeds FIRST to FIRST + COUNT - 1 and take turns at the PCI
 * functions BDF, whose control channels are card0, card1, ... HOSTILE_CASE in
 * the environment selects one case for all of them. Failed checks are printed
 * on standard error, with the seed; figures are on standard output.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>

#include "dfl.h"
#include "vdfl_test.h"

#define VIEW		BAR2
#define NR_BARS		6
#define MAX_BLOCKS	256
#define MAX_CARDS	8

/*
 * Longer than the driver's own limits: 10 s of header reads, 4 port resets. A
 * bind has taken 12 s on a loaded machine.
 */
#define BIND_MS		30000
#define UNBIND_MS	30000
/* Far longer than three resets, at open, by ioctl and at close: each 2 s at most */
#define USE_MS		30000
#define STORM_MS	5
#define SIGNAL_US	20	/* less than poll_floor_us and irq_holdoff_us */

enum figure {
	TRIED, BOUND, REFUSED, BLOCKS, GIVEN, WITHHELD, CREATED, OPENED,
	TURNED_AWAY, MAPPED, ARMED, RESET, FAILED,
	NR_FIGURES
};

static const char *const figure_name[NR_FIGURES] = {
	"tried", "bound", "refused", "blocks", "given", "withheld", "created",
	"opened", "turned-away", "mapped", "armed", "reset", "failed",
};

struct range {
	unsigned int bar;
	u64 off;
	u64 len;
};

struct window {
	char pos[32];
	char kind[16];
	char type[64];
	struct range at;
	u64 mappable;
	u64 vectors;
};

/**
 * struct trial - one hostile card
 * @card: its PCI function
 * @seed: seed of its contents
 * @name: name of its case
 * @expect: expected result of binding
 * @withheld: position of a block that must be withheld, empty: not known
 * @why: the reason that sysfs must have, empty: the block is not listed
 * @bar_start: of each BAR
 * @bar_len: see @bar_start
 * @hole: MSI-X table and pending bits
 * @window: its blocks
 * @nr_windows: entries in @window
 * @used: a client has opened a block of it
 */
struct trial {
	struct card *card;
	u64 seed;
	char name[64];
	char expect[16];
	char withheld[32];
	char why[64];
	u64 bar_start[NR_BARS];
	u64 bar_len[NR_BARS];
	struct range hole[2];
	struct window window[MAX_BLOCKS];
	unsigned int nr_windows;
	bool used;
};

static u64 figures[NR_FIGURES];
static u64 slowest_bind, slowest_use, slowest_unbind;

static void __printf(2, 3) broken(const struct trial *t, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "# seed %lu (%s, %s): ", t->seed, t->name,
		t->card->bdf);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	figures[FAILED]++;
}

#define HOLDS(t, what)						\
	do {							\
		if (!(what))					\
			broken(t, "broken: %s", #what);		\
	} while (0)

static void in_time(const struct trial *t, const char *what, u64 start,
		    u64 limit, u64 *slowest)
{
	u64 took = (now_us() - start) / 1000;

	if (took > *slowest)
		*slowest = took;
	if (took > limit * slow)
		broken(t, "%s took %lu ms", what, took);
}

/*
 * --- checks against the card and the PCI core
 * -------------------------------------
 */

static void read_bars(struct trial *t)
{
	char path[PATH_MAX];
	FILE *file;
	u64 start, end, flags;
	unsigned int i;

	format(path, sizeof(path), "%s/resource", t->card->dir);
	file = fopen(path, "re");
	if (!file)
		die_errno("opening %s", path);
	for (i = 0; i < NR_BARS; i++) {
		if (fscanf(file, "%lx %lx %lx", &start, &end, &flags) != 3)
			die("%s has too few lines", path);
		t->bar_start[i] = start;
		t->bar_len[i] = end ? end - start + 1 : 0;
	}
	fclose(file);
}

static u32 config32(const struct trial *t, unsigned int off)
{
	u32 value;

	card_config_read(t->card, off, &value, sizeof(value));
	return value;
}

static struct range hole(u32 where, u64 len)
{
	return (struct range){ where & 7, where & ~7U, len };
}

/* The MSI-X table and its pending bits */
static void read_holes(struct trial *t)
{
	u32 off = config32(t, PCI_CAPABILITY_LIST) & 0xfc, cap, nr;

	while (off) {
		cap = config32(t, off);
		if (cap == 0xffffffff)
			return;
		if ((cap & 0xff) == PCI_CAP_ID_MSIX)
			break;
		off = cap >> 8 & 0xfc;
	}
	if (!off)
		return;
	nr = (cap >> 16 & PCI_MSIX_FLAGS_QSIZE) + 1;
	t->hole[0] = hole(config32(t, off + PCI_MSIX_TABLE), 16 * nr);
	t->hole[1] = hole(config32(t, off + PCI_MSIX_PBA),
			  (nr + 63) / 64 * 8);
}

/* Read once: the card may vanish between two reads. Lost, all bits are set. */
static void check_bus_master(const struct trial *t)
{
	u32 command = config32(t, PCI_COMMAND);

	if (command == 0xffffffff || strstr(t->name, "master-"))
		return;
	HOLDS(t, !(command & PCI_COMMAND_MASTER));
}

/* --- blocks ------------------------------------------------------------------ */

static void read_window(struct trial *t, const char *pos)
{
	struct window *w = &t->window[t->nr_windows++];
	char value[VALUE_LEN];

	format(w->pos, sizeof(w->pos), "%s", pos);
	HOLDS(t, pos_parse(pos, &w->at.bar, &w->at.off));
	block_attr(t->card, pos, "kind", value);
	format(w->kind, sizeof(w->kind), "%s", value);
	block_attr(t->card, pos, "type", value);
	format(w->type, sizeof(w->type), "%s", value);
	w->at.len = block_attr_u64(t->card, pos, "size");
	if (!w->at.len)
		return;
	HOLDS(t, block_attr_u64(t->card, pos, "bar") == w->at.bar);
	HOLDS(t, block_attr_u64(t->card, pos, "offset") == w->at.off);
	w->mappable = block_attr_u64(t->card, pos, "mappable");
	w->vectors = block_attr_u64(t->card, pos, "vectors");
}

static void read_windows(struct trial *t)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	format(path, sizeof(path), "%s/dfl/blocks", t->card->dir);
	dir = opendir(path);
	if (!dir) {
		broken(t, "bound, but there is no %s", path);
		return;
	}
	while ((entry = readdir(dir)) && t->nr_windows < MAX_BLOCKS)
		if (entry->d_name[0] == 'b')
			read_window(t, entry->d_name);
	closedir(dir);
}

static bool overlap(const struct range *a, const struct range *b)
{
	return a->bar == b->bar && a->off < b->off + b->len &&
	       b->off < a->off + a->len;
}

/* No overlap with registers or headers of another block */
static void check_alone(const struct trial *t, const struct window *w)
{
	unsigned int i;

	for (i = 0; i < t->nr_windows; i++) {
		const struct window *o = &t->window[i];
		struct range header = { o->at.bar, o->at.off, 8 };

		if (o == w)
			continue;
		if (overlap(&w->at, &o->at) || overlap(&w->at, &header))
			broken(t, "%s meets %s", w->pos, o->pos);
	}
	for (i = 0; i < 2; i++)
		if (t->hole[i].len && overlap(&w->at, &t->hole[i]))
			broken(t, "%s contains MSI-X structures", w->pos);
}

static void check_window(const struct trial *t, const struct window *w)
{
	u64 len = w->at.bar < NR_BARS ? t->bar_len[w->at.bar] : 0;

	figures[BLOCKS]++;
	HOLDS(t, w->at.off < len && w->at.off % 8 == 0);
	HOLDS(t, !w->at.len == !w->type[0]);
	HOLDS(t, w->mappable <= w->at.len && w->mappable % PAGE == 0);
	HOLDS(t, w->vectors <= 64);
	if (!w->at.len)
		return;
	figures[GIVEN]++;
	HOLDS(t, !strcmp(w->kind, "afu") || !strcmp(w->kind, "private"));
	HOLDS(t, w->at.len % 8 == 0 && w->at.len <= len - w->at.off);
	HOLDS(t, !w->mappable ||
	      (t->bar_start[w->at.bar] + w->at.off) % PAGE == 0);
	check_alone(t, w);
}

static const struct window *find_window(const struct trial *t, const char *pos)
{
	unsigned int i;

	for (i = 0; i < t->nr_windows; i++)
		if (!strcmp(t->window[i].pos, pos))
			return &t->window[i];
	return NULL;
}

/* The bad block, or the block that is withheld because of it */
static void check_withheld(const struct trial *t)
{
	const struct window *w = find_window(t, t->withheld);
	char why[VALUE_LEN] = "";

	if (!t->withheld[0])
		return;
	figures[WITHHELD]++;
	if (!w != !t->why[0]) {
		broken(t, "%s is %slisted", t->withheld, w ? "" : "not ");
		return;
	}
	if (!w)
		return;
	block_attr(t->card, w->pos, "withheld", why);
	if (w->at.len || strcmp(why, t->why))
		broken(t, "%s has %lu bytes, withheld: '%s', expected: '%s'",
		       w->pos, w->at.len, why, t->why);
}

/* --- the card's side ----------------------------------------------------------- */

/* sysfs has no blocks of a card that was refused. */
static bool is_port_header(const struct trial *t, unsigned int bar, u64 off)
{
	char pos[32];
	u64 dfh;

	format(pos, sizeof(pos), "b%u-o%lx", bar, off);
	dfh = card_peek(t->card, pos, 0);
	return DFH_TYPE(dfh) == DFH_TYPE_FIU && DFH_ID(dfh) == DFH_ID_PORT;
}

/* The driver may write only to the control registers of ports. */
static bool is_port_control(const struct trial *t, const char *pos)
{
	unsigned int i, bar;
	u64 off;

	if (!pos_parse(pos, &bar, &off) || off < PORT_CTRL)
		return false;
	if (!t->nr_windows)
		return is_port_header(t, bar, off - PORT_CTRL);
	for (i = 0; i < t->nr_windows; i++) {
		const struct window *w = &t->window[i];

		if (!strcmp(w->kind, "port") && w->at.bar == bar &&
		    w->at.off + PORT_CTRL == off)
			return true;
	}
	return false;
}

/* The list of written registers is bounded, and must be complete here */
static void check_written(const struct trial *t, const char *reply)
{
	const char *pos = json_member(reply, "written");
	u64 nr = json_u64(reply, "nr_written"), listed = 0;
	char text[32];

	while (pos && (pos = json_element(pos))) {
		json_text(pos, text, sizeof(text));
		if (!is_port_control(t, text))
			broken(t, "wrote to %s", text);
		listed++;
	}
	HOLDS(t, nr == listed);
}

/* Once a block has a user, the card checks all accesses by "own" instead. */
static void check_seen(const struct trial *t)
{
	/* check_written() sends requests, which reuse the buffer of the reply */
	char *reply = strdup(card_ask(t->card, "'op':'seen'"));

	if (!reply)
		die("out of memory");
	if (json_u64(reply, "stray"))
		broken(t, "%s", t->used ? "access outside of the block" :
					  "access no driver should make");
	HOLDS(t, !json_u64(reply, "bus_master_on_count"));
	if (!t->used) {
		HOLDS(t, !json_u64(reply, "reread"));
		check_written(t, reply);
	}
	free(reply);
}

/* --- use --------------------------------------------------------------------- */

static bool refused_cleanly(long ret)
{
	return ret == -EIO || ret == -ENODEV || ret == -EAGAIN ||
	       ret == -EPERM || ret == -ENOSPC;
}

static void try_word(const struct trial *t, const struct dev *dev,
		     unsigned int region, u64 off)
{
	ssize_t ret;
	u64 value;

	ret = try_dev_read(dev, region, off, &value, sizeof(value));
	HOLDS(t, ret == sizeof(value) || ret == -EIO);
	ret = try_dev_write(dev, region, off, &value, sizeof(value));
	HOLDS(t, ret == sizeof(value) || ret == -EIO);
}

static void use_registers(const struct trial *t, const struct window *w,
			  const struct dev *dev)
{
	u64 past = 0;
	ssize_t ret;

	try_word(t, dev, BAR0, 0);
	try_word(t, dev, BAR0, w->at.len - 8);
	if (dev->region[BAR0].size > w->at.len) {
		try_word(t, dev, BAR0, w->at.len);
		ret = try_dev_read(dev, BAR0, w->at.len, &past, sizeof(past));
		HOLDS(t, ret == -EIO || past == ONES);
	}
	if (dev->region[VIEW].size) {
		try_word(t, dev, VIEW, 0);
		try_word(t, dev, VIEW, dev->region[VIEW].size - 8);
	}
}

static bool is_valid(const struct trial *t)
{
	return !strcmp(t->name, "valid");
}

/* A part of a page cannot be mapped. */
static bool use_mapping(const struct trial *t, const struct window *w,
			struct dev *dev)
{
	char *map = try_dev_map(dev, 0, w->mappable ?: PAGE);
	u64 value;

	if (!w->mappable) {
		HOLDS(t, map == MAP_FAILED);
		return false;
	}
	if (map == MAP_FAILED || try_load64(map, &value) ||
	    try_load64(map + w->mappable - 8, &value))
		return false;
	figures[MAPPED]++;
	return !try_store64(map + w->mappable - 8, value);
}

/* One signal per SIGNAL_US at most, however long the sleep really takes */
static void use_storm(const struct trial *t, int fd, u64 start)
{
	u64 signals;

	sleep_us(STORM_MS * 1000);
	signals = event_take(fd);
	HOLDS(t, signals <= (now_us() - start) / SIGNAL_US + 1);
}

static bool use_interrupts(const struct trial *t, const struct dev *dev)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = MSIX };
	int fd = event_new(), none = -1;
	u64 start = now_us();
	bool armed;

	armed = !try_dev_ioctl(dev, VFIO_DEVICE_GET_IRQ_INFO, &info) &&
		info.count && !try_irq_fds(dev, MSIX, info.count - 1, 1, &fd);
	if (armed) {
		figures[ARMED]++;
		use_storm(t, fd, start);
		HOLDS(t, !try_irq_fds(dev, MSIX, info.count - 1, 1, &none));
		event_take(fd);
		sleep_us(1000);
		HOLDS(t, !event_take(fd));
	}
	close(fd);
	return armed;
}

static void use_reset(const struct trial *t, const struct dev *dev)
{
	long ret = try_dev_ioctl(dev, VFIO_DEVICE_RESET, NULL);

	HOLDS(t, !ret || ret == -EINVAL || refused_cleanly(ret));
	figures[RESET] += !ret;
}

static void use_open(const struct trial *t, const struct window *w,
		     const struct instance *inst)
{
	struct dev dev;
	int ret = try_dev_open(&dev, inst);
	bool mapped, armed;

	if (ret) {
		figures[TURNED_AWAY]++;
		HOLDS(t, refused_cleanly(ret) && !is_valid(t));
		return;
	}
	figures[OPENED]++;
	check_bus_master(t);
	use_registers(t, w, &dev);
	mapped = use_mapping(t, w, &dev);
	armed = w->vectors && use_interrupts(t, &dev);
	HOLDS(t, !is_valid(t) || !w->mappable || mapped);
	HOLDS(t, !is_valid(t) || !w->vectors || armed);
	use_reset(t, &dev);
	use_registers(t, w, &dev);
	dev_close(&dev);
}

/* The window, and the port that resets it, if any */
static void own(struct trial *t, const struct window *w)
{
	char scrub[VALUE_LEN], port[VALUE_LEN];
	bool resets;

	block_attr(t->card, w->pos, "scrub", scrub);
	block_attr(t->card, w->pos, "parent", port);
	resets = !strcmp(scrub, "port-reset");
	card_ask(t->card, "'op':'own','bar':%u,'offset':%lu,'len':%lu%s%s%s",
		 w->at.bar, w->at.off, w->at.len, resets ? ",'port':'" : "",
		 resets ? port : "", resets ? "'" : "");
	t->used = true;
}

static void use(struct trial *t, const struct window *w)
{
	char type[VALUE_LEN];
	struct instance inst;
	u64 start = now_us();
	int ret;

	instance_type(t->card, w->pos, type, sizeof(type));
	ret = try_instance_create(&inst, t->card, type);
	if (ret) {
		HOLDS(t, refused_cleanly(ret) && !is_valid(t));
		return;
	}
	figures[CREATED]++;
	HOLDS(t, !strcmp(inst.pos, w->pos));
	own(t, w);
	use_open(t, w, &inst);
	check_seen(t);
	HOLDS(t, !try_instance_remove(&inst));
	in_time(t, "using a block", start, USE_MS, &slowest_use);
}

/* The seed selects it; multiplying separates neighbouring seeds. */
static const struct window *choose(const struct trial *t)
{
	u64 random = t->seed * 0x9e3779b97f4a7c15ULL >> 32;
	const struct window *given[MAX_BLOCKS];
	unsigned int i, nr = 0;

	for (i = 0; i < t->nr_windows; i++)
		if (t->window[i].at.len)
			given[nr++] = &t->window[i];
	return nr ? given[random % nr] : NULL;
}

/* --- one card after the other --------------------------------------------------- */

/* Log the seed, so that kernel messages can be attributed to it. */
static void say_in_log(const struct trial *t)
{
	char text[128];

	format(text, sizeof(text), "hostile: seed %lu, %s, %s", t->seed,
	       t->card->bdf, t->name);
	sysfs_write(text, "/dev/kmsg");
}

static void become(struct trial *t)
{
	const char *name = getenv("HOSTILE_CASE"), *reply;

	reply = card_ask(t->card, "'op':'hostile','seed':%lu%s%s%s", t->seed,
			 name ? ",'case':'" : "", name ?: "", name ? "'" : "");
	json_text(json_member(reply, "case"), t->name, sizeof(t->name));
	json_text(json_member(reply, "expect"), t->expect, sizeof(t->expect));
	json_text(json_member(reply, "withheld"), t->withheld,
		  sizeof(t->withheld));
	json_text(json_member(reply, "why"), t->why, sizeof(t->why));
	say_in_log(t);
}

static void look(struct trial *t)
{
	const struct window *w;
	unsigned int i;

	read_bars(t);
	read_holes(t);
	read_windows(t);
	for (i = 0; i < t->nr_windows; i++)
		check_window(t, &t->window[i]);
	check_withheld(t);
	check_bus_master(t);
	check_seen(t);
	w = choose(t);
	if (w)
		use(t, w);
	check_bus_master(t);
}

static bool bind(struct trial *t)
{
	u64 start = now_us();
	bool bound = try_card_bind(t->card);

	in_time(t, "binding", start, BIND_MS, &slowest_bind);
	figures[bound ? BOUND : REFUSED]++;
	if (!strcmp(t->expect, "bound"))
		HOLDS(t, bound);
	if (!strcmp(t->expect, "refused"))
		HOLDS(t, !bound);
	return bound;
}

static void unbind(const struct trial *t)
{
	u64 start = now_us();
	int ret = try_card_unbind(t->card);

	HOLDS(t, !ret && !card_is_bound(t->card));
	in_time(t, "unbinding", start, UNBIND_MS, &slowest_unbind);
	check_bus_master(t);
}

static void try_card(struct card *card, u64 seed)
{
	static struct trial trial;
	char path[PATH_MAX];

	trial = (struct trial){ .card = card, .seed = seed };
	become(&trial);
	figures[TRIED]++;
	if (bind(&trial)) {
		look(&trial);
		unbind(&trial);
	}
	check_seen(&trial);
	format(path, sizeof(path), "%s/dfl", card->dir);
	HOLDS(&trial, access(path, F_OK));
}

int main(int argc, char **argv)
{
	static struct card cards[MAX_CARDS];
	unsigned int nr = argc - 3, i;
	u64 seed, first, count;

	if (argc < 4 || nr > MAX_CARDS)
		die("usage: hostile_user FIRST COUNT BDF...");
	first = strtoull(argv[1], NULL, 0);
	count = strtoull(argv[2], NULL, 0);
	slow_learn();
	for (i = 0; i < nr; i++) {
		card_at(&cards[i], argv[3 + i], i);
		if (card_is_bound(&cards[i]))
			try_card_unbind(&cards[i]);
	}
	for (seed = first; seed < first + count; seed++)
		try_card(&cards[seed % nr], seed);
	for (i = 0; i < NR_FIGURES; i++)
		printf("%s %lu ", figure_name[i], figures[i]);
	printf("slowest-bind-ms %lu slowest-use-ms %lu slowest-unbind-ms %lu\n",
	       slowest_bind, slowest_use, slowest_unbind);
	return figures[FAILED] ? EXIT_FAILURE : EXIT_SUCCESS;
}
