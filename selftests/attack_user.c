// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client that makes revocation of its access as expensive as it can.
 *
 * Usage: attack_user UUID maps PROCESSES MAPPINGS
 *	Each process maps the first page of the block MAPPINGS times and touches
 *	each mapping.
 *        attack_user UUID churn PROCESSES
 *	Each process maps, touches, unmaps and forks without end, so that the
 *	lock of the file's mappings is always contended.
 *        attack_user UUID both PROCESSES MAPPINGS
 *	Half of the processes map, the others then map and unmap.
 *
 * Prints "ready NUMBER" once all processes run; NUMBER is the number of
 * mappings that stay. Ends when it is killed.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "vdfl_test.h"

static void *map_page(const struct dev *dev)
{
	return mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, dev->fd, 0);
}

/* Return: number of mappings that were made */
static u64 attack_maps(const struct dev *dev, u64 wanted)
{
	u64 nr, value;
	void *map;

	for (nr = 0; nr < wanted; nr++) {
		map = map_page(dev);
		if (map == MAP_FAILED)
			break;
		try_load64(map, &value);
	}
	return nr;
}

static void attack_churn(const struct dev *dev)
{
	u64 value;
	void *map;

	for (;;) {
		map = map_page(dev);
		if (map != MAP_FAILED) {
			try_load64(map, &value);
			if (!fork())
				_exit(EXIT_SUCCESS);
			munmap(map, PAGE);
		}
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

static void attack(const struct dev *dev, bool churn, u64 wanted, int done)
{
	u64 nr = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!churn)
		nr = attack_maps(dev, wanted);
	if (write(done, &nr, sizeof(nr)) != sizeof(nr))
		die_errno("reporting");
	if (churn)
		attack_churn(dev);
	for (;;)
		pause();
}

/* Start processes and wait until they run. Return the number of their mappings. */
static u64 start(const struct dev *dev, unsigned int nr_processes, bool churn,
		 u64 wanted)
{
	u64 nr, total = 0;
	unsigned int i;
	int done[2];

	if (pipe(done))
		die_errno("a pipe");
	for (i = 0; i < nr_processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die_errno("forking");
		if (!pid)
			attack(dev, churn, wanted, done[1]);
	}
	for (i = 0; i < nr_processes; i++) {
		if (read(done[0], &nr, sizeof(nr)) != sizeof(nr))
			die_errno("waiting for a process");
		total += nr;
	}
	return total;
}

int main(int argc, char **argv)
{
	bool maps, churn, both;
	unsigned int nr_processes, nr_churn;
	u64 wanted, total;
	struct instance inst;
	struct dev dev;

	if (argc < 4)
		die("usage: attack_user UUID maps|churn|both PROCESSES [MAPPINGS]");
	both = !strcmp(argv[2], "both");
	maps = !strcmp(argv[2], "maps");
	churn = !strcmp(argv[2], "churn");
	if (!both && !maps && !churn)
		die("no such attack: %s", argv[2]);
	nr_processes = strtoul(argv[3], NULL, 0);
	wanted = argc > 4 ? strtoull(argv[4], NULL, 0) : 0;
	instance_at(&inst, NULL, argv[1]);
	if (try_dev_open(&dev, &inst))
		die("the instance cannot be opened");
	nr_churn = churn ? nr_processes : both ? nr_processes / 2 : 0;
	/* Leave a mapping for each process that maps and unmaps */
	if (both)
		wanted = (VFIO_DFL_MDEV_MAX_MAPS - nr_churn) /
			 (nr_processes - nr_churn);
	total = start(&dev, nr_processes - nr_churn, false, wanted);
	total += start(&dev, nr_churn, true, wanted);
	printf("ready %llu\n", (unsigned long long)total);
	fflush(stdout);
	for (;;)
		pause();
}
