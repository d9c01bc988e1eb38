#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: a client that makes revocation of its access slow does not delay revocation for its neighbour, and never costs it the card (invariants 6, 9)
# cards: irq4
# kernels: 7.3
# more: 6.1 6.12 6.12-rt
# timeout: 1200
# mem: 1G
#
# PROCESSES, MAPPINGS: of the attacker. KINDS: of attacks; "none" is first.
# ROUNDS: rounds of a measurement without attackers; with attackers up to twice as
# many. The best round counts.

. /src/qemu-tests/tests/lib.sh

ATTACK=/src/build/selftests/attack_user
PROCESSES=${PROCESSES:-20}
MAPPINGS=${MAPPINGS:-60000}
KINDS=${KINDS:-none maps churn throttled all}
ROUNDS=${ROUNDS:-3}
# Seconds after which the throttling ends
RELIEF=15
SCRATCH=0x28
PARAMETERS=/sys/module/$DRIVER/parameters
GROUP=/run/cgroup/slow
TRACE=/sys/kernel/tracing

# Delays by locks are measured, not the competition for CPU time. The attackers
# run on CPU 1, and a busy loop while there are none, so that the machine of the VM
# always has the same load. All else runs on CPU 0.
taskset -p 1 $$ >/dev/null || bail "cannot run on CPU 0"
echo 1 >/sys/devices/virtual/workqueue/cpumask || bail "work items choose their CPU"
nice -n 19 taskset -c 1 bash -c 'while :; do :; done' &
spinner=$!

load_module || bail "module cannot be loaded"
# Revocation is measured, not the time that clients get before it
for name in loss_grace_ms release_grace_ms; do
	echo 0 >"$PARAMETERS/$name" || bail "no parameter $name"
done
bdf=$(card_bdf 0)
mkdir -p /run/cgroup
mount -t cgroup2 none /run/cgroup || bail "no control groups"
echo +cpu >/run/cgroup/cgroup.subtree_control
mkdir "$GROUP" || bail "no control group"
[ -e "$TRACE/trace" ] || mount -t tracefs trace "$TRACE" || bail "no tracing"
echo mono >"$TRACE/trace_clock"
echo 1 >"$TRACE/events/$DRIVER/vdfl_revoke/enable" || bail "no tracepoint"

# --- attackers --------------------------------------------------------------------

attacker=
relief=

# attack_start KIND: prints how many mappings the attacker has made
attack_start()
{
	local out

	out=$(mktemp -u)
	mkfifo "$out"
	taskset -c 1 "$ATTACK" "$attacked" "$1" "$PROCESSES" "$MAPPINGS" >"$out" &
	attacker=$!
	read -r -t $((300 * SLOW)) _ made <"$out" || bail "attacker $1 does not start"
	rm "$out"
}

unthrottle()
{
	echo "max 100000" >"$GROUP/cpu.max"
}

# throttle: limit all processes of the attacker together to 1 ms of each second, for
# RELIEF seconds. Before 6.18 the kernel also throttles a task that holds
# i_mmap_rwsem, and the end of a reset waits for this lock. The relief is created
# before the throttling and starts no process: the start could wait for such a task.
throttle()
{
	local pid

	for pid in $(pgrep -f "$ATTACK"); do
		echo "$pid" >"$GROUP/cgroup.procs"
	done
	{ nap $RELIEF; unthrottle; } &
	relief=$!
	echo "1000 1000000" >"$GROUP/cpu.max"
}

attack()
{
	made=0
	case $1 in
	none) ;;
	throttled)
		attack_start churn
		throttle
		;;
	all)
		attack_start both
		throttle
		;;
	*) attack_start "$1" ;;
	esac
}

attack_end()
{
	[ -z "$relief" ] || kill "$relief" 2>/dev/null
	relief=
	unthrottle
	[ -z "$attacker" ] || kill "$attacker"
	[ -z "$attacker" ] || wait "$attacker" 2>/dev/null
	attacker=
}

# --- clients -----------------------------------------------------------------------

loop_start=
started=

# setup KIND: the neighbour reads its mapping in a loop, and one more client has
# trapped reads. From the throttling to the end of the measurement, the scenario starts
# no process: the start could wait for a throttled attacker.
setup()
{
	bind_bdf "$bdf" || bail "card cannot be bound"
	attacked=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
	neighbour=$(create_mdev "$bdf" afu-d8424dc4) || bail "no second instance"
	trapped=$(create_mdev "$bdf" afu-d8424dc4) || bail "no third instance"
	client_start neighbour "$neighbour" || bail "neighbour cannot open"
	client_start trapped "$trapped" || bail "third client cannot open"
	client neighbour map >/dev/null
	attack "$1"
	set_now loop_start
	client_send neighbour mloop $SCRATCH 300000
	client_send trapped loop $SCRATCH 300000
	nap 0.2
}

