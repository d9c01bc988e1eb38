#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: bus master of the port above a card: off while bound, kept off, given back; not for a card that is not alone (invariant 1)
# cards: lab dishonest lab +lab /lab
# kernels: 7.3
# more: 6.1 6.12
# append: pcie_ports=native
#
# A kernel without ASPM does not ask the firmware for error reporting ("append").
#
# What this cannot prove: that the port stops upstream traffic. A PCIe root
# port with bus master off has to; QEMU's only stores the bit, which does not
# take part in the routing of DMA. The last part records what happens: a
# message that a card sends while its own bit is on and that of the port is off
# gets through. So here only the bit of the port is checked, not its effect.

. /src/qemu-tests/tests/lib.sh

MASTER=COMMAND=0004:0004

# bus_master BDF: as config space has it
bus_master()
{
	echo $((0x$(setpci -s "$1" COMMAND) >> 2 & 1))
}

# bus_master_is BDF VALUE
bus_master_is()
{
	[ "$(bus_master "$1")" = "$2" ]
}

bdf=$(card_bdf 0)
port=$(port_of "$bdf")
other=$(port_of "$(card_bdf 1)")

# --- not asked for ------------------------------------------------------------------

load_module || bail "no module"
bind_card 0 >/dev/null || bail "the card does not bind"
tap_like "not asked for, it is not claimed" "$(card_attr "$bdf" fence_port)" \
	"^not available: fence_port is not set"
tap_is "and the port is left alone" "$(bus_master "$port")" 1
unload_module

# --- in force -------------------------------------------------------------------------

# It binds by itself to what was given to it before
load_module fence_port=1 || bail "no module"
tap_ok "the card is bound" is_bound "$bdf"
tap_is "bound: off" "$(bus_master "$port")" 0
tap_is "and claimed" "$(card_attr "$bdf" fence_port)" "in force"
tap_is "the port of another card is left alone" "$(bus_master "$other")" 1

uuid=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
client_start user "$uuid" || bail "the user cannot open"
tap_is "the user can read that" "$(client user fences)" 0x5
tap_is "open: off" "$(bus_master "$port")" 0
tap_is "registers can be read" "$(client user read 0x48 8)" 0x1122334455667788
for source in intx poll; do
	client user close >/dev/null
	echo $source >"$PCI/$bdf/dfl/irq_source"
	client user open >/dev/null
	client user arm 1 >/dev/null
	client user write 0x50 8 2 >/dev/null
	tap_like "$source: interrupts arrive" "$(client user wait 1 10000)" ^fired
	client user write 0x58 8 2 >/dev/null
	tap_is "$source: off" "$(bus_master "$port")" 0
done
tap_ok "a function reset" eval "echo 1 >'$PCI/$bdf/reset'"
tap_is "after it: off" "$(bus_master "$port")" 0

# --- turned on behind the driver ---------------------------------------------------------

for round in 1 2 3; do
	setpci -s "$port" $MASTER
	tap_ok "turned on behind us $round: off again" \
		wait_for 3 bus_master_is "$port" 0
done
tap_is "the claim stands" "$(card_attr "$bdf" fence_port)" "in force"
# The kernel turns the bit on for whoever enables a device below
echo 1 >"$PCI/$(card_bdf 1)/enable"
tap_is "enabling another card concerns another port" "$(bus_master "$port")" 0
client_end user
remove_mdev "$uuid"

unbind_bdf "$bdf"
tap_is "unbound: given back" "$(bus_master "$port")" 1
setpci -s "$port" COMMAND=0000:0004
bind_card 0 >/dev/null || bail "the card does not bind again"
tap_is "bound again: off" "$(bus_master "$port")" 0
unbind_bdf "$bdf"
tap_is "a port that was off is not turned on" "$(bus_master "$port")" 0
setpci -s "$port" $MASTER

# While the card is reset, it does not respond, but the port does
bind_card 0 >/dev/null || bail "the card does not bind again"
card_do 0 vanish-at-flr
(echo 1 >"$PCI/$bdf/reset") 2>/dev/null &
resetting=$!
sleep 1
setpci -s "$port" $MASTER
tap_ok "turned on during a reset of the card: off again" \
	wait_for 3 bus_master_is "$port" 0
