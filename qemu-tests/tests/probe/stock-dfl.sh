#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: the kernel's own DFL drivers find on the simulated cards what the tests expect there
# cards: n3000 d5005 n6001 lab n6001-hello
# smp: 1
# needs: stock-dfl
# kernels: 7.3

. /src/qemu-tests/tests/lib.sh

stock=/src/build/stock-dfl
work=$(mktemp -d)

# found BDF: parent ("fme", or "port" with its number), id and position of each
# feature device that the stock drivers leave to other drivers
found()
{
	local dir unit first line bar base
	local -a bars

	mapfile -t bars <"$PCI/$1/resource"
	for dir in "$PCI/$1"/fpga_region/region*/dfl-*/dfl_dev.*; do
		unit=${dir%/dfl_dev*}
		unit=${unit##*/dfl-}
		[ "${unit%.*}" = fme ] && unit=fme || unit=port$(<"${dir%/*}/id")
		line=$(grep -w "${dir##*/}\$" /proc/iomem)
		line=${line#"${line%%[^ ]*}"}
		first=$((0x${line%%-*}))
		for bar in 0 2; do
			base=$((${bars[bar]%% *}))
			[ "$first" -ge "$base" ] &&
				[ "$first" -le $(($(cut -d' ' -f2 <<<"${bars[bar]}"))) ] &&
				printf '%s %s b%d-o%x\n' "$unit" \
					"$(<"$dir/feature_id")" "$bar" \
					$((first - base))
		done
	done | sort
}

# bind_stock CARD: bind the card to dfl-pci, unless dfl-pci has bound it when loaded
bind_stock()
{
	local bdf

	bdf=$(card_bdf "$1")
	echo dfl-pci >"$PCI/$bdf/driver_override"
	echo "$bdf" >/sys/bus/pci/drivers_probe
	tap_is "card $1: no port is late" "$(log_new "$bdf: timeout, failure")" ""
}

# check NAME CARD: compare with unit, id and position on stdin
check()
{
	local bdf

	bdf=$(card_bdf "$2")
	bind_stock "$2"
	sort >"$work/want"
	found "$bdf" >"$work/got"
	tap_same "$1: feature devices of the stock drivers" \
		"$work/got" "$work/want"
	tap_is "$1: the card counts no stray access" \
		"$(card_stat "$2" .stray)" 0
}

# guids CARD: GUIDs of the AFUs, as user space reads them
guids()
{
	cat "$PCI/$(card_bdf "$1")"/fpga_region/region*/dfl-port.*/afu_id
}

tap_is "n6001-hello: the port is in reset" "$(card_peek 4 0 0x71038)" 0x11
# The stock driver polls a port for one millisecond, and reads it once more afterwards.
# On a busy machine one access takes longer. With an acknowledgment at the first read
# the result does not depend on time.
for n in "${!CARDS[@]}"; do
	card_do "$n" ack-at-once || bail "ports of card $n keep their delay"
done
modprobe hwmon
for name in fpga-mgr fpga-bridge fpga-region dfl dfl-fme dfl-afu dfl-pci; do
	insmod "$stock/$name.ko" || bail "no $name: run qemu-tests/scripts/build stock-dfl"
done

check n3000 0 <<'TABLE'
fme 0xd b0-o7000
fme 0xe b0-o6000
fme 0xf b0-o8000
fme 0xf b0-ob000
fme 0x10 b0-o9000
fme 0x10 b0-oa000
port0 0x14 b2-o3000
TABLE
tap_is "n3000: GUID of the AFU" "$(guids 0)" 9aeffe5f84570612c000c9660d824272

check d5005 1 <<'TABLE'
fme 0x9 b0-o40000
fme 0xe b0-o10000
fme 0xf b0-o30000
fme 0x20 b0-o20000
port0 0x14 b0-o92000
TABLE

# UART: version 1 features have their registers where the header points
check n6001 2 <<'TABLE'
fme 0x9 b0-o15000
fme 0x12 b0-o20000
fme 0x13 b0-o12000
fme 0x13 b0-o13000
fme 0x14 b0-o40000
fme 0x15 b0-o14000
fme 0x24 b0-o60200
port0 0x14 b0-o72000
TABLE

# The header of the vendor block has the other address encoding, which the stock
# driver decodes wrongly
check lab 3 <<'TABLE'
fme 0x0 b0-o19000
fme 0x7a b0-o17000
fme 0x10 b0-o14000
fme 0x10 b0-o18000
fme 0x10 b0-o2000
fme 0x10 b0-o3000
fme 0x15 b0-o4000
fme 0x22 b0-o14800
fme 0x23 b0-o16080
fme 0x24 b0-o15200
port0 0x14 b2-o3000
port1 0x14 b2-o83000
TABLE
tap_is "lab: GUIDs of the AFUs" "$(guids 3 | tr '\n' ' ')" \
	"d8424dc4a4a3c413f89e433683f9040b d8424dc4a4a3c413f89e433683f9040b "
tap_is "lab: 16 vectors" \
	"$(find "$PCI/$(card_bdf 3)/msi_irqs" -type f | wc -l)" 16

# The stock driver leaves bus master on when it is unbound
bdf=$(card_bdf 3)
echo "$bdf" >/sys/bus/pci/drivers/dfl-pci/unbind
load_module || bail "no module"
tap_ok "lab: the card binds after the stock driver" bind_bdf "$bdf"
tap_is "lab: bus master is off" "$(card_stat 3 .bus_master)" 0
tap_is "lab: MSI-X is disabled" \
	"$(setpci -s "$bdf" CAP_MSIX+2.W | sed 's/^\(.\).*/\1/')" 0

# A port without an AFU of its own that comes up in reset
bdf=$(card_bdf 4)
bind_stock 4
echo "$bdf" >/sys/bus/pci/drivers/dfl-pci/unbind
tap_is "n6001-hello: the stock driver leaves it released" \
	"$(card_peek 4 0 0x71038)" 0x0
tap_ok "n6001-hello: the card binds after the stock driver" bind_bdf "$bdf"
tap_is "n6001-hello: the port is released" "$(card_peek 4 0 0x71038)" 0x0
unbind_bdf "$bdf"
tap_is "n6001-hello: the port stays as it was found" \
	"$(card_peek 4 0 0x71038)" 0x0
