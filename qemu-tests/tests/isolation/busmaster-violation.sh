#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: bus master turned on externally is off within a second, idle, busy and with clients that reset their blocks, and new clients wait for an administrator (invariant 1)
# cards: lab irq4
# iommu: intel
# timeout: 600
# kernels: 7.3
# more: 6.1 6.12 6.12-rt
#
# SEED

. /src/qemu-tests/tests/lib.sh

MASTER=COMMAND=0004:0004
# Limits by the clock of the card, which also runs while a busy machine stops
# the VM. The median must meet the documented limit.
USUALLY=$((1000000 * SLOW))
ALWAYS=$((3 * USUALLY))
AFU1=afu-d8424dc4-b2-oc0000
REFUSE=/sys/module/$DRIVER/parameters/refuse_after_violation

load_module || bail "no module"
seed_random
card=0
bdf=$(bind_card 0) || bail "the card does not bind"

violations()
{
	card_attr "$bdf" busmaster_violations
}

# violations_are NUMBER
violations_are()
{
	[ "$(violations)" = "$1" ]
}

# on_for: last time with bus master on, in us, from the card's log
on_for()
{
	card_log $card 'select(.ev == "bus-master") | "\(.on) \(.t)"' |
		tr -d '"' | awk '$1 == "true" { on = $2; off = 0 }
			$1 == "false" { off = $2 }
			END { print off ? off - on : "still on" }'
}

# offend ROUNDS NAME: turn bus master on, at random times within the audit's
# period
offend()
{
	local round count us=()

	for ((round = 1; round <= $1; round++)); do
		count=$(violations)
		setpci -s "$bdf" $MASTER
		tap_ok "$2, round $round: violation is counted" \
			wait_for 60 violations_are $((count + 1))
		us+=("$(on_for)")
		tap_timed "$2, round $round: us with bus master on" \
			"${us[-1]}" 1 $ALWAYS
		sleep "0.$((RANDOM % 5 + 1))"
	done
	tap_timed "$2: us with bus master on, median" "$(median "${us[@]}")" \
		1 $USUALLY
	longest=$(printf '%s\n' "${us[@]}" | sort -n | tail -n 1)
}

# log_has REGEX: whether a new log line matches
log_has()
{
	[ "$(log_count "$1")" -gt 0 ]
}

acknowledge()
{
	echo 1 >"$PCI/$bdf/dfl/busmaster_acknowledged"
}

# opens: result of opening the instance as a new client
opens()
{
	local ready

	coproc "$CLIENT" "$uuid1"
	IFS= read -r -t 30 ready <&"${COPROC[0]}"
	echo quit >&"${COPROC[1]}"
	wait "$COPROC_PID"
	echo "$ready"
}

uuid0=$(create_mdev "$bdf" afu-d8424dc4-b2-o40000) || bail "no instance"
uuid1=$(create_mdev "$bdf" $AFU1) || bail "no instance"
client_start user "$uuid0" || bail "the user cannot open"
tap_is "bound: no violation to acknowledge" \
	"$(card_attr "$bdf" busmaster_acknowledged)" 1
tap_is "bound: a client can open" "$(opens)" ready
tap_is "refuse_after_violation: on by default" "$(<$REFUSE)" Y

# --- found in time, idle and busy ---------------------------------------------------

socat -u SOCKET-RECV:16:2:15:x00000000000001000000 - >/tmp/uevents 2>&1 &
listener=$!
sleep 0.5
client user arm err >/dev/null
offend 3 idle
tap_is "idle: ERR is not signalled" "$(client user wait err 0)" timeout

spinners=()
for ((i = 0; i < 2 * $(nproc); i++)); do
	(while :; do :; done) &
	spinners+=($!)
done
offend 4 busy
tap_is "busy: ERR is not signalled" "$(client user wait err 0)" timeout
kill "${spinners[@]}"
wait "${spinners[@]}" 2>/dev/null
# A uevent is for programs: one is sent per violation
tap_ok "uevent: one is sent per violation" wait_for 60 eval \
	'[ "$(tr "\0" "\n" </tmp/uevents | grep -ac ^VFIO_DFL_EVENT=bus-master)" = 7 ]'
kill "$listener"
wait "$listener" 2>/dev/null

# --- acknowledged -----------------------------------------------------------------------

tap_is "violation: sysfs reports it as not acknowledged" \
	"$(card_attr "$bdf" busmaster_acknowledged)" 0
log_mark
tap_is "violation: a new client gets EPERM" "$(opens)" "error EPERM"
tap_is "violation: the log names the file to write" \
	"$(log_count 'open refused after a bus-master violation; write 1 to dfl/busmaster_acknowledged')" 1
tap_is "violation: an open client can read registers" \
	"$(client user read 0x48 8)" 0x1122334455667788
tap_is "violation: an open client can close" "$(client user close)" ok
tap_is "violation: the client gets EPERM when it opens again" \
	"$(client user open)" "error EPERM"
