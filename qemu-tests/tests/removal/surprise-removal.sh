#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: a card that vanishes for a time, at any step, in a function reset, or under any client (invariant 9)
# cards: vanish irq4
# kernels: 7.3
# more: 6.1 6.12
# debug: kcsan
# idle: yes
# timeout: 500
#
# STRIDE: vanish before every STRIDE-th access only.

. /src/qemu-tests/tests/lib.sh

VANISH=/src/build/selftests/vanish_user
STRIDE=${STRIDE:-$((SLOW > 1 ? 13 : 1))}
# Limit for each operation, and for the end of the clients of a lost card
BOUND_MS=$((2000 * SLOW))

export SLOW
dmesg -n err
load_module || bail "no module"

# grace MS: time that a card may fail to respond before it is lost
grace()
{
	echo "$1" >/sys/module/$DRIVER/parameters/loss_grace_ms
}

# --- in the middle of a function reset -------------------------------------------

SCRATCH=0x28
# The PCI core waits that long for a card after a function reset, with a margin
CORE_WAIT_MS=$((75000 * SLOW))

vanished()
{
	[ "$(card_stat 1 .vanished)" = true ]
}

frozen()
{
	[ "$(<"$PCI/$bdf/dfl/state")" = frozen ]
}

finished()
{
	! kill -0 "$1" 2>/dev/null
}

# reset: reset the function; store the status and the time in ms
reset()
{
	local start status=0

	start=$(now_ms)
	echo 1 >"$PCI/$bdf/reset" || status=1
	echo "$status $(($(now_ms) - start))" >/tmp/reset
}

# reset_start: start a function reset during which the card vanishes
reset_start()
{
	card_do 1 vanish-at-flr || bail "the card cannot vanish"
	reset 2>/dev/null &
	resetting=$!
	wait_for 60 vanished || bail "the card was not reset"
}

# reset_end NAME STATUS
reset_end()
{
	local status ms

	tap_ok "$1: the function reset ends" wait_for 80 finished "$resetting"
	read -r status ms </tmp/reset
	tap_is "$1: status of the function reset" "$status" "$2"
	tap_timed "$1: ms until the PCI core ends the function reset" "$ms" 0 \
		"$CORE_WAIT_MS"
}

# users_out NAME: check that the clients have no access
users_out()
{
	tap_is "$1: register read fails with EIO" \
		"$(client user read $SCRATCH 8)" "error EIO"
	tap_is "$1: register write fails with EIO" \
		"$(client other write $SCRATCH 8 1)" "error EIO"
	tap_is "$1: the mapping raises SIGBUS" \
		"$(client user mread $SCRATCH)" SIGBUS
}

# kills NAME CLIENT: check that a client that waits for the card can be killed
kills()
{
	kill -9 "${CLIENT_PID[$2]}"
	# The wait for the card would end by itself after a minute
	tap_ok "$1: a client that waits can be killed" \
		wait_for 20 finished "${CLIENT_PID[$2]}"
}

# reads_more NUMBER: check that the other client has read more than NUMBER times
reads_more()
{
	[ "$(block_stat 1 "$other_pos" reads)" -gt "$1" ]
}

other_reads()
{
	block_stat 1 "$other_pos" reads
}

bdf=$(card_bdf 1)
bind_bdf "$bdf" || bail "the card does not bind"
tap_is "loss_grace_ms: default value" \
	"$(cat /sys/module/$DRIVER/parameters/loss_grace_ms)" 3000
# The grace is not for a card that is being reset
grace 0
echo flr >"$PCI/$bdf/reset_method"
other=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
other_pos=$(mdev_block "$other")
client_start user "$(create_mdev "$bdf" afu-d8424dc4)" &&
	client_start other "$other" &&
	client_start reader "$(create_mdev "$bdf" afu-d8424dc4)" &&
	client_start mapper "$(create_mdev "$bdf" afu-d8424dc4)" ||
	bail "a user cannot open"
client mapper map >/dev/null
client mapper mread $SCRATCH >/dev/null
tap_is "function reset: a page can be mapped" "$(client user map)" 65536
tap_is "function reset: ERR can be armed" "$(client user arm err)" ok
tap_is "function reset: REQ can be armed" "$(client other arm req)" ok
client user mwrite $SCRATCH 0x77 >/dev/null

reset_start
tap_is "late after a reset: sysfs reports the state frozen" \
	"$(card_attr "$bdf" state)" frozen
tap_is "late after a reset: reset by the client fails with EAGAIN" \
	"$(client user reset)" \
	"error EAGAIN"
client_send user mread $SCRATCH
client_send other read $SCRATCH 8
client_send reader read $SCRATCH 8
client_send mapper mread $SCRATCH
tap_is "late after a reset: page fault waits" "$(client_reply user 1)" "no reply"
tap_is "late after a reset: register read waits" "$(client_reply other 1)" "no reply"
kills "late after a reset, register read" reader
kills "late after a reset, page fault" mapper
card_do 1 return || bail "the card cannot return"
reset_end "late after a reset" 0
tap_is "late after a reset: the fault completes" "$(client_reply user)" 0x0
tap_is "late after a reset: the register read completes" \
	"$(client_reply other)" 0x0
tap_is "late after a reset: the other client can write registers" \
	"$(client other write $SCRATCH 8 1)" ok
tap_is "late after a reset: neither ERR nor REQ is signalled" \
	"$(client user wait err 0) $(client other wait req 0)" "timeout timeout"

