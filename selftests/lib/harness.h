/* SPDX-License-Identifier: GPL-2.0-only */
/* The kselftest harness, and checks of results that may be an errno. */
#ifndef _VDFL_HARNESS_H
#define _VDFL_HARNESS_H

#include "kselftest_harness.h"
#include "vdfl_test.h"

/* The machine is emulated and its CPUs are shared. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	150

/* TEST_HARNESS_MAIN that skips all tests if card_missing() has a reason */
#define TEST_CARD_MAIN							\
	int main(int argc, char **argv)					\
	{								\
		skip_without_card();					\
		exit(test_harness_run(argc, argv));			\
	}

static inline void skip_without_card(void)
{
	const char *missing = card_missing();

	if (!missing)
		return;
	ksft_print_header();
	ksft_exit_skip("%s\n", missing);
}

/* SKIP() if block_missing() has a reason */
#define SKIP_UNLESS_BLOCK(statement, card, pos) do {			\
	const char *pos_ = (pos), *missing_ = block_missing(card, pos_);\
									\
	if (missing_)							\
		SKIP(statement, "block %s: %s", pos_, missing_);	\
} while (0)

/* Print both errors if the check fails. @want is positive, 0 for success. */
#define EXPECT_ERR(want, call) do {					\
	long seen_ = (call);						\
									\
	EXPECT_EQ(-(long)(want), seen_)					\
		TH_LOG("%s: %s, expected %s", #call, err_name(seen_),	\
		       err_name(-(long)(want)));			\
} while (0)

#define ASSERT_ERR(want, call) do {					\
	long seen_ = (call);						\
									\
	ASSERT_EQ(-(long)(want), seen_)					\
		TH_LOG("%s: %s, expected %s", #call, err_name(seen_),	\
		       err_name(-(long)(want)));			\
} while (0)

#endif /* _VDFL_HARNESS_H */
