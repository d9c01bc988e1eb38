#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: system suspend, D3 and resets of the card, with clients and without, also of a card that does not come back (invariants 1, 6, 9)
# cards: lab
# kernels: 7.3
# more: 6.12
# iommu: intel
# sleep: yes
# timeout: 600

. /src/qemu-tests/tests/lib.sh

AFU0=afu-d8424dc4-b2-o40000
AFU1=afu-d8424dc4-b2-oc0000
RO_REG=0x48
RO_VALUE=0x1122334455667788
SCRATCH=0x28
IRQ_TRIGGER=0x50
IRQ_STATUS=0x58
POWER=CAP_PM+4.b
TRACING=/sys/kernel/tracing

# Registers that SeaBIOS sets up at boot but not at resume. Without ACPI's
# registers the machine can neither suspend nor power off; the other one enables
# extended config space.
FIRMWARE=("0:1f.0 40.l" "0:1f.0 44.b" "0:0.0 60.l")

on_count()
{
	card_stat 0 .bus_master_on_count
}

# d3_count: number of resets of the card by leaving D3
d3_count()
{
	card_log 0 'select(.ev == "reset" and .what == "pm")' | wc -l
}

# machine_resets: number of resets of the machine, as happens at power-off
machine_resets()
{
	card_log 0 'select(.ev == "reset" and .what == "device")' | wc -l
}

# firmware_regs: print the registers as arguments of setpci that restore them
firmware_regs()
{
	local reg

	for reg in "${FIRMWARE[@]}"; do
		printf -- '-s %s=%s ' "$reg" "$(setpci -s ${reg% *} "${reg#* }")"
	done
}

# suspend LEVEL: suspend to LEVEL of pm_test, and resume; "none" is a full
# suspend
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

# no_hotplug: unbind the hot-plug driver of the port. At resume it could not
# read the card's serial number, which is in extended config space, and would
# treat the card as another one. Not every kernel has this driver.
no_hotplug()
{
	local driver=/sys/bus/pci_express/drivers/pciehp service

	service=$(basename "$(dirname "$(readlink -f "$PCI/$bdf")")"):pcie004
	[ ! -e "$driver/$service" ] || echo "$service" >"$driver/unbind"
}

# sleeps NAME LEVEL: suspend so deep that the card is in D3
sleeps()
{
	local d3 off

	d3=$(d3_count)
	off=$(machine_resets)
	[ "$2" != none ] || off=$((off + 1))
	tap_ok "$1: the system suspends and resumes" suspend "$2"
	tap_is "$1: the card was in D3 once" "$(d3_count)" $((d3 + 1))
	tap_is "$1: number of machine resets" "$(machine_resets)" $off
}

# logged_once REGEX: whether one new log line matches
logged_once()
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
	tap_is "$1: a page can be mapped" "$(client user map)" 65536
	client user mwrite $SCRATCH 0x77 >/dev/null
	tap_is "$1: ERR can be armed" "$(client user arm err)" ok
	tap_is "$1: a vector can be armed" "$(client user arm 0)" ok
	tap_is "$1: REQ can be armed" "$(client other arm req)" ok
	tap_is "$1: a vector of the other client can be armed" \
		"$(client other arm 0)" ok
}

# reads_more NUMBER: has the other client read more often than that?
reads_more()
{
	[ "$(block_stat 0 ${AFU1#*-*-} reads)" -gt "$1" ]
}

# users_work NAME: start clients that access registers until they are stopped: one
# by its mapping, the other by trapped reads and with an unacknowledged
# interrupt
users_work()
{
	client other write $IRQ_TRIGGER 8 1 >/dev/null
	client_send user mloop $RO_REG 60000 $RO_VALUE
	client_send other pace $RO_REG 60000 $RO_VALUE
	tap_ok "$1: clients access registers before suspend" \
		wait_for 60 reads_more "$(block_stat 0 ${AFU1#*-*-} reads)"
}

