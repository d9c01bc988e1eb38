#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: without an IOMMU no such fence is claimed, and it can be demanded (invariant 2)
# cards: dishonest lab
# kernels: 7.3
# more: 6.1 6.12

. /src/qemu-tests/tests/lib.sh

log_mark
load_module require_iommu=1 || bail "no module"
tap_fails "require_iommu: the card is refused" bind_card 1 2>/dev/null
tap_is "require_iommu: it is said why, and what to do" \
	"$(log_count 'refused: no IOMMU and require_iommu is set; enable')" 1
tap_fails "require_iommu: there are no types" \
	test -e "$PCI/$(card_bdf 1)/mdev_supported_types"
tap_fails "require_iommu: nor anything else of ours" \
	test -e "$PCI/$(card_bdf 1)/dfl"
tap_is "require_iommu: the card was not touched" "$(card_stat 1 .reads)" 0
unload_module

load_module || bail "no module"
bdf=$(bind_card 0) || bail "the card does not bind"
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

bdf=$(bind_card 1) || bail "the lab card does not bind"
uuid=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
client_start user "$uuid" || bail "the user cannot open"
tap_is "one that honours it is stopped" "$(client user dma)" "2 same"
client_end user
