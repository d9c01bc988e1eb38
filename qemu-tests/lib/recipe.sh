#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the lab's root is made of. ../lab sources this file for the lists, and
# runs it inside the new root ("recipe.sh install", then "recipe.sh finish") to
# turn a minimal Debian into the lab. The cache is keyed by this file's text
# and the initramfs script's: any edit to them makes a new root.

set -euo pipefail

SUITE=trixie
# Every suite to install from; the -security ones live on a server of their own.
# shellcheck disable=SC2034 # read by ../lab
SUITES=(trixie trixie-updates trixie-security trixie-backports bookworm bookworm-security)
# Source packages taken from backports although trixie has them too.
BACKPORTED="src:qemu src:seabios src:linux src:linux-base src:linux-signed-amd64"

# The series we boot, and what the release of each one's package looks like.
KERNELS=(6.1 6.12 6.12-rt 7.3)
declare -A RELEASE=(
	[6.1]='6\.1\.0-[0-9]+-amd64'
	[6.12]='6\.12\.[0-9]+\+deb13(\.[0-9]+)?-amd64'
	[6.12-rt]='6\.12\.[0-9]+\+deb13(\.[0-9]+)?-rt-amd64'
	[7.3]='7\.3\.[0-9]+\+deb13(\.[0-9]+)?-amd64'
)
# Sources of kernels of our own; the first is also the lab's kernel source.
SOURCES=(linux-source-7.3 linux-source-6.12)

# A second QEMU for guests, in $OLD_QEMU_DIR
OLD_QEMU=10.0
OLD_QEMU_DIR=/opt/qemu-$OLD_QEMU

# tiny-initramfs only satisfies the kernels' dependency: we make our own.
PACKAGES=(
	"${SOURCES[@]}" bc binutils bison busybox-static clang cpio driverctl flex gcc
	gcc-12 jq kmod libc6-dev libcap2-bin libclang-rt-dev libcmocka-dev
	libelf-dev libjansson-dev libssl-dev libvirt-clients
	libvirt-daemon-driver-nodedev libvirt-daemon-driver-qemu libxml2-utils
	make mandoc mdevctl ovmf pciutils perl pkgconf procps python3-docutils
	python3-minimal qemu-system-x86 seabios shellcheck socat sparse strace
	tiny-initramfs util-linux xz-utils
)

# Never unpacked: documentation, and drivers for what no VM of ours has.
# shellcheck disable=SC2034 # read by ../lab
EXCLUDE=(
	'/etc/kernel/postinst.d/*'
	'/usr/share/doc/*' '/usr/share/man/*' '/usr/share/info/*'
	'/usr/share/locale/*' '/usr/share/gnome/*' '/usr/share/lintian/*'
	'*/modules/*/kernel/sound/*'
	'*/modules/*/kernel/drivers/gpu/*'
	'*/modules/*/kernel/drivers/hid/*'
	'*/modules/*/kernel/drivers/iio/*'
	'*/modules/*/kernel/drivers/infiniband/*'
	'*/modules/*/kernel/drivers/media/*'
	'*/modules/*/kernel/drivers/net/ethernet/*'
	'*/modules/*/kernel/drivers/net/wireless/*'
	'*/modules/*/kernel/drivers/scsi/*'
	'*/modules/*/kernel/drivers/staging/*'
)

# Loaded by the initramfs, after whatever they depend on.
BOOT_MODULES=(9pnet_virtio 9p overlay virtio_pci virtio_console)

# From the kernel source: the kselftest harness, checkpatch and kernel-doc, and
# the stock DFL drivers, which cross-check the simulated card.
SOURCE_DIR=/usr/src/vdfl-linux
SOURCE_PATHS=(
	drivers/fpga drivers/uio/uio_dfl.c
	drivers/tty/serial/8250/8250_dfl.c include/linux/dfl.h
	include/linux/fpga include/uapi/linux/fpga-dfl.h
	include/linux/mod_devicetable.h 'include/linux/device-id*'
	'samples/vfio-mdev' 'scripts/checkpatch.pl'
	'scripts/const_structs.checkpatch' 'scripts/kernel-doc*'
	'scripts/spelling.txt' 'tools/docs' 'tools/include'
	'tools/lib/python' 'tools/scripts' 'tools/testing/selftests/kselftest*'
	'tools/testing/selftests/lib.mk'
)

