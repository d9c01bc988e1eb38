#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: two instances in a guest with a stock kernel and KVM; hot plug and unplug
# cards: lab
# needs: guest
# kernels: 6.1 6.12 7.3
# cpu: max,+svm
# mem: 1536M

. /src/qemu-tests/tests/lib.sh
. /src/qemu-tests/lib/guest.sh

AFU=b2-oc0000
OTHER=b2-o40000
dev1=/sys/bus/pci/devices/0000:01:00.0
dev2=/sys/bus/pci/devices/0000:02:00.0

load_module || bail "no module"
bdf=$(bind_card 0) || bail "no card"
# The pin would tell the guest of all vectors at once
echo poll >"$PCI/$bdf/dfl/irq_source"
afu=$(create_mdev "$bdf" afu-d8424dc4-$AFU) || bail "no AFU"
eth=$(create_mdev "$bdf" eth-group-b0-o2000) || bail "no Ethernet group"
nested_kvm || bail "no KVM"

start=$(now_ms)
guest_start g kvm "$afu" "$eth"
up=$(guest_up g 150) || no_guest g
tap_note "guest up at $up s of its own, $(($(now_ms) - start)) ms after its start"

# --- what the guest sees -------------------------------------------------------------

ids=$(cd "$PCI/$bdf" && cat vendor device subsystem_vendor subsystem_device class | tr '\n' ' ')
for dev in $dev1 $dev2; do
	tap_is "${dev##*/}: ids and class of the card" \
		"$(guest g "cd $dev; cat vendor device subsystem_vendor subsystem_device class" | tr '\n' ' ')" \
		"$ids"
done
tap_is "AFU: BARs of 64 KiB, 128 KiB and 4 KiB" \
	"$(guest g "cd $dev1; stat -c %s resource0 resource2 resource4" | tr '\n' ' ')" \
	"65536 131072 4096 "
tap_is "Ethernet group: no interrupts, no BAR 4" \
	"$(guest g "ls $dev2/resource4 2>/dev/null")" ""
tap_is "AFU: one feature list at BAR 2, by its extended capability" \
	"$(guest g "hexdump -v -s 256 -n 16 -e '4/4 \"%08x \" \"\n\"' $dev1/config" | sed 's/ *$//')" \
	"0001000b 01000043 00000001 00000002"

# --- registers -----------------------------------------------------------------------

# reg DEVICE BAR OFFSET WIDTH [VALUE]
reg()
{
	local op=peek

	[ $# = 4 ] || op=poke
	guest g "probe $op $1/resource$2 ${*:3}"
}

guest g "echo 1 >$dev1/enable; echo 1 >$dev2/enable"
tap_is "AFU: a constant, whole" "$(reg $dev1 0 0x48 8)" 0x1122334455667788
tap_is "AFU: and in halves" "$(reg $dev1 0 0x4c 4) $(reg $dev1 0 0x48 4)" \
	"0x11223344 0x55667788"
reg $dev1 0 0x28 8 0x123456789abcdef0
tap_is "AFU: what the guest writes, the card has" \
	"$(card_peek 0 2 0xc0028)" 0x123456789abcdef0
tap_is "AFU: the other port's AFU has not" "$(card_peek 0 2 0x40028)" 0x0
tap_is "AFU: the same register in the second view" \
	"$(reg $dev1 2 0x2028 8)" 0x123456789abcdef0
tap_is "AFU: trapped, an emulated header" "$(reg $dev1 2 0 8)" 0x4000000010002001
tap_is "AFU: trapped, nothing behind the block" "$(reg $dev1 2 0x13000 8)" \
	0xffffffffffffffff
tap_is "Ethernet group: header in both views" \
	"$(reg $dev2 0 0 8) $(reg $dev2 2 0x1000 8)" \
	"0x3000000010000010 0x3000000010000010"

# --- what takes an exit, and what does not ----------------------------------------------

# The guest's addresses of all BARs of the AFU
first=$(guest g "sort $dev1/resource | grep -v ^0x0000000000000000 | head -n 1 | cut -d' ' -f1")
last=$(guest g "sort $dev1/resource | tail -n 1 | cut -d' ' -f2")
watch kvm/kvm_mmio "gpa >= $first && gpa <= $last"
watch vfio_dfl_mdev/vdfl_access
watch_from_here
for i in 1 2 3 4; do
	reg $dev1 0 0x1ff8 8 "$i"
	reg $dev1 2 0x2028 8 >/dev/null
done
tap_is "mapped: written without the driver or an exit" \
	"$(card_peek 0 2 0xc1ff8) $(seen)" "0x4 0"
reg $dev1 2 0 8 >/dev/null
tap_is "trapped: one exit for one access" "$(seen unsatisfied-read)" 1
tap_is "QEMU: the block is memory of the guest, in both BARs" \
	"$(guest_monitor g info mtree | grep -oE "ramd\): $afu BAR [0-9] mmaps" |
		sort -u | cut -d' ' -f2- | tr '\n' ' ')" \
	"$afu BAR 0 mmaps $afu BAR 2 mmaps "

