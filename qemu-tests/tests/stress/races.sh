#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: races between open, mmap, resets, interrupts, removal, unbind and unload (invariants 6, 9)
# cards: irq4
# kernels:
# more: 6.1 6.12 7.3
# debug: debug kcsan
# iommu: intel
# timeout: 900
#
# SEED; TIME: seconds; RACES: only these. Races with too little time get more.

. /src/qemu-tests/tests/lib.sh

SEED=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
# On the debug kernel a second costs most, and kcsan watches for races
time=36
[ "$KERNEL" != debug ] || time=18
TIME=${TIME:-$time}

export SLOW
dmesg -n err
load_module || bail "no module"
bdf=$(bind_card 0) || bail "the card does not bind"
card_do 0 log-irqs '"on":false' || bail "the card goes on logging interrupts"
tap_note "seed $SEED, $TIME s"
status=0
# shellcheck disable=SC2086 # names of races, if any are given
out=$(/src/build/selftests/race_user "$SEED" "$TIME" "$MODULE" "$bdf" ${RACES-}) ||
	status=$?
tap_note "$out"
tap_figure "$(tail -n 1 <<<"$out"), seed $SEED"
tap_ok "races: each takes place, ends, and leaves a working card" \
	test $status = 0
tap_within "races: number run" \
	"$(sed -n 's/^races \([0-9]*\).*/\1/p' <<<"$out")" 1 12
[ "$(card_stat 0 .bus_master)" = 0 ] || bail "bus master is on"
tap_ok "card: unbinds" unbind_bdf "$bdf"
tap_ok "module: unloads" unload_module