# Where the root keeps its kernel list and initramfs images.
LAB_DIR=/usr/lib/vdfl

step() { echo "lab: $*"; }

# newest_release SERIES: the newest release that has image and headers.
newest_release()
{
	local names

	names=$(apt-cache pkgnames linux-headers- | sed 's/^linux-headers-//' |
		grep -xE "${RELEASE[$1]}" | sort -V) || true
	[ -n "$names" ] || { echo "no kernel $1 in the archive" >&2; return 1; }
	tail -n 1 <<<"$names"
}

pin_backports()
{
	cat >/etc/apt/preferences.d/lab <<-END
		Package: $BACKPORTED
		Pin: release n=$SUITE-backports
		Pin-Priority: 990
	END
}

# The tarballs stay for kernels of our own; a few paths are unpacked.
unpack_source()
{
	local source=${SOURCES[0]}

	mkdir -p "$SOURCE_DIR"
	xz -T0 -dc "/usr/src/$source.tar.xz" | tar -xC "$SOURCE_DIR" \
		--strip-components=1 --wildcards "${SOURCE_PATHS[@]/#/$source/}"
}

install_packages()
{
	local series release
	local -a kernels=()

	export DEBIAN_FRONTEND=noninteractive
	pin_backports
	mkdir -p "$LAB_DIR"
	for series in "${KERNELS[@]}"; do
		release=$(newest_release "$series")
		echo "$series $release" >>"$LAB_DIR/kernels"
		kernels+=("linux-image-$release" "linux-headers-$release")
		step "kernel $series is $release"
	done
	step "fetching and installing packages"
	apt-get -y -q --no-install-recommends install "${kernels[@]}" "${PACKAGES[@]}"
	install_old_qemu
}

# The program only; libraries and firmware are those of the newer one.
install_old_qemu()
{
	local version dir

	version=$(apt-cache madison qemu-system-x86 |
		awk -v v="1:$OLD_QEMU." 'index($3, v) == 1 && !n++ { print $3 }')
	[ -n "$version" ] || { echo "no QEMU $OLD_QEMU in the archive" >&2; return 1; }
	step "older QEMU is $version"
	dir=$(mktemp -d)
	chmod 755 "$dir"
	(cd "$dir" && apt-get -q download "qemu-system-x86=$version" &&
		dpkg-deb -x ./*.deb .)
	install -D "$dir/usr/bin/qemu-system-x86_64" "$OLD_QEMU_DIR/qemu-system-x86_64"
	rm -r "$dir"
	"$OLD_QEMU_DIR/qemu-system-x86_64" --version
}

# add_module FILE DIR: append to the load order, unpacked for busybox's insmod.
add_module()
{
	local name

	name=$(basename "$1" | sed 's/\.ko.*//')
	[ ! -e "$2/lib/$name.ko" ] || return 0
	case $1 in
	*.xz) xz -dc "$1" >"$2/lib/$name.ko" ;;
	*.zst) zstd -dcq "$1" >"$2/lib/$name.ko" ;;
	*) cp "$1" "$2/lib/$name.ko" ;;
	esac
	echo "$name" >>"$2/lib/order"
}

make_initramfs()
{
	local release=$1 image=$2 dir module verb file

	dir=$(mktemp -d)
	mkdir -p "$dir"/{bin,dev,lib,new,proc,ro,rw}
	cp /bin/busybox "$dir/bin/"
	install -m 755 "$LAB_DIR/initramfs-init" "$dir/init"
	for module in "${BOOT_MODULES[@]}"; do
		while read -r verb file; do
			[ "$verb" != insmod ] || add_module "$file" "$dir"
		done < <(modprobe -S "$release" --show-depends "$module")
	done
	(cd "$dir" && find . | cpio --quiet -o -H newc | gzip -1) >"$image"
	rm -r "$dir"
}

finish()
{
	local series release

	step "unpacking parts of ${SOURCES[0]}"
	unpack_source
	step "making initramfs images"
	while read -r series release; do
		make_initramfs "$release" "$LAB_DIR/initramfs-$series"
		[ -s "/boot/vmlinuz-$release" ]
	done <"$LAB_DIR/kernels"
	mkdir -p /src /out
	echo lab >/etc/hostname
	: >/etc/machine-id
	: >/etc/fstab
}

case ${1-} in
install) install_packages ;;
finish) finish ;;
esac
