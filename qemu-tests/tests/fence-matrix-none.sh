#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: without an IOMMU, which DMA reaches memory is what sysfs claims, for an honest card and one that ignores bus master (invariants 1, 2)
# cards: lab dishonest
# kernels: 7.3
# more: 6.1 6.12

. /src/qemu-tests/tests/fence-matrix.inc

NO_IOMMU="not available: no IOMMU"

load_module || bail "no module"

attempt "honest" 0 intx none "in force" "$NO_IOMMU" 0x1 "2 same"
attempt "honest, armed" 0 poll 0 "in force" "$NO_IOMMU" 0x1 "2 same"
tap_is "the card refused" "$(card_stat 0 .dma_refused)" 2
tap_is "nothing got through" "$(card_stat 0 .dma_done)" 0

# What is claimed for this card is true, and is no protection from it: that is
# why the fences are listed one by one.
attempt "dishonest" 1 intx none "in force" "$NO_IOMMU" 0x1 "1 changed"
attempt "dishonest, armed" 1 poll 0 "in force" "$NO_IOMMU" 0x1 "1 changed"
tap_is "bus master was off all the time" \
	"$(card_stat 1 '"\(.bus_master) \(.bus_master_on_count)"')" "0 0"

# The attempt is a real one: without the command fence it succeeds
attempt_unfenced()
{
	local bdf uuid got

	bdf=$(card_bdf 0)
	uuid=$(create_mdev "$bdf" afu-d8424dc4) || return
	client_start user "$uuid" || return
	# The driver looks twice a second, and may look just in between
	for _ in {1..10}; do
		setpci -s "$bdf" COMMAND=0004:0004
		got=$(client user dma)
		[ "$got" != "1 changed" ] || break
	done
	tap_is "honest, bus master turned on behind us: for once it gets through" \
		"$got" "1 changed"
	tap_ok "and not for long" wait_for 2 eval \
		'[ "$(card_stat 0 .bus_master)" = 0 ]'
	tap_ok "which the driver has noticed" wait_for 2 eval \
		'[ "$(card_attr "$bdf" busmaster_violations)" -ge 1 ]'
	tap_is "honest, afterwards" "$(client user dma)" "2 same"
	client_end user
	remove_mdev "$uuid"
}
attempt_unfenced
