#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: 180,000 interrupts for four clients that arm and disarm at random: none lost, none delivered to another client (invariant 6)
# cards: irq4
# kernels: 7.3
# iommu: intel
# idle: yes
# timeout: 900
#
# SEED; POLL, INTX, MSIX: number of interrupts of each source.

. /src/qemu-tests/tests/lib.sh

STRESS=/src/build/selftests/irq_stress_user

load_module || bail "no module"
seed_random
bdf=$(bind_card 0) || bail "the card does not bind"
uuids=()
for _ in 0 1 2 3; do
	uuids+=("$(create_mdev "$bdf" afu-d8424dc4)") || bail "no instance"
done
card_do 0 log-irqs '"on":false' || bail "the card goes on logging interrupts"

# count NAME: value from the last line of the program
count()
{
	sed -n "s/.*\<$1 \([0-9]*\).*/\1/p" <<<"$line"
}

# stress SOURCE CAUSES
stress()
{
	local before after line status=0 seed=$RANDOM

	echo "$1" >"$PCI/$bdf/dfl/irq_source" || bail "no source $1"
	before=$(card_stat 0 .irq_raised)
	line=$("$STRESS" "$seed" "$2" "${uuids[@]}") || status=$?
	after=$(card_stat 0 .irq_raised)
	tap_figure "$1: $line"
	tap_ok "$1: every check of the clients passes" test "$status" = 0
	tap_within "$1: number of interrupts raised by the card" \
		$((after - before)) \
		"$2" $(($2 + 64))
	tap_is "$1: the card and the clients count the same number" \
		"$(count raised)" \
		$((after - before))
	tap_is "$1: number of lost interrupts of armed vectors" \
		"$(count lost)" 0
	tap_is "$1: number of signals to disarmed vectors" \
		"$(count after-disarm)" 0
	tap_is "$1: number of signals after close" "$(count after-close)" 0
	if [ "$1" = intx ]; then
		tap_within "$1: number of signals for other clients, shared pin" \
			"$(count of-others)" 1 1000000000
	else
		tap_is "$1: number of signals to another client" \
			"$(count of-others)" 0
	fi
	for what in armed disarmed disabled closed listened; do
		tap_within "$1: number of $what" "$(count $what)" 10 1000000
	done
	tap_within "$1: number of interrupts with an armed vector" \
		"$(count heard)" \
		$(($2 / 2)) "$(($2 + 64))"
	total=$((total + after - before))
}

total=0
begun=$(now_ms)
POLL=${POLL:-60000} INTX=${INTX:-60000} MSIX=${MSIX:-60000}
stress poll "$POLL"
stress intx "$INTX"
stress msix "$MSIX"
tap_within "all sources: number of interrupts" $total $((POLL + INTX + MSIX)) \
	$((2 * (POLL + INTX + MSIX)))
tap_note "all of it took $(($(now_ms) - begun)) ms"
tap_is "card: bus master is off" "$(card_stat 0 .bus_master)" 0
for uuid in "${uuids[@]}"; do
	remove_mdev "$uuid"
done
tap_ok "card: unbinds" unbind_bdf "$bdf"
tap_ok "module: unloads" unload_module
