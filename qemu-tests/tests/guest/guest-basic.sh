#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: two instances in a guest with a stock kernel and KVM; hot plug and unplug
# cards: lab
# needs: guest
# kernels: 6.1
# more: 6.12 7.3
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
# With the pin every interrupt would signal all vectors
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
	tap_is "${dev##*/}: ids and class are those of the card" \
		"$(guest g "cd $dev; cat vendor device subsystem_vendor subsystem_device class" | tr '\n' ' ')" \
		"$ids"
done
tap_is "AFU: BARs of 64 KiB, 128 KiB and 4 KiB" \
	"$(guest g "cd $dev1; stat -c %s resource0 resource2 resource4" | tr '\n' ' ')" \
	"65536 131072 4096 "
tap_is "Ethernet group: no BAR 4" \
	"$(guest g "ls $dev2/resource4 2>/dev/null")" ""
tap_is "AFU: extended capability names one feature list at BAR 2" \
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
tap_is "AFU: a constant reads right, 8 bytes" \
	"$(reg $dev1 0 0x48 8)" 0x1122334455667788
tap_is "AFU: a constant reads right, 2 times 4 bytes" \
	"$(reg $dev1 0 0x4c 4) $(reg $dev1 0 0x48 4)" \
	"0x11223344 0x55667788"
reg $dev1 0 0x28 8 0x123456789abcdef0
tap_is "AFU: the card has the value that the guest wrote" \
	"$(card_peek 0 2 0xc0028)" 0x123456789abcdef0
tap_is "AFU: the other AFU is unchanged" "$(card_peek 0 2 0x40028)" 0x0
tap_is "AFU: BAR 2 has the same register" \
	"$(reg $dev1 2 0x2028 8)" 0x123456789abcdef0
tap_is "AFU, BAR 2: an emulated header is read by trap" \
	"$(reg $dev1 2 0 8)" 0x4000000010002001
tap_is "AFU, BAR 2: past the block reads as ones" "$(reg $dev1 2 0x13000 8)" \
	0xffffffffffffffff
tap_is "Ethernet group: header reads the same in BAR 0 and BAR 2" \
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
tap_is "mapped register: accesses cause neither exit nor call of the driver" \
	"$(card_peek 0 2 0xc1ff8) $(seen)" "0x4 0"
reg $dev1 2 0 8 >/dev/null
tap_is "trapped register: one access causes one exit" \
	"$(seen unsatisfied-read)" 1
tap_is "QEMU: the block is RAM of the guest in BAR 0 and BAR 2" \
	"$(guest_monitor g info mtree | grep -oE "ramd\): $afu BAR [0-9] mmaps" |
		sort -u | cut -d' ' -f2- | tr '\n' ' ')" \
	"$afu BAR 0 mmaps $afu BAR 2 mmaps "

# --- interrupts -----------------------------------------------------------------------

tap_ok "guest: stock drivers load" \
	guest g lib fpga-mgr fpga-bridge fpga-region dfl \
	dfl-fme dfl-afu dfl-pci
# The stock driver does not know the id of the lab card
guest g "echo 8086 bcce 8086 a1ab >/sys/bus/pci/drivers/dfl-pci/new_id"
guest g "sleep 9999 <>/dev/dfl-port.0 &"
watch kvm/kvm_msi_set_irq
watch_from_here
tap_is "MSI-X: each vector is delivered as itself" \
	"$(guest g probe port-irqs /dev/dfl-port.0)" "4 interrupts"
tap_within "MSI-X: number of interrupts injected by the driver" \
	"$(injected)" 4 1000000
tap_is "MSI-X: number of interrupts injected by QEMU" \
	"$(seen "^ *(qemu|CPU)[^]]*\] ..[^hHsz].*kvm_msi_set_irq")" 0

# --- reset ----------------------------------------------------------------------------

before=$(block_stat 0 $AFU resets)
other=$(block_stat 0 $OTHER resets)
tap_is "guest: reset_method is flr" \
	"$(guest g "cut -d' ' -f1 $dev1/reset_method")" flr
