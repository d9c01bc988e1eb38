#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: reset of a function that is one block, and the ports that hold the AFUs of other functions (invariants 1, 6, 7, 9)
# cards: n6001-hello +pf1 +virtfn +vf vf no-flr
# needs: vf
# kernels: 7.3
# more: 6.1 6.12
# timeout: 600

. /src/qemu-tests/tests/lib.sh

TYPE=afu-3e7b60a0
SCRATCH=0x28
IRQ_TRIGGER=0x50
IRQ_STATUS=0x58
PORT_CTRL=0x71038
ID=0x0
ONES=0xffffffffffffffff
GRACE=/sys/module/$DRIVER/parameters/loss_grace_ms

PF0=0 PF1=1 VF=2 NEIGHBOUR=3 LOST=4 NO_FLR=5

# flrs CARD: number of function level resets so far
flrs()
{
	card_log "$1" 'select(.ev == "flr")' | wc -l
}

# port_control: value of the control register of the port of function 0
port_control()
{
	card_peek $PF0 0 $PORT_CTRL
}

# new_instance CARD: prints its UUID
new_instance()
{
	create_mdev "$(card_bdf "$1")" $TYPE
}

gone()
{
	[ "$(card_attr "$1" gone)" = 1 ]
}

# state_is BDF STATE
state_is()
{
	[ "$(card_attr "$1" state)" = "$2" ]
}

# generation_is BDF NUMBER
generation_is()
{
	[ "$(card_attr "$1" generation)" = "$2" ]
}

# interrupt NAME: raise vector 1, wait for its eventfd, acknowledge it
interrupt()
{
	[ "$(client "$1" write $IRQ_TRIGGER 8 2)" = ok ] &&
		[[ $(client "$1" wait 1 20000) = fired* ]] &&
		[ "$(client "$1" write $IRQ_STATUS 8 2)" = ok ]
}

quiet()
{
	"$@" >/dev/null
}

load_module || bail "no module"
# The card has no SR-IOV. To the kernel, this function is a virtual one all the same
insmod "/src/build/$KERNEL/vf/vdfl_vf.ko" "vf=$(card_bdf $VF)" ||
	bail "no virtual function"

# --- ports without an AFU of their own ---------------------------------------------

pf0=$(card_bdf $PF0) pf1=$(card_bdf $PF1)
tap_is "cold card: the port is in reset" "$(port_control)" 0x11
tap_ok "cold card: function 0 binds" bind_bdf "$pf0"
tap_is "function 0 bound: the port is released" "$(port_control)" 0x0
echo 1 >"$PCI/$pf0/reset"
tap_is "function 0 reset: the port is released" "$(port_control)" 0x0
unbind_bdf "$pf0"
tap_is "function 0 unbound: the port is in reset again" "$(port_control)" 0x11
mkdir -p /etc/vdfl
for bdf in "$pf0" "$pf1"; do
	touch "/etc/vdfl/$bdf.conf"
	# As the udev rule
	echo "$DRIVER" >"$PCI/$bdf/driver_override"
done
"$VDFLCTL" restore "$pf1" >/dev/null &
tap_ok "both functions saved: restore of function 0 succeeds" \
	quiet "$VDFLCTL" restore "$pf0"
tap_ok "both functions saved: restore of function 1 at the same time succeeds" wait $!
rm "/etc/vdfl/$pf0.conf" "/etc/vdfl/$pf1.conf"
unbind_bdf "$pf1"
unbind_bdf "$pf0"
tap_is "both functions unbound: the port is in reset again" "$(port_control)" 0x11
bind_bdf "$pf0"
bind_bdf "$pf1" || bail "function 1 does not bind"
unbind_bdf "$pf0"
tap_is "function 0 unbound, function 1 bound: the port stays released" \
	"$(port_control)" 0x0
echo 1 >"$PCI/$pf0/reset"
tap_is "function 0 reset without driver: the port is in reset" "$(port_control)" 0x11
bind_bdf "$pf0"
tap_ok "port found in reset: generation of function 1 is incremented" \
	wait_for 60 generation_is "$pf1" 1
