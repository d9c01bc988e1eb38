#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: sysfs reports a fence in force exactly where DMA is stopped, for an honest card, one that ignores Bus Master Enable and one that may use ATS, with and without an IOMMU (invariants 1, 2)
# cards: lab dishonest ats lab +ats
# smp: 1
# kernels: 7.3
# more: 6.1 6.12
# iommu: none intel
# allow-log: DMAR:.*[Ff]ault
# allow-log: DMAR: \[DMA Write NO_PASID\]

. /src/qemu-tests/tests/lib.sh

# attempt NAME CARD SOURCE VECTOR COMMAND IOMMU FENCES RESULT: the AFU of a card
# tries to write to a page of its client, with VECTOR armed ("none": no vector).
# Check the fences in sysfs and in the description of the block meanwhile, and
# the result of the DMA.
attempt()
{
	local name=$1 bdf uuid

	bdf=$(card_bdf "$2")
	is_bound "$bdf" || bind_bdf "$bdf" || bail "$name: the card does not bind"
	echo "$3" >"$PCI/$bdf/dfl/irq_source" || bail "$name: no source $3"
	uuid=$(create_mdev "$bdf" afu-d8424dc4) || bail "$name: no instance"
	client_start user "$uuid" || bail "$name: the user cannot open"
	[ "$4" = none ] || tap_is "$name: vector $4 can be armed" \
		"$(client user arm "$4")" ok
	tap_is "$name: sysfs, command fence is \"$5\"" \
		"$(card_attr "$bdf" fence_command)" "$5"
	tap_is "$name: sysfs, IOMMU fence is \"$6\"" \
		"$(card_attr "$bdf" fence_iommu)" "$6"
	tap_is "$name: the instance reports fences $7" \
		"$(client user fences)" "$7"
	tap_is "$name: DMA attempt ends with \"$8\"" "$(client user dma)" "$8"
	tap_is "$name: sysfs, command fence is unchanged by DMA" \
		"$(card_attr "$bdf" fence_command)" "$5"
	client_end user
	remove_mdev "$uuid"
	tap_is "$name: bus master is off after close" \
		"$(card_stat "$2" .bus_master)" 0
}

without_iommu()
{
	local claim="not available: no IOMMU"

	attempt "honest" 0 intx none "in force" "$claim" 0x1 "2 same"
	attempt "honest, armed" 0 poll 0 "in force" "$claim" 0x1 "2 same"
	tap_is "honest: the card refused both attempts" \
		"$(card_stat 0 .dma_refused)" 2
	tap_is "honest: no DMA was done" "$(card_stat 0 .dma_done)" 0

	# The command fence is in force here, but a card that ignores bus master
	# is not stopped by it. Therefore sysfs lists each fence on its own.
	attempt "dishonest" 1 intx none "in force" "$claim" 0x1 "1 changed"
	attempt "dishonest, armed" 1 poll 0 "in force" "$claim" 0x1 "1 changed"
	tap_is "dishonest: bus master was never on" \
		"$(card_stat 1 '"\(.bus_master) \(.bus_master_on_count)"')" "0 0"
}

# The attempt is real: without the command fence it succeeds
attempt_unfenced()
{
	local bdf uuid got

	bdf=$(card_bdf 0)
	uuid=$(create_mdev "$bdf" afu-d8424dc4) || return
	client_start user "$uuid" || return
	# The audit checks every 500 ms and may turn the bit off before the
	# attempt
	for _ in {1..10}; do
		setpci -s "$bdf" COMMAND=0004:0004
		got=$(client user dma)
		[ "$got" != "1 changed" ] || break
	done
	tap_is "honest, bus master turned on externally: DMA reaches memory" \
		"$got" "1 changed"
	tap_ok "honest, bus master turned on externally: off again" \
		wait_for 60 eval \
		'[ "$(card_stat 0 .bus_master)" = 0 ]'
	tap_ok "honest, bus master turned on externally: a violation is counted" \
		wait_for 60 eval \
		'[ "$(card_attr "$bdf" busmaster_violations)" -ge 1 ]'
	tap_is "honest, bus master off again: the card refuses DMA" \
		"$(client user dma)" "2 same"
	client_end user
	remove_mdev "$uuid"
}

behind_iommu()
{
	local no_command="not available: irq_source msix needs bus master"

	attempt "honest, IOMMU" 0 intx none "in force" "in force" 0x3 "2 same"
	attempt "honest, IOMMU, armed" 0 poll 0 "in force" "in force" 0x3 "2 same"
	attempt "dishonest, IOMMU" 1 intx none "in force" "in force" 0x3 "3 same"
	attempt "dishonest, IOMMU, armed" 1 poll 0 "in force" "in force" 0x3 "3 same"

	# Real MSI-X gives up the command fence, and sysfs reports that; the
	# IOMMU fence stays. The DMA of the honest card reaches the IOMMU only
	# here.
	attempt "honest, msix not armed" 0 msix none "in force" "in force" 0x3 "2 same"
	attempt "honest, msix armed" 0 msix 0 "$no_command" "in force" 0x2 "3 same"
	attempt "dishonest, msix armed" 1 msix 0 "$no_command" "in force" 0x2 "3 same"
	attempt "honest, msix disarmed again" 0 intx none "in force" "in force" 0x3 \
		"2 same"
	tap_is "honest, IOMMU: no DMA was done" "$(card_stat 0 .dma_done)" 0
	tap_is "dishonest, IOMMU: no DMA was done" "$(card_stat 1 .dma_done)" 0
}

