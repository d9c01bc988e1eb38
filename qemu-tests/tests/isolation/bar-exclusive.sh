#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: no two instances share a byte, and no other process can access the BARs (invariant 5)
# cards: lab n3000
# smp: 1
# kernels: 7.3
# more: 6.1 6.12

. /src/qemu-tests/tests/lib.sh

# bar_start BDF BAR: address on the bus
bar_start()
{
	sed -n "$(($2 + 1))s/ .*//p" "$PCI/$1/resource"
}

# claims BDF BAR: number of entries of the driver for the whole BAR in
# /proc/iomem
claims()
{
	local start end

	read -r start end _ < <(sed -n "$(($2 + 1))p" "$PCI/$1/resource")
	grep -cx "$(printf ' *%08x-%08x : %s' "$start" "$end" $DRIVER)" /proc/iomem
}

load_module opt_in=uart,tod,qsfp,userclk,fme-7a,vendor-5a3c1e90@plain ||
	bail "no module"
bdf=$(card_bdf 0)
other=$(card_bdf 1)

# --- before binding: the BARs can be had by others -------------------------------

for bar in 0 2; do
	tap_is "not bound: BAR $bar can be mapped from sysfs" \
		"$(mmap_status "$PCI/$bdf/resource$bar")" mapped
done
tap_is "not bound: BAR 0 can be mapped through /dev/mem" \
	"$(mmap_status /dev/mem "$(bar_start "$bdf" 0)")" mapped

# --- bound ----------------------------------------------------------------------

bind_card 0 >/dev/null || bail "the card does not bind"
for bar in 0 2; do
	tap_is "bound: BAR $bar cannot be mapped from sysfs" \
		"$(mmap_status "$PCI/$bdf/resource$bar")" EINVAL
	tap_is "bound: BAR $bar cannot be mapped through /dev/mem" \
		"$(mmap_status /dev/mem "$(bar_start "$bdf" "$bar")")" EPERM
	tap_is "bound: /proc/iomem lists BAR $bar as claimed by the driver once" \
		"$(claims "$bdf" $bar)" 1
done

echo uio_pci_generic >"$PCI/$bdf/driver_override"
modprobe uio_pci_generic
tap_is "bound: bind of another driver fails with EBUSY" \
	"$(refusal eval "echo '$bdf' >/sys/bus/pci/drivers/uio_pci_generic/bind")" \
	"Device or resource busy"
tap_ok "bound: the driver keeps the card" is_bound "$bdf"
echo "$DRIVER" >"$PCI/$bdf/driver_override"

# --- every type gives what it has and no more ---------------------------------------

declare -A count=([afu-d8424dc4]=2 [eth-group]=4 [fme-7a]=1 [hssi]=1 [tod]=1
	[uart]=1 [userclk]=2 [vendor-5a3c1e90]=1)
all=()
for type in "${!count[@]}"; do
	want=
	got=
	for ((n = count[$type]; n > 0; n--)); do
		want+="$n "
		got+="$(free_of "$bdf" "$type") "
		all+=("$(create_mdev "$bdf" "$type")")
	done
	tap_is "$type: available_instances decreases by one per instance" \
		"$got" "$want"
	tap_is "$type: available_instances is 0 in the end" \
		"$(free_of "$bdf" "$type")" 0
	tap_is "$type: one instance more fails with ENOSPC" \
		"$(refusal create_mdev "$bdf" "$type")" "No space left on device"
done
for type in $(types "$bdf" | grep -E -- '-b[0-9]-o'); do
	tap_is "$type: the block is in use, create fails with ENOSPC" \
		"$(free_of "$bdf" "$type") $(refusal \
		create_mdev "$bdf" "$type")" "0 No space left on device"
done
tap_is "create: a UUID in use fails with EEXIST" \
	"$(refusal create_mdev "$bdf" eth-group "${all[0]}")" "File exists"

