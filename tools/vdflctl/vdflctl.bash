# SPDX-License-Identifier: GPL-2.0-only
# bash completion for vdflctl

_vdflctl_entries() {
	local entry

	for entry in "$@"; do
		[[ -e $entry ]] && printf '%s\n' "${entry##*/}"
	done
}

_vdflctl_cards() {
	_vdflctl_entries /sys/bus/pci/drivers/vfio_dfl_mdev/*:*:*.*
}

_vdflctl_instances() {
	_vdflctl_entries /sys/bus/mdev/drivers/vfio_dfl_mdev/*-*-*-*-*
}

_vdflctl_types() {	# CARD
	_vdflctl_entries \
		"/sys/bus/pci/devices/$1/mdev_supported_types"/vfio_dfl_mdev-* |
		sed 's/^vfio_dfl_mdev-//'
}

_vdflctl_sources() {	# CARD
	tr ' ' '\n' 2>/dev/null <"/sys/bus/pci/devices/$1/dfl/irq_sources" &&
		echo auto
}

_vdflctl_ports() {	# CARD
	cat "/sys/bus/pci/devices/$1/dfl/blocks"/*/port 2>/dev/null
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
	info | show) _vdflctl_instances; echo --json ;;
	read) _vdflctl_instances; printf '%s\n' --width --count --map ;;
	write) _vdflctl_instances; printf '%s\n' --width --map ;;
	wait)
		_vdflctl_instances
		printf '%s\n' --vector --timeout --count --write
		;;
	bind) _vdflctl_entries /sys/bus/pci/devices/*; echo --force ;;
	unbind) _vdflctl_cards; printf '%s\n' --force --grace ;;
	give | chown) _vdflctl_instances; compgen -u ;;
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
	prove) _vdflctl_cards; printf '%s\n' --json --unsafe-no-iommu ;;
	*)
		printf '%s\n' list info show create remove read write wait \
			bind unbind give chown cdi irq acknowledge ack \
			reset-port prove help --version
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

	# do not split words at the colons of PCI addresses
	_get_comp_words_by_ref -n : cur prev words cword
	((cword == 1)) || command=${words[1]}
	mapfile -t COMPREPLY < <(_vdflctl_words "$command" "$prev" |
		_vdflctl_match "$cur")
	__ltrim_colon_completions "$cur"
}

complete -F _vdflctl vdflctl
