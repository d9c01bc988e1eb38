#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: the documented commands install, use, upgrade and remove all on a Debian with systemd
# cards: n3000
# kernels: trixie
# more: bookworm
# needs: stock-dfl
# smp: 1
# mem: 2G
# timeout: 6000
#
# METHOD=deb installs the packages of "make deb", which is the default on Debian 12;
# METHOD=make uses "make install". The kernel is upgraded on Debian 13 with the latter.
#
# shellcheck disable=SC2153 # DRIVER is of lib.sh

. /src/qemu-tests/tests/lib.sh
. /src/qemu-tests/lib/installed.sh

README=README.md
GUIDE=Documentation/admin-guide/guide.rst
CLONE=/root/vfio_dfl_mdev
[ "$KERNEL" = trixie ] && METHOD=${METHOD:-make} || METHOD=${METHOD:-deb}
BDF=0000:3b:00.0
SYSFS=/sys/bus/pci/devices/$BDF
UNIT=vdfl@$BDF.service
# The variables of the documents, from one command to the next
SESSION=/var/tmp/session
UPGRADE=(linux-image-amd64 linux-headers-amd64
	linux-image-cloud-amd64 linux-headers-cloud-amd64)

# root CMD: execute as root, in the clone; print the output indented, and keep the
# variable uuid
root()
{
	system_run "export DEBIAN_FRONTEND=noninteractive; cd $CLONE
		. $SESSION 2>/dev/null; $1
		status=\$?; declare -p uuid >$SESSION 2>/dev/null; exit \$status" |
		sed 's/^/    | /'
	return "${PIPESTATUS[0]}"
}

alice()
{
	system_run_as alice ". $SESSION; $1" | sed 's/^/    | /'
	return "${PIPESTATUS[0]}"
}

# check_boot WHAT: the kernel log, and the units of systemd
check_boot()
{
	tap_is "$1: no unit has failed" "$(system_check)" ""
}

# new_journal: what the unit has logged in this boot since the last call
new_journal()
{
	system_run "journalctl --sync
		journalctl --boot --unit $UNIT --cursor-file /run/journal.cursor --output cat"
}

# restored WHEN: udev has started the unit, which has restored the saved card
restored()
{
	local journal

	tap_ok "$1: the instance is created" wait_for 100 \
		system_run "[ -e /sys/bus/mdev/devices/$UUID ]" || {
		system_run "journalctl -b -u $UNIT; udevadm info -a $SYSFS; dmesg | tail"
		bail "the card was not restored"
	}
	system_run "while [ \$(systemctl is-active $UNIT) = activating ]; do sleep 0.5; done"
	journal=$(new_journal)
	tap_like "$1: the unit reports the instance" "$journal" "created instance $UUID"
	tap_like "$1: the unit succeeds" "$journal" "Deactivated successfully"
	# udev makes the link after restore has created the instance
	tap_ok "$1: /dev/vdfl has a link to the node" wait_for 60 \
		system_run "readlink -f /dev/vdfl/$BDF/* | grep -x '/dev/vfio/[0-9]*'"
	tap_like "$1: the card is bound to the driver" \
		"$(system_run "readlink $SYSFS/driver")" "/$DRIVER\$"
	tap_like "$1: the card is no bus master" \
		"$(system_run "setpci -s $BDF COMMAND")" '^[0-9a-f]{3}[0-3]$'
	alice_reads "$1"
}

# rescan WHEN
rescan()
{
	system_run "echo 1 >$SYSFS/remove && echo 1 >/sys/bus/pci/rescan"
	restored "$1, after a rescan"
}

# reboot WHEN: the saved card is back after a reboot and after a rescan
reboot()
{
	check_boot "$1, before the reboot"
	system_reboot
	restored "$1, after the reboot"
	rescan "$1"
	check_boot "$1, after a rescan"
}

# alice_reads WHEN: the register is the header of an Ethernet group
alice_reads()
{
	documented alice $README alice
	tap_like "$1: alice reads the header of the block" \
		"$(alice "id -un; vdflctl read \$uuid 0")" \
		'alice.*0x[0-9a-f]*10$'
}

unpack_clone()
{
	system_run "mkdir $CLONE && cd $CLONE && tar xf /mnt/clone.tar &&
		git init -q && git add ."
}

