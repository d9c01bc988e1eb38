#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: a client, or a reader of sysfs, with nearly no CPU time delays neither other clients nor the audit of bus master (invariants 1, 6)
# cards: irq4
# kernels: 6.12-rt
# more: 6.1 6.12 7.3
# iommu: intel
# append: preempt=full

. /src/qemu-tests/tests/lib.sh

MASTER=COMMAND=0004:0004
GROUP=/run/cgroup/slow
ROUNDS=3
# A round may find the slow user at the end of its reset already
MAX_ROUNDS=20

load_module || bail "no module"
bdf=$(bind_card 0) || bail "no card"
slow=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
other=$(create_mdev "$bdf" afu-d8424dc4) || bail "no second instance"
client_start slow "$slow" || bail "the slow user cannot open"
client_start other "$other" || bail "the other user cannot open"
block=$(mdev_block "$slow")

mkdir -p /run/cgroup
mount -t cgroup2 none /run/cgroup || bail "no control groups"
echo +cpu >/run/cgroup/cgroup.subtree_control
mkdir "$GROUP" || bail "no control group"
bash -c 'while :; do :; done' &
spinner=$!
echo "$spinner" >"$GROUP/cgroup.procs"
echo "${CLIENT_PID[slow]}" >"$GROUP/cgroup.procs"

# starve LIMIT: limit the group to LIMIT us of CPU time per second; a busy loop
# uses up the rest. On 6.1 and 6.12 a throttled task is stopped at any place in
# the kernel.
starve()
{
	echo "$1 1000000" >"$GROUP/cpu.max"
}

was_reset()
{
	[ "$(block_stat 0 "$block" resets)" -gt "$1" ]
}

# on_us: last time with bus master on, by the card's clock
on_us()
{
	card_log 0 'select(.ev == "bus-master")' |
		jq -s '.[-2:] | if .[1].on then 99999999 else .[1].t - .[0].t end'
}

starved=0
for ((round = 1; round <= ROUNDS || (!starved && round <= MAX_ROUNDS); round++)); do
	before=$(block_stat 0 "$block" resets)
	starve 1000 || bail "its time cannot be limited"
	client_send slow reset
	wait_for 60 was_reset "$before" || bail "the block is not reset"
	setpci -s "$bdf" "$MASTER"
	start=$(now_ms)
	tap_is "round $round: the other client can reset its block" \
		"$(client other reset)" ok
	tap_timed "round $round: ms until its reset returned" \
		$(($(now_ms) - start)) 0 $((1000 * SLOW))
	read -r -t 0 <&"${CLIENT_OUT[slow]}" || starved=$((starved + 1))
	sleep 1
	tap_timed "round $round: us with bus master on" \
		"$(on_us)" 1 $((1100000 * SLOW))
	starve max
	tap_is "round $round: reset of the throttled client succeeds" \
		"$(client_reply slow)" ok
	echo 1 >"$PCI/$bdf/dfl/busmaster_acknowledged"
done
tap_timed "throttled client: number of rounds in which its reset had to wait" \
	$starved 1 $((round - 1))

# Arming the first of a card's vectors, and disarming the last, takes longest
client other close >/dev/null
client slow close >/dev/null
echo msix >"$PCI/$bdf/dfl/irq_source" || bail "no source msix"
tap_is "throttled client: can open again" "$(client slow open)" ok
starve 1000
client_send slow arm 0
longest=0
for ((round = 0; round < 20; round++)); do
	client other open >/dev/null
	start=$(now_ms)
	armed=$(client other arm 0)
	took=$(($(now_ms) - start))
	[ "$took" -lt "$longest" ] || longest=$took
	client other close >/dev/null
	sleep 0.1
done
tap_is "msix: the other client can arm a vector" "$armed" ok
tap_timed "msix: longest time to arm a vector, in ms" \
	"$longest" 0 $((1000 * SLOW))
starve max
tap_is "msix: arming by the throttled client succeeds" "$(client_reply slow)" ok

kill "$spinner"

# --- readers of attributes that run only when nothing else does ----------------

OPENS=30
AVAILABLE=$(type_dir "$bdf" afu-d8424dc4)/available_instances
INSTANCE=$PCI/$bdf/dfl/blocks/$block/instance
STUCK=$PCI/$bdf/dfl/irq_stuck
FILTER=$MDEV/$other/dfl/filter

# open_often NUMBER: sets longest to the longest open and close of the other client,
# in ms, and opened to its last reply
open_often()
{
	local round start took

	longest=0
	for ((round = 0; round < $1; round++)); do
		start=$(now_ms)
		opened=$(client other open)
		client other close >/dev/null
		took=$(($(now_ms) - start))
		[ "$took" -lt "$longest" ] || longest=$took
		[ "$opened" = ok ] || break
	done
}

client other close >/dev/null
for ((register = 0; register < 32; register++)); do
	printf '0x%x+0x4 r\n' $((register * 8))
done | cat >/run/filter
tap_ok "SCHED_IDLE readers: the other client has a filter to print" \
	dd if=/run/filter of="$FILTER" bs=4k status=none

busy=()
for ((cpu = 0; cpu < $(nproc); cpu++)); do
	taskset -c "$cpu" bash -c 'while :; do :; done' &
	busy+=($!)
done
open_often 10
alone=$longest
for ((reader = 0; reader < 4; reader++)); do
	chrt --idle 0 bash -c "while :; do
		read -r _ <'$INSTANCE'; read -r _ <'$AVAILABLE'
		read -r _ <'$STUCK'; read -r _ <'$FILTER'; done" &
	busy+=($!)
done
# Up to three times, because a busy machine may stop the VM
for ((round = 0; round < 3; round++)); do
	open_often $OPENS
	[ "$longest" -gt $((1000 * SLOW)) ] || break
done
tap_is "SCHED_IDLE readers: the other client can open" "$opened" ok
tap_timed "SCHED_IDLE readers: longest open and close of the other client, in ms, $alone without them" \
	"$longest" 0 $((1000 * SLOW))
# With a vector armed msix needs bus mastering
client slow close >/dev/null
longest=0
for ((round = 0; round < ROUNDS; round++)); do
	setpci -s "$bdf" "$MASTER"
	sleep 1.5
	took=$(on_us)
	[ "$took" -lt "$longest" ] || longest=$took
done
tap_timed "SCHED_IDLE readers: longest time with bus master on, in us" \
	"$longest" 1 $((1000000 * SLOW))
kill "${busy[@]}"

client_end slow
client_end other
remove_mdev "$slow"
remove_mdev "$other"
tap_ok "card: unbinds" unbind_bdf "$bdf"
tap_ok "module: unloads" unload_module
