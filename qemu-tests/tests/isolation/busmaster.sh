#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: bus master is off while the card is bound, and does not stay on when it is turned on externally (invariant 1)
# cards: lab
# kernels: 7.3
# more: 6.1 6.12

. /src/qemu-tests/tests/lib.sh

RO_REG=0x48
RO_VALUE=0x1122334455667788
MASTER=COMMAND=0004:0004
# Limits by the clock of the card, which also runs while a busy machine stops
# the VM. The median must meet the documented limit.
USUALLY=$((1100000 * SLOW))
ALWAYS=$((3 * USUALLY))

bdf=$(card_bdf 0)

on_count()
{
	card_stat 0 .bus_master_on_count
}

# violations_are NUMBER: succeed if the driver has counted as many
violations_are()
{
	[ "$(card_attr "$bdf" busmaster_violations)" = "$1" ]
}

# bus_master: bit in the VM's config space
bus_master()
{
	echo $((0x$(setpci -s "$bdf" COMMAND) >> 2 & 1))
}

# first FILTER: time stamp of the first matching line of the card's log
first()
{
	card_log 0 "select($1) | .t" | head -n 1
}

# last FILTER: time stamp of the last one
last()
{
	card_log 0 "select($1) | .t" | tail -n 1
}

# --- left on by firmware or another driver ---------------------------------------

setpci -s "$bdf" "$MASTER"
tap_is "before binding: bus master is on" "$(card_stat 0 .bus_master)" 1
card_do 0 own '"blocks":[]' || bail "the card does not watch accesses"
load_module || bail "no module"
tap_is "module loaded: bus master stays on" "$(bus_master)" 1

# Read the bit as soon as a type is visible
(
	until [ -d "$PCI/$bdf/mdev_supported_types" ]; do :; done
	bus_master >/tmp/at-first-type
) &
bind_bdf "$bdf" || bail "the card does not bind"
wait $!
tap_is "bind: bus master is off before the first type is visible" \
	"$(</tmp/at-first-type)" 0
tap_is "bind: the card reports bus master off" "$(card_stat 0 .bus_master)" 0
off=$(last '.ev == "bus-master" and .on == false')
touched=$(first '.ev == "access"')
tap_ok "bind: bus master is off before the first register access" \
	[ "${off:-0}" -gt 0 -a "${off:-0}" -lt "${touched:-0}" ]
card_do 0 own
tap_is "bind: bus master left on is no violation" \
	"$(card_attr "$bdf" busmaster_violations)" 0

# --- while the card is used --------------------------------------------------------

base=$(on_count)
uuid=$(create_mdev "$bdf" afu-d8424dc4-b2-o40000) || bail "no instance"
client_start user "$uuid" || bail "the user cannot open"
tap_is "open: bus master is off" "$(bus_master)" 0
tap_is "open: the client can reset the block" "$(client user reset)" ok
tap_is "open: a vector can be armed" "$(client user arm 0)" ok

tap_is "open: the card refuses DMA" "$(client user dma)" "2 same"
tap_is "open: the card counts one attempt, refused" \
	"$(card_stat 0 '"\(.dma_attempts) \(.dma_refused) \(.dma_done)"')" "1 1 0"

client user map >/dev/null
client user mread $RO_REG >/dev/null
tap_is "function reset: the card has FLR" \
	"$(cut -d' ' -f1 "$PCI/$bdf/reset_method")" flr
tap_ok "function reset: sysfs accepts it" eval "echo 1 >'$PCI/$bdf/reset'"
tap_within "function reset: number of FLRs of the card" \
	"$(card_stat 0 .flr)" 1 9
tap_is "function reset: the client can read registers" \
	"$(client user read $RO_REG 8)" $RO_VALUE
tap_is "function reset: the client can read through the mapping" \
	"$(client user mread $RO_REG)" $RO_VALUE