# start: the operation that is measured begins
start()
{
	: >"$TRACE/trace"
	set_now started
}

# await_sigbus: set "took" to the ms from start() until the neighbour got SIGBUS
await_sigbus()
{
	local word

	IFS= read -r -t $((300 * SLOW)) word <&"${CLIENT_OUT[neighbour]}" || word="no reply"
	[ "${word%% *}" = SIGBUS ] || bail "neighbour got: $word"
	took=$((loop_start + ${word##* } - started))
	[ "$took" -gt 0 ] || took=0
}

# revoked_after: ms from start() until no mapping of the neighbour had a PTE
revoked_after()
{
	awk -v uuid="$neighbour" -v start="$started" '
		index($0, uuid) {
			match($0, /[0-9]+\.[0-9]+: vdfl_revoke/)
			ms = substr($0, RSTART) * 1000 - start
			print int(ms > 0 ? ms : 0)
			exit
		}' "$TRACE/trace"
}

teardown()
{
	attack_end
	client_end neighbour
	client_end trapped
	if is_bound "$bdf"; then
		remove_mdev "$attacked"
		remove_mdev "$neighbour"
		remove_mdev "$trapped"
		unbind_bdf "$bdf"
	fi
}

# --- what is measured --------------------------------------------------------------

# try_reset KIND: also verifies that the card is not lost
try_reset()
{
	setup "$1"
	start
	echo 1 >"$PCI/$bdf/reset"
	set_now lasted
	lasted=$((lasted - started))
	took=$(revoked_after)
	gone=$(card_attr "$bdf" gone)
	client_send neighbour mread $SCRATCH
	reply=$(client_reply neighbour 300)
	client_reply neighbour >/dev/null
	client trapped mread 0 >/dev/null
	client_reply trapped >/dev/null
	teardown
}

# try_unbind KIND: the process that unbinds the card is created before the attack,
# and waits for the start
try_unbind()
{
	local unbinding go

	exec {go}<> <(:)
	{ read -r _ <&"$go" && unbind_bdf "$bdf"; } &
	unbinding=$!
	setup "$1"
	start
	echo >&"$go"
	await_sigbus
	exec {go}>&-
	teardown
	wait "$unbinding" || bail "unbinding fails"
}

# try_loss KIND: the card is checked at once, because a trapped read returns all-ones
try_loss()
{
	local port

	setup "$1"
	exec {port}<>/dev/virtio-ports/card0
	start
	# No process is started here: on a busy machine that takes longer than the loss
	echo '{"op":"vanish"}' >&"$port"
	await_sigbus
	exec {port}>&-
	card_do 0 return || bail "card cannot return"
	teardown
}

# bound KIND OPERATION: most ms that it may take
bound()
{
	if [ "$1" = none ]; then
		echo 0
	else
		echo $((base[$2] * 12 / 10 + 100 * SLOW))
	fi
}

# measure KIND OPERATION: set best to the shortest time of all rounds. A busy machine
# can delay a round, so with attackers rounds follow until one is within the bound.
measure()
{
	local round rounds=$((2 * ROUNDS))

	best=999999
	[ "$1" != none ] || rounds=$ROUNDS
	for ((round = 0; round < rounds; round++)); do
		"try_$2" "$1"
		[ "${took:-999999}" -ge "$best" ] || best=$took
		[ "$best" -gt "$(bound "$1" "$2")" ] || break
	done
	[ "$1" != none ] || base[$2]=$best
}

declare -A base
for kind in $KINDS; do
	measure $kind reset
	row="revoked by a reset after $best ms (which took $lasted ms)"
	tap_is "$kind: card is usable after a function reset" "$gone" 0
	tap_like "$kind: neighbour reads on after a function reset" "$reply" '^reads'
	[ $kind = none ] || tap_timed "$kind: ms until a function reset has revoked access" \
		"$best" 0 "$(bound $kind reset)"
	for operation in unbind loss; do
		measure $kind $operation
		row+=", $operation $best ms"
		[ $kind = none ] || tap_timed "$kind: ms until $operation has revoked access" \
			"$best" 0 "$(bound $kind $operation)"
	done
	tap_figure "$kind: $row; the attacker had $made mappings"
	tap_within "$kind: number of mappings of the attacker" "$made" 0 1024
done
kill "$spinner"
tap_ok "module unloads" unload_module
