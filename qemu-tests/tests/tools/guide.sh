#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: commands of the administrator guide that need no installed system, as they are printed
# cards: lab
# smp: 1
# kernels: 7.3
# more: 6.1 6.12

. /src/qemu-tests/tests/lib.sh

GUIDE=Documentation/admin-guide/guide.rst
MASTER=COMMAND=0004:0004
uuid=

ln -s "$VDFLCTL" /usr/bin/vdflctl || bail "no vdflctl"
useradd alice || bail "no user alice"
load_module || bail "no module"
bdf=$(card_bdf 0)
cd /src || bail "no clone"

# root COMMAND: execute a command for the card and the instance of this VM. It may
# set the variable uuid.
root()
{
	local command=${1//0000:3b:00.0/$bdf}

	command=${command//3b:00.0/$bdf}
	eval "${command//UUID/$uuid}" >/tmp/output
}

# run_steps NAME: execute the commands of that name
run_steps()
{
	documented root $GUIDE "$1"
}

# instance_attr NAME
instance_attr()
{
	cat "$MDEV/$uuid/dfl/$1"
}

run_steps bind-sysfs
tap_ok "bind-sysfs: the card is bound" is_bound "$bdf"
run_steps inspect
tap_ok "inspect: the files have the reason of a withheld block" \
	grep -q "/withheld:needs opt-in" /tmp/output
run_steps create-sysfs
tap_fails "create-sysfs: the instance is removed" test -e "$MDEV/$uuid"
run_steps create
tap_is "create: the instance has an Ethernet group" \
	"$(cat "$PCI/$bdf/dfl/blocks/$(mdev_block "$uuid")/type")" eth-group
run_steps filter
tap_like "filter: the command shows registers by name" "$(</tmp/output)" 'control rw'
run_steps rate
tap_is "rate: mappings are off, and the rate is set" \
	"$(instance_attr mmap) $(instance_attr rate)" "off 1000"
run_steps irq
tap_is "irq: the source is chosen" "$(card_attr "$bdf" irq_source)" poll
run_steps reset
tap_is "reset: the generation is incremented" "$(</tmp/output)" 1
setpci -s "$bdf" $MASTER || bail "no setpci"
unacknowledged()
{
	[ "$(card_attr "$bdf" busmaster_acknowledged)" = 0 ]
}
wait_for 60 unacknowledged || bail "no violation"
run_steps acknowledge
tap_is "acknowledge: the violation is acknowledged" \
	"$(card_attr "$bdf" busmaster_acknowledged)" 1
run_steps unbind-wait
tap_fails "unbind-wait: the card is not bound" is_bound "$bdf"
tap_ok "module: unloads" unload_module
