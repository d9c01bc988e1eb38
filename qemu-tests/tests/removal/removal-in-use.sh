#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: loss of the card, unbind or removal of an instance ends in bounded time, with any client (invariant 9)
# cards: lab
# kernels: 6.1
# more: 6.12 7.3
# debug: debug kcsan

. /src/qemu-tests/tests/lib.sh

SCRATCH=0x28
BOUND_MS=$((2000 * SLOW))
# Longer than a client is in use
USE_MS=$((60000 * SLOW))
# VFIO repeats a request after 10 s, and the first one must signal REQ
REQUEST_MS=8000
# Long enough for the checks that are made during the grace
GRACE_MS=$((10000 * (SLOW > 1 ? 2 : 1)))
# Short, for a grace during which nothing is checked
SHORT_GRACE_MS=2000
# Far longer than the time limit of any check, for clients that close first
LONG_GRACE_MS=600000
# A card that does not respond is declared lost after that time
LOSS_GRACE_MS=3000

# Log line for a lost card; one per card, not one per client
lost='card lost (.*), access revoked'

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

# reads_more NUMBER: has the client read more often than that?
reads_more()
{
	[ "$(block_stat 0 "$(mdev_block "$reader")" reads)" -gt "$1" ]
}

# users_start NAME: start three clients. "mapper" has a mapping, "poller" waits
# for ERR and REQ, "reader" reads registers all the time.
users_start()
{
	local reads

	mapper=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
	poller=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
	reader=$(create_mdev "$bdf" hssi) || bail "no instance"
	client_start mapper "$mapper" || bail "a user cannot open"
	client_start poller "$poller" || bail "a user cannot open"
	client_start reader "$reader" || bail "a user cannot open"
	tap_is "$1: a page can be mapped" "$(client mapper map)" 65536
	client mapper arm err >/dev/null
	client mapper arm req >/dev/null
	client mapper mwrite $SCRATCH 0x1234 >/dev/null
	tap_is "$1: the mapping reads what was written" \
		"$(client mapper mread $SCRATCH)" 0x1234
	tap_is "$1: ERR can be armed" "$(client poller arm err)" ok
	tap_is "$1: REQ can be armed" "$(client poller arm req)" ok
	# The poller replies at the end: until then it sleeps in poll()
	client_send poller wait err $USE_MS
	client_send poller wait req $USE_MS
	reads=$(block_stat 0 "$(mdev_block "$reader")" reads)
	client_send reader pace 0x8 $USE_MS
	tap_ok "$1: one client sleeps in poll()" wait_for 60 polls poller
	tap_ok "$1: one client reads registers" wait_for 60 reads_more "$reads"
}

# users_told NAME SINCE [GRACE-MS]: check that all clients have lost the card in
# time. No process is started before the time is read: on a busy machine that
# would take longer than everything else.
users_told()
{
	local reader err req grace=${3:-0}

	reader=$(client_reply reader)
	err=$(client_reply poller)
	req=$(client_reply poller)
	tap_timed "$1: ms until all clients have lost access" \
		$(($(now_ms) - $2)) "$grace" $((grace + BOUND_MS))
	tap_like "$1: read() of a client fails with EIO" "$reader" '^error EIO'
	tap_like "$1: ERR is signalled" "$err" '^fired'
	tap_like "$1: REQ is signalled" "$req" '^fired'
	tap_is "$1: the mapping raises SIGBUS" \
		"$(client mapper mread $SCRATCH)" SIGBUS
	tap_is "$1: register read fails with EIO" \
		"$(client mapper read $SCRATCH 8)" "error EIO"
	tap_is "$1: register write fails with EIO" \
		"$(client mapper write $SCRATCH 8 1)" \
		"error EIO"
}

# grace MS: set the grace of the next removals from the card
grace()
{
	echo "$1" >"$PCI/$bdf/dfl/release_grace_ms"
}

# users_asked SINCE: check that REQ is signalled once and access continues
users_asked()
{
	tap_is "grace: REQ is signalled once" "$(client mapper count req 1000)" 1
	tap_is "grace: mapping can be read" "$(client mapper mread $SCRATCH)" \
		0x1234
	tap_is "grace: register can be read" \
		"$(client mapper read $SCRATCH 8)" 0x1234
	tap_is "grace: ERR is not signalled" "$(client mapper wait err 0)" timeout
	tap_is "grace: late REQ eventfd is signalled at once" \
		"$(client late arm req) $(client late wait req 0 | cut -d" " -f1)" "ok fired"
	tap_is "grace: open fails with ENODEV" \
		"$(client closed open)" "error ENODEV"
	tap_is "grace: create fails with ENODEV" \
		"$(refusal create_mdev "$bdf" eth-group)" "No such device"
	tap_is "grace: sysfs reports the state unbinding" \
		"$(card_attr "$bdf" state)" unbinding
	tap_fails "grace: the other client can read registers" \
		read -r -t 0 <&"${CLIENT_OUT[reader]}"
	tap_timed "grace: ms until the end of the checks during the grace" \
		$(($(now_ms) - $1)) 0 $GRACE_MS
}

