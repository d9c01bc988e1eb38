#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: losing the card or an instance ends in bounded time, whoever uses it (invariant 9)
# cards: lab
# kernels: 6.1 6.12 7.3
# debug: debug kcsan

. /src/qemu-tests/tests/lib.sh

SCRATCH=0x28
BOUND_MS=$((2000 * SLOW))

# One line, not one per user, says that a card is lost
lost='taken from its users'

mapper=
poller=
reader=

# polls NAME: is the client asleep in poll()?
polls()
{
	local number

	read -r number _ <"/proc/${CLIENT_PID[$1]}/syscall"
	[ "$number" = 7 ]
}

# reads_more NUMBER: has the reader read so often, and again?
reads_more()
{
	[ "$(block_stat 0 "$(mdev_block "$reader")" reads)" -gt "$1" ]
}

# users_start: three of them. "mapper" has a mapping, "poller" waits for ERR and
# REQ, "reader" reads and reads.
users_start()
{
	local reads

	mapper=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
	poller=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
	reader=$(create_mdev "$bdf" hssi) || bail "no instance"
	client_start mapper "$mapper" || bail "a user cannot open"
	client_start poller "$poller" || bail "a user cannot open"
	client_start reader "$reader" || bail "a user cannot open"
	tap_is "$1: a page is mapped" "$(client mapper map)" 65536
	client mapper arm err >/dev/null
	client mapper arm req >/dev/null
	client mapper mwrite $SCRATCH 0x1234 >/dev/null
	tap_is "$1: the mapping works" "$(client mapper mread $SCRATCH)" 0x1234
	tap_is "$1: ERR can be armed" "$(client poller arm err)" ok
	tap_is "$1: REQ can be armed" "$(client poller arm req)" ok
	# The poller answers when it is over: it sleeps in poll() until then
	client_send poller wait err 20000
	client_send poller wait req 20000
	reads=$(block_stat 0 "$(mdev_block "$reader")" reads)
	client_send reader loop 0x8 20000
	tap_ok "$1: a user sleeps in poll()" wait_for 5 polls poller
	tap_ok "$1: a user reads" wait_for 5 reads_more "$reads"
}

# users_told NAME SINCE: everybody knows, and in time; without another process to
# start, which takes a busy machine longer than all the rest
users_told()
{
	local reader err req

	reader=$(client_reply reader)
	err=$(client_reply poller)
	req=$(client_reply poller)
	tap_within "$1: ms until all of them knew" $(($(now_ms) - $2)) \
		0 "$BOUND_MS"
	tap_like "$1: the reading user gets EIO" "$reader" '^error EIO'
	tap_like "$1: ERR fired" "$err" '^fired'
	tap_like "$1: REQ fired" "$req" '^fired'
	tap_is "$1: the mapping is gone" "$(client mapper mread $SCRATCH)" SIGBUS
	tap_is "$1: reading fails" "$(client mapper read $SCRATCH 8)" "error EIO"
	tap_is "$1: writing fails" "$(client mapper write $SCRATCH 8 1)" \
		"error EIO"
}

users_end()
{
	client_end mapper
	client_end poller
	client_end reader
}

finished()
{
	! kill -0 "$1" 2>/dev/null
}

# unmapped NAME: is the client's mapping gone?
unmapped()
{
	[ "$(client "$1" mread $SCRATCH)" = SIGBUS ]
}

# said REGEX: is it in the log, once?
said()
{
	[ "$(log_count "$1")" = 1 ]
}

load_module || bail "no module"
bdf=$(bind_card 0) || bail "the card does not bind"

# --- the card vanishes ---------------------------------------------------------

users_start vanish
log_mark
exec {port}<>/dev/virtio-ports/card0
start=$(now_ms)
echo '{"op":"vanish"}' >&"$port"
users_told vanish "$start"
exec {port}>&-
tap_is "vanish: sysfs says so" "$(card_attr "$bdf" gone)" 1
tap_is "vanish: it is said once" "$(log_count "$lost")" 1
tap_is "vanish: no instance can be created" \
	"$(refusal create_mdev "$bdf" eth-group)" "No such device"
tap_is "vanish: the reset is refused" "$(client mapper reset)" "error EIO"
client reader close >/dev/null
tap_is "vanish: it cannot be opened again" "$(client reader open)" \
	"error ENODEV"
users_end
start=$(now_ms)
tap_ok "vanish: unbinding works" unbind_bdf "$bdf"
tap_within "vanish: ms to unbind" $(($(now_ms) - start)) 0 "$BOUND_MS"
tap_fails "vanish: a dead card is not bound" bind_bdf "$bdf" 2>/dev/null
tap_is "vanish: and it is said why" \
	"$(log_count 'refused: the card does not answer')" 1
card_do 0 return || bail "the card cannot return"
tap_ok "vanish: when it is back it binds" bind_bdf "$bdf"
uuid=$(create_mdev "$bdf" afu-d8424dc4-b2-o40000)
client_start again "$uuid"
tap_is "vanish: and works" "$(client again read 0x48 8)" 0x1122334455667788
client_end again
remove_mdev "$uuid"

