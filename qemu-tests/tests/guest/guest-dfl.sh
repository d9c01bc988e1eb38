#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: the kernel's own DFL drivers drive passed-through instances in a guest
# cards: n3000 n6001
# needs: guest
# kernels: 7.3
# cpu: max,+svm
# mem: 1536M

. /src/qemu-tests/tests/lib.sh
. /src/qemu-tests/lib/guest.sh

# dev N: the Nth device in the guest
dev()
{
	echo "/sys/bus/pci/devices/0000:0$1:00.0"
}

# resets CARD: positions of the blocks that were reset, with the number of
# resets
resets()
{
	card_stat "$1" '[.blocks[] | select(.resets > 0) |
		"b\(.bar)-o\(.offset[2:]):\(.resets)"] | join(" ")'
}

# same NAME GOT WANT: compare two numbers
same()
{
	tap_is "$1" "$(printf '%#x' "$2")" "$(printf '%#x' "$3")"
}

load_module opt_in=uart || bail "no module"
n3000=$(bind_card 0) && n6001=$(bind_card 1) || bail "no cards"
# With the pin every interrupt would signal all vectors
echo poll >"$PCI/$n3000/dfl/irq_source"
afu=$(create_mdev "$n3000" afu-9aeffe5f) || bail "no AFU"
eth=$(create_mdev "$n3000" eth-group-b0-o9000) || bail "no Ethernet group"
uart=$(create_mdev "$n6001" uart) || bail "no UART"
nested_kvm || bail "no KVM"

start=$(now_ms)
guest_start g kvm "$afu" "$eth" "$uart"
up=$(guest_up g 150) || no_guest g
tap_note "guest up at $up s of its own, $(($(now_ms) - start)) ms after its start"
tap_ok "guest: stock drivers load" \
	guest g lib uio fpga-mgr fpga-bridge fpga-region dfl \
	dfl-fme dfl-afu uio_dfl 8250_dfl dfl-pci
for n in 1 2 3; do
	tap_is "guest: device $n is bound to dfl-pci" \
		"$(guest g "basename \$(readlink $(dev $n)/driver)")" dfl-pci
done

# --- AFU: a port of its own -----------------------------------------------------

port=/dev/dfl-port.0
tap_is "AFU: GUID of the emulated port" \
	"$(guest g "cat $(dev 1)/fpga_region/region*/dfl-port.0/afu_id")" \
	9aeffe5f84570612c000c9660d824272
# The driver resets the port at the last close
guest g "sleep 9999 <>$port &"
tap_is "AFU: the port region is readable, writable and mappable" \
	"$(guest g probe port-region $port)" "size 0x40000 flags 0x7"
guest g probe port-poke $port 0x28 0x1122334455667788
same "AFU: guest reads through the mapping what it wrote" \
	"$(guest g probe port-peek $port 0x28)" 0x1122334455667788
same "AFU: the card has the value that the guest wrote" \
	"$(card_peek 0 2 0x40028)" 0x1122334455667788
card_poke 0 2 0x41ff8 0xfeedface
same "AFU: guest reads another page of the card" \
	"$(guest g probe port-peek $port 0x1ff8)" 0xfeedface
tap_is "AFU: each user interrupt is delivered as itself" \
	"$(guest g probe port-irqs $port)" "4 interrupts"

# --- Ethernet group: UIO --------------------------------------------------------

tap_is "Ethernet group: the guest has a UIO device" \
	"$(guest g "cat $(dev 2)/fpga_region/region*/dfl-fme.*/dfl_dev.*/uio/uio0/name")" \
	uio_dfl
same "Ethernet group: guest reads the header of the card" \
	"$(guest g probe peek /dev/uio0 0 8)" "$(card_peek 0 0 0x9000)"
# The mailbox: write 0xcafe to register 5, read it back
guest g 'probe poke /dev/uio0 0x10 8 0x800000050000cafe; probe poke /dev/uio0 0x10 8 0x4000000500000000'
mailbox()
{
	[ "$(guest g probe peek /dev/uio0 0x18 8)" = 0x000000010000cafe ]
}
tap_ok "Ethernet group: the mailbox works" wait_for 60 mailbox

# --- UART ------------------------------------------------------------------------

# The only serial port with memory-mapped registers
tty=$(guest g 'cd /sys/class/tty; for t in ttyS*; do [ "$(cat $t/iomem_base)" = 0x0 ] || echo $t; done')
tap_like "UART: the guest has a serial port of 8250_dfl" "$tty" '^ttyS[0-9]+$'
irq=$(guest g "cat /sys/class/tty/$tty/irq")
tap_like "UART: the serial port has an interrupt" "$irq" '^[1-9][0-9]*$'
start=$(now_ms)
tap_is "UART: 10,000 bytes in loopback, none lost or changed" \
	"$(guest g "probe uart /dev/$tty 10000")" "10000 bytes"
tap_note "took $(($(now_ms) - start)) ms"
count=$(guest g "cat /sys/kernel/irq/$irq/per_cpu_count")
tap_within "UART: number of interrupts" "$count" 78 1000000

# --- resets stay within the block --------------------------------------------------

before=$(resets 0)
before1=$(resets 1)
nr=$(block_stat 0 b2-o40000 resets)
tap_ok "port reset by ioctl: succeeds" guest g probe port-reset $port
same "port reset by ioctl: registers of the AFU are cleared" \
	"$(guest g probe port-peek $port 0x28)" 0
tap_is "port reset by ioctl: AFU and port are reset once, no other block" \
	"$(resets 0)" "$(sed -E "s/(b2-o0+|b2-o40000):$nr/\\1:$((nr + 1))/g" <<<"$before")"
tap_is "port reset by ioctl: no block of the other card is reset" \
	"$(resets 1)" "$before1"

# --- logs ------------------------------------------------------------------------------

tap_is "guest: kernel log has no warning or error" \
	"$(guest g "dmesg | grep -iE 'warn|bug:|oops|call trace|fail|timeout|error' | grep -vE 'module verification|RAS:|Command line'")" ""
tap_is "QEMU: no message" "$(guest_words g)" ""
for n in 0 1; do
	tap_is "card $n: bus master was never on" \
		"$(card_stat $n .bus_master_on_count)" 0
	tap_is "card $n: no stray access" "$(card_stat $n .stray)" 0
done
guest_end g
tap_ok "AFU: instance can be removed" remove_mdev "$afu"
tap_ok "Ethernet group: instance can be removed" remove_mdev "$eth"
tap_ok "UART: instance can be removed" remove_mdev "$uart"
