# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Guests of a lab VM, for scenarios: QEMU with instances passed through, and in
# it a stock kernel with guest/inner/init, or guest/inner/metal. Both run commands
# that the scenario sends. Sourced after tests/lib.sh.

GUEST_BUILD=/src/build/guest
GUEST_KERNEL=$(echo /boot/vmlinuz-7.3*)
TRACE=/sys/kernel/tracing

# Settings of the next guest; without a firmware QEMU uses SeaBIOS
GUEST_QEMU=qemu-system-x86_64
GUEST_FIRMWARE=

declare -A GUEST_FACTS GUEST_DIR GUEST_PID GUEST_IN GUEST_OUT GUEST_ASK GUEST_TOLD

# guest_qemu NAME ACCEL UUIDS ARGS...: start QEMU with those instances, the Nth
# below a root port as 0N:00.0. Two of its messages are expected: no mdev
# supports dma-buf, and a block whose scrub is "none" cannot be reset.
guest_qemu()
{
	local dir in out ask told uuid n=0
	local facts='VFIO dma-buf not supported in kernel'
	local -a args=(-machine q35 -accel "$2" -nodefaults -nographic -vga none)

	dir=$(mktemp -d)
	mkfifo "$dir"/{tell,qmp}.{in,out}
	[ "$2" != kvm ] || args+=(-cpu host)
	if [ -n "$GUEST_FIRMWARE" ]; then
		cp "${GUEST_FIRMWARE/CODE/VARS}" "$dir/vars"
		args+=(-drive "if=pflash,format=raw,readonly=on,file=$GUEST_FIRMWARE"
			-drive "if=pflash,format=raw,file=$dir/vars")
	fi
	for uuid in $3; do
		n=$((n + 1))
		args+=(-device "pcie-root-port,id=rp$n,chassis=$n,slot=$n,addr=$((n + 3)).0"
			-device "vfio-pci,id=dev$n,bus=rp$n,sysfsdev=$MDEV/$uuid")
		[ "$(<"$MDEV/$uuid/dfl/scrub")" != none ] ||
			facts+="|Cannot reset device $uuid, no available reset mechanism"
	done
	exec {in}<>"$dir/tell.in" {out}<>"$dir/tell.out"
	exec {ask}<>"$dir/qmp.in" {told}<>"$dir/qmp.out"
	echo '{"execute":"qmp_capabilities"}' >&"$ask"
	"$GUEST_QEMU" "${args[@]}" -chardev "pipe,id=tell,path=$dir/tell" \
		-serial chardev:tell -qmp "pipe:$dir/qmp" "${@:4}" \
		</dev/null >"$dir/stdout" 2>"$dir/stderr" &
	GUEST_PID[$1]=$! GUEST_DIR[$1]=$dir GUEST_FACTS[$1]=$facts
	GUEST_IN[$1]=$in GUEST_OUT[$1]=$out
	GUEST_ASK[$1]=$ask GUEST_TOLD[$1]=$told
}

# guest_start NAME ACCEL UUID...: boot the stock kernel; returns at once
guest_start()
{
	guest_qemu "$1" "$2" "${*:3}" -m 192M \
		-serial null -kernel "$GUEST_KERNEL" \
		-initrd "$GUEST_BUILD/initrd.gz" \
		-append "console=ttyS1 quiet nokaslr panic=-1 edd=off mitigations=off random.trust_cpu=on cryptomgr.notests"
}

# guest_metal NAME ACCEL UUID...: start guest/inner/metal.c; returns at once
guest_metal()
{
	guest_qemu "$1" "$2" "${*:3}" -m 32M -kernel "$GUEST_BUILD/metal"
}

# guest_up NAME SECONDS: wait for the first line of the guest, print its uptime
guest_up()
{
	local line='' part end=$(($(now_ms) + $2 * 1000))

	while [ "$(now_ms)" -lt "$end" ] && kill -0 "${GUEST_PID[$1]}"; do
		# Keep the part of a line that came before the timeout
		if ! IFS= read -r -t 1 part <&"${GUEST_OUT[$1]}"; then
			line+=$part
			continue
		fi
		line+=$part
		if [[ $line == *"@ up "* ]]; then
			echo "${line##* }"
			return
		fi
		line=
	done
	return 1
}

