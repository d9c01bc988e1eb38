#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: counters of instances and of the card agree with the card's log; events and metrics show them
# cards: lab
# kernels: 7.3
# more: 6.1 6.12
# packages: prometheus

. /src/qemu-tests/tests/lib.sh

AFU0=b2-o40000
AFU1=b2-oc0000
SCRATCH=0x28
IRQ_TRIGGER=0x50
IRQ_STATUS=0x58

# figure FILE NAME: one counter
figure()
{
	awk -v name="$2" '$1 == name { print $2 }' "$1"
}

# of UUID NAME, of_card NAME: one counter of an instance or of the card
of() { figure "$MDEV/$1/dfl/statistics" "$2"; }
of_card() { figure "$PCI/$bdf/dfl/statistics" "$1"; }

# mark_now POSITION UUID: take counters of the driver and of the card
mark_now()
{
	local name

	for name in reads writes; do
		card_before[$name]=$(block_stat 0 "$1" $name)
		driver_before[$name]=$(of "$2" trapped_$name)
	done
}

# agree NAME POSITION UUID: both sides counted the same since mark_now
agree()
{
	local name

	for name in reads writes; do
		tap_is "$1: trapped_$name are those of the card" \
			$(($(of "$3" trapped_$name) - driver_before[$name])) \
			$(($(block_stat 0 "$2" $name) - card_before[$name]))
	done
}

# repeat N COMMAND...: let the client "user" run a command N times
repeat()
{
	local i nr=$1

	shift
	for ((i = 0; i < nr; i++)); do
		client user "$@" >/dev/null
	done
}

# metric NAME: the value that vdflctl metrics prints for the instance
metric()
{
	"$VDFLCTL" metrics | sed -n "s/^vdfl_instance_$1_total{.*$uuid0.*} //p"
}

# card_metric NAME: the value that vdflctl metrics prints for the card
card_metric()
{
	"$VDFLCTL" metrics | sed -n "s/^vdfl_card_$1{[^}]*} //p"
}

# vectors: lines of the instance, one for each vector with an interrupt
vectors() { cat "$MDEV/$uuid0/dfl/vector_statistics"; }

# vector NR COLUMN: 2 for raised, 3 for signalled, 4 for coalesced
vector() { vectors | awk -v nr="$1" -v column="$2" '$1 == nr { print $column }'; }

has_vector() { [ -n "$(vector "$1" 2)" ]; }

# noticed: vectors whose pending bit the card has set, one per interrupt
noticed() { card_log 0 'select(.ev == "msix" and .outcome == "pending") | .vector'; }

boottime_ms() { awk '{ printf "%.0f\n", $1 * 1000 }' /proc/uptime; }

violations_are() { [ "$(card_attr "$bdf" busmaster_violations)" = "$1" ]; }

# events_has REGEX: the log of vdflctl events
events_has() { grep -qE -- "$1" /run/events; }

# events_listens: the program receives uevents, which are protocol 15
events_listens()
{
	awk -v pid="$events" '$2 == 15 && $3 == pid { found = 1 } END { exit !found }' \
		/proc/net/netlink
}

declare -A card_before driver_before

load_module opt_in=uart || bail "no module"
"$VDFLCTL" events >/run/events &
events=$!
wait_for 60 events_listens || bail "events does not start"
bdf=$(bind_card 0) || bail "no card"
before_create=$(boottime_ms)
uuid0=$(create_mdev "$bdf" afu-d8424dc4-$AFU0) || bail "no instance"
after_create=$(boottime_ms)
uuid1=$(create_mdev "$bdf" afu-d8424dc4-$AFU1) || bail "no instance"

tap_ok "never opened: there are no statistics" \
	test ! -e "$MDEV/$uuid0/dfl/statistics"
tap_is "never opened: metrics prints 0" "$(metric trapped_reads)" 0
tap_is "never opened: the card has counted nothing" \
	"$(of_card trapped_reads) $(of_card resets)" "0 0"

