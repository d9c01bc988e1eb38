// SPDX-License-Identifier: GPL-2.0-only
/* Register filter: tables that are accepted and rejected, and accesses. */
#include "cmocka_env.h"
#include "dfl/filter.h"

#define SIZE	0x4000
#define PAGE	0x1000
#define BOTH	(DFL_FILTER_READ | DFL_FILTER_WRITE)

static struct dfl_filter filter;
static char printed[DFL_FILTER_PRINT_LEN];

static int parse(const char *text, struct dfl_filter_error *error)
{
	return dfl_filter_parse(&filter, text, strlen(text), SIZE, error);
}

static void load(const char *text)
{
	struct dfl_filter_error error;

	assert_int_equal(parse(text, &error), 0);
}

static void prints(const char *text, const char *expected)
{
	load(text);
	assert_int_equal(dfl_filter_print(&filter, printed), strlen(expected));
	assert_string_equal(printed, expected);
}

static void accepted_tables(void **state)
{
	(void)state;
	prints("0x0+0x8 r", "0x0+0x8 r");
	prints("0x18+0x8 r\n0x10+0x8 rw\n",
	       "0x10+0x8 rw; 0x18+0x8 r");
	prints(" # status\n\n\t0xA0+0x10\tr # counters\n;;0x0+0x4 w;",
	       "0x0+0x4 w; 0xa0+0x10 r");
	prints("0x10+0x8 rw 0x7fffffffffffffff",
	       "0x10+0x8 rw 0x7fffffffffffffff");
	prints("0x14+0x4 w 0xff/0x100", "0x14+0x4 w 0xff/0x100");
	prints("0x14+0x4 w 0x0/0x1;", "0x14+0x4 w 0x0/0x1");
	prints("0x3+0x1 w 0x0", "0x3+0x1 w 0x0");
	/* a mask of all bits is none */
	prints("0x14+0x4 w 0xffffffff", "0x14+0x4 w");
	prints("0x10+0x8 w 0xffffffffffffffff/0x0", "0x10+0x8 w");
	prints("0x3fff+0x1 r;0x0+0x3fff r", "0x0+0x3fff r; 0x3fff+0x1 r");
	prints("0x00000000000000000000000000000010+0x8 r", "0x10+0x8 r");
}

static void printed_text_is_a_table(void **state)
{
	static struct dfl_filter first;

	(void)state;
	load("0x8+0x8 r;0x10+0x8 rw 0x1/0x2;0x1000+0x1000 rw;0x0+0x8 w");
	first = filter;
	dfl_filter_print(&filter, printed);
	load(printed);
	assert_memory_equal(&filter, &first, sizeof(filter));
}

static const struct {
	const char *text;
	u32 line;
	u32 column;
	const char *problem;
} rejected[] = {
	{ "", 1, 1, "table has no range" },
	{ "# all\n;\n", 3, 1, "table has no range" },
	{ "none", 1, 1, "expected a number that starts with 0x" },
	{ "0x", 1, 1, "expected a number that starts with 0x" },
	{ "16+0x8 r", 1, 1, "expected a number that starts with 0x" },
	{ "-0x8+0x8 r", 1, 1, "expected a number that starts with 0x" },
	{ "0x0", 1, 4, "expected + and the length of the range" },
	{ "0x0-0x7 r", 1, 4, "expected + and the length of the range" },
	{ "0x0+", 1, 5, "expected a number that starts with 0x" },
	{ "0x0+8 r", 1, 5, "expected a number that starts with 0x" },
	{ "0x0+0x0 r", 1, 5, "range is empty" },
	{ "0x0+0x4001 r", 1, 5, "range exceeds the block" },
	{ "0x4000+0x1 r", 1, 8, "range exceeds the block" },
	{ "0x10+0xffffffffffffffff r", 1, 6, "range exceeds the block" },
	{ "0x1ffffffffffffffff+0x1 r", 1, 1, "number exceeds 64 bits" },
	{ "0x0+0x10000000000000000 r", 1, 5, "number exceeds 64 bits" },
	{ "0x0+0x8", 1, 8, "expected a blank and r, w or rw" },
	{ "0x0+0x8r", 1, 8, "expected a blank and r, w or rw" },
	{ "0x0+0x8 ", 1, 9, "expected r, w or rw" },
	{ "0x0+0x8 x", 1, 9, "expected r, w or rw" },
	{ "0x0+0x8 wr", 1, 10, "expected a blank or the end of the range" },
	{ "0x0+0x8 rr", 1, 10, "expected a blank or the end of the range" },
	{ "0x0+0x8 r r", 1, 11, "expected a number that starts with 0x" },
	{ "0x0+0x8 w 0x1 0x2", 1, 15, "expected the end of the range" },
	{ "0x0+0x8 w 0x1/", 1, 15, "expected a number that starts with 0x" },
	{ "0x0+0x8 w 0x1ffffffffffffffff", 1, 11, "number exceeds 64 bits" },
	{ "0x0+0x8 r 0x1", 1, 11, "mask of a range that cannot be written" },
	{ "0x0+0x10 w 0x1", 1, 12,
	  "mask of a range that is not one aligned register" },
	{ "0x0+0x3 w 0x1", 1, 11,
	  "mask of a range that is not one aligned register" },
	{ "0x4+0x8 w 0x1", 1, 11,
	  "mask of a range that is not one aligned register" },
	{ "0x4+0x4 w 0x100000000", 1, 11, "mask exceeds the register" },
	{ "0x0+0x1 w 0xff/0x100", 1, 11, "mask exceeds the register" },
	{ "0x0+0x8 w 0x3/0x2", 1, 11, "fixed bits overlap the mask" },
	{ "0x0+0x8 r\n\n  0x4+0x8 w", 3, 3, "range overlaps an earlier range" },
	{ "0x8+0x8 r;0x0+0x9 w", 1, 11, "range overlaps an earlier range" },
	{ "0x8+0x8 r;0x8+0x8 r", 1, 11, "range overlaps an earlier range" },
	{ "0x8+0x1 r;0x0+0x20 r", 1, 11, "range overlaps an earlier range" },
	{ "0x0+0x8 r\r\n", 1, 10, "expected a blank or the end of the range" },
	{ "0x0+0x8 r\n\x80", 2, 1, "expected a number that starts with 0x" },
};

