#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: large windows are mapped by the largest page that fits, no page covers anything else, and splits, moves and revocation include each page (invariants 4, 9)
# cards: large-odd large
# kernels: 6.1 7.3
# more: 6.12 6.12-rt
# debug: debug
# timeout: 900

. /src/qemu-tests/tests/lib.sh

load_module release_grace_ms=0 || bail "module cannot be loaded"
odd=$(bind_card 0) || bail "card large-odd cannot be bound"
gib=$(bind_card 1) || bail "card large cannot be bound"
tap_is "window of 1 GiB: the whole window can be mapped" \
	"$(card_attr "$gib" blocks/b0-o0/mappable)" 0x40000000
tap_is "window at an odd place: the whole window can be mapped" \
	"$(card_attr "$odd" blocks/b2-o140000/mappable)" 0x560000

# The same condition as vfio-pci
if /src/qemu-tests/lib/kernel-has ARCH_SUPPORTS_HUGE_PFNMAP; then
	export VDFL_LARGE=1
	tap_note "this kernel maps large pages"
fi
# run_fixture BDF FIXTURE
run_fixture()
{
	tap_ok "large_user, fixture $2: passes" run_selftest none \
		env "VDFL_CARD=$1" /src/build/selftests/large_user -f "$2"
}
run_fixture "$odd" odd
run_fixture "$gib" gib
tap_is "kernel log: no page table is corrupt" "$(log_count 'bad p[um]d')" 0
tap_is "card: bus master was never on" "$(card_stat 0 .bus_master_on_count)" 0
tap_ok "card large-odd: unbinds" unbind_bdf "$odd"
tap_ok "card large: unbinds" unbind_bdf "$gib"
tap_ok "module: unloads" unload_module
