#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: the documented commands and MokManager enroll the key of DKMS
# more: 7.3
# smp: 1
# secure-boot: menu
# timeout: 900
#
# The VM executes this script twice: before and after the reboot that enrolls the key.

# shellcheck disable=SC2034 # load_module() uses MODULE

. /src/qemu-tests/tests/lib.sh

GUIDE=Documentation/admin-guide/guide.rst
VARIABLES=/sys/firmware/efi/efivars
KEY=/var/lib/dkms/mok.pub
# Results of the first part
FIRST=/out/first

# with_password CMD: execute CMD, and enter the new password twice
with_password()
{
	bash -c "$1" <<<$'password\npassword'
}

# requests: number of variables that request an enrollment
requests()
{
	find "$VARIABLES" -name 'Mok[NA]*' | wc -l
}

request()
{
	tap_like "before: the key is not enrolled" \
		"$(mokutil --test-key "$KEY")" "is not enrolled"
	tap_is "before: the module is refused" \
		"$(refusal load_module)" "Key was rejected by service"
	tap_is "before: no enrollment is requested" "$(requests)" 0
	documented with_password "$GUIDE" mok
	tap_like "requested: mokutil lists the key" \
		"$(mokutil --list-new)" "Subject: CN=DKMS module signing key"
	tap_is "requested: the variables MokNew and MokAuth exist" "$(requests)" 2
	tap_ok "requested: mokutil disables the time limit of MokManager" mokutil --timeout -1
}

check_enrolled()
{
	tap_like "enrolled: mokutil reports it" \
		"$(mokutil --test-key "$KEY")" "is already enrolled"
	tap_is "enrolled: no enrollment is requested" "$(requests)" 0
	tap_is "enrolled: the kernel trusts the key" \
		"$(dmesg | grep -c "Loaded X.509 cert 'DKMS module signing key")" 1
	tap_ok "enrolled: the module loads" load_module
	tap_is "enrolled: no taint for a missing signature" \
		"$(</proc/sys/kernel/tainted)" 4096
}

mount -t efivarfs efivarfs "$VARIABLES"
mkdir -p "${KEY%/*}"
cp /out/mok.der "$KEY"
MODULE=$(signed_module /out/mok.key "$KEY") || bail "no signature"
if [ -e "$FIRST" ]; then
	# shellcheck source=/dev/null
	. "$FIRST"
	check_enrolled
else
	request
	# shellcheck disable=SC2154 # of lib.sh
	declare -p tap_count tap_failed >"$FIRST"
	trap - EXIT
	sync
	busybox reboot -f
fi
