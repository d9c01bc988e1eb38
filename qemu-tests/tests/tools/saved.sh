#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: vdflctl save and restore: a card and its instances return after a rescan, with bus mastering off
# cards: lab
# kernels: 6.1 7.3
# more: 6.12

. /src/qemu-tests/tests/lib.sh

PACKAGING=/src/tools/packaging
UID_A=12345

# The rules and the command as "make install PREFIX=/usr" installs them
start_udev()
{
	ln -s "$VDFLCTL" /usr/bin/vdflctl || return
	cp "$PACKAGING/60-vdfl.rules" /etc/udev/rules.d/ || return
	/lib/systemd/systemd-udevd --daemon 2>/run/udevd.log || return
	wait_for 60 udevadm control --ping
}

# run_service BDF: run the commands of the unit, because there is no systemd in
# the VM
run_service()
{
	local line

	while IFS= read -r line; do
		${line//%I/$1} || return
	done < <(sed -n 's/^ExecStart=//p' "$PACKAGING/vdfl@.service")
}

# nodes UUID: device nodes of an instance
nodes()
{
	local cdev

	for cdev in "$MDEV/$1"/vfio-dev/*; do
		[ ! -e "$cdev/dev" ] || echo "/dev/vfio/devices/${cdev##*/}"
	done
	group_node "$1"
}

# state BDF: settings, instances and owners, from sysfs and /dev
state()
{
	local name dir uuid

	for name in irq_source irq_holdoff_us poll_floor_us poll_ceiling_us \
		release_grace_ms; do
		echo "$name $(card_attr "$1" "$name")"
	done
	for dir in "$PCI/$1"/*-*-*-*-*; do
		uuid=${dir##*/}
		(cd "$dir/dfl" && grep . block mmap owner 2>/dev/null)
		nodes "$uuid" | xargs stat -c '%u %a'
	done
}

# masters TEXT: number of times that the card has mastered the bus since the mark
masters()
{
	card_log 0 . | sed "1,/\"$1\"/d" |
		jq -c 'select(.ev == "bus-master" and .on)' | grep -c .
}

# link_of BDF POSITION: device number of the node with the stable name
link_of()
{
	stat -L -c %t:%T "/dev/vdfl/$1/$2"
}

lose_card()
{
	echo 1 >"$PCI/$bdf/remove"
	udevadm settle --timeout=120
	echo 1 >/sys/bus/pci/rescan
	# udevd may not have received the event yet, and has settled then
	udevadm wait --timeout=120 --settle "$PCI/$bdf"
}

load_module || bail "no module"
bdf=$(card_bdf 0)
start_udev || bail "no udev"

tap_like "bind: prints that the binding is not kept" \
	"$("$VDFLCTL" bind "$bdf")" 'until the next reboot or rescan'
first=$("$VDFLCTL" create "$bdf" eth-group) || bail "no instance"
second=$("$VDFLCTL" create "$bdf" eth-group) || bail "no second instance"
# The second instance has a block that a type without position does not get
"$VDFLCTL" remove "$first"
position=$(mdev_block "$second")
third=$("$VDFLCTL" create "$bdf" afu-d8424dc4-b2-o40000) || bail "no third instance"
"$VDFLCTL" irq "$bdf" poll >/dev/null
echo 777 >"$PCI/$bdf/dfl/poll_floor_us"
echo 1234 >"$PCI/$bdf/dfl/release_grace_ms"
echo off >"$MDEV/$third/dfl/mmap"
udevadm settle --timeout=120
"$VDFLCTL" give "$second" $UID_A >/dev/null || bail "no owner"

tap_is "udev: the name by position is the first node of the instance" \
	"$(link_of "$bdf" "$position")" "$(stat -c %t:%T "$(nodes "$second" | head -n 1)")"
tap_is "udev: the other instance has its own name" \
	"$(link_of "$bdf" b2-o40000)" "$(stat -c %t:%T "$(nodes "$third" | head -n 1)")"

tap_is "save: prints the file" "$("$VDFLCTL" save)" "/etc/vdfl/$bdf.conf"
tap_is "save: stores the type by position" \
	"$(sed -n 's/^type = //p' "/etc/vdfl/$bdf.conf" | sort | tr '\n' ' ')" \
	"afu-d8424dc4-b2-o40000 eth-group-$position "
tap_is "restore: changes nothing in the present state" \
	"$("$VDFLCTL" restore)" ""
state "$bdf" >/tmp/before

udevadm trigger --action=change --settle "$PCI/$bdf"
tap_fails "change: udev requests no restore for a card that was saved after its add" \
	grep -q SYSTEMD_WANTS <(udevadm info --query=property "$PCI/$bdf")

# --- a rescan while the module is loaded ------------------------------------------

card_mark 0 rescan
lose_card
tap_is "rescan: udev writes the override" "$(<"$PCI/$bdf/driver_override")" \
	"$DRIVER"
tap_like "rescan: udev requests the service from systemd" \
	"$(udevadm info --query=property "$PCI/$bdf")" \
	"SYSTEMD_WANTS=vdfl@$bdf.service"
tap_fails "rescan: the name by position is removed" \
	test -e "/dev/vdfl/$bdf/$position"
tap_ok "service: restore succeeds" run_service "$bdf"
udevadm settle --timeout=120
state "$bdf" >/tmp/after
tap_same "service: settings, instances and owners are as saved" \
	/tmp/after /tmp/before
tap_is "service: the instance has the same block" "$(mdev_block "$second")" \
	"$position"
tap_is "service: the name by position is the node of the instance" \
	"$(link_of "$bdf" "$position")" "$(stat -c %t:%T "$(nodes "$second" | head -n 1)")"
tap_is "service: the card did not master the bus" "$(masters rescan)" 0
tap_is "restore: changes nothing when it runs again" \
	"$("$VDFLCTL" restore "$bdf")" ""

# --- as at boot: the module is loaded after udev has seen the card -----------------

"$VDFLCTL" remove --all "$bdf"
unload_module
card_mark 0 boot
lose_card
load_module || bail "no module"
tap_ok "boot: the card is bound when the module is loaded" is_bound "$bdf"
tap_ok "boot: restore succeeds" run_service "$bdf"
udevadm settle --timeout=120
state "$bdf" >/tmp/after
tap_same "boot: settings, instances and owners are as saved" \
	/tmp/after /tmp/before
tap_is "boot: the card did not master the bus" "$(masters boot)" 0

# --- errors -------------------------------------------------------------------------

# A second instance of the same block, and a key that is unknown
other=$(new_uuid)
{
	echo "[instance $other]"
	echo "type = eth-group-$position"
	echo 'colour = red'
} >>"/etc/vdfl/$bdf.conf"
lines=$(grep -c '' "/etc/vdfl/$bdf.conf")
tap_like "restore: prints file and line of an unknown key" \
	"$("$VDFLCTL" restore 2>&1)" "/etc/vdfl/$bdf.conf:$lines: unknown key"
sed -i '$d' "/etc/vdfl/$bdf.conf"
tap_like "restore: prints file and line of a type without free block" \
	"$("$VDFLCTL" restore 2>&1)" "/etc/vdfl/$bdf.conf:$((lines - 1)): cannot create"
tap_fails "restore: fails after an error" "$VDFLCTL" restore 2>/dev/null
state "$bdf" >/tmp/after
tap_same "restore: keeps everything else after errors" /tmp/after /tmp/before
"$VDFLCTL" remove --all "$bdf"
