#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: system suspend, D3 and resets of the card, with users and without, also of a card that does not come back (invariants 1, 6, 9)
# cards: lab
# kernels: 7.3
# more: 6.12
# iommu: intel
# sleep: yes

. /src/qemu-tests/tests/lib.sh

AFU0=afu-d8424dc4-b2-o40000
AFU1=afu-d8424dc4-b2-oc0000
RO_REG=0x48
RO_VALUE=0x1122334455667788
SCRATCH=0x28
IRQ_TRIGGER=0x50
IRQ_STATUS=0x58
POWER=CAP_PM+4.b

# What SeaBIOS sets up at boot and forgets to at wake: ACPI's registers, without
# which the machine neither sleeps nor goes off again, and extended
# configuration space
FIRMWARE=("0:1f.0 40.l" "0:1f.0 44.b" "0:0.0 60.l")

on_count()
{
	card_stat 0 .bus_master_on_count
}

# d3_count: how often the card came back from D3, which resets it
d3_count()
{
	card_log 0 'select(.ev == "reset" and .what == "pm")' | wc -l
}

# machine_resets: how often all was reset, as happens when the machine is off
machine_resets()
{
	card_log 0 'select(.ev == "reset" and .what == "device")' | wc -l
}

# firmware_regs: print them, as arguments of setpci that would set them
firmware_regs()
{
	local reg

	for reg in "${FIRMWARE[@]}"; do
		printf -- '-s %s=%s ' "$reg" "$(setpci -s ${reg% *} "${reg#* }")"
	done
}

# suspend LEVEL: what the kernel can of a suspend, and back; "none" is no test
suspend()
{
	local firmware status=0

	firmware=$(firmware_regs)
	echo "$1" >/sys/power/pm_test
	echo mem >/sys/power/state || status=1
	# shellcheck disable=SC2086 # arguments
	setpci $firmware
	return $status
}

# no_hotplug: at wake the port above would miss the card's serial number, which
# is in extended configuration space, and take the card for another one; not all
# of our kernels have a driver for it
no_hotplug()
{
	local driver=/sys/bus/pci_express/drivers/pciehp service

	service=$(basename "$(dirname "$(readlink -f "$PCI/$bdf")")"):pcie004
	[ ! -e "$driver/$service" ] || echo "$service" >"$driver/unbind"
}

# sleeps NAME LEVEL: so deep that the card is in D3
sleeps()
{
	local d3 off

	d3=$(d3_count)
	off=$(machine_resets)
	[ "$2" != none ] || off=$((off + 1))
	tap_ok "$1: the system sleeps" suspend "$2"
	tap_is "$1: the card was in D3" "$(d3_count)" $((d3 + 1))
	tap_is "$1: so often was the machine off" "$(machine_resets)" $off
}

# said REGEX: is it in the log, once?
said()
{
	[ "$(log_count "$1")" = 1 ]
}

# gone_is VALUE
gone_is()
{
	[ "$(card_attr "$bdf" gone)" = "$1" ]
}

users_open()
{
	uuid0=$(create_mdev "$bdf" $AFU0) || bail "no instance"
	uuid1=$(create_mdev "$bdf" $AFU1) || bail "no instance"
	client_start user "$uuid0" || bail "the user cannot open"
	client_start other "$uuid1" || bail "the other user cannot open"
	tap_is "$1: a page is mapped" "$(client user map)" 65536
	client user mwrite $SCRATCH 0x77 >/dev/null
	tap_is "$1: ERR can be armed" "$(client user arm err)" ok
	tap_is "$1: a vector can be armed" "$(client user arm 0)" ok
	tap_is "$1: REQ can be armed" "$(client other arm req)" ok
	tap_is "$1: another vector, too" "$(client other arm 0)" ok
}

# reads_more NUMBER: has the other user read so often, and again?
reads_more()
{
	[ "$(block_stat 0 ${AFU1#*-*-} reads)" -gt "$1" ]
}

# users_work NAME: until they are told otherwise, one by its mapping, the other
# by trapped reads and with an interrupt that it does not acknowledge
users_work()
{
	client other write $IRQ_TRIGGER 8 1 >/dev/null
	client_send user mloop $RO_REG 60000 $RO_VALUE
	client_send other loop $RO_REG 60000 $RO_VALUE
	tap_ok "$1: users are at work" \
		wait_for 5 reads_more "$(block_stat 0 ${AFU1#*-*-} reads)"
}

# users_worked NAME: all along, and did not notice anything
users_worked()
{
	tap_ok "$1: they go on" \
		wait_for 5 reads_more "$(block_stat 0 ${AFU1#*-*-} reads)"
	client_send user read $RO_REG 8
	client_send other write $IRQ_STATUS 8 1
	tap_like "$1: by the mapping" "$(client_reply user)" '^reads [1-9]'
	tap_is "$1: and then" "$(client_reply user)" $RO_VALUE
	tap_like "$1: by trapped reads" "$(client_reply other)" '^reads [1-9]'
	tap_is "$1: the interrupt is acknowledged" "$(client_reply other)" ok
	tap_within "$1: it was signalled" "$(client other count 0 10)" 1 1000000
}

# sleeps_at_work NAME LEVEL
sleeps_at_work()
{
	users_work "$1"
	sleeps "$1" "$2"
	users_worked "$1"
}

users_end()
{
	client_end user
	client_end other
	remove_mdev "$uuid0"
	remove_mdev "$uuid1"
}

# users_go_on NAME SCRATCH
users_go_on()
{
	tap_is "$1: registers can be read" "$(client user read $RO_REG 8)" \
		$RO_VALUE
	tap_is "$1: through the mapping as well" "$(client user mread $RO_REG)" \
		$RO_VALUE
	tap_is "$1: what the AFU kept" "$(client user read $SCRATCH 8)" "$2"
	tap_is "$1: the other user can go on" \
		"$(client other read $RO_REG 8)" $RO_VALUE
	# Who shares a line has heard of the other's interrupts
	client user wait 0 0 >/dev/null
	card_do 0 raise '"bar":2,"offset":"0x40000","vector":0'
	tap_like "$1: interrupts arrive" "$(client user wait 0 3000)" '^fired'
	client user write $IRQ_STATUS 8 1 >/dev/null
	tap_is "$1: and can be cleared" "$(client user read $IRQ_STATUS 8)" 0x0
	tap_is "$1: it was no error" "$(client user wait err 0)" timeout
	tap_is "$1: nobody has to leave" "$(client other wait req 0)" timeout
	tap_is "$1: the user can reset" "$(client user reset)" ok
	tap_is "$1: which clears" "$(client user read $SCRATCH 8)" 0x0
	client user mwrite $SCRATCH 0x77 >/dev/null
}

# fenced NAME COUNT: as it was, and nobody found anything
fenced()
{
	tap_is "$1: bus master did not come on" "$(on_count)" "$2"
	tap_is "$1: there was no violation" \
		"$(card_attr "$bdf" busmaster_violations)" 0
	tap_is "$1: the card is not given up" "$(card_attr "$bdf" gone)" 0
}

load_module || bail "no module"
bdf=$(bind_card 0) || bail "the card does not bind"
grep -qw core /sys/power/pm_test || bail "this kernel cannot test suspend"
grep -q '\[deep\]' /sys/power/mem_sleep || bail "this machine cannot sleep"
no_hotplug || bail "hot plug does not let go of the port"
echo 0 >/sys/module/suspend/parameters/pm_test_delay

# --- nobody has it open -------------------------------------------------------------

sleeps unused none
fenced unused 0

# --- users, and as much of a suspend as there is -----------------------------------------

echo intx >"$PCI/$bdf/dfl/irq_source"
users_open levels
# Up to here the card is told, but keeps its power
for level in freezer devices; do
	users_work $level
	tap_ok "$level: the system sleeps" suspend $level
	users_worked $level
	users_go_on $level 0x77
done
fenced levels 0
for level in platform core none; do
	sleeps_at_work $level $level
	users_go_on $level 0x0
	fenced $level 0
done
users_end

# --- the other sources ---------------------------------------------------------------------

echo poll >"$PCI/$bdf/dfl/irq_source"
users_open poll
sleeps_at_work poll platform
tap_like "poll: the user is asked to look for what it missed" \
	"$(client user wait 0 100)" '^fired'
users_go_on poll 0x0
fenced poll 0
users_end
tap_is "poll: messages were never allowed" "$(card_log 0 \
	'select(.ev == "msix-control" and .enable and (.mask | not))' | wc -l)" 0

# Bus master is on while a vector is armed, but not while the card sleeps; the
# driver turns it off ("command"), the machine only resets the card ("reset")
echo msix >"$PCI/$bdf/dfl/irq_source"
users_open msix
tap_is "msix: bus master is on" "$(on_count) $(card_stat 0 .bus_master)" "1 1"
card_mark 0 sleep
sleeps_at_work msix none
tap_like "msix: the user is asked to look for what it missed" \
	"$(client user wait 0 100)" '^fired'
users_go_on msix 0x0
fenced msix 2
tap_is "msix: off before the card slept, and on again afterwards" \
	"$(card_log 0 'select(.ev == "mark" or .ev == "bus-master" or
		(.ev == "reset" and .what == "pm")) |
		if .ev != "bus-master" then .text // .what
		elif .on then "on" else .why end' |
		sed -n '/sleep/,$p' | tr '\n' ' ')" '"sleep" "command" "pm" "on" '
