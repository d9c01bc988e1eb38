#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: vdflctl prove measures whether a card honours bus master off; its verdict, vdflctl list and sysfs agree with the card's log for honest cards and cards that ignore Bus Master Enable, with and without an IOMMU, with ATS and with the bridge fence (invariants 1, 2)
# cards: lab dishonest he-lb he-lb-dishonest he-lb-ats he-lb-ats-dishonest
# kernels: 7.3
# more: 6.1 6.12
# iommu: none intel
# timeout: 600
# allow-log: DMAR:.*[Ff]ault
# allow-log: DMAR: \[DMA Write NO_PASID\]

. /src/qemu-tests/tests/lib.sh

# Cards 0 and 1 have the engine NLB behind a port, 2 and 3 are functions with
# HE-LB; 4 and 5 as 2 and 3, with ATS. Even numbers honour Bus Master Enable.

CARD_NAMES=("honest NLB" "dishonest NLB" "honest HE-LB" "dishonest HE-LB"
	"honest HE-LB" "dishonest HE-LB")
AFU_TYPES=(afu-d8424dc4 afu-d8424dc4 afu-56e203e9 afu-56e203e9 afu-56e203e9
	afu-56e203e9)
VERDICTS=(honours ignores honours ignores honours ignores)
TABLE=()

# log_since CARD FILTER: lines of the card's log since its last mark
log_since()
{
	card_log "$1" . | jq -sc "(map(.ev) | rindex(\"mark\")) as \$from |
		.[\$from:] | $2"
}

# log_verdict CARD: what the card did with bus master off since its last mark
log_verdict()
{
	log_since "$1" 'reduce .[] as $e ({ on: false, off: [] };
		if $e.ev == "bus-master" then .on = $e.on
		elif $e.ev == "dma" and (.on | not) then .off += [$e.outcome]
		else . end) | .off |
		if length == 0 then "no attempt"
		elif all(. == "refused") then "honours"
		elif any(. == "done") then "ignores" else "stopped" end' |
		tr -d '"'
}

# list_verdict BDF: what vdflctl list shows about the card
list_verdict()
{
	"$VDFLCTL" list --json "$1" | jq -r '.cards[0].bus_master_proof |
		if . == null then "not measured"
		elif .state == "current" then .verdict else .state end'
}

# list_line BDF: the same for people
list_line()
{
	"$VDFLCTL" list "$1" | sed -n 's/^ *honoured by the card: //p'
}

# sysfs_fences BDF: the fences that sysfs reports
sysfs_fences()
{
	echo "command $(card_attr "$1" fence_command), IOMMU $(card_attr "$1" fence_iommu), port $(card_attr "$1" fence_port)"
}

# list_fences BDF: the fences that vdflctl list reports
list_fences()
{
	"$VDFLCTL" list --json "$1" | jq -r '.cards[0] |
		"command \(.fence_command), IOMMU \(.fence_iommu), port \(.fence_port)"'
}

# cell FENCE PHASE CARD FENCES LIST LOG: a user's AFU tries DMA. sysfs and "vdflctl
# list" report FENCES, "vdflctl list" has the verdict LIST, the card's log shows LOG.
# Adds a row to the table.
cell()
{
	local bdf uuid list log fences name="$1, $2 prove, ${CARD_NAMES[$3]}"

	bdf=$(card_bdf "$3")
	is_bound "$bdf" || bind_bdf "$bdf" || bail "$name: the card does not bind"
	uuid=$(create_mdev "$bdf" "${AFU_TYPES[$3]}") || bail "$name: no instance"
	client_start user "$uuid" || bail "$name: the user cannot open"
	card_mark "$3" cell
	client user dma >/dev/null
	log=$(log_since "$3" 'map(select(.ev == "dma") | .outcome) | join(" ")')
	client_end user
	remove_mdev "$uuid"
	list=$(list_verdict "$bdf")
	fences=$(sysfs_fences "$bdf")
	TABLE+=("$(printf '%-16s %-11s %-6s | %-13s | %-8s | %s' \
		"${CARD_NAMES[$3]}" "$1" "$2" "$list" "${log//\"/}" \
		"${fences//not available: /no: }")")
	tap_is "$name: sysfs reports the fences" "$fences" "$4"
	tap_is "$name: list reports the fences" "$(list_fences "$bdf")" "$4"
	tap_is "$name: list shows \"$5\"" "$list" "$5"
	tap_is "$name: the card's log shows DMA \"$6\"" "${log//\"/}" "$6"
}

# dma_pages CARD: pages of the DMA that the card has done since its last mark
dma_pages()
{
	log_since "$1" '[.[] | select(.ev == "dma" and .outcome == "done") |
		.addr[:-3]] | unique | join(" ")' | tr -d '"'
}

# accesses CARD: reads and writes of registers, and function level resets, so far
accesses()
{
	card_stat "$1" '"\([.blocks[].reads] | add) \([.blocks[].writes] | add) \(.flr)"'
}