unbind_bdf "$pf0"
bind_bdf "$pf0"
sleep 1
tap_is "port found released: generation of function 1 does not change" \
	"$(card_attr "$pf1" generation)" 1
unbind_bdf "$pf1"
unbind_bdf "$pf0"
tap_is "port found released: state after unbind is released" "$(port_control)" 0x0
tap_is "ports: the AFU of function 1 was not reset" "$(flrs $PF1)" 0
bind_bdf "$pf0"

# --- a function that does not come back ----------------------------------------------

# This takes a minute, so its end is checked at the end
lost=$(bind_card $LOST) || bail "the card to lose does not bind"
client_start lost "$(new_instance $LOST)" || bail "no client of the card to lose"
client lost arm err >/dev/null
client lost write $SCRATCH 8 0x77 >/dev/null
client lost map >/dev/null
card_do $LOST vanish-at-flr
client_send lost reset

# --- user A, user B --------------------------------------------------------------------

bind_card $NEIGHBOUR >/dev/null || bail "the neighbour does not bind"
client_start neighbour "$(new_instance $NEIGHBOUR)" || bail "no neighbour"
client neighbour arm 1 >/dev/null
client neighbour write $SCRATCH 8 0x99 >/dev/null
client_send neighbour pace $SCRATCH 300000 0x99

# check_users NAME CARD
check_users()
{
	local bdf uuid before

	bdf=$(bind_card "$2") || bail "$1 does not bind"
	tap_is "$1: scrub reads function-reset" \
		"$(card_attr "$bdf" blocks/b0-o0/scrub)" function-reset
	before=$(flrs "$2")
	uuid=$(new_instance "$2") || bail "no instance of $1"
	tap_is "$1: bind and create reset nothing" "$(flrs "$2")" "$before"
	card_poke "$2" 0 $SCRATCH 0xb0b
	client_start user "$uuid" || bail "no user of $1"
	tap_is "$1: one reset at first open" "$(flrs "$2")" $((before + 1))
	tap_is "$1: value from before is gone" "$(client user read $SCRATCH 8)" 0x0
	client user write $SCRATCH 8 0xa11ce >/dev/null
	tap_is "$1: user A reads its value" "$(client user read $SCRATCH 8)" 0xa11ce
	tap_is "$1: an instance has scrub function-reset" \
		"$(cat "$MDEV/$uuid/dfl/scrub")" function-reset
	tap_like "$1: vdflctl info reports it" "$("$VDFLCTL" info "$uuid")" \
		'scrub: *function-reset'

	tap_is "$1: an armed vector" "$(client user arm 1)" ok
	tap_is "$1: RESET" "$(client user reset)" ok
	tap_is "$1: RESET resets once" "$(flrs "$2")" $((before + 2))
	tap_is "$1: RESET clears the value" "$(client user read $SCRATCH 8)" 0x0
	tap_ok "$1: the vector works after RESET" interrupt user
	client user map >/dev/null
	client user mwrite $SCRATCH 0xa11ce >/dev/null
	tap_is "$1: FLR of a guest" "$(client user flr)" ok
	tap_is "$1: FLR of a guest resets once" "$(flrs "$2")" $((before + 3))
	tap_is "$1: FLR of a guest clears the value" \
		"$(client user mread $SCRATCH)" 0x0
	tap_is "$1: the mapping works after it" \
		"$(client user mwrite $SCRATCH 0xa11ce)" 0xa11ce
	tap_ok "$1: the vector works after it" interrupt user
	tap_is "$1: a reset by its user is none of the card" \
		"$(client user generation)" "$(card_attr "$bdf" generation)"
	client_end user
	tap_is "$1: one reset at last close" "$(flrs "$2")" $((before + 4))
	tap_is "$1: the value of user A is gone" "$(card_peek "$2" 0 $SCRATCH)" 0x0
	client_start user "$uuid" || bail "no user B of $1"
	tap_is "$1: user B reads the reset value" "$(client user read $SCRATCH 8)" 0x0
	client_end user
	remove_mdev "$uuid"
	tap_is "$1: generation did not change" "$(card_attr "$bdf" generation)" 0
	tap_is "$1: the card counts no stray access" "$(card_stat "$2" .stray)" 0
	tap_is "$1: bus master was never on" \
		"$(card_stat "$2" .bus_master_on_count)" 0
}

