// SPDX-License-Identifier: GPL-2.0-only
/* The policy table row by row, type names, and the administrator's list. */
#include "cmocka_env.h"
#include "dfl/policy.h"

static struct dfl_map map;

/* Header 1 of the map; @list is the administrator's. */
static struct dfl_decision decide_view(enum dfl_view view, const char *list)
{
	struct dfl_decision decision;

	memset(&decision, 'x', sizeof(decision));
	dfl_policy_decide(&map, 1, view, list, &decision);
	return decision;
}

static struct dfl_decision decide(const char *list)
{
	return decide_view(DFL_VIEW_OWN, list);
}

/* One feature of @id below @parent; header 0 is the FIU, 1 the feature. */
static const struct dfl_rule *rule_of(enum dfl_kind parent, enum dfl_kind kind,
				      u8 version, u16 id)
{
	map.nr_headers = 2;
	map.header[0].kind = parent;
	map.header[0].parent = DFL_NO_PARENT;
	map.header[1].kind = kind;
	map.header[1].parent = 0;
	map.header[1].version = version;
	map.header[1].id = id;
	return decide(NULL).rule;
}

static const struct dfl_rule *fme(u16 id)
{
	return rule_of(DFL_KIND_FME, DFL_KIND_PRIVATE, 0, id);
}

static const struct dfl_rule *port(u16 id)
{
	return rule_of(DFL_KIND_PORT, DFL_KIND_PRIVATE, 0, id);
}

static void set_guid(u64 guid_h, u64 guid_l)
{
	map.header[1].guid_h = guid_h;
	map.header[1].guid_l = guid_l;
}

/* A version 1 feature of the type "vendor-12345678" */
static const struct dfl_rule *vendor(void)
{
	set_guid(0x1234567800000000, 1);
	return rule_of(DFL_KIND_FME, DFL_KIND_PRIVATE, 1, 0x23);
}

static const struct dfl_rule *uart(void)
{
	set_guid(0x9e6641a6ca26cc04, 0xe1df0d4ace8e486c);
	return rule_of(DFL_KIND_FME, DFL_KIND_PRIVATE, 1, 0x24);
}

static void expect_name(const char *name)
{
	assert_string_equal(decide(NULL).type, name);
}

static void expect_opted_in(const char *list)
{
	assert_int_equal(decide(list).reason, DFL_OK);
}

static void expect_not_opted_in(const char *list)
{
	assert_int_equal(decide(list).reason, DFL_REASON_OPT_IN);
}

static int reset(void **state)
{
	(void)state;
	memset(&map, 0, sizeof(map));
	return 0;
}

static void never_below_fme(void **state)
{
	static const u16 ids[] = {
		0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
		0x0a, 0x0b, 0x0d, 0x0e, 0x0f, 0x11, 0x12, 0x14, 0x20, 0x24,
		0x25, 0x26,
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		assert_int_equal(fme(ids[i])->class, DFL_CLASS_NEVER);
		assert_int_equal(rule_of(DFL_KIND_FME, DFL_KIND_PRIVATE, 1,
					 ids[i])->class, DFL_CLASS_NEVER);
	}
}

static void never_below_port(void **state)
{
	(void)state;
	assert_int_equal(port(0x10)->class, DFL_CLASS_NEVER);
	assert_int_equal(port(0x11)->class, DFL_CLASS_NEVER);
	assert_int_equal(port(0x12)->class, DFL_CLASS_NEVER);
}

static void never_interface_units(void **state)
{
	static const enum dfl_kind kinds[] = {
		DFL_KIND_FME, DFL_KIND_PORT, DFL_KIND_OPAQUE,
	};
	unsigned int i;
	u16 id;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		for (id = 0; id < 0x40; id++)
			assert_int_equal(rule_of(DFL_KIND_FME, kinds[i], 0,
						 id)->class, DFL_CLASS_NEVER);
	/* a block without an interface unit is never assigned, except an AFU */
	for (id = 0; id < 0x40; id++) {
		port(id);
		map.header[1].parent = DFL_NO_PARENT;
		assert_int_equal(decide(NULL).rule->class,
				 DFL_CLASS_NEVER);
	}
	/* a block below an unknown unit is never assigned */
	assert_int_equal(rule_of(DFL_KIND_OPAQUE, DFL_KIND_PRIVATE, 0,
				 0x10)->class, DFL_CLASS_NEVER);
}