if grep -q bus "$PCI/$bdf/reset_method"; then
	echo bus >"$PCI/$bdf/reset_method"
	tap_ok "bus reset: sysfs accepts it" eval "echo 1 >'$PCI/$bdf/reset'"
	tap_is "bus reset: the client can read registers" \
		"$(client user read $RO_REG 8)" $RO_VALUE
	echo >"$PCI/$bdf/reset_method"
else
	tap_skip "bus reset: sysfs accepts it" "the root port cannot"
fi
tap_is "resets: the card refuses DMA" "$(client user dma)" "2 same"
tap_is "resets: bus master was never on" "$(on_count)" "$base"
tap_is "resets: no violation is counted" \
	"$(card_attr "$bdf" busmaster_violations)" 0

# --- turned on externally ----------------------------------------------------------

# All kernel events, with newlines
socat -u SOCKET-RECV:16:2:15:x00000000000001000000 - >/tmp/uevents 2>&1 &
listener=$!
sleep 0.5
client user arm err >/dev/null
log_mark
setpci -s "$bdf" "$MASTER"
tap_is "violation: the card logs bus master on" "$(on_count)" $((base + 1))
tap_ok "violation: counted" wait_for 60 violations_are 1
tap_is "violation: bus master is off again" "$(bus_master)" 0
tap_is "violation: ERR is not signalled" "$(client user wait err 0)" timeout
on=$(last '.ev == "bus-master" and .on == true')
off=$(last '.ev == "bus-master" and .on == false')
us=($((off - on)))
tap_timed "violation: us with bus master on" "${us[0]}" 1 $ALWAYS
tap_is "violation: counted once" "$(card_attr "$bdf" busmaster_violations)" 1
tap_is "violation: logged once" \
	"$(log_count 'bus mastering was enabled externally;')" 1
tap_ok "violation: a uevent is sent" \
	wait_for 60 grep -aq VFIO_DFL_EVENT=bus-master /tmp/uevents
tap_is "violation: the uevent names the card" "$(tr '\0' '\n' </tmp/uevents |
	awk '/@/ { event = $0 } /^VFIO_DFL_EVENT=/ { print event }')" \
	"change@$(readlink -f "$PCI/$bdf" | cut -c5-)"
kill "$listener"
wait "$listener" 2>/dev/null
tap_is "violation: sysfs reports the command fence in force" \
	"$(card_attr "$bdf" fence_command)" "in force"
tap_is "violation: the client can read registers" \
	"$(client user read $RO_REG 8)" $RO_VALUE

# Other times within the audit's period
for pause in 0.7 0.9 1.2 1.3; do
	count=$(card_attr "$bdf" busmaster_violations)
	sleep "$pause"
	setpci -s "$bdf" "$MASTER"
	wait_for 60 violations_are $((count + 1))
	on=$(last '.ev == "bus-master" and .on == true')
	off=$(last '.ev == "bus-master" and .on == false')
	us+=($((off - on)))
	tap_timed "violation, $pause s later: us with bus master on" \
		"${us[-1]}" 1 $ALWAYS
done
tap_timed "violations: us with bus master on, median" \
	"$(median "${us[@]}")" 1 $USUALLY
tap_is "violations: each is counted" \
	"$(card_attr "$bdf" busmaster_violations)" 5

# Opening checks bus master at once, without waiting for the audit
setpci -s "$bdf" "$MASTER"
client user close >/dev/null
client user open >/dev/null
tap_is "open after a violation: bus master is off" "$(bus_master)" 0
tap_is "open after a violation: counted" \
	"$(card_attr "$bdf" busmaster_violations)" 6
base=$(on_count)

# --- the end -------------------------------------------------------------------------

client_end user
remove_mdev "$uuid"
unbind_bdf "$bdf"
tap_is "unbound: bus master is off" "$(bus_master)" 0
bind_bdf "$bdf" || bail "the card does not bind again"
unload_module || bail "the module does not unload"
tap_is "module unloaded: bus master stays off" \
	"$(on_count) $(bus_master)" "$base 0"
tap_is "card: no DMA was done" "$(card_stat 0 .dma_done)" 0