users_end
tap_is "msix: off when nobody listens" "$(card_stat 0 .bus_master)" 0
echo intx >"$PCI/$bdf/dfl/irq_source"
base=$(on_count)

# --- a card that is gone ----------------------------------------------------------------------

# after_vanish NAME: everybody knows, nothing works; then there it is again
after_vanish()
{
	tap_ok "$1: the card is given up" wait_for 5 gone_is 1
	tap_like "$1: ERR fired" "$(client user wait err 3000)" '^fired'
	tap_like "$1: REQ fired" "$(client other wait req 3000)" '^fired'
	tap_is "$1: registers are out of reach" \
		"$(client user read $RO_REG 8)" "error EIO"
	tap_is "$1: the mapping is gone" "$(client user mread $RO_REG)" SIGBUS
	tap_is "$1: no reset" "$(client user reset)" "error EIO"
	card_do 0 return
	tap_is "$1: nor when the card is there again" \
		"$(client user read $RO_REG 8)" "error EIO"
	users_end
	unbind_bdf "$bdf"
	# Its address is what the kernel keeps, not the card
	tap_ok "$1: the card binds again" bind_bdf "$bdf"
	tap_is "$1: bus master is off" "$(card_stat 0 .bus_master)" 0
}

users_open "gone before sleep"
card_do 0 vanish
# No further than that, or the kernel waits a minute for the card's power
suspend devices
after_vanish "gone before sleep"

