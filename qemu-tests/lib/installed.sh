# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Boots an installed Debian (../lab image) with simulated cards, and runs commands
# in it. Sourced by scenarios that ../vm --system runs beside the VM, in the lab's
# root and namespaces: /run/image is the image, /out the results.
#
#   system_new         discard all changes of the disk and of /boot
#   system_boot        start the cards and the VM with the newest kernel
#   system_run CMD     execute CMD as root; its output and status are those of CMD
#   system_run_as USER CMD
#   system_off         shut down, then check the kernel log
#   system_reboot      the same, and boot again
#   system_check       check the kernel log, and print failed units
#   system_end         the last command: print the CPU time
#
# The first card is 0000:3b:00.0. /out/shared is /mnt in the system, read-only; it
# has the files of the clone in clone.tar. make compiles beside the VM.
#
# shellcheck disable=SC2054 # commas belong to QEMU's arguments
# shellcheck disable=SC2154 # the configuration

# shellcheck source=vm.sh
. /src/qemu-tests/lib/vm.sh
# Seconds for one boot, and for one command
boot_limit=400
command_limit=1500
# PCI bus above that of the first card
pxb_bus=0x3a
system_pid=
builder_pid=
boots=0

system_new()
{
	rm -rf /out/disk /out/boot /out/shared /out/native
	mkdir /out/shared /out/native
	tar -C /src -cf /out/shared/clone.tar --exclude=./build --exclude=./.git .
	cp --sparse=always /run/image/disk /out/disk
	cp -a /run/image/boot /out/boot
	start_builder
}

# start_builder: build the module and our packages beside the VM, see make-natively
start_builder()
{
	mkfifo /run/make.in /run/make.out
	unshare --mount /src/qemu-tests/lib/make-natively /out/native \
		/run/make.out /run/make.in &
	builder_pid=$!
	cp /src/qemu-tests/guest/native-make /out/native/make
}

# mount_builder: put the script in the place of make
mount_builder()
{
	system_run "mkdir /run/native && mount -t 9p \
			-o trans=virtio,version=9p2000.L,msize=131072 native /run/native &&
		touch /run/make && mount --bind --make-private /usr/bin/make /run/make &&
		mount --bind /run/native/make /usr/bin/make"
}

newest_release()
{
	local names

	names=$(cd /out/boot && ls vmlinuz-*)
	sort -V <<<"${names//vmlinuz-/}" | tail -n 1
}

# system_args RELEASE
system_args()
{
	local boot="root=/dev/vda ro"

	# Debian's hardening slows each allocation and system call
	boot+=" init_on_alloc=0 apparmor=0 audit=0"
	machine_args "/out/boot/vmlinuz-$1" "/out/boot/initrd.img-$1" "$boot $append"
	args+=(-drive file=/out/disk,if=none,id=disk,format=raw,cache=unsafe
		-device virtio-blk-pci,drive=disk)
	share boot /out/boot
	share packages /run/image/packages ,readonly=on
	share clone /out/shared ,readonly=on
	share native /out/native
	args+=(-device virtio-serial-pci
		-chardev pipe,id=agent,path=/run/agent
		-device virtserialport,chardev=agent,name=agent
		-chardev pipe,id=make,path=/run/make
		-device virtserialport,chardev=make,name=make
		-device "pxb-pcie,id=slots,bus_nr=$pxb_bus")
	card_bus=slots
	card_args
}

system_boot()
{
	local release begin=$SECONDS

	release=$(newest_release)
	boots=$((boots + 1))
	say "booting $release"
	rm -f /run/agent.in /run/agent.out /run/card*.sock /run/card*.ctl
	mkfifo /run/agent.in /run/agent.out
	system_args "$release"
	start_cards
	qemu-system-x86_64 "${args[@]}" </dev/null 2>/out/qemu.err &
	system_pid=$!
	# Opening both ways does not wait for QEMU
	exec {agent_in}<>/run/agent.in {agent_out}<>/run/agent.out
	# "running" does not wait for udev, which starts driverctl
	system_command "$boot_limit" "udevadm settle; systemctl is-system-running --wait" || true
	: >/out/up
	say "up after $((SECONDS - begin)) s"
	mount_builder
}

# system_command LIMIT CMD
system_command()
{
	local end=$((SECONDS + $1)) line part=''

	base64 -w 0 <<<"$2" >&"$agent_in"
	echo >&"$agent_in"
	while [ "$SECONDS" -lt "$end" ]; do
		# At the timeout, "line" has what was read of a line
		if ! IFS= read -r -t 1 -u "$agent_out" line; then
			part+=$line
			kill -0 "$system_pid" 2>/dev/null || fail "QEMU ended" /out/console
			continue
		fi
		line=$part$line part=''
		case $line in
		'>'*) printf '%s\n' "${line#?}" ;;
		=*) return "${line#=}" ;;
		esac
	done
	# The caller may be a subshell; no further command is to wait
	kill "$system_pid"
	fail "no end after $1 s: $2" /out/console
}

system_run()
{
	system_command "$command_limit" "$1"
}

system_run_as()
{
	system_run "runuser -u $1 -- bash -c $(printf %q "$2")"
}

system_check()
{
	system_run dmesg >"/out/dmesg-$boots"
	system_run "cat /proc/sys/kernel/tainted" >/out/taint
	check_log "/out/dmesg-$boots" /out/taint
	system_run "systemctl --failed --plain --no-legend"
}

system_off()
{
	local status=0 end=$((SECONDS + boot_limit))

	system_check
	# Later, since the VM may end before the command does: without logind, that of
	# Debian 12 waits
	system_run "(sleep 2; systemctl --no-block poweroff) </dev/null >/dev/null 2>&1 &"
	while kill -0 "$system_pid" 2>/dev/null; do
		[ "$SECONDS" -lt "$end" ] || fail "no power off after $boot_limit s" /out/console
		sleep 0.2
	done
	wait "$system_pid" || status=$?
	[ "$status" = 0 ] || fail "QEMU ended with status $status" /out/qemu.err
	exec {agent_in}>&- {agent_out}>&-
	mv /out/console "/out/console-$boots"
	check_cards
	card_pids=()
}

system_reboot()
{
	system_off
	system_boot
}

system_end()
{
	kill "$builder_pid"
	wait "$builder_pid" || true
	times >/run/times
	say "done after $SECONDS s, $(cpu_seconds </run/times) s of CPU, all commands executed"
}
