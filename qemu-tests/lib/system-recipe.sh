#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# system-recipe.sh SYSTEM-FILE
# Contents of an installed system. ../lab runs this file inside a minimal
# Debian; SYSTEM-FILE is one of guest/*.system. The cache is keyed by the text of
# both files and of the agent.

set -euo pipefail

# shellcheck source=../guest/trixie.system
. "$1"

# The commands of README.md and of the administrator guide install these, so that
# apt has nothing to download. The rest builds our packages.
PACKAGES=(
	linux-image-amd64 linux-headers-amd64 initramfs-tools zstd
	systemd systemd-sysv udev dbus kmod procps pciutils
	build-essential pkgconf dkms libjansson-dev driverctl mdevctl
	openssl git debhelper dh-dkms jq
)
# Modules for the root; no other disk or network is there.
INITRAMFS_MODULES=(virtio_pci virtio_blk ext4)

LAB_DIR=/usr/lib/vdfl
REPOSITORY=$LAB_DIR/packages

step() { echo "lab: $*"; }

# The initramfs of "most" modules takes a minute to make and to unpack here.
configure_initramfs()
{
	mkdir -p /etc/initramfs-tools/conf.d
	echo MODULES=list >/etc/initramfs-tools/conf.d/lab
	printf '%s\n' "${INITRAMFS_MODULES[@]}" >/etc/initramfs-tools/modules
}

install_packages()
{
	export DEBIAN_FRONTEND=noninteractive
	configure_initramfs
	step "installing packages"
	apt-get -y -q --no-install-recommends install "${PACKAGES[@]}"
}

# store PACKAGE: make it anew without compression, which is slow to undo in a VM
store()
{
	dpkg-deb -R "$1" /tmp/package
	dpkg-deb -Znone -b /tmp/package "$1" >/dev/null
	rm -r /tmp/package
}

# The packages of UPGRADE and what they need. Their versions are not installable
# from the repository before a test adds it to the system's sources.
make_repository()
{
	local package

	mkdir -p "$REPOSITORY/partial"
	if [ "${#UPGRADE[@]}" -gt 0 ]; then
		step "fetching packages for upgrades"
		apt-get -y -q --no-install-recommends --download-only \
			-o "Dir::Cache::archives=$REPOSITORY" install "${UPGRADE[@]}"
	fi
	rm -rf "$REPOSITORY"/{partial,lock}
	for package in "$REPOSITORY"/*.deb; do
		[ ! -e "$package" ] || store "$package"
	done
	(cd "$REPOSITORY" && dpkg-scanpackages . >Packages 2>/dev/null)
}

# The archives of this machine are out of reach in the system.
configure_apt()
{
	rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
	cat >/etc/apt/apt.conf.d/lab <<-END
		APT::Get::Assume-Yes "true";
		APT::Install-Recommends "false";
		DPkg::Options { "--force-confdef"; "--force-unsafe-io"; };
	END
}

configure_system()
{
	echo lab >/etc/hostname
	rm -f /etc/machine-id
	systemd-machine-id-setup >/dev/null
	cat >/etc/fstab <<-END
		/dev/vda / ext4 errors=remount-ro,noatime 0 1
		boot /boot 9p trans=virtio,version=9p2000.L,msize=131072 0 0
		packages $REPOSITORY 9p trans=virtio,version=9p2000.L,ro 0 0
		clone /mnt 9p trans=virtio,version=9p2000.L,ro 0 0
	END
	useradd --create-home --shell /bin/bash alice
	cat >/etc/systemd/system/agent.service <<-END
		[Unit]
		Description=Commands of the test
		[Service]
		ExecStart=$LAB_DIR/agent
		StandardOutput=journal
		[Install]
		WantedBy=multi-user.target
	END
	systemctl enable agent.service
	# No hardware clock or terminal to wait for
	systemctl mask getty@tty1.service serial-getty@ttyS0.service \
		apt-daily.timer apt-daily-upgrade.timer
}

install_packages
make_repository
configure_apt
configure_system
