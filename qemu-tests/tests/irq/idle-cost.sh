#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: without an armed vector there is no register access; armed and idle vectors cost one read of the pending bits per interval
# cards: lab
# kernels: 7.3
# more: 6.1 6.12
# idle: yes

. /src/qemu-tests/tests/lib.sh

SECONDS_LONG=5
# QEMU passes an aligned 8-byte read of the pending bits on as two of 4 bytes
PER_PASS=2

load_module opt_in=uart || bail "no module"
bdf=$(bind_card 0) || bail "the card does not bind"

# accesses: number of reads, writes, and reads of pending bits
accesses()
{
	card_stat 0 '"\(.reads) \(.writes) \(.pba_reads)"'
}

# passes: number of passes of the polling task, counted by its context switches
passes()
{
	local task

	task=$(pgrep -f "^\[vdfl/") || echo "no polling task" >&2
	awk '/^voluntary_ctxt_switches/ { print $2 }' "/proc/$task/status"
}

# quiet NAME: check that no register is accessed for a while
quiet()
{
	local before

	before=$(accesses)
	sleep $SECONDS_LONG
	tap_is "$1: no register access" "$(accesses)" "$before"
}

# counters: all counters; those of the task are read before and after those of
# the card
counters()
{
	echo "$(now_ms) $(passes) $(accesses) $(passes) $(now_ms)"
}

# polled NAME CEILING-US
polled()
{
	local -a a b
	local least most limit reads

	echo "$2" >"$PCI/$bdf/dfl/poll_ceiling_us"
	sleep 1
	read -ra a <<<"$(counters)"
	sleep $SECONDS_LONG
	read -ra b <<<"$(counters)"
	# Reading the counters takes time, during which the task makes more
	# passes
	least=$((b[1] - a[5])) most=$((b[5] - a[1]))
	limit=$(((b[6] - a[0]) * 1100 / $2 + 1))
	reads=$((b[4] - a[4]))
	tap_note "$1: $least to $most passes, $reads reads of pending bits in" \
		"$((b[0] - a[6])) to $((b[6] - a[0])) ms"
	tap_timed "$1: number of passes, one per ceiling at most" \
		$least $((limit / 8)) $limit
	tap_within "$1: number of reads of pending bits, one word per pass" \
		$reads \
		$(((least - 1) * PER_PASS)) $(((most + 1) * PER_PASS))
	tap_is "$1: no other register is read" $((b[2] - a[2])) $reads
	tap_is "$1: no register is written" $((b[3] - a[3])) 0
}

quiet "bound"
uuid0=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
uuid1=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
uuid2=$(create_mdev "$bdf" uart) || bail "no instance"
quiet "instances created"

for source in intx poll; do
	echo $source >"$PCI/$bdf/dfl/irq_source"
	client_start one "$uuid0" || bail "the user cannot open"
	client_start two "$uuid1" || bail "the user cannot open"
	client_start three "$uuid2" || bail "the user cannot open"
	quiet "$source, open"
	client one arm err >/dev/null
	client one arm 0 >/dev/null
	client two arm 3 >/dev/null
	client three arm 0 >/dev/null
	if [ $source = intx ]; then
		quiet "$source, armed and silent"
	else
		polled "three clients" 10000
		polled "three clients, slower" 100000
		polled "three clients, faster" 2000
	fi
	client_end two
	client_end three
	[ $source = intx ] || polled "one client" 10000
	client_end one
	quiet "$source, closed again"
	tap_fails "$source, closed again: the polling task has ended" \
		pgrep -f "^\[vdfl/" >/dev/null
done
tap_is "card: no interrupt was raised" \
	"$(card_stat 0 '"\(.intx_asserted) \(.msix_sent)"')" \
	"0 0"