tap_ok "function reset by the guest: succeeds" guest g "echo 1 >$dev1/reset"
tap_is "function reset by the guest: the port is reset once" \
	"$(block_stat 0 $AFU resets)" $((before + 1))
tap_is "function reset by the guest: registers are cleared" \
	"$(reg $dev1 0 0x28 8)" 0x0000000000000000
tap_is "function reset by the guest: the other port is not reset" \
	"$(block_stat 0 $OTHER resets)" "$other"
tap_is "function reset by the guest: MSI-X works after it" \
	"$(guest g probe port-irqs /dev/dfl-port.0)" "4 interrupts"

# --- hot unplug ------------------------------------------------------------------------

# A user of the port would keep the guest's driver, and with it the device, busy
guest g "killall sleep"
start=$(now_ms)
tap_ok "hot unplug: removal of the instance ends" \
	timeout 60 sh -c "echo 1 >$MDEV/$afu/remove"
tap_note "took $(($(now_ms) - start)) ms"
tap_fails "hot unplug: no instance is left on the host" test -e "$MDEV/$afu"
tap_fails "hot unplug: no device is left in the guest" guest g "test -e $dev1"
tap_ok "hot unplug: the guest is running" guest_running g
tap_is "hot unplug: the other device of the guest works" \
	"$(reg $dev2 0 0 8)" 0x3000000010000010
tap_is "hot unplug: the block is available again" \
	"$(free_of "$bdf" afu-d8424dc4-$AFU)" 1
# Once QEMU has closed the device, it and VFIO race to undo the group
# shellcheck disable=SC2154 # a key
GUEST_FACTS[g]+="|error disconnecting group [0-9]+ from container"

# --- hot plug ----------------------------------------------------------------------------

# devices_of NAME: number of instances that its QEMU has open
devices_of()
{
	readlink "/proc/${GUEST_PID[$1]}/fd/"* | grep -c vfio-device
}

afu=$(create_mdev "$bdf" afu-d8424dc4-$AFU) || bail "no AFU"
tap_is "hot plug: QEMU accepts the instance" \
	"$(guest_monitor g device_add "vfio-pci,id=late,bus=rp1,sysfsdev=$MDEV/$afu")" ""
tap_ok "hot plug: the guest's driver binds" wait_for 60 guest g \
	"test -e $dev1/fpga_region && test -e /dev/dfl-port.0"
tap_is "hot plug: registers can be read" \
	"$(reg $dev1 0 0x48 8)" 0x1122334455667788
guest g "sleep 9999 <>/dev/dfl-port.0 &"
tap_is "hot plug: interrupts are delivered" \
	"$(guest g probe port-irqs /dev/dfl-port.0)" \
	"4 interrupts"
guest g "killall sleep"
tap_is "device_del: QEMU accepts it" "$(guest_monitor g device_del late)" ""
closed()
{
	[ "$(devices_of g)" = 1 ]
}
tap_ok "device_del: QEMU closes the instance" wait_for 60 closed
tap_fails "device_del: no device is left in the guest" guest g "test -e $dev1"
tap_ok "device_del: removal of the instance ends" \
	timeout 5 sh -c "echo 1 >$MDEV/$afu/remove"

# --- logs -------------------------------------------------------------------------------

tap_is "guest: kernel log has no warning or error" \
	"$(guest g "dmesg | grep -iE 'warn|bug:|oops|call trace|fail|timeout|error' | grep -vE 'module verification|RAS:|Command line'")" ""
tap_is "QEMU: no message" "$(guest_words g)" ""
guest_end g
tap_is "card: bus master was never on" "$(card_stat 0 .bus_master_on_count)" 0
tap_is "card: no stray access" "$(card_stat 0 .stray)" 0
tap_ok "second instance: can be removed" remove_mdev "$eth"
tap_ok "module: unloads" unload_module
