#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: with Secure Boot only a signed module loads, root cannot reach the card past the driver, users can
# cards: lab
# kernels: 7.3
# more: 6.1 6.12
# smp: 1
# secure-boot: yes

# shellcheck disable=SC2034 # load_module() uses MODULE

. /src/qemu-tests/tests/lib.sh

# command_of BDF: command register
command_of()
{
	setpci -s "$1" COMMAND
}

quiet()
{
	"$@" >/dev/null 2>&1
}

mount -t securityfs security /sys/kernel/security
bdf=$(card_bdf 0)

tap_is "boot: the kernel reports Secure Boot" \
	"$(dmesg | grep -c 'secureboot: Secure boot enabled')" 1
tap_like "boot: lockdown is on without a parameter" \
	"$(</sys/kernel/security/lockdown)" '\[integrity\]'
tap_fails "boot: the command line does not ask for lockdown" \
	grep -q lockdown /proc/cmdline
tap_is "boot: the kernel trusts the key of the machine owner" \
	"$(dmesg | grep -c "Loaded X.509 cert 'DKMS module signing key")" 1

# --- the module -------------------------------------------------------------------

log_mark
tap_is "unsigned module: is refused" \
	"$(refusal load_module)" "Key was rejected by service"
tap_is "unsigned module: the kernel log has the reason" \
	"$(log_count 'Loading of unsigned module is rejected')" 1

openssl req -new -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=stranger/ \
	-outform DER -keyout /tmp/key -out /tmp/der 2>/dev/null
MODULE=$(signed_module /tmp/key /tmp/der) || bail "no signature"
log_mark
tap_is "module signed with another key: is refused" \
	"$(refusal load_module)" "Key was rejected by service"
tap_is "module signed with another key: the kernel log has the reason" \
	"$(log_count 'Loading of module with unavailable key is rejected')" 1

MODULE=$(signed_module /out/mok.key /out/mok.der) || bail "no signature"
tap_ok "module signed with the enrolled key: loads" load_module ||
	bail "no module"
tap_is "module signed with the enrolled key: no taint for a missing signature" \
	"$(</proc/sys/kernel/tainted)" 4096

# --- root ----------------------------------------------------------------------------

tap_is "root: BAR 0 cannot be mapped from sysfs" \
	"$(mmap_status "$PCI/$bdf/resource0")" EPERM
bind_card 0 >/dev/null || bail "no card"
before=$(command_of "$bdf")
# setpci succeeds although the kernel drops the write
log_mark
setpci -s "$bdf" COMMAND=0007
tap_is "root: the kernel log has the refusal of setpci" \
	"$(log_count 'Lockdown: setpci: direct PCI access is restricted')" 1
tap_is "root: the command register is unchanged" "$(command_of "$bdf")" "$before"
# The driver checks the register every 500 ms
sleep 1
tap_is "root: the driver has counted no violation" \
	"$(card_attr "$bdf" busmaster_violations)" 0

# --- user ------------------------------------------------------------------------------

uuid=$(create_mdev "$bdf" afu-d8424dc4-b2-o40000) || bail "no AFU"
tap_ok "vdflctl give: the user becomes the owner of the instance" \
	quiet "$VDFLCTL" give "$uuid" daemon
for program in /src/build/samples/block /src/samples/block.py; do
	tap_like "user: ${program##*/} reads the block through a mapping" \
		"$(setpriv --reuid=daemon --regid=nogroup --clear-groups \
			"$program" "$uuid" 1 0 2>&1)" 'mapped 0x0 0x[0-9a-f]{16}'
done
