#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: bus master is off while the card is ours, and does not stay on behind our back (invariant 1)
# cards: lab
# kernels: 7.3
# more: 6.1 6.12

. /src/qemu-tests/tests/lib.sh

RO_REG=0x48
RO_VALUE=0x1122334455667788
MASTER=COMMAND=0004:0004
# By the clock of the card, which goes on when a busy machine stops the VM: most
# rounds have to do with the time that is promised
USUALLY=$((1100000 * SLOW))
ALWAYS=$((3 * USUALLY))

bdf=$(card_bdf 0)

on_count()
{
	card_stat 0 .bus_master_on_count
}

# violations_are NUMBER: has the driver counted as many?
violations_are()
{
	[ "$(card_attr "$bdf" busmaster_violations)" = "$1" ]
}

# bus_master: as the VM's config space has it
bus_master()
{
	echo $((0x$(setpci -s "$bdf" COMMAND) >> 2 & 1))
}

# first FILTER: time stamp of the first line of the card's log that fits
first()
{
	card_log 0 "select($1) | .t" | head -n 1
}

# last FILTER
last()
{
	card_log 0 "select($1) | .t" | tail -n 1
}

# --- left on by firmware or another driver ---------------------------------------

setpci -s "$bdf" "$MASTER"
tap_is "bus master was left on" "$(card_stat 0 .bus_master)" 1
card_do 0 own '"blocks":[]' || bail "the card does not watch accesses"
load_module || bail "no module"
tap_is "loading the module changes nothing" "$(bus_master)" 1

# Looks at the bit as soon as there is a type
(
	until [ -d "$PCI/$bdf/mdev_supported_types" ]; do :; done
	bus_master >/tmp/at-first-type
) &
bind_bdf "$bdf" || bail "the card does not bind"
wait $!
tap_is "off when the first type is seen" "$(</tmp/at-first-type)" 0
tap_is "and the card agrees" "$(card_stat 0 .bus_master)" 0
off=$(last '.ev == "bus-master" and .on == false')
touched=$(first '.ev == "access"')
tap_ok "it was off before a register was touched" \
	[ "${off:-0}" -gt 0 -a "${off:-0}" -lt "${touched:-0}" ]
card_do 0 own
tap_is "which is no violation" "$(card_attr "$bdf" busmaster_violations)" 0

# --- while the card is used --------------------------------------------------------

base=$(on_count)
uuid=$(create_mdev "$bdf" afu-d8424dc4-b2-o40000) || bail "no instance"
client_start user "$uuid" || bail "the user cannot open"
tap_is "still off with an open instance" "$(bus_master)" 0
tap_is "the user resets the block" "$(client user reset)" ok
tap_is "an interrupt can be armed" "$(client user arm 0)" ok

tap_is "the card refuses DMA" "$(client user dma)" "2 same"
tap_is "and counted one attempt" \
	"$(card_stat 0 '"\(.dma_attempts) \(.dma_refused) \(.dma_done)"')" "1 1 0"

client user map >/dev/null
client user mread $RO_REG >/dev/null
tap_is "the card can do a function reset" \
	"$(cut -d' ' -f1 "$PCI/$bdf/reset_method")" flr
tap_ok "a function reset works" eval "echo 1 >'$PCI/$bdf/reset'"
tap_within "the card saw it" "$(card_stat 0 .flr)" 1 9
tap_is "the user can go on" "$(client user read $RO_REG 8)" $RO_VALUE
tap_is "through the mapping as well" "$(client user mread $RO_REG)" $RO_VALUE
if grep -q bus "$PCI/$bdf/reset_method"; then
	echo bus >"$PCI/$bdf/reset_method"
	tap_ok "a bus reset works" eval "echo 1 >'$PCI/$bdf/reset'"
	tap_is "the user can go on" "$(client user read $RO_REG 8)" $RO_VALUE
	echo >"$PCI/$bdf/reset_method"
else
	tap_skip "a bus reset works" "the root port cannot"
fi
tap_is "still no DMA" "$(client user dma)" "2 same"
tap_is "none of that turned it on" "$(on_count)" "$base"
tap_is "nor was anything found" "$(card_attr "$bdf" busmaster_violations)" 0

# --- turned on behind the driver ---------------------------------------------------

# All kernel events, with newlines
socat -u SOCKET-RECV:16:2:15:x00000000000001000000 - >/tmp/uevents 2>&1 &
listener=$!
sleep 0.5
client user arm err >/dev/null
log_mark
setpci -s "$bdf" "$MASTER"
tap_is "the card saw it" "$(on_count)" $((base + 1))
tap_ok "violation is noticed" wait_for 3 violations_are 1
tap_is "it is off again" "$(bus_master)" 0
tap_is "ERR does not fire: the violation is undone" "$(client user wait err 0)" \
	timeout
on=$(last '.ev == "bus-master" and .on == true')
off=$(last '.ev == "bus-master" and .on == false')
us=($((off - on)))
tap_within "us it was on" "${us[0]}" 1 $ALWAYS
tap_is "it is counted" "$(card_attr "$bdf" busmaster_violations)" 1
tap_is "it is logged once" "$(log_count 'bus master was turned on behind')" 1
tap_ok "an event is sent" \
	wait_for 2 grep -aq VFIO_DFL_EVENT=bus-master /tmp/uevents
tap_is "of the card" "$(tr '\0' '\n' </tmp/uevents |
	awk '/@/ { event = $0 } /^VFIO_DFL_EVENT=/ { print event }')" \
	"change@$(readlink -f "$PCI/$bdf" | cut -c5-)"
kill "$listener"
wait "$listener" 2>/dev/null
tap_is "the fence is said to hold" "$(card_attr "$bdf" fence_command)" "in force"
tap_is "the user can go on" "$(client user read $RO_REG 8)" $RO_VALUE

# Whatever the time between two looks: now it comes at other moments
for pause in 0.7 0.9 1.2 1.3; do
	count=$(card_attr "$bdf" busmaster_violations)
	sleep "$pause"
	setpci -s "$bdf" "$MASTER"
	wait_for 5 violations_are $((count + 1))
	on=$(last '.ev == "bus-master" and .on == true')
	off=$(last '.ev == "bus-master" and .on == false')
	us+=($((off - on)))
	tap_within "us it was on, $pause s later" "${us[-1]}" 1 $ALWAYS
done
tap_within "us it was on, median" "$(median "${us[@]}")" 1 $USUALLY
tap_is "each time is counted" "$(card_attr "$bdf" busmaster_violations)" 5

# Who opens looks as well, however long the next look by itself takes
setpci -s "$bdf" "$MASTER"
client user close >/dev/null
client user open >/dev/null
tap_is "opening turns it off" "$(bus_master)" 0
tap_is "that is counted, too" "$(card_attr "$bdf" busmaster_violations)" 6
base=$(on_count)

# --- the end -------------------------------------------------------------------------

client_end user
remove_mdev "$uuid"
unbind_bdf "$bdf"
tap_is "unbinding does not turn it on" "$(bus_master)" 0
bind_bdf "$bdf" || bail "the card does not bind again"
unload_module || bail "the module does not unload"
tap_is "nor does unloading the module" "$(on_count) $(bus_master)" "$base 0"
tap_is "no DMA ever got through" "$(card_stat 0 .dma_done)" 0