# The simulated card sends no translated requests, which the IOMMU would let
# pass: the claim is what this checks, for a card that the kernel has given ATS.
behind_iommu_with_ats()
{
	local ats="in force, but the card may use ATS (boot with pci=noats)"
	local bdf

	bdf=$(card_bdf 2)
	tap_like "ATS: the kernel has enabled it" \
		"$(setpci -s "$bdf" ECAP000f+6.w)" ^8
	log_mark
	attempt "ATS" 2 intx none "in force" "$ats" 0x1 "3 same"
	tap_is "ATS: one log line has the reason and the remedy" \
		"$(log_count 'the card may use ATS, so .*; boot with pci=noats')" 1
	tap_is "ATS: sysfs does not list msix" \
		"$(card_attr "$bdf" irq_sources)" "intx poll none"
	tap_is "ATS: choosing msix fails with EOPNOTSUPP" \
		"$(refusal eval "echo msix >'$PCI/$bdf/dfl/irq_source'")" \
		"Operation not supported"
}

# iommu_fence_is BDF VALUE
iommu_fence_is()
{
	[ "$(card_attr "$1" fence_iommu)" = "$2" ]
}

# has_logged TEXT: since log_mark
has_logged()
{
	[ "$(log_count "$1")" -gt 0 ]
}

# A function with ATS that appears after bind opens the fence of its sibling
late_ats()
{
	local ats="in force, but the card may use ATS (boot with pci=noats)"
	local bdf other uuid

	bdf=$(card_bdf 3) other=$(card_bdf 4)
	echo 1 >"$PCI/$other/remove"
	bind_bdf "$bdf" || bail "the card does not bind without its function 1"
	tap_is "late ATS: the fence before" "$(card_attr "$bdf" fence_iommu)" "in force"
	echo msix >"$PCI/$bdf/dfl/irq_source" || bail "late ATS: no msix"
	uuid=$(create_mdev "$bdf" afu-d8424dc4) || bail "late ATS: no instance"
	client_start user "$uuid" || bail "late ATS: the user cannot open"
	tap_is "late ATS: msix can be armed before" "$(client user arm 0)" ok
	log_mark
	echo 1 >/sys/bus/pci/rescan
	tap_ok "late ATS: sysfs reports it" wait_for 60 iommu_fence_is "$bdf" "$ats"
	sleep 1
	tap_is "late ATS: one log line has the reason and the remedy" \
		"$(log_count "function $other may use ATS, so .*; boot with pci=noats")" 1
	tap_is "late ATS: msix goes on" "$(card_stat 3 .bus_master)" 1
	echo 1 >"$PCI/$bdf/reset"
	tap_ok "late ATS: msix does not start again after a reset" \
		wait_for 60 has_logged 'interrupts not restored after reset \(-EPERM\)'
	tap_is "late ATS: bus master is off then" "$(card_stat 3 .bus_master)" 0
	client_end user
	remove_mdev "$uuid"
	attempt "late ATS" 3 intx none "in force" "$ats" 0x1 "2 same"
	tap_is "late ATS: sysfs does not list msix" \
		"$(card_attr "$bdf" irq_sources)" "intx poll none"
	# Not to be bound when the module is loaded again
	echo >"$PCI/$bdf/driver_override"
	unbind_bdf "$bdf"
}

# With require_iommu=1 the module refuses a card that may use ATS
ats_refused()
{
	local bdf

	bdf=$(card_bdf 2)
	log_mark
	# driver_override is still set, so the module has tried to bind
	load_module require_iommu=1 || bail "no module"
	tap_fails "ATS, require_iommu: bind is refused" is_bound "$bdf"
	tap_is "ATS, require_iommu: one log line has the reason and the remedy" \
		"$(log_count 'refused: the card may use ATS, .*; boot with pci=noats')" 1
	tap_is "ATS, require_iommu: a card without ATS binds" \
		"$(card_attr "$(card_bdf 0)" fence_iommu)" "in force"
	unload_module
}

# fence_port and msix exclude each other
with_bridge_fence()
{
	local bdf

	bdf=$(bind_card 0) || bail "the card does not bind"
	tap_is "bridge fence: sysfs reports it in force" \
		"$(card_attr "$bdf" fence_port)" "in force"
	tap_is "bridge fence: sysfs does not list msix" \
		"$(card_attr "$bdf" irq_sources)" \
		"intx poll none"
	tap_is "bridge fence: choosing msix fails with EOPNOTSUPP" \
		"$(refusal eval "echo msix >'$PCI/$bdf/dfl/irq_source'")" \
		"Operation not supported"
	attempt "honest, port fenced" 0 intx 0 "in force" "in force" 0x7 "2 same"
	attempt "dishonest, port fenced" 1 intx 0 "in force" "in force" 0x7 "3 same"
}

load_module || bail "no module"
case $IOMMU in
none)
	without_iommu
	attempt_unfenced
	;;
intel)
	behind_iommu
	behind_iommu_with_ats
	late_ats
	unload_module
	ats_refused
	load_module fence_port=1 || bail "no module"
	with_bridge_fence
	;;
esac
