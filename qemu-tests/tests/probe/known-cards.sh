#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: the blocks of known cards, their windows, and the cost of finding them (invariants 5, 8)
# cards: n3000 d5005 n6001 vf lab many64 d5005-hello n6001-hello agilex5 n6000-vf pf3
# smp: 1
# kernels: 7.3
# more: 6.1 6.12
# timeout: 600

. /src/qemu-tests/tests/lib.sh

work=$(mktemp -d)
opt_in=uart,tod,qsfp,stp,userclk,fme-7a,fme-100,fme-fff,vendor-5a3c1e90@plain
for n in 1 2 3 4; do
	opt_in+=,vendor-${n}1111111@plain
done

# values BDF NAME...: attributes of every block, after its position; "-" for an
# empty one
values()
{
	local bdf=$1 dir name value

	shift
	for dir in "$PCI/$bdf"/dfl/blocks/*; do
		printf %s "${dir##*/}"
		for name; do
			value=
			read -r value <"$dir/$name" || :
			printf ' %s' "${value:--}"
		done
		echo
	done | sort
}

# check_blocks NAME BDF: compare with position, kind, id, class, size and type
# on stdin
check_blocks()
{
	sort >"$work/want"
	values "$2" kind feature_id class size type >"$work/got"
	tap_same "$1: blocks" "$work/got" "$work/want"
}

# check_hidden NAME BDF BAR START LENGTH: check that no window overlaps the
# range
check_hidden()
{
	local dir bar off size inside=

	for dir in "$PCI/$2"/dfl/blocks/*; do
		read -r bar <"$dir/bar"
		read -r off <"$dir/offset"
		read -r size <"$dir/size"
		if [ "$bar" = "$3" ] && [ $((off)) -lt $(($4 + $5)) ] &&
		   [ $((off + size)) -gt $(($4)) ] && [ $((size)) -gt 0 ]; then
			inside+="${dir##*/} "
		fi
	done
	tap_is "$1: no window contains the hidden block at $4" "$inside" ""
}

# check_cost NAME CARD: check the number of reads per block
check_cost()
{
	local greedy

	# A version 1 header has 5 words; the profiles have 8 words of
	# parameters at most
	greedy=$(card_stat "$2" '[.blocks[] | select(.header_reads > 13)] | length')
	tap_is "$1: no header was read twice" "$greedy" 0
	tap_is "$1: the card counts no stray access" \
		"$(card_stat "$2" .stray)" 0
	tap_is "$1: bus master was never on" \
		"$(card_stat "$2" .bus_master_on_count)" 0
}

# virtio_twin: bus address of the card with the ids of a legacy virtio device
virtio_twin()
{
	local dev

	for dev in "$PCI"/*; do
		[ "$(<"$dev/class")" = 0x120000 ] &&
			[ "$(<"$dev/vendor")" = 0x1af4 ] && echo "${dev##*/}"
	done
}

tap_ok "module: loads" load_module "opt_in=$opt_in" || bail "no module"

n3000=$(bind_card 0) || bail "N3000 does not bind"
check_blocks n3000 "$n3000" <<'TABLE'
b0-o0 fme 0x0 never 0x0 -
b0-o1000 private 0x1 never 0x0 -
b0-o2000 private 0x2 never 0x0 -
b0-o3000 private 0x3 never 0x0 -
b0-o4000 private 0x4 never 0x0 -
b0-o5000 private 0x5 never 0x0 -
b0-o6000 private 0xe never 0x0 -
b0-o7000 private 0xd never 0x0 -
b0-o8000 private 0xf never 0x0 -
b0-o9000 private 0x10 yes 0x1000 eth-group
b0-oa000 private 0x10 yes 0x1000 eth-group
b0-ob000 private 0xf never 0x0 -
b2-o0 port 0x1 never 0x0 -
b2-o1000 private 0x10 never 0x0 -
b2-o2000 private 0x12 never 0x0 -
b2-o3000 private 0x14 opt-in 0x1000 userclk
b2-o40000 afu 0x0 yes 0x40000 afu-9aeffe5f
TABLE
check_cost n3000 0

