// SPDX-License-Identifier: GPL-2.0-only
/*
 * Child processes that share the descriptors and mappings of their parent, and
 * run commands.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "vdfl_test.h"

/* Run commands until the pipe is closed */
static void child_main(char (*obey)(void *arg, char order), void *arg, int from,
		       int to)
{
	char order;

	while (read(from, &order, 1) == 1) {
		order = obey(arg, order);
		if (write(to, &order, 1) != 1)
			break;
	}
	_exit(EXIT_SUCCESS);
}

/** child_start() - what @obey returns is the answer to an order */
void child_start(struct child *child, char (*obey)(void *arg, char order),
		 void *arg)
{
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		die_errno("pipe");
	child->pid = fork();
	if (child->pid < 0)
		die_errno("fork");
	if (!child->pid) {
		close(to[1]);
		close(from[0]);
		child_main(obey, arg, to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	child->to = to[1];
	child->from = from[0];
}

/** child_ask() - its answer, or -1 if it died */
int child_ask(const struct child *child, char order)
{
	if (write(child->to, &order, 1) != 1 ||
	    read(child->from, &order, 1) != 1)
		return -1;
	return order;
}

/* Send a command, since other processes may hold the pipe open. */
void child_end(const struct child *child)
{
	kill(child->pid, SIGKILL);
	close(child->to);
	close(child->from);
	waitpid(child->pid, NULL, 0);
}
