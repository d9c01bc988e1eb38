#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: every interrupt source delivers the same way, and none but msix unmasks MSI-X or turns bus master on (invariants 1, 6, 10)
# cards: lab
# kernels: 7.3
# more: 6.1 6.12
# debug: kcsan
# iommu: intel

. /src/qemu-tests/tests/lib.sh

PROGRAMS=/src/build/selftests
AFU0=afu-d8424dc4-b2-o40000
AFU1=afu-d8424dc4-b2-oc0000

on_count()
{
	card_stat 0 .bus_master_on_count
}

# unmasked: number of writes that enabled MSI-X with the function mask cleared
unmasked()
{
	# jq would take seconds for all events
	grep -F '"ev":"msix-control"' /out/card0.jsonl |
		jq -c 'select(.enable and (.mask | not))' | wc -l
}

# stuck_is VECTORS
stuck_is()
{
	[ "$(card_attr "$bdf" irq_stuck)" = "$1" ]
}

# latency: median in us of AFU 1, which the other client must not slow down
latency()
{
	"$PROGRAMS/irq_latency_user" "$uuid1" 200 | cut -d' ' -f1
}

# at_ceiling NAME US LEAST: check the number of signals of vector 2 in about 3
# s: one per ceiling at most, with a tolerance of a tenth and of one signal
at_ceiling()
{
	local start signals took

	start=$(now_ms)
	signals=$(client lazy count 2 3000)
	took=$(($(now_ms) - start))
	tap_timed "$1: signals in $took ms" "$signals" "$3" \
		$((took * 1100 / $2 + 1))
}

# delivered LINE: vectors of the messages that the card has sent, from this line of
# its log on
delivered()
{
	tail -n "+$1" /out/card0.jsonl | grep -F '"ev":"msix"' |
		jq 'select(.outcome == "delivered") | .vector'
}

load_module opt_in=uart || bail "no module"
bdf=$(bind_card 0) || bail "the card does not bind"
tap_is "IOMMU: sysfs lists every source" \
	"$(card_attr "$bdf" irq_sources)" "intx poll none msix"
tap_is "IOMMU: source is intx by default" "$(card_attr "$bdf" irq_source)" intx

# --- the same for all ----------------------------------------------------------------

for source in intx poll msix; do
	echo $source >"$PCI/$bdf/dfl/irq_source" || bail "no source $source"
	base=$(on_count)
	skips=none
	[ $source != msix ] || skips='msix has edges'
	tap_ok "$source: tests of eventfds" \
		run_selftest "$skips" "$PROGRAMS/irq_source_user"
	tap_is "$source: sysfs still reports it" \
		"$(card_attr "$bdf" irq_source)" $source
	tap_ok "$source: tests of SET_IRQS errors" \
		run_selftest none "$PROGRAMS/errno_test" -f msix
	tap_is "$source: bus master is off after the tests" \
		"$(card_stat 0 .bus_master)" 0
	[ $source != msix ] || break
	tap_is "$source: bus master was never on" "$(on_count)" "$base"
	tap_is "$source: the function mask was never cleared" "$(unmasked)" 0
	tap_is "$source: the card sent no message" "$(card_stat 0 .msix_sent)" 0
done
tap_is "msix: bus master on is no violation" \
	"$(card_attr "$bdf" busmaster_violations)" 0

tap_ok "card log: MSI-X enabled and masked is recorded" \
	grep -q '"enable":true,"mask":true' /out/card0.jsonl

# --- msix: a message is an interrupt of its vector --------------------------------------

uuid0=$(create_mdev "$bdf" $AFU0) || bail "no instance"
client_start user "$uuid0" || bail "the user cannot open"
begin=$(($(wc -l </out/card0.jsonl) + 1))
client user arm 0 >/dev/null
client user arm 2 >/dev/null
for vector in 2 0 2; do
	client user write 0x50 8 $((1 << vector)) >/dev/null
	client user wait $vector 60000 >/dev/null
	client user write 0x58 8 $((1 << vector)) >/dev/null
done
tap_is "msix: the vectors of the messages that were sent" \
	"$(delivered $begin | xargs)" "2 0 2"
tap_is "msix: the driver has counted each message for its vector" \
	"$(<"$MDEV/$uuid0/dfl/vector_statistics")" $'0 1 1 0\n2 2 2 0'
client_end user
remove_mdev "$uuid0"
lifted=$(unmasked)

# --- poll: a bit that never clears ----------------------------------------------------

echo poll >"$PCI/$bdf/dfl/irq_source" || bail "no polling"
uuid0=$(create_mdev "$bdf" $AFU0) || bail "no instance"
uuid1=$(create_mdev "$bdf" $AFU1) || bail "no instance"
alone=$(latency)
client_start lazy "$uuid0" || bail "the user cannot open"
client lazy arm 2 >/dev/null
tap_ok "stuck bit: sysfs reports none before" stuck_is ""
client lazy write 0x50 8 4 >/dev/null
tap_ok "stuck bit: sysfs reports its vector" wait_for 60 stuck_is 2
client lazy count 2 200 >/dev/null
at_ceiling "stuck bit, ceiling 10 ms" 10000 60
echo 100000 >"$PCI/$bdf/dfl/poll_ceiling_us"
client lazy count 2 500 >/dev/null
at_ceiling "stuck bit, ceiling 100 ms" 100000 10
# The bound is far below the ceiling, also on a busy machine
beside=$(latency)
tap_note "median latency: $alone us alone, $beside us beside a stuck bit"
tap_timed "stuck bit: us of latency of the other block" "$beside" 1 \
	$((alone * 3 / 2 + 10000))
echo 10000 >"$PCI/$bdf/dfl/poll_ceiling_us"
tap_ok "stuck bit: sysfs still reports its vector" stuck_is 2
client lazy write 0x58 8 4 >/dev/null
tap_ok "stuck bit acknowledged: sysfs reports none" wait_for 60 stuck_is ""
client lazy count 2 100 >/dev/null
client lazy write 0x50 8 4 >/dev/null
tap_like "stuck bit acknowledged: the next interrupt arrives" \
	"$(client lazy wait 2 10000)" "^fired"
client_end lazy
tap_ok "close: sysfs reports no stuck bit" stuck_is ""

remove_mdev "$uuid0"
remove_mdev "$uuid1"
tap_is "poll: the function mask was never cleared" "$(unmasked)" "$lifted"
tap_ok "card: unbinds" unbind_bdf "$bdf"
tap_is "card: MSI-X is disabled" $((0x$(setpci -s "$bdf" CAP_MSIX+2.w) >> 15)) 0
tap_ok "module: unloads" unload_module
