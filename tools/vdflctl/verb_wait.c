// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl wait: wait for interrupts of an instance */

#include <errno.h>
#include <getopt.h>
#include <linux/vfio.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "window.h"

#define FOREVER		ABSENT
#define MAX_SECONDS	1000000

enum source {
	SOURCE_VECTOR,
	SOURCE_ERROR,
	SOURCE_REQUEST,
	NR_SOURCES,
};

/**
 * struct order - parsed command line
 * @uuid: instance
 * @vector: MSI-X vector
 * @count: end after this many interrupts
 * @timeout_ms: end after this time, or FOREVER
 * @trigger: write @value to @offset after the vector is armed
 * @offset: see @trigger
 * @value: see @trigger
 */
struct order {
	char uuid[UUID_LEN];
	__u64 vector;
	__u64 count;
	__u64 timeout_ms;
	bool trigger;
	__u64 offset;
	__u64 value;
};

static __u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

static int arm(int device, __u32 index, __u32 start, int eventfd)
{
	union {
		struct vfio_irq_set set;
		char room[sizeof(struct vfio_irq_set) + sizeof(__s32)];
	} request = {
		.set = {
			.argsz = sizeof(request),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD |
				 VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = index,
			.start = start,
			.count = 1,
		},
	};

	memcpy(request.set.data, &eventfd, sizeof(__s32));
	return ioctl(device, VFIO_DEVICE_SET_IRQS, &request) ? -errno : 0;
}

static int check_vector(int device, const struct order *order,
			struct fault *fault)
{
	struct vfio_irq_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
	};

	if (ioctl(device, VFIO_DEVICE_GET_IRQ_INFO, &info))
		return fault_set(fault, "cannot get the interrupt information: %s",
				 strerror(errno));
	if (!info.count)
		return fault_set(fault, "%s has no interrupts", order->uuid);
	if (order->vector < info.count)
		return 0;
	fault_set(fault, "%s has no vector %llu", order->uuid, order->vector);
	return fault_remedy(fault, "its vectors are 0 to %u", info.count - 1);
}

static int arm_all(int device, const struct order *order, struct pollfd *fds,
		   struct fault *fault)
{
	int i, ret;

	for (i = 0; i < NR_SOURCES; i++) {
		fds[i].fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		fds[i].events = POLLIN;
		if (fds[i].fd < 0)
			return fault_set(fault, "cannot create an eventfd: %s", strerror(errno));
	}
	ret = arm(device, VFIO_PCI_MSIX_IRQ_INDEX, order->vector,
		  fds[SOURCE_VECTOR].fd);
	if (ret)
		return fault_set(fault, "cannot arm vector %llu: %s",
				 order->vector, strerror(-ret));
	ret = arm(device, VFIO_PCI_ERR_IRQ_INDEX, 0, fds[SOURCE_ERROR].fd);
	if (!ret)
		ret = arm(device, VFIO_PCI_REQ_IRQ_INDEX, 0,
			  fds[SOURCE_REQUEST].fd);
	return ret ? fault_set(fault, "cannot arm the error and request interrupts: %s",
			       strerror(-ret)) : 0;
}

/* Timeout for poll() in milliseconds, -1 for none */
static int time_left(const struct order *order, __u64 start)
{
	__u64 passed = now_ms() - start;

	if (order->timeout_ms == FOREVER)
		return -1;
	return passed < order->timeout_ms ? order->timeout_ms - passed : 0;
}

