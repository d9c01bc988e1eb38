#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: hostile feature lists do no harm; a bad block is withheld, the others work (invariant 8)
# cards: bad-lists one-bad stuck vsec lab +vf cxl +vf
# smp: 1
# kernels: 7.3
# more: 6.1 6.12
# timeout: 300

. /src/qemu-tests/tests/lib.sh

RO_REG=0x48
RO_VALUE=0x1122334455667788
PORT_CTRL=0x38

# our_lines BDF: lines of the driver, not of the PCI core, since log_mark
our_lines()
{
	log_new "$DRIVER $1: " | grep -vE 'probe (of|with)|enabling device|MDEV:' || :
}

# withheld BDF: position and reason of each block withheld for another reason
# than policy
withheld()
{
	local dir why

	for dir in "$PCI/$1"/dfl/blocks/*; do
		why=
		read -r why <"$dir/withheld"
		case $why in
		'' | 'never assigned' | 'needs opt-in') ;;
		*) echo "${dir##*/}: $why" ;;
		esac
	done
}

load_module || bail "no module"

# --- nothing usable -------------------------------------------------------------

bdf=$(card_bdf 0)
log_mark
tap_fails "bad lists: bind is refused" bind_bdf "$bdf" 2>/dev/null
tap_is "bad lists: one log line" "$(our_lines "$bdf" | wc -l)" 1
tap_like "bad lists: the log line has the reason" "$(our_lines "$bdf")" \
	'refused: no usable feature list; first finding: BAR'
tap_fails "bad lists: no sysfs directory is left" test -e "$PCI/$bdf/dfl"
tap_is "bad lists: the BARs are free" "$(grep -c "$DRIVER" /proc/iomem)" 0

# --- one bad block ----------------------------------------------------------------

bdf=$(card_bdf 1)
log_mark
tap_ok "one bad block: the card binds" bind_bdf "$bdf"
tap_is "one bad block: only this block is withheld" "$(withheld "$bdf")" \
	"b0-o2000: absolute register address"
tap_is "one bad block: one log line has the reason" \
	"$(our_lines "$bdf" | grep -c 'b0-o2000 .*absolute register address')" 1
tap_is "one bad block: the other blocks have types" \
	"$(types "$bdf" | tr '\n' ' ')" \
	"eth-group eth-group-b0-o1000 eth-group-b0-o3000 hssi "
client_start last "$(create_mdev "$bdf" hssi)"
tap_is "one bad block: the block after the bad one can be read" \
	"$(client last read 0 4)" 0x15
client_end last

# --- a list elsewhere ----------------------------------------------------------------

bdf=$(card_bdf 3)
# The time limit expires during the reads of the AFU, after the headers of all lists.
# The driver must not take the words that it does not read for all-ones.
words='"bar":2,"offset":"0x80000","len":262160'
tap_ok "slow reads: card takes 1.3 s for a word" card_do 3 slow "$words,\"us\":1300000"
log_mark
tap_fails "slow reads: bind is refused" bind_bdf "$bdf" 2>/dev/null
tap_is "slow reads: the log line has the reason" \
	"$(our_lines "$bdf" | sed 's/.*: //')" "reading the headers took more than 10 s"
tap_ok "slow reads: card is fast again" card_do 3 slow "$words"
tap_ok "vsec: the card binds" bind_bdf "$bdf"
tap_is "vsec: types are of the lists that the capability names" \
	"$(types "$bdf" |
	tr '\n' ' ')" "afu-d8424dc4 eth-group hssi "
tap_is "vsec: the decoy in BAR 0 is no block" \
	"$(cd "$PCI/$bdf/dfl/blocks" && echo *)" \
	"b0-o40000 b0-o41000 b0-o42000 b2-o80000 b2-o81000 b2-oc0000"

# --- a port that does not leave reset ----------------------------------------------