# Bytes of all windows: BAR, first byte, byte after the last
for uuid in "${all[@]}"; do
	pos=$(mdev_block "$uuid")
	dir=$PCI/$bdf/dfl/blocks/$pos
	tap_is "$pos: sysfs shows the UUID of the instance" \
		"$(<"$dir/instance")" "$uuid"
	start=$(<"$dir/offset")
	size=$(<"$dir/size")
	echo "$(<"$dir/bar") $((start)) $((start + size))" >>/tmp/windows
done
tap_is "windows: 13 instances have 13 different windows" \
	"$(sort -u /tmp/windows | wc -l)" 13
tap_is "windows: no two instances share a byte" \
	"$(sort -n -k1,1 -k2,2 /tmp/windows |
	awk '$1 == bar && $2 < end { print } { bar = $1; end = $3 }')" ""

# --- types of a kind and of a position draw on the same blocks -------------------------

for uuid in "${all[@]}"; do
	remove_mdev "$uuid"
done
tap_is "remove: all Ethernet blocks are available again" \
	"$(free_of "$bdf" eth-group)" 4
uuid=$(create_mdev "$bdf" eth-group-b0-o14000)
tap_is "position type: the instance has the block at that position" \
	"$(mdev_block "$uuid")" b0-o14000
tap_is "position type: the kind has one instance less available" \
	"$(free_of "$bdf" eth-group)" 3
tap_is "position type: other positions stay available" \
	"$(free_of "$bdf" eth-group-b0-o18000)" 1
for n in 1 2 3; do
	create_mdev "$bdf" eth-group
done >/tmp/rest
tap_is "kind type: the instances have the remaining blocks" \
	"$(while read -r u; do mdev_block "$u"; done </tmp/rest | sort | tr '\n' ' ')" \
	"b0-o18000 b0-o2000 b0-o3000 "
tap_is "kind type: no position is available in the end" \
	"$(for pos in b0-o14000 b0-o18000 \
	b0-o2000 b0-o3000; do free_of "$bdf" "eth-group-$pos"; done | sort -u)" 0
remove_mdev "$uuid"
tap_is "remove: one more instance is available, of the position and of the kind" \
	"$(free_of "$bdf" eth-group-b0-o14000) $(free_of "$bdf" eth-group)" "1 1"

# Concurrent creates: as many succeed as there are blocks
while read -r uuid; do
	remove_mdev "$uuid"
done </tmp/rest
for n in {1..12}; do
	(create_mdev "$bdf" eth-group >"/tmp/race$n" 2>/dev/null) &
done
wait
tap_is "race for the last blocks: each block is assigned once" \
	"$(cat /tmp/race* | while read -r u; do mdev_block "$u"; done | sort | tr '\n' ' ')" \
	"b0-o14000 b0-o18000 b0-o2000 b0-o3000 "

# --- two cards ---------------------------------------------------------------------

bind_card 1 >/dev/null || bail "the second card does not bind"
tap_is "second card: all blocks are available" "$(free_of "$other" eth-group)" 2
tap_is "second card: blocks of the first card stay in use" \
	"$(free_of "$bdf" eth-group)" 0

# --- BARs that are in use ----------------------------------------------------------------

unload_module || bail "the module does not unload"
tap_is "module unloaded: BAR 0 can be mapped again" \
	"$(mmap_status "$PCI/$bdf/resource0")" mapped

# ramoops stores crash messages at this address, so it claims registers of the AFU
modprobe ramoops "mem_address=$(($(bar_start "$bdf" 2) + 0x40000))" \
	mem_size=65536 mem_type=1 || bail "nothing claims part of a BAR"
load_module || bail "no module"
log_mark
tap_fails "BARs in use: bind is refused" bind_bdf "$bdf" 2>/dev/null
tap_is "BARs in use: one log line has the reason" \
	"$(log_count 'refused: BARs are in use')" 1
tap_fails "BARs in use: no sysfs directory is left" test -e "$PCI/$bdf/dfl"
rmmod ramoops
tap_ok "BARs free again: the card binds" bind_bdf "$bdf"
