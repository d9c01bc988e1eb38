#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: selftests/*_test.c, all of them, with one card (invariants 3, 4, 7, 10)
# cards: lab
# kernels: 6.1 7.3
# more: 6.12 debug-6.12
# debug: debug kcsan
# timeout: 1500

. /src/qemu-tests/tests/lib.sh

# skips_by WAY: reasons of the expected skips if instances are opened by WAY
skips_by()
{
	if [ "$1" = cdev ]; then
		echo 'a device node (has|gives) (one descriptor|no names)'
	elif ! has_cdev; then
		echo 'this kernel has (no such device nodes|one path only)'
	else
		echo none
	fi
}

tap_ok "module: loads" \
	load_module opt_in=uart,tod,userclk,fme-7a || bail "no module"
bdf=$(bind_card 0) || bail "the card does not bind"

# The programs open instances by the group, and again by the device node if the kernel
# has it. On debug and kcsan, which are slow, they use one way each: fuzz-user runs on
# both kernels and opens by both ways.
ways=group
! has_cdev || ways+=" cdev"
case $KERNEL in
debug) ways=cdev ;;
kcsan) ways=group ;;
esac
# The programs given as arguments, or all
[ $# -gt 0 ] || set -- /src/build/selftests/*_test
for way in $ways; do
	for program; do
		tap_ok "${program##*/}, opened by $way: passes" run_selftest \
			"$(skips_by $way)" env "VDFL_OPEN=$way" "$program"
	done
done

tap_is "card: bus master was never on" "$(card_stat 0 .bus_master_on_count)" 0
tap_ok "card: unbinds" unbind_bdf "$bdf"
tap_ok "module: unloads" unload_module
