#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: guests on two blocks of a card, with KVM and without: alone, beside each other, rebooted, killed
# cards: lab
# needs: guest
# kernels: 7.3
# more: 6.1 6.12
# cpu: max,+svm
# mem: 1536M
# timeout: 600
#
# SEED; ROUNDS: number of guests to kill, per block

. /src/qemu-tests/tests/lib.sh
. /src/qemu-tests/lib/guest.sh

AFU=b2-o40000 OTHER=b2-oc0000
ACCESSES=50000 RESETS=50
# KVM and TCG in turn; two guests are killed at work, the next two while they start
ROUNDS=${ROUNDS:-6}

load_module || bail "no module"
seed_random
bdf=$(bind_card 0) || bail "no card"
afu=$(create_mdev "$bdf" afu-d8424dc4-$AFU) || bail "no AFU"
other=$(create_mdev "$bdf" afu-d8424dc4-$OTHER) || bail "no other AFU"
# All of it is trapped, because it shares its page with another block
eth=$(create_mdev "$bdf" eth-group-b0-o14000) || bail "no Ethernet group"
nested_kvm || bail "no KVM"

# up NAME: wait until the guest has started
up()
{
	guest_up "$1" 60 >/dev/null || no_guest "$1"
}

# eventfds: highest id among 500 new eventfds; it grows if eventfds are leaked
eventfds()
{
	python3 -c 'import os
ids = [open("/proc/self/fdinfo/%d" % os.eventfd(0)).read() for i in range(500)]
print(max(int(text.split("eventfd-id:")[1].split()[0]) for text in ids))'
}

none=$(eventfds)
start=$(now_ms)
guest_metal a kvm "$afu" "$eth"
guest_metal b tcg "$other"
up a
up b
tap_note "two guests up after $(($(now_ms) - start)) ms"

# --- what a guest sees -------------------------------------------------------------

tap_is "config space: ids are those of the card" \
	"$(guest a cfg 0) $(guest a cfg 2c)" "bcce8086 a1ab8086"
tap_is "config space: class is that of the card" "$(guest a cfg 8)" \
	"$(setpci -s "$bdf" 8.L)"
tap_is "config space: extended capability names one feature list at BAR 2" \
	"$(guest a cfg 100) $(guest a cfg 104) $(guest a cfg 108) $(guest a cfg 10c)" \
	"0001000b 01000043 00000001 00000002"
tap_is "mapped: a constant of the AFU reads right, 8 bytes" \
	"$(guest a r 0 48 8)" 1122334455667788
tap_is "mapped: a constant of the AFU reads right, 2 times 4 bytes" \
	"$(guest a r 0 48 4) $(guest a r 0 4c 4)" \
	"55667788 11223344"
tap_is "mapped: one read of the guest is one read of the card" \
	"$(guest a r 0 38 8) $(guest a r 0 38 8)" \
	"0000000000000001 0000000000000002"
guest a w 0 28 8 123456789abcdef0
tap_is "mapped: the card has the value that the guest wrote" \
	"$(card_peek 0 2 0x40028)" \
	0x123456789abcdef0
tap_is "BAR 2: emulated port header" "$(guest a r 2 0 8)" 4000000010002001
tap_is "BAR 2: the same register as in BAR 0" \
	"$(guest a r 2 2028 8)" 123456789abcdef0
tap_is "BAR 2: past the block reads as ones" "$(guest a r 2 12000 8)" \
	ffffffffffffffff
guest a w 2 12000 8 0
guest a dev 2
tap_is "trapped: header of the Ethernet group" "0x$(guest a r 0 0 8)" \
	"$(card_peek 0 0 0x14000)"
guest a w 0 10 8 800000050000cafe
guest a w 0 10 8 4000000500000000
mailbox()
{
	[ "$(guest a r 0 18 8)" = 000000010000cafe ]
}
tap_ok "trapped: the mailbox works" wait_for 60 mailbox
tap_is "trapped: the neighbour in the page reads as ones" \
	"$(guest a r 0 800 8)" ffffffffffffffff
