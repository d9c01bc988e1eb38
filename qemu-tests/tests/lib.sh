# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Functions of the scenarios, sourced by each inside the VM. At the exit of the
# shell the plan is printed; the exit status is 1 if a check failed.
#
# shellcheck disable=SC2034 # several names are for the scenarios

set -u

DRIVER=vfio_dfl_mdev
PCI=/sys/bus/pci/devices
MDEV=/sys/bus/mdev/devices
KERNEL=${KERNEL:-${VDFL_KERNEL:?}}
# IOMMU of the VM: none or intel
IOMMU=${VDFL_IOMMU:?}
MODULE=/src/build/$KERNEL/$DRIVER/$DRIVER.ko
VDFLCTL=/src/build/vdflctl/vdflctl
CLIENT=/src/build/selftests/client_user
# Factor for time limits: the debug kernels check more and are slower
SLOW=1
[ ! -e "/src/qemu-tests/guest/$KERNEL.config" ] || SLOW=10

# --- results ----------------------------------------------------------------

tap_count=0
tap_failed=0

tap_result()
{
	tap_count=$((tap_count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_count $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count $2"
	fi
}

# tap_note TEXT: a diagnostic line for each line of TEXT
tap_note()
{
	local line

	while IFS= read -r line; do
		echo "# $line"
	done <<<"$*"
}

# seed_random: seed RANDOM with SEED, or with a random seed that is printed
seed_random()
{
	SEED=${SEED:-$RANDOM}
	RANDOM=$SEED
	tap_note "again: qemu-tests/run --kernel $KERNEL --set SEED=$SEED $(basename "$0" .sh)"
}

# tap_figure TEXT: one line with a measured value; qemu-tests/run prints it as
# well
tap_figure()
{
	echo "# figure: $*"
}

# tap_ok NAME CMD...: the test passes if CMD succeeds
tap_ok()
{
	local name=$1 status=0

	shift
	"$@" || status=$?
	tap_result "$status" "$name"
	[ "$status" = 0 ] || tap_note "expected status 0 of: $*, got $status"
	return "$status"
}

# tap_fails NAME CMD...: the test passes if CMD fails
tap_fails()
{
	local name=$1

	shift
	if "$@"; then
		tap_result 1 "$name"
		tap_note "expected an error from: $*"
		return 1
	fi
	tap_result 0 "$name"
}

# tap_is NAME GOT WANT
tap_is()
{
	if [ "$2" = "$3" ]; then
		tap_result 0 "$1"
		return
	fi
	tap_result 1 "$1"
	tap_note "expected: $3"
	tap_note "got:      $2"
	return 1
}

# tap_like NAME GOT REGEX
tap_like()
{
	if [[ $2 =~ $3 ]]; then
		tap_result 0 "$1"
		return
	fi
	tap_result 1 "$1"
	tap_note "expected a match of: $3"
	tap_note "got: $2"
	return 1
}

# tap_within NAME GOT LOW HIGH [MARK]: an integer in a closed range; a failure has
# MARK at the end of its line
tap_within()
{
	if [ "$2" -ge "$3" ] 2>/dev/null && [ "$2" -le "$4" ]; then
		tap_result 0 "$1 ($2)"
		return
	fi
	tap_result 1 "$1${5-}"
	tap_note "expected: $3 to $4"
	tap_note "got:      $2"
	return 1
}

# tap_timed NAME GOT LOW HIGH: like tap_within, for a value that depends on how busy
# the machine is. If a scenario fails only in such checks, qemu-tests/run repeats it
# with no other VM beside it.
tap_timed()
{
	tap_within "$@" " # timing"
}

# median NUMBER...
median()
{
	printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"
}

# tap_same NAME GOT-FILE WANT-FILE: shows the difference
tap_same()
{
	local diff

	if diff=$(diff -u "$3" "$2"); then
		tap_result 0 "$1"
		return
	fi
	tap_result 1 "$1"
	tap_note "$diff"
	return 1
}

# tap_skip NAME WHY
tap_skip()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count $1 # SKIP $2"
}

# run_selftest SKIPS CMD...: run a kselftest and indent its results below one of
# ours. A skip fails unless the regular expression SKIPS matches its reason.
run_selftest()
{
	local out status unexpected

	out=$(mktemp)
	"${@:2}" 2>&1 | tee "$out" | sed 's/^/    /'
	status=${PIPESTATUS[0]}
	if unexpected=$(grep '# SKIP' "$out" | grep -vE "# SKIP ($1)\$"); then
		tap_note "unexpected skips:"$'\n'"$unexpected"
		status=1
	fi
	rm "$out"
	return "$status"
}

# bail WHY: end the scenario with a failure
bail()
{
	tap_result 1 "scenario cannot go on: $*"
	exit 1
}

tap_end()
{
	local status=$?
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ] && [ "$tap_count" -gt 0 ] || status=1
	exit "$status"
}
trap tap_end EXIT