# users_worked NAME: check that the clients never failed and never read a wrong
# value
users_worked()
{
	tap_ok "$1: clients access registers after resume" \
		wait_for 60 reads_more "$(block_stat 0 ${AFU1#*-*-} reads)"
	client_send user read $RO_REG 8
	client_send other write $IRQ_STATUS 8 1
	tap_like "$1: the client read the right value through the mapping" \
		"$(client_reply user)" '^reads [1-9]'
	tap_is "$1: the client can read registers" \
		"$(client_reply user)" $RO_VALUE
	tap_like "$1: the other client read the right value" \
		"$(client_reply other)" '^reads [1-9]'
	tap_is "$1: the other client can acknowledge its interrupt" \
		"$(client_reply other)" ok
	tap_within "$1: the other client received its interrupt" \
		"$(client other count 0 10)" 1 1000000
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
	tap_is "$1: the client can read registers after resume" \
		"$(client user read $RO_REG 8)" \
		$RO_VALUE
	tap_is "$1: the client can read through the mapping" \
		"$(client user mread $RO_REG)" \
		$RO_VALUE
	tap_is "$1: value of the scratch register" \
		"$(client user read $SCRATCH 8)" "$2"
	tap_is "$1: the other client can read registers" \
		"$(client other read $RO_REG 8)" $RO_VALUE
	# With a shared pin, interrupts of the other client have been signalled
	# here
	client user wait 0 0 >/dev/null
	card_do 0 raise '"bar":2,"offset":"0x40000","vector":0'
	tap_like "$1: interrupt is delivered" \
		"$(client user wait 0 20000)" '^fired'
	client user write $IRQ_STATUS 8 1 >/dev/null
	tap_is "$1: interrupt can be acknowledged" \
		"$(client user read $IRQ_STATUS 8)" 0x0
	tap_is "$1: ERR is not signalled" "$(client user wait err 0)" timeout
	tap_is "$1: REQ is not signalled" "$(client other wait req 0)" timeout
	tap_is "$1: the client can reset the block" "$(client user reset)" ok
	tap_is "$1: reset by the client clears registers" \
		"$(client user read $SCRATCH 8)" 0x0
	client user mwrite $SCRATCH 0x77 >/dev/null
}

# fenced NAME COUNT: check that bus master was on COUNT times and no violation
# counted
fenced()
{
	tap_is "$1: number of times bus master was turned on" "$(on_count)" "$2"
	tap_is "$1: no violation is counted" \
		"$(card_attr "$bdf" busmaster_violations)" 0
	tap_is "$1: the card is not lost" "$(card_attr "$bdf" gone)" 0
}

load_module || bail "no module"
bdf=$(bind_card 0) || bail "the card does not bind"
# Clients access the card while it sleeps. Thousands of lines make jq slow.
card_do 0 log-accesses '"on":false' || bail "the card goes on logging accesses"
grep -qw core /sys/power/pm_test || bail "this kernel cannot test suspend"
grep -q '\[deep\]' /sys/power/mem_sleep || bail "this machine cannot sleep"
no_hotplug || bail "the hot-plug driver cannot be unbound from the port"
echo 0 >/sys/module/suspend/parameters/pm_test_delay

# --- no client ------------------------------------------------------------------------

sleeps "no client" none
fenced "no client" 0

# --- clients, at every level of suspend -------------------------------------------------

echo intx >"$PCI/$bdf/dfl/irq_source"
users_open intx
# At these levels the card keeps its power
for level in freezer devices; do
	users_work $level
	tap_ok "$level: the system suspends and resumes" suspend $level
	users_worked $level
	users_go_on $level 0x77