# --- it is there, but its registers are not --------------------------------------

# As a card is that has reset itself: it is restored
mapper=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
client_start mapper "$mapper" || bail "a user cannot open"
client mapper map >/dev/null
client mapper mwrite $SCRATCH 0x1234 >/dev/null
client mapper arm 0 >/dev/null
client mapper arm err >/dev/null
log_mark
setpci -s "$bdf" COMMAND=0:2
tap_like "forgetful: a user is asked to look for what it missed" \
	"$(client mapper wait 0 $BOUND_MS)" '^fired'
tap_is "forgetful: it is said once" "$(log_count 'was reset without the driver')" 1
tap_is "forgetful: the card is not lost" \
	"$(log_count "$lost") $(card_attr "$bdf" gone)" "0 0"
tap_is "forgetful: it is no error" "$(client mapper wait err 0)" timeout
tap_is "forgetful: the mapping works" "$(client mapper mread $SCRATCH)" 0x1234
tap_is "forgetful: reading works" "$(client mapper read $SCRATCH 8)" 0x1234
tap_is "forgetful: so does a reset" "$(client mapper reset)" ok
client_end mapper
tap_ok "forgetful: unbinding works" unbind_bdf "$bdf"
tap_ok "forgetful: it binds again" bind_bdf "$bdf"

# --- unbind with users that let go when asked -----------------------------------

users_start unbind
start=$(now_ms)
unbind_bdf "$bdf" &
unbinding=$!
users_told unbind "$start"
tap_fails "unbind: it waits for users" finished "$unbinding"
users_end
tap_ok "unbind: it ends when they let go" wait_for 2 finished "$unbinding"
tap_within "unbind: ms in all" $(($(now_ms) - start)) 0 $((2 * BOUND_MS))
wait "$unbinding"
tap_fails "unbind: no instance is left" ls -d "$MDEV/$mapper" 2>/dev/null

# --- unbind with a user that does not let go -------------------------------------

bind_bdf "$bdf" || bail "the card does not bind again"
uuid=$(create_mdev "$bdf" afu-d8424dc4)
client_start stubborn "$uuid"
client stubborn map >/dev/null
client stubborn mread $SCRATCH >/dev/null
log_mark
unbind_bdf "$bdf" &
unbinding=$!
tap_ok "stubborn: the mapping goes" wait_for 2 unmapped stubborn
tap_is "stubborn: reading fails" "$(client stubborn read $SCRATCH 8)" "error EIO"
resets=$(block_stat 0 b2-o40000 resets)
tap_is "stubborn: so does a reset" "$(client stubborn reset)" "error EIO"
tap_is "stubborn: of which the card hears nothing" \
	"$(block_stat 0 b2-o40000 resets)" "$resets"
tap_fails "stubborn: unbinding waits" finished "$unbinding"
tap_ok "stubborn: it is said for what" \
	wait_for 2 said 'waiting for its user, who cannot be asked'
client_end stubborn
tap_ok "stubborn: it ends when the user does" wait_for 2 finished "$unbinding"
wait "$unbinding"

# --- an instance in use is removed ---------------------------------------------

bind_bdf "$bdf" || bail "the card does not bind again"
uuid=$(create_mdev "$bdf" afu-d8424dc4-b2-o40000)
other=$(create_mdev "$bdf" afu-d8424dc4-b2-oc0000)
client_start user "$uuid"
client_start other "$other"
client user map >/dev/null
client user mread $SCRATCH >/dev/null
client user arm req >/dev/null
client other write $SCRATCH 8 0xabcd >/dev/null
remove_mdev "$uuid" &
removing=$!
tap_like "remove: REQ fired" "$(client user wait req 2000)" '^fired'
tap_fails "remove: it waits for the user" finished "$removing"
tap_is "remove: nobody else is told" "$(client other read $SCRATCH 8)" 0xabcd
client_end user
tap_ok "remove: it ends when the user lets go" wait_for 2 finished "$removing"
wait "$removing"
tap_is "remove: the block is free again" "$(free_of "$bdf" afu-d8424dc4)" 1

# --- the module is removed -------------------------------------------------------

tap_is "rmmod: a module in use stays" "$(refusal unload_module)" \
	"Module vfio_dfl_mdev is in use"
tap_is "rmmod: and works" "$(client other read $SCRATCH 8)" 0xabcd

# --- a user is killed -----------------------------------------------------------

resets=$(block_stat 0 b2-o80000 writes)
kill -9 "${CLIENT_PID[other]}"
wait "${CLIENT_PID[other]}" 2>/dev/null
tap_ok "kill: the instance can be opened at once" client_start heir "$other"
tap_is "kill: nothing of the user before is left" \
	"$(client heir read $SCRATCH 8)" 0x0
# Two writes make a reset: one at the end of a user, one for the next
tap_within "kill: the card saw both resets" \
	$(($(block_stat 0 b2-o80000 writes) - resets)) 4 4
client_end heir
tap_ok "rmmod: without users it goes" unload_module
tap_is "all along bus master was off" "$(card_stat 0 .bus_master_on_count)" 0