# --- absent for less than the grace --------------------------------------------------------

RO_REG=0x48
RO_VALUE=0x1122334455667788
# On a busy machine the card may be absent for much longer than 300 ms
grace 90000
tap_is "300 ms: a vector is armed" "$(client other arm 0)" ok
generation=$(card_attr "$bdf" generation)
log_mark
client_send user mloop $RO_REG 20000
client_send other pace $RO_REG 20000 $RO_VALUE
tap_ok "300 ms: clients are at work" wait_for 60 reads_more "$(other_reads)"
card_do 1 vanish || bail "the card cannot vanish"
tap_ok "300 ms: sysfs reports the state frozen" wait_for 60 frozen
nap 0.3
card_do 1 reappear || bail "the card cannot reappear"
tap_ok "300 ms: trapped reads continue" wait_for 60 reads_more "$(other_reads)"
client_send user mread $RO_REG
client_send other read $RO_REG 8
tap_like "300 ms: the mapping raises no SIGBUS" "$(client_reply user)" '^reads'
tap_is "300 ms: the client can read through the mapping afterwards" \
	"$(client_reply user)" $RO_VALUE
tap_like "300 ms: register reads return neither an error nor another value" \
	"$(client_reply other)" '^reads'
tap_is "300 ms: the other client can read registers afterwards" \
	"$(client_reply other)" $RO_VALUE
tap_is "300 ms: the card is not lost" "$(card_attr "$bdf" gone)" 0
tap_is "300 ms: the generation is incremented" \
	"$(client user generation)" $((generation + 1))
tap_like "300 ms: armed vectors are signalled" "$(client other wait 0 20000)" \
	'^fired'
tap_is "300 ms: neither ERR nor REQ is signalled" \
	"$(client user wait err 0) $(client other wait req 0)" "timeout timeout"
tap_is "300 ms: no log line reports a loss" "$(log_count 'card lost')" 0

# --- lost in a function reset -------------------------------------------------------------

# The PCI core waits a minute here; other tests run meanwhile
log_mark
reset_start
client_send user mread $SCRATCH
client_send other read $SCRATCH 8
client_send user wait err $CORE_WAIT_MS
client_send other wait req $CORE_WAIT_MS

# --- at every step ------------------------------------------------------------

bdf=$(card_bdf 0)
# A vanished card is lost at the first access
grace 0

# value NAME: print the number after NAME in the output line of vanish_user
value()
{
	sed -n "s/.*\<$1 \([0-9]*\).*/\1/p" <<<"$line"
}

# The first access to a lost card is checked in every second run
least_checks=$((STRIDE > 1 ? 50 / STRIDE : 100))
for source in intx poll; do
	status=0
	line=$("$VANISH" "$bdf" $source "$STRIDE") || status=$?
	tap_figure "$source: vanished before each access of: $line"
	tap_ok "$source: the card can be used after it vanished at a step" \
		test $status = 0
	tap_timed "$source: ms of the slowest operation" "$(value slowest-ms)" 0 "$BOUND_MS"
	tap_within "$source: number of steps" "$(value in-all)" $((100 / STRIDE)) 10000
	tap_within "$source: number of accesses of clients to a lost card" \
		"$(value checked)" $least_checks 10000
done
tap_is "first card: bus master was never on" \
	"$(card_stat 0 .bus_master_on_count)" 0

# --- what became of the reset ----------------------------------------------------------

grace 3000
bdf=$(card_bdf 1)
tap_is "lost in a reset: the fault raises SIGBUS" "$(client_reply user 80)" \
	SIGBUS
tap_is "lost in a reset: the register read fails with EIO" \
	"$(client_reply other 80)" "error EIO"
tap_like "lost in a reset: ERR is signalled" "$(client_reply user 80)" '^fired'
tap_like "lost in a reset: REQ is signalled" "$(client_reply other 80)" '^fired'
reset_end "lost in a reset" 1
tap_is "lost in a reset: one log line reports the loss" \
	"$(log_new "$DRIVER $bdf: " |
	sed '/after FLR/d; s/.*: //')" "card lost (no response after reset), access revoked"
users_out "lost in a reset, at the end"
tap_is "lost in a reset: reset by the client fails with EIO" \
	"$(client user reset)" "error EIO"
client_end user
client_end other
tap_ok "lost in a reset: the card can be unbound" unbind_bdf "$bdf"
card_do 1 return || bail "the card cannot return"

# --- under its users ----------------------------------------------------------------

grace 500
log_mark
status=0
line=$("$VANISH" "$bdf" users 1) || status=$?
tap_figure "four users of a card that vanishes: $line"
tap_ok "lost in use: clients end or can be killed" test $status = 0
tap_timed "lost in use: ms until the clients have ended" "$(value ended-ms)" 0 "$BOUND_MS"
tap_is "lost in use: one log line reports the loss" \
	"$(log_new "$DRIVER $bdf: " |
	sed 's/.*: //; /^Registered$/d; /^enabling device/d')" "card lost (no response), access revoked"
tap_ok "lost in use: the card can be unbound" unbind_bdf "$bdf"
card_do 1 return || bail "the card cannot return"
tap_ok "card back: the card binds" bind_bdf "$bdf"
uuid=$(create_mdev "$bdf" afu-d8424dc4)
client_start again "$uuid"
tap_is "card back: registers can be read" \
	"$(client again read 0x48 8)" 0x1122334455667788
client_end again
tap_ok "module: unloads" unload_module
