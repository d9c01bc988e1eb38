// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any writes to the config space: read-only bits never change, only the bytes
 * that were written change, and the effects are returned exactly.
 *
 * Input: 4 bytes that make the instance, then writes: offset, length (both 16
 * bits), and that many bytes of data.
 */
#include "fuzz.h"
#include "dfl/vconfig.h"

#define DEVCTL_HIGH		0x49

static struct vconfig cfg, before, fresh;

static void check_write(u32 off, const u8 *data, u32 len, bool flr)
{
	u32 effects, i;
	bool covers;
	u8 back[VCONFIG_SIZE];

	before = cfg;
	effects = vconfig_write(&cfg, off, data, len);

	for (i = 0; i < VCONFIG_STORED; i++) {
		bool written = i >= off && i - off < len;

		HOLDS(cfg.writable[i] == fresh.writable[i]);
		HOLDS(!((cfg.value[i] ^ fresh.value[i]) & ~cfg.writable[i]));
		HOLDS(written || cfg.value[i] == before.value[i]);
		HOLDS(!written || !((cfg.value[i] ^ data[i - off]) &
				    cfg.writable[i]));
	}
	HOLDS(!(effects & VCONFIG_MEMORY_ON) ==
	      !(!vconfig_memory_on(&before) && vconfig_memory_on(&cfg)));
	HOLDS(!(effects & VCONFIG_MEMORY_OFF) ==
	      !(vconfig_memory_on(&before) && !vconfig_memory_on(&cfg)));
	covers = off <= DEVCTL_HIGH && DEVCTL_HIGH - off < len;
	HOLDS(!(effects & VCONFIG_FLR) ==
	      !(flr && covers && data[DEVCTL_HIGH - off] & 0x80));

	vconfig_read(&cfg, off, back, len);
	for (i = 0; i < len; i++)
		HOLDS(back[i] == (off + i < VCONFIG_STORED ?
				  cfg.value[off + i] : 0));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct vconfig_desc desc = {
		.vendor = 0x8086, .device = 0xbcce, .class = 0x120000,
	};
	u16 at[2];

	if (size < 4)
		return 0;
	desc.bar0_size = 0x1000ULL << data[0] % 40;
	desc.prefetch = data[1] & 1;
	desc.bar2_size = data[1] & 4 ? desc.bar0_size * 2 : 0;
	desc.flr = data[1] & 2;
	desc.nr_vectors = data[2] % 65;
	vconfig_init(&cfg, &desc);
	fresh = cfg;
	HOLDS(vconfig_memory_on(&cfg));

	for (data += 4, size -= 4; size >= sizeof(at);) {
		u32 off, len;

		memcpy(at, data, sizeof(at));
		data += sizeof(at);
		size -= sizeof(at);
		off = at[0] % VCONFIG_SIZE;
		len = min_t(u32, at[1], VCONFIG_SIZE - off);
		len = min_t(u32, len, size);
		check_write(off, data, len, desc.flr);
		data += len;
		size -= len;
	}
	return 0;
}
