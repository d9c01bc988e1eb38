#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: which interrupt source a card gets, and which ones it can be given
# cards: lab n6001 d5005
# kernels: 7.3
# more: 6.1 6.12

. /src/qemu-tests/tests/lib.sh

# choose BDF NAME
choose()
{
	echo "$2" >"$PCI/$1/dfl/irq_source"
}

# set_interval BDF NAME VALUE
set_interval()
{
	echo "$3" >"$PCI/$1/dfl/$2"
}

# --- a card with a pin, and cards without one ------------------------------------

load_module opt_in=uart || bail "no module"
for n in 0 1 2; do
	bind_card "$n" >/dev/null || bail "card $n does not bind"
done
bdf=$(card_bdf 0)
tap_is "a pin is preferred" "$(card_attr "$bdf" irq_source)" intx
tap_is "there are others" "$(card_attr "$bdf" irq_sources)" "intx poll none"
for n in 1 2; do
	tap_is "card $n: without a pin the pending bits are polled" \
		"$(card_attr "$(card_bdf $n)" irq_source)" poll
	tap_is "card $n: the pin is not on offer" \
		"$(card_attr "$(card_bdf $n)" irq_sources)" "poll none"
	tap_is "card $n: nor to be had" \
		"$(refusal choose "$(card_bdf $n)" intx)" "Operation not supported"
done
tap_is "no msix without an IOMMU" "$(refusal choose "$bdf" msix)" \
	"Operation not supported"
tap_is "a name nobody knows" "$(refusal choose "$bdf" pigeon)" "Invalid argument"
tap_is "a refusal changes nothing" "$(card_attr "$bdf" irq_source)" intx

tap_ok "poll can be chosen" choose "$bdf" poll
tap_is "and is said to be" "$(card_attr "$bdf" irq_source)" poll
tap_ok "auto is a choice" choose "$bdf" auto
tap_is "of the pin" "$(card_attr "$bdf" irq_source)" intx

# --- users -----------------------------------------------------------------------

uuid=$(create_mdev "$bdf" afu-d8424dc4-b2-o40000) || bail "no instance"
tap_is "an instance says the source" "$(cat "$MDEV/$uuid/dfl/irq_source")" intx
tap_ok "it may change while nobody has it open" choose "$bdf" poll
tap_is "and the instance knows" "$(cat "$MDEV/$uuid/dfl/irq_source")" poll
client_start user "$uuid" || bail "the user cannot open"
for name in intx poll none auto; do
	tap_is "not while somebody has: $name" "$(refusal choose "$bdf" $name)" \
		"Device or resource busy"
done
tap_is "another card may" "$(refusal choose "$(card_bdf 1)" none)" success
tap_is "the user hears its vector" "$(client user arm 2)" ok
client user write 0x50 8 4 >/dev/null
tap_like "by polling" "$(client user wait 2 10000)" "^fired"
client user close >/dev/null
tap_ok "after close it may" choose "$bdf" none
client user open >/dev/null
tap_is "without a source there is nothing to arm" "$(client user arm 0)" \
	"error EINVAL"
client_end user
remove_mdev "$uuid"

# --- intervals ---------------------------------------------------------------------

tap_is "poll floor" "$(card_attr "$bdf" poll_floor_us)" 50
tap_is "poll ceiling" "$(card_attr "$bdf" poll_ceiling_us)" 10000
for name in irq_holdoff_us poll_floor_us poll_ceiling_us; do
	for value in 0 9 1000001 4294967295; do
		tap_is "$name is not $value" \
			"$(refusal set_interval "$bdf" $name $value)" \
			"Numerical result out of range"
	done
	tap_is "$name is a number" "$(refusal set_interval "$bdf" $name x)" \
		"Invalid argument"
	for value in 10 1000000; do
		tap_ok "$name may be $value" set_interval "$bdf" $name $value
		tap_is "$name is $value" "$(card_attr "$bdf" $name)" $value
	done
done