static void rejected_tables(void **state)
{
	struct dfl_filter_error error;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rejected); i++) {
		assert_int_equal(parse(rejected[i].text, &error), -EINVAL);
		assert_string_equal(error.problem, rejected[i].problem);
		assert_int_equal(error.line, rejected[i].line);
		assert_int_equal(error.column, rejected[i].column);
	}
}

static void byte_zero_is_rejected(void **state)
{
	static const char text[] = "0x0+0x8 r\0;0x8+0x8 r";
	struct dfl_filter_error error;

	(void)state;
	assert_int_equal(dfl_filter_parse(&filter, text, sizeof(text) - 1, SIZE,
					  &error), -EINVAL);
	assert_int_equal(error.column, 10);
}

static void long_tables(void **state)
{
	static char text[DFL_FILTER_MAX_TEXT + 1];
	struct dfl_filter_error error;
	size_t used = 0;
	u32 i;

	(void)state;
	for (i = 0; i <= DFL_FILTER_MAX_RANGES; i++)
		used += sprintf(text + used, "0x%x+0x8 rw\n", 16 * i);
	assert_int_equal(dfl_filter_parse(&filter, text, used, SIZE, &error),
			 -EINVAL);
	assert_string_equal(error.problem, "too many ranges");
	assert_int_equal(error.line, DFL_FILTER_MAX_RANGES + 1);
	assert_int_equal(error.column, 1);

	memset(text, ' ', sizeof(text));
	memcpy(text, "0x0+0x8 r", 9);
	assert_int_equal(dfl_filter_parse(&filter, text, sizeof(text), SIZE,
					  &error), -EINVAL);
	assert_string_equal(error.problem, "table is too long");
	assert_int_equal(error.column, DFL_FILTER_MAX_TEXT + 1);
	assert_int_equal(dfl_filter_parse(&filter, text, sizeof(text) - 1, SIZE,
					  &error), 0);
}

static void longest_print_fits(void **state)
{
	struct dfl_filter_range *range;
	u32 i;

	(void)state;
	filter.nr = DFL_FILTER_MAX_RANGES;
	for (i = 0; i < filter.nr; i++) {
		range = &filter.range[i];
		range->first = ~0ULL - 64 + i;
		range->last = range->first - 2;
		range->mask = ~0ULL >> 1 << 4;
		range->fixed = 1ULL << 63;
		range->access = BOTH;
	}
	assert_true(dfl_filter_print(&filter, printed) < sizeof(printed));
}