guest a dev 1

# --- interrupts ------------------------------------------------------------------------

# came NAME: has the third vector been delivered?
came()
{
	[[ $(guest "$1" irqs) =~ ^[0-9a-f]+\ [0-9a-f]+\ (0*[1-9a-f][0-9a-f]*)\  ]]
}
# The pin does not distinguish vectors: every armed vector is signalled
for name in a b; do
	guest $name arm 4
	guest $name w 0 50 8 4
	tap_ok "MSI-X, guest $name: the vector is delivered" \
		wait_for 60 came $name
	guest $name w 0 58 8 f
	tap_is "MSI-X, guest $name: no other vector is delivered" \
		"$(guest $name irqs | cut -d' ' -f5-)" "0000 0000 0000 0000"
done

# --- beside a neighbour -----------------------------------------------------------------

# resets: positions of the blocks that were reset, with the number of resets
resets()
{
	card_stat 0 '[.blocks[] | select(.resets > 0) |
		"b\(.bar)-o\(.offset[2:]):\(.resets)"] | join(" ")'
}

before=$(resets)
nr=$(block_stat 0 $OTHER resets)
watch vfio_dfl_mdev/vdfl_access "name == \"$afu\""
watch_from_here
start=$(now_ms)
guest_tell a mix "$(printf '%x %x' $ACCESSES $((RANDOM + 1)))"
tap_ok "neighbour: $RESETS resets, each clears its registers" \
	guest b flr "$(printf %x $RESETS)"
tap_note "took $(($(now_ms) - start)) ms"
tap_fails "guest beside the resets: is at work after the last" \
	read -r -t 0 <&"${GUEST_OUT[a]}"
counts=$(guest_answer a)
tap_note "took $(($(now_ms) - start)) ms"
tap_like "guest beside the resets: each read returned the value written" \
	"$counts" '^[0-9a-f]{8} [0-9a-f]{8}$'
read -r mapped trapped <<<"$counts"
tap_is "guest beside the resets: number of accesses" \
	$((0x$mapped + 0x$trapped)) $ACCESSES
tap_within "guest beside the resets: number of trapped accesses" \
	$((0x$trapped)) \
	$((ACCESSES * 2 / 5)) $((ACCESSES * 3 / 5))
tap_is "guest beside the resets: mapped accesses do not reach the driver" \
	"$(seen)" 0
tap_is "neighbour: only its block and port were reset" "$(resets)" \
	"$(sed -E "s/(b2-o80000|$OTHER):$nr/\\1:$((nr + RESETS))/g" <<<"$before")"
tap_is "neighbour: interrupts are still armed" \
	"$(guest b irqs | cut -d' ' -f5-)" \
	"0000 0000 0000 0000"

# --- reset and reboot ---------------------------------------------------------------------

for name in a b; do
	block=$AFU reg=0x40028
	[ $name = a ] || block=$OTHER reg=0xc0028
	before=$(block_stat 0 $block resets)
	tap_ok "function reset, guest $name: registers are cleared" \
		guest $name flr 1
	tap_is "function reset, guest $name: the port is reset once" \
		"$(block_stat 0 $block resets)" $((before + 1))
	guest $name w 0 28 8 77
	guest_tell $name reboot
	up $name
	tap_is "reboot, guest $name: registers are cleared" \
		"$(guest $name r 0 28 8)" \
		0000000000000000
	guest $name w 0 28 8 78
	tap_is "reboot, guest $name: registers can be written" \
		"$(card_peek 0 2 $reg)" 0x78
	tap_is "QEMU of guest $name: no message" "$(guest_words $name)" ""
done
guest_end a
guest_end b

# --- killed at any moment ------------------------------------------------------------------

