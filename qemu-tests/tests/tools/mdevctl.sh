#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: driverctl and mdevctl: bind, define, start, and the same after a boot
# cards: lab
# smp: 1
# kernels: 7.3
# more: 6.1 6.12

. /src/qemu-tests/tests/lib.sh

ETH=$DRIVER-eth-group-b0-o2000
FILTER="0x0+0x18 r"

# As "make install PREFIX=/usr" installs program, rules and callout
install_parts()
{
	local packaging=/src/tools/packaging

	ln -s "$VDFLCTL" /usr/bin/vdflctl &&
		cp "$packaging/60-vdfl.rules" /etc/udev/rules.d/ &&
		cp "$packaging/mdevctl-callout" /usr/lib/mdevctl/scripts.d/callouts/vdfl
}

start_udev()
{
	# The udev rule logs to syslog
	busybox syslogd -O /run/syslog || return
	/lib/systemd/systemd-udevd --daemon 2>/run/udevd.log || return
	wait_for 60 udevadm control --ping
}

# saved: what driverctl has stored for the next boot
saved()
{
	driverctl list-persisted
}

# Simulate a boot: no driver, no override, udev sees the card appear
lose_card()
{
	echo 1 >"$PCI/$bdf/remove"
	echo 1 >/sys/bus/pci/rescan
	udevadm wait --timeout=120 --settle "$PCI/$bdf"
}

# types_of_mdevctl: one line "type free device_api name description" each
types_of_mdevctl()
{
	mdevctl types --parent "$bdf" --dumpjson | jq -r '.[0][][] | to_entries[] |
		"\(.key) \(.value.available_instances) \(.value.device_api)" +
		" \(.value.name) \(.value.description)"' | sort
}

types_of_sysfs()
{
	local dir

	for dir in "$PCI/$bdf/mdev_supported_types"/*; do
		echo "${dir##*/} $(<"$dir/available_instances")" \
			"$(<"$dir/device_api") $(<"$dir/name")" \
			"$(<"$dir/description")"
	done | sort
}

# mapped_bytes UUID: mappable size that a client reads
mapped_bytes()
{
	/src/build/samples/block "$1" 1 0 | sed -n 's/^BAR.* mappable //p'
}

# node_owner UUID: owner of the device node of the instance
node_owner()
{
	stat -c %u "$(group_node "$1")"
}

belongs_to()
{
	[ "$(node_owner "$1")" = "$2" ]
}

# attributes UUID: those that mdevctl has stored, one a line
attributes()
{
	mdevctl list --defined --uuid "$1" --dumpjson |
		jq -r '.attrs[] | to_entries[] | "\(.key) \(.value)"'
}

load_module || bail "no module"
bdf=$(card_bdf 0)
install_parts || bail "no files"
start_udev || bail "no udev"

tap_ok "driverctl set-override: succeeds" \
	driverctl set-override "$bdf" "$DRIVER"
tap_ok "driverctl set-override: the card is bound" is_bound "$bdf"
tap_is "driverctl set-override: is stored for the next boot" \
	"$(saved)" "$bdf $DRIVER"

tap_is "mdevctl types: equal the types in sysfs" "$(types_of_mdevctl)" "$(types_of_sysfs)"

uuid=$(new_uuid)
tap_ok "mdevctl define: succeeds" \
	mdevctl define --uuid "$uuid" --parent "$bdf" --type "$ETH"
tap_fails "mdevctl define: no instance is created" test -e "$MDEV/$uuid"
tap_ok "mdevctl start: succeeds" mdevctl start --uuid "$uuid"
tap_is "mdevctl start: the instance has the block of the type" \
	"$(mdev_block "$uuid")" b0-o2000
tap_is "mdevctl start: the instance can be mapped" \
	"$(mapped_bytes "$uuid")" 0x1000
other=$(new_uuid)
mdevctl define --uuid "$other" --parent "$bdf" --type "$ETH"
tap_fails "mdevctl start: fails for a second instance of the block" \
	mdevctl start --uuid "$other" 2>/dev/null
