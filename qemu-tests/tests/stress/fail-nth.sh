#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: any failure between loading and unloading is reported as an error and leaks nothing
# cards: irq4
# needs: fail
# kernels:
# debug: debug
# iommu: intel
# idle: yes
# timeout: 1200
#
# STEP: fail every STEP-th allocation of bind; FIRST: the first of them.

. /src/qemu-tests/tests/lib.sh

FAILING=/src/build/selftests/failing_user
FAIL_MODULE=/src/build/$KERNEL/fail/vdfl_fail.ko
DEBUG=/sys/kernel/debug
# Inject every 74th failure, from a random first one. STEP=1 injects all.
step=${STEP-74}
first=${FIRST-$((RANDOM % step + 1))}

export VDFL_MODULE=$MODULE VDFL_TYPE=afu-d8424dc4-b2-o40000 VDFL_CARD
VDFL_CARD=$(card_bdf 0)

# run_failing ARGUMENT...: run the program, indent its results below one of ours
run_failing()
{
	"$FAILING" "$@" 2>&1 | sed -u 's/^/    /'
	return "${PIPESTATUS[0]}"
}

# settle FILE VALUE: write FILE of each kind of failure that has it
settle()
{
	local kind

	for kind in failslab fail_page_alloc fail_usercopy; do
		[ ! -e "$DEBUG/$kind/$1" ] || echo "$2" >"$DEBUG/$kind/$1"
	done
}

# Let an allocation fail only if the module asks for it with at most DEPTH calls
# in between. Elsewhere the kernel has places that do not survive a failure.
fail_near()
{
	local text size

	text=$((0x$(sed s/^0x// "/sys/module/$DRIVER/sections/.text")))
	size=$(size -A "$MODULE" | awk '$1 == ".text" { print $2 }')
	settle stacktrace-depth "$1"
	settle require-start "$(printf %#x "$text")"
	settle require-end "$(printf %#x $((text + size)))"
}

# Failures of kmemleak's own allocations test nothing, since it works without
# them. The debug objects in lib/ also have an __alloc_object(), at a higher
# address.
spare_kmemleak()
{
	local -a range

	mapfile -t range < <(sort /proc/kallsyms | awk '
		last { print $1; last = 0 }
		$3 ~ /^(__)?(create|link)_object$/ { seen = last = 1; print $1 }
		$3 ~ /^(__)?alloc_object$/ && !seen { last = 1; print $1 }')
	[ "${#range[@]}" -ge 2 ] || return
	settle reject-start "0x${range[0]}"
	settle reject-end "0x${range[-1]}"
}

# Do not log injected failures; let allocations that may wait for memory fail,
# too.
settle verbose 0
settle ignore-gfp-wait N
settle min-order 0
tap_ok "kmemleak: own allocations do not fail" spare_kmemleak

modprobe -a vfio vfio_iommu_type1 mdev irqbypass
insmod "$FAIL_MODULE" || bail "no module that makes calls fail"

tap_ok "failing calls: every check passes" run_failing calls
tap_note "each ${step}th failure from $first on"
load_module || bail "no module"
fail_near 13
tap_ok "bind with failing allocations: every check passes" \
	run_failing nth "$step" "$first" bind
load_module || bail "no module"
fail_near 8
tap_ok "other operations with failing allocations and copies: every check passes" \
	run_failing nth 1 1 create open-group open-node info access map reset \
	err arm-intx disarm-intx close-intx arm-poll disarm-poll close-poll \
	arm-msix disarm-msix close-msix remove unbind
tap_ok "vdfl_fail: unloads" rmmod vdfl_fail
