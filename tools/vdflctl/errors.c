// SPDX-License-Identifier: GPL-2.0-only
/* Error words of FMEs and ports in plain text */

#include <string.h>

#include "dfl/regs.h"
#include "vdflctl.h"

#define LINE_LEN	4096	/* 64 errors, twice */

/**
 * struct error_bit - one bit of an error word
 * @bit: its number
 * @text: the error
 */
struct error_bit {
	unsigned int bit;
	const char *text;
};

/* Protocol checker of OFS shells; all other bits are no errors */
static const struct error_bit checker_bits[] = {
	{ 0, "invalid signalling" },
	{ 1, "write with too little data" },
	{ 2, "write with too much data" },
	{ 3, "MMIO response with too little data" },
	{ 4, "MMIO response with too much data" },
	{ 5, "MMIO read during reset" },
	{ 6, "MMIO write during reset" },
	{ 7, "MMIO timeout" },
	{ 8, "unexpected MMIO response" },
	{ 9, "tag in use" },
	{ 10, "unaligned address" },
	{ 11, "tag out of range" },
	{ 12, "read request too long" },
	{ 13, "write payload too long" },
	{ 14, "malformed TLP" },
	{ 15, "too many requests" },
	{ 17, "access during a function reset" },
	{ 0 }
};

/* Ports with a CCI-P interface */
static const struct error_bit port_bits[] = {
	{ 0, "read channel overflow" },
	{ 1, "read request invalid" },
	{ 2, "read length not supported" },
	{ 3, "read of 2 lines unaligned" },
	{ 4, "read of 4 lines unaligned" },
	{ 9, "MMIO read during reset" },
	{ 10, "MMIO write during reset" },
	{ 16, "write request invalid" },
	{ 17, "write length not supported" },
	{ 18, "write of 2 lines unaligned" },
	{ 19, "write of 4 lines unaligned" },
	{ 20, "write with too little data" },
	{ 21, "write with too much data" },
	{ 22, "write address wrong" },
	{ 23, "start of packet unexpected" },
	{ 24, "start of packet missing" },
	{ 25, "atomic request on a wrong channel" },
	{ 32, "MMIO timeout" },
	{ 33, "MMIO response overflow" },
	{ 34, "unexpected MMIO response" },
	{ 40, "too many requests" },
	{ 41, "access to SMM memory" },
	{ 42, "access to second SMM memory" },
	{ 43, "access to ME memory" },
	{ 44, "access to protected memory" },
	{ 45, "access to legacy memory, low" },
	{ 46, "access to legacy memory, high" },
	{ 47, "access to VGA memory" },
	{ 48, "page fault" },
	{ 49, "access to DMA-protected memory" },
	{ 50, "thermal or power trip (AP6)" },
	{ 51, "VF reset while owned by the PF" },
	{ 0 }
};

static const struct error_bit fme_bits[] = {
	{ 0, "fabric error" },
	{ 1, "fabric FIFO error" },
	{ 2, "coherent link parity, first" },
	{ 3, "coherent link parity, second" },
	{ 4, "IOMMU parity" },
	{ 5, "access to an AFU of the other function type" },
	{ 6, "board event" },
	{ 0 }
};

static const struct error_bit pcie_bits[] = {
	{ 0, "TLP format" },
	{ 1, "write address" },
	{ 2, "write length" },
	{ 3, "read address" },
	{ 4, "read length" },
	{ 5, "completion tag" },
	{ 6, "completion status" },
	{ 7, "completion timeout" },
	{ 8, "bridge parity" },
	{ 9, "poisoned TLP" },
	{ 0 }
};

static const struct error_bit nonfatal_bits[] = {
	{ 0, "temperature threshold 1" },
	{ 1, "temperature threshold 2" },
	{ 2, "PCIe error" },
	{ 3, "port error" },
	{ 4, "processor hot" },
	{ 5, "access to an AFU of the other function type" },
	{ 6, "injected" },
	{ 9, "temperature trip" },
	{ 10, "power threshold 1" },
	{ 11, "power threshold 2" },
	{ 12, "board event" },
	{ 0 }
};

static const struct error_bit catfatal_bits[] = {
	{ 0, "coherent link layer" },
	{ 1, "cache tag" },
	{ 2, "cache interface" },
	{ 3, "coherent protocol" },
	{ 4, "DRAM" },
	{ 5, "IOMMU parity" },
	{ 6, "fabric" },
	{ 7, "poisoned TLP" },
	{ 8, "injected" },
	{ 9, "CRC" },
	{ 10, "temperature runaway" },
	{ 11, "injected, catastrophic" },
	{ 0 }
};

static const char *bit_text(const struct error_bit *table, unsigned int bit)
{
	for (; table->text; table++)
		if (table->bit == bit)
			return table->text;
	return NULL;
}