d5005=$(bind_card 1) || bail "D5005 does not bind"
check_blocks d5005 "$d5005" <<'TABLE'
b0-o0 fme 0x0 never 0x0 -
b0-o1000 private 0x1 never 0x0 -
b0-o3000 private 0x7 never 0x0 -
b0-o4000 private 0x4 never 0x0 -
b0-o10000 private 0xe never 0x0 -
b0-o20000 private 0x20 never 0x0 -
b0-o30000 private 0xf never 0x0 -
b0-o40000 private 0x9 never 0x0 -
b0-o90000 private 0x5 never 0x0 -
b0-o91000 port 0x1 never 0x0 -
b0-o92000 private 0x14 opt-in 0x1000 userclk
b0-o93000 private 0x13 opt-in 0x1000 stp
b0-oa0000 private 0x10 never 0x0 -
TABLE
check_hidden d5005 "$d5005" 0 0x50000 0x40000
tap_is "d5005: the hidden block was not read" \
	"$(block_stat 1 b0-o80000 reads)" 0
check_cost d5005 1

n6001=$(bind_card 2) || bail "N6001 does not bind"
check_blocks n6001 "$n6001" <<'TABLE'
b0-o0 fme 0x0 never 0x0 -
b0-o1000 private 0x1 never 0x0 -
b0-o3000 private 0x7 never 0x0 -
b0-o4000 private 0x4 never 0x0 -
b0-o12000 private 0x13 opt-in 0x1000 qsfp
b0-o13000 private 0x13 opt-in 0x1000 qsfp
b0-o14000 private 0x15 yes 0x1000 hssi
b0-o15000 private 0x9 never 0x0 -
b0-o20000 private 0x12 never 0x0 -
b0-o40000 private 0x14 never 0x0 -
b0-o60000 private 0x24 opt-in 0x1000 uart
b0-o70000 private 0x5 never 0x0 -
b0-o71000 port 0x1 never 0x0 -
b0-o72000 private 0x14 opt-in 0x1000 userclk
b0-o73000 private 0x13 opt-in 0x1000 stp
b0-o80000 private 0x10 never 0x0 -
TABLE
check_hidden n6001 "$n6001" 0 0x10000 0x2000
tap_is "n6001: the hidden block was not read" \
	"$(block_stat 2 b0-o10000 reads)" 0
check_cost n6001 2

vf=$(bind_card 3) || bail "the VF does not bind"
check_blocks vf "$vf" <<'TABLE'
b0-o0 afu 0x0 yes 0x100000 afu-3e7b60a0
TABLE
tap_is "vf: the AFU is reset with its function" \
	"$(card_attr "$vf" blocks/b0-o0/scrub)" function-reset
check_cost vf 3

hello=$(bind_card 6) || bail "D5005 with hello_fim does not bind"
check_blocks d5005-hello "$hello" <<'TABLE'
b0-o0 fme 0x0 never 0x0 -
b0-o1000 private 0x1 never 0x0 -
b0-o3000 private 0x7 never 0x0 -
b0-o4000 private 0x4 never 0x0 -
b0-o10000 private 0xe never 0x0 -
b0-o20000 private 0x20 never 0x0 -
b0-o30000 private 0xf never 0x0 -
b0-o40000 private 0x9 never 0x0 -
b0-o50000 private 0xfff opt-in 0x1000 fme-fff
b0-o90000 private 0x5 never 0x0 -
b0-o91000 port 0x1 never 0x0 -
b0-o92000 private 0x14 opt-in 0x1000 userclk
b0-o93000 private 0x13 opt-in 0x1000 stp
b0-oa0000 private 0x10 never 0x0 -
TABLE
check_hidden d5005-hello "$hello" 0 0x60000 0x30000
check_cost d5005-hello 6

hello=$(bind_card 7) || bail "N6001 with hello_fim does not bind"
check_blocks n6001-hello "$hello" <<'TABLE'
b0-o0 fme 0x0 never 0x0 -
b0-o1000 private 0x1 never 0x0 -
b0-o3000 private 0x7 never 0x0 -
b0-o4000 private 0x4 never 0x0 -
b0-o12000 private 0x13 opt-in 0x1000 qsfp
b0-o13000 private 0x13 opt-in 0x1000 qsfp
b0-o14000 private 0x15 yes 0x1000 hssi
b0-o15000 private 0x9 never 0x0 -
b0-o16000 private 0x100 opt-in 0x1000 fme-100
b0-o20000 private 0x12 never 0x0 -
b0-o40000 private 0x14 never 0x0 -
b0-o60000 private 0x24 never 0x0 -
b0-o70000 private 0x5 never 0x0 -
b0-o71000 port 0x1 never 0x0 -
b0-o72000 private 0x14 opt-in 0x1000 userclk
b0-o73000 private 0x13 opt-in 0x1000 stp
b0-o80000 private 0x10 never 0x0 -
TABLE
check_cost n6001-hello 7

