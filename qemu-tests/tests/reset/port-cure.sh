#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: error words, sensors, and the release of AFUs that a protocol checker stopped (invariants 6, 7, 9)
# cards: checker n6001 +he-lb n3000 vf
# kernels: 7.3
# more: 6.1 6.12

. /src/qemu-tests/tests/lib.sh

RO_REG=0x48
RO_VALUE=0x1122334455667788
SCRATCH=0x28
ONES=0xffffffffffffffff
TIMEOUT="AFU stopped the card: MMIO timeout"

# blocks_with BDF NAME: positions of the blocks that have the attribute
blocks_with()
{
	local file

	for file in "$PCI/$1"/dfl/blocks/*/"$2"; do
		[ ! -e "$file" ] || basename "${file%/*}"
	done | sort | tr '\n' ' '
}

# error_word BDF POSITION [NAME]
error_word()
{
	card_attr "$1" "blocks/$2/${3:-errors}"
}

# sensor BDF NAME: value of an attribute of the hwmon device
sensor()
{
	cat "$PCI/$1"/hwmon/hwmon*/"$2"
}

# sensors BDF: names of the inputs
sensors()
{
	local file

	for file in "$PCI/$1"/hwmon/hwmon*/*_input; do
		[ ! -e "$file" ] || basename "$file"
	done | tr '\n' ' '
}

generation()
{
	card_attr "$1" generation
}

# listed BDF: the errors that vdflctl list prints
listed()
{
	"$VDFLCTL" list --json "$1" | jq -r '.cards[0].errors[]'
}


load_module loss_grace_ms=500 || bail "no module"
bdf=$(bind_card 0) || bail "the card with a checker does not bind"
pf=$(bind_card 1) || bail "function 0 does not bind"
helb=$(bind_card 2) || bail "function 1 does not bind"
n3000=$(bind_card 3) || bail "N3000 does not bind"
vf=$(bind_card 4) || bail "the VF does not bind"

# --- error words ------------------------------------------------------------------

tap_is "checker: blocks with error words" "$(blocks_with "$bdf" errors)" \
	"b0-o4000 b2-o1000 b2-o81000 "
tap_is "n6001: blocks with error words" "$(blocks_with "$pf" errors)" \
	"b0-o4000 b0-o80000 "
tap_is "n6001: only the FME has other error words" \
	"$(blocks_with "$pf" nonfatal_errors)" "b0-o4000 "
tap_is "n3000: blocks with error words" "$(blocks_with "$n3000" errors)" \
	"b0-o4000 b2-o1000 "
tap_is "vf: no block has error words" "$(blocks_with "$vf" errors)" ""
tap_is "vf: no port can be reset" "$(blocks_with "$vf" reset)" ""
tap_is "checker: ports that can be reset" "$(blocks_with "$bdf" reset)" \
	"b2-o0 b2-o80000 "
tap_is "n3000: modes of the files" \
	"$(stat -c %a "$PCI/$n3000"/dfl/blocks/b2-o{1000/errors,0/reset,0/port} | tr '\n' ' ')" \
	"400 200 444 "
n=1
for word in errors/0x10 pcie_errors/0x20 first_error/0x38 nonfatal_errors/0x50 \
	    catfatal_errors/0x60; do
	card_poke 3 0 "$(printf '0x%x' $((0x4000 + ${word#*/})))" $n
	tap_is "n3000: ${word%/*} of the FME" \
		"$(error_word "$n3000" b0-o4000 "${word%/*}")" "$(printf '0x%x' $n)"
	n=$((n * 2))
done
card_poke 3 2 0x1010 0x100000000
card_poke 3 2 0x1018 0x100000001
tap_is "n3000: error words of the port" \
	"$(error_word "$n3000" b2-o1000) $(error_word "$n3000" b2-o1000 first_error)" \
	"0x100000000 0x100000001"
card_poke 3 2 0x1010 $ONES
tap_is "n3000: all-ones is no error word" \
	"$(refusal error_word "$n3000" b2-o1000)" "No data available"
tap_is "n3000: errors in plain text" "$(listed "$n3000" | tr '\n' ';')" \
	"FME: error: fabric error;FME: PCIe: write address;FME: non-fatal: port error;FME: fatal: DRAM;"
card_poke 3 2 0x1010 0x100000000

# --- sensors ----------------------------------------------------------------------

tap_is "sensors of each card" \
	"$(for b in "$bdf" "$pf" "$helb" "$n3000" "$vf"; do echo "$(sensors "$b");"; done | tr -d '\n')" \
	"temp1_input ;temp1_input ;;power1_input temp1_input ;;"
tap_is "n3000: temperature and its thresholds in millidegrees" \
	"$(for a in input max crit emergency max_alarm crit_alarm; do sensor "$n3000" temp1_$a; done | tr '\n' ' ')" \
	"45000 90000 100000 110000 0 0 "
tap_is "n3000: power and its thresholds in microwatts" \
	"$(for a in input max crit max_alarm crit_alarm; do sensor "$n3000" power1_$a; done | tr '\n' ' ')" \
	"66000000 100000000 120000000 0 1 "
tap_is "n3000: name and mode of the sensor" \
	"$(sensor "$n3000" name) $(stat -c %a "$PCI/$n3000"/hwmon/hwmon*/temp1_input)" \
	"$DRIVER 400"
