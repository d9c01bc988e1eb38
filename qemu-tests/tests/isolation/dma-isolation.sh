#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: an IOMMU blocks the DMA of a card that ignores Bus Master Enable; without one no such fence is claimed, and it can be required (invariant 2)
# cards: dishonest +dishonest lab
# kernels: 7.3
# more: 6.1 6.12
# iommu: none intel
# append: iommu=pt
# allow-log: DMAR:.*[Ff]ault

. /src/qemu-tests/tests/lib.sh

# The second function of the card is in the same group, as it has no ACS.
# The kernel's default is to pass DMA through ("append" above), so that what
# stops it is the driver's doing.

try_dma()
{
	local uuid

	uuid=$(create_mdev "$bdf" afu-d8424dc4) || return
	client_start user "$uuid" || return
	tap_is "$1: the user can read what holds" "$(client user fences)" 0x3
	tap_is "$1: DMA of the card reaches no memory" "$(client user dma)" "3 same"
	client_end user
	remove_mdev "$uuid"
}

# fence_in_force: the IOMMU fence when it is required, when it is optional, and
# after a reset
fence_in_force()
{
	tap_is "before binding the IOMMU lets all pass" \
		"$(<"$PCI/$bdf/iommu_group/type")" identity
	load_module require_iommu=1 || bail "no module"
	bind_bdf "$bdf" || bail "the card does not bind"
	tap_is "the IOMMU fence holds" "$(card_attr "$bdf" fence_iommu)" "in force"
	tap_is "the command fence holds" "$(card_attr "$bdf" fence_command)" "in force"
	try_dma required
	tap_is "the card did try" "$(card_stat 0 .dma_attempts)" 1
	tap_is "and did not get through" "$(card_stat 0 .dma_done)" 0
	# The card is ours, not to be had by another owner of its group's DMA
	tap_fails "the group cannot be owned twice" test -e "/dev/vfio/$group"

	tap_ok "a reset of the function" eval "echo 1 >'$PCI/$bdf/reset'"
	try_dma "after a reset"

	unbind_bdf "$bdf"
	unload_module
	load_module || bail "no module"
	bind_bdf "$bdf" || bail "the card does not bind again"
	tap_is "it also holds if not required" "$(card_attr "$bdf" fence_iommu)" \
		"in force"
	try_dma optional
	tap_is "no DMA ever got through" "$(card_stat 0 .dma_done)" 0
}

# both_functions: bind both functions of one IOMMU group
both_functions()
{
	local other

	other=$(card_bdf 1)
	tap_is "both functions are in one group" \
		"$(basename "$(readlink "$PCI/$other/iommu_group")")" "$group"
	if [[ $(uname -r) == 6.1.* ]]; then
		tap_fails "this kernel lets us have only one" bind_bdf "$other" 2>/dev/null
		return
	fi
	tap_ok "both can be bound" bind_bdf "$other"
	try_dma "beside the other"
	unbind_bdf "$bdf"
	bdf=$other
	tap_is "the fence of the other still holds" \
		"$(card_attr "$bdf" fence_iommu)" "in force"
	try_dma "after the other"
	tap_is "none of its DMA ever got through" "$(card_stat 1 .dma_done)" 0
}

# fence_required: with require_iommu=1 the module refuses a card without an IOMMU
fence_required()
{
	log_mark
	load_module require_iommu=1 || bail "no module"
	tap_fails "require_iommu: the card is refused" bind_card 2 2>/dev/null
	tap_is "require_iommu: it is said why, and what to do" \
		"$(log_count 'refused: no IOMMU and require_iommu is set; enable')" 1
	tap_fails "require_iommu: there are no types" \
		test -e "$PCI/$(card_bdf 2)/mdev_supported_types"
	tap_fails "require_iommu: nor anything else of ours" \
		test -e "$PCI/$(card_bdf 2)/dfl"
	tap_is "require_iommu: the card was not touched" "$(card_stat 2 .reads)" 0
	unload_module
}

# no_fence: without an IOMMU that fence is not claimed, and DMA stops only if the
# card honours Bus Master Enable
no_fence()
{
	local uuid

	load_module || bail "no module"
	bind_bdf "$bdf" || bail "the card does not bind"
	tap_like "no IOMMU fence is claimed" "$(card_attr "$bdf" fence_iommu)" \
		"^not available: "
	uuid=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
	client_start user "$uuid" || bail "the user cannot open"
	tap_is "the user can read what holds" "$(client user fences)" 0x1
	# What the other fences are for, and proof that the attempts of other
	# scenarios would have succeeded
	tap_is "nothing stops a card that ignores bus master" "$(client user dma)" \
		"1 changed"
	client_end user

	bdf=$(bind_card 2) || bail "the lab card does not bind"
	uuid=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
	client_start user "$uuid" || bail "the user cannot open"
	tap_is "one that honours it is stopped" "$(client user dma)" "2 same"
	client_end user
}

bdf=$(card_bdf 0)
case $IOMMU in
intel)
	group=$(basename "$(readlink "$PCI/$bdf/iommu_group")")
	fence_in_force
	both_functions
	;;
none)
	fence_required
	no_fence
	;;
esac