done
fenced devices 0
# Work items go on at this level, as in suspend-to-idle of a machine without idle
# states. The time limit of an operation of the PCI core is 60 s.
echo 70 >/sys/module/suspend/parameters/pm_test_delay
tap_ok "long suspend: the system suspends and resumes" suspend devices
echo 0 >/sys/module/suspend/parameters/pm_test_delay
users_go_on "long suspend" 0x77
fenced "long suspend" 0
users_work "function reset"
generation=$(card_attr "$bdf" generation)
tap_ok "function reset: the reset succeeds" eval "echo 1 >'$PCI/$bdf/reset'"
users_worked "function reset"
tap_is "function reset: the generation is incremented" \
	"$(client user generation)" $((generation + 1))
users_go_on "function reset" 0x0
fenced "function reset" 0
for level in platform core none; do
	sleeps_at_work $level $level
	users_go_on $level 0x0
	fenced $level 0
done

# One user after the other would have to wait for the zaps of the first
tap_is "many mappings: 1000 mappings can be made" "$(client user maps 1000)" ok
mountpoint -q $TRACING || mount -t tracefs none $TRACING || bail "no tracefs"
echo 1 >$TRACING/events/$DRIVER/vdfl_revoke/enable || bail "no tracepoint"
tap_ok "many mappings: the reset succeeds" eval "echo 1 >'$PCI/$bdf/reset'"
tap_is "many mappings: access of the other client is revoked first" \
	"$(sed -n 's/.*vdfl_revoke: \([^ ]*\) .*/\1/p' $TRACING/trace | head -n 1)" \
	"$uuid1"
tap_figure "many mappings: s.us of the ends of revocation: $(sed -n \
	's/.* \([0-9.]*\): vdfl_revoke.*/\1/p' $TRACING/trace | tr '\n' ' ')"
echo 0 >$TRACING/events/$DRIVER/vdfl_revoke/enable
users_end

# --- the other sources ---------------------------------------------------------------------

echo poll >"$PCI/$bdf/dfl/irq_source"
users_open poll
sleeps_at_work poll platform
tap_like "poll: the armed vector is signalled after resume" \
	"$(client user wait 0 20000)" '^fired'
users_go_on poll 0x0
fenced poll 0
users_end
tap_is "poll: the function mask was never cleared" "$(card_log 0 \
	'select(.ev == "msix-control" and .enable and (.mask | not))' | wc -l)" 0

# Bus master is on while a vector is armed, but not while the card sleeps. The
# driver clears this bit only (command register 6>2); QEMU clears memory enable as
# well when it resets the machine (6>0).
master_changes='select(.ev == "mark" or .ev == "command" or
	(.ev == "reset" and .what == "pm")) |
	if .ev != "command" then .text // .what
	else [.old, .new | .[-1:]] |
		select(map(test("[4-7c-f]")) | unique | length == 2) | join(">") end'
echo msix >"$PCI/$bdf/dfl/irq_source"
users_open msix
tap_is "msix: bus master is on while a vector is armed" \
	"$(on_count) $(card_stat 0 .bus_master)" "1 1"
card_mark 0 sleep
sleeps_at_work msix none
tap_like "msix: the armed vector is signalled after resume" \
	"$(client user wait 0 20000)" '^fired'
users_go_on msix 0x0
fenced msix 2
tap_is "msix: bus master is off before D3, and on again after resume" \
	"$(card_log 0 "$master_changes" |
		sed -n '/sleep/,$p' | tr '\n' ' ')" '"sleep" "6>2" "pm" "2>6" '
users_end
tap_is "msix: bus master is off after disarm" "$(card_stat 0 .bus_master)" 0
echo intx >"$PCI/$bdf/dfl/irq_source"
base=$(on_count)

# --- a card that is gone ----------------------------------------------------------------------