bdf=$(card_bdf 2)
log_mark
tap_ok "stuck: the card binds" bind_bdf "$bdf"
tap_is "stuck: sysfs has no type of the AFU below the stuck port" \
	"$(types "$bdf" |
	tr '\n' ' ')" "afu-d8424dc4 eth-group "
tap_is "stuck: one log line has the reason" \
	"$(our_lines "$bdf" | grep -c 'does not leave or enter reset')" 1
uuid=$(create_mdev "$bdf" afu-d8424dc4)
tap_is "stuck: the instance has the AFU below the other port" \
	"$(mdev_block "$uuid")" b2-oc0000
client_start other "$uuid"
tap_is "stuck: the other AFU can be read" \
	"$(client other read $RO_REG 8)" $RO_VALUE
client_end other
unbind_bdf "$bdf"

# The port is out of reset at bind, but does not enter reset again
card_poke 2 2 $PORT_CTRL 0x0
bind_bdf "$bdf" || bail "the card does not bind again"
stuck=$(create_mdev "$bdf" afu-d8424dc4-b2-o40000)
uuid=$(create_mdev "$bdf" afu-d8424dc4-b2-oc0000)
log_mark
start=$(now_ms)
tap_fails "stuck later: open fails" client_start first "$stuck"
tap_timed "stuck later: ms until open fails" $(($(now_ms) - start)) 0 \
	$((5000 * SLOW))
tap_is "stuck later: open fails with EIO" "$(client first open)" "error EIO"
tap_is "stuck later: one log line has the reason" \
	"$(our_lines "$bdf" | grep -c 'port 0: reset failed')" 1
client_start other "$uuid"
tap_is "stuck later: the other AFU can be read" \
	"$(client other read $RO_REG 8)" \
	$RO_VALUE
tap_is "stuck later: the other AFU can be reset" "$(client other reset)" ok
client_end first
client_end other
remove_mdev "$stuck"
tap_is "stuck later: the block is withheld" \
	"$(<"$PCI/$bdf/dfl/blocks/b2-o40000/withheld")" \
	"port does not leave or enter reset"
tap_is "stuck later: the block cannot be assigned again" \
	"$(refusal create_mdev "$bdf" afu-d8424dc4)" "No space left on device"

# --- another image in the FPGA --------------------------------------------------------

bdf=$(card_bdf 4)
bind_bdf "$bdf" || bail "the lab card does not bind"
uuid=$(create_mdev "$bdf" afu-d8424dc4-b2-o40000)
guid=$(card_peek 4 2 0x40008)
card_poke 4 2 0x40008 0x6666666666666666
log_mark
tap_fails "new image: open fails" client_start user "$uuid"
tap_is "new image: open fails with EIO" "$(client user open)" "error EIO"
tap_like "new image: the log line has the remedy" "$(our_lines "$bdf")" \
	'b2-o40000: header changed .* unbind and bind'
card_poke 4 2 0x40008 "$guid"
tap_is "old image again: open succeeds" "$(client user open)" ok

# A new image in use is found at the next reset of the block or of the card
client_start neighbour "$(create_mdev "$bdf" afu-d8424dc4-b2-oc0000)"
client neighbour arm err >/dev/null
for who in block card; do
	client user map >/dev/null
	client neighbour map >/dev/null
	client user arm err >/dev/null
	card_poke 4 2 0x40008 0x6666666666666666
	if [ $who = block ]; then
		tap_is "new image in use: reset of the block fails with EIO" \
			"$(client user reset)" "error EIO"
	else
		tap_ok "new image in use: sysfs accepts a reset of the card" \
			eval "echo 1 >'$PCI/$bdf/reset'"
		tap_like "new image in use: ERR is signalled to its client" \
			"$(client user wait err 20000)" '^fired'
		tap_is "new image in use: ERR is not signalled to the neighbour" \
			"$(client neighbour wait err 0)" timeout
	fi
	tap_is "new image in use, $who reset: the client has lost access" \
		"$(client user read $RO_REG 8) $(client user mread $RO_REG)" \
		"error EIO SIGBUS"
	tap_is "new image in use, $who reset: the neighbour has access" \
		"$(client neighbour read $RO_REG 8) $(client neighbour mread $RO_REG)" \
		"$RO_VALUE $RO_VALUE"
	card_poke 4 2 0x40008 "$guid"
	tap_is "old image again, $who reset: the client can reset the block" \
		"$(client user reset)" ok
	tap_is "old image again, $who reset: the client can read registers" \
		"$(client user read $RO_REG 8)" $RO_VALUE