# no_guest NAME: the guest did not start; its directory also has pipes, so name
# the files
no_guest()
{
	bail "no guest $1: $(tail "${GUEST_DIR[$1]}"/std*)"
}

# guest_tell NAME COMMAND...: send a command, do not wait for the answer
guest_tell()
{
	echo "${*:2}" >&"${GUEST_IN[$1]}"
}

# guest_answer NAME: print the output of the last command, return its status
guest_answer()
{
	local line

	while IFS= read -r -t 100 line <&"${GUEST_OUT[$1]}"; do
		if [[ $line =~ ^"@ "([0-9]+)$ ]]; then
			return "${BASH_REMATCH[1]}"
		fi
		printf '%s\n' "$line"
	done
	echo "no answer"
	guest_stacks "$1" >&2
	return 1
}

# guest_stacks NAME: kernel stacks of the threads of its QEMU
guest_stacks()
{
	local task

	for task in "/proc/${GUEST_PID[$1]}/task"/*; do
		echo "# $(<"$task/comm"), $(awk '/^State/' "$task/status")"
		sed 's/^/#   /' "$task/stack"
	done
}

# guest NAME COMMAND...: run a command in the guest, print its output, return
# its status
guest()
{
	guest_tell "$@"
	guest_answer "$1"
}

# guest_monitor NAME COMMAND...: print the answer of QEMU's monitor
guest_monitor()
{
	local line

	jq -cn --arg c "${*:2}" '{execute: "human-monitor-command", id: "asked",
		arguments: {"command-line": $c}}' >&"${GUEST_ASK[$1]}"
	while IFS= read -r -t 30 line <&"${GUEST_TOLD[$1]}"; do
		[[ $line == *'"asked"'* ]] || continue
		jq -r '.return // .error.desc' <<<"$line" | tr -d '\r'
		return
	done
	echo "no answer"
	return 1
}

# guest_running NAME
guest_running()
{
	kill -0 "${GUEST_PID[$1]}" 2>/dev/null
}

# guest_end NAME [SIGNAL]: end QEMU, and wait for its end
guest_end()
{
	local in=${GUEST_IN[$1]} out=${GUEST_OUT[$1]}
	local ask=${GUEST_ASK[$1]} told=${GUEST_TOLD[$1]}

	kill "-${2:-TERM}" "${GUEST_PID[$1]}" 2>/dev/null
	wait "${GUEST_PID[$1]}" 2>/dev/null
	exec {in}>&- {out}<&- {ask}>&- {told}<&-
}

# guest_words NAME: unexpected messages of QEMU
guest_words()
{
	grep -vE -- "${GUEST_FACTS[$1]}" "${GUEST_DIR[$1]}/stderr"
}

# nested_kvm: load KVM in this VM
nested_kvm()
{
	modprobe kvm_amd && [ -e /dev/kvm ]
}

# --- what happened without the guest's or the card's knowledge ------------------

# watch EVENT [FILTER]: enable this tracepoint as well
watch()
{
	[ -e "$TRACE/trace" ] || mount -t tracefs trace "$TRACE" || return
	echo "${2:-0}" >"$TRACE/events/$1/filter"
	echo 1 >"$TRACE/events/$1/enable"
}

# watch_from_here: clear the trace
watch_from_here()
{
	: >"$TRACE/trace"
}

# seen [REGEX]: number of traced events that match
seen()
{
	grep -v '^#' "$TRACE/trace" | grep -cE -- "${1-}"
}

# injected: number of interrupts that the driver injected into guests with KVM:
# from its polling task or a work item, or in interrupt context
injected()
{
	seen "(^ *(vdfl|kworker)/|\] ..[hHsz]).*kvm_msi_set_irq"
}
