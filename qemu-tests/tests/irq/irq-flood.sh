#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: interrupts and resets of one client cost another a bounded share (invariant 6)
# cards: lab
# kernels: 7.3
# more: 6.1 6.12
# debug: kcsan

. /src/qemu-tests/tests/lib.sh

SCRATCH=0x28
IRQ_TRIGGER=0x50
IRQ_STATUS=0x58

# number REPLY: NUMBER of the reply "reads NUMBER"; 0 for any other reply
number()
{
	case $1 in
	'reads '*) echo "${1#reads }" ;;
	*) echo 0 ;;
	esac
}

# own_interrupt: raise an interrupt, wait for its eventfd, acknowledge it
own_interrupt()
{
	[ "$(client other write $IRQ_TRIGGER 8 2)" = ok ] &&
		[[ $(client other wait 1 2000) = fired* ]] &&
		[ "$(client other read $IRQ_STATUS 8)" = 0x2 ] &&
		[ "$(client other write $IRQ_STATUS 8 2)" = ok ] &&
		[ "$(client other read $IRQ_STATUS 8)" = 0x0 ]
}

load_module || bail "no module"
bdf=$(bind_card 0) || bail "the card does not bind"
tap_is "card: source is intx by default" "$(card_attr "$bdf" irq_source)" intx
client_start noisy "$(create_mdev "$bdf" afu-d8424dc4-b2-o40000)" ||
	bail "the noisy user cannot open"
client_start other "$(create_mdev "$bdf" afu-d8424dc4-b2-oc0000)" ||
	bail "the other user cannot open"
client noisy arm 0 >/dev/null
client other arm 1 >/dev/null
client other write $SCRATCH 8 0xcafe >/dev/null
quiet=$(number "$(client other loop $SCRATCH 2000 0xcafe)")
tap_ok "idle: interrupts of the other client arrive" own_interrupt

# --- an interrupt that is never acknowledged ------------------------------------

for holdoff in 5000 50000; do
	echo "$holdoff" >"$PCI/$bdf/dfl/irq_holdoff_us"
	tap_is "hold-off $holdoff: sysfs reports it" \
		"$(card_attr "$bdf" irq_holdoff_us)" \
		"$holdoff"
	# The pin is shared: interrupts of the other client are signalled here
	# as well
	client noisy count 0 10 >/dev/null
	start=$(now_ms)
	client noisy write $IRQ_TRIGGER 8 1 >/dev/null
	client_send noisy count 0 3000
	loud=$(number "$(client other loop $SCRATCH 2000 0xcafe)")
	signals=$(client_reply noisy)
	took=$(($(now_ms) - start))
	# One signal more at each end is possible
	tap_within "hold-off $holdoff: signals in $took ms" "$signals" \
		3 $((took * 1000 / holdoff + 2))
	tap_within "hold-off $holdoff: reads of the other client, $quiet when idle" \
		"$loud" $((quiet / 10)) $((quiet * 10))
	for n in 1 2 3 4 5; do
		tap_ok "hold-off $holdoff: interrupt $n of the other client arrives" \
			own_interrupt
	done
	tap_is "hold-off $holdoff: the cause is still pending" \
		"$(client noisy read $IRQ_STATUS 8)" 0x1
	client noisy write $IRQ_STATUS 8 1 >/dev/null
	sleep 0.2
	client noisy count 0 10 >/dev/null
	tap_is "hold-off $holdoff: no signal after the cause is acknowledged" \
		"$(client noisy count 0 500)" 0
done
tap_is "hold-off 0: fails with ERANGE" \
	"$(refusal eval "echo 0 >'$PCI/$bdf/dfl/irq_holdoff_us'")" \
	"Numerical result out of range"

# Closing resets the block, and with it a pending interrupt
client noisy write $IRQ_TRIGGER 8 1 >/dev/null
sleep 0.2
client noisy close >/dev/null
tap_is "close: the block is reset, its cause is not pending" \
	"$(card_peek 0 2 0x40058)" 0x0
tap_ok "close: interrupts of the other client arrive" own_interrupt
tap_is "close: the client can open again" "$(client noisy open)" ok

# --- a reset loop ------------------------------------------------------------------

client_send other loop $SCRATCH 4000 0xcafe
resets=0
for n in {1..30}; do
	[ "$(client noisy reset)" != ok ] || resets=$((resets + 1))
done
tap_is "resets: each succeeds" "$resets" 30
tap_within "resets: reads of the other client, $quiet when idle" \
	"$(number "$(client_reply other)")" $((quiet / 10)) $((quiet * 20))
tap_ok "resets: interrupts of the other client arrive" own_interrupt
tap_within "resets: the card counts them for the port of the client" \
	"$(block_stat 0 b2-o0 resets)" 30 40
tap_within "resets: the card counts none for the other port but at open" \
	"$(block_stat 0 b2-o80000 resets)" 1 2
tap_is "card: bus master was never on" "$(card_stat 0 .bus_master_on_count)" 0