log_mark
check_users pf1 $PF1
check_users vf $VF
tap_is "vf: memory enable bit is absent" "$(setpci -s "$(card_bdf $VF)" COMMAND)" 0000
tap_is "resets by users are not logged" "$(log_count 'reset')" 0

# --- a function that returns late -------------------------------------------------------

uuid=$(new_instance $VF)
client_start user "$uuid" || bail "no user"
client user arm 1 >/dev/null
client user arm err >/dev/null
client user map >/dev/null
card_do $VF vanish-at-flr
client_send user reset
sleep 2
card_do $VF return
tap_is "late: RESET waits for the function" "$(client_reply user)" ok
tap_is "late: the registers can be used" \
	"$(client user write $SCRATCH 8 0x1) $(client user mread $SCRATCH)" "ok 0x1"
tap_ok "late: the vector works" interrupt user
tap_is "late: ERR does not fire" "$(client user wait err 0)" timeout
tap_is "late: generation" "$(client user generation)" 0

# --- resets against each other ----------------------------------------------------------

client_end user
pf1_uuid=$(new_instance $PF1)
client_start user "$pf1_uuid" || bail "no user"
for _ in 1 2 3 4 5; do
	echo 1 >"$PCI/$pf1/reset"
done &
outside=$!
failed=0
for _ in 1 2 3 4 5; do
	[ "$(client user reset)" = ok ] || failed=$((failed + 1))
done
wait $outside
tap_is "RESET during resets from sysfs: none fails" "$failed" 0
tap_is "resets from sysfs: counted by generation" "$(client user generation)" 5
tap_is "resets of both: the registers can be used" \
	"$(client user write $SCRATCH 8 1) $(client user read $SCRATCH 8)" "ok 0x1"

before=$(flrs $PF1)
unbind_bdf "$pf1" &
unbinding=$!
tap_ok "unbind: waits for the user" wait_for 60 state_is "$pf1" unbinding
client_end user
tap_ok "unbind: ends after the last close" wait "$unbinding"
tap_is "unbind: the last close resets the function" "$(flrs $PF1)" $((before + 1))
tap_is "unbind: the value is gone" "$(card_peek $PF1 0 $SCRATCH)" 0x0

# --- without function level reset -------------------------------------------------------

log_mark
bdf=$(bind_card $NO_FLR) || bail "the card without FLR does not bind"
tap_is "no FLR: scrub reads none" "$(card_attr "$bdf" blocks/b0-o0/scrub)" none
tap_is "no FLR: the log reports it" \
	"$(log_count 'no function level reset, block keeps its state')" 1
client_start user "$(new_instance $NO_FLR)" || bail "no user"
tap_is "no FLR: RESET fails" "$(client user reset)" "error EINVAL"
tap_is "no FLR: guests do not see the capability" "$(client user flr)" \
	"no such capability"
client_end user
tap_is "no FLR: no reset" "$(card_stat $NO_FLR .flr)" 0

# --- cost --------------------------------------------------------------------------------

client_start user "$uuid" || bail "no user"
took=()
for _ in 1 2 3 4 5; do
	client user close >/dev/null
	start=${EPOCHREALTIME/./}
	client user open >/dev/null
	took+=($(((${EPOCHREALTIME/./} - start) / 1000)))
done
tap_figure "vf: $(median "${took[@]}") ms to open"
client_end user

# --- the neighbour, the lost card ----------------------------------------------------------

tap_like "neighbour: its reads do not fail and do not change" \
	"$(client neighbour read $SCRATCH 8)" '^reads [1-9][0-9][0-9]'
tap_is "neighbour: its value" "$(client_reply neighbour)" 0x99
tap_ok "neighbour: its vector works" interrupt neighbour
tap_is "neighbour: one reset, at open" "$(flrs $NEIGHBOUR)" 1
tap_is "neighbour: generation" "$(client neighbour generation)" 0
tap_is "function 0: no resets but those from sysfs" "$(flrs $PF0)" 2

