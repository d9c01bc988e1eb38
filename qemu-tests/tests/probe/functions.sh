#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: the functions of cards with 5 PF + 3 VF and with 1 PF + 3 VF, bound by the commands of the guide, are cards of their own (invariants 1, 2, 5, 7)
# cards: n6001 +pf1 +he-lb +pf3 +pf1 ^virtfn ^virtfn ^virtfn agilex5 ^virtfn ^virtfn ^virtfn =igb
# iommu: intel
# needs: vf
# append: pci=pcie_scan_all
# kernels: 6.12
# more: 7.3
#
# Only QEMU's igb has SR-IOV: its virtual functions appear as the guide describes,
# and have no feature list. Those of the simulated cards exist from the start, and
# the module vdfl_vf makes the kernel take them for virtual ones.

. /src/qemu-tests/tests/lib.sh

GUIDE=Documentation/admin-guide/guide.rst
SCRATCH=0x28

# Numbers of the cards above: functions 1 and 8 of each
N6001_PF1=1 N6001_VF=5 AGILEX5_VF=9

# for_card BUS COMMAND: execute a command of the guide for the card on that bus
for_card()
{
	bash -ec "${2//0000:3b:/$1:}" 4<&-
}

igb()
{
	for_card "$igb" "$1"
}

n6001()
{
	for_card "$n6001" "$1"
}

agilex5()
{
	for_card "$agilex5" "$1"
}

# described BUS FUNCTION...: types, reset and links of each function
described()
{
	local fn bdf

	for fn in "${@:2}"; do
		bdf=$1:$fn
		is_bound "$bdf" || echo "$fn: not bound"
		echo "$fn: $(types "$bdf" | tr '\n' ' ')$(cat "$PCI/$bdf"/dfl/blocks/*/scrub |
			sort -u | tr '\n' ' ')$(card_attr "$bdf" links)"
	done
}

# flrs CARD: number of function level resets so far
flrs()
{
	card_log "$1" 'select(.ev == "flr")' | wc -l
}

# two_users NAME CARD BDF TYPE NEIGHBOUR: what user A wrote is gone for user B, and
# the neighbour, a client, notices nothing
two_users()
{
	local uuid before

	uuid=$(create_mdev "$3" "$4") || bail "no instance of $1"
	before=$(flrs "$2")
	client_start user "$uuid" || bail "no user A of $1"
	client user write $SCRATCH 8 0xa11ce >/dev/null
	tap_is "$1: user A reads its value" "$(client user read $SCRATCH 8)" 0xa11ce
	client_end user
	client_start user "$uuid" || bail "no user B of $1"
	tap_is "$1: user B reads the reset value" "$(client user read $SCRATCH 8)" 0x0
	client_end user
	remove_mdev "$uuid"
	tap_is "$1: each open and each close reset the function" "$(flrs "$2")" \
		$((before + 4))
	tap_is "$1: the neighbour keeps its value" "$(client "$5" read $SCRATCH 8)" 0x99
}

# neighbour_start NAME BDF TYPE
neighbour_start()
{
	client_start "$1" "$(create_mdev "$2" "$3")" || bail "no $1"
	client "$1" write $SCRATCH 8 0x99 >/dev/null
}

# bus_master_is BDF VALUE
bus_master_is()
{
	[ $((0x$(setpci -s "$1" COMMAND) >> 2 & 1)) = "$2" ]
}

# siblings_are BDF NAMES
siblings_are()
{
	[ "$(card_attr "$1" siblings_mastering)" = "$2" ]
}

# virtual BUS: make functions 8 to 10 virtual ones
virtual()
{
	insmod "/src/build/$KERNEL/vf/vdfl_vf.ko" "vf=$1:01.0,$1:01.1,$1:01.2" ||
		bail "no virtual functions"
}