# kill_one UUID BLOCK ACCEL EARLY: kill a guest while it starts or while it uses
# the device. Prints "open" if QEMU had the device open, else "closed", and a
# line "bad: ..." per failed check. The caller has the number of resets of the
# block in "resets".
kill_one()
{
	local reg=${2#*-o} ms=$((RANDOM % ($4 ? 1200 : 300))) before=$resets value
	local want=0xdead

	reg=${reg%000}028
	card_poke 0 2 "0x$reg" 0xdead
	guest_metal k "$3" "$1"
	[ "$4" = 1 ] || guest_up k 60 >/dev/null ||
		echo "bad: no guest, $3: $(tail -n 3 "${GUEST_DIR[k]}/stderr")"
	guest_tell k hammer
	sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
	guest_end k KILL
	[ "$(seen)" = 0 ] || echo "interrupted"
	watch_from_here
	resets=$(block_stat 0 "$2" resets)
	if [ "$resets" = "$before" ]; then
		echo closed
	else
		echo open
		want=0x0
	fi
	value=$(card_peek 0 2 "0x$reg")
	[ "$value" = $want ] || echo "bad: after $ms ms: $reg is $value, not $want"
	# Longer than any poll interval
	card_do 0 raise "\"bar\":2,\"offset\":\"0x${2#*-o}\",\"vector\":0"
	sleep 0.05
	[ "$(seen)" = 0 ] || echo "bad: after $ms ms: an interrupt after the guest was killed"
	card_do 0 lower "\"bar\":2,\"offset\":\"0x${2#*-o}\",\"vector\":0"
}

# kill_many UUID BLOCK: kill guests one after the other, with a trace instance
# of its own
kill_many()
{
	local i resets accel=(kvm tcg)

	# A subshell would seed RANDOM on its own
	RANDOM=$((SEED + 0x${2#*-o}))
	TRACE+=/instances/$1
	mkdir "$TRACE"
	watch vfio_dfl_mdev/vdfl_irq "vectors > 0 && name == \"$1\""
	resets=$(block_stat 0 "$2" resets)
	for ((i = 0; i < ROUNDS; i++)); do
		kill_one "$1" "$2" "${accel[i & 1]}" $((i >> 1 & 1))
	done
}

# With the pin every interrupt would signal both clients
echo poll >"$PCI/$bdf/dfl/irq_source"
start=$(now_ms)
kill_many "$afu" $AFU >/tmp/killed-1 &
first=$!
kill_many "$other" $OTHER >/tmp/killed-2 &
second=$!
wait $first $second
tap_note "took $(($(now_ms) - start)) ms"
killed=$(cat /tmp/killed-1 /tmp/killed-2)
tap_is "killed guests: number" "$(grep -cE 'open|closed' <<<"$killed")" \
	$((2 * ROUNDS))
tap_within "killed guests: number with the device open" \
	"$(grep -c open <<<"$killed")" \
	$ROUNDS $((2 * ROUNDS))
tap_within "killed guests: number with interrupts received" \
	"$(grep -c interrupted <<<"$killed")" \
	1 $((2 * ROUNDS))
tap_is "killed guests: each block is reset, no later interrupt" \
	"$(grep -vxE 'open|closed|interrupted' <<<"$killed")" ""
tap_is "killed guests: the polling task has ended" \
	"$(grep -h '^vdfl/' /proc/[0-9]*/comm)" ""
tap_is "killed guests: no eventfd is leaked" "$(eventfds)" "$none"
guest_metal a kvm "$afu" "$eth"
guest_metal b tcg "$other"
up a
up b
guest a w 0 28 8 79
guest b w 0 28 8 80
tap_is "new guests: registers of both instances can be written" \
	"$(card_peek 0 2 0x40028) $(card_peek 0 2 0xc0028)" "0x79 0x80"
tap_is "QEMU of new guests: no message" "$(guest_words a)$(guest_words b)" ""
guest_end a
guest_end b

tap_is "card: bus master was never on" "$(card_stat 0 .bus_master_on_count)" 0
tap_is "card: no stray access" "$(card_stat 0 .stray)" 0
for uuid in "$afu" "$other" "$eth"; do
	tap_ok "instance: can be removed" remove_mdev "$uuid"
done
tap_ok "module: unloads" unload_module
