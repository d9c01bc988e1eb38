#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: four readers and two guests read one time of day, trapped and mapped, while its owner sets it; none of them changes a bit (invariant 5)
# cards: tod
# needs: guest
# kernels: 6.1 6.12
# more: 7.3
# cpu: max,+svm
# mem: 1536M
# timeout: 900

. /src/qemu-tests/tests/lib.sh
. /src/qemu-tests/lib/guest.sh

OLD_QEMU=$(echo /opt/qemu-*/qemu-system-x86_64)
POS=b0-o9000
SECONDS_AT=0x100
CARD_SECONDS=0x9100
CLIENTS=(one two three four)
READERS="dperf-ro emif-ro fme-error-ro hssi-ro iperf-ro power-ro thermal-ro tod-ro"

ro_types()
{
	types "$1" | grep -e '-ro$' | tr '\n' ' '
}

# writes: number of writes that reached the block of the time of day
writes()
{
	block_stat 0 $POS writes
}

# --- types ----------------------------------------------------------------------------

load_module opt_in=tod || bail "no module"
bdf=$(bind_card 0) || bail "the card does not bind"
tap_is "without opt-in: no read-only type" "$(ro_types "$bdf")" ""
unbind_bdf "$bdf"
unload_module
load_module "opt_in=tod,qsfp-ro,eth-group-ro,${READERS// /,}" || bail "no module"
bdf=$(bind_card 0) || bail "the card does not bind"
tap_is "with opt-in: a read-only type for each feature that is safe to read" \
	"$(ro_types "$bdf")" "$READERS "
tap_is "read-only type: 64 instances are available" "$(free_of "$bdf" tod-ro)" 64
tap_is "read-only type: description" \
	"$(<"$(type_dir "$bdf" tod-ro)/description")" \
	"feature 0x22 revision 0, 4096 bytes (4096 mappable), 0 interrupt vectors, read-only, shared"
tap_is "never assigned to an owner: can be read" \
	"$(<"$PCI/$bdf/dfl/blocks/b0-o6000/read_only_type") $(<"$PCI/$bdf/dfl/blocks/b0-o6000/type")" \
	"emif-ro "
tap_is "QSFP: cannot be read, because its FIFO can" \
	"$(<"$PCI/$bdf/dfl/blocks/b0-o7000/read_only_type")" ""

# --- what one reader can try --------------------------------------------------------------

tap_ok "reader_user: passes" run_selftest none /src/build/selftests/reader_user

# --- an owner, four readers and guests ----------------------------------------------------

owner=$(create_mdev "$bdf" tod) || bail "no owner"
client_start owner "$owner" || bail "the owner cannot open"
for name in "${CLIENTS[@]}"; do
	uuid=$(create_mdev "$bdf" tod-ro) || bail "no reader"
	client_start "$name" "$uuid" || bail "reader $name cannot open"
done
tap_is "mapping: a page for the readers" "$(client one map) $(client two map)" \
	"4096 4096"
seat=$(create_mdev "$bdf" tod-ro) || bail "no reader for a guest"
tap_is "block: owner and number of readers" \
	"$(<"$PCI/$bdf/dfl/blocks/$POS/instance") $(<"$PCI/$bdf/dfl/blocks/$POS/readers")" \
	"$owner 5"
qemus=(qemu-system-x86_64 "$OLD_QEMU")
if ! nested_kvm; then
	[ "$SLOW" != 1 ] || bail "no KVM"
	tap_skip "guests" "this kernel has no KVM"
	qemus=()
fi
before=$(writes)
sets=0

# set_clock VALUE
set_clock()
{
	sets=$((sets + 1))
	tap_is "owner: sets the time to $1" "$(client owner write $SECONDS_AT 8 "$1")" ok
}

# expect_readers NAME VALUE: mapped twice, trapped twice
expect_readers()
{
	tap_is "$1: all readers read it" \
		"$(client one mread $SECONDS_AT) $(client two mread $SECONDS_AT) $(client three read $SECONDS_AT 8) $(client four read $SECONDS_AT 8)" \
		"$2 $2 $2 $2"
}

