/* SPDX-License-Identifier: GPL-2.0-only */
/* The kselftest harness, and checks of results that may be an errno. */
#ifndef _VDFL_HARNESS_H
#define _VDFL_HARNESS_H

#include "kselftest_harness.h"
#include "vdfl_test.h"

/* The machine is emulated, and shares its processors. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	150

/* A failed check names both errors. @want is positive, 0 for success. */
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