mdevctl undefine --uuid "$other"
tap_ok "mdevctl stop: succeeds" mdevctl stop --uuid "$uuid"
tap_fails "mdevctl stop: no instance is left" test -e "$MDEV/$uuid"

tap_ok "mdevctl modify --addattr: succeeds" \
	mdevctl modify --uuid "$uuid" --addattr dfl/mmap --value off
tap_ok "mdevctl modify --addattr: succeeds for the owner" \
	mdevctl modify --uuid "$uuid" --addattr dfl/owner --value 12345
tap_ok "mdevctl modify --addattr: succeeds for the filter" \
	mdevctl modify --uuid "$uuid" --addattr dfl/filter --value "$FILTER"
tap_ok "mdevctl start with attribute: succeeds" mdevctl start --uuid "$uuid"
tap_is "mdevctl start with attribute: sysfs has the value" \
	"$(<"$MDEV/$uuid/dfl/mmap")" off
tap_is "mdevctl start with attribute: the driver has the owner" \
	"$(<"$MDEV/$uuid/dfl/owner")" 12345
tap_is "mdevctl start with attribute: the driver has the filter" \
	"$(<"$MDEV/$uuid/dfl/filter")" "$FILTER"
tap_is "mdevctl start with attribute: the owner has the device node" \
	"$(node_owner "$uuid")" 12345
tap_is "mdevctl start with attribute: the first client sees it" \
	"$(mapped_bytes "$uuid")" 0x0
mdevctl stop --uuid "$uuid"

running=$(create_mdev "$bdf" "${ETH#"$DRIVER-"}") || bail "no instance"
echo "$FILTER" >"$MDEV/$running/dfl/filter"
echo 500 >"$MDEV/$running/dfl/rate"
tap_ok "mdevctl define of a running instance: succeeds" mdevctl define --uuid "$running"
tap_is "mdevctl define of a running instance: stores its settings" \
	"$(attributes "$running")" "dfl/mmap on
dfl/filter $FILTER
dfl/rate 500
dfl/owner none"
mdevctl stop --uuid "$running"
tap_ok "mdevctl start of a stored instance: succeeds" mdevctl start --uuid "$running"
tap_is "mdevctl start of a stored instance: the driver has the rate" \
	"$(<"$MDEV/$running/dfl/rate")" 500
mdevctl stop --uuid "$running"
mdevctl undefine --uuid "$running"

tap_ok "mdevctl modify --auto: succeeds" mdevctl modify --uuid "$uuid" --auto
lose_card
tap_fails "boot: the card has no driver" test -e "$PCI/$bdf/driver"
tap_like "boot: udev requests driverctl's service from systemd" \
	"$(udevadm info --query=property "$PCI/$bdf")" \
	"SYSTEMD_WANTS=driverctl@pci-$bdf.service"
# Run the command of the service, because there is no systemd in the VM
tap_ok "boot: driverctl load-override binds the card" \
	driverctl load-override "$bdf"
tap_ok "boot: mdevctl starts the instance by udev" \
	wait_for 60 grep -qs off "$MDEV/$uuid/dfl/mmap"
tap_is "boot: the instance has the same block" "$(mdev_block "$uuid")" b0-o2000
tap_ok "boot: the owner has the device node" wait_for 60 belongs_to "$uuid" 12345
tap_is "boot: mdevctl lists the instance as defined" \
	"$(mdevctl list | tr -s ' ')" \
	"$uuid $bdf $ETH auto (defined)"

mdevctl stop --uuid "$uuid"
tap_ok "mdevctl undefine: succeeds" mdevctl undefine --uuid "$uuid"
# Without --noprobe driverctl requires another driver, and keeps the override
tap_ok "driverctl unset-override: succeeds" \
	driverctl --noprobe unset-override "$bdf"
tap_fails "driverctl unset-override: the card has no driver" \
	test -e "$PCI/$bdf/driver"
tap_is "driverctl unset-override: nothing is stored for the next boot" "$(saved)" ""
