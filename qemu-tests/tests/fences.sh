#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: an IOMMU blocks the DMA of a card that does not care about bus master (invariant 2)
# cards: dishonest +dishonest
# kernels: 7.3
# more: 6.1 6.12
# iommu: intel
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

bdf=$(card_bdf 0)
tap_is "before binding the IOMMU lets all pass" \
	"$(<"$PCI/$bdf/iommu_group/type")" identity
load_module require_iommu=1 || bail "no module"
bdf=$(bind_card 0) || bail "the card does not bind"
tap_is "the IOMMU fence holds" "$(card_attr "$bdf" fence_iommu)" "in force"
tap_is "the command fence holds" "$(card_attr "$bdf" fence_command)" "in force"
try_dma required
tap_is "the card did try" "$(card_stat 0 .dma_attempts)" 1
tap_is "and did not get through" "$(card_stat 0 .dma_done)" 0
# The card is ours, not to be had by another owner of its group's DMA
group=$(basename "$(readlink "$PCI/$bdf/iommu_group")")
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

# --- both functions, which share a group -----------------------------------------

other=$(card_bdf 1)
tap_is "both functions are in one group" \
	"$(basename "$(readlink "$PCI/$other/iommu_group")")" "$group"
if [[ $(uname -r) == 6.1.* ]]; then
	tap_fails "this kernel lets us have only one" bind_bdf "$other" 2>/dev/null
else
	tap_ok "both can be bound" bind_bdf "$other"
	try_dma "beside the other"
	unbind_bdf "$bdf"
	bdf=$other
	tap_is "the fence of the other still holds" \
		"$(card_attr "$bdf" fence_iommu)" "in force"
	try_dma "after the other"
	tap_is "none of its DMA ever got through" "$(card_stat 1 .dma_done)" 0
fi
