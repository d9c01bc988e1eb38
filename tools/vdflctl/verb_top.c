// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl top: activity of instances, live */

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "statistics.h"

#define FOREVER		UINT64_MAX
#define DEFAULT_MS	2000
#define MAX_DELAY	86400

#define HOME		"\033[H"	/* cursor to the first line */
#define CLEAR_LINE	"\033[K"
#define CLEAR_REST	"\033[J"
#define SCREEN_ON	"\033[?1049h\033[?25l\033[?7l"	/* no cursor, no wrapping */
#define SCREEN_OFF	"\033[?7h\033[?25h\033[?1049l"

/**
 * struct order - command line
 * @batch: print tables one below the other
 * @rounds: number of tables, or FOREVER
 * @delay_ms: time between two tables
 */
struct order {
	bool batch;
	__u64 rounds;
	int delay_ms;
};

/**
 * struct row - an instance
 * @inst: the instance
 * @now: activity when it was read
 * @ret: 0, or -errno if it cannot be read
 */
struct row {
	struct instance inst;
	struct statistics now;
	int ret;
};

/**
 * struct sample - all instances at one time
 * @time_ms: monotonic time
 * @count: number of @row
 * @cards: number of cards
 * @row: instances by card and UUID
 */
struct sample {
	__u64 time_ms;
	size_t count;
	size_t cards;
	struct row *row;
};

static volatile sig_atomic_t ended;

static void on_signal(int sig)
{
	ended = sig;
}

static __u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

static void add_card(struct sample *sample, const char *bdf)
{
	struct card card;
	struct row *row;
	size_t i;

	model_card_load(&card, bdf);
	sample->row = reallocarray(sample->row,
				   sample->count + card.nr_instances + 1,
				   sizeof(*sample->row));
	if (!sample->row)
		err(EXIT_FAILURE, "top");
	for (i = 0; i < card.nr_instances; i++) {
		row = &sample->row[sample->count++];
		row->inst = card.instances[i];
		row->ret = statistics_load(&row->now, &row->inst);
	}
	model_card_free(&card);
}

static void sample_take(struct sample *sample)
{
	struct names cards;
	size_t i;

	*sample = (struct sample){ .time_ms = now_ms() };
	model_cards(&cards);
	sample->cards = cards.count;
	for (i = 0; i < cards.count; i++)
		add_card(sample, cards.name[i]);
	names_free(&cards);
}

static const struct row *find_row(const struct sample *sample, const char *uuid)
{
	size_t i;

	for (i = 0; i < sample->count; i++)
		if (!strcmp(sample->row[i].inst.uuid, uuid))
			return &sample->row[i];
	return NULL;
}

/* Events per second since @before, or since creation if there is none */
static void rate_text(char *text, size_t size, const struct row *row,
		      const struct row *before, __u64 passed_ms, enum stat stat)
{
	__u64 events = row->now.count[stat];

	/* An instance that was created again starts from 0 */
	if (before && before->now.count[stat] <= events)
		events -= before->now.count[stat];
	else
		passed_ms = row->now.age_ms;
	if (row->ret)
		text_set(text, size, "?");
	else
		text_set(text, size, "%.1f",
			 passed_ms ? 1000.0 * events / passed_ms : 0.0);
}

static void total_text(char *text, size_t size, const struct row *row,
		       enum stat stat)
{
	if (row->ret)
		text_set(text, size, "?");
	else
		text_set(text, size, "%llu", row->now.count[stat]);
}

static void print_row(const struct row *row, const struct sample *before,
		      __u64 passed_ms, const char *end)
{
	static const enum stat rates[] = {
		STAT_READS, STAT_WRITES, STAT_FAULTS, STAT_SIGNALLED,
		STAT_COALESCED,
	};
	static const enum stat totals[] = {
		STAT_WAITS, STAT_RESETS, STAT_REVOCATIONS,
	};
	const struct row *old = find_row(before, row->inst.uuid);
	char text[NAME_LEN];
	size_t i;

	printf("%-12s %-12s %-8.8s", row->inst.card, row->inst.block,
	       row->inst.uuid);
	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		rate_text(text, sizeof(text), row, old, passed_ms, rates[i]);
		printf(" %9s", text);
	}
	for (i = 0; i < ARRAY_SIZE(totals); i++) {
		total_text(text, sizeof(text), row, totals[i]);
		printf(" %6s", text);
	}
	printf("%s\n", end);
}

static size_t screen_lines(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row)
		return SIZE_MAX;
	return size.ws_row;
}