# users_out SINCE: check that all clients lose access at the end of one grace
users_out()
{
	local reply err

	reply=$(client_reply reader)
	tap_timed "grace: ms until the first client has lost access" $(($(now_ms) - $1)) \
		$GRACE_MS $((GRACE_MS + BOUND_MS))
	tap_is "grace over: the mapping raises SIGBUS" \
		"$(client mapper mread $SCRATCH)" SIGBUS
	err=$(client_reply poller)
	tap_like "grace over: read() of a client fails with EIO" "$reply" \
		'^error EIO'
	tap_like "grace over: ERR is signalled" "$err" '^fired'
	tap_timed "grace: ms until all clients have lost access" \
		$(($(now_ms) - $1)) $GRACE_MS $((GRACE_MS + BOUND_MS))
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

# holders_shown: check what vdflctl reports of an unbind that waits
holders_shown()
{
	local name

	tap_like "waiting: vdflctl lists the card" "$("$VDFLCTL" list)" "^$bdf .*UNBINDING"
	for name in mapper poller reader; do
		tap_like "waiting: vdflctl info names the holder $name" \
			"$("$VDFLCTL" info "${!name}")" \
			"held by: +pid ${CLIENT_PID[$name]} \(client_user\)"
	done
	tap_is "waiting: vdflctl info has the holder in JSON" \
		"$("$VDFLCTL" info --json "$mapper" | jq -c '.holders | map(select(.certain).pid)')" \
		"[${CLIENT_PID[mapper]}]"
}

# unmapped NAME: does the client's mapping raise SIGBUS?
unmapped()
{
	[ "$(client "$1" mread $SCRATCH)" = SIGBUS ]
}

# logged_once REGEX: is there exactly one matching log line?
logged_once()
{
	[ "$(log_count "$1")" = 1 ]
}

load_module || bail "no module"
tap_is "module: release_grace_ms is 5000 by default" \
	"$(<"/sys/module/$DRIVER/parameters/release_grace_ms")" 5000
# No grace, unless a part of the scenario sets one
echo 0 >"/sys/module/$DRIVER/parameters/release_grace_ms"
bdf=$(bind_card 0) || bail "the card does not bind"
tap_is "card: release_grace_ms is that of the module" \
	"$(card_attr "$bdf" release_grace_ms)" 0
tap_is "card: release_grace_ms rejects a word" "$(refusal eval "grace x")" \
	"Invalid argument"
tap_is "card: sysfs reports the state bound" "$(card_attr "$bdf" state)" bound

# --- the card vanishes ---------------------------------------------------------

users_start vanish
log_mark
exec {port}<>/dev/virtio-ports/card0
start=$(now_ms)
echo '{"op":"vanish"}' >&"$port"
users_told vanish "$start" $LOSS_GRACE_MS
exec {port}>&-
tap_is "vanish: sysfs reports the card as gone" "$(card_attr "$bdf" gone)" 1
tap_is "vanish: sysfs reports the state gone" "$(card_attr "$bdf" state)" gone
tap_is "vanish: one log line reports the loss" "$(log_count "$lost")" 1
tap_is "vanish: create fails with ENODEV" \
	"$(refusal create_mdev "$bdf" eth-group)" "No such device"
tap_is "vanish: reset fails with EIO" "$(client mapper reset)" "error EIO"
client reader close >/dev/null
tap_is "vanish: open fails with ENODEV" "$(client reader open)" \
	"error ENODEV"
users_end
start=$(now_ms)
tap_ok "vanish: the card can be unbound" unbind_bdf "$bdf"
tap_timed "vanish: ms to unbind" $(($(now_ms) - start)) 0 "$BOUND_MS"
tap_fails "vanish: bind of a dead card is refused" bind_bdf "$bdf" 2>/dev/null
tap_is "vanish: one log line has the reason of the refusal" \
	"$(log_count 'refused: card does not respond')" 1
card_do 0 return || bail "the card cannot return"
tap_ok "vanish: the card binds when it is back" bind_bdf "$bdf"
uuid=$(create_mdev "$bdf" afu-d8424dc4-b2-o40000)
client_start again "$uuid"
tap_is "vanish: registers can be read after that" \
	"$(client again read 0x48 8)" 0x1122334455667788
client_end again
remove_mdev "$uuid"

# --- the card responds, but memory decoding is off -------------------------------

# A card that has reset itself is in this state
mapper=$(create_mdev "$bdf" afu-d8424dc4) || bail "no instance"
client_start mapper "$mapper" || bail "a user cannot open"
client mapper map >/dev/null
client mapper mwrite $SCRATCH 0x1234 >/dev/null
client mapper arm 0 >/dev/null
client mapper arm err >/dev/null
log_mark
setpci -s "$bdf" COMMAND=0:2
tap_like "memory decoding off: the armed vector is signalled" \
	"$(client mapper wait 0 20000)" '^fired'
tap_is "memory decoding off: one log line reports the reset" "$(log_count 'reset externally')" 1
tap_is "memory decoding off: the card is not lost" \
	"$(log_count "$lost") $(card_attr "$bdf" gone)" "0 0"
tap_is "memory decoding off: ERR is not signalled" "$(client mapper wait err 0)" timeout
tap_is "memory decoding off: the mapping works again" "$(client mapper mread $SCRATCH)" 0x1234
tap_is "memory decoding off: registers can be read again" "$(client mapper read $SCRATCH 8)" 0x1234
tap_is "memory decoding off: the client can reset" "$(client mapper reset)" ok
client_end mapper
tap_ok "memory decoding off: the card can be unbound" unbind_bdf "$bdf"
tap_ok "memory decoding off: the card binds again" bind_bdf "$bdf"

# --- unbind with clients that close when REQ is signalled -----------------------

users_start unbind
start=$(now_ms)
unbind_bdf "$bdf" &
unbinding=$!
users_told unbind "$start"
tap_fails "unbind: waits for clients" finished "$unbinding"
users_end
tap_ok "unbind: ends when the clients have closed" \
	wait_for 60 finished "$unbinding"
tap_timed "unbind: ms in total" $(($(now_ms) - start)) 0 $((2 * BOUND_MS))
wait "$unbinding"
tap_fails "unbind: no instance is left" ls -d "$MDEV/$mapper" 2>/dev/null

# --- unbind: all clients have access during one grace -------------------------------

bind_bdf "$bdf" || bail "the card does not bind again"
grace $GRACE_MS
users_start grace
late=$(create_mdev "$bdf" eth-group-b0-o2000) || bail "no instance"
closed=$(create_mdev "$bdf" eth-group-b0-o14000) || bail "no instance"
client_start late "$late" && client_start closed "$closed" ||
	bail "a user cannot open"
client closed close >/dev/null
log_mark
start=$(now_ms)
unbind_bdf "$bdf" &
unbinding=$!
users_asked "$start"
users_out "$start"
tap_is "grace over: one log line reports the loss" "$(log_count "$lost")" 1
tap_fails "grace over: unbind waits for the clients" finished "$unbinding"

# --- unbind waits: the holders can be found -----------------------------------------

tap_is "waiting: sysfs reports the state unbinding" "$(card_attr "$bdf" state)" \
	unbinding
tap_is "waiting: block names its instance" \
	"$(<"$PCI/$bdf/dfl/blocks/b2-o40000/instance")" "$mapper"
# The program is the same on all kernels, and slow on this one
[ "$KERNEL" = debug ] || holders_shown
users_end
client_end late
client_end closed
tap_ok "grace over: unbind ends when the clients have closed" wait_for 60 finished "$unbinding"
wait "$unbinding"

# --- unbind: the clients close on request -------------------------------------------

bind_bdf "$bdf" || bail "the card does not bind again"
grace $LONG_GRACE_MS
client_start first "$(create_mdev "$bdf" afu-d8424dc4)" &&
	client_start second "$(create_mdev "$bdf" afu-d8424dc4)" ||
	bail "a user cannot open"
client first arm req >/dev/null
client second arm req >/dev/null
log_mark
unbind_bdf "$bdf" &
unbinding=$!
tap_like "in time: REQ is signalled to the first client" "$(client first wait req $REQUEST_MS)" ^fired
tap_like "in time: REQ is signalled to the second client" \
	"$(client second wait req $REQUEST_MS)" ^fired
client_end first
client_end second
tap_ok "in time: unbind ends before the grace" wait_for 60 finished "$unbinding"
wait "$unbinding"
tap_is "in time: no client loses access" "$(log_count "$lost")" 0

# --- unbind with a client that has not armed REQ ---------------------------------

bind_bdf "$bdf" || bail "the card does not bind again"
uuid=$(create_mdev "$bdf" afu-d8424dc4)
client_start stubborn "$uuid"
client stubborn map >/dev/null
client stubborn mread $SCRATCH >/dev/null
log_mark
unbind_bdf "$bdf" &
unbinding=$!
tap_ok "unbind, no REQ: the mapping raises SIGBUS" wait_for 60 unmapped stubborn
tap_is "unbind, no REQ: register read fails with EIO" \
	"$(client stubborn read $SCRATCH 8)" "error EIO"
resets=$(block_stat 0 b2-o40000 resets)
tap_is "unbind, no REQ: reset by the client fails with EIO" \
	"$(client stubborn reset)" "error EIO"
tap_is "unbind, no REQ: the reset does not reach the card" \
	"$(block_stat 0 b2-o40000 resets)" "$resets"
tap_fails "unbind, no REQ: waits for the client" finished "$unbinding"
tap_ok "unbind, no REQ: one log line reports the wait" \
	wait_for 60 logged_once 'removal waits for the user; no request eventfd'
client_end stubborn
tap_ok "unbind, no REQ: ends when the client has closed" \
	wait_for 60 finished "$unbinding"
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
tap_like "remove: REQ is signalled" "$(client user wait req $REQUEST_MS)" '^fired'
tap_fails "remove: waits for the client" finished "$removing"
tap_is "remove: the other client can read registers" \
	"$(client other read $SCRATCH 8)" 0xabcd
client_end user
tap_ok "remove: ends when the client has closed" wait_for 60 finished "$removing"
wait "$removing"
tap_is "remove: the block is available again" "$(free_of "$bdf" afu-d8424dc4)" 1

# --- removal: the client has access during the grace --------------------------------

grace $LONG_GRACE_MS
uuid=$(create_mdev "$bdf" afu-d8424dc4-b2-o40000)
client_start user "$uuid" || bail "a user cannot open"
client user map >/dev/null
client user arm err >/dev/null
client user arm req >/dev/null
client user mwrite $SCRATCH 0x4321 >/dev/null
remove_mdev "$uuid" &
removing=$!
tap_like "remove, grace: REQ is signalled" "$(client user wait req $REQUEST_MS)" '^fired'
tap_is "remove, grace: mapping can be read" "$(client user mread $SCRATCH)" 0x4321
tap_is "remove, grace: register can be read" \
	"$(client user read $SCRATCH 8)" 0x4321
client_end user
tap_ok "remove, grace: ends when the client has closed, before the grace" \
	wait_for 60 finished "$removing"
wait "$removing"

grace $SHORT_GRACE_MS
uuid=$(create_mdev "$bdf" afu-d8424dc4-b2-o40000)
client_start user "$uuid" || bail "a user cannot open"
client user arm err >/dev/null
client_send user pace $SCRATCH $USE_MS
start=$(now_ms)
remove_mdev "$uuid" &
removing=$!
tap_like "remove, grace over: read() of a client fails with EIO" \
	"$(client_reply user)" '^error EIO'
tap_timed "remove, grace: ms until the client has lost access" $(($(now_ms) - start)) \
	$SHORT_GRACE_MS $((SHORT_GRACE_MS + BOUND_MS))
tap_like "remove, grace over: ERR is signalled" "$(client user wait err 20000)" \
	'^fired'
tap_is "remove, grace over: the other client can read registers" \
	"$(client other read $SCRATCH 8)" 0xabcd
client_end user
tap_ok "remove, grace over: ends when the client has closed" wait_for 60 finished "$removing"
wait "$removing"

# --- the module is removed -------------------------------------------------------

tap_is "rmmod: fails while an instance is in use" "$(refusal unload_module)" \
	"Module vfio_dfl_mdev is in use"
tap_is "rmmod refused: the client can read registers" \
	"$(client other read $SCRATCH 8)" 0xabcd

# --- a user is killed -----------------------------------------------------------

resets=$(block_stat 0 b2-o80000 writes)
kill -9 "${CLIENT_PID[other]}"
wait "${CLIENT_PID[other]}" 2>/dev/null
tap_ok "client killed: the instance can be opened at once" \
	client_start heir "$other"
tap_is "client killed: no data is left in the block" \
	"$(client heir read $SCRATCH 8)" 0x0
# Each reset writes twice; there is one reset at the close and one at the open
tap_within "client killed: writes to port control, two per reset" \
	$(($(block_stat 0 b2-o80000 writes) - resets)) 4 4
client_end heir
tap_ok "rmmod: succeeds without clients" unload_module
tap_is "card: bus master was never on" "$(card_stat 0 .bus_master_on_count)" 0