done
client_end neighbour
client_end user
unbind_bdf "$bdf"

# --- links that bus master does not gate -----------------------------------------------

# links N: attribute links of card N
links()
{
	card_attr "$(card_bdf "$1")" links
}

# The AFU of a whole function has no FME
one_link="one PCIe link"
neighbour=$(card_bdf 5)
bind_bdf "$neighbour" || bail "function 1 of the lab card does not bind"
tap_is "no FME bound: links are unknown" "$(links 5)" unknown
bind_bdf "$bdf" || bail "the lab card does not bind again"
tap_is "FME bound: links of its function are known" "$(links 4)" "$one_link"
tap_is "FME bound later: links of function 1 are known" "$(links 5)" "$one_link"
unbind_bdf "$neighbour"
bind_bdf "$neighbour" || bail "function 1 of the lab card does not bind again"
tap_is "FME bound before: links of function 1 are known" "$(links 5)" "$one_link"
unbind_bdf "$neighbour"
unbind_bdf "$bdf"
bind_bdf "$neighbour" || bail "function 1 of the lab card does not bind alone"
tap_is "FME unbound: links are unknown" "$(links 5)" unknown
tap_is "links unknown: sysfs reports the command fence in force" \
	"$(card_attr "$neighbour" fence_command)" "in force"

cap=$(card_peek 4 0 0x30)
for bit in 13 14; do
	card_poke 4 0 0x30 "$(printf '0x%x' $((cap | 1 << bit)))"
	log_mark
	tap_fails "capability bit $bit: bind is refused" \
		bind_bdf "$bdf" 2>/dev/null
	tap_is "capability bit $bit: one log line has the reason" \
		"$(our_lines "$bdf" | grep -c 'refused: coherent or second PCIe link')" 1
	tap_is "capability bit $bit: one log line reports the bound function 1" \
		"$(our_lines "$neighbour" |
		grep -c "the FME of function $bdf reports a coherent or second PCIe link")" 1
	tap_is "capability bit $bit: sysfs reports the link for function 1" \
		"$(links 5)" "coherent or second PCIe link"
	tap_is "capability bit $bit: the command fence of function 1 is limited" \
		"$(card_attr "$neighbour" fence_command)" \
		"in force, but not on all links (see links)"
	uuid=$(create_mdev "$neighbour" afu-3e7b60a0) || bail "no instance"
	client_start user "$uuid" || bail "the user cannot open"
	tap_is "capability bit $bit: the instance of function 1 reports no fence" \
		"$(client user fences)" 0x0
	client_end user
	remove_mdev "$uuid"
	unbind_bdf "$neighbour"
	bind_bdf "$neighbour" || bail "function 1 of the lab card does not bind"
	tap_is "capability bit $bit: links are unknown to function 1 bound later" \
		"$(links 5)" unknown
done
card_poke 4 0 0x30 "$cap"
unbind_bdf "$neighbour"

# cxl_refused N NAME REGEX: card N does not bind, and the log line has the reason
cxl_refused()
{
	local other

	other=$(card_bdf "$1")
	log_mark
	tap_fails "$2: bind is refused" bind_bdf "$other" 2>/dev/null
	tap_like "$2: the log line has the reason" "$(our_lines "$other")" "$3"
	tap_fails "$2: no sysfs directory is left" test -e "$PCI/$other/dfl"
}

