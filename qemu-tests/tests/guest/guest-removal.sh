#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: a card that vanishes or is removed under guests and other clients, and comes back; resets of the card, and orderly removal, with guests at work (invariant 9)
# cards: lab
# needs: guest
# kernels: 7.3
# more: 6.1 6.12
# cpu: max,+svm
# mem: 1536M
# timeout: 600

. /src/qemu-tests/tests/lib.sh
. /src/qemu-tests/lib/guest.sh

AFU=b2-o40000 OTHER=b2-oc0000
GUEST_REG=0x40028 OTHER_REG=0xc0028
RESETS=50
[ "$KERNEL" = 7.3 ] || RESETS=10
SCRATCH=0x28
BOUND_MS=$((2000 * SLOW))
GRACE_MS=1000
# A card that does not respond is declared lost after that time
LOSS_GRACE_MS=3000
FOREVER_MS=1000000

# guest_here NAME: bind the card and start a guest of that name with one block
guest_here()
{
	local uuid

	tap_ok "$1: the card binds" bind_bdf "$bdf" || bail "no card"
	uuid=$(create_mdev "$bdf" afu-d8424dc4-$AFU) || bail "no instance"
	guest_metal "$1" kvm "$uuid"
	guest_up "$1" 60 >/dev/null || no_guest "$1"
	tap_is "$1: the guest can read the block" "$(guest "$1" r 0 48 8)" \
		1122334455667788
}

# users_start NAME: start the load: the guest, two clients with a mapping, and
# one client that reads trapped registers
users_start()
{
	client_start mapper "$(create_mdev "$bdf" afu-d8424dc4)" &&
		client_start other "$(create_mdev "$bdf" hssi)" &&
		client_start reader "$(create_mdev "$bdf" eth-group-b0-o14000)" ||
		bail "a user cannot open"
	tap_is "$1: pages are mapped" "$(client mapper map) $(client other map)" \
		"65536 4096"
	log_mark
	guest_tell "$1" hammer
	client_send mapper mloop $SCRATCH $FOREVER_MS
	client_send other mloop 0x8 $FOREVER_MS
	client_send reader pace 0x8 $FOREVER_MS
	tap_ok "$1: the guest accesses the block" wait_for 60 moves
}

# moves: does the register written by the guest change?
moves()
{
	local before

	before=$(card_peek 0 2 $GUEST_REG)
	sleep 0.1
	[ "$(card_peek 0 2 $GUEST_REG)" != "$before" ]
}

# stopped NAME: wait until QEMU reports that it has stopped the guest
stopped()
{
	local line

	while IFS= read -r -t 30 line <&"${GUEST_TOLD[$1]}"; do
		[[ $line != *'"STOP"'* ]] || return 0
	done
	return 1
}

# guest_knows NAME: has QEMU received ERR? QEMU may have stopped the guest
# earlier, for an access to a revoked mapping.
guest_knows()
{
	[[ $(guest_words "$1") == *"Unrecoverable error detected"* ]]
}

# users_told NAME SINCE WHY EARLIEST: check that all clients have lost the card in
# time, and the first one not before EARLIEST ms. No process is started before the
# time is read: on a busy machine that would take longer than everything else.
users_told()
{
	local mapper other reader first stopped=0

	mapper=$(client_reply mapper)
	first=$(($(now_ms) - $2))
	other=$(client_reply other)
	reader=$(client_reply reader)
	stopped "$1" || stopped=$?
	tap_timed "$1: ms until all clients have lost access" \
		$(($(now_ms) - $2)) \
		0 $((BOUND_MS + $4))
	tap_timed "$1: ms until the first client has lost access" "$first" \
		"$4" $((BOUND_MS + $4))
	tap_like "$1: the mapping raises SIGBUS" "$mapper" '^SIGBUS'
	tap_like "$1: the mapping of the other client raises SIGBUS" \
		"$other" '^SIGBUS'
	tap_like "$1: read() of a client fails with EIO" "$reader" '^error EIO'
	tap_is "$1: QEMU stops the guest" "$stopped" 0
	tap_ok "$1: QEMU reports an unrecoverable error" \
		wait_for 60 guest_knows "$1"
	tap_is "$1: one log line of the driver" \
		"$(log_new "$DRIVER $bdf: " | sed 's/.*: //; /^Unregistering$/d')" \
		"card lost ($3), access revoked"
}

clients_end()
{
	client_end mapper
	client_end other
	client_end reader
}

finished()
{
	! kill -0 "$1" 2>/dev/null
}

# qemu_ends NAME SIGNAL
qemu_ends()
{
	kill "-$2" "${GUEST_PID[$1]}"
	# The shell reports processes that were killed
	tap_ok "$1: QEMU ends by SIG$2" wait_for 60 finished "${GUEST_PID[$1]}" \
		2>/dev/null || bail "QEMU cannot be ended"
	guest_end "$1"
}

load_module || bail "no module"
nested_kvm || bail "no KVM"
bdf=$(card_bdf 0)

# --- the card vanishes -------------------------------------------------------------

guest_here vanish
users_start vanish
exec {port}<>/dev/virtio-ports/card0
start=$(now_ms)
echo '{"op":"vanish"}' >&"$port"
users_told vanish "$start" "no response" $LOSS_GRACE_MS
exec {port}>&-
clients_end
qemu_ends vanish TERM
start=$(now_ms)
tap_ok "vanish: the card can be unbound" unbind_bdf "$bdf"
tap_timed "vanish: ms to unbind" $(($(now_ms) - start)) 0 "$BOUND_MS"
card_do 0 return || bail "the card cannot return"

