#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: a card that vanishes at any step, or under any user, costs nobody more than 2 s (invariant 9)
# cards: vanish irq4
# kernels: 7.3
# more: 6.1 6.12
# timeout: 500

. /src/qemu-tests/tests/lib.sh

VANISH=/src/build/selftests/vanish_user
STRIDE=${STRIDE:-$((SLOW > 1 ? 13 : 1))}

export SLOW
dmesg -n err
load_module || bail "no module"

# --- at every step ------------------------------------------------------------

bdf=$(card_bdf 0)
for source in intx poll; do
	status=0
	line=$("$VANISH" "$bdf" $source "$STRIDE") || status=$?
	tap_figure "$source: vanished before each access of: $line"
	tap_ok "$source: a card that vanishes at a step can be used again" \
		test $status = 0
	tap_within "$source: steps" \
		"$(sed -n 's/.*in-all \([0-9]*\).*/\1/p' <<<"$line")" $((100 / STRIDE)) 10000
done
tap_is "bus master was never on" "$(card_stat 0 .bus_master_on_count)" 0

# --- under its users ----------------------------------------------------------------

bdf=$(card_bdf 1)
log_mark
status=0
line=$("$VANISH" "$bdf" users 1) || status=$?
tap_figure "four users of a card that vanishes: $line"
tap_ok "users end, or can be killed" test $status = 0
tap_is "one line says so" "$(log_new "$DRIVER $bdf: " |
	sed 's/.*: //; /^Registered$/d')" "it no longer answers"
tap_ok "the card can be unbound" unbind_bdf "$bdf"
card_do 1 return || bail "the card cannot return"
tap_ok "when it is back it binds" bind_bdf "$bdf"
uuid=$(create_mdev "$bdf" afu-d8424dc4)
tenant_start again "$uuid"
tap_is "and works" "$(tenant again read 0x48 8)" 0x1122334455667788
tenant_end again
tap_ok "the module unloads" unload_module
