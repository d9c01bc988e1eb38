# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by scripts that install programs on this machine. The caller defines the
# functions for messages and for fatal errors.

# host_install FILE PACKAGE: install the package unless the machine has FILE.
host_install()
{
	[ ! -e "$1" ] || return 0
	say "installing $2 on this machine"
	apt-get -qq -y --no-install-recommends install "$2" >&2 ||
		{ apt-get -qq update >&2 &&
		  apt-get -qq -y --no-install-recommends install "$2" >&2; } ||
		die "cannot install $2"
	[ -e "$1" ] || die "$2 does not provide $1"
}