agilex5=$(bind_card 8) || bail "Agilex 5 does not bind"
check_blocks agilex5 "$agilex5" <<'TABLE'
b0-o0 fme 0x0 never 0x0 -
b0-o1000 private 0x1 never 0x0 -
b0-o3000 private 0x7 never 0x0 -
b0-o4000 private 0x4 never 0x0 -
b0-o15000 private 0x9 never 0x0 -
b0-o40000 private 0x14 never 0x0 -
b0-o70000 private 0x5 never 0x0 -
b0-o71000 port 0x1 never 0x0 -
b0-o72000 private 0x14 opt-in 0x1000 userclk
b0-o73000 private 0x13 opt-in 0x1000 stp
b0-o80000 private 0x10 never 0x0 -
TABLE
tap_is "agilex5: the PCIe block outside the list was not read" \
	"$(block_stat 8 b0-o10000 reads)" 0
check_cost agilex5 8

n6000=$(bind_card 9) || bail "the VF of N6000 does not bind"
check_blocks n6000-vf "$n6000" <<'TABLE'
b0-o0 afu 0x0 yes 0x40000000 afu-3e7b60a0
TABLE
tap_is "n6000-vf: the whole BAR of 1 GiB can be mapped" \
	"$(card_attr "$n6000" blocks/b0-o0/mappable)" 0x40000000
check_cost n6000-vf 9

# The virtio driver of the host probes this function at boot
pf3=$(virtio_twin)
[ ! -e "$PCI/$pf3/driver" ] || echo "$pf3" >"$PCI/$pf3/driver/unbind"
stray=$(card_stat 10 .stray)
bind_bdf "$pf3" || bail "function 3 does not bind"
check_blocks pf3 "$pf3" <<'TABLE'
b0-o0 afu 0x0 yes 0x1000 afu-3e7b60a0
TABLE
tap_is "pf3: the driver adds no stray access to those of virtio" \
	"$(card_stat 10 .stray)" "$stray"

lab=$(bind_card 4) || bail "the lab card does not bind"
check_blocks lab "$lab" <<'TABLE'
b0-o0 fme 0x0 never 0x0 -
b0-o1000 private 0x1 never 0x0 -
b0-o2000 private 0x10 yes 0x1000 eth-group
b0-o3000 private 0x10 yes 0x1000 eth-group
b0-o4000 private 0x15 yes 0x1000 hssi
b0-o14000 private 0x10 yes 0x800 eth-group
b0-o14800 private 0x22 opt-in 0x800 tod
b0-o15000 private 0x24 opt-in 0x1000 uart
b0-o16000 private 0x23 opt-in 0x200 vendor-5a3c1e90
b0-o17000 private 0x7a opt-in 0x1000 fme-7a
b0-o18000 private 0x10 yes 0x800 eth-group
b0-o19000 private 0x0 never 0x0 -
b2-o0 port 0x1 never 0x0 -
b2-o1000 private 0x10 never 0x0 -
b2-o2000 private 0x12 never 0x0 -
b2-o3000 private 0x14 opt-in 0x1000 userclk
b2-o40000 afu 0x0 yes 0x10000 afu-d8424dc4
b2-o80000 port 0x1 never 0x0 -
b2-o81000 private 0x10 never 0x0 -
b2-o82000 private 0x12 never 0x0 -
b2-o83000 private 0x14 opt-in 0x1000 userclk
b2-oc0000 afu 0x0 yes 0x10000 afu-d8424dc4
TABLE
check_hidden lab "$lab" 0 0x10000 0x4000
check_cost lab 4

# A page can be mapped only if the block has all of it (invariant 4).
values "$lab" mappable vectors parent scrub | grep -v ' 0x0 0 .* none$' >"$work/got"
cat >"$work/want" <<'TABLE'
b0-o15000 0x0 1 b0-o0 none
b0-o17000 0x1000 0 b0-o0 none
b0-o2000 0x1000 0 b0-o0 none
b0-o3000 0x1000 0 b0-o0 none
b0-o4000 0x1000 0 b0-o0 none
b2-o40000 0x10000 4 b2-o0 port-reset
b2-oc0000 0x10000 4 b2-o80000 port-reset
TABLE
tap_same "lab: pages, vectors, parents and resets" "$work/got" "$work/want"