# For a bus reset the kernel would wait a minute
echo flr >"$PCI/$bdf/reset_method"
users_open "gone before reset"
card_do 0 vanish
tap_fails "gone before reset: there is none" \
	eval "echo 1 >'$PCI/$bdf/reset' 2>/dev/null"
after_vanish "gone before reset"

# --- D3 behind the driver -------------------------------------------------------------------------

found='was reset without the driver'
users_open D3
setpci -s "$bdf" $POWER=3
tap_is "D3: the card sleeps" "$(setpci -s "$bdf" $POWER)" 03
# QEMU answers with zeros where a bus would with ones
tap_like "D3: registers read nothing" "$(client user read $RO_REG 8)" \
	'^0x(0|f{16})$'
tap_is "D3: a write goes nowhere" "$(client user write $SCRATCH 8 1)" ok
tap_is "D3: the reset is noticed to fail" "$(client user reset)" "error EIO"
tap_is "D3: its block is withheld" \
	"$(<"$PCI/$bdf/dfl/blocks/${AFU0#*-*-}/withheld")" \
	"port does not leave or enter reset"
# Leaving D3 the card is reset, and forgets where its registers are
log_mark
setpci -s "$bdf" $POWER=0
tap_ok "D3: the reset is found" wait_for 5 said "$found"
tap_ok "D3: the reset has cured the port" \
	wait_for 5 said 'port 0 takes a reset again'
tap_is "D3: its block is no longer withheld" \
	"$(<"$PCI/$bdf/dfl/blocks/${AFU0#*-*-}/withheld")" ""
tap_is "D3: the user can reset" "$(client user reset)" ok
client user mwrite $SCRATCH 0x77 >/dev/null
users_go_on D3 0x77
fenced D3 "$base"
users_end

# --- a reset behind the driver -------------------------------------------------------------

# As a reset of a physical function is for its virtual functions, only MSI-X
# shows it
echo poll >"$PCI/$bdf/dfl/irq_source"
users_open "MSI-X off"
log_mark
setpci -s "$bdf" CAP_MSIX+2.w=0000:c000
tap_like "MSI-X off: the user is asked to look for what it missed" \
	"$(client user wait 0 $((2000 * SLOW)))" '^fired'
tap_is "MSI-X off: the reset is found" "$(log_count "$found")" 1
users_go_on "MSI-X off" 0x77
users_end
echo intx >"$PCI/$bdf/dfl/irq_source"

# Runtime suspend is not for a card with users; without its driver's consent
# there is none at all.
echo auto >"$PCI/$bdf/power/control"
sleep 0.5
tap_is "power control: the card stays awake" \
	"$(<"$PCI/$bdf/power/runtime_status")" active
echo on >"$PCI/$bdf/power/control"

tap_is "bus master came on for msix only" "$(on_count)" "$base"
tap_is "no DMA ever got through" "$(card_stat 0 .dma_done)" 0
tap_ok "the card is released" unbind_bdf "$bdf"
tap_ok "the module unloads" unload_module