/* Return the exit status */
static int wait_for(const struct order *order, struct pollfd *fds)
{
	__u64 start = now_ms(), seen = 0, passed;
	eventfd_t events;
	int ret;

	while (seen < order->count) {
		ret = poll(fds, NR_SOURCES, time_left(order, start));
		if (ret < 0) {
			perror("vdflctl: poll");
			return EXIT_FAILURE;
		}
		if (!ret) {
			fprintf(stderr, "vdflctl: timed out after %llu of %llu interrupts\n",
				seen, order->count);
			return EXIT_TIMEOUT;
		}
		if (fds[SOURCE_ERROR].revents) {
			fprintf(stderr, "vdflctl: the card reported an error: see vdflctl list\n");
			return EXIT_FAILURE;
		}
		if (fds[SOURCE_REQUEST].revents) {
			fprintf(stderr, "vdflctl: the driver requested the close\n");
			return EXIT_FAILURE;
		}
		if (eventfd_read(fds[SOURCE_VECTOR].fd, &events))
			continue;
		seen += events;
		passed = now_ms() - start;
		printf("vector %llu: %lu interrupt%s after %llu.%03llu s\n",
		       order->vector, events, events == 1 ? "" : "s",
		       passed / 1000, passed % 1000);
		if (fflush(stdout))
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static int trigger(const struct window *win, const struct order *order,
		   struct fault *fault)
{
	if (!order->trigger)
		return 0;
	if (window_check(win, order->offset, sizeof(__u64), 1, fault))
		return -1;
	return window_write(win, order->offset, sizeof(__u64), order->value,
			    fault);
}

static void close_all(const struct pollfd *fds)
{
	int i;

	for (i = 0; i < NR_SOURCES; i++) {
		if (fds[i].fd >= 0)
			close(fds[i].fd);
	}
}

static int serve(const struct order *order)
{
	struct pollfd fds[NR_SOURCES] = {
		{ .fd = -1 }, { .fd = -1 }, { .fd = -1 },
	};
	struct fault fault;
	struct window win;
	int status;

	if (window_open(&win, order->uuid, &fault))
		return fault_report(&fault);
	if (check_vector(win.dev.device, order, &fault) ||
	    arm_all(win.dev.device, order, fds, &fault) ||
	    trigger(&win, order, &fault))
		status = fault_report(&fault);
	else
		status = wait_for(order, fds);
	close_all(fds);
	window_close(&win);
	return status;
}

static int parse_seconds(const char *text, __u64 *ms)
{
	double seconds;
	char *end;

	seconds = strtod(text, &end);
	if (end == text || *end || !(seconds >= 0 && seconds <= MAX_SECONDS))
		return command_misuse("invalid timeout: '%s'", text);
	*ms = seconds * 1000;
	return 0;
}

/* OFFSET=VALUE */
static int parse_trigger(char *text, struct order *order)
{
	char *equals = strchr(text, '=');

	if (equals) {
		*equals = '\0';
		order->trigger = parse_number(text, &order->offset) &&
				 parse_number(equals + 1, &order->value);
		*equals = '=';
	}
	return order->trigger ? 0 :
	       command_misuse("invalid argument '%s' for '--write'", text);
}

static int parse_option(int opt, struct order *order)
{
	switch (opt) {
	case 'v':
		return command_number(optarg, "vector", &order->vector);
	case 'n':
		return command_count(optarg, &order->count);
	case 't':
		return parse_seconds(optarg, &order->timeout_ms);
	default:
		return parse_trigger(optarg, order);
	}
}

static int run(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "vector", required_argument, NULL, 'v' },
		{ "timeout", required_argument, NULL, 't' },
		{ "count", required_argument, NULL, 'n' },
		{ "write", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct order order = { .count = 1, .timeout_ms = FOREVER };
	int opt;

	while ((opt = getopt_long(argc, argv, "v:t:n:w:h", options,
				  NULL)) != -1) {
		if (opt == 'h')
			return command_help(cmd);
		if (opt == '?')
			return command_misuse(NULL);
		if (parse_option(opt, &order))
			return EXIT_USAGE;
	}
	if (command_operands(argc, argv, 1))
		return EXIT_USAGE;
	if (command_uuid(argv[optind], order.uuid))
		return EXIT_USAGE;
	return serve(&order);
}

const struct command verb_wait = {
	.name = "wait",
	.arguments = "[--vector N] [--timeout SECONDS] [--count N] [--write OFFSET=VALUE] UUID",
	.summary = "Wait for interrupts of an instance",
	.details =
"  -v, --vector N             MSI-X vector of the instance (default 0)\n"
"  -t, --timeout SECONDS      end with exit status 124 after this time\n"
"  -n, --count N              end after N interrupts (default 1)\n"
"  -w, --write OFFSET=VALUE   write 8 bytes after the vector is armed\n"
"  -h, --help                 display this help and exit\n",
	.run = run,
};
