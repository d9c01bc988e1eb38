# SPDX-License-Identifier: GPL-2.0-only
# bash completion for vdflctl

_vdflctl_entries() {
	local entry

	for entry in "$@"; do
		[[ -e $entry ]] && printf '%s\n' "${entry##*/}"
	done
}

# Addresses with domain and, if none of them starts with the typed word, those of
# domain 0 without domain.
_vdflctl_addresses() {	# FILE...
	local full

	full=$(_vdflctl_entries "$@")
	if [[ $'\n'$full == *$'\n'"$cur"* ]]; then
		printf '%s\n' "$full"
	else
		sed -n 's/^0000://p' <<<"$full"
	fi
}

_vdflctl_cards() {
	_vdflctl_addresses "$_vdflctl_pci"/drivers/vfio_dfl_mdev/*:*:*.*
}

_vdflctl_saved() {
	_vdflctl_entries /etc/vdfl/*.conf | sed 's/\.conf$//'
}

_vdflctl_instances() {
	_vdflctl_entries "$_vdflctl_sys"/bus/mdev/drivers/vfio_dfl_mdev/*-*-*-*-*
}

_vdflctl_device() {	# CARD: its directory
	local card=$1

	[[ $card == *:*:* ]] || card=0000:$card
	printf '%s\n' "$_vdflctl_pci/devices/$card"
}

_vdflctl_types() {	# CARD
	_vdflctl_entries \
		"$(_vdflctl_device "$1")"/mdev_supported_types/vfio_dfl_mdev-* |
		sed 's/^vfio_dfl_mdev-//'
}

_vdflctl_sources() {	# CARD
	tr ' ' '\n' 2>/dev/null <"$(_vdflctl_device "$1")/dfl/irq_sources" &&
		echo auto
}

_vdflctl_ports() {	# CARD
	cat "$(_vdflctl_device "$1")"/dfl/blocks/*/port 2>/dev/null
}

_vdflctl_words() {	# COMMAND PREVIOUS: one word per line
	case $1 in
	list) _vdflctl_cards; echo --json ;;
	create)
		_vdflctl_cards
		_vdflctl_types "$2"
		echo --uuid
		;;
	remove)
		if [[ $2 == --all ]]; then
			_vdflctl_cards
		else
			_vdflctl_instances
			printf '%s\n' --all --wait --grace
		fi
		;;
	map) _vdflctl_cards; printf '%s\n' --json --svg --dot ;;
	info | show) _vdflctl_instances; echo --json ;;
	read) _vdflctl_instances; printf '%s\n' --width --count --map ;;
	write) _vdflctl_instances; printf '%s\n' --width --map ;;
	wait)
		_vdflctl_instances
		printf '%s\n' --vector --timeout --count --write
		;;
	bind) _vdflctl_addresses "$_vdflctl_pci"/devices/*; echo --force ;;
	unbind) _vdflctl_cards; printf '%s\n' --force --grace ;;
	give | chown) _vdflctl_instances; compgen -u ;;
	filter) _vdflctl_instances; printf '%s\n' --names none ;;
	save) _vdflctl_cards ;;
	restore) _vdflctl_saved ;;
	name) _vdflctl_instances; echo --group ;;
	cdi) echo --write ;;
	irq)
		_vdflctl_cards
		_vdflctl_sources "$2"
		;;
	acknowledge | ack) _vdflctl_cards ;;
	reset-port)
		_vdflctl_cards
		_vdflctl_ports "$2"
		;;
	top) printf '%s\n' --batch --once --count --delay ;;
	metrics) echo --write ;;
	events) printf '%s\n' --json --count --timeout ;;
	prove) _vdflctl_cards; printf '%s\n' --json --unsafe-no-iommu ;;
	*)
		printf '%s\n' list info show map create remove read write wait \
			bind unbind give chown filter save restore name cdi irq \
			acknowledge ack reset-port prove top metrics events \
			help --version
		;;
	esac
	echo --help
}

# The words are not expanded, unlike those of compgen -W: a user name from a
# directory service may contain shell code.
_vdflctl_match() {	# PREFIX: quote and print the lines that start with it
	local word quoted

	while IFS= read -r word; do
		printf -v quoted '%q' "$word"
		[[ $quoted == "$1"* ]] && printf '%s\n' "$quoted"
	done
}

_vdflctl() {
	local cur prev words cword command=
	local _vdflctl_sys=${VDFL_SYSFS:-/sys}
	local _vdflctl_pci=$_vdflctl_sys/bus/pci

	# do not split words at the colons of PCI addresses
	_get_comp_words_by_ref -n : cur prev words cword
	((cword == 1)) || command=${words[1]}
	mapfile -t COMPREPLY < <(_vdflctl_words "$command" "$prev" |
		_vdflctl_match "$cur")
	__ltrim_colon_completions "$cur"
}

complete -F _vdflctl vdflctl
