// SPDX-License-Identifier: GPL-2.0-only
/*
 * vdflctl events: changes of cards and instances as lines.
 *
 * Changes of attributes are found by poll(), and uevents by netlink. libudev would
 * add a dependency, and waits for udevd, which a container does not have.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "vdflctl.h"

#define FOREVER		UINT64_MAX
#define MAX_SECONDS	86400

/* Attributes of a card that the driver notifies */
static const char * const attributes[] = {
	"state", "generation", "irq_source",
};

/**
 * struct watch - an attribute of a card
 * @card: address
 * @attr: name
 * @fd: open file
 * @value: last value
 */
struct watch {
	char card[BDF_LEN];
	const char *attr;
	int fd;
	char value[NAME_LEN];
};

/**
 * struct events - all that is watched
 * @json: print JSON lines
 * @left: number of events to print
 * @socket: uevents
 * @count: number of @watch
 * @watch: attributes of all cards
 */
struct events {
	bool json;
	__u64 left;
	int socket;
	size_t count;
	struct watch *watch;
};

static void print_time(char *text, size_t size)
{
	struct timespec ts;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	len = strftime(text, size, "%FT%T", &tm);
	text_set(text + len, size - len, ".%03ldZ", ts.tv_nsec / 1000000);
}

/* Print one event; @value may be empty */
static void print_event(struct events *events, const char *card,
			const char *instance, const char *event,
			const char *value)
{
	char now[NAME_LEN];
	json_t *json;

	if (!events->left)
		return;
	if (events->left != FOREVER)
		events->left--;
	print_time(now, sizeof(now));
	if (events->json) {
		json = json_pack("{s:s, s:s, s:s?, s:s, s:s?}", "time", now,
				 "card", card,
				 "instance", instance[0] ? instance : NULL,
				 "event", event,
				 "value", value[0] ? value : NULL);
		json_dumpf(json, stdout, JSON_COMPACT);
		json_decref(json);
		putchar('\n');
	} else {
		printf("%s %s%s%s %s%s%s\n", now, card, instance[0] ? " " : "",
		       instance, event, value[0] ? " " : "", value);
	}
	fflush(stdout);
}

/* Read from the start, which also ends the notification; false if removed */
static bool read_value(const struct watch *watch, char value[NAME_LEN])
{
	ssize_t len = pread(watch->fd, value, NAME_LEN - 1, 0);

	value[len > 0 ? len : 0] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return len >= 0;
}

static void watch_attr(struct events *events, const char *bdf, const char *attr)
{
	struct watch *watch;
	char path[PATH_LEN];
	int fd;

	if (sysfs_path(path, "bus/pci/devices/%s/dfl/%s", bdf, attr))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	events->watch = reallocarray(events->watch, events->count + 1,
				     sizeof(*events->watch));
	if (!events->watch)
		err(EXIT_FAILURE, "events");
	watch = &events->watch[events->count++];
	*watch = (struct watch){ .attr = attr, .fd = fd };
	text_set(watch->card, sizeof(watch->card), "%s", bdf);
	read_value(watch, watch->value);
}

static bool is_watched(const struct events *events, const char *bdf)
{
	size_t i;

	for (i = 0; i < events->count; i++)
		if (!strcmp(events->watch[i].card, bdf))
			return true;
	return false;
}

static void watch_card(struct events *events, const char *bdf)
{
	size_t i;

	if (is_watched(events, bdf))
		return;
	for (i = 0; i < ARRAY_SIZE(attributes); i++)
		watch_attr(events, bdf, attributes[i]);
}

/* Watch cards that were bound after the start, or that are bound again */
static void watch_cards(struct events *events)
{
	struct names cards;
	size_t i;

	model_cards(&cards);
	for (i = 0; i < cards.count; i++)
		watch_card(events, cards.name[i]);
	names_free(&cards);
}

static void forget(struct events *events, size_t i)
{
	close(events->watch[i].fd);
	events->watch[i] = events->watch[--events->count];
}

/* An attribute has changed, or its card is unbound */
static void attr_event(struct events *events, size_t i)
{
	struct watch *watch = &events->watch[i];
	char value[NAME_LEN];

	if (!read_value(watch, value)) {
		if (watch->attr == attributes[0])
			print_event(events, watch->card, "", "unbind", "");
		forget(events, i);
		return;
	}
	if (strcmp(value, watch->value))
		print_event(events, watch->card, "", watch->attr, value);
	text_set(watch->value, sizeof(watch->value), "%s", value);
}

/* Return the value of a variable, or an empty text */
static const char *variable(const char *message, size_t len, const char *name)
{
	const char *at = message, *end = message + len;
	size_t name_len = strlen(name);

	for (; at < end; at += strlen(at) + 1)
		if (!strncmp(at, name, name_len) && at[name_len] == '=')
			return at + name_len + 1;
	return "";
}

/* Copy the component of a device path that @parse accepts; false if there is none */
static bool component(const char *path, char *text,
		      bool (*parse)(const char *word, char *text))
{
	char word[NAME_LEN];
	bool found = false;
	size_t len;

	for (; *path; path += len) {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		text_set(word, sizeof(word), "%.*s", (int)len, path);
		/* The last address is that of the function */
		found |= parse(word, text);
	}
	return found;
}