# Header words: version 0 private feature (1), FME (3), port (4), AFU (3),
# version 1 with 8 words of parameters (13) and without (5).
card_stat 4 '.blocks[] | "\(.bar) \(.offset) \(.header_reads)"' |
	grep -E '^(0 0x0|0 0x2000|0 0x10000|0 0x15000|0 0x16000|2 0x0|2 0xc0000) ' \
	>"$work/got"
cat >"$work/want" <<'TABLE'
0 0x0 3
0 0x2000 1
0 0x10000 0
0 0x15000 13
0 0x16000 5
2 0x0 4
2 0xc0000 3
TABLE
tap_same "lab: each header word is read once" "$work/got" "$work/want"

tap_is "lab: types" "$(types "$lab" | tr '\n' ' ')" \
	"afu-d8424dc4 afu-d8424dc4-b2-o40000 afu-d8424dc4-b2-oc0000 eth-group eth-group-b0-o14000 eth-group-b0-o18000 eth-group-b0-o2000 eth-group-b0-o3000 fme-7a hssi tod uart userclk userclk-b2-o3000 userclk-b2-o83000 vendor-5a3c1e90 "

# port_writes: number of writes to the ports of the lab card
port_writes()
{
	card_stat 4 '[.blocks[] | select(.bar == 2 and
		(.offset == "0x0" or .offset == "0x80000")) | .writes] | add'
}

resets=$(card_stat 4 '[.blocks[].resets] | add')
writes=$(port_writes)
uuid=$(create_mdev "$lab" afu-d8424dc4) || bail "no instance"
tap_ok "lab: an instance can be removed" remove_mdev "$uuid"
tap_is "lab: create and remove reset nothing" \
	"$(card_stat 4 '[.blocks[].resets] | add') $(port_writes)" \
	"$resets $writes"

# --- many blocks --------------------------------------------------------------

start=$(now_ms)
many=$(bind_card 5) || bail "the card with many blocks does not bind"
fastest=$(($(now_ms) - start))
tap_is "many64: types" "$(types "$many" | wc -l)" 69
check_cost many64 5
for n in 1 2; do
	unbind_bdf "$many"
	start=$(now_ms)
	bind_card 5 >/dev/null
	took=$(($(now_ms) - start))
	[ "$took" -ge "$fastest" ] || fastest=$took
done
tap_timed "many64: ms to bind" "$fastest" 0 $((1000 * SLOW - 1))

# Generate the names before the measurement, which is of the kernel only.
created=()
for n in {1..64}; do
	created+=("$(new_uuid)")
done
late=0
start=$(now_ms)
for n in {0..63}; do
	type=eth-group
	[ "$n" -lt 32 ] || type=vendor-$((n % 4 + 1))1111111
	before=${EPOCHREALTIME/./}
	echo "${created[n]}" >"$PCI/$many/mdev_supported_types/$DRIVER-$type/create" ||
		late=64
	[ $((${EPOCHREALTIME/./} - before)) -lt $((200000 * SLOW)) ] || late=$((late + 1))
done
tap_timed "many64: ms to create 64 instances" $(($(now_ms) - start)) 0 \
	$((12800 * SLOW))
# The host may stop the VM now and then.
tap_timed "many64: number of instances that took 200 ms or more" "$late" 0 3
tap_is "many64: 64 instances have 64 different blocks" \
	"$(for u in "${created[@]}"; do mdev_block "$u"; done | sort -u | wc -l)" 64
tap_is "many64: one instance more fails with ENOSPC" \
	"$(refusal create_mdev "$many" vendor-11111111)" "No space left on device"
for uuid in "${created[@]}"; do
	remove_mdev "$uuid"
done

# --- without opt-in -------------------------------------------------------------

unload_module || bail "the module does not unload"
load_module || bail "no module"
bind_card 4 >/dev/null
tap_is "lab: types without opt-in" "$(types "$lab" | tr '\n' ' ')" \
	"afu-d8424dc4 afu-d8424dc4-b2-o40000 afu-d8424dc4-b2-oc0000 eth-group eth-group-b0-o14000 eth-group-b0-o18000 eth-group-b0-o2000 eth-group-b0-o3000 hssi "
for n in 1 8; do
	bdf=$(bind_card "$n")
	tap_is "card $n without blocks of class yes: types without opt-in" \
		"$(types "$bdf")" ""
done