static void assignable_below_fme(void **state)
{
	static const struct {
		u16 id;
		enum dfl_class class;
		const char *name;
	} rows[] = {
		{ 0x10, DFL_CLASS_YES, "eth-group" },
		{ 0x15, DFL_CLASS_YES, "hssi" },
		{ 0x13, DFL_CLASS_OPT_IN, "qsfp" },
		{ 0x22, DFL_CLASS_OPT_IN, "tod" },
		{ 0x1f, DFL_CLASS_YES, "n5010-hssi" },
		{ 0x21, DFL_CLASS_YES, "n5010-mac" },
		{ 0x23, DFL_CLASS_OPT_IN, "fme-23" },
		{ 0x27, DFL_CLASS_OPT_IN, "fme-27" },
		{ 0x7a, DFL_CLASS_OPT_IN, "fme-7a" },
		{ 0x100, DFL_CLASS_OPT_IN, "fme-100" },
		{ 0xfff, DFL_CLASS_OPT_IN, "fme-fff" },
		{ 0xfe, DFL_CLASS_OPT_IN, "fme-fe" },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct dfl_rule *rule = fme(rows[i].id);

		assert_int_equal(rule->class, rows[i].class);
		assert_int_equal(rule->max_size, 0x1000);
		assert_int_equal(rule->flags & (DFL_RULE_NARROW | DFL_RULE_CSR),
				 0);
		expect_name(rows[i].name);
	}
}

