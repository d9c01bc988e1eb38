#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: podman gives an instance to containers by its CDI name, as root and rootless
# cards: lab
# kernels: 7.3
# more: 6.1 6.12
# smp: 1
# packages: podman crun uidmap

. /src/qemu-tests/tests/lib.sh

SAMPLE=/src/samples/block.py
ROOTFS=/run/rootfs
SPEC=/run/cdi/vdfl.alt-block.json
TYPE=afu-d8424dc4-b2-o40000
KEPT=/run/kept
NEXT_USER=20002

# make_rootfs: a container has the programs of the VM, and files of its own
make_rootfs()
{
	local dir

	mkdir -p "$ROOTFS"/{dev,etc,proc,run,src,sys,tmp,usr}
	for dir in bin lib lib64 sbin; do
		ln -s "usr/$dir" "$ROOTFS/$dir"
	done
}

# add_user NAME: with a runtime directory, as at login
add_user()
{
	useradd -m "$1" && install -d -m 700 -o "$1" "/run/user-$1"
}

# podman_run USER [OPTION]... -- CMD...: run CMD in a container of the user. A user
# has no control groups without a login manager.
podman_run()
{
	local dir=/run/user-$1 user=$1
	local -a options=()

	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	[ "$user" = root ] || options+=(--cgroups=disabled)
	(cd / && timeout $((120 * SLOW)) runuser -u "$user" -- \
		env HOME="$dir" XDG_RUNTIME_DIR="$dir" \
		podman --root "$dir/storage" --runroot "$dir/run" --runtime crun \
		--storage-driver vfs --cgroup-manager cgroupfs --events-backend none \
		run --rm --network none -v /usr:/usr:ro -v /src:/src:ro \
		"${options[@]}" --rootfs "$ROOTFS" "$@" 2>&1)
}

# sample USER UUID: read the instance in a container that has its device
sample()
{
	podman_run "$1" --device "vdfl.alt/block=$2" -- "$SAMPLE" "$2" 1 0
}

# start_keeper UUID: start a container of root that has the device of the instance, and
# in which kept_reads opens other instances. The node in the container is a copy, so
# devtmpfs does not reset its permissions when the instance is removed.
start_keeper()
{
	mkdir "$KEPT"
	mkfifo "$KEPT"/{uuids,reads}
	exec {uuids}<>"$KEPT/uuids" {reads}<>"$KEPT/reads"
	podman_run root --device "vdfl.alt/block=$1" -v "$KEPT:/tmp" -- \
		bash -c "while read -r uuid; do
				$SAMPLE \$uuid 1 0 2>&1
				echo end
			done </tmp/uuids >/tmp/reads" \
		>"$KEPT/log" {uuids}>&- {reads}>&- &
	keeper=$!
}

end_keeper()
{
	exec {uuids}>&- {reads}>&-
	wait "$keeper"
}

# kept_reads UUID: print the output of the sample in the container of start_keeper
kept_reads()
{
	local line

	echo "$1" >&"$uuids"
	while IFS= read -r -t $((120 * SLOW)) -u "$reads" line && [ "$line" != end ]; do
		echo "$line"
	done
}

# listed UUID: the specification has the instance
listed()
{
	grep -q "\"$1\"" "$SPEC" 2>/dev/null
}

not_listed()
{
	! listed "$1"
}

# start_udev: write the specification whenever an instance comes or goes, by the
# rule of orchestration.rst
start_udev()
{
	mkdir -p /etc/udev/rules.d
	echo 'SUBSYSTEM=="mdev", ACTION=="bind|unbind",' \
		"RUN+=\"$VDFLCTL cdi --write\"" >/etc/udev/rules.d/90-vdfl-cdi.rules
	/lib/systemd/systemd-udevd --daemon 2>/run/udevd.log &&
		wait_for 60 udevadm control --ping
}

mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount --make-rshared /
make_rootfs
install -d /run/user-root
add_user alice || bail "no user"
load_module || bail "no module"
bdf=$(bind_card 0) || bail "no card"
start_udev || bail "no udev"

uuid=$(create_mdev "$bdf" $TYPE) || bail "no AFU"
tap_ok "create: udev adds the instance to the specification" \
	wait_for 60 listed "$uuid"

# --- containers of root ---------------------------------------------------------------

READS='mapped 0x0 0x[0-9a-f]{16}'
tap_like "root: the container with the device reads the block" \
	"$(sample root "$uuid")" "$READS"
tap_like "root: the control group denies the node without the device" \
	"$(podman_run root -v /dev/vfio:/dev/vfio -- "$SAMPLE" "$uuid" 1 0)" \
	'Operation not permitted'
other=$(new_uuid)
tap_like "root: a container with an unknown device is not created" \
	"$(sample root "$other")" "unresolvable CDI devices vdfl.alt/block=$other"

# --- containers of a user -------------------------------------------------------------

tap_like "user: the container is denied an instance of root" \
	"$(sample alice "$uuid")" 'Permission denied'
"$VDFLCTL" give "$uuid" alice >/dev/null || bail "no owner"
tap_like "user: the container reads the block of the own instance" \
	"$(sample alice "$uuid")" "$READS"
remove_mdev "$uuid"
tap_ok "remove: udev removes the instance from the specification" \
	wait_for 60 not_listed "$uuid"

# --- a container that keeps the node of a removed instance -----------------------------

uuid=$(create_mdev "$bdf" $TYPE) || bail "no AFU"
wait_for 60 listed "$uuid" || bail "no specification"
start_keeper "$uuid"
tap_like "kept node: the container reads the instance" "$(kept_reads "$uuid")" "$READS"
remove_mdev "$uuid"
next=$(create_mdev "$bdf" $TYPE) || bail "no next AFU"
tap_like "kept node: the container opens the next instance if that has no owner" \
	"$(kept_reads "$next")" "$READS"
"$VDFLCTL" give "$next" $NEXT_USER >/dev/null || bail "no next owner"
tap_like "kept node: the container is denied the next instance of another user" \
	"$(kept_reads "$next")" 'Permission denied'
tap_ok "kept node: the container ends without error" end_keeper
