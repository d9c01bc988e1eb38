// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two clients of one card access their blocks at the same time. Each must read
 * back its own data, and the card must see no access outside of the blocks.
 */
#include <sys/wait.h>

#include "harness.h"
#include "lab_card.h"

#define CLIENTS		2
#define ACCESSES	100000
#define NR_RAM		((AFU_RAM_END - AFU_RAM) / 8)
#define NR_SCRATCH	2
#define NR_REGS		(NR_SCRATCH + NR_RAM)

static const char *const client_pos[CLIENTS] = { POS_AFU0, POS_AFU1 };

/**
 * struct client - one user and the expected values of its registers
 * @map: its whole BAR
 * @shadow: scratch registers, then the RAM
 * @seed: of its random numbers
 */
struct client {
	struct instance inst;
	struct dev dev;
	void *map;
	u64 shadow[NR_REGS];
	u64 seed;
};

FIXTURE(crosstalk) {
	struct card card;
	struct client client[CLIENTS];
};

FIXTURE_SETUP(crosstalk)
{
	int i;

	card_find(&self->card);
	for (i = 0; i < CLIENTS; i++)
		SKIP_UNLESS_BLOCK(return, &self->card, client_pos[i]);
	for (i = 0; i < CLIENTS; i++) {
		struct client *c = &self->client[i];

		block_open(&c->inst, &c->dev, &self->card, client_pos[i]);
		c->seed = 0x9e3779b97f4a7c15 * (i + 1);
	}
}

FIXTURE_TEARDOWN(crosstalk)
{
	int i;

	card_own(&self->card, NULL, 0);
	for (i = 0; i < CLIENTS; i++)
		block_close(&self->client[i].inst, &self->client[i].dev);
}

static u64 reg_offset(unsigned int nr)
{
	if (nr < NR_SCRATCH)
		return AFU_SCRATCH0 + 8 * nr;
	return AFU_RAM + 8 * (nr - NR_SCRATCH);
}

/* @half is the offset of the half in its register: 0 or 4. */
static u32 *shadow_half(struct client *c, unsigned int nr,
			unsigned int half)
{
	return (u32 *)&c->shadow[nr] + half / 4;
}

static bool access64(struct client *c, unsigned int nr, bool write, bool mapped)
{
	u64 off = reg_offset(nr);

	if (!write)
		return c->shadow[nr] == (mapped ? map_load64(c->map + off) :
						  dev_read64(&c->dev, off));
	c->shadow[nr] = random_next(&c->seed);
	if (mapped)
		map_store64(c->map + off, c->shadow[nr]);
	else
		dev_write64(&c->dev, off, c->shadow[nr]);
	return true;
}

static bool access32(struct client *c, unsigned int nr, unsigned int half,
		     bool write, bool mapped)
{
	u64 off = reg_offset(nr) + half;
	u32 *shadow = shadow_half(c, nr, half);

	if (!write)
		return *shadow == (mapped ? map_load32(c->map + off) :
					    dev_read32(&c->dev, off));
	*shadow = random_next(&c->seed);
	if (mapped)
		map_store32(c->map + off, *shadow);
	else
		dev_write32(&c->dev, off, *shadow);
	return true;
}

static bool one_access(struct client *c)
{
	u64 r = random_next(&c->seed);
	unsigned int nr = (r >> 8) % NR_REGS;

	if (r & 1)
		return access64(c, nr, r & 2, r & 4);
	return access32(c, nr, r & 8 ? 4 : 0, r & 2, r & 4);
}

static int run_client(struct client *c)
{
	int i;

	/* fork() does not copy mappings */
	c->map = dev_map(&c->dev, 0, AFU_SIZE);
	for (i = 0; i < ACCESSES; i++) {
		if (one_access(c))
			continue;
		fprintf(stderr, "# %s: access %d found a wrong value\n",
			c->inst.pos, i);
		return EXIT_FAILURE;
	}
	for (i = 0; i < NR_REGS; i++) {
		if (access64(c, i, false, false))
			continue;
		fprintf(stderr, "# %s: 0x%lx ended with a wrong value\n",
			c->inst.pos, reg_offset(i));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

TEST_F_TIMEOUT(crosstalk, clients_read_back_their_own_data, 600)
{
	struct card_stats before, after;
	pid_t pid[CLIENTS];
	int i, status;

	card_stats(&self->card, &before);
	card_own(&self->card, client_pos, CLIENTS);
	for (i = 0; i < CLIENTS; i++) {
		pid[i] = fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i])
			_exit(run_client(&self->client[i]));
	}
	for (i = 0; i < CLIENTS; i++) {
		waitpid(pid[i], &status, 0);
		EXPECT_EQ(0, status);
	}
	card_stats(&self->card, &after);
	EXPECT_EQ(before.stray, after.stray);
	/* all of them reached the card */
	EXPECT_LE(before.reads + before.writes + CLIENTS * ACCESSES,
		  after.reads + after.writes);
}

/*
 * Prove that the card counts a stray access, since the tests above rely on it.
 */
TEST_F(crosstalk, stray_access_is_seen_by_the_card)
{
	struct card_stats before, after;

	card_own(&self->card, client_pos, 1);
	card_stats(&self->card, &before);
	dev_read64(&self->client[0].dev, AFU_RO);
	card_stats(&self->card, &after);
	EXPECT_EQ(before.stray, after.stray);
	dev_read64(&self->client[1].dev, AFU_RO);
	card_stats(&self->card, &after);
	EXPECT_EQ(before.stray + 1, after.stray);
}

/* Neighbours that share a page, with the smallest windows. */
TEST_F(crosstalk, blocks_of_one_page_are_separate)
{
	static const char *const pos[] = { POS_ETH_SHARED_PAGE,
					   POS_TOD_SHARED_PAGE };
	struct card_stats before, after;
	struct instance inst[2];
	u64 off, value;
	struct dev dev[2];
	int i;

	for (i = 0; i < 2; i++)
		SKIP_UNLESS_BLOCK(return, &self->card, pos[i]);
	for (i = 0; i < 2; i++)
		block_open(&inst[i], &dev[i], &self->card, pos[i]);
	for (i = 0; i < 2; i++) {
		card_own(&self->card, &pos[i], 1);
		card_stats(&self->card, &before);
		for (off = 0x800; off < 0x1000; off += 8) {
			value = ~off;
			dev_write64(&dev[i], off, value);
			EXPECT_EQ(~0ULL, dev_read64(&dev[i], off));
		}
		card_stats(&self->card, &after);
		EXPECT_EQ(before.stray, after.stray);
		EXPECT_EQ(before.reads + before.writes,
			  after.reads + after.writes);
	}
	for (i = 0; i < 2; i++)
		block_close(&inst[i], &dev[i]);
}

TEST_CARD_MAIN