static void assignable_below_port(void **state)
{
	static const struct {
		u16 id;
		const char *name;
		u32 flags;
	} rows[] = {
		{ 0x13, "stp", 0 },
		{ 0x14, "userclk", DFL_RULE_TRAP | DFL_RULE_WRITE_8 },
		{ 0x22, "port-22", 0 }, { 0x0, "port-0", 0 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct dfl_rule *rule = port(rows[i].id);

		assert_int_equal(rule->class, DFL_CLASS_OPT_IN);
		assert_int_equal(rule->max_size, 0x1000);
		assert_int_equal(rule->flags &
				 (DFL_RULE_TRAP | DFL_RULE_WRITE_8),
				 rows[i].flags);
		assert_int_equal(rule->flags & DFL_RULE_NARROW, 0);
		expect_name(rows[i].name);
	}
}

static void id_needs_its_parent(void **state)
{
	(void)state;
	/* 0x10: Ethernet group or port errors; 0x14: ST2MM or user clock */
	assert_int_equal(fme(0x10)->class, DFL_CLASS_YES);
	assert_int_equal(port(0x10)->class, DFL_CLASS_NEVER);
	assert_int_equal(fme(0x14)->class, DFL_CLASS_NEVER);
	assert_int_equal(port(0x14)->class, DFL_CLASS_OPT_IN);
}

static void afu_policy(void **state)
{
	const struct dfl_rule *rule;

	(void)state;
	rule = rule_of(DFL_KIND_PORT, DFL_KIND_AFU, 0, 0);
	set_guid(0xd8424dc4a4a3c413, 0xf89e433683f9040b);
	assert_int_equal(rule->class, DFL_CLASS_YES);
	assert_true(rule->flags & DFL_RULE_BY_GUID);
	assert_true(rule->max_size >= 1ULL << 32);
	expect_name("afu-d8424dc4");

	/* the id field of an AFU is free for other uses */
	assert_ptr_equal(rule_of(DFL_KIND_PORT, DFL_KIND_AFU, 1, 0x765), rule);
	/* stands alone on functions without ports */
	map.header[1].parent = DFL_NO_PARENT;
	assert_ptr_equal(decide(NULL).rule, rule);
	/* leading zeros belong to the name */
	set_guid(0x000000ab00000000, 1);
	expect_name("afu-000000ab");
}

static void uart_policy(void **state)
{
	const struct dfl_rule *rule;

	(void)state;
	rule = uart();
	assert_int_equal(rule->class, DFL_CLASS_OPT_IN);
	assert_int_equal(rule->flags, DFL_RULE_TRAP | DFL_RULE_NARROW |
			 DFL_RULE_CSR_SHIFTED);
	assert_int_equal(rule->max_size, 0x1000);
	expect_name("uart");

	set_guid(0x9e6641a6ca26cc04, 0xe1df0d4ace8e486d);
	rule = rule_of(DFL_KIND_FME, DFL_KIND_PRIVATE, 1, 0x24);
	assert_int_equal(rule->class, DFL_CLASS_NEVER);
	set_guid(0x9e6641a6ca26cc05, 0xe1df0d4ace8e486c);
	rule = rule_of(DFL_KIND_FME, DFL_KIND_PRIVATE, 1, 0x24);
	assert_int_equal(rule->class, DFL_CLASS_NEVER);
}

static void vendor_policy(void **state)
{
	const struct dfl_rule *rule;

	(void)state;
	rule = vendor();
	assert_int_equal(rule->class, DFL_CLASS_OPT_IN);
	assert_int_equal(rule->flags, DFL_RULE_BY_GUID);
	expect_name("vendor-12345678");
}

static void opt_in_list(void **state)
{
	(void)state;
	fme(0x22);
	expect_not_opted_in(NULL);
	expect_not_opted_in("");
	expect_not_opted_in(",,");
	expect_opted_in("tod");
	expect_opted_in("tod\n");
	expect_opted_in("uart,tod");
	expect_opted_in("tod,uart");
	expect_opted_in("uart,tod,qsfp");
	/* whole words only, and no wildcards */
	expect_not_opted_in("to");
	expect_not_opted_in("todo");
	expect_not_opted_in("atod");
	expect_not_opted_in("tod ");
	expect_not_opted_in("all-opt-in");
	expect_not_opted_in("*");
	/* no encoding can be named for this type */
	expect_not_opted_in("tod@plain");
}

static void opt_in_needs_full_name(void **state)
{
	(void)state;
	fme(0x7a);
	expect_opted_in("fme-7a");
	expect_not_opted_in("fme");
	expect_not_opted_in("fme-7");

	fme(0x100);
	expect_opted_in("fme-100");
	expect_not_opted_in("fme-0");
	expect_not_opted_in("fme-1000");

	vendor();
	expect_opted_in("vendor-12345678");
	expect_not_opted_in("vendor");
	expect_not_opted_in("vendor-12345679");
}

/* The first reason that applies is reported, whatever the list contains. */
static void reasons(void **state)
{
	(void)state;
	fme(0x10);
	assert_int_equal(decide(NULL).reason, DFL_OK);
	fme(0x05);
	assert_int_equal(decide("fme-5").reason, DFL_REASON_POLICY);

	vendor();
	set_guid(0, 0);
	assert_int_equal(decide("vendor-00000000").reason, DFL_REASON_GUID);
	assert_int_equal(decide(NULL).reason, DFL_REASON_GUID);
	set_guid(~0ULL, ~0ULL);
	assert_int_equal(decide("vendor-ffffffff").reason, DFL_REASON_GUID);
	set_guid(0, 1);
	assert_int_equal(decide("vendor-00000000").reason, DFL_OK);
	/* a type without GUID in its name needs no GUID */
	fme(0x22);
	set_guid(0, 0);
	expect_opted_in("tod");

	map.header[1].reason = DFL_REASON_TRUNCATED;
	assert_int_equal(decide("tod").reason, DFL_REASON_TRUNCATED);
	fme(0x05);
	assert_int_equal(decide("tod").reason, DFL_REASON_TRUNCATED);
}

static void csr_encoding(void **state)
{
	static const struct {
		const char *list;
		bool opted_in;
		u32 csr;
	} rows[] = {
		{ NULL, false, 0 },
		{ "vendor-12345678", true, 0 },
		{ "vendor-12345678@plain", true, DFL_RULE_CSR_PLAIN },
		{ "vendor-12345678@shifted", true, DFL_RULE_CSR_SHIFTED },
		{ "uart,vendor-12345678@plain,tod", true, DFL_RULE_CSR_PLAIN },
		{ "vendor-12345678,vendor-12345678@plain", true,
		  DFL_RULE_CSR_PLAIN },
		/* contradicting entries leave the encoding unknown */
		{ "vendor-12345678@plain,vendor-12345678@shifted", true, 0 },
		{ "vendor-12345679@plain,vendor-12345678", true, 0 },
		{ "vendor-12345678@", false, 0 },
		{ "vendor-12345678@plai", false, 0 },
		{ "vendor-12345678@plain ", false, 0 },
		{ "vendor-12345678@plain@shifted", false, 0 },
		{ "vendor@plain", false, 0 },
		{ "@plain", false, 0 },
	};
	unsigned int i;

	(void)state;
	vendor();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(decide(rows[i].list).reason,
				 rows[i].opted_in ? DFL_OK : DFL_REASON_OPT_IN);
		assert_int_equal(decide(rows[i].list).csr, rows[i].csr);
	}
	/* the list cannot change the encoding of the table */
	uart();
	assert_int_equal(decide("uart@plain").csr, DFL_RULE_CSR_SHIFTED);
	expect_not_opted_in("uart@plain");
}