# --- documents ------------------------------------------------------------------

# documented RUN FILE NAME: execute the commands of a document, see
# lib/doc-commands, by the function RUN
documented()
{
	local commands command name

	commands=$(mktemp)
	/src/qemu-tests/lib/doc-commands "/src/$2" "$3" >"$commands" || bail "no commands"
	while IFS= read -r -d '' command <&4; do
		name=$(sed 's/ *#.*//' <<<"$command" | tr -s ' \t\n\\' ' ')
		tap_ok "${2##*/}, $1:${name% }" "$1" "$command" || bail "a documented command failed"
	done 4<"$commands"
	rm "$commands"
}

# --- time and waiting ---------------------------------------------------------

# set_now NAME: set the variable to the milliseconds since boot
set_now()
{
	local up

	read -r up _ </proc/uptime
	printf -v "$1" %d $((10#${up/./} * 10))
}

# now_ms: milliseconds since boot
now_ms()
{
	local ms

	set_now ms
	echo "$ms"
}

# nap SECONDS: sleep without a process, whose start takes long in an emulated
# machine
exec {never}<> <(:)
nap()
{
	read -r -t "$1" <&"$never" || :
}

# wait_for SECONDS CMD...: repeat CMD until it succeeds; fail after SECONDS. Use 60 for
# an event that must occur, because the machine may stall for seconds. Check the time
# until the event with tap_timed.
wait_for()
{
	local end now

	set_now end
	end=$((end + $1 * 1000 * SLOW))
	shift
	until "$@"; do
		set_now now
		[ "$now" -lt "$end" ] || return 1
		nap 0.05
	done
}

# --- module, cards and instances --------------------------------------------

# driver_is_gone: no driver of an unloaded module is in sysfs. With
# CONFIG_DEBUG_KOBJECT_RELEASE names stay for seconds after the removal.
driver_is_gone()
{
	[ ! -e "/sys/bus/pci/drivers/$DRIVER" ] && [ ! -e "/sys/bus/mdev/drivers/$DRIVER" ]
}

# load_module [PARAMETER=VALUE]...
load_module()
{
	local needs=(vfio vfio_iommu_type1 mdev irqbypass)

	wait_for 60 driver_is_gone || return
	# A separate module up to Linux 6.1
	[ "$KERNEL" != 6.1 ] || needs+=(vfio_virqfd)
	modprobe -a "${needs[@]}" || return
	insmod "$MODULE" "$@"
}

# signed_module KEY CERT: print the path of a copy of the module with a signature as
# DKMS makes it
signed_module()
{
	"/lib/modules/$(uname -r)/build/scripts/sign-file" sha256 "$1" "$2" \
		"/src/build/$KERNEL/$DRIVER/$DRIVER.ko" "/tmp/$DRIVER.ko" || return
	echo "/tmp/$DRIVER.ko"
}

unload_module()
{
	rmmod "$DRIVER"
}

# has_cdev: does this kernel create a device node per instance? Read from the
# kernel's configuration, because a missing node is a failure.
has_cdev()
{
	/src/qemu-tests/lib/kernel-has VFIO_DEVICE_CDEV
}

# Every device below a root port is a card, except the virtio devices of the VM and
# ports of switches. The cards are in the order of the scenario's header.
CARDS=()
for dev in "$PCI"/*; do
	# Beside a VM there is no device
	[ -e "$dev" ] || continue
	[ "${dev##*/0000:00:}" = "$dev" ] || continue
	[[ $(<"$dev/class") != 0x0604* ]] || continue
	[ "$(<"$dev/vendor")" = 0x1af4 ] || CARDS+=("${dev##*/}")
done
unset dev

# card_bdf N
card_bdf()
{
	echo "${CARDS[$1]}"
}

# bind_bdf BDF: bind the card; succeeds if the driver accepted it
bind_bdf()
{
	echo "$DRIVER" >"$PCI/$1/driver_override" || return
	echo "$1" >/sys/bus/pci/drivers_probe || return
	is_bound "$1"
}

# bind_card N: prints the bus address
bind_card()
{
	bind_bdf "${CARDS[$1]}" || return
	echo "${CARDS[$1]}"
}

is_bound()
{
	[ "$PCI/$1/driver" -ef "/sys/bus/pci/drivers/$DRIVER" ]
}

unbind_bdf()
{
	echo "$1" >"/sys/bus/pci/drivers/$DRIVER/unbind"
}

# port_of BDF: root port above the card
port_of()
{
	basename "$(dirname "$(readlink -f "$PCI/$1")")"
}

# Errors that a root port can report for the devices below it
NON_FATAL=4000	# completion timeout
FATAL=0010	# data link protocol error

# aer_inject STATUS PORT: inject an error, which the PCI core reports to every
# device below PORT. Needs the module aer_inject. A kernel without ASPM does not
# ask the firmware for error reporting, so it also needs "append:
# pcie_ports=native".
aer_inject()
{
	local hex

	# bus, device, function; uncorrectable and correctable status; the rest 0
	hex=00${2:8:2}0000${1:2:2}${1:0:2}0000$(printf %048d 0)
	printf '%b' "$(sed 's/../\\x&/g' <<<"$hex")" >/tmp/error
	# In one write
	cat /tmp/error >/dev/aer_inject
}

# mmap_status FILE [ADDRESS]: prints the error of mapping one page, or "mapped"
mmap_status()
{
	python3 - "$1" "${2-0}" <<-'PY'
		import errno, mmap, os, sys
		try:
		    fd = os.open(sys.argv[1], os.O_RDWR | os.O_SYNC)
		    mmap.mmap(fd, 4096, offset=int(sys.argv[2], 0))
		    print("mapped")
		except OSError as e:
		    print(errno.errorcode[e.errno])
	PY
}

# card_attr BDF NAME: value of an attribute in dfl/
card_attr()
{
	cat "$PCI/$1/dfl/$2"
}

# type_dir BDF TYPE
type_dir()
{
	echo "$PCI/$1/mdev_supported_types/$DRIVER-$2"
}

# type_at BDF POSITION: type of the block there; the type with its position if
# several blocks are alike
type_at()
{
	local type

	type=$(<"$PCI/$1/dfl/blocks/$2/type")
	[ ! -d "$(type_dir "$1" "$type-$2")" ] || type+=-$2
	echo "$type"
}

# types BDF: names of the types, without prefix, sorted
types()
{
	local dir

	for dir in "$PCI/$1/mdev_supported_types/$DRIVER"-*; do
		[ ! -d "$dir" ] || echo "${dir##*/"$DRIVER"-}"
	done | sort
}

# free_of BDF TYPE: available_instances
free_of()
{
	cat "$(type_dir "$1" "$2")/available_instances"
}

new_uuid()
{
	echo "$(</proc/sys/kernel/random/uuid)"
}

# create_mdev BDF TYPE [UUID]: prints the UUID; prints the error on stderr if it
# fails
create_mdev()
{
	local uuid=${3:-$(new_uuid)}

	echo "$uuid" >"$(type_dir "$1" "$2")/create" || return
	echo "$uuid"
}

# remove_mdev UUID
remove_mdev()
{
	echo 1 >"$MDEV/$1/remove"
}

# group_node UUID: device node of its VFIO group
group_node()
{
	echo "/dev/vfio/$(basename "$(readlink "$MDEV/$1/iommu_group")")"
}

# mdev_block UUID: position of its block
mdev_block()
{
	cat "$MDEV/$1/dfl/block"
}

# refusal CMD...: print the error text of a command that must fail, e.g. "No
# space left on device"; "success" if it does not fail
refusal()
{
	local text

	if text=$("$@" 2>&1); then
		echo success
	else
		echo "${text##*: }"
	fi
}

# --- the card's side ----------------------------------------------------------

# card_ask N JSON: send a request to the simulated card, set CARD_REPLY. A port can
# be open once at a time, so that concurrent requests wait for each other. No
# process is started, because that is slow in an emulated machine.
card_ask()
{
	local port=/dev/virtio-ports/card$1

	[ -e "$port" ] || return
	CARD_REPLY=
	until {
		{
			printf '%s\n' "$2" >&3
			IFS= read -r -t 60 CARD_REPLY <&3 || :
		} 3<>"$port"
	} 2>/dev/null; do
		nap 0.02
	done
}

# card_ctl N JSON: send a request to the simulated card, print the reply
card_ctl()
{
	card_ask "$@" && printf '%s\n' "$CARD_REPLY"
}

# card_do N OP [JSON-MEMBERS]: succeeds if the card reports success
card_do()
{
	card_ask "$1" "{\"op\":\"$2\"${3:+,$3}}" && [[ $CARD_REPLY =~ \"ok\":\ *true ]]
}

# card_stat N FILTER: statistics of the card, filtered by jq
card_stat()
{
	card_ask "$1" '{"op":"stats"}' || return
	# One of the counters, which come before the list of blocks
	if [[ $2 =~ ^\.([a-z_]+)$ && $CARD_REPLY =~ \"${BASH_REMATCH[1]}\":\ *([0-9]+|true|false) ]]; then
		echo "${BASH_REMATCH[1]}"
	else
		jq -r "$2" <<<"$CARD_REPLY"
	fi
}

# block_stat N POS NAME: one counter of the block at POS (b0-o2000). Starts no
# process, because loops call it.
block_stat()
{
	local bar=${2%%-*} block

	block="\"bar\":${bar#b},\"offset\":\"0x${2##*-o}\",[^}]*\"$3\":([0-9]+)"
	card_ask "$1" '{"op":"stats"}' && [[ $CARD_REPLY =~ $block ]] || return
	echo "${BASH_REMATCH[1]}"
}

# card_peek N BAR OFFSET: value of a register, read without side effects
card_peek()
{
	local reply

	reply=$(card_ctl "$1" "{\"op\":\"peek\",\"bar\":$2,\"offset\":\"$3\"}")
	[[ $reply =~ \"value\":\ *\"(0x[0-9a-f]+)\" ]] || return
	echo "${BASH_REMATCH[1]}"
}

# card_poke N BAR OFFSET VALUE
card_poke()
{
	card_do "$1" poke "\"bar\":$2,\"offset\":\"$3\",\"value\":\"$4\""
}

# card_mark N TEXT: write a line into the card's log
card_mark()
{
	card_do "$1" mark "\"text\":\"$2\""
}

# card_log N FILTER: lines of the card's log, filtered by jq
card_log()
{
	jq -c "$2" "/out/card$1.jsonl"
}

# --- users ----------------------------------------------------------------------
#
# A client is a process that uses an instance and runs commands, see
# selftests/client_user.c.

declare -A CLIENT_PID CLIENT_IN CLIENT_OUT
client_count=0

# client_start NAME UUID
client_start()
{
	local in out fifo=/tmp/client.$BASHPID.$((client_count++))

	mkfifo "$fifo.in" "$fifo.out"
	"$CLIENT" "$2" <"$fifo.in" >"$fifo.out" &
	CLIENT_PID[$1]=$!
	exec {in}>"$fifo.in" {out}<"$fifo.out"
	CLIENT_IN[$1]=$in CLIENT_OUT[$1]=$out
	[ "$(client_reply "$1")" = ready ]
}

# client_send NAME COMMAND...: send a command, do not wait for its reply
client_send()
{
	local name=$1

	shift
	echo "$*" >&"${CLIENT_IN[$name]}"
}

# client_reply NAME [SECONDS]: print the reply to the oldest command without one
client_reply()
{
	local reply

	if IFS= read -r -t "$((${2:-30} * SLOW))" reply <&"${CLIENT_OUT[$1]}"; then
		printf '%s\n' "$reply"
	else
		echo "no reply"
	fi
}

# client NAME COMMAND...: run a command, print its reply. "wait" for an eventfd that must
# be signalled has a limit of 20000 ms, which is below that of client_reply.
client()
{
	client_send "$@"
	client_reply "$1"
}

# client_end NAME: have the client close everything, and wait for its end
client_end()
{
	local in=${CLIENT_IN[$1]} out=${CLIENT_OUT[$1]}

	# Clients started later inherit the pipe, so closing it does not end
	# this client
	echo quit >&"$in"
	wait "${CLIENT_PID[$1]}"
	exec {in}>&- {out}<&-
}

# --- kernel log -------------------------------------------------------------------

# log_mark: messages from here on are "new"
log_mark()
{
	LOG_MARK="scenario: mark $((log_marks++))"
	echo "$LOG_MARK" >/dev/kmsg
}

# log_grep ARGUMENT...: grep in the lines logged since log_mark
log_grep()
{
	dmesg | awk -v mark="$LOG_MARK\$" 'seen; $0 ~ mark { seen = 1 }
		END { if (!seen) print "the log no longer has the mark" }' |
		grep "$@" || :
}

# log_new [REGEX]: print the lines logged since log_mark
log_new()
{
	log_grep -E -- "${1-}"
}

# log_count REGEX: number of lines since log_mark that match
log_count()
{
	log_grep -cE -- "$1"
}
log_marks=0
log_mark
