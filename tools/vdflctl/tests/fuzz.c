// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz TEMPLATE COUNT [SEED]: run vdflctl COUNT times, each time in a child, with
 * random arguments and environments, on trees that are broken at random. TEMPLATE
 * is a directory from tests/tree, in which the trees are made. Checks that
 *   - no run ends by a signal or with a report of a sanitizer,
 *   - no file changes that the verb does not write,
 *   - a status is 0 if and only if no error was printed,
 *   - the output of --json is JSON.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

#define CALLS_PER_TREE	200
#define MAX_WATCHES	2048
#define EXIT_SANITIZER	99
#define CHANGES		(IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVE | IN_ATTRIB | \
			 IN_ONLYDIR | IN_DONT_FOLLOW)

int vdflctl_main(int argc, char **argv);

static const char *template_dir;
static char tree[PATH_SIZE];
static int output, errors, notify;
static char *watched[MAX_WATCHES];
static unsigned long failures;

/* The program must not change what the sanitizers do */
const char *__asan_default_options(void)
{
	return "exitcode=99:detect_leaks=0:handle_abort=0";
}

const char *__ubsan_default_options(void)
{
	return "exitcode=99:print_stacktrace=1";
}

static int watch_entry(const char *path, const struct stat *st, int kind,
		       struct FTW *ftw)
{
	int watch;

	(void)st;
	(void)ftw;
	if (kind != FTW_D)
		return 0;
	watch = inotify_add_watch(notify, path, CHANGES);
	if (watch < 0 || watch >= MAX_WATCHES)
		err(125, "inotify: %s", path);
	watched[watch] = strdup(path);
	return 0;
}

static void tree_next(uint64_t seed)
{
	int i;

	for (i = 0; i < MAX_WATCHES; i++) {
		free(watched[i]);
		watched[i] = NULL;
	}
	if (notify >= 0)
		close(notify);
	tree_remove(tree);
	roll_seed(seed);
	/* The tree of the tests, and broken ones */
	tree_make(template_dir, tree, roll(4) ? 1 + roll(20) : 0);
	notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	nftw(tree, watch_entry, 64, FTW_PHYS);
}

static void add_environment(const struct call *call)
{
	static const char * const names[] = {
		"SYSFS", "DEV", "PROC", "PROOFS", "CONF", "LOCKS",
		"CDI", "METRICS",
	};
	static const char * const dirs[] = {
		"sys", "dev", "proc", "var/proofs", "etc/vdfl",
		"run/vdfl", "run/cdi", "var/metrics",
	};
	char name[32], path[PATH_SIZE + 32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(name, sizeof(name), "VDFL_%s", names[i]);
		snprintf(path, sizeof(path), "%s/%s", tree, dirs[i]);
		setenv(name, path, 1);
	}
	for (i = 0; i < (size_t)call->nr_environment; i++)
		putenv((char *)call->environment[i]);
}

static bool is_verb(const struct call *call, const char *verb)
{
	return call->argc > 1 && !strcmp(call->argv[1], verb);
}

/* Verbs that wait for events, or until a key is pressed */
static bool is_waiting(const struct call *call)
{
	return is_verb(call, "wait") || is_verb(call, "events") ||
	       is_verb(call, "top");
}

/* A wait without timeout is ended soon, other verbs only if they hang */
static void limit_time(const struct call *call)
{
	struct itimerval limit = { .it_value.tv_sec = 60 };

	if (is_waiting(call))
		limit.it_value = (struct timeval){ .tv_usec = 100000 };
	setitimer(ITIMER_REAL, &limit, NULL);
}

static void run_child(const struct call *call)
{
	struct call copy = *call;
	int full;

	dup2(errors, STDERR_FILENO);
	if (call->output == OUTPUT_FULL) {
		full = open("/dev/full", O_WRONLY | O_CLOEXEC);
		dup2(full, STDOUT_FILENO);
	} else if (call->output == OUTPUT_CLOSED) {
		close(STDOUT_FILENO);
	} else {
		dup2(output, STDOUT_FILENO);
	}
	add_environment(call);
	limit_time(call);
	exit(vdflctl_main(copy.argc, copy.argv));
}

static char *contents(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = malloc((size_t)size + 1);

	if (!text || pread(fd, text, (size_t)size, 0) != size)
		err(125, "output");
	text[size] = '\0';
	return text;
}

/* Remarks of commands that succeed */
static bool is_remark(const char *line)
{
	return !strncmp(line, "vdflctl: waiting for ", 21) ||
	       !strncmp(line, "vdflctl: note: ", 15) ||
	       !strncmp(line, "vdflctl: no card is bound ", 26) ||
	       strstr(line, "is not loaded; as root: modprobe");
}

