// SPDX-License-Identifier: GPL-2.0-only
/* The list that a stock DFL driver finds in an instance, word by word. */
#include "cmocka_env.h"
#include "dfl/guest.h"

static struct dfl_header header;
static struct dfl_guest guest;

static struct dfl_guest_desc desc = {
	.header = &header,
	.page_size = 0x1000,
};

static int reset(void **state)
{
	(void)state;
	memset(&header, 0, sizeof(header));
	header.kind = DFL_KIND_PRIVATE;
	desc.parent = DFL_KIND_FME;
	desc.block_size = 0x1000;
	desc.nr_vectors = 0;
	return 0;
}

struct expected {
	u64 off;
	u64 value;
};

/* Every word below the block is emulated, and reads 0 unless listed. */
static void expect_headers(const struct expected *want, unsigned int nr)
{
	u64 off, value;
	unsigned int i;

	for (off = 0; off < guest.block_off; off += 8) {
		u64 wanted = 0;

		for (i = 0; i < nr; i++)
			if (want[i].off == off)
				wanted = want[i].value;
		assert_true(dfl_guest_word(&guest, off, &value));
		assert_int_equal(value, wanted);
	}
}

static void private_below_fme(void **state)
{
	static const struct expected want[] = {
		{ 0x00, 0x4000000010000000 },
		{ 0x08, 0x82fe38f0f9e17764 },
		{ 0x10, 0xbfaf2ae94a5246e3 },
	};
	u64 value;

	(void)state;
	header.dfh = 0x3000000010000010;	/* Ethernet group, next 0x1000 */
	dfl_guest_init(&guest, &desc);
	assert_int_equal(guest.size, 0x2000);
	assert_int_equal(guest.block_off, 0x1000);
	assert_int_equal(guest.patched, 0);
	assert_int_equal(guest.ctrl, 0);
	expect_headers(want, ARRAY_SIZE(want));
	assert_false(dfl_guest_word(&guest, 0x1000, &value));
	assert_false(dfl_guest_word(&guest, 0x1ff8, &value));
}

static void private_below_port(void **state)
{
	static const struct expected want[] = {
		{ 0x00, 0x4000000010002001 },
		{ 0x08, 0x9642b06c6b355b87 },
		{ 0x10, 0x3ab49893138d42eb },
	};

	(void)state;
	header.dfh = 0x3000000010000014;
	desc.parent = DFL_KIND_PORT;
	dfl_guest_init(&guest, &desc);
	assert_int_equal(guest.ctrl, 0x38);
	expect_headers(want, ARRAY_SIZE(want));
}

static void afu_with_vectors(void **state)
{
	static const struct expected want[] = {
		{ 0x00, 0x4000000010002001 },
		{ 0x08, 0x9642b06c6b355b87 },
		{ 0x10, 0x3ab49893138d42eb },
		{ 0x18, 0x0000000000002000 },
		{ 0x30, 0x0000000400004000 },	/* 64 KiB, 4 interrupts */
		{ 0x1000, 0x3000010000000012 },
		{ 0x1008, 0x0000000000000004 },	/* 4 from vector 0 */
	};

	(void)state;
	header.kind = DFL_KIND_AFU;
	header.first_vector = 8;
	desc.parent = DFL_KIND_PORT;
	desc.block_size = 0x10000;
	desc.nr_vectors = 4;
	dfl_guest_init(&guest, &desc);
	assert_int_equal(guest.size, 0x20000);
	assert_int_equal(guest.block_off, 0x2000);
	assert_int_equal(guest.patched, 0);
	expect_headers(want, ARRAY_SIZE(want));
}

static void afu_without_vectors(void **state)
{
	static const struct expected want[] = {
		{ 0x00, 0x4000010010002001 },	/* end of list */
		{ 0x08, 0x9642b06c6b355b87 },
		{ 0x10, 0x3ab49893138d42eb },
		{ 0x18, 0x0000000000001000 },
		{ 0x30, 0x0000000000004000 },
	};

	(void)state;
	header.kind = DFL_KIND_AFU;
	desc.parent = DFL_KIND_PORT;
	desc.block_size = 0x10000;
	dfl_guest_init(&guest, &desc);
	assert_int_equal(guest.block_off, 0x1000);
	expect_headers(want, ARRAY_SIZE(want));
}