# expect_guest NAME VALUE: mapped in BAR 0, trapped in BAR 2
expect_guest()
{
	local digits

	printf -v digits %016x "$2"
	tap_is "$1: the guest reads it in BAR 0 and BAR 2" \
		"$(guest m r 0 100 8) $(guest m r 2 1100 8)" "$digits $digits"
}

value=0x1234
set_clock $value
expect_readers "before the guests" $value
for GUEST_QEMU in "${qemus[@]}"; do
	name=$("$GUEST_QEMU" --version | sed -nE 's/.* version ([0-9]+\.[0-9]+).*/\1/p')
	guest_metal m kvm "$seat"
	guest_up m 60 >/dev/null || no_guest m
	for value in 0x1111 0x2222000000000000 0xfedcba9876543210; do
		set_clock $value
		expect_readers "$name, $value" $value
		expect_guest "$name, $value" $value
	done
	tap_is "$name: the page is RAM of the guest in BAR 0 only" \
		"$(guest_monitor m info mtree | grep -oE "ramd\): $seat BAR [0-9]" |
			sort -u | cut -d' ' -f3-)" "BAR 0"
	tap_is "$name: takes the read-only BAR without a message" \
		"$(guest_words m)" ""

	# A trapped write fails, and the guest goes on
	guest m w 2 1100 8 bad
	tap_is "$name: a trapped write of the guest changes nothing" \
		"$(card_peek 0 0 $CARD_SECONDS)" $value
	tap_like "$name: QEMU reports the trapped write" "$(guest_words m)" \
		'region2\+0x1100, 0xbad,8\) failed: Invalid argument'
	expect_guest "$name, after the trapped write" $value

	# KVM gives a mapped write to QEMU, which writes to its own mapping
	guest_tell m w 0 100 8 bad
	ended()
	{
		! guest_running m
	}
	tap_ok "$name: a mapped write ends the QEMU of the guest that does it" \
		wait_for 60 ended
	guest_end m
	tap_is "$name: the mapped write changes nothing" \
		"$(card_peek 0 0 $CARD_SECONDS)" $value
	expect_readers "$name, after the guest" $value
done

for name in "${CLIENTS[@]}"; do
	for width in 1 2 4 8; do
		tap_is "reader $name: a write of $width bytes is refused" \
			"$(client "$name" write $SECONDS_AT $width 1)" "error EINVAL"
	done
done

# --- the card's side -------------------------------------------------------------------------

tap_is "card: received the writes of the owner, and no other" \
	"$(writes)" $((before + sets))
tap_is "card: has the value of the owner" "$(card_peek 0 0 $CARD_SECONDS)" "$value"

# The readers stay when the owner goes, and another owner can come
client_end owner
remove_mdev "$owner"
tap_is "without owner: readers read on" \
	"$(client one mread $SECONDS_AT) $(client three read $SECONDS_AT 8)" "$value $value"
tap_is "without owner: the block is available" "$(free_of "$bdf" tod)" 1

# A reset of the card revokes readers as it does owners
generation=$(client one generation)
tap_ok "reset of the function: succeeds" sh -c "echo 1 >$PCI/$bdf/reset"
tap_is "reset of the function: readers read the reset value" \
	"$(client one mread $SECONDS_AT) $(client three read $SECONDS_AT 8)" "0x0 0x0"
tap_fails "reset of the function: the generation changes" \
	test "$(client one generation)" = "$generation"

# Header that differs after the next reset: readers get an error
tap_is "reader one: arms its error" "$(client one arm err)" ok
card_poke 0 0 0x9000 0x3000000010000023
echo 1 >"$PCI/$bdf/reset"
tap_like "other header after a reset: the error of readers is signalled" \
	"$(client one wait err 10000)" '^fired'
tap_is "other header after a reset: access is revoked" \
	"$(client one mread $SECONDS_AT) $(client three read $SECONDS_AT 8)" \
	"SIGBUS error EIO"
for name in "${CLIENTS[@]}"; do
	client_end "$name"
done
tap_is "card: no stray access" "$(card_stat 0 .stray)" 0
tap_is "card: bus master was never on" "$(card_stat 0 .bus_master_on_count)" 0
tap_ok "card: unbinds" unbind_bdf "$bdf"
tap_ok "module: unloads" unload_module