static void print_sample(const struct sample *sample,
			 const struct sample *before, bool batch)
{
	const char *end = batch ? "" : CLEAR_LINE;
	__u64 passed = sample->time_ms - before->time_ms;
	size_t i, fits = batch ? SIZE_MAX : screen_lines();

	printf("%s%zu cards, %zu instances; events per second %s, then totals%s\n",
	       batch ? "" : HOME, sample->cards, sample->count,
	       before->time_ms ? "since the last table" : "since creation", end);
	printf("%-12s %-12s %-8s %9s %9s %9s %9s %9s %6s %6s %6s%s\n", "CARD",
	       "BLOCK", "INSTANCE", "READS", "WRITES", "FAULTS", "IRQS",
	       "MERGED", "WAITS", "RESETS", "REVOKE", end);
	/* One line for the cursor */
	for (i = 0; i < sample->count && i + 3 < fits; i++)
		print_row(&sample->row[i], before, passed, end);
	printf("%s", batch ? "" : CLEAR_REST);
	fflush(stdout);
}

/* Wait for the delay; return false at the key q */
static bool wait_key(int delay_ms, bool batch)
{
	struct pollfd key = { .fd = batch ? -1 : STDIN_FILENO,
			      .events = POLLIN };
	char letter;

	if (poll(&key, 1, delay_ms) <= 0)
		return true;
	/* The terminal is gone, or a key; others show the next table */
	if (read(STDIN_FILENO, &letter, 1) != 1)
		return false;
	return letter != 'q' && letter != 'Q';
}

static void loop(const struct order *order)
{
	struct sample sample, before = { 0 };
	__u64 round;

	for (round = 1; !ended && !ferror(stdout); round++) {
		sample_take(&sample);
		if (round > 1 && order->batch)
			putchar('\n');
		print_sample(&sample, &before, order->batch);
		free(before.row);
		before = sample;
		if (round == order->rounds ||
		    !wait_key(order->delay_ms, order->batch))
			break;
	}
	free(before.row);
}

/* Signals end the loop, so that the terminal gets its settings back */
static void loop_on_terminal(const struct order *order)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct termios old, raw;
	bool keys = !tcgetattr(STDIN_FILENO, &old);

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	if (keys) {
		raw = old;
		raw.c_lflag &= ~(ICANON | ECHO);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	printf(SCREEN_ON);
	loop(order);
	printf(SCREEN_OFF);
	if (keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &old);
}

static int parse_delay(const char *text, int *delay_ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (*end || end == text || !(seconds >= 0.01 && seconds <= MAX_DELAY))
		return command_misuse("invalid delay: '%s'", text);
	*delay_ms = seconds * 1000;
	return 0;
}

static int parse(const struct command *cmd, int argc, char **argv,
		 struct order *order)
{
	static const struct option options[] = {
		{ "batch", no_argument, NULL, 'b' },
		{ "once", no_argument, NULL, '1' },
		{ "count", required_argument, NULL, 'n' },
		{ "delay", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "b1n:d:h", options, NULL)) != -1) {
		switch (opt) {
		case 'b':
			order->batch = true;
			break;
		case '1':
			order->batch = true;
			order->rounds = 1;
			break;
		case 'n':
			if (command_count(optarg, &order->rounds))
				return EXIT_USAGE;
			break;
		case 'd':
			if (parse_delay(optarg, &order->delay_ms))
				return EXIT_USAGE;
			break;
		case 'h':
			return command_help(cmd);
		default:
			return command_misuse(NULL);
		}
	}
	return command_operands(argc, argv, 0) ? EXIT_USAGE : -1;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct order order = { .rounds = FOREVER, .delay_ms = DEFAULT_MS };
	int status = parse(cmd, argc, argv, &order);

	if (status >= 0)
		return status;
	if (!isatty(STDOUT_FILENO))
		order.batch = true;
	if (order.batch)
		loop(&order);
	else
		loop_on_terminal(&order);
	return EXIT_SUCCESS;
}

const struct command verb_top = {
	.name = "top",
	.arguments = "[--batch] [--once] [--count N] [--delay SECONDS]",
	.summary = "Show the activity of all instances, live",
	.details =
"  -b, --batch           print tables one below the other, as without terminal\n"
"  -1, --once            print one table with the mean since creation\n"
"  -n, --count N         end after N tables\n"
"  -d, --delay SECONDS   time between two tables (2)\n"
"  -h, --help            display this help and exit\n"
"\n"
"READS and WRITES are accesses by system call; those through a mapping do not\n"
"pass through the kernel. MERGED are interrupts that arrived before an earlier\n"
"one was signalled. The key q ends. Needs root to read the activity.\n",
	.run = run,
};