static void afu_without_port_has_no_guest_view(void **state)
{
	(void)state;
	header.kind = DFL_KIND_AFU;
	desc.parent = DFL_KIND_OPAQUE;
	dfl_guest_init(&guest, &desc);
	assert_int_equal(guest.size, 0);
}

/* The UART of N6001: its vector 5 is vector 0 of the instance. */
static void msix_parameter_is_patched(void **state)
{
	static const u64 params[] = {
		0x0000001000000001, 0x0000000100000005,
		0x0000001000000002, 0x0000000005f5e100,
		0x0000001000000003, 0x0000000000000080,
		0x0000001100000004, 0x0000000400000002,
	};
	u64 value;

	(void)state;
	header.dfh = 0x3010000100000024;	/* next 0x10000 */
	header.version = 1;
	header.nr_params = ARRAY_SIZE(params);
	memcpy(header.params, params, sizeof(params));
	desc.nr_vectors = 1;
	dfl_guest_init(&guest, &desc);
	assert_int_equal(guest.size, 0x20000);
	assert_int_equal(guest.patched, 0x1000);
	assert_true(dfl_guest_word(&guest, 0x1030, &value));
	assert_int_equal(value, 0x0000000100000000);
	assert_false(dfl_guest_word(&guest, 0x1028, &value));
	assert_false(dfl_guest_word(&guest, 0x1038, &value));
	assert_false(dfl_guest_word(&guest, 0x2030, &value));
}

/* Not the first parameter, and one whose length runs past the end */
static void msix_parameter_is_searched(void **state)
{
	u64 value;

	(void)state;
	header.nr_params = 4;
	header.params[0] = 0x0000001000000007;
	header.params[2] = 0x0000001100000001;
	desc.nr_vectors = 2;
	dfl_guest_init(&guest, &desc);
	assert_true(dfl_guest_word(&guest, 0x1040, &value));
	assert_int_equal(value, 0x0000000200000000);

	header.params[0] = 0xfffffff800000007;
	dfl_guest_init(&guest, &desc);
	assert_int_equal(guest.patched, 0);
	header.params[0] = 0x0000000000000007;
	dfl_guest_init(&guest, &desc);
	assert_int_equal(guest.patched, 0);
	/* Without a data word: what follows is another parameter's */
	header.params[0] = 0x0000000800000001;
	header.params[1] = 0x0000001100000007;
	dfl_guest_init(&guest, &desc);
	assert_int_equal(guest.patched, 0);
}

/* A stock driver refuses a block whose next offset leaves the list. */
static void next_offset_fits(void **state)
{
	static const struct {
		u64 dfh;
		u64 size;
	} rows[] = {
		{ 0x3000010000000010, 0x2000 },		/* next 0: one page */
		{ 0x3000000008000010, 0x2000 },		/* next 0x800 */
		{ 0x3000000010080010, 0x4000 },		/* next 0x1008 */
		{ 0x3000000100000015, 0x20000 },	/* next 0x10000 */
		{ 0x300001fffff80010, 0x2000000 },	/* next 0xfffff8, end */
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		header.dfh = rows[i].dfh;
		dfl_guest_init(&guest, &desc);
		assert_int_equal(guest.size, rows[i].size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(private_below_fme, reset),
		cmocka_unit_test_setup(private_below_port, reset),
		cmocka_unit_test_setup(afu_with_vectors, reset),
		cmocka_unit_test_setup(afu_without_vectors, reset),
		cmocka_unit_test_setup(afu_without_port_has_no_guest_view, reset),
		cmocka_unit_test_setup(msix_parameter_is_patched, reset),
		cmocka_unit_test_setup(msix_parameter_is_searched, reset),
		cmocka_unit_test_setup(next_offset_fits, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
