#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: register filters: tables that are accepted and rejected, templates, and what reaches the card
# cards: lab
# kernels: 7.3
# more: 6.1 6.12
# smp: 1

. /src/qemu-tests/tests/lib.sh

FILTERS=/src/tools/filters
ETH=b0-o2000
UART=b0-o15000
ETH_INFO=0x8 ETH_CTRL=0x10 ETH_STATUS=0x18
# Commands of the mailbox for register 0x310 of the first device
READ=0x4000031000000000
WRITE=0x80000310deadbeef

filter_attr()
{
	echo "$MDEV/$1/dfl/filter"
}

# load UUID TEXT: write a table in one write; printf makes one for each line
load()
{
	cat <<<"$2" >"$(filter_attr "$1")"
}

# load_template UUID NAME
load_template()
{
	cat "$FILTERS/$2" >"$(filter_attr "$1")"
}

# rejects NAME UUID PLACE TABLE: the table is refused, and the log has PLACE
rejects()
{
	log_mark
	tap_is "$1: the table is refused" "$(refusal load "$2" "$4")" "Invalid argument"
	tap_like "$1: the log has line, column and reason" \
		"$(log_new 'filter rejected')" "$3"
}

# accesses POSITION: reads and writes of the block that the card counted
accesses()
{
	echo $(($(block_stat 0 "$1" reads) + $(block_stat 0 "$1" writes)))
}

# mailbox NAME COMMAND: run a command of the mailbox, print the result
mailbox()
{
	client "$1" write $ETH_CTRL 8 "$2" >/dev/null
	client "$1" read $ETH_STATUS 8 >/dev/null
	client "$1" read $ETH_STATUS 8
}

# areas UUID: pages of region 0 that can be mapped, and whether it is writable
areas()
{
	"$VDFLCTL" info --json "$1" | jq -c '.vfio.regions[] | select(.index == 0) |
		[.write, (.mmap[] | .offset, .size)]'
}

# accepts_names UUID: the driver accepts each range that the tool has a name for
accepts_names()
{
	"$VDFLCTL" filter --names "$1" | sed 's/ .*/ r/' | "$VDFLCTL" filter "$1" -
}

load_module opt_in=uart,userclk || bail "no module"
bdf=$(bind_card 0) || bail "the card does not bind"
uuid=$(create_mdev "$bdf" "$(type_at "$bdf" $ETH)") || bail "no instance"

# --- tables -------------------------------------------------------------------------

tap_is "new instance: no filter" "$(<"$(filter_attr "$uuid")")" none
rejects "text that is no table" "$uuid" "line 1, column 1: expected a number" all
rejects "range past the block" "$uuid" "line 1, column 7: range exceeds the block" \
	"0xff8+0x10 r"
rejects "range that overflows" "$uuid" "line 1, column 5: range exceeds the block" \
	"0x8+0xffffffffffffffff r"
rejects "overlap" "$uuid" "line 2, column 2: range overlaps an earlier range" \
	$'0x0+0x10 r\n 0x8+0x8 w'
rejects "unterminated range" "$uuid" "line 1, column 11: expected a number" "0x0+0x8 r;0x"
rejects "range without access" "$uuid" "line 1, column 8: expected a blank" 0x0+0x8
rejects "no range" "$uuid" "line 2, column 1: table has no range" "  "
rejects "long table" "$uuid" "line 1, column 4096: table is too long" \
	"$(printf '%5000s' '0x0+0x8 r')"
rejects "many ranges" "$uuid" "line 1, column 353: too many ranges" \
	"$(printf "0x%x+0x1 r;" {16..48})"
tap_is "rejected tables: no filter is left" "$(<"$(filter_attr "$uuid")")" none
tap_is "user without privilege: cannot write a filter" \
	"$(refusal setpriv --reuid=1234 --regid=1234 --clear-groups bash -c \
		"echo none >$(filter_attr "$uuid")")" "Permission denied"

# --- the template of the Ethernet group -----------------------------------------------

client_start user "$uuid"
mailbox user $WRITE >/dev/null
tap_is "no filter: the mailbox has written" "$(mailbox user $READ)" 0x1deadbeef
client user write $ETH_CTRL 8 0 >/dev/null
tap_is "open instance: a filter is refused" "$(refusal load "$uuid" "0x0+0x8 r")" \
	"Device or resource busy"
client_end user
tap_ok "eth-group-read: loads" load_template "$uuid" eth-group-read
text=$(<"$(filter_attr "$uuid")")
tap_is "eth-group-read: reads as one line" "$text" \
	"0x0+0x10 r; 0x10+0x8 rw 0x7fffffffffffffff; 0x18+0x8 r"
tap_is "eth-group-read: nothing can be mapped" "$(areas "$uuid")" "[true]"
client_start user "$uuid"
tap_is "eth-group-read: a read command works" "$(mailbox user $READ)" 0x1deadbeef
tap_is "eth-group-read: a write command starts nothing" \
	"$(mailbox user 0x8000031000000bad; mailbox user $READ)" \
	"0x1deadbeef"$'\n'"0x1deadbeef"
tap_is "eth-group-read: the card has bit 63 clear" \
	"$(client user write $ETH_CTRL 8 $WRITE; card_peek 0 0 0x2010)" \
	"ok"$'\n'"0x310deadbeef"
