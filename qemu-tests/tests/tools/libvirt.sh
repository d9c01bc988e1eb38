#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: libvirt lists the types, creates instances, and assigns one to a domain that AppArmor confines
# cards: lab
# kernels: 7.3
# packages: apparmor
# timeout: 900

. /src/qemu-tests/tests/lib.sh

TYPE=$DRIVER-afu-d8424dc4

# libvirt confines a guest only if the daemon is confined. Without the rate limit, the
# kernel log has every denial.
load_profiles()
{
	echo 0 >/proc/sys/kernel/printk_ratelimit
	mount -t securityfs security /sys/kernel/security &&
		apparmor_parser --replace /etc/apparmor.d/usr.sbin.libvirtd \
			/etc/apparmor.d/usr.lib.libvirt.virt-aa-helper
}

# Start the daemon as systemd would, without polkit
start_libvirt()
{
	local n

	for n in 0:stdin 1:stdout 2:stderr; do
		ln -sf "/proc/self/fd/${n%:*}" "/dev/${n#*:}"
	done
	mkdir -p /run/libvirt
	echo 'auth_unix_rw = "none"' >/etc/libvirt/libvirtd.conf
	printf '%s\n' 'stdio_handler = "file"' 'security_driver = "apparmor"' \
		>/etc/libvirt/qemu.conf
	# libvirtd probes every emulator it finds, which takes time
	rm /usr/bin/qemu-system-i386
	/lib/systemd/systemd-udevd --daemon 2>/run/udevd.log || return
	wait_for 60 udevadm control --ping || return
	libvirtd --daemon
}

# One line "type name device_api free" each
types_of_libvirt()
{
	virsh nodedev-dumpxml "$node" |
		xmllint --xpath '//type/@id | //type/*/text()' - |
		sed 's/^ id="\(.*\)"$/\1/' | paste -d ' ' - - - - | sort
}

types_of_sysfs()
{
	local dir

	for dir in "$PCI/$bdf/mdev_supported_types"/*; do
		echo "${dir##*/} $(<"$dir/name") $(<"$dir/device_api")" \
			"$(<"$dir/available_instances")"
	done | sort
}

# device_xml UUID
device_xml()
{
	cat >/run/device.xml <<-END
		<device>
		  <parent>$node</parent>
		  <capability type='mdev'>
		    <type id='$TYPE'/>
		    <uuid>$1</uuid>
		    <attr name='dfl/mmap' value='off'/>
		  </capability>
		</device>
	END
	echo /run/device.xml
}

# node_of UUID: libvirt's name of an instance
node_of()
{
	echo "mdev_$1_$bdf" | tr ':.-' _
}

# domain_xml UUID: minimal domain with the instance
domain_xml()
{
	cat >/run/domain.xml <<-END
		<domain type='qemu'>
		  <name>guest</name>
		  <memory unit='MiB'>64</memory>
		  <os><type arch='x86_64' machine='q35'>hvm</type></os>
		  <devices>
		    <emulator>/usr/bin/qemu-system-x86_64</emulator>
		    <controller type='usb' model='none'/>
		    <memballoon model='none'/>
		    <hostdev mode='subsystem' type='mdev' model='vfio-pci'>
		      <source><address uuid='$1'/></source>
		    </hostdev>
		  </devices>
		</domain>
	END
	echo /run/domain.xml
}

quiet()
{
	"$@" >/dev/null
}

# denials: print the denials of AppArmor since log_mark, without time and process
denials()
{
	log_new 'apparmor="DENIED"' | sed 's/.*apparmor="DENIED" //; s/ pid=[0-9]*//'
}

# as_guest CMD...: execute CMD with the profile of the domain
as_guest()
{
	aa-exec --profile="$profile" -- "$@"
}

load_module || bail "no module"
bdf=$(bind_card 0) || bail "no card"
node=pci_$(tr ':.' _ <<<"$bdf")
load_profiles || bail "no AppArmor"
log_mark
start_libvirt || bail "no libvirt"
wait_for 60 quiet virsh list || bail "libvirt does not answer"
# Probe the emulator in the background, as the first domain would
quiet virsh domcapabilities --emulatorbin /usr/bin/qemu-system-x86_64 &

tap_is "nodedev-list: the card is the parent" \
	"$(virsh nodedev-list --cap mdev_types | grep .)" "$node"
tap_is "nodedev-dumpxml: types are those of sysfs" \
	"$(types_of_libvirt)" "$(types_of_sysfs)"

