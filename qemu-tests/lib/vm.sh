# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# QEMU and the cards of a VM, for scripts inside the lab's root and namespaces. The
# settings are those of /out/config; "kernel" names the VM in messages.
#
# shellcheck disable=SC2054 # commas belong to QEMU's arguments
# shellcheck disable=SC2154 # the rest is set by the configuration

# shellcheck source=/dev/null
. /out/config
card_pids=()
args=()
# The bus that the ports of cards are on
card_bus=pcie.0
# An out-of-tree and unsigned module
expect_taint=12288
report='BUG:|WARNING:|Oops|Kernel panic|blocked for more|ERROR: .*Sanitizer|runtime error:'

say() { echo "[vm $kernel] $*" >&2; }

# excerpt LOG: the lines from the first bad report on; without one, the last
# lines.
excerpt()
{
	local text

	# Drop the escape sequence with which the firmware clears the screen.
	text=$(sed 's/\x1b[^a-zA-Z]*[a-zA-Z]//g; s/\r//g' "$1" | tr -cd '\t\n -~')
	if grep -qE "$report" <<<"$text"; then
		sed -nE "/$report/,\$p" <<<"$text" | head -n 40
	else
		tail -n 25 <<<"$text"
	fi | sed 's/^/    /'
}

# fail WHY [LOG]: report a failure of the lab itself, with an excerpt of the
# log.
fail()
{
	say "FAILED: $1"
	[ -z "${2-}" ] || [ ! -s "$2" ] || excerpt "$2" >&2 || true
	exit 125
}

# wait_for_card SOCKET PID LOG: wait until a card listens.
wait_for_card()
{
	local tries

	for ((tries = 0; tries < 1200; tries++)); do
		[ ! -S "$1" ] || return 0
		kill -0 "$2" 2>/dev/null || break
		sleep 0.05
	done
	fail "card is not listening" "$3"
}

start_cards()
{
	local n

	for n in "${!cards[@]}"; do
		[[ ${cards[n]} != =* ]] || continue
		/src/build/card/vdfl-card \
			--profile "/src/qemu-tests/card/profiles/${cards[n]#[+/^]}.json" \
			--socket "/run/card$n.sock" --control "/run/card$n.ctl" \
			--log "/out/card$n.jsonl" 2>"/out/card$n.err" &
		card_pids[n]=$!
		wait_for_card "/run/card$n.sock" $! "/out/card$n.err"
		wait_for_card "/run/card$n.ctl" $! "/out/card$n.err"
	done
}

# own_device ID DEVICE: a device of the VM itself. With --sleep it is below a
# port of its own, because only there a virtio device keeps its state over a
# sleep. The VM's root and the control channels of the cards depend on that.
own_device()
{
	if [ "$sleep" = no ]; then
		args+=(-device "$2")
	else
		args+=(-device "pcie-root-port,id=own-$1,chassis=$((100 + ${#args[@]}))"
			-device "$2,bus=own-$1,x-pcie-pm-no-soft-reset=on")
	fi
}

# share TAG PATH [OPTIONS]: a directory of ours in the VM
share()
{
	args+=(-fsdev "local,id=fs-$1,path=$2,security_model=none,multidevs=remap${3-}")
	own_device "$1" "virtio-9p-pci,fsdev=fs-$1,mount_tag=$1"
}