tap_is "checker: a card that does not throttle has no threshold" \
	"$(sensor "$bdf" temp1_input) $(refusal sensor "$bdf" temp1_max)" \
	"25000 No data available"
tap_is "n6001: the register of an absent sensor is no temperature" \
	"$(refusal sensor "$pf" temp1_input)" "No data available"
card_poke 3 0 0x2008 $ONES
tap_is "n3000: all-ones is no power" \
	"$(refusal sensor "$n3000" power1_input)" "No data available"
tap_is "n3000: the driver wrote to none of these features" \
	"$(card_stat 3 '[.blocks[] | select(.bar == 0) | .writes] | add')" 0

# --- an AFU stops the card ----------------------------------------------------------

bad=$(create_mdev "$bdf" afu-d8424dc4-b2-o40000) || bail "no instance"
good=$(create_mdev "$bdf" afu-d8424dc4-b2-oc0000) || bail "no instance"
client_start bad "$bad" || bail "the first user cannot open"
client_start good "$good" || bail "the second user cannot open"
for user in bad good; do
	client $user map >/dev/null
	client $user arm 0 >/dev/null
	client $user arm err >/dev/null
	client $user write $SCRATCH 8 0x77 >/dev/null
done
tap_is "before: no error is listed" "$(listed "$bdf")" ""
before=$(generation "$bdf")
card_do 0 hang '"bar":2,"offset":"0x40000"'
tap_is "stopped: the AFU that does not answer reads all-ones" \
	"$(client bad read $RO_REG 8)" $ONES
tap_is "stopped: the other AFU reads all-ones" \
	"$(client good read $RO_REG 8)" $ONES
tap_is "stopped: the other AFU reads all-ones through the mapping" \
	"$(client good mread $RO_REG)" $ONES
sleep 2
tap_is "stopped: the card is not lost, and ERR of the user does not fire" \
	"$(card_attr "$bdf" gone) $(card_attr "$bdf" state) $(client good wait err 0)" \
	"0 bound timeout"
tap_is "stopped: reads still succeed" "$(client good read $RO_REG 8)" $ONES
tap_is "stopped: error word and first error" \
	"$(error_word "$bdf" b2-o1000) $(error_word "$bdf" b2-o1000 first_error)" \
	"0x80 0x80"
tap_is "stopped: verdict in plain text" "$(listed "$bdf" | head -n 1)" \
	"port 0: $TIMEOUT"
tap_like "stopped: list names the command" "$("$VDFLCTL" list "$bdf")" \
	"vdflctl reset-port $bdf 0"
tap_like "stopped: info has the verdict" "$("$VDFLCTL" info "$good")" \
	"card errors:  port 0: $TIMEOUT"

# --- and is cured ---------------------------------------------------------------------

log_mark
card_mark 0 cure
tap_is "cure: the command succeeds" "$("$VDFLCTL" reset-port "$bdf" 0)" \
	"$bdf: port 0 reset"
tap_is "cure: the user of the AFU reads its registers" \
	"$(client bad read $RO_REG 8) $(client bad mread $RO_REG)" \
	"$RO_VALUE $RO_VALUE"
tap_is "cure: the other user reads its registers" \
	"$(client good read $RO_REG 8) $(client good mread $RO_REG)" \
	"$RO_VALUE $RO_VALUE"
tap_is "cure: the AFU of the port is reset, the other one is not" \
	"$(client bad read $SCRATCH 8) $(client good read $SCRATCH 8)" "0x0 0x77"
for user in bad good; do
	tap_like "cure: user $user: the armed vector is signalled" \
		"$(client $user wait 0 20000)" '^fired'
	tap_is "cure: user $user: the generation is incremented once" \
		"$(client $user generation)" $((before + 1))
	tap_is "cure: user $user: ERR is not signalled" \
		"$(client $user wait err 0)" timeout
done
tap_is "cure: the error words are cleared" \
	"$(error_word "$bdf" b2-o1000) $(error_word "$bdf" b2-o1000 first_error)" \
	"0x0 0x0"
tap_is "cure: no error is listed" "$(listed "$bdf")" ""
tap_is "cure: the kernel log has the error" \
	"$(log_count 'port 0: reset by the administrator, error word was 0x80')" 1
resets=$(card_log 0 . | sed -n '/"cure"/,$p' |
	jq -r 'select(.ev == "reset") | "\(.what) \(.block) \(.on)"' | tr '\n' ';')
tap_is "cure: the card was reset at this port only" "$resets" \
	"port b2-o0 true;port b2-o0 false;"
tap_is "cure: the card is bound, bus master was never on" \
	"$(card_attr "$bdf" state) $(card_stat 0 .bus_master_on_count)" "bound 0"