# The order used by OpenStack Nova: create, then define
uuid=$(new_uuid)
tap_ok "nodedev-create: succeeds" \
	quiet virsh nodedev-create "$(device_xml "$uuid")"
tap_like "nodedev-create: the instance has the type" \
	"$(readlink "$MDEV/$uuid/mdev_type")" "/$TYPE\$"
tap_is "nodedev-create: the instance has the attribute" \
	"$(<"$MDEV/$uuid/dfl/mmap")" off
tap_is "nodedev-create: one instance less is available" \
	"$(types_of_libvirt | grep "^$TYPE ")" "$TYPE DFL ${TYPE#*-} vfio-pci 1"
tap_ok "nodedev-define: succeeds" \
	quiet virsh nodedev-define "$(device_xml "$uuid")"
tap_ok "nodedev-autostart: succeeds" \
	quiet virsh nodedev-autostart "$(node_of "$uuid")"
tap_is "nodedev-autostart: mdevctl lists the instance as auto" \
	"$(mdevctl list --defined | tr -s ' ')" \
	"$uuid $bdf $TYPE auto (active)"
tap_ok "nodedev-destroy: succeeds" \
	quiet virsh nodedev-destroy "$(node_of "$uuid")"
tap_fails "nodedev-destroy: no instance is left" test -e "$MDEV/$uuid"
tap_is "nodedev-destroy: the definition is left" \
	"$(virsh nodedev-list --cap mdev --inactive | grep .)" "$(node_of "$uuid")"
tap_ok "nodedev-start: succeeds" quiet virsh nodedev-start "$(node_of "$uuid")"
tap_is "nodedev-start: the instance has the attribute" \
	"$(<"$MDEV/$uuid/dfl/mmap")" off

tap_ok "domain: starts with the instance" \
	quiet virsh create "$(domain_xml "$uuid")"
tap_is "domain: QEMU runs unprivileged" \
	"$(ps -o user:20= -C qemu-system-x86_64)" \
	libvirt-qemu
profile=libvirt-$(virsh domuuid guest | head -n 1)
tap_is "domain: AppArmor confines QEMU" \
	"$(</proc/$(pgrep -x qemu-system-x86)/attr/current)" "$profile (enforce)"
# guest_has_it: succeed if the guest's firmware has found the device below a port;
# BASH_REMATCH[1] is then the address of its BAR 0
guest_has_it()
{
	[[ $(virsh qemu-monitor-command --hmp guest info pci) =~ $HOSTDEV ]]
}
HOSTDEV='PCI device 8086:bcce.*8086:a1ab.*BAR0: 64 bit [^[]* (0x[0-9a-f]+) .*id .hostdev0'
tap_ok "domain: the guest has the device" wait_for 60 guest_has_it
tap_like "domain: the guest reads the header of the block" \
	"$(virsh qemu-monitor-command --hmp guest "xp /4wx ${BASH_REMATCH[1]}")" \
	': 0x00000000 0x10000100 0x83f9040b 0xf89e4336'
tap_is "domain: AppArmor has denied nothing" "$(denials)" ""
log_mark
tap_is "domain: its profile does not allow the card's configuration space" \
	"$(refusal as_guest cat "$PCI/$bdf/config")" "Permission denied"
tap_like "domain: the kernel log has the denial" "$(denials)" \
	"profile=\"$profile\" name=\"/sys/devices/.*/$bdf/config\""
tap_is "domain: the instance is in use" \
	"$(refusal bash -c "echo on >$MDEV/$uuid/dfl/mmap")" \
	"Device or resource busy"
tap_fails "nodedev-destroy: fails while the instance is in use" \
	virsh nodedev-destroy "$(node_of "$uuid")" 2>/run/refused
tap_note "$(</run/refused)"
tap_ok "domain: can be stopped" quiet virsh destroy guest
tap_ok "domain stopped: the instance is not in use" \
	bash -c "echo on >$MDEV/$uuid/dfl/mmap"
tap_ok "domain stopped: nodedev-destroy succeeds" \
	quiet virsh nodedev-destroy "$(node_of "$uuid")"
tap_ok "nodedev-undefine: succeeds" \
	quiet virsh nodedev-undefine "$(node_of "$uuid")"
tap_is "nodedev-undefine: no instance is left" \
	"$(virsh nodedev-list --cap mdev --all | grep .)" ""

kill "$(</run/libvirtd.pid)"
