#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: hundreds of hostile cards, made from seeds, are bound, used and unbound (invariants 1, 3, 5, 8, 9)
# cards: hostile hostile-small hostile-poll
# kernels: 7.3
# more: 6.1 6.12
# debug: debug
# timeout: 900
#
# HOSTILE_SEED: first seed; HOSTILE_COUNT: number of cards; HOSTILE_CASE: the only
# case; for an unknown case the scenario prints the list of cases and fails.

. /src/qemu-tests/tests/lib.sh

FIRST=${HOSTILE_SEED:-1}
COUNT=${HOSTILE_COUNT:-$((SLOW > 1 ? 40 : 400))}

# figure NAME: value from the last line of the program
figure()
{
	sed -n "s/.*\<$1 \([0-9]*\).*/\1/p" <<<"$line"
}

if [ -n "${HOSTILE_CASE-}" ]; then
	cases=$(card_ctl 0 '{"op":"hostile","list":true}' | jq -r '.cases[]') ||
		bail "the card does not list its cases"
	grep -qxF -e "$HOSTILE_CASE" <<<"$cases" ||
		bail "no case $HOSTILE_CASE, but: ${cases//$'\n'/ }"
fi

# Printing a kernel message on the serial console takes longer than a bind
dmesg -n err
load_module "opt_in=uart,tod,qsfp,fme-7a,vendor-5a3c1e90@plain,vendor-00001234" ||
	bail "no module"
status=0
start=$(now_ms)
line=$(SLOW=$SLOW /src/build/selftests/hostile_user "$FIRST" "$COUNT" \
	"${CARDS[@]}") || status=$?
tap_figure "cards: $line"
tap_figure "seeds $FIRST to $((FIRST + COUNT - 1)), $(($(now_ms) - start)) ms"
tap_ok "hostile cards: every check passes for each card" test "$status" = 0
# A use has three resets, each of which takes 2 s at most
tap_timed "hostile cards: ms of the slowest use" "$(figure slowest-use-ms)" 0 $((8000 * SLOW))
tap_timed "hostile cards: ms of the slowest unbind" "$(figure slowest-unbind-ms)" \
	0 $((3000 * SLOW))
tap_is "hostile cards: number tried" "$(figure tried)" "$COUNT"
if [ "$COUNT" -ge 400 ]; then
	tap_within "hostile cards: number bound" \
		"$(figure bound)" $((COUNT / 2)) "$COUNT"
	tap_within "hostile cards: number refused" \
		"$(figure refused)" $((COUNT / 50)) "$COUNT"
	tap_within "hostile cards: number of blocks checked" \
		"$(figure blocks)" $((COUNT * 4)) 1000000
	tap_within "hostile cards: number turned-away" \
		"$(figure turned-away)" 1 1000000
	for what in given withheld created opened mapped armed reset; do
		tap_within "hostile cards: number $what" \
			"$(figure $what)" 10 1000000
	done
fi
for n in "${!CARDS[@]}"; do
	tap_is "card $n: bus master was never on" \
		"$(card_stat "$n" .bus_master_on_count)" 0
done
tap_ok "module: unloads" unload_module