# prove FENCE CARD [OPTION]: measure, and compare the verdict with the card's log
prove()
{
	local bdf name="$1, ${CARD_NAMES[$2]}" want=${VERDICTS[$2]} status=0
	local override out pages begin took before after

	bdf=$(card_bdf "$2")
	override=$(<"$PCI/$bdf/driver_override")
	card_mark "$2" prove
	read -ra before < <(accesses "$2")
	begin=$(now_ms)
	out=$("$VDFLCTL" prove "${@:3}" "$bdf" 2>&1) || status=$?
	took=$(($(now_ms) - begin))
	read -ra after < <(accesses "$2")
	tap_figure "$name: prove takes $took ms, $((after[0] - before[0])) reads and $((after[1] - before[1])) writes of registers, $((after[2] - before[2])) function level resets"
	tap_is "$name: prove prints \"$want\"" "${out:13:7}" "$want"
	tap_is "$name: exit status of prove is that of $want" "$status" \
		"$([ "$want" = honours ] && echo 0 || echo 3)"
	tap_is "$name: the card's log shows $want" "$(log_verdict "$2")" "$want"
	pages=$(dma_pages "$2")
	if [ "$IOMMU" = intel ]; then
		tap_is "$name: DMA of the card reaches the mapped page only" \
			"$pages" 0x1000
	else
		tap_like "$name: DMA of the card reaches one page only" \
			"$pages" '^0x[0-9a-f]+$'
	fi
	tap_is "$name: the last DMA of the card is followed by a reset" \
		"$(log_since "$2" '(map(.ev == "dma") | rindex(true)) as $dma |
			.[$dma:] | any(.ev == "reset" and .what == "flr")')" true
	tap_ok "$name: the card is bound again" is_bound "$bdf"
	tap_is "$name: driver_override is as before" \
		"$(<"$PCI/$bdf/driver_override")" "$override"
	tap_is "$name: bus master is off after prove" \
		"$(card_stat "$2" .bus_master)" 0
}

# table FENCE FENCES CARDS LOG-HONEST LOG-DISHONEST [OPTION]: all cells of one fence
table()
{
	local n log

	for n in $3; do
		log=$4
		[ "${VERDICTS[n]}" = honours ] || log=$5
		rm -f "/var/lib/vdfl/proofs/$(card_bdf "$n").json"
		cell "$1" before "$n" "$2" "not measured" "$log"
		prove "$1" "$n" "${@:6}"
		cell "$1" after "$n" "$2" "${VERDICTS[n]}" "$log"
	done
}

print_table()
{
	tap_note "card             fence       prove  | list          | log      | sysfs"
	printf '# %s\n' "${TABLE[@]}"
}

# The cases in which prove must not touch the card
prove_refuses()
{
	local bdf uuid

	bdf=$(card_bdf 2)
	is_bound "$bdf" || bind_bdf "$bdf" || bail "the card does not bind"
	uuid=$(create_mdev "$bdf" afu-56e203e9) || bail "no instance"
	card_mark 2 refused
	tap_like "prove: a card with an instance is refused" \
		"$("$VDFLCTL" prove "$bdf" 2>&1)" 'has 1 instance'
	remove_mdev "$uuid"
	if [ "$IOMMU" = none ]; then
		tap_is "prove without IOMMU and option: not provable here" \
			"$("$VDFLCTL" prove "$bdf")" \
			"$bdf: not provable here: no IOMMU; see --unsafe-no-iommu"
		tap_is "prove without IOMMU and option: list shows the reason" \
			"$(list_line "$bdf")" \
			"not measured (not provable here: no IOMMU; see --unsafe-no-iommu)"
	fi
	tap_is "prove: a refused run causes no DMA" \
		"$(log_since 2 'any(.ev == "dma")')" false
}

# prove_interrupted OPTION...: a signal ends prove after the card is bound again
prove_interrupted()
{
	local bdf pid

	bdf=$(card_bdf 2)
	"$VDFLCTL" prove "$@" "$bdf" >/dev/null &
	pid=$!
	tap_ok "prove, interrupted: the card is unbound" \
		wait_for 60 eval '! is_bound "$bdf"'
	kill -TERM "$pid"
	wait "$pid"
	tap_is "prove, interrupted: the signal ends it" "$?" 143
	tap_ok "prove, interrupted: the card is bound again" is_bound "$bdf"
	tap_is "prove, interrupted: bus master is off" \
		"$(card_stat 2 .bus_master)" 0
}

NO_PORT="not available: fence_port is not set"
load_module || bail "no module"
case $IOMMU in
none)
	prove_refuses
	table none "command in force, IOMMU not available: no IOMMU, port $NO_PORT" \
		"0 1 2 3" refused "done" --unsafe-no-iommu
	prove_interrupted --unsafe-no-iommu
	;;
intel)
	modprobe vfio-pci || bail "no vfio-pci"
	prove_refuses
	table IOMMU "command in force, IOMMU in force, port $NO_PORT" \
		"0 1 2 3" refused fault
	# The simulated card sends no translated requests, which would pass
	for bdf in "$(card_bdf 4)" "$(card_bdf 5)"; do
		tap_like "IOMMU + ATS: the kernel has enabled ATS of $bdf" \
			"$(setpci -s "$bdf" ECAP000f+6.w)" ^8
	done
	table "IOMMU + ATS" \
		"command in force, IOMMU in force, but the card may use ATS (boot with pci=noats), port $NO_PORT" \
		"4 5" refused fault
	prove_interrupted
	for bdf in "${CARDS[@]}"; do
		unbind_bdf "$bdf"
	done
	unload_module
	load_module fence_port=1 || bail "no module"
	table "port fence" "command in force, IOMMU in force, port in force" \
		"0 1 2 3" refused fault
	;;
esac
print_table
