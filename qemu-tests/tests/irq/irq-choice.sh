#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: the interrupt source that a card gets by default, and the sources that can be chosen
# cards: lab n6001 d5005
# smp: 1
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
tap_is "card with a pin: source is intx by default" \
	"$(card_attr "$bdf" irq_source)" intx
tap_is "card with a pin: sysfs lists intx, poll and none" \
	"$(card_attr "$bdf" irq_sources)" "intx poll none"
for n in 1 2; do
	tap_is "card $n without a pin: source is poll by default" \
		"$(card_attr "$(card_bdf $n)" irq_source)" poll
	tap_is "card $n without a pin: sysfs does not list intx" \
		"$(card_attr "$(card_bdf $n)" irq_sources)" "poll none"
	tap_is "card $n without a pin: choosing intx fails with EOPNOTSUPP" \
		"$(refusal choose "$(card_bdf $n)" intx)" "Operation not supported"
done
tap_is "no IOMMU: choosing msix fails with EOPNOTSUPP" \
	"$(refusal choose "$bdf" msix)" \
	"Operation not supported"
tap_is "unknown source: choosing it fails with EINVAL" \
	"$(refusal choose "$bdf" pigeon)" "Invalid argument"
tap_is "refused source: the old one stays" "$(card_attr "$bdf" irq_source)" intx

tap_ok "poll: can be chosen" choose "$bdf" poll
tap_is "poll: sysfs reports it" "$(card_attr "$bdf" irq_source)" poll
tap_ok "auto: can be chosen" choose "$bdf" auto
tap_is "auto: sysfs reports intx" "$(card_attr "$bdf" irq_source)" intx

# --- users -----------------------------------------------------------------------

uuid=$(create_mdev "$bdf" afu-d8424dc4-b2-o40000) || bail "no instance"
tap_is "instance: sysfs attribute reports intx" \
	"$(cat "$MDEV/$uuid/dfl/irq_source")" intx
tap_ok "instance not open: poll can be chosen" choose "$bdf" poll
tap_is "instance not open: sysfs attribute reports poll" \
	"$(cat "$MDEV/$uuid/dfl/irq_source")" poll
client_start user "$uuid" || bail "the user cannot open"
for name in intx poll none auto; do
	tap_is "instance open: choosing $name fails with EBUSY" \
		"$(refusal choose "$bdf" $name)" \
		"Device or resource busy"
done
tap_is "instance open: the source of another card can be changed" \
	"$(refusal choose "$(card_bdf 1)" none)" success
tap_is "poll: a vector can be armed" "$(client user arm 2)" ok
client user write 0x50 8 4 >/dev/null
tap_like "poll: interrupt is delivered" "$(client user wait 2 10000)" "^fired"
client user close >/dev/null
tap_ok "instance closed: none can be chosen" choose "$bdf" none
client user open >/dev/null
tap_is "none: arming a vector fails with EINVAL" "$(client user arm 0)" \
	"error EINVAL"
client_end user
remove_mdev "$uuid"

# --- intervals ---------------------------------------------------------------------

tap_is "poll_floor_us: default" "$(card_attr "$bdf" poll_floor_us)" 50
tap_is "poll_ceiling_us: default" "$(card_attr "$bdf" poll_ceiling_us)" 10000
for name in irq_holdoff_us poll_floor_us poll_ceiling_us; do
	for value in 0 9 1000001 4294967295; do
		tap_is "$name: $value fails with ERANGE" \
			"$(refusal set_interval "$bdf" $name $value)" \
			"Numerical result out of range"
	done
	tap_is "$name: a word fails with EINVAL" \
		"$(refusal set_interval "$bdf" $name x)" \
		"Invalid argument"
	for value in 10 1000000; do
		tap_ok "$name: $value can be written" \
			set_interval "$bdf" $name $value
		tap_is "$name: reads as $value" \
			"$(card_attr "$bdf" $name)" $value
	done
done