/* The rows whose registers are known to be safe to read, written out */
static void read_only_rows(void **state)
{
	static const struct {
		u16 id;
		u64 size;
		const char *name;
	} rows[] = {
		{ 0x01, 0x28, "thermal-ro" },
		{ 0x02, 0x28, "power-ro" },
		{ 0x03, 0x58, "iperf-ro" },
		{ 0x04, 0x78, "fme-error-ro" },
		{ 0x07, 0x50, "dperf-ro" },
		{ 0x09, 0x18, "emif-ro" },
		{ 0x15, 0x100, "hssi-ro" },
		{ 0x22, 0x1000, "tod-ro" },
	};
	unsigned int i, nr = 0;
	u16 id;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct dfl_rule *rule = fme(rows[i].id);
		struct dfl_decision d = decide_view(DFL_VIEW_READ, NULL);

		assert_int_equal(rule->read_size, rows[i].size);
		assert_true(rule->read_size <= rule->max_size);
		assert_int_equal(d.reason, DFL_REASON_OPT_IN);
		assert_string_equal(d.type, rows[i].name);
		d = decide_view(DFL_VIEW_READ, rows[i].name);
		assert_int_equal(d.reason, DFL_OK);
		/* registers of version 1 are elsewhere */
		map.header[1].version = 1;
		d = decide_view(DFL_VIEW_READ, rows[i].name);
		assert_int_equal(d.reason, DFL_REASON_POLICY);
	}
	for (id = 0; id < 0x1000; id++) {
		nr += !!fme(id)->read_size;
		assert_int_equal(port(id)->read_size, 0);
	}
	assert_int_equal(nr, ARRAY_SIZE(rows));
	assert_int_equal(rule_of(DFL_KIND_PORT, DFL_KIND_AFU, 0, 0)->read_size,
			 0);
}

/* Each view needs its own entry. */
static void read_only_opt_in(void **state)
{
	(void)state;
	fme(0x22);
	assert_int_equal(decide_view(DFL_VIEW_READ, "tod").reason,
			 DFL_REASON_OPT_IN);
	assert_int_equal(decide_view(DFL_VIEW_READ, "tod-r,tod-rox,ro").reason,
			 DFL_REASON_OPT_IN);
	assert_int_equal(decide_view(DFL_VIEW_READ, "hssi,tod-ro").reason,
			 DFL_OK);
	expect_not_opted_in("tod-ro");
	expect_opted_in("tod-ro,tod");
	/* Naming a feature of class never does not assign it */
	fme(0x09);
	assert_int_equal(decide("emif-ro,emif,fme-9").reason,
			 DFL_REASON_POLICY);
	fme(0x13);
	assert_int_equal(decide_view(DFL_VIEW_READ, "qsfp-ro,qsfp").reason,
			 DFL_REASON_POLICY);
	/* the reason of the walk comes first */
	fme(0x22);
	map.header[1].reason = DFL_REASON_TRUNCATED;
	assert_int_equal(decide_view(DFL_VIEW_READ, "tod-ro").reason,
			 DFL_REASON_TRUNCATED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(never_below_fme, reset),
		cmocka_unit_test_setup(never_below_port, reset),
		cmocka_unit_test_setup(never_interface_units, reset),
		cmocka_unit_test_setup(assignable_below_fme, reset),
		cmocka_unit_test_setup(assignable_below_port, reset),
		cmocka_unit_test_setup(id_needs_its_parent, reset),
		cmocka_unit_test_setup(afu_policy, reset),
		cmocka_unit_test_setup(uart_policy, reset),
		cmocka_unit_test_setup(vendor_policy, reset),
		cmocka_unit_test_setup(opt_in_list, reset),
		cmocka_unit_test_setup(opt_in_needs_full_name, reset),
		cmocka_unit_test_setup(reasons, reset),
		cmocka_unit_test_setup(csr_encoding, reset),
		cmocka_unit_test_setup(read_only_rows, reset),
		cmocka_unit_test_setup(read_only_opt_in, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
