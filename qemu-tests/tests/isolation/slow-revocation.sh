#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: a client that makes revocation of its access slow does not delay revocation for its neighbour, and never costs it the card (invariants 6, 9)
# cards: irq4
# kernels: 7.3
# more: 6.1 6.12
# timeout: 500
#
# PROCESSES, MAPPINGS: of the attacker. KINDS: of attacks; "none" is first.

. /src/qemu-tests/tests/lib.sh

ATTACK=/src/build/selftests/attack_user
PROCESSES=${PROCESSES:-20}
MAPPINGS=${MAPPINGS:-60000}
KINDS=${KINDS:-none maps churn throttled all}
SCRATCH=0x28
PARAMETERS=/sys/module/$DRIVER/parameters
GROUP=/run/cgroup/slow

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

# --- attackers --------------------------------------------------------------------

attacker=

# attack_start KIND: prints how many mappings the attacker has made
attack_start()
{
	local out

	out=$(mktemp -u)
	mkfifo "$out"
	"$ATTACK" "$attacked" "$1" "$PROCESSES" "$MAPPINGS" >"$out" &
	attacker=$!
	read -r -t $((300 * SLOW)) _ made <"$out" || bail "attacker $1 does not start"
	rm "$out"
}

# throttle: 1 ms of each second remains for all processes of the attacker together
throttle()
{
	local pid

	for pid in $(pgrep -f "$ATTACK"); do
		echo "$pid" >"$GROUP/cgroup.procs"
	done
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
	echo "max 100000" >"$GROUP/cpu.max"
	[ -z "$attacker" ] || kill "$attacker"
	[ -z "$attacker" ] || wait "$attacker" 2>/dev/null
	attacker=
}

# --- the neighbour -----------------------------------------------------------------

# setup KIND: two instances are open, the neighbour reads its mapping in a loop
setup()
{
	bind_bdf "$bdf" || bail "card cannot be bound"
	attacked=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
	neighbour=$(create_mdev "$bdf" afu-d8424dc4) || bail "no second instance"
	client_start neighbour "$neighbour" || bail "neighbour cannot open"
	client neighbour map >/dev/null
	attack "$1"
	loop_start=$(now_ms)
	client_send neighbour mloop $SCRATCH 300000
	sleep 0.2
	started=$(now_ms)
}

# revoked_after: ms from "started" until the neighbour's mapping was revoked
revoked_after()
{
	local word

	word=$(client_reply neighbour 300)
	[ "${word%% *}" = SIGBUS ] || bail "neighbour got: $word"
	word=$((loop_start + ${word##* } - started))
	echo $((word > 0 ? word : 0))
}

teardown()
{
	attack_end
	client_end neighbour
	if is_bound "$bdf"; then
		remove_mdev "$attacked"
		remove_mdev "$neighbour"
		unbind_bdf "$bdf"
	fi
}

# within KIND NAME MS: not much more than without an attacker. Processes that churn
# take CPU time from the scenario as well; those that only have mappings do not.
within()
{
	local slack=2000

	[ "$1" != none ] || base[$2]=$3
	[[ $1 != none && $1 != maps ]] || slack=300
	tap_within "$1: ms until $2" "$3" 0 $((base[$2] * 12 / 10 + slack * SLOW))
}

try_reset()
{
	local reply

	setup "$1"
	echo 1 >"$PCI/$bdf/reset"
	within "$1" "a function reset has ended" $(($(now_ms) - started))
	tap_is "$1: card is usable after a function reset" \
		"$(card_attr "$bdf" gone)" 0
	client_send neighbour mread $SCRATCH
	reply=$(client_reply neighbour)
	tap_like "$1: neighbour reads on after a function reset" "$reply" '^reads'
	client_reply neighbour >/dev/null
	teardown
}

try_unbind()
{
	local unbinding

	setup "$1"
	unbind_bdf "$bdf" &
	unbinding=$!
	within "$1" "unbinding has revoked access" "$(revoked_after)"
	teardown
	tap_ok "$1: unbinding ends" wait "$unbinding"
}

try_loss()
{
	setup "$1"
	card_do 0 vanish || bail "card cannot vanish"
	started=$(now_ms)
	# The audit checks every 500 ms
	tap_within "$1: ms until loss of the card has revoked access" \
		"$(revoked_after)" 0 $((3000 * SLOW))
	card_do 0 return || bail "card cannot return"
	teardown
}

declare -A base
for kind in $KINDS; do
	try_reset $kind
	try_unbind $kind
	try_loss $kind
	tap_figure "$kind: the attacker had $made mappings"
	tap_within "$kind: number of mappings of the attacker" "$made" 0 1024
done
tap_ok "module unloads" unload_module