static void one_range_contains_the_access(void **state)
{
	u64 value = 0x1122334455667788;

	(void)state;
	load("0x8+0x8 r;0x10+0x4 rw;0x14+0x4 rw;0x20+0x8 w");
	assert_true(dfl_filter_reads(&filter, 0x8, 8));
	assert_true(dfl_filter_reads(&filter, 0xc, 4));
	assert_true(dfl_filter_reads(&filter, 0xf, 1));
	assert_false(dfl_filter_reads(&filter, 0xf, 2));
	assert_false(dfl_filter_reads(&filter, 0x0, 8));
	assert_false(dfl_filter_reads(&filter, 0x4, 8));
	assert_false(dfl_filter_reads(&filter, 0x20, 8));
	assert_false(dfl_filter_reads(&filter, 0x18, 4));
	assert_false(dfl_filter_reads(&filter, 0x28, 8));
	assert_false(dfl_filter_reads(&filter, ~0ULL, 1));
	/* two ranges side by side are not one */
	assert_false(dfl_filter_reads(&filter, 0x10, 8));
	assert_true(dfl_filter_reads(&filter, 0x14, 4));
	assert_false(dfl_filter_writes(&filter, 0x8, 8, &value));
	assert_false(dfl_filter_writes(&filter, 0x10, 8, &value));
	assert_true(dfl_filter_writes(&filter, 0x10, 4, &value));
	assert_true(dfl_filter_writes(&filter, 0x24, 4, &value));
	assert_int_equal(value, 0x1122334455667788);
}

static u64 written(u64 off, unsigned int width, u64 value)
{
	assert_true(dfl_filter_writes(&filter, off, width, &value));
	return width == 8 ? value : value & ((1ULL << 8 * width) - 1);
}

static void mask_of_writes(void **state)
{
	(void)state;
	load("0x10+0x8 rw 0x7fffffff0000ffff/0x8000000012340000");
	assert_int_equal(written(0x10, 8, ~0ULL), 0xffffffff1234ffff);
	assert_int_equal(written(0x10, 8, 0), 0x8000000012340000);
	assert_int_equal(written(0x10, 4, 0xabcdef01), 0x1234ef01);
	assert_int_equal(written(0x14, 4, 0), 0x80000000);
	assert_int_equal(written(0x12, 2, 0xffff), 0x1234);
	assert_int_equal(written(0x17, 1, 0x05), 0x85);
	assert_true(dfl_filter_reads(&filter, 0x10, 8));
	load("0x10+0x1 w 0x0");
	assert_int_equal(written(0x10, 1, 0xff), 0);
}

static u64 pages(u32 index, u32 access, u64 *start)
{
	return dfl_filter_pages(&filter, index, access, PAGE, start);
}

static void whole_pages_map(void **state)
{
	u64 start;

	(void)state;
	load("0x0+0x1000 r;0x1008+0x1ff8 rw;0x3000+0xff8 rw;0x3ff8+0x8 rw");
	assert_int_equal(pages(0, DFL_FILTER_READ, &start), PAGE);
	assert_int_equal(start, 0);
	assert_int_equal(pages(0, BOTH, &start), 0);
	assert_int_equal(pages(1, BOTH, &start), PAGE);
	assert_int_equal(start, 0x2000);
	assert_int_equal(pages(2, BOTH, &start), 0);
	assert_int_equal(pages(3, BOTH, &start), 0);

	assert_true(dfl_filter_maps(&filter, 0, PAGE, DFL_FILTER_READ));
	assert_false(dfl_filter_maps(&filter, 0, PAGE, DFL_FILTER_WRITE));
	assert_false(dfl_filter_maps(&filter, 0, 2 * PAGE, DFL_FILTER_READ));
	assert_true(dfl_filter_maps(&filter, 0x2000, PAGE, BOTH));
	assert_false(dfl_filter_maps(&filter, 0x2000, 2 * PAGE, BOTH));
	assert_false(dfl_filter_maps(&filter, 0x3000, PAGE, BOTH));
	assert_false(dfl_filter_maps(&filter, 0x4000, PAGE, DFL_FILTER_READ));
}

static void a_masked_register_does_not_map(void **state)
{
	(void)state;
	load("0x10+0x8 rw 0x1;0x18+0x8 rw");
	assert_false(dfl_filter_maps(&filter, 0x10, 8, BOTH));
	assert_true(dfl_filter_maps(&filter, 0x18, 8, BOTH));
}

static void read_only(void **state)
{
	(void)state;
	load("0x0+0x8 r;0x10+0x8 r");
	assert_true(dfl_filter_is_read_only(&filter));
	load("0x0+0x8 r;0x10+0x8 w 0x0");
	assert_false(dfl_filter_is_read_only(&filter));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted_tables),
		cmocka_unit_test(printed_text_is_a_table),
		cmocka_unit_test(rejected_tables),
		cmocka_unit_test(byte_zero_is_rejected),
		cmocka_unit_test(long_tables),
		cmocka_unit_test(longest_print_fits),
		cmocka_unit_test(one_range_contains_the_access),
		cmocka_unit_test(mask_of_writes),
		cmocka_unit_test(whole_pages_map),
		cmocka_unit_test(a_masked_register_does_not_map),
		cmocka_unit_test(read_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