# --- it is there again: scanned for, and removed, in use ---------------------------------

guest_here remove
users_start remove
flr=$(card_stat 0 .flr)
for i in 1 2 3; do
	echo 1 >/sys/bus/pci/rescan
	tap_ok "rescan $i: the guest accesses the block" wait_for 60 moves
done
for name in mapper other reader; do
	tap_fails "rescan: client $name still has access" \
		read -r -t 0 <&"${CLIENT_OUT[$name]}"
done
tap_is "rescan: no function reset" "$(card_stat 0 .flr)" "$flr"
tap_is "rescan: no log line of the driver" "$(log_new "$DRIVER $bdf")" ""

# Accesses wait for the reset. A fault that failed would stop the guest.
tap_ok "function reset: succeeds" eval "echo 1 >'$PCI/$bdf/reset'"
tap_ok "function reset: the guest accesses the block" wait_for 60 moves
for name in mapper other reader; do
	tap_fails "function reset: client $name still has access" \
		read -r -t 0 <&"${CLIENT_OUT[$name]}"
done
tap_is "function reset: no log line of the driver" \
	"$(log_new "$DRIVER $bdf")" ""

echo $GRACE_MS >"$PCI/$bdf/dfl/release_grace_ms"
start=$(now_ms)
(echo 1 >"$PCI/$bdf/remove") &
removing=$!
users_told remove "$start" "unbind" $GRACE_MS
clients_end
tap_fails "remove: waits for QEMU" finished $removing
qemu_ends remove KILL
tap_ok "remove: ends when QEMU has ended" wait_for 60 finished $removing
tap_fails "remove: no PCI function is left" test -e "$PCI/$bdf"
echo 1 >/sys/bus/pci/rescan
tap_ok "remove, rescan: the PCI function is back" test -e "$PCI/$bdf"

# --- as good as new ----------------------------------------------------------------------

guest_here returned
returned=$(<"$PCI/$bdf/dfl/blocks/$AFU/instance")
trapped=$(create_mdev "$bdf" afu-d8424dc4-$OTHER) || bail "no other instance"
echo off >"$MDEV/$trapped/dfl/mmap" || bail "mappings cannot be disallowed"
guest_metal trapped tcg "$trapped"
guest_up trapped 60 >/dev/null || no_guest trapped

# --- resets of the card while guests are at work ---------------------------------------

# status NAME: print the status of the guest from QEMU's monitor
status()
{
	guest_monitor "$1" info status
}

declare -A last

# worked: has each guest written its register since the last call? A reset clears
# them.
worked()
{
	local reg value

	for reg in $GUEST_REG $OTHER_REG; do
		value=$(card_peek 0 2 $reg)
		[ "$value" != 0x0 ] && [ "$value" != "${last[$reg]-}" ] || return
		last[$reg]=$value
	done
}

guest_tell returned release 400
guest_tell trapped release 80
generation=$(card_attr "$bdf" generation)
start=$(now_ms)
for ((n = 0; n < RESETS; n++)); do
	wait_for 60 worked || break
	echo 1 >"$PCI/$bdf/reset" || break
done
tap_figure "$n resets with two guests at work took $(($(now_ms) - start)) ms"
tap_is "resets: both guests work on after each" "$n" $RESETS
tap_ok "resets: both guests work on after the last" wait_for 60 worked
tap_is "resets: generation counts each" \
	"$(($(card_attr "$bdf" generation) - generation))" $RESETS

# --- guests that release their blocks on request ----------------------------------------

# orderly_end NAME VERB...: a removal by vdflctl requests the guest to release its
# block, and waits. The grace is far longer than the guest needs on a busy machine.
orderly_end()
{
	local name=$1 removing start

	shift
	start=$(now_ms)
	"$VDFLCTL" "$1" --grace 600000 "${@:2}" >"/tmp/$name" 2>&1 &
	removing=$!
	tap_ok "$name: the guest releases the block" wait_for 60 finished $removing
	tap_figure "$name: released $(($(now_ms) - start)) ms after vdflctl $1"
	tap_is "$name: the guest is not stopped" "$(status "$name")" \
		"VM status: running"
	finished $removing || bail "$name: vdflctl $1 would wait for the guest without end"
	tap_ok "$name: vdflctl $1 succeeds" wait $removing || tap_note "$(<"/tmp/$name")"
	# Once QEMU has closed the device, it and VFIO race to undo the group: VFIO may
	# have taken it out of the container, with all its DMA mappings. A QEMU
	# without KVM has nothing to undo in KVM.
	GUEST_FACTS["$name"]+="|error disconnecting group [0-9]+ from container"
	GUEST_FACTS["$name"]+="|vfio_container_dma_unmap\\(.*\\) = -22 \\(Invalid argument\\)"
	GUEST_FACTS["$name"]+="|group ID [0-9]+: KVM VFIO device isn't created yet"
	tap_is "$name: QEMU reports no error" "$(guest_words "$name")" ""
	tap_ok "$name: the guest accesses the block until it releases it" \
		guest_answer "$name"
	guest_end "$name"
}

orderly_end returned remove --wait "$returned"
tap_fails "returned: the instance is gone" test -e "$MDEV/$returned"
orderly_end trapped unbind --force "$bdf"
tap_fails "trapped: the instance is gone" test -e "$MDEV/$trapped"
tap_fails "trapped: the card is unbound" is_bound "$bdf"
tap_is "card: bus master was never on" "$(card_stat 0 .bus_master_on_count)" 0
tap_is "card: no stray access" "$(card_stat 0 .stray)" 0
tap_ok "module: unloads" unload_module
