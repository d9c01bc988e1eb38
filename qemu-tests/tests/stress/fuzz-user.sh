#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: hostile clients get the right errors, and neither read nor reach another block (invariants 2, 3, 4, 7, 10)
# cards: lab
# kernels:
# more: 6.1 6.12 7.3
# debug: debug kcsan
# timeout: 400
#
# SEEDS, OPS (of each user), THREADS; ARGS of vfio_fuzz_user.

. /src/qemu-tests/tests/lib.sh

FUZZ=/src/build/selftests/vfio_fuzz_user
SEEDS=${SEEDS:-1 2}
slow=$SLOW
[ "$KERNEL" != kcsan ] || slow=2
OPS=${OPS:-$((16000 / slow))}
THREADS=${THREADS:-3}
ARGS=${ARGS:-}
# The instrumented module reports which code is reached: many more blocks than
# this, if it works
kcov=()
[ "$KERNEL" != debug ] || kcov=(--kcov)
BLOCKS=400

# Blocks to attack: AFU with vectors and reset, block of a page, neighbour on
# one page, UART
positions=(b2-o40000 b0-o2000 b0-o14800 b0-o15000)
# The same as "bar":N,"offset":"0x..." of the card's log
windows='"bar":2,"offset":"0x4[0-9a-f]{4}"'
windows+='|"bar":0,"offset":"0x(2[0-9a-f]{3}|14[89a-f][0-9a-f]{2}|15[0-9a-f]{3})"'
# Registers of other blocks, filled with a word that no client writes
canaries=(2:0xc0028 2:0xc1000 2:0xc1ff8 2:0x28 0:0x3028 0:0x14028 0:0x18028)

# said_of WHAT: value from the last line of the output, or 0
said_of()
{
	local number

	number=$(sed -nE "/^operations /s/.*\<$1 ([0-9]+).*/\1/p" <<<"$said")
	echo "${number:-0}"
}

# fuzz NAME ARGS...: run the fuzzer once
fuzz()
{
	local name=$1 said kept status=0

	card_mark 0 "$name"
	# shellcheck disable=SC2086 # several
	said=$("$FUZZ" "${kcov[@]}" "${@:2}" $ARGS "${uuids[@]}" 2>&1) ||
		status=$?
	tap_note "$said"
	kept=$(sed -n '/^# the same again: /{s//ARGS=/p;q}' <<<"$said")
	[ "$status" = 0 ] || tap_note "again: qemu-tests/run --kernel $KERNEL --set SEEDS=$seed --set OPS=$OPS --set THREADS=$THREADS ${kept:+--set $kept }fuzz-user"
	tap_ok "$name: every result was right" test "$status" = 0
	total=$((total + $(said_of operations)))
	ioctls=$((ioctls + $(said_of ioctls)))
	[ ${#kcov[@]} = 0 ] ||
		tap_within "$name: number of basic blocks reached in the module" \
			"$(said_of blocks)" $BLOCKS 100000
}

load_module opt_in=uart,tod || bail "no module"
bdf=$(bind_card 0) || bail "the card does not bind"
uuids=()
for pos in "${positions[@]}"; do
	uuids+=("$(create_mdev "$bdf" "$(type_at "$bdf" "$pos")")") ||
		bail "no instance at $pos"
done
for at in "${canaries[@]}"; do
	card_poke 0 "${at%:*}" "${at#*:}" 0xbadc0de0badc0de0 ||
		bail "no canary at $at"
done
card_do 0 log-irqs '"on":false'
blocks=$(printf ',"%s"' "${positions[@]}")
card_do 0 own "\"blocks\":[${blocks:1}]" || bail "the card does not watch the blocks"

tap_note "seeds: $SEEDS"
total=0
ioctls=0
begun=$(now_ms)
for seed in $SEEDS; do
	fuzz "seed $seed, alone" --seed "$seed" --ops "$OPS"
	fuzz "seed $seed, $THREADS threads" --seed "$seed" --ops "$OPS" \
		--threads "$THREADS" --fds 4
	! has_cdev ||
		fuzz "seed $seed, character device" --seed "$seed" \
			--ops "$OPS" --cdev
done
took=$(($(now_ms) - begun))
tap_figure "$total operations, of them $ioctls ioctls, in $took ms, seeds $SEEDS"
tap_within "fuzzer: number of operations" \
	"$total" $((OPS * ${#positions[@]})) 1000000000
tap_is "card: no access outside of the assigned blocks" \
	"$(grep '"ev":"access"' /out/card0.jsonl | grep -vcE "$windows")" 0
for at in "${canaries[@]}"; do
	tap_is "canary at $at: value is unchanged" \
		"$(card_peek 0 "${at%:*}" "${at#*:}")" \
		0xbadc0de0badc0de0
done
tap_is "card: bus master was never on" "$(card_stat 0 .bus_master_on_count)" 0
for uuid in "${uuids[@]}"; do
	remove_mdev "$uuid"
done
tap_ok "card: unbinds" unbind_bdf "$bdf"
tap_ok "module: unloads" unload_module
