#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: an IOMMU blocks the DMA of a card that ignores Bus Master Enable; without one no IOMMU fence is claimed, and it can be required (invariant 2)
# cards: dishonest +dishonest lab ats
# smp: 1
# kernels: 7.3
# more: 6.1 6.12
# iommu: none intel
# append: iommu=pt pci=noats
# allow-log: DMAR:.*[Ff]ault

. /src/qemu-tests/tests/lib.sh

# The second function of the card is in the same group, because it has no ACS.
# The kernel passes DMA through by default ("append" above), so only the driver
# can have stopped it.

try_dma()
{
	local uuid

	uuid=$(create_mdev "$bdf" afu-d8424dc4) || return
	client_start user "$uuid" || return
	tap_is "$1: the instance reports command and IOMMU fence" \
		"$(client user fences)" 0x3
	tap_is "$1: DMA of the card does not reach memory" \
		"$(client user dma)" "3 same"
	client_end user
	remove_mdev "$uuid"
}

# fence_in_force: test the IOMMU fence when it is required, when it is optional,
# and after a reset
fence_in_force()
{
	tap_is "before binding: the IOMMU domain is identity" \
		"$(<"$PCI/$bdf/iommu_group/type")" identity
	load_module require_iommu=1 || bail "no module"
	bind_bdf "$bdf" || bail "the card does not bind"
	tap_is "require_iommu: sysfs reports the IOMMU fence in force" \
		"$(card_attr "$bdf" fence_iommu)" "in force"
	tap_is "require_iommu: sysfs reports the command fence in force" \
		"$(card_attr "$bdf" fence_command)" "in force"
	try_dma required
	tap_is "require_iommu: the card has attempted DMA once" \
		"$(card_stat 0 .dma_attempts)" 1
	tap_is "require_iommu: the card has done no DMA" \
		"$(card_stat 0 .dma_done)" 0
	# The driver owns the DMA of the group, so VFIO must not offer it to
	# another owner
	tap_fails "require_iommu: VFIO offers no device node of the group" \
		test -e "/dev/vfio/$group"

	tap_ok "function reset: sysfs accepts it" \
		eval "echo 1 >'$PCI/$bdf/reset'"
	try_dma "function reset"

	unbind_bdf "$bdf"
	unload_module
	load_module || bail "no module"
	bind_bdf "$bdf" || bail "the card does not bind again"
	tap_is "optional: sysfs reports the IOMMU fence in force" \
		"$(card_attr "$bdf" fence_iommu)" \
		"in force"
	try_dma optional
	tap_is "card: no DMA was done" "$(card_stat 0 .dma_done)" 0
}

# without_ats: with pci=noats the fence is in force for a card that supports ATS
without_ats()
{
	local other

	load_module require_iommu=1 || bail "no module"
	other=$(bind_card 3) || bail "the card with ATS does not bind"
	tap_is "pci=noats: ATS of the card is off" \
		"$(setpci -s "$other" ECAP000f+6.w)" 0000
	tap_is "pci=noats: sysfs reports the IOMMU fence in force" \
		"$(card_attr "$other" fence_iommu)" "in force"
	unload_module
}

# both_functions: bind both functions of one IOMMU group
both_functions()
{
	local other

	other=$(card_bdf 1)
	tap_is "both functions: one IOMMU group" \
		"$(basename "$(readlink "$PCI/$other/iommu_group")")" "$group"
	if [[ $(uname -r) == 6.1.* ]]; then
		tap_fails "both functions: Linux 6.1 refuses to bind the second" \
			bind_bdf "$other" 2>/dev/null
		return
	fi
	tap_ok "both functions: the second can be bound" bind_bdf "$other"
	try_dma "both functions"
	unbind_bdf "$bdf"
	bdf=$other
	tap_is "first function unbound: sysfs reports the IOMMU fence of the second in force" \
		"$(card_attr "$bdf" fence_iommu)" "in force"
	try_dma "second function"
	tap_is "second function: no DMA was done" "$(card_stat 1 .dma_done)" 0
}

# fence_required: with require_iommu=1 the module refuses a card without an IOMMU
fence_required()
{
	log_mark
	load_module require_iommu=1 || bail "no module"
	tap_fails "require_iommu, no IOMMU: bind is refused" \
		bind_card 2 2>/dev/null
	tap_is "require_iommu, no IOMMU: one log line has the reason and the remedy" \
		"$(log_count 'refused: no IOMMU and require_iommu is set; enable')" 1
	tap_fails "require_iommu, no IOMMU: sysfs has no types" \
		test -e "$PCI/$(card_bdf 2)/mdev_supported_types"
	tap_fails "require_iommu, no IOMMU: sysfs has no dfl directory" \
		test -e "$PCI/$(card_bdf 2)/dfl"
	tap_is "require_iommu, no IOMMU: the card was not accessed" \
		"$(card_stat 2 .reads)" 0
	unload_module
}

# no_fence: without an IOMMU the IOMMU fence is not claimed, and DMA stops only
# if the card honours Bus Master Enable
no_fence()
{
	local uuid

	load_module || bail "no module"
	bind_bdf "$bdf" || bail "the card does not bind"
	tap_like "no IOMMU: sysfs reports the IOMMU fence as not available" \
		"$(card_attr "$bdf" fence_iommu)" \
		"^not available: "
	uuid=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
	client_start user "$uuid" || bail "the user cannot open"
	tap_is "no IOMMU: the instance reports the command fence only" \
		"$(client user fences)" 0x1
	# Without a fence the DMA succeeds. This proves that the attempts in
	# other scenarios are real.
	tap_is "no IOMMU: DMA of a card that ignores bus master reaches memory" \
		"$(client user dma)" \
		"1 changed"
	client_end user

	bdf=$(bind_card 2) || bail "the lab card does not bind"
	uuid=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
	client_start user "$uuid" || bail "the user cannot open"
	tap_is "no IOMMU: a card that honours bus master refuses DMA" \
		"$(client user dma)" "2 same"
	client_end user
}

bdf=$(card_bdf 0)
case $IOMMU in
intel)
	group=$(basename "$(readlink "$PCI/$bdf/iommu_group")")
	fence_in_force
	both_functions
	unload_module
	without_ats
	;;
none)
	fence_required
	no_fence
	;;
esac
