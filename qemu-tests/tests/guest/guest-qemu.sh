#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: instances in two QEMUs, with KVM and without, the newer one also with OVMF
# cards: lab
# needs: guest
# kernels: 7.3
# cpu: max,+svm
# mem: 1536M
# timeout: 600

. /src/qemu-tests/tests/lib.sh
. /src/qemu-tests/lib/guest.sh

OLD_QEMU=$(echo /opt/qemu-*/qemu-system-x86_64)
OVMF=/usr/share/OVMF/OVMF_CODE_4M.fd
AFU=b2-o40000 OTHER=b2-oc0000

load_module || bail "no module"
bdf=$(bind_card 0) || bail "no card"
# With the pin every interrupt would signal all vectors
echo poll >"$PCI/$bdf/dfl/irq_source"
afu=$(create_mdev "$bdf" afu-d8424dc4-$AFU) || bail "no AFU"
other=$(create_mdev "$bdf" afu-d8424dc4-$OTHER) || bail "no other AFU"
nested_kvm || bail "no KVM"
watch vfio_dfl_mdev/vdfl_access
watch kvm/kvm_msi_set_irq

# --- SeaBIOS ------------------------------------------------------------------------

# came: has the third vector been delivered, and no other?
came()
{
	[[ $(guest m irqs) =~ ^0000\ 0000\ 0*[1-9a-f][0-9a-f]*\ 0000\  ]]
}

# seabios NAME ACCEL: test a guest with the AFU from its start to its end
seabios()
{
	local name="$1 $2" before

	guest_metal m "$2" "$afu"
	guest_up m 60 >/dev/null || no_guest m
	watch_from_here
	tap_is "$name: registers read right, past the block as ones" \
		"$(guest m r 0 48 8) $(guest m r 2 0 8) $(guest m r 2 12000 8)" \
		"1122334455667788 4000000010002001 ffffffffffffffff"
	guest m w 0 1ff8 8 cafe
	tap_is "$name: mapped access does not reach the driver" \
		"$(card_peek 0 2 0x41ff8) $(seen "vdfl_access: $afu")" "0xcafe 0"
	guest m arm 4
	guest m w 0 50 8 4
	tap_ok "$name: MSI-X vector is delivered" wait_for 60 came
	guest m w 0 58 8 f
	[ "$2" != kvm ] ||
		tap_ok "$name: MSI-X is injected by the driver" \
			test "$(injected)" -gt 0
	before=$(block_stat 0 $AFU resets)
	guest m flr 1
	tap_is "$name: function reset resets the port once" \
		"$(block_stat 0 $AFU resets)" $((before + 1))
	guest_tell m reboot
	guest_up m 60 >/dev/null || bail "no guest after a reboot"
	tap_is "$name: reboot clears registers" \
		"$(guest m r 0 1ff8 8)" 0000000000000000
	tap_is "$name: QEMU prints no message" "$(guest_words m)" ""
	guest_end m
}

# --- OVMF -----------------------------------------------------------------------------

# OVMF runs without KVM, because the emulated SVM of the VM does not survive its
# interrupt handling. Only the BAR addresses that it assigned are checked,
# through QEMU's monitor.

# base BAR: address of a BAR of the device below the root port
base()
{
	guest_monitor o info pci | sed -nE '/^ *Bus +1,/,/^ *id/ {
		s/.*BAR'"$1"': 64 bit .* at (0x[0-9a-f]+) .*/\1/p
	}'
}

# word BAR OFFSET
word()
{
	guest_monitor o xp /1xg "$(printf %#x $(($(base "$1") + $2)))" |
		sed -n 's/.*: //p'
}

# The firmware takes a minute, and each question starts ten processes beside it
has_bars()
{
	nap 2
	[ -n "$(base 0)" ] && [ -n "$(base 2)" ]
}

# ovmf NAME: test the guest that was started
ovmf()
{
	tap_ok "$1 OVMF: BARs get addresses" wait_for 400 has_bars || return
	tap_ok "$1 OVMF: addresses of BARs are above 4 GiB" \
		test $(($(base 0) >> 32)) -gt 0 -a $(($(base 2) >> 32)) -gt 0
	tap_is "$1 OVMF: the block is RAM of the guest in BAR 0 and BAR 2" \
		"$(guest_monitor o info mtree | grep -oE "ramd\): $other BAR [0-9]" |
			sort -u | cut -d' ' -f3- | tr '\n' ' ')" "BAR 0 BAR 2 "
	tap_is "$1 OVMF: a constant and an emulated header read right" \
		"$(word 0 0x48) $(word 2 0)" "0x1122334455667788 0x4000000010002001"
	tap_is "$1 OVMF: QEMU prints no message" "$(guest_words o)" ""
}

for GUEST_QEMU in qemu-system-x86_64 "$OLD_QEMU"; do
	name=$("$GUEST_QEMU" --version | sed -nE 's/.* version ([0-9]+\.[0-9]+).*/\1/p')
	start=$(now_ms)
	# The firmware is that of the lab, whichever QEMU runs it
	[ "$GUEST_QEMU" = "$OLD_QEMU" ] ||
		GUEST_FIRMWARE=$OVMF guest_qemu o tcg "$other" -m 128M
	seabios "$name" kvm
	seabios "$name" tcg
	if [ "$GUEST_QEMU" != "$OLD_QEMU" ]; then
		ovmf "$name"
		guest_end o
	fi
	tap_note "$name took $(($(now_ms) - start)) ms"
done

tap_is "card: bus master was never on" "$(card_stat 0 .bus_master_on_count)" 0
tap_ok "AFU: instance can be removed" remove_mdev "$afu"
tap_ok "other AFU: instance can be removed" remove_mdev "$other"
