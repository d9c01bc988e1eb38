#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: bus master of the bridge above a card: off while bound, kept off, restored; not available for a card with siblings, which are watched (invariants 1, 2)
# cards: lab dishonest lab +lab /lab =igb +pf1
# kernels: 7.3
# more: 6.1 6.12
# append: pcie_ports=native
#
# A kernel without ASPM does not ask the firmware for error reporting ("append").
#
# This does not prove that the bridge stops upstream traffic. A PCIe root port with
# bus master off must stop it, but QEMU's port only stores the bit. The last part
# records this: a message of the card gets through while its own bit is on and that
# of the port is off. Therefore the bit of the port is checked, not its effect.

. /src/qemu-tests/tests/lib.sh

MASTER=COMMAND=0004:0004

# bus_master BDF: bit in config space
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
tap_like "fence_port=0: sysfs reports the bridge fence as not available" \
	"$(card_attr "$bdf" fence_port)" \
	"^not available: fence_port is not set"
tap_is "fence_port=0: bus master of the bridge stays on" \
	"$(bus_master "$port")" 1
unload_module

# --- in force -------------------------------------------------------------------------

# driver_override is still set, so the card binds when the module is loaded
load_module fence_port=1 || bail "no module"
tap_ok "bound: the driver has the card" is_bound "$bdf"
tap_is "bound: bus master of the bridge is off" "$(bus_master "$port")" 0
tap_is "bound: sysfs reports the bridge fence in force" \
	"$(card_attr "$bdf" fence_port)" "in force"
tap_is "bound: bus master of another bridge stays on" "$(bus_master "$other")" 1

uuid=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
client_start user "$uuid" || bail "the user cannot open"
tap_is "open: the instance reports command and bridge fence" \
	"$(client user fences)" 0x5
tap_is "open: bus master of the bridge is off" "$(bus_master "$port")" 0
tap_is "open: registers can be read" \
	"$(client user read 0x48 8)" 0x1122334455667788
for source in intx poll; do
	client user close >/dev/null
	echo $source >"$PCI/$bdf/dfl/irq_source"
	client user open >/dev/null
	client user arm 1 >/dev/null
	client user write 0x50 8 2 >/dev/null
	tap_like "$source: interrupt is delivered" \
		"$(client user wait 1 10000)" ^fired
	client user write 0x58 8 2 >/dev/null
	tap_is "$source: bus master of the bridge is off" \
		"$(bus_master "$port")" 0
done
tap_ok "function reset: sysfs accepts it" eval "echo 1 >'$PCI/$bdf/reset'"
tap_is "function reset: bus master of the bridge is off" \
	"$(bus_master "$port")" 0

# --- turned on externally ----------------------------------------------------------------

for round in 1 2 3; do
	setpci -s "$port" $MASTER
	tap_ok "round $round: bus master of the bridge, turned on externally, is off again" \
		wait_for 60 bus_master_is "$port" 0
done
tap_is "external change: sysfs reports the bridge fence in force" \
	"$(card_attr "$bdf" fence_port)" "in force"
# The kernel turns the bit on when any device below the bridge is enabled
echo 1 >"$PCI/$(card_bdf 1)/enable"
tap_is "another card enabled: bus master of this bridge stays off" \
	"$(bus_master "$port")" 0
client_end user
remove_mdev "$uuid"

unbind_bdf "$bdf"
tap_is "unbound: bus master of the bridge is restored" "$(bus_master "$port")" 1
setpci -s "$port" COMMAND=0000:0004
bind_card 0 >/dev/null || bail "the card does not bind again"
tap_is "bound again: bus master of the bridge is off" "$(bus_master "$port")" 0
unbind_bdf "$bdf"
tap_is "unbound: bus master of a bridge that was off before stays off" \
	"$(bus_master "$port")" 0
setpci -s "$port" $MASTER

