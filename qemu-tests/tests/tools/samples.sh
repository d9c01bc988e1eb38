#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: both sample programs, unprivileged: description, registers, interrupt
# cards: lab
# smp: 1
# kernels: 7.3
# more: 6.1 6.12

. /src/qemu-tests/tests/lib.sh

C=/src/build/samples/block
PYTHON=/src/samples/block.py

# give UUID: make an unprivileged user the owner of the device node
give()
{
	"$VDFLCTL" give "$1" nobody >/dev/null || return
	[ ! -e /dev/iommu ] || chmod 666 /dev/iommu
}

# run PROGRAM UUID SECONDS: run a sample on five registers
run()
{
	timeout $((90 * SLOW)) setpriv --reuid=nobody --regid=nogroup --clear-groups \
		"$1" "$2" 5 "$3" 2>&1
}

# want BAR OFFSET SIZE MAPPABLE FEATURE GUID VECTORS
want()
{
	echo "BAR $1 offset $2 size $3 mappable $4"
	echo "feature $5 guid $6"
	echo "vectors $7 source 1"
}

# words HOW BAR OFFSET: register values read through the control channel
words()
{
	local i value

	for i in 0 8 16 24 32; do
		value=$(card_peek 0 "$2" "$(printf '0x%x' $(($3 + i)))")
		printf '%s 0x%x 0x%016x\n' "$1" "$i" "$((value))"
	done
}

# interrupted PROGRAM UUID: raise an interrupt while the program waits, print
# its last line
interrupted()
{
	local out line=

	exec {out}< <(run "$1" "$2" $((60 * SLOW)))
	while [ "$line" != waiting ]; do
		IFS= read -r -t $((90 * SLOW)) -u "$out" line || break
	done
	card_do 0 raise '"bar":2,"offset":"0x40000","vector":0'
	IFS= read -r -t $((90 * SLOW)) -u "$out" line
	exec {out}<&-
	card_do 0 lower '"bar":2,"offset":"0x40000","vector":0'
	echo "$line"
}

load_module || bail "no module"
bdf=$(bind_card 0) || bail "no card"
# The first can be mapped and has interrupts, the second shares its page
afu=$(create_mdev "$bdf" afu-d8424dc4-b2-o40000) || bail "no AFU"
shared=$(create_mdev "$bdf" eth-group-b0-o14000) || bail "no Ethernet group"

for program in "$C" "$PYTHON"; do
	name=${program##*/}
	tap_like "$name: fails without permission" \
		"$(run "$program" "$afu" 0)" \
		denied
	give "$afu"
	give "$shared"
	tap_is "$name: AFU is read through the mapping" \
		"$(run "$program" "$afu" 0)" \
		"$(want 2 0x40000 0x10000 0x10000 0x0 \
			d8424dc4a4a3c413f89e433683f9040b 4
		words mapped 2 0x40000
		echo waiting
		echo timeout)"
	tap_is "$name: Ethernet group in a shared page is read by system calls" \
		"$(run "$program" "$shared" 0)" \
		"$(want 0 0x14000 0x800 0x0 0x10 \
			00000000000000000000000000000000 0
		words pread 0 0x14000)"
	tap_is "$name: interrupt is received" \
		"$(interrupted "$program" "$afu")" interrupt
	"$VDFLCTL" give "$afu" root >/dev/null
done