# --- accesses ------------------------------------------------------------------------

resets=$(block_stat 0 $AFU0 resets)
client_start user "$uuid0" || bail "the user cannot open"
tap_is "open: resets are those of the card" "$(of "$uuid0" resets)" \
	$(($(block_stat 0 $AFU0 resets) - resets))
tap_is "statistics are readable by root only" \
	"$(stat -c %a "$MDEV/$uuid0/dfl/statistics" "$PCI/$bdf/dfl/statistics" | tr '\n' ' ')" \
	"400 400 "
earliest=$(($(boottime_ms) - after_create - 20))
age=$(of "$uuid0" age_ms)
tap_within "age_ms: time since the creation" "$age" $earliest \
	$(($(boottime_ms) - before_create + 20))
mark_now $AFU0 "$uuid0"
repeat 7 read $SCRATCH 8
repeat 5 read $SCRATCH 4
repeat 3 write $SCRATCH 8 1
tap_is "system calls: trapped_reads are all reads" \
	$(($(of "$uuid0" trapped_reads) - driver_before[reads])) 12
tap_is "system calls: trapped_writes are all writes" \
	$(($(of "$uuid0" trapped_writes) - driver_before[writes])) 3
agree "system calls" $AFU0 "$uuid0"
tap_is "neighbour: no access is counted" \
	"$([ ! -e "$MDEV/$uuid1/dfl/statistics" ] || of "$uuid1" trapped_reads)" ""

faults=$(of "$uuid0" page_faults)
tap_is "mapping: no fault without a mapping" "$faults" 0
client user map >/dev/null
reads=$(of "$uuid0" trapped_reads)
repeat 4 mread $SCRATCH
tap_within "mapping: pages that were mapped" "$(of "$uuid0" page_faults)" 1 1
tap_is "mapping: reads through it are not trapped" "$(of "$uuid0" trapped_reads)" "$reads"

# --- interrupts ------------------------------------------------------------------------

# signals_more_than NUMBER: succeed if more interrupts were signalled
signals_more_than()
{
	[ "$(of "$uuid0" interrupts_signalled)" -gt "$1" ]
}

client user arm 1 >/dev/null
raised=$(card_stat 0 .irq_raised)
before=$(of "$uuid0" interrupts_signalled)
# The pin is signalled after each hold-off until the interrupt is acknowledged
for i in 1 2 3 4; do
	signals=$(of "$uuid0" interrupts_signalled)
	client user write $IRQ_TRIGGER 8 2 >/dev/null
	wait_for 60 signals_more_than "$signals" || bail "no signal of interrupt $i"
	client user write $IRQ_STATUS 8 2 >/dev/null
done
seen=$(client user count 1 300)
tap_is "intx: interrupts that the card raised" \
	$(($(card_stat 0 .irq_raised) - raised)) 4
tap_is "intx: interrupts_signalled are all signals of the eventfd" \
	$(($(of "$uuid0" interrupts_signalled) - before)) "$seen"
tap_within "intx: signals" "$seen" 4 9999
tap_is "intx: all that were raised were signalled or merged" \
	"$(of "$uuid0" interrupts_raised)" \
	$(($(of "$uuid0" interrupts_signalled) + $(of "$uuid0" interrupts_coalesced)))

# --- resets ------------------------------------------------------------------------------

resets=$(block_stat 0 $AFU0 resets)
before=$(of "$uuid0" resets)
revocations=$(of "$uuid0" revocations)
client user reset >/dev/null
tap_is "reset: resets are those of the card" $(($(of "$uuid0" resets) - before)) \
	$(($(block_stat 0 $AFU0 resets) - resets))
tap_is "reset: access was revoked once" \
	$(($(of "$uuid0" revocations) - revocations)) 1