# command_master_is BDF VALUE: without setpci, which opens the files of all
# functions and would wait for the end of the reset of the card
command_master_is()
{
	local command

	command=$(od -An -tx2 -j4 -N2 "$PCI/$1/config")
	[ $((0x${command// } >> 2 & 1)) = "$2" ]
}

# Later kernels lock the bridge as well for a reset of the card
name="bus master of the bridge set during a reset of the card"
if [ "$KERNEL" = 6.1 ]; then
	bind_card 0 >/dev/null || bail "the card does not bind again"
	echo flr >"$PCI/$bdf/reset_method"
	card_do 0 vanish-at-flr
	(echo 1 >"$PCI/$bdf/reset") 2>/dev/null &
	resetting=$!
	sleep 1
	printf '\x06' | dd of="$PCI/$port/config" bs=1 seek=4 conv=notrunc status=none
	tap_ok "$name: off again" wait_for 60 command_master_is "$port" 0
	tap_ok "$name: the reset is still in progress" kill -0 $resetting
	card_do 0 return
	wait $resetting
	echo >"$PCI/$bdf/reset_method"
	unbind_bdf "$bdf"
else
	tap_skip "$name" "this kernel locks the bridge meanwhile"
fi

# --- below a switch --------------------------------------------------------------------

# recovered: whether the kernel has recovered from an error
recovered()
{
	[ "$(log_count 'AER: device recovery successful')" = 1 ]
}

modprobe aer_inject || bail "this kernel cannot inject errors"
bdf=$(bind_card 4) || bail "the card below a switch does not bind"
port=$(port_of "$bdf")
root_port=$(port_of "$(port_of "$port")")
tap_is "switch: bus master is off in the lowest port only" \
	"$(bus_master "$port") $(bus_master "$(port_of "$port")")" "0 1"
log_mark
# Recovery resets everything below the root port and restores each port
aer_inject $FATAL "$root_port"
tap_ok "switch: the kernel recovers from a fatal error of the root port" \
	wait_for 60 recovered
tap_is "switch: bus master of the bridge is off" "$(bus_master "$port")" 0
tap_is "switch: the log has one line on the restored bit" \
	"$(log_count 'enabled externally above a fenced card; disabled again')" 1
tap_is "switch: the fence is in force" "$(card_attr "$bdf" fence_port)" "in force"
tap_is "switch: other ports of the switch are out of sight" \
	"$(card_attr "$bdf" siblings_out_of_sight)" \
	"other links, other ports of switch $(port_of "$port")"
uuid=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
client_start user "$uuid" || bail "the user cannot open"
tap_is "switch: registers can be read" "$(client user read 0x48 8)" \
	0x1122334455667788
client_end user
remove_mdev "$uuid"
unbind_bdf "$bdf"

# --- not alone ----------------------------------------------------------------------------

shared=$(card_bdf 2)
tap_is "siblings: two functions are below one bridge" "$(port_of "$shared")" \
	"$(port_of "$(card_bdf 3)")"
log_mark
bind_card 2 >/dev/null || bail "the card that is not alone does not bind"
tap_is "siblings: sysfs reports the bridge fence as not available" \
	"$(card_attr "$shared" fence_port)" \
	"not available: the card is not alone below its port"
tap_is "siblings: one log line has the reason" \
	"$(log_count 'fence_port: no bridge serves only this card;')" 1
tap_is "siblings: bus master of the bridge stays on" \
	"$(bus_master "$(port_of "$shared")")" 1
uuid=$(create_mdev "$shared" afu-d8424dc4) || bail "no instance"
client_start user "$uuid" || bail "the user cannot open"
tap_is "siblings: the instance reports the command fence only" \
	"$(client user fences)" 0x1
client_end user
remove_mdev "$uuid"
tap_is "siblings: sysfs lists no function that masters the bus" \
	"$(card_attr "$shared" siblings_mastering)" ""
setpci -s "$(card_bdf 3)" $MASTER
tap_is "siblings: sysfs lists the function that masters the bus" \
	"$(card_attr "$shared" siblings_mastering)" \
	"$(card_bdf 3)"
tap_is "siblings: only root can read the list" \
	"$(stat -c %a "$PCI/$shared/dfl/siblings_mastering")" 400
setpci -s "$(card_bdf 3)" COMMAND=0000:0004
unbind_bdf "$shared"

# --- siblings with ARI, and virtual functions of a sibling ----------------------------------

# started_is BDF NUMBER
started_is()
{
	[ "$(card_attr "$1" siblings_started)" = "$2" ]
}

# next_start_counts: a virtual function stops mastering the bus and starts again. The
# driver counts the start only if it has checked the function in between.
next_start_counts()
{
	setpci -s "${vfs[2]}" COMMAND=0000:0004
	sleep 1.5
	setpci -s "${vfs[2]}" $MASTER
	wait_for 20 started_is "$bdf" 3
}

# lists BDF NAMES
lists()
{
	[ "$(card_attr "$1" siblings_mastering)" = "$2" ]
}

pf=$(card_bdf 5)
bdf=$(card_bdf 6)
tap_is "ARI: both functions are below one bridge" "$(port_of "$bdf")" "$(port_of "$pf")"
name="virtual functions of a sibling"
if modprobe pci-pf-stub; then
	echo pci-pf-stub >"$PCI/$pf/driver_override"
	echo "$pf" >/sys/bus/pci/drivers_probe
	echo 3 >"$PCI/$pf/sriov_numvfs" || bail "$name: cannot be enabled"
	setpci -s "$pf" COMMAND=0000:0004
	vfs=()
	for n in 0 1 2; do
		vfs+=("$(basename "$(readlink -f "$PCI/$pf/virtfn$n")")")
	done
	tap_like "$name: number above 7" "${vfs[2]}" ':[0-9a-f]+:1[0-9a-f]\.[0-7]$'
	echo "$pf" >"$PCI/$pf/driver/unbind"
	log_mark
	tap_fails "$name: the sibling cannot be bound" bind_bdf "$pf" 2>/dev/null
	tap_is "$name: one log line has the reason and the remedy" \
		"$(log_count 'refused: SR-IOV is enabled .* write 0 to sriov_numvfs')" 1
	echo pci-pf-stub >"$PCI/$pf/driver_override"
	echo "$pf" >/sys/bus/pci/drivers_probe
	setpci -s "${vfs[0]}" $MASTER
	log_mark
	bind_bdf "$bdf" || bail "function 1 does not bind"
	tap_is "$name: bind logs the one that masters the bus" \
		"$(log_count "bus mastering is enabled in other functions: ${vfs[0]};")" 1
	tap_ok "$name: sysfs lists it" lists "$bdf" "${vfs[0]}"
	socat -u SOCKET-RECV:16:2:15:x00000000000001000000 - >/tmp/uevents 2>&1 &
	listener=$!
	sleep 1.5
	tap_ok "$name: the state at bind is not counted" started_is "$bdf" 0
	setpci -s "${vfs[2]}" $MASTER
	begun=$(now_ms)
	tap_ok "$name: start to master the bus is counted" wait_for 60 started_is "$bdf" 1
	tap_timed "$name: ms until it is counted" $(($(now_ms) - begun)) 0 $((1100 * SLOW))
	tap_ok "$name: sysfs lists both" lists "$bdf" "${vfs[0]} ${vfs[2]}"
	tap_ok "$name: a uevent is sent" wait_for 60 \
		grep -aq VFIO_DFL_EVENT=sibling-bus-master /tmp/uevents
	setpci -s "$pf" $MASTER
	tap_ok "physical function: start to master the bus is counted" \
		wait_for 60 started_is "$bdf" 2
	tap_ok "physical function: sysfs lists it first" \
		lists "$bdf" "$pf ${vfs[0]} ${vfs[2]}"
	sleep 1.5
	tap_ok "siblings that continue to master the bus are not counted again" \
		started_is "$bdf" 2
	tap_ok "$name: next start is counted" wait_for 60 next_start_counts
	tap_is "siblings: one log line per start" \
		"$(log_count 'has enabled bus mastering; no fence covers it')" 3
	tap_is "siblings: one uevent per start" \
		"$(tr '\0' '\n' </tmp/uevents | grep -ac '^VFIO_DFL_EVENT=sibling-bus-master')" 3
	kill "$listener"
	wait "$listener" 2>/dev/null
	tap_is "siblings: other links are out of sight" \
		"$(card_attr "$bdf" siblings_out_of_sight)" "other links"
	echo 0 >"$PCI/$pf/sriov_numvfs"
	tap_ok "$name: no longer listed when they are removed" lists "$bdf" "$pf"
	unbind_bdf "$bdf"
	unload_module
	log_mark
	load_module fence_port=1 refuse_siblings=1 || bail "no module"
	tap_fails "refuse_siblings: function 1 of a card with a function that masters the bus is refused" \
		is_bound "$bdf"
	tap_is "refuse_siblings: one log line has the reason and the remedy" \
		"$(log_count "refused: bus mastering is enabled in other functions: $pf; unbind")" 1
	unload_module
	load_module fence_port=1 || bail "no module"
	! is_bound "$bdf" || unbind_bdf "$bdf"
else
	tap_skip "$name" "this kernel has no pci-pf-stub"
fi

# --- what QEMU's port does ------------------------------------------------------------------

bdf=$(bind_card 1) || bail "the dishonest card does not bind"
port=$other
tap_is "dishonest: sysfs reports the bridge fence in force" \
	"$(card_attr "$bdf" fence_port)" "in force"
card_do 1 dma-by-message '"on":true' || bail "no DMA by message"
uuid=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
client_start user "$uuid" || bail "the user cannot open"
tap_is "dishonest: QEMU drops messages while bus master of the card is off" \
	"$(client user dma)" "3 same"
# Several attempts, because the audit turns the bit of the card off again
result=none
for ((try = 0; try < 10; try++)); do
	setpci -s "$bdf" $MASTER
	result=$(client user dma)
	[ "$result" != "1 changed" ] || break
	wait_for 60 bus_master_is "$bdf" 0
done
tap_note "bit of the card on, of the port $(bus_master "$port"): DMA by message" \
	"returns \"$result\" (1 changed: QEMU's port does not stop it)"
tap_ok "dishonest: bus master of the card is off again" \
	wait_for 60 bus_master_is "$bdf" 0
client_end user
remove_mdev "$uuid"
unload_module
tap_is "module unloaded: bus master of the bridge is restored" \
	"$(bus_master "$other")" 1