# add_port N: the root port of card N; for "/PROFILE" with a switch below
add_port()
{
	local slot="chassis=$(($1 + 1)),slot=$(($1 + 1))"

	if [[ ${cards[$1]} == /* ]]; then
		args+=(-device "pcie-root-port,id=root$1,bus=$card_bus,$slot"
			-device "x3130-upstream,id=up$1,bus=root$1"
			-device "xio3130-downstream,id=rp$1,bus=up$1,chassis=$((50 + $1)),slot=$((50 + $1))")
	else
		args+=(-device "pcie-root-port,id=rp$1,bus=$card_bus,$slot")
	fi
}

# card_place N: bus and address of a card. "+PROFILE" is a further function of
# the card before it. "^PROFILE" is one as well, with a number from 8 on, as virtual
# functions have. Functions 0 and 8 must have the multi-function bit.
# "=DEVICE" is a device of QEMU in place of a card.
card_place()
{
	local first=$1 high=0 fn

	while [[ ${cards[first]} == [+^]* ]]; do
		[[ ${cards[first]} != ^* ]] || high=$((high + 1))
		first=$((first - 1))
	done
	fn=$(($1 - first))
	[[ ${cards[$1]} != ^* ]] || fn=$((7 + high))
	printf '"bus":"rp%d","addr":"%x.%x"' "$first" $((fn >> 3)) $((fn & 7))
	[[ $((fn & 7)) != 0 || ${cards[$1 + 1]-} != [+^]* ]] || printf ',"multifunction":true'
}

# machine_args KERNEL INITRD BOOT: fill args with the machine and its IOMMU; BOOT is
# added to the kernel's command line
machine_args()
{
	local machine=q35,memory-backend=ram boot
	# A fifth level of page tables makes each TLB miss dearer when emulated, and the
	# fast string instructions work byte by byte.
	local slow=-la57,-erms,-fsrm,-fsrs,-fzrm

	boot="console=ttyS0 loglevel=4 panic=-1 log_buf_len=4M printk.devkmsg=on random.trust_cpu=on edd=off"
	# A busy machine makes a VM without KVM look stalled.
	boot+=" rcupdate.rcu_cpu_stall_timeout=60 watchdog_thresh=30 no_timer_check"
	# Mitigations protect nothing here, and are slow when emulated.
	boot+=" mitigations=off"
	# Tests of the crypto API take a quarter of a second, and test nothing of ours.
	boot+=" cryptomgr.notests"
	args=(-cpu "$cpu,$slow" -m "$mem" -smp "$smp" -accel tcg,thread=multi
		-object "memory-backend-memfd,id=ram,size=$mem,share=on"
		-nodefaults -nographic -no-reboot -vga none -serial file:/out/console
		-kernel "$1" -initrd "$2"
		# Native hot-plug: with ACPI's there is no bus reset.
		-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off)
	if [ "$iommu" = intel ]; then
		machine+=,kernel-irqchip=split
		boot+=" intel_iommu=on"
		# The IOMMU must come before the cards, or it does not translate
		# for them. Only cards with an ATS capability use device-iotlb.
		args+=(-device intel-iommu,intremap=on,caching-mode=on,device-iotlb=on)
	fi
	args+=(-machine "$machine" -append "$boot $3")
}

# card_args: add the cards, and a control channel of each; needs a virtio-serial
# device
card_args()
{
	local n

	for n in "${!cards[@]}"; do
		[[ ${cards[n]} == [+^]* ]] || add_port "$n"
		if [[ ${cards[n]} == =* ]]; then
			# Its list of ARI functions continues with function 1
			args+=(-device '{"driver":"'"${cards[n]#=}"'",'"$(card_place "$n")"',
				"x-pcie-ari-nextfn-1":true,"romfile":""}')
			continue
		fi
		args+=(-device '{"driver":"vfio-user-pci","id":"card'"$n"'",'"$(card_place "$n")"',
				"x-msg-timeout":60000,
				"socket":{"type":"unix","path":"/run/card'"$n"'.sock"}}'
			-chardev "socket,id=ctl$n,path=/run/card$n.ctl"
			-device "virtserialport,chardev=ctl$n,name=card$n")
	done
}

check_cards()
{
	local n status

	for n in "${!card_pids[@]}"; do
		kill -TERM "${card_pids[n]}" 2>/dev/null || true
		status=0
		wait "${card_pids[n]}" || status=$?
		case $status in
		0 | 143) ;;
		*) fail "card $n (${cards[n]}) ended with status $status" "/out/card$n.err" ;;
		esac
	done
}

# check_log LOG TAINT: fail if the kernel log reports a defect, or if the kernel is
# tainted by more than the module
check_log()
{
	local taint bad

	if ! bad=$(/src/qemu-tests/lib/check-dmesg "$1" "${allow_log[@]}"); then
		say "kernel log:"
		# shellcheck disable=SC2001 # every line, not the first
		sed 's/^/    /' <<<"$bad" >&2
		fail "the kernel log reports a defect (whole log: ${1##*/})"
	fi
	taint=$(<"$2")
	[ $((taint & ~expect_taint)) = 0 ] ||
		fail "kernel is tainted: $taint, allowed: $expect_taint"
}

# cpu_seconds: sum of the second line of "times": QEMU and the cards, once ended
cpu_seconds()
{
	awk 'NR == 2 {
		for (i = 1; i <= 2; i++) {
			split($i, t, /[ms]/)
			sum += 60 * t[1] + t[2]
		}
		printf "%d", sum
	}'
}