static bool has_error(char *text)
{
	char *line;

	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (!is_remark(line))
			return true;
	return false;
}

static bool has_argument(const struct call *call, const char *text)
{
	int i;

	for (i = 2; i < call->argc; i++)
		if (!strcmp(call->argv[i], text))
			return true;
	return false;
}

static bool bad_json(const struct call *call)
{
	char *text;
	json_t *json;

	if (!is_verb(call, "list") && !is_verb(call, "info") &&
	    !is_verb(call, "show"))
		return false;
	if (call->output != OUTPUT_FILE || !has_argument(call, "--json") ||
	    has_argument(call, "--help") || has_argument(call, "-h"))
		return false;
	text = contents(output);
	json = *text == '{' ? json_loads(text, 0, NULL) : NULL;
	json_decref(json);
	free(text);
	return !json;
}

/* Return the problem, or NULL */
static const char *judge(const struct call *call, int status)
{
	bool is_prove = is_verb(call, "prove"), is_wait = is_waiting(call);
	char *text;
	bool error;
	int code;

	if (WIFSIGNALED(status))
		return is_wait && WTERMSIG(status) == SIGALRM ? NULL : "signal";
	code = WEXITSTATUS(status);
	if (code == EXIT_SANITIZER)
		return "sanitizer";
	text = contents(errors);
	error = has_error(text);
	free(text);
	if (!code)
		return error ? "error printed, status 0" :
		       bad_json(call) ? "output is no JSON" : NULL;
	if (code == 3 && is_prove)
		return error ? "error printed, status 3" : NULL;
	if (code != 1 && code != 2 && !(code == 124 && is_wait))
		return "unknown status";
	return error ? NULL : "failed without a message";
}

/* Return a file that the verb must not change, or NULL; static storage */
static const char *changed(const struct call *call)
{
	static char path[PATH_SIZE + 256];
	char buf[65536] __attribute__((aligned(8)));
	const struct inotify_event *event;
	const char *bad = NULL;
	ssize_t len, at;

	while ((len = read(notify, buf, sizeof(buf))) > 0) {
		for (at = 0; at < len; at += sizeof(*event) + event->len) {
			event = (const void *)(buf + at);
			if (bad || event->wd < 0 || !event->len)
				continue;
			snprintf(path, sizeof(path), "%s/%s",
				 watched[event->wd], event->name);
			if (!call_may_change(call, path))
				bad = path;
		}
	}
	return bad;
}

static void report(const struct call *call, uint64_t seed, int status,
		   const char *problem)
{
	char *text = contents(errors);
	int i;

	failures++;
	printf("not ok, tree %llu, wait status 0x%x: %s\n  ",
	       (unsigned long long)seed, status, problem);
	for (i = 0; i < call->nr_environment; i++)
		printf("%s ", call->environment[i]);
	for (i = 0; i < call->argc; i++)
		printf("'%.80s' ", call->argv[i]);
	printf("output %d\n%.4000s", call->output, text);
	fflush(stdout);
	free(text);
}

static void run_call(uint64_t seed)
{
	const char *problem, *file;
	struct call call;
	int status;
	pid_t pid;

	call_roll(&call);
	if (ftruncate(output, 0) || ftruncate(errors, 0))
		err(125, "output");
	lseek(output, 0, SEEK_SET);
	lseek(errors, 0, SEEK_SET);
	pid = fork();
	if (!pid)
		run_child(&call);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		err(125, "fork");
	problem = judge(&call, status);
	file = changed(&call);
	if (problem || file)
		report(&call, seed, status, problem ? problem : file);
	call_free(&call);
}

int main(int argc, char **argv)
{
	unsigned long count, i;
	uint64_t seed;

	if (argc < 3)
		errx(125, "usage: fuzz TEMPLATE COUNT [SEED]");
	template_dir = argv[1];
	count = strtoul(argv[2], NULL, 10);
	seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	snprintf(tree, sizeof(tree), "%s.tree", template_dir);
	output = memfd_create("output", MFD_CLOEXEC);
	errors = memfd_create("errors", MFD_CLOEXEC);
	notify = -1;
	for (i = 0; i < count && failures < 20; i++) {
		if (i % CALLS_PER_TREE == 0)
			tree_next(seed++);
		run_call(seed - 1);
	}
	tree_remove(tree);
	printf("fuzz: %lu invocations, %lu trees, %lu failures\n", i,
	       (i + CALLS_PER_TREE - 1) / CALLS_PER_TREE, failures);
	return failures ? 1 : 0;
}