for value in 0 2 x ""; do
	tap_is "acknowledge: \"$value\" fails with EINVAL" "$(refusal eval \
		"echo '$value' >'$PCI/$bdf/dfl/busmaster_acknowledged'")" \
		"Invalid argument"
done
tap_is "acknowledge: open fails until it is written" "$(opens)" "error EPERM"
tap_ok "acknowledge: an administrator can write it" acknowledge
tap_is "acknowledge: sysfs reports it" \
	"$(card_attr "$bdf" busmaster_acknowledged)" 1
tap_is "acknowledge: a new client can open" "$(opens)" ready
tap_is "acknowledge: the old client can open" "$(client user open)" ok
tap_is "acknowledge: the violation count stays" "$(violations)" 7

# This violation is found by the open itself
setpci -s "$bdf" $MASTER
tap_is "violation found by open: the client gets EPERM" "$(opens)" "error EPERM"
tap_is "violation found by open: counted once" "$(violations)" 8
acknowledge

# --- not wanted -----------------------------------------------------------------------------

echo N >$REFUSE
setpci -s "$bdf" $MASTER
tap_ok "refuse_after_violation=N: violation is counted" \
	wait_for 60 violations_are 9
tap_is "refuse_after_violation=N: no violation to acknowledge" \
	"$(card_attr "$bdf" busmaster_acknowledged)" 1
tap_is "refuse_after_violation=N: a new client can open" "$(opens)" ready
echo Y >$REFUSE
tap_is "refuse_after_violation=Y: earlier violations do not count" \
	"$(opens)" ready

client_end user
remove_mdev "$uuid0"
remove_mdev "$uuid1"
unbind_bdf "$bdf"
bind_bdf "$bdf" || bail "the card does not bind again"
tap_is "bound again: no violation to acknowledge, none counted" \
	"$(card_attr "$bdf" busmaster_acknowledged) $(violations)" "1 0"

# --- bus master that msix cannot turn off ----------------------------------------------------------

uuid0=$(create_mdev "$bdf" afu-d8424dc4-b2-o40000) || bail "no instance"
echo msix >"$PCI/$bdf/dfl/irq_source" || bail "no source msix"
client_start user "$uuid0" || bail "the user cannot open"
tap_is "msix: a vector can be armed" "$(client user arm 0)" ok
tap_is "msix: bus master is on while a vector is armed" "$(card_stat 0 .bus_master)" 1
card_do 0 master-stuck || bail "the card cannot keep its bit"
socat -u SOCKET-RECV:16:2:15:x00000000000001000000 - >/tmp/uevents 2>&1 &
listener=$!
sleep 0.5
log_mark
client user close >/dev/null
tap_ok "msix: bus master that stays on is counted" wait_for 60 violations_are 1
tap_is "msix: the violation is not acknowledged" \
	"$(card_attr "$bdf" busmaster_acknowledged)" 0
tap_is "msix: the command fence is lost" "$(card_attr "$bdf" fence_command)" lost
tap_is "msix: one log line reports the violation" \
	"$(log_count 'bus mastering is enabled and cannot be disabled')" 1
tap_ok "msix: an event reports the violation" \
	wait_for 60 grep -aq VFIO_DFL_EVENT=bus-master /tmp/uevents
tap_ok "msix: the card is lost" wait_for 60 log_has 'card lost .bus mastering cannot be disabled'
tap_is "msix: one violation is counted" "$(violations)" 1
kill "$listener"
wait "$listener" 2>/dev/null
client_end user
remove_mdev "$uuid0"
card_do 0 master-stuck '"on":false'
unbind_bdf "$bdf"
tap_is "card: no DMA was done" "$(card_stat 0 .dma_done)" 0

# --- clients that reset the blocks of a slow card ----------------------------------

card=1
bdf=$(bind_card 1) || bail "the slow card does not bind"
for ((i = 0; i < 4; i++)); do
	client_start "reset$i" "$(create_mdev "$bdf" afu-d8424dc4)" ||
		bail "a client cannot open"
done
card_do 1 slow '"bar":2,"offset":0,"len":2097152,"us":20000' || bail "the card cannot be slow"
resetters=()
for ((i = 0; i < 4; i++)); do
	(while :; do client "reset$i" reset >/dev/null; done) &
	resetters+=($!)
done
offend 4 "reset loops"
tap_timed "reset loops: us with bus master on, longest" "$longest" 1 $USUALLY
for pos in b2-o0 b2-o80000 b2-o100000 b2-o180000; do
	tap_within "reset loops: resets of $pos" "$(block_stat 1 $pos resets)" 3 9999
done
kill "${resetters[@]}"
wait "${resetters[@]}" 2>/dev/null
card_do 1 slow '"bar":2,"offset":0,"len":0'
for ((i = 0; i < 4; i++)); do
	client_end "reset$i"
done
tap_ok "slow card: can be unbound" unbind_bdf "$bdf"
tap_is "slow card: no DMA was done" "$(card_stat 1 .dma_done)" 0