# check_vfs NAME BUS CARD LINKS: the virtual functions of a card, once they are bound
check_vfs()
{
	local a=$2:01.0 b=$2:01.1 c=$2:01.2

	tap_is "$1: each VF gives one AFU, reset with its function" \
		"$(described "$2" 01.0 01.1 01.2)" \
		"$(printf "%s: afu-3e7b60a0 function-reset $4\n" 01.0 01.1 01.2)"
	tap_is "$1: VFs have neither memory enable bit nor pin" \
		"$(setpci -s "$a" COMMAND INTERRUPT_PIN | tr '\n' ' ')" "0000 00 "
	tap_is "$1: the IOMMU blocks each VF" \
		"$(for vf in $a $b $c; do card_attr "$vf" fence_iommu; done | sort -u)" \
		"in force"
	neighbour_start neighbour "$b" afu-3e7b60a0
	two_users "$1, VF" "$3" "$a" afu-3e7b60a0 neighbour
	setpci -s "$c" COMMAND=0004:0004
	tap_ok "$1: bus master of a VF, turned on externally, is off again" \
		wait_for 60 bus_master_is "$c" 0
	tap_is "$1: the violation is counted for this VF only" \
		"$(for vf in $a $b $c; do card_attr "$vf" busmaster_violations; done | tr '\n' ' ')" \
		"0 0 1 "
	client_end neighbour
	for vf in $a $b $c; do
		unbind_bdf "$vf"
	done
	setpci -s "$c" COMMAND=0004:0004
	bind_bdf "$a" || bail "the VF does not bind again"
	tap_ok "$1: a VF that masters the bus is listed for the other" \
		wait_for 60 siblings_are "$a" "$c"
	setpci -s "$c" COMMAND=0000:0004
	unbind_bdf "$a"
}

load_module || bail "no module"
n6001=$(card_bdf 0) n6001=${n6001%:*}
for bdf in "${CARDS[@]}"; do
	case $(<"$PCI/$bdf/subsystem_device") in
	0x0001) agilex5=${bdf%:*} ;;
	esac
	[ ! -e "$PCI/$bdf/sriov_totalvfs" ] || igb=${bdf%:*}
done

# --- SR-IOV as the kernel has it ------------------------------------------------------

documented igb $GUIDE enable-vfs
tap_is "igb: function 0 does not master the bus" \
	"$(bus_master_is "$igb:00.0" 0 && echo off)" off
vfs=()
for link in "$PCI/$igb:00.0"/virtfn*; do
	vfs+=("$(basename "$(readlink "$link")")")
done
tap_is "igb: three VFs have appeared" "${#vfs[@]}" 3
tap_like "igb: a VF has a number above 7" "${vfs[2]}" ':1[0-9a-f]\.[0-7]$'
log_mark
tap_fails "igb: a VF without feature list is refused" \
	driverctl set-override "${vfs[0]}" $DRIVER 2>/dev/null
tap_is "igb: one log line has the reason" \
	"$(log_count "${vfs[0]}: refused: no feature list found")" 1
echo "$igb:00.0" >/sys/bus/pci/drivers/vfio-pci/unbind
tap_fails "igb: the VFs vanish with the driver of function 0" \
	test -e "$PCI/${vfs[0]}"

# --- 5 PF + 3 VF: physical functions ----------------------------------------------------

documented n6001 $GUIDE bind-functions
tap_is "n6001: blocks, resets and links of functions 0 to 4" \
	"$(described "$n6001" 00.0 00.1 00.2 00.3 00.4)" \
	"00.0: hssi none one PCIe link
00.1: afu-3e7b60a0 function-reset one PCIe link
00.2: afu-56e203e9 function-reset one PCIe link
00.3: afu-3e7b60a0 function-reset one PCIe link
00.4: afu-3e7b60a0 function-reset one PCIe link"
neighbour_start neighbour "$n6001:00.4" afu-3e7b60a0
two_users "n6001, PF1" $N6001_PF1 "$n6001:00.1" afu-3e7b60a0 neighbour
client_end neighbour

# --- 5 PF + 3 VF: virtual functions ------------------------------------------------------

driverctl set-override "$n6001:00.0" vfio-pci || bail "function 0 does not change its driver"
virtual "$n6001"
documented n6001 $GUIDE bind-vfs
# The other physical functions know the links, since function 0 was bound
check_vfs n6001 "$n6001" $N6001_VF "one PCIe link"
rmmod vdfl_vf

# --- 1 PF + 3 VF ---------------------------------------------------------------------------

driverctl set-override "$agilex5:00.0" vfio-pci || bail "function 0 does not bind"
virtual "$agilex5"
documented agilex5 $GUIDE bind-vfs
check_vfs agilex5 "$agilex5" $AGILEX5_VF unknown
rmmod vdfl_vf

tap_is "bus master was on at function 3 by virtio at boot, and at the last VFs by this test" \
	"$(for n in {0..11}; do card_stat "$n" .bus_master_on_count; done | tr '\n' ' ')" \
	"0 0 0 1 0 0 0 2 0 0 0 2 "