# --- interrupts -----------------------------------------------------------------------

tap_ok "stock drivers load" guest g lib fpga-mgr fpga-bridge fpga-region dfl \
	dfl-fme dfl-afu dfl-pci
# The lab's card is none they know
guest g "echo 8086 bcce 8086 a1ab >/sys/bus/pci/drivers/dfl-pci/new_id"
guest g "sleep 9999 <>/dev/dfl-port.0 &"
watch kvm/kvm_msi_set_irq
watch_from_here
tap_is "MSI-X: each vector arrives as the one it is" \
	"$(guest g probe port-irqs /dev/dfl-port.0)" "4 interrupts"
# It polls, and signals
tap_within "MSI-X: from the driver's task straight into the guest" \
	"$(seen "^ *vdfl/.*kvm_msi_set_irq")" 4 1000000
tap_is "MSI-X: none by way of QEMU" "$(seen "^ *(qemu|CPU).*kvm_msi_set_irq")" 0

# --- reset ----------------------------------------------------------------------------

before=$(block_stat 0 $AFU resets)
other=$(block_stat 0 $OTHER resets)
tap_is "function reset is what the guest would do" \
	"$(guest g "cut -d' ' -f1 $dev1/reset_method")" flr
tap_ok "function reset by the guest" guest g "echo 1 >$dev1/reset"
tap_is "it reaches the port" "$(block_stat 0 $AFU resets)" $((before + 1))
tap_is "the AFU is reset" "$(reg $dev1 0 0x28 8)" 0x0000000000000000
tap_is "the other port is not" "$(block_stat 0 $OTHER resets)" "$other"
tap_is "MSI-X works after it" \
	"$(guest g probe port-irqs /dev/dfl-port.0)" "4 interrupts"

# --- hot unplug ------------------------------------------------------------------------

# Its user would hold the driver, and that the unplugging
guest g "killall sleep"
start=$(now_ms)
tap_ok "instance in use is removed" timeout 60 sh -c "echo 1 >$MDEV/$afu/remove"
tap_note "took $(($(now_ms) - start)) ms"
tap_fails "it is gone here" test -e "$MDEV/$afu"
tap_fails "and in the guest" guest g "test -e $dev1"
tap_ok "the guest lives on" guest_running g
tap_is "with its other instance" "$(reg $dev2 0 0 8)" 0x3000000010000010
tap_is "the block is free again" "$(free_of "$bdf" afu-d8424dc4-$AFU)" 1
# Once QEMU has closed the device, it and VFIO race to undo the group
GUEST_FACTS[g]+="|error disconnecting group [0-9]+ from container"

# --- hot plug ----------------------------------------------------------------------------

# devices_of NAME: how many instances its QEMU has open
devices_of()
{
	readlink "/proc/${GUEST_PID[$1]}/fd/"* | grep -c vfio-device
}

afu=$(create_mdev "$bdf" afu-d8424dc4-$AFU) || bail "no AFU"
tap_is "an instance is plugged in" \
	"$(guest_monitor g device_add "vfio-pci,id=late,bus=rp1,sysfsdev=$MDEV/$afu")" ""
tap_ok "the guest's driver takes it" wait_for 30 guest g \
	"test -e $dev1/fpga_region && test -e /dev/dfl-port.0"
tap_is "its registers are there" "$(reg $dev1 0 0x48 8)" 0x1122334455667788
guest g "sleep 9999 <>/dev/dfl-port.0 &"
tap_is "its interrupts arrive" "$(guest g probe port-irqs /dev/dfl-port.0)" \
	"4 interrupts"
guest g "killall sleep"
tap_is "it is pulled" "$(guest_monitor g device_del late)" ""
closed()
{
	[ "$(devices_of g)" = 1 ]
}
tap_ok "QEMU lets go of it" wait_for 30 closed
tap_fails "it is gone in the guest" guest g "test -e $dev1"
tap_ok "nobody has it open" timeout 5 sh -c "echo 1 >$MDEV/$afu/remove"

# --- logs -------------------------------------------------------------------------------

tap_is "the guest's kernel has no complaint" \
	"$(guest g "dmesg | grep -iE 'warn|bug:|oops|call trace|fail|timeout|error' | grep -vE 'module verification|RAS:|Command line'")" ""
tap_is "QEMU has no complaint" "$(guest_words g)" ""
guest_end g
tap_is "bus master stayed off" "$(card_stat 0 .bus_master_on_count)" 0
tap_is "nothing touched what is nobody's" "$(card_stat 0 .stray)" 0
tap_ok "the other instance can be removed" remove_mdev "$eth"
tap_ok "the module can be unloaded" unload_module