card_do 0 raise '"bar":2,"offset":"0xc0000","vector":0'
tap_like "cure: interrupts are delivered" "$(client good wait 0 20000)" '^fired'

# --- not while another is running, nor while the card is frozen --------------------------

before=$(generation "$bdf")
pids=()
for n in {1..8}; do
	refusal eval "echo 1 >$PCI/$bdf/dfl/blocks/b2-o80000/reset" &
	pids+=($!)
done >/tmp/parallel
wait "${pids[@]}"
succeeded=$(grep -c '^success$' /tmp/parallel)
tap_within "parallel: resets that succeeded" "$succeeded" 1 8
tap_is "parallel: all others are refused as busy" \
	"$(grep -v '^success$' /tmp/parallel | sort -u | sed 's/Device or resource busy//')" ""
tap_is "parallel: each reset increments the generation" "$(generation "$bdf")" \
	$((before + succeeded))
echo 60000 >/sys/module/$DRIVER/parameters/loss_grace_ms
card_do 0 vanish
tap_ok "frozen: the card is frozen" wait_for 60 \
	grep -q frozen "$PCI/$bdf/dfl/state"
tap_is "frozen: no register is read for the administrator" \
	"$(refusal sensor "$bdf" temp1_input);$(refusal error_word "$bdf" b2-o1000)" \
	"Resource temporarily unavailable;Resource temporarily unavailable"
tap_is "frozen: a reset of the port is refused" \
	"$("$VDFLCTL" reset-port "$bdf" 0 2>&1 | head -n 1)" \
	"vdflctl: cannot reset port 0 of $bdf: Resource temporarily unavailable"
client_send bad read $RO_REG 8
card_do 0 reappear
tap_is "frozen: the access of a user waited" "$(client_reply bad)" $RO_VALUE
tap_is "frozen: sensors can be read again" "$(sensor "$bdf" temp1_input)" 25000
echo 500 >/sys/module/$DRIVER/parameters/loss_grace_ms

# --- other functions of the card -----------------------------------------------------------

loop=$(create_mdev "$helb" afu-56e203e9) || bail "no instance"
client_start loop "$loop" || bail "the user of function 1 cannot open"
client loop arm 0 >/dev/null
client loop arm err >/dev/null
generations="$(generation "$pf") $(generation "$helb") $(generation "$bdf")"
for n in 1 2; do
	card_do $n protocol-error '"error":"0x80"'
done
tap_is "function 1: its AFU is stopped" "$(client loop read $RO_REG 8)" $ONES
tap_is "function 1: function 0 has the verdict" "$(listed "$pf")" \
	"port 0: $TIMEOUT"
client loop close >/dev/null
log_mark
tap_like "function 1: its AFU cannot be opened" "$(client loop open)" '^error'
tap_is "function 1: the kernel log names the command" \
	"$(log_count 'does not respond, see vdflctl reset-port')" 1
card_do 2 protocol-error '"on":false'
tap_is "function 1: its AFU can be opened" "$(client loop open)" ok
client loop arm 0 >/dev/null
client loop arm err >/dev/null
tap_is "function 1: no vector is signalled yet" "$(client loop wait 0 100)" timeout
tap_is "function 1: the port of function 0 is reset" \
	"$("$VDFLCTL" reset-port "$pf")" "$pf: port 0 reset"
tap_like "function 1: its armed vector is signalled" "$(client loop wait 0 20000)" '^fired'
read -r a b c <<<"$generations"
tap_is "function 1: both generations are incremented, not that of another card" \
	"$(generation "$pf") $(generation "$helb") $(generation "$bdf")" \
	"$((a + 1)) $((b + 1)) $c"
tap_is "function 1: function 0 released the AFUs" "$(card_stat 1 .afus_blocked)" 0
tap_is "function 1: its user reads registers" "$(client loop read $RO_REG 8)" $RO_VALUE
client_end loop

# --- a slow card, a lost card, and removal ---------------------------------------------------

card_do 0 slow '"bar":0,"offset":"0x1010","len":8,"us":200000'
for n in {1..8}; do
	sensor "$bdf" temp1_input >/dev/null 2>&1 &
done
start=$(now_ms)
client_end bad
client_end good
unbind_bdf "$bdf"
tap_timed "unbind: ms with 8 slow reads running" $(($(now_ms) - start)) 0 \
	$((5000 * SLOW))
wait
tap_is "unbind: the sensors are gone" "$(sensors "$bdf")" ""
card_do 0 slow '"bar":0,"offset":"0x1010","len":8'
card_do 3 vanish
tap_ok "lost: the card is lost" wait_for 60 grep -q 1 "$PCI/$n3000/dfl/gone"
tap_is "lost: sensors, error words and reset fail" \
	"$(refusal sensor "$n3000" temp1_input);$(refusal error_word "$n3000" b0-o4000);$("$VDFLCTL" reset-port "$n3000" 2>&1 | head -n 1)" \
	"No such device;No such device;vdflctl: cannot reset port 0 of $n3000: No such device"
