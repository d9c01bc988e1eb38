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
	cat "/sys/bus/pci/devices/$1/dfl/irq_sources" 2>/dev/null && echo auto
}

_vdflctl_words() {	# COMMAND PREVIOUS
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
			printf '%s\n' --all --wait
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
	unbind) _vdflctl_cards; echo --force ;;
	give | chown) _vdflctl_instances; compgen -u ;;
	irq)
		_vdflctl_cards
		_vdflctl_sources "$2"
		;;
	acknowledge | ack) _vdflctl_cards ;;
	*)
		printf '%s\n' list info show create remove read write wait \
			bind unbind give chown irq acknowledge ack help \
			--help --version
		;;
	esac
}

_vdflctl() {
	local cur prev words cword

	# do not split words at the colons of PCI addresses
	_get_comp_words_by_ref -n : cur prev words cword
	if ((cword == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "$(_vdflctl_words '')" \
			-- "$cur")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W \
		"$(_vdflctl_words "${words[1]}" "$prev") --help" -- "$cur")
	__ltrim_colon_completions "$cur"
}

complete -F _vdflctl vdflctl