tap_ok "the card is still being reset" kill -0 $resetting
card_do 0 return
wait $resetting
unbind_bdf "$bdf"

# --- behind a switch -------------------------------------------------------------------

# recovered: has the kernel recovered from an error?
recovered()
{
	[ "$(log_count 'AER: device recovery successful')" = 1 ]
}

modprobe aer_inject || bail "this kernel cannot inject errors"
bdf=$(bind_card 4) || bail "the card behind a switch does not bind"
port=$(port_of "$bdf")
root_port=$(port_of "$(port_of "$port")")
tap_is "switch: only the lowest port is fenced" \
	"$(bus_master "$port") $(bus_master "$(port_of "$port")")" "0 1"
log_mark
# Recovery resets all below the root port and restores each port
aer_inject $FATAL "$root_port"
tap_ok "switch: the kernel recovers from a fatal error above" \
	wait_for 10 recovered
tap_is "switch: the port is off" "$(bus_master "$port")" 0
tap_is "switch: recovery had turned it on" \
	"$(log_count 'turned on above a fenced card; it is off again')" 1
tap_is "switch: the fence is in force" "$(card_attr "$bdf" fence_port)" "in force"
uuid=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
client_start user "$uuid" || bail "the user cannot open"
tap_is "switch: the card works" "$(client user read 0x48 8)" 0x1122334455667788
client_end user
remove_mdev "$uuid"
unbind_bdf "$bdf"

# --- not alone ----------------------------------------------------------------------------

shared=$(card_bdf 2)
tap_is "two functions share a port" "$(port_of "$shared")" \
	"$(port_of "$(card_bdf 3)")"
log_mark
bind_card 2 >/dev/null || bail "the card that is not alone does not bind"
tap_is "not alone: not available, and why" "$(card_attr "$shared" fence_port)" \
	"not available: the card is not alone below its port"
tap_is "not alone: it is logged" "$(log_count 'fence_port: the card is not alone')" 1
tap_is "not alone: the port is left to the other function" \
	"$(bus_master "$(port_of "$shared")")" 1
uuid=$(create_mdev "$shared" afu-d8424dc4) || bail "no instance"
client_start user "$uuid" || bail "the user cannot open"
tap_is "not alone: the user is not told otherwise" "$(client user fences)" 0x1
client_end user
remove_mdev "$uuid"
tap_is "no function of the card masters the bus" \
	"$(card_attr "$shared" siblings_mastering)" ""
setpci -s "$(card_bdf 3)" $MASTER
tap_is "one that does is named" "$(card_attr "$shared" siblings_mastering)" \
	"$(card_bdf 3)"
tap_is "an administrator only can see that" \
	"$(stat -c %a "$PCI/$shared/dfl/siblings_mastering")" 400
setpci -s "$(card_bdf 3)" COMMAND=0000:0004
unbind_bdf "$shared"

# --- what QEMU's port does ------------------------------------------------------------------

bdf=$(bind_card 1) || bail "the dishonest card does not bind"
port=$other
tap_is "dishonest: the port is fenced" "$(card_attr "$bdf" fence_port)" "in force"
card_do 1 dma-by-message '"on":true' || bail "no DMA by message"
uuid=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
client_start user "$uuid" || bail "the user cannot open"
tap_is "dishonest: QEMU stops messages of a card whose bit is off" \
	"$(client user dma)" "3 same"
# A few tries, since the card's own bit does not stay on for long
result=none
for ((try = 0; try < 10; try++)); do
	setpci -s "$bdf" $MASTER
	result=$(client user dma)
	[ "$result" != "1 changed" ] || break
	wait_for 2 bus_master_is "$bdf" 0
done
tap_note "bit of the card on, of the port $(bus_master "$port"): DMA by message" \
	"says \"$result\" (1 changed: QEMU's port does not stop it)"
tap_ok "dishonest: the card's bit is off again" wait_for 2 bus_master_is "$bdf" 0
client_end user
remove_mdev "$uuid"
unload_module
tap_is "unloading gives the port its bit back" "$(bus_master "$other")" 1