tap_like "eth-group-read: the information can be read" \
	"$(client user read $ETH_INFO 8)" '^0x[1-9]'
before=$(accesses $ETH)
tap_is "eth-group-read: another register reads all-ones" \
	"$(client user read 0x20 8) $(client user read 0x800 4)" \
	"0xffffffffffffffff 0xffffffff"
tap_is "eth-group-read: a dropped write is reported as done" \
	"$(client user write $ETH_STATUS 8 0)" ok
tap_is "eth-group-read: neither reached the card" "$(accesses $ETH)" "$before"
tap_is "eth-group-read: the block cannot be mapped" "$(client user map)" "error EINVAL"
client_end user

# --- names of registers -------------------------------------------------------------------

named=$'header r\ninformation r\ncontrol rw 0x7fffffffffffffff\nresult r'
tap_ok "names: the tool sets a table" eval '"$VDFLCTL" filter "$uuid" - <<<"$named"'
tap_is "names: the driver has the places" "$(<"$(filter_attr "$uuid")")" \
	"0x0+0x8 r; 0x8+0x8 r; 0x10+0x8 rw 0x7fffffffffffffff; 0x18+0x8 r"
tap_is "names: the tool prints the same table" "$("$VDFLCTL" filter "$uuid")" "$named"
tap_is "names: info shows them" \
	"$("$VDFLCTL" info "$uuid" | sed -n 's/^ *filter: *//p')" "${named//$'\n'/; }"
rejects "names: written to the attribute" "$uuid" \
	"line 1, column 1: expected a number" "control r"
tap_ok "names: the driver accepts all of the Ethernet group" accepts_names "$uuid"
tap_ok "names: the tool sets a template" \
	"$VDFLCTL" filter "$uuid" "$FILTERS/eth-group-read"
tap_is "names: the driver has the template" "$(<"$(filter_attr "$uuid")")" "$text"

# --- kept by mdevctl's way and by vdflctl ----------------------------------------------

tap_ok "one line: the text of the attribute can be written again" load "$uuid" "$text"
tap_is "info: shows the filter" \
	"$("$VDFLCTL" info --json "$uuid" | jq -r .filter)" "$text"
"$VDFLCTL" save "$bdf" >/dev/null
remove_mdev "$uuid"
tap_ok "restore: succeeds" eval '"$VDFLCTL" restore "$bdf" >/dev/null'
tap_is "restore: the instance has its filter" "$(<"$(filter_attr "$uuid")")" "$text"
tap_is "restore: changes nothing when it runs again" "$("$VDFLCTL" restore "$bdf")" ""
tap_ok "none: removes the filter" load "$uuid" none
tap_is "none: the page can be mapped again" "$(areas "$uuid")" "[true,0,4096]"
tap_ok "read-only page: loads" load "$uuid" "0x0+0x1000 r"
tap_is "read-only page: region 0 is read-only and maps" "$(areas "$uuid")" \
	"[false,0,4096]"
tap_like "read-only page: vdflctl reads it through a mapping" \
	"$("$VDFLCTL" read --map "$uuid" $ETH_INFO)" '^0x00008: 0x[0-9a-f]{16}$'
tap_fails "read-only page: vdflctl does not write through a mapping" \
	"$VDFLCTL" write --map "$uuid" $ETH_CTRL 1
tap_fails "empty table: vdflctl refuses it" "$VDFLCTL" filter "$uuid" /dev/null
tap_is "empty table: the filter stays" "$(<"$(filter_attr "$uuid")")" "0x0+0x1000 r"
remove_mdev "$uuid"

# --- the other templates ------------------------------------------------------------------

uart=$(create_mdev "$bdf" uart) || bail "no UART"
tap_ok "names: the driver accepts all of the UART" accepts_names "$uart"
tap_ok "uart-16550: loads" load_template "$uart" uart-16550
client_start user "$uart"
tap_is "uart-16550: the scratch register of the 16550 keeps a byte" \
	"$(client user write 0x21c 1 0x5a; client user read 0x21c 1)" "ok"$'\n'"0x5a"
before=$(accesses $UART)
tap_is "uart-16550: the scratch register of the feature reads all-ones" \
	"$(client user read 0xf0 8)" 0xffffffffffffffff
tap_is "uart-16550: the read did not reach the card" "$(accesses $UART)" "$before"
client_end user

userclk=$(create_mdev "$bdf" "$(type_at "$bdf" b2-o3000)") || bail "no user clock"
tap_ok "names: the driver accepts all of the user clock" accepts_names "$userclk"
tap_ok "userclk-measure: loads" load_template "$userclk" userclk-measure
client_start user "$userclk"
before=$(accesses b2-o3000)
tap_is "userclk-measure: the PLL cannot be written" \
	"$(client user write 0x8 8 1)" ok
tap_is "userclk-measure: the write did not reach the card" "$(accesses b2-o3000)" \
	"$before"
tap_is "userclk-measure: a write of 4 bytes is refused as without a filter" \
	"$(client user write 0x14 4 1)" "error EINVAL"
client user write 0x10 8 0xffffffffffffffff >/dev/null
tap_is "userclk-measure: the selection reaches the card" "$(accesses b2-o3000)" \
	$((before + 1))
client_end user