# after_vanish NAME: check that all access fails; then bring the card back
after_vanish()
{
	tap_ok "$1: the card is declared lost" wait_for 60 gone_is 1
	tap_like "$1: ERR is signalled" "$(client user wait err 20000)" '^fired'
	tap_like "$1: REQ is signalled" "$(client other wait req 20000)" '^fired'
	tap_is "$1: register read fails with EIO" \
		"$(client user read $RO_REG 8)" "error EIO"
	tap_is "$1: the mapping raises SIGBUS" \
		"$(client user mread $RO_REG)" SIGBUS
	tap_is "$1: reset by the client fails with EIO" \
		"$(client user reset)" "error EIO"
	card_do 0 return
	tap_is "$1: register read fails when the card is back" \
		"$(client user read $RO_REG 8)" "error EIO"
	users_end
	unbind_bdf "$bdf"
	# The kernel restores the address, not the card
	tap_ok "$1: the card binds again" bind_bdf "$bdf"
	tap_is "$1: bus master is off" "$(card_stat 0 .bus_master)" 0
}

users_open "gone before sleep"
card_do 0 vanish
# No deeper level: the kernel would wait a minute for the card's power
suspend devices
after_vanish "gone before sleep"

# After a bus reset the kernel would wait a minute
echo flr >"$PCI/$bdf/reset_method"
users_open "gone before reset"
card_do 0 vanish
tap_fails "gone before reset: the function reset fails" \
	eval "echo 1 >'$PCI/$bdf/reset' 2>/dev/null"
after_vanish "gone before reset"

# --- D3 set externally ----------------------------------------------------------------------------

found='reset externally'
users_open D3
setpci -s "$bdf" $POWER=3
tap_is "D3: the card is in D3" "$(setpci -s "$bdf" $POWER)" 03
# QEMU completes the read with zeros, a real bus with ones
tap_like "D3: registers read as zeros or ones" "$(client user read $RO_REG 8)" \
	'^0x(0|f{16})$'
tap_is "D3: register write is ignored" "$(client user write $SCRATCH 8 1)" ok
tap_is "D3: reset by the client fails with EIO" "$(client user reset)" "error EIO"
tap_is "D3: the block is withheld" \
	"$(<"$PCI/$bdf/dfl/blocks/${AFU0#*-*-}/withheld")" \
	"port does not leave or enter reset"
# The card is reset when it leaves D3, and loses its BARs
log_mark
setpci -s "$bdf" $POWER=0
tap_ok "D3: the log reports the reset" wait_for 60 logged_once "$found"
tap_ok "D3: the port takes a reset again" \
	wait_for 60 logged_once 'port 0: reset works again'
tap_is "D3: the block is no longer withheld" \
	"$(<"$PCI/$bdf/dfl/blocks/${AFU0#*-*-}/withheld")" ""
tap_is "D3: the client can reset" "$(client user reset)" ok
client user mwrite $SCRATCH 0x77 >/dev/null
users_go_on D3 0x77
fenced D3 "$base"
users_end

# --- an external reset ----------------------------------------------------------------------

# A virtual function shows a reset of its physical function by MSI-X only
echo poll >"$PCI/$bdf/dfl/irq_source"
users_open "MSI-X off"
log_mark
setpci -s "$bdf" CAP_MSIX+2.w=0000:c000
tap_like "MSI-X off: the armed vector is signalled" \
	"$(client user wait 0 20000)" '^fired'
tap_is "MSI-X off: the log reports the reset" "$(log_count "$found")" 1
users_go_on "MSI-X off" 0x77
users_end
echo intx >"$PCI/$bdf/dfl/irq_source"

# A card in use is not suspended at run time; without the driver's consent no
# card is.
echo auto >"$PCI/$bdf/power/control"
sleep 0.5
tap_is "power control auto: the card stays active" \
	"$(<"$PCI/$bdf/power/runtime_status")" active
echo on >"$PCI/$bdf/power/control"

tap_is "card: bus master was turned on for msix only" "$(on_count)" "$base"
tap_is "card: no DMA was done" "$(card_stat 0 .dma_done)" 0
tap_ok "card: unbinds" unbind_bdf "$bdf"
tap_ok "module: unloads" unload_module
