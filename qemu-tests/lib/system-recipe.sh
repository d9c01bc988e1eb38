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
# Nothing in a test uses these, and each takes up to a second to start here.
UNUSED_UNITS=(
	{apt-daily,apt-daily-upgrade,dpkg-db-backup,fstrim,man-db,systemd-tmpfiles-clean}.timer
	dev-hugepages.mount dev-mqueue.mount proc-sys-fs-binfmt_misc.automount
	sys-{fs-fuse-connections,kernel-config,kernel-tracing}.mount
	getty@tty1.service serial-getty@ttyS0.service
	systemd-{binfmt,logind,pstore,random-seed,user-sessions}.service
	systemd-ask-password-{console,wall}.path
)

LAB_DIR=/usr/lib/vdfl
REPOSITORY=$LAB_DIR/packages

step() { echo "lab: $*"; }

# The initramfs of "most" modules takes a minute to make and to unpack here.
configure_initramfs()
{
	mkdir -p /etc/initramfs-tools/conf.d
	printf '%s\n' MODULES=list COMPRESSLEVEL=1 >/etc/initramfs-tools/conf.d/lab
	printf '%s\n' "${INITRAMFS_MODULES[@]}" >/etc/initramfs-tools/modules
}

install_packages()
{
	export DEBIAN_FRONTEND=noninteractive
	configure_initramfs
	step "installing packages"
	apt-get -y -q --no-install-recommends install "${PACKAGES[@]}"
}

# find_paths KIND: arguments of find for the files of a package that the paths of
# this kind match in the configuration of dpkg, see ../lab
find_paths()
{
	echo -false
	sed -n "s/^path-$1=/./p" /etc/dpkg/dpkg.cfg.d/* | sed 's/^/-o\n-path\n/'
}

# store PACKAGE: make it anew, without the files that dpkg does not unpack, which apt
# would read, and without compression, which is slow to undo in a VM
store()
{
	local -a exclude include

	mapfile -t exclude < <(find_paths exclude)
	mapfile -t include < <(find_paths include)
	dpkg-deb -R "$1" /tmp/package
	(cd /tmp/package && find . -type f \( "${exclude[@]}" \) ! \( "${include[@]}" \) -delete)
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
	(cd "$REPOSITORY" && dpkg-scanpackages --hash sha256 . >Packages 2>/dev/null)
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
	systemctl mask "${UNUSED_UNITS[@]}"
	rm -f /var/lib/man-db/auto-update
}

# Mark /etc and /var as up to date: the first boot updates no caches.
finish_system()
{
	touch -r /usr /etc/.updated /var/.updated
}

install_packages
make_repository
configure_apt
configure_system
finish_system
