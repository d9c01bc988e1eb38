// SPDX-License-Identifier: GPL-2.0-only
/* vdfl-card: a simulated FPGA card on a vfio-user socket. */
#include <argp.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "image/image.h"
#include "proto/control.h"
#include "proto/server.h"

#define CONNECT_SECONDS	60
#define LINE_SIZE	65536
#define STORM_MS	1

struct options {
	const char *profile, *socket, *control, *log;
};

/* Slots of the poll array; poll() skips a descriptor of -1. */
enum slot {
	SLOT_CLIENT,		/* vfio-user: listening, then connected */
	SLOT_SIGNAL,
	SLOT_CONTROL_LISTEN,
	SLOT_CONTROL,
	NR_SLOTS,
};

struct state {
	struct card *card;
	struct server *server;	/* NULL until a client connects */
	struct pollfd slots[NR_SLOTS];
	char line[LINE_SIZE];
	size_t line_len;
};

static const struct argp_option option_table[] = {
	{ "profile", 'p', "FILE", 0, "profile of the card (JSON)", 0 },
	{ "socket", 's', "PATH", 0, "vfio-user socket to listen on", 0 },
	{ "control", 'c', "PATH", 0, "control socket to listen on", 0 },
	{ "log", 'l', "PATH", 0, "log of events (JSON lines)", 0 },
	{ 0 }
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'p':
		o->profile = arg;
		return 0;
	case 's':
		o->socket = arg;
		return 0;
	case 'c':
		o->control = arg;
		return 0;
	case 'l':
		o->log = arg;
		return 0;
	case ARGP_KEY_END:
		if (!o->profile || !o->socket || !o->control || !o->log)
			argp_error(state, "all four options are required");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = option_table,
	.parser = parse_option,
	.doc = "Simulate an FPGA card.\vExits when the client disconnects, or on SIGTERM.",
};

/* Rename the socket after listen(): from then on clients can connect. */
static int listen_on(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, len;

	len = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.new", path);
	if (len >= (int)sizeof(addr.sun_path)) {
		fprintf(stderr, "vdfl-card: %s: path too long\n", path);
		return -1;
	}
	unlink(addr.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 1) || rename(addr.sun_path, path)) {
		fprintf(stderr, "vdfl-card: %s: %s\n", path, strerror(errno));
		return -1;
	}
	return fd;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static bool accept_client(struct state *st)
{
	int fd = accept4(st->slots[SLOT_CLIENT].fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return true;
	close(st->slots[SLOT_CLIENT].fd);
	st->slots[SLOT_CLIENT].fd = fd;
	st->server = server_new(st->card, fd);
	return st->server;
}

/* Serve one control client at a time; further clients wait in the backlog. */
static void accept_control(struct state *st)
{
	int fd = accept4(st->slots[SLOT_CONTROL_LISTEN].fd, NULL, NULL,
			 SOCK_CLOEXEC);

	if (fd < 0)
		return;
	st->slots[SLOT_CONTROL].fd = fd;
	st->slots[SLOT_CONTROL_LISTEN].events = 0;
	st->line_len = 0;
}

static void close_control(struct state *st)
{
	close(st->slots[SLOT_CONTROL].fd);
	st->slots[SLOT_CONTROL].fd = -1;
	st->slots[SLOT_CONTROL_LISTEN].events = POLLIN;
}

static bool answer(struct state *st, const char *line)
{
	json_t *reply = control_execute(st->card, line);
	char *text = json_dumps(reply, JSON_COMPACT);
	size_t len = text ? strlen(text) : 0;
	bool sent = false;

	if (text) {
		text[len] = '\n';	/* in place of the final 0 */
		sent = send(st->slots[SLOT_CONTROL].fd, text, len + 1,
			    MSG_NOSIGNAL) == (ssize_t)(len + 1);
	}
	free(text);
	json_decref(reply);
	return sent;
}

static bool answer_lines(struct state *st)
{
	char *start = st->line, *end;

	while ((end = memchr(start, '\n', st->line + st->line_len - start))) {
		*end = 0;
		if (!answer(st, start))
			return false;
		start = end + 1;
	}
	st->line_len -= start - st->line;
	memmove(st->line, start, st->line_len);
	return st->line_len < sizeof(st->line);
}

static void run_control(struct state *st)
{
	ssize_t n = recv(st->slots[SLOT_CONTROL].fd, st->line + st->line_len,
			 sizeof(st->line) - st->line_len, 0);

	if (n > 0) {
		st->line_len += n;
		if (answer_lines(st))
			return;
	}
	close_control(st);
}

/*
 * Serve the vfio-user client before the control client, so that a request of a
 * test sees the effects of all earlier accesses.
 */
static bool run_ready(struct state *st)
{
	struct pollfd *slots = st->slots;

	if (slots[SLOT_SIGNAL].revents)
		return false;
	if (slots[SLOT_CLIENT].revents &&
	    !(st->server ? server_run(st->server) : accept_client(st)))
		return false;
	if (slots[SLOT_CONTROL].revents)
		run_control(st);
	if (slots[SLOT_CONTROL_LISTEN].revents)
		accept_control(st);
	return true;
}

/* Timeout of poll() in ms */
static int poll_timeout(const struct state *st)
{
	if (!st->server)
		return 1000;
	return st->card->irq.storm ? STORM_MS : -1;
}

static int run(struct state *st)
{
	time_t deadline = time(NULL) + CONNECT_SECONDS;

	for (;;) {
		int n = poll(st->slots, NR_SLOTS, poll_timeout(st));

		if (n < 0 && errno != EINTR)
			return EXIT_FAILURE;
		if (n > 0 && !run_ready(st))
			return EXIT_SUCCESS;
		if (st->card->irq.storm)
			irq_storm(&st->card->irq);
		if (!st->server && time(NULL) > deadline) {
			fprintf(stderr, "vdfl-card: no client connected\n");
			return EXIT_FAILURE;
		}
	}
}

/* With an IOMMU, the client may send a descriptor with every page. */
static void raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	static struct state st;
	struct options o = { 0 };
	struct log *log;
	int i, ret;

	argp_parse(&parser, argc, argv, 0, NULL, &o);
	raise_fd_limit();
	log = log_open(o.log);
	if (!log)
		return EXIT_FAILURE;
	st.card = image_load(o.profile, log);
	if (!st.card)
		return EXIT_FAILURE;
	for (i = 0; i < NR_SLOTS; i++)
		st.slots[i] = (struct pollfd){ -1, POLLIN, 0 };
	st.slots[SLOT_SIGNAL].fd = open_signals();
	st.slots[SLOT_CONTROL_LISTEN].fd = listen_on(o.control);
	st.slots[SLOT_CLIENT].fd = listen_on(o.socket);
	if (st.slots[SLOT_CONTROL_LISTEN].fd < 0 || st.slots[SLOT_CLIENT].fd < 0)
		return EXIT_FAILURE;
	ret = run(&st);
	unlink(o.socket);
	unlink(o.control);
	return ret;
}