# --- a reset of function 0 resets the AFUs of the others -----------------------------------

bind_bdf "$pf1" || bail "function 1 does not bind"
client_start user "$(new_instance $PF1)" || bail "no user of function 1"
client user arm 1 >/dev/null
client user arm err >/dev/null
client user map >/dev/null
client neighbour count 1 10 >/dev/null
before=$(flrs $PF1)
echo 1 >"$PCI/$pf0/reset"
tap_ok "function 0 reset: generation of function 1 is incremented" \
	wait_for 60 generation_is "$pf1" 1
tap_like "function 0 reset: vector of function 1 is signalled" \
	"$(client user wait 1 20000)" '^fired'
tap_is "function 0 reset: ERR of function 1 does not fire" \
	"$(client user wait err 0)" timeout
tap_ok "function 0 reset: vector of function 1 works" interrupt user
tap_is "function 0 reset: registers of function 1 can be used" \
	"$(client user write $SCRATCH 8 5) $(client user mread $SCRATCH)" "ok 0x5"
tap_ok "function 0 reset: generation of the neighbour is incremented" \
	wait_for 60 generation_is "$(card_bdf $NEIGHBOUR)" 1
tap_like "function 0 reset: vector of the neighbour is signalled" \
	"$(client neighbour wait 1 20000)" '^fired'
sleep 1
tap_is "function 0 reset: generation of the other functions is 1" \
	"$(card_attr "$pf1" generation) $(client neighbour generation)" "1 1"
tap_is "function 0 reset: function 1 is not reset" "$(flrs $PF1)" "$before"
client_end neighbour

tap_like "lost card: RESET fails" "$(client_reply lost 90)" '^error (EIO|EAGAIN)'
tap_ok "lost card: state is lost" wait_for 60 gone "$lost"
tap_like "lost card: ERR fires" "$(client lost wait err 20000)" '^fired'
tap_is "lost card: a read fails" "$(client lost read $SCRATCH 8)" "error EIO"
tap_is "lost card: the mapping raises SIGBUS" "$(client lost mread $SCRATCH)" SIGBUS
client_end lost
tap_ok "lost card: unbinds" unbind_bdf "$lost"

# --- an AFU that the port of another function holds in reset ---------------------------------

echo 60000 >"$GRACE"
id=$(client user read $ID 8)
client_start late "$uuid" || bail "no user of the virtual function"
client late close >/dev/null
card_do $PF0 vanish
tap_ok "held AFU: function 0 is frozen" wait_for 60 state_is "$pf0" frozen
card_do $PF1 protocol-error '"error":"0x80"'
echo 1 >"$PCI/$pf1/reset"
tap_is "held AFU: its registers read all-ones" "$(client user read $ID 8)" $ONES
tap_is "held AFU: ERR does not fire" "$(client user wait err 1000)" timeout
tap_is "held AFU: RESET is to be repeated" "$(client user reset)" "error EAGAIN"
tap_is "held AFU: RESET does not revoke access" "$(client user read $ID 8)" $ONES
client user close >/dev/null
tap_is "held AFU: open is to be repeated" "$(client user open)" "error EAGAIN"
tap_is "held AFU: a VF whose AFU responds can be opened" "$(client late open)" ok
client_end late
card_do $PF1 protocol-error '"on":false'
tap_is "held AFU: open succeeds once the AFU responds" "$(client user open)" ok
client user arm 1 >/dev/null
generation=$(card_attr "$pf1" generation)
client user count 1 10 >/dev/null
card_do $PF0 reappear
tap_ok "held AFU: the block is checked once function 0 is used again" \
	wait_for 60 generation_is "$pf1" $((generation + 1))
tap_like "held AFU: the vector is signalled" "$(client user wait 1 20000)" '^fired'
tap_is "held AFU: its registers can be used" "$(client user read $ID 8)" "$id"
tap_is "held AFU: RESET succeeds then" "$(client user reset)" ok
client_end user