/*
 * Append the names of the set bits to @line. The error words of a protocol
 * checker also contain the number of a function, which is no error.
 */
static bool append_bits(char *line, size_t size, const struct error_bit *table,
			__u64 word)
{
	bool only_known = table == checker_bits;
	size_t used = strlen(line);
	const char *text;
	unsigned int bit;
	bool any = false;

	for (bit = 0; bit < 64 && used < size; bit++) {
		if (!(word & BIT_ULL(bit)))
			continue;
		text = bit_text(table, bit);
		if (!text && only_known)
			continue;
		used += snprintf(line + used, size - used, any ? ", " : "");
		if (used >= size)
			break;
		used += text ? snprintf(line + used, size - used, "%s", text) :
			       snprintf(line + used, size - used, "bit %u", bit);
		any = true;
	}
	return any;
}

static bool several(const struct error_bit *table, __u64 word)
{
	unsigned int bit, known = 0;

	for (bit = 0; bit < 64; bit++)
		known += word & BIT_ULL(bit) && bit_text(table, bit);
	return known > 1;
}

static bool is_checker(const struct block *block)
{
	return block->revision != ABSENT &&
	       block->revision >= DFL_PORT_ERR_REV_CHECKER;
}

/* The error that stopped the AFUs, if others followed */
static void append_first(char *line, size_t size,
			 const struct error_bit *table, const struct block *block)
{
	char first[LINE_LEN] = "; first: ";
	__u64 errors, word;

	if (!parse_number(block->errors, &errors) || !several(table, errors) ||
	    !parse_number(block->first_error, &word) ||
	    !append_bits(first, sizeof(first), table, word))
		return;
	text_set(line + strlen(line), size - strlen(line), "%s", first);
}

static bool port_line(char *line, size_t size, const struct block *block,
		      __u64 port)
{
	const struct error_bit *table = is_checker(block) ? checker_bits :
							    port_bits;
	__u64 word;

	text_set(line, size, "port %llu: %s: ", port, is_checker(block) ?
		 "AFU stopped the card" : "AFU error");
	if (!parse_number(block->errors, &word) ||
	    !append_bits(line, size, table, word))
		return false;
	append_first(line, size, table, block);
	return true;
}

static bool fme_line(char *line, size_t size, const char *what,
		     const struct error_bit *table, const char *text)
{
	__u64 word;

	text_set(line, size, "FME: %s: ", what);
	return parse_number(text, &word) &&
	       append_bits(line, size, table, word);
}

static void add_line(struct names *lines, const char *line)
{
	lines->name[lines->count] = strdup(line);
	if (lines->name[lines->count])
		lines->count++;
}

static void add_fme(struct names *lines, const struct block *block)
{
	char line[LINE_LEN];

	if (fme_line(line, sizeof(line), "error", fme_bits, block->errors))
		add_line(lines, line);
	if (fme_line(line, sizeof(line), "PCIe", pcie_bits,
		     block->pcie_errors))
		add_line(lines, line);
	if (fme_line(line, sizeof(line), "non-fatal", nonfatal_bits,
		     block->nonfatal_errors))
		add_line(lines, line);
	if (fme_line(line, sizeof(line), "fatal", catfatal_bits,
		     block->catfatal_errors))
		add_line(lines, line);
}

void errors_lines(struct names *lines, const struct card *card)
{
	const struct block *block, *parent;
	char line[LINE_LEN];
	size_t i;

	*lines = (struct names){ 0 };
	/* an FME has four error words */
	lines->name = calloc(4 * card->nr_blocks + 1, sizeof(*lines->name));
	if (!lines->name)
		return;
	for (i = 0; i < card->nr_blocks; i++) {
		block = &card->blocks[i];
		parent = block->errors[0] ? card_block(card, block->parent) :
					    NULL;
		if (!parent)
			continue;
		if (strcmp(parent->kind, "port"))
			add_fme(lines, block);
		else if (port_line(line, sizeof(line), block, parent->port))
			add_line(lines, line);
	}
}

json_t *errors_json(const struct card *card)
{
	json_t *json = json_array();
	struct names lines;
	size_t i;

	errors_lines(&lines, card);
	for (i = 0; i < lines.count; i++)
		json_array_append_new(json, json_string(lines.name[i]));
	names_free(&lines);
	return json;
}

bool errors_stopped(const struct card *card, __u64 *port)
{
	const struct block *block, *parent;
	char line[LINE_LEN];
	size_t i;

	for (i = 0; i < card->nr_blocks; i++) {
		block = &card->blocks[i];
		parent = block->errors[0] ? card_block(card, block->parent) :
					    NULL;
		if (!parent || strcmp(parent->kind, "port") ||
		    !is_checker(block) ||
		    !port_line(line, sizeof(line), block, parent->port))
			continue;
		*port = parent->port;
		return true;
	}
	return false;
}