# unowned: files that belong to no package, and directories with a name of ours
unowned()
{
	system_run "cat /var/lib/dpkg/info/*.list |
			sed -E 's,^/(s?bin|lib|lib64)/,/usr/\1/,' | sort -u >/run/owned
		find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o \
			-path /tmp -o -path /var/tmp -o -path /var/log -o -path /var/cache -o \
			-path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/systemd -o \
			-path $CLONE -o -path /usr/lib/vdfl \) -prune -o \
			\( ! -type d -o -iname '*vdfl*' -o -iname '*vfio*dfl*' \) -print |
			sort -u | comm -23 - /run/owned"
}

# DKMS keeps the signing key of the machine. The other files are those of the
# new kernel, and of the test itself.
no_leftovers()
{
	local keep='^/var/lib/dkms/mok\.|^/(vmlinuz|initrd.img)'

	keep+='|^/usr/lib/modules/[^/]*/modules\.|^/var/lib/initramfs-tools/'
	keep+='|^/etc/apt/sources.list.d/upgrade.list$|/stock-dfl(/|$)'
	unowned | comm -13 /tmp/unowned - | grep -vE "$keep" >/tmp/left
	: >/tmp/none
	tap_same "no file is left" /tmp/left /tmp/none
	tap_is "the module is not loaded" \
		"$(system_run "grep -c ^$DRIVER /proc/modules")" 0
}

# add_stock_drivers: Debian's kernels have no DFL driver. Add those built for the
# lab's 7.3, as the drivers that udev finds at the next boot.
add_stock_drivers()
{
	local release

	release=$(</src/build/stock-dfl/release)
	[ -e "/out/boot/vmlinuz-$release" ] || return
	mkdir /out/shared/stock-dfl
	cp /src/build/stock-dfl/*.ko /out/shared/stock-dfl
	system_run "cp -r /mnt/stock-dfl /lib/modules/$release/ && depmod $release"
}

upgrade()
{
	system_run "echo 'deb [trusted=yes] file:/usr/lib/vdfl/packages ./' \
		>/etc/apt/sources.list.d/upgrade.list"
	tap_ok "upgrade: apt installs a newer kernel and a cloud kernel" \
		root "apt update && apt install ${UPGRADE[*]}"
	tap_is "upgrade: no package is half configured" "$(system_run 'dpkg --audit')" ""
	tap_like "upgrade: DKMS has built for the newer kernel" \
		"$(system_run 'dkms status')" "$DRIVER/[^,]*, 7\.3[^,]*, x86_64: installed"
	tap_is "upgrade: DKMS has built for no cloud kernel" \
		"$(system_run 'dkms status | grep -c cloud')" 0
	add_stock_drivers && usual=dfl-pci
	reboot "newer kernel"
	tap_like "upgrade: the newer kernel is running" "$(system_run 'uname -r')" ^7.3
}

install()
{
	if [ "$METHOD" = make ]; then
		documented root $README root
	else
		documented root $GUIDE deb
		documented root $GUIDE bind
		documented root $GUIDE create
		documented root $GUIDE save
	fi
	UUID=$(system_run ". $SESSION; echo \$uuid")
	alice_reads "installed"
	rescan "installed"
}

# start_metrics: removal has to stop a timer that is enabled, and remove its file
start_metrics()
{
	local dir=/var/lib/prometheus/node-exporter

	system_run "mkdir -p $dir"
	tap_ok "metrics: the timer starts" root "systemctl enable --now vdfl-metrics.timer"
	tap_ok "metrics: the timer updates the file" wait_for 100 \
		system_run "[ -e $dir/vdfl.prom ]"
}

# metrics_gone: no trace of the timer is left in systemd
metrics_gone()
{
	tap_is "metrics: systemd does not have the timer" \
		"$(system_run "systemctl list-units --all --plain --no-legend 'vdfl-metrics*'")" ""
}

remove()
{
	local driver

	start_metrics
	documented root $GUIDE unbind
	if [ "$METHOD" = make ]; then
		documented root $GUIDE uninstall
	else
		# As "vdflctl prove" does, for which the card has no engine
		system_run "mkdir -p /var/lib/vdfl/proofs && touch /var/lib/vdfl/proofs/$BDF"
		documented root $GUIDE purge
	fi
	driver=$(system_run "readlink $SYSFS/driver")
	tap_is "the card has its usual driver" "${driver##*/}" "$usual"
	no_leftovers
	metrics_gone
}

# Name of the driver of the card without ours
usual=
system_new
system_boot
unpack_clone || bail "no clone in the system"
unowned >/tmp/unowned
install
reboot "same kernel"
[ "$KERNEL-$METHOD" != trixie-make ] || upgrade
remove
check_boot "at the end"
system_off
system_end