generation=$(card_attr "$bdf" generation)
recoveries=$(card_metric recoveries_total)
flr=$(card_stat 0 .flr)
client_send user loop $SCRATCH 3000
nap 0.5
echo 1 >"$PCI/$bdf/reset"
tap_like "card reset: the user continues" "$(client_reply user)" '^reads|^changed'
tap_is "card reset: generation" "$(card_attr "$bdf" generation)" $((generation + 1))
tap_is "card reset: metrics prints the resets of the card" \
	$(($(card_metric recoveries_total) - recoveries)) $(($(card_stat 0 .flr) - flr))
tap_within "card reset: accesses waited" "$(of "$uuid0" waits)" 1 1000
tap_ok "card reset: events prints the generation" \
	wait_for 60 events_has "$bdf generation $((generation + 1))\$"
tap_ok "card reset: events prints the state" events_has "$bdf state bound\$"

# --- what the tools show -------------------------------------------------------------------

for name in trapped_reads trapped_writes page_faults waits revocations resets \
	interrupts_raised interrupts_signalled interrupts_coalesced; do
	tap_is "metrics: $name" "$(metric $name)" "$(of "$uuid0" $name)"
	# The reset has revoked access to the other instance as well
	others=0
	[ $name != revocations ] || others=1
	tap_is "card: $name is the sum of both instances" "$(of_card $name)" \
		$(($(of "$uuid0" $name) + others))
done
tap_is "metrics: instances" "$(card_metric instances)" 2
tap_is "metrics: the card is not lost" \
	"$(card_metric lost) $(card_stat 0 .vanished)" "0 false"
tap_is "metrics: siblings_started" "$(card_metric siblings_started_total)" \
	"$(card_attr "$bdf" siblings_started)"
tap_is "metrics: the fences in force" \
	"$("$VDFLCTL" metrics | sed -n 's/^vdfl_card_fence.*fence="\(.*\)"} /\1 /p')" \
	"$(for fence in command iommu port; do
		grep -cx 'in force' "$PCI/$bdf/dfl/fence_$fence" | sed "s/^/$fence /"
	done)"
tap_is "metrics: the state" \
	"$("$VDFLCTL" metrics | sed -n 's/^vdfl_card_state{.*state="\(.*\)"} 1/\1/p')" \
	"$(card_attr "$bdf" state)"
tap_ok "metrics: promtool accepts them" \
	bash -c "'$VDFLCTL' metrics | promtool check metrics"
mkdir -p /var/lib/prometheus/node-exporter
tap_ok "metrics: the unit writes them" bash -c \
	"cd ${VDFLCTL%/*} && ./$(sed -n 's/^ExecStart=//p' /src/tools/packaging/vdfl-metrics.service)"
tap_ok "metrics: the file has them" grep -q "^vdfl_instance_resets_total{" \
	/var/lib/prometheus/node-exporter/vdfl.prom
"$VDFLCTL" top --once >/run/top
tap_note "$(cat /run/top)"
tap_is "top: totals" "$(awk -v uuid="${uuid0:0:8}" '$3 == uuid { print $9, $10, $11 }' /run/top)" \
	"$(of "$uuid0" waits) $(of "$uuid0" resets) $(of "$uuid0" revocations)"
