#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: error recovery of the PCI core, again and again (invariants 1, 9)
# cards: lab lab +lab
# kernels: 7.3
# more: 6.1 6.12
# idle: yes
# append: pcie_ports=native
#
# A kernel without ASPM does not ask the firmware for error reporting ("append").

. /src/qemu-tests/tests/lib.sh

RO_REG=0x48
RO_VALUE=0x1122334455667788
SCRATCH=0x28
IRQ_STATUS=0x58

given_up()
{
	[ "$(card_attr "$1" gone)" = 1 ]
}

recovered()
{
	[ "$(log_count 'AER: device recovery successful')" = 1 ]
}

# reads_more NUMBER: check that the other client has read more than NUMBER times
reads_more()
{
	[ "$(block_stat 0 "$other_pos" reads)" -gt "$1" ]
}

other_reads()
{
	block_stat 0 "$other_pos" reads
}

# recover NAME STATUS SCRATCH-AFTER: one user is at work on its mapping, the
# other on trapped registers
recover()
{
	local value generation

	client user mwrite $SCRATCH 0x77 >/dev/null
	generation=$(card_attr "$bdf" generation)
	client_send user mloop $RO_REG 60000 $RO_VALUE
	client_send other pace $RO_REG 60000 $RO_VALUE
	tap_ok "$1: clients are at work" wait_for 60 reads_more "$(other_reads)"
	log_mark
	tap_ok "$1: error injected" aer_inject "$2" "$root_port"
	tap_ok "$1: the kernel reports a successful recovery" \
		wait_for 60 recovered
	tap_ok "$1: clients continue" wait_for 60 reads_more "$(other_reads)"
	client_send user read $RO_REG 8
	client_send other read $RO_REG 8
	tap_like "$1: the mapping raises no SIGBUS" "$(client_reply user)" \
		'^reads [1-9]'
	client_reply user >/dev/null
	tap_like "$1: register reads do not fail" "$(client_reply other)" \
		'^reads [1-9]'
	client_reply other >/dev/null
	tap_is "$1: ERR is not signalled" "$(client user wait err 0)" timeout
	tap_is "$1: the generation of the card is incremented" \
		"$(card_attr "$bdf" generation)" $((generation + 1))
	tap_is "$1: the description has the generation" \
		"$(client user generation)" $((generation + 1))
	tap_is "$1: the client can read registers" \
		"$(client user read $RO_REG 8)" $RO_VALUE
	tap_is "$1: the client can read through the mapping" \
		"$(client user mread $RO_REG)" $RO_VALUE
	value=$(client user read $SCRATCH 8)
	tap_is "$1: value of the scratch register" "$value" "$3"
	tap_is "$1: the other client can read registers" \
		"$(client other read $RO_REG 8)" $RO_VALUE
	tap_like "$1: the armed vector is signalled after recovery" \
		"$(client user wait 0 20000)" '^fired'
	card_do 0 raise '"bar":2,"offset":"0x40000","vector":0'
	tap_like "$1: interrupt is delivered" \
		"$(client user wait 0 20000)" '^fired'
	client user write $IRQ_STATUS 8 1 >/dev/null
	tap_is "$1: bus master was never on" \
		"$(card_stat 0 .bus_master_on_count)" 0
	tap_is "$1: the card is not lost" "$(card_attr "$bdf" gone)" 0
}

modprobe aer_inject || bail "this kernel cannot inject errors"
load_module || bail "no module"
bdf=$(bind_card 0) || bail "the card does not bind"
root_port=$(port_of "$bdf")
client_start user "$(create_mdev "$bdf" afu-d8424dc4-b2-o40000)" ||
	bail "the user cannot open"
client_start other "$(create_mdev "$bdf" afu-d8424dc4-b2-oc0000)" ||
	bail "the other user cannot open"
other_pos=b2-oc0000
tap_is "before errors: a page can be mapped" "$(client user map)" 65536
tap_is "before errors: the client can read through the mapping" \
	"$(client user mread $RO_REG)" $RO_VALUE
client user arm err >/dev/null
client user arm 0 >/dev/null

recover "non-fatal error" "$NON_FATAL" 0x77
recover "fatal error" "$FATAL" 0x0
# The first recovery used up the saved state
recover "second fatal error" "$FATAL" 0x0
# A function reset uses it up as well
echo 1 >"$PCI/$bdf/reset" || bail "no function reset"
recover "fatal error after a reset" "$FATAL" 0x0

# --- an error without recovery ---------------------------------------------------

# The other function has no driver, so the PCI core gives up the recovery
log_mark
failing=$(bind_card 1) || bail "the second card does not bind"
uuid=$(create_mdev "$failing" afu-d8424dc4-b2-o40000)
client_start loser "$uuid" || bail "its user cannot open"
tap_is "no recovery: a page can be mapped" "$(client loser map)" 65536
client loser arm err >/dev/null
client loser arm req >/dev/null
aer_inject "$NON_FATAL" "$(port_of "$failing")"
why='permanent PCI channel failure' limit=5
if [[ $(uname -r) == 6.* ]]; then
	# These kernels do not report the failure to the driver, which declares
	# the card lost a minute later, whatever errors follow
	why='no response after reset' limit=45
	sleep 25
	aer_inject "$NON_FATAL" "$(port_of "$failing")"
fi
tap_ok "no recovery: the card is declared lost" \
	wait_for $limit given_up "$failing"
tap_is "no recovery: one log line has the reason" "$(log_count "$why")" 1
tap_like "no recovery: ERR is signalled to the client" \
	"$(client loser wait err 20000)" '^fired'
tap_like "no recovery: REQ is signalled to the client" \
	"$(client loser wait req 20000)" '^fired'
client loser arm req >/dev/null
tap_like "no recovery: REQ armed later is signalled" \
	"$(client loser wait req 20000)" '^fired'
tap_is "no recovery: no instance is available" \
	"$(cat "$PCI/$failing"/mdev_supported_types/*/available_instances | sort -u)" 0
tap_is "no recovery: register read fails with EIO" \
	"$(client loser read $RO_REG 8)" "error EIO"
tap_is "no recovery: the mapping raises SIGBUS" \
	"$(client loser mread $RO_REG)" SIGBUS
tap_is "no recovery: the other card is not lost" \
	"$(card_attr "$bdf" gone) $(client user read $RO_REG 8)" "0 $RO_VALUE"
client_end loser
remove_mdev "$uuid"
unbind_bdf "$failing"
tap_ok "no recovery: the card binds again" bind_bdf "$failing"
tap_is "no recovery: bus master was never on" \
	"$(card_stat 1 .bus_master_on_count)" 0