cxl_refused 6 CXL 'refused: CXL traffic is not gated by Bus Master Enable$'
cxl_refused 7 "CXL in function 0" \
	"refused: CXL traffic of function $(card_bdf 6) is not gated by Bus Master Enable\$"

unload_module || bail "the module does not unload"
# Function 1 has its driver_override still, function 0 no longer
echo >"$PCI/$bdf/driver_override"
log_mark
load_module require_known_links=1 || bail "no module"
tap_fails "require_known_links: function 1 alone is refused" is_bound "$neighbour"
tap_is "require_known_links: one log line has the reason and the remedy" \
	"$(our_lines "$neighbour" |
	grep -c 'refused: links .* are unknown .*; bind the function with the FME first')" 1
bind_bdf "$bdf" || bail "the lab card does not bind with require_known_links"
tap_ok "require_known_links: function 1 binds after the FME" bind_bdf "$neighbour"
tap_is "require_known_links: links of function 1 are known" "$(links 5)" "$one_link"
unload_module || bail "the module does not unload"
load_module || bail "no module"
unbind_bdf "$neighbour"
unbind_bdf "$bdf"

# --- nonsense ------------------------------------------------------------------------------

words=(0:0x0 0:0x8 0:0x30 0:0x38 0:0x40 0:0x1000 0:0x2000 0:0x4000 0:0x14000
	0:0x15000 0:0x15018 0:0x15020 0:0x15028 0:0x16020 0:0x19000 2:0x0
	2:0x18 2:0x30 2:0x38 2:0x40000 2:0x40010 2:0x80018 2:0x82000 2:0x82008)
values=(0x0 0xffffffffffffffff 0x3000000008000010 0x3000000010000010
	0x30000100000000fe 0x4000000001000001 0x1000000100000000
	0x3000000fffffff10 0x8000000000000001 0x5000000010000000
	0x00000000ffffffff 0x7fffffffffffff00 0xf000000010000000)

# bad_windows: print windows that leave the BAR or overlap another one
bad_windows()
{
	local dir bar size

	for dir in "$PCI/$bdf"/dfl/blocks/*; do
		bar=$(<"$dir/bar")
		size=$(<"$dir/size")
		[ "$size" = 0x0 ] || echo "$bar $(($(<"$dir/offset"))) $((size))"
	done | sort -n -k1,1 -k2,2 | awk '
		($1 == bar && $2 < end) || $3 < 1 { print }
		$2 + $3 > ($1 == 0 ? 524288 : 1048576) { print }
		{ bar = $1; end = $2 + $3 }'
}

RANDOM=1
bound=0
bad=
log_mark
for round in {1..30}; do
	at=()
	old=()
	for n in 0 1; do
		at[n]=${words[RANDOM % ${#words[@]}]}
		old[n]=$(card_peek 4 "${at[n]%:*}" "${at[n]#*:}")
		card_poke 4 "${at[n]%:*}" "${at[n]#*:}" \
			"${values[RANDOM % ${#values[@]}]}"
	done
	if bind_bdf "$bdf" 2>/dev/null; then
		bound=$((bound + 1))
		bad+=$(bad_windows)
		unbind_bdf "$bdf"
	fi
	for n in 1 0; do
		card_poke 4 "${at[n]%:*}" "${at[n]#*:}" "${old[n]}"
	done
done
tap_within "random words: number of rounds in which the card was bound" \
	"$bound" 5 29
tap_is "random words: no window overlaps or leaves the BAR" "$bad" ""
tap_within "random words: log lines per round" \
	$(($(our_lines "$bdf" | wc -l) / round)) 0 17
tap_ok "original words: the card binds" bind_bdf "$bdf"
tap_is "original words: number of types" "$(types "$bdf" | wc -l)" 9
for n in 0 1 2 3 4 5; do
	[ "$(card_stat "$n" .bus_master_on_count)" = 0 ] || bail "card $n mastered the bus"
done