client_send user loop $SCRATCH 8000
"$VDFLCTL" top --batch --count 2 --delay 3 >/run/top
tap_note "$(tail -n 2 /run/top)"
rate=$(tail -n 2 /run/top | awk -v uuid="${uuid0:0:8}" '$3 == uuid { print int($4) }')
reads=$(client_reply user)
tap_note "$reads in 8 s"
tap_timed "top: reads per second of a busy user" "$rate" \
	$((${reads#reads } / 16)) $((${reads#reads } / 4))
"$VDFLCTL" map "$bdf" >/run/map
tap_note "$(cat /run/map)"
tap_ok "map: names the user of the block" grep -q "used by $uuid0" /run/map
tap_ok "map: shows the MSI-X table to root" grep -q 'MSI-X table' /run/map

# --- the end of a user, and of a card -----------------------------------------------------

before=$(of "$uuid0" revocations)
client_end user
tap_is "close: access was revoked" $(($(of "$uuid0" revocations) - before)) 1
total=$(of_card trapped_reads)
remove_mdev "$uuid0"
tap_is "card: keeps the counters of a removed instance" "$(of_card trapped_reads)" \
	"$total"
uuid0=$(create_mdev "$bdf" afu-d8424dc4-$AFU0) || bail "no instance"
client_start user "$uuid0" || bail "the user cannot open"
tap_is "new instance: counts from 0" "$(of "$uuid0" trapped_reads)" 0
client_end user
echo poll >"$PCI/$bdf/dfl/irq_source"
tap_ok "source: events prints the change" \
	wait_for 60 events_has "$bdf irq_source poll\$"

# --- vectors -----------------------------------------------------------------------------

client_start user "$uuid0" || bail "the user cannot open"
tap_is "vectors: there is no line without an interrupt" "$(vectors)" ""
client user arm 0 >/dev/null
client user arm 2 >/dev/null
for nr in 2 0; do
	client user write $IRQ_TRIGGER 8 $((1 << nr)) >/dev/null
	wait_for 60 has_vector $nr
	client user write $IRQ_STATUS 8 $((1 << nr)) >/dev/null
done
client user disarm >/dev/null
tap_note "$(vectors)"
tap_is "vectors: lines exist for the vectors that the card raised" \
	"$(vectors | cut -d' ' -f1)" "$(noticed | sort -u)"
for nr in 0 2; do
	tap_within "vector $nr: raised at least as often as the card did" \
		"$(vector $nr 2)" "$(noticed | grep -cx $nr)" 100000000
	tap_is "vector $nr: signalled are all signals of its eventfd" \
		"$(vector $nr 3)" "$(client user count $nr 1)"
	tap_is "vector $nr: metrics" \
		"$("$VDFLCTL" metrics | sed -n "s/^vdfl_vector_.*vector=\"$nr\"} //p" | xargs)" \
		"$(vector $nr 2) $(vector $nr 3) $(vector $nr 4)"
done
tap_is "vectors: their sums are the counters of the instance" \
	"$(vectors | awk '{ raised += $2; signalled += $3; coalesced += $4 }
		END { print raised, signalled, coalesced }')" \
	"$(of "$uuid0" interrupts_raised) $(of "$uuid0" interrupts_signalled) $(of "$uuid0" interrupts_coalesced)"
tap_ok "vectors: promtool accepts them" \
	bash -c "'$VDFLCTL' metrics | promtool check metrics"
client_end user
remove_mdev "$uuid0"
remove_mdev "$uuid1"

# --- bus mastering -----------------------------------------------------------------------

on=$(card_stat 0 .bus_master_on_count)
setpci -s "$bdf" COMMAND=0004:0004
tap_ok "bus mastering: the violation is counted" wait_for 60 violations_are 1
tap_is "bus mastering: metrics prints what the card counted" \
	"$(card_metric busmaster_violations_total)" \
	$(($(card_stat 0 .bus_master_on_count) - on))
tap_is "bus mastering: metrics prints that none is acknowledged" \
	"$(card_metric busmaster_acknowledged)" 0
tap_ok "bus mastering: events prints it" wait_for 60 events_has "$bdf .*bus-master"
"$VDFLCTL" acknowledge "$bdf" >/dev/null
tap_is "bus mastering: metrics prints the acknowledgement" \
	"$(card_metric busmaster_acknowledged)" 1
tap_ok "instance: events prints the removal" \
	wait_for 60 events_has "$bdf $uuid1 instance remove\$"
tap_ok "card: unbinds" unbind_bdf "$bdf"
tap_ok "unbind: events prints it" wait_for 60 events_has "$bdf unbind\$"
tap_ok "bind: events printed it" events_has "$bdf bind\$"
tap_note "$(cat /run/events)"
kill "$events"
tap_ok "module: unloads" unload_module