/* Uevents of a card of the driver, and those of its instances */
static void take_uevent(struct events *events, const char *message, size_t len)
{
	const char *path = variable(message, len, "DEVPATH");
	const char *action = variable(message, len, "ACTION");
	const char *subsystem = variable(message, len, "SUBSYSTEM");
	const char *event = variable(message, len, "VFIO_DFL_EVENT");
	char card[BDF_LEN], uuid[UUID_LEN] = "";

	if (!component(path, card, parse_bdf))
		return;
	component(path, uuid, parse_uuid);
	if (event[0])
		print_event(events, card, "", event, "");
	else if (!strcmp(subsystem, "mdev") && uuid[0] &&
		 (is_watched(events, card) || model_card_bound(card)))
		print_event(events, card, uuid, "instance", action);
	else if (!strcmp(subsystem, "pci") && !strcmp(action, "bind") &&
		 !strcmp(variable(message, len, "DRIVER"), DRIVER))
		print_event(events, card, "", action, "");
}

/* Messages of other senders than the kernel are ignored */
static void read_uevents(struct events *events)
{
	struct sockaddr_nl from;
	socklen_t size = sizeof(from);
	char message[8192];
	ssize_t len = recvfrom(events->socket, message, sizeof(message) - 1, 0,
			       (struct sockaddr *)&from, &size);

	if (len < 0 && errno == ENOBUFS)
		fprintf(stderr, "vdflctl: uevents were lost\n");
	if (len <= 0 || from.nl_pid)
		return;
	message[len] = '\0';
	take_uevent(events, message, len);
	watch_cards(events);
}

static int open_socket(void)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1,		/* uevents of the kernel */
	};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
			NETLINK_KOBJECT_UEVENT);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

static __u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

/* Return the number of ready descriptors, 0 at @until */
static int wait_any(const struct events *events, struct pollfd *fds,
		    __u64 until)
{
	__u64 now = now_ms();
	size_t i;

	for (i = 0; i < events->count; i++)
		fds[i] = (struct pollfd){ .fd = events->watch[i].fd,
					  .events = POLLPRI };
	fds[i] = (struct pollfd){ .fd = events->socket, .events = POLLIN };
	if (until == FOREVER)
		return poll(fds, i + 1, -1);
	return poll(fds, i + 1, now < until ? until - now : 0);
}

static int follow(struct events *events, __u64 until)
{
	struct pollfd *fds = NULL;
	size_t i, count;
	int ready;

	while (events->left && !ferror(stdout)) {
		fds = reallocarray(fds, events->count + 1, sizeof(*fds));
		if (!fds)
			err(EXIT_FAILURE, "events");
		ready = wait_any(events, fds, until);
		if (ready <= 0)
			break;
		count = events->count;
		/* Downwards, since the last watch replaces one that ends */
		for (i = count; i--;)
			if (fds[i].revents)
				attr_event(events, i);
		if (fds[count].revents)
			read_uevents(events);
	}
	free(fds);
	if (!events->left || events->left == FOREVER)
		return EXIT_SUCCESS;
	fprintf(stderr, "vdflctl: timed out, %llu events are missing\n",
		events->left);
	return EXIT_TIMEOUT;
}

static int parse_seconds(const char *text, __u64 *until)
{
	char *end;
	double seconds = strtod(text, &end);

	if (*end || end == text || !(seconds >= 0 && seconds <= MAX_SECONDS))
		return command_misuse("invalid timeout: '%s'", text);
	*until = now_ms() + seconds * 1000;
	return 0;
}

static int parse(const struct command *cmd, int argc, char **argv,
		 struct events *events, __u64 *until)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "count", required_argument, NULL, 'n' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "jn:t:h", options, NULL)) != -1) {
		switch (opt) {
		case 'j':
			events->json = true;
			break;
		case 'n':
			if (command_count(optarg, &events->left))
				return EXIT_USAGE;
			break;
		case 't':
			if (parse_seconds(optarg, until))
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
	struct events events = { .left = FOREVER };
	__u64 until = FOREVER;
	struct fault fault;
	int status = parse(cmd, argc, argv, &events, &until);

	if (status >= 0)
		return status;
	events.socket = open_socket();
	if (events.socket < 0) {
		fault_error(&fault, errno, "cannot receive uevents");
		return fault_report(&fault);
	}
	watch_cards(&events);
	status = follow(&events, until);
	while (events.count)
		forget(&events, 0);
	free(events.watch);
	close(events.socket);
	return status;
}

const struct command verb_events = {
	.name = "events",
	.arguments = "[--json] [--count N] [--timeout SECONDS]",
	.summary = "Print changes of cards and instances as they happen",
	.details =
"  -j, --json              print a JSON object per line\n"
"  -n, --count N           end after N events\n"
"  -t, --timeout SECONDS   end after this time; status 124 if events are missing\n"
"  -h, --help              display this help and exit\n"
"\n"
"Events: state, generation and irq_source of a card with the new value;\n"
"bus-master and sibling-bus-master for violations; bind and unbind of a card;\n"
"instance add and remove. Needs no privilege.\n",
	.run = run,
};
