#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: behind an IOMMU, which DMA reaches memory is what sysfs claims, for an honest card and one that ignores bus master (invariants 1, 2)
# cards: lab dishonest
# kernels: 7.3
# more: 6.1 6.12
# iommu: intel
# allow-log: DMAR:.*[Ff]ault
# allow-log: DMAR: \[DMA Write NO_PASID\]

. /src/qemu-tests/tests/isolation/dma-matrix.inc

load_module || bail "no module"

attempt "honest, IOMMU" 0 intx none "in force" "in force" 0x3 "2 same"
attempt "honest, IOMMU, armed" 0 poll 0 "in force" "in force" 0x3 "2 same"
attempt "dishonest, IOMMU" 1 intx none "in force" "in force" 0x3 "3 same"
attempt "dishonest, IOMMU, armed" 1 poll 0 "in force" "in force" 0x3 "3 same"

# Real MSI-X gives up one fence, and says so; the other one stands. The honest
# card tries only now.
attempt "honest, msix not armed" 0 msix none "in force" "in force" 0x3 "2 same"
attempt "honest, msix armed" 0 msix 0 \
	"not available: irq_source msix needs bus master" "in force" 0x2 "3 same"
attempt "dishonest, msix armed" 1 msix 0 \
	"not available: irq_source msix needs bus master" "in force" 0x2 "3 same"
attempt "honest, msix disarmed again" 0 intx none "in force" "in force" 0x3 \
	"2 same"
tap_is "nothing of the honest card got through" "$(card_stat 0 .dma_done)" 0
tap_is "nor of the other" "$(card_stat 1 .dma_done)" 0
unload_module

# --- fence_port and msix exclude each other -------------------------------------------

load_module fence_port=1 || bail "no module"
bdf=$(bind_card 0) || bail "the card does not bind"
tap_is "the port is fenced" "$(card_attr "$bdf" fence_port)" "in force"
tap_is "then msix is not on offer" "$(card_attr "$bdf" irq_sources)" \
	"intx poll none"
tap_is "nor to be had" "$(refusal eval "echo msix >'$PCI/$bdf/dfl/irq_source'")" \
	"Operation not supported"
attempt "honest, port fenced" 0 intx 0 "in force" "in force" 0x7 "2 same"
attempt "dishonest, port fenced" 1 intx 0 "in force" "in force" 0x7 "3 same"
