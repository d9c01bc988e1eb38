# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Secure Boot of a VM, as of an installed Debian: the firmware starts shim, shim
# starts GRUB, and GRUB starts the kernel. Each checks the signature of the next.
# QEMU's -kernel with -shim does not work, because shim itself starts only programs
# with an SBAT section, which Debian's kernels lack.
#
# shellcheck disable=SC2054 # commas belong to QEMU's arguments
# shellcheck disable=SC2154 # the configuration

# Owner of the variables of shim
shim_guid=605dab50-e046-4300-abb6-3dd810dd8b23
# The programs of packages that Debian and Microsoft have signed
shim=/usr/lib/shim/shimx64.efi.signed
grub=/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed
mok_manager=/usr/lib/shim/mmx64.efi.signed
ovmf=/usr/share/OVMF

# make_mok: /out/mok.key and /out/mok.der are a key as DKMS creates it
make_mok()
{
	openssl req -new -x509 -newkey rsa:2048 -nodes -days 3650 -sha256 \
		-subj "/CN=DKMS module signing key/" -outform DER \
		-keyout /out/mok.key -out /out/mok.der 2>/dev/null
}

# enroll_mok: write the variables of the firmware as MokManager would do it
enroll_mok()
{
	openssl x509 -inform DER -in /out/mok.der -out /run/mok.pem
	virt-fw-vars --input "$ovmf/OVMF_VARS_4M.ms.fd" --output /out/vars.fd \
		--add-mok "$shim_guid" /run/mok.pem >/out/vars.log 2>&1
}

# make_esp KERNEL INITRD CMDLINE: the EFI system partition
make_esp()
{
	mkdir -p /run/esp/EFI/{BOOT,debian}
	cp "$shim" /run/esp/EFI/BOOT/BOOTX64.EFI
	cp "$grub" /run/esp/EFI/BOOT/grubx64.efi
	cp "$mok_manager" /run/esp/EFI/BOOT/mmx64.efi
	cp "$1" /run/esp/vmlinuz
	cp "$2" /run/esp/initrd
	printf '%s\n' "linux /vmlinuz $3" 'initrd /initrd' boot \
		>/run/esp/EFI/debian/grub.cfg
}

# await TEXT: read the console until it shows TEXT, which no earlier screen contains
await()
{
	local text='' part

	say "waiting for the screen \"$1\""
	until [[ $text == *"$1"* ]]; do
		IFS= read -r -t 1 -N 32 part <&"$console_out" || true
		text+=$part
		[ "${#text}" -lt 1000 ] || text=${text: -100}
	done
}

# press KEYS: send KEYS to the console, after the rest of the screen is drawn
press()
{
	sleep 1
	printf %b "$1" >&"$console_in"
}

# enroll_by_menu: make the choices of the guide in the menus of MokManager, through
# the pipes of the serial console, /run/console.in and .out. The password is "password".
# MokManager waits 10 s for a key press, which is too short on a busy machine. So the
# scenario disables this limit, and MokManager starts with the first menu.
enroll_by_menu()
{
	local enter='\r' down='\e[B'

	await 'Enroll MOK'
	press "$down$enter"
	await 'View key 0'
	press "$down$enter"
	await 'Enroll the key(s)?'
	press "$down$enter"
	await 'Password:'
	press "password$enter"
	await 'Reboot'
	press "$enter"
	exec cat <&"$console_out" >/dev/null
}

# use_menu: let the VM reboot, and connect its console to enroll_by_menu
use_menu()
{
	local i

	for i in "${!args[@]}"; do
		case ${args[i]} in
		-no-reboot) unset "args[i]" ;;
		file:/out/console) args[i]=chardev:console ;;
		esac
	done
	mkfifo /run/console.in /run/console.out
	args+=(-chardev pipe,id=console,path=/run/console,logfile=/out/console)
	# Opening both ways does not wait for QEMU
	exec {console_in}<>/run/console.in {console_out}<>/run/console.out
	cp "$ovmf/OVMF_VARS_4M.ms.fd" /out/vars.fd
	enroll_by_menu &
}

# secure_boot: replace the kernel in args by the firmware and a system partition
secure_boot()
{
	local i kernel initrd cmdline
	local -a kept=()

	for ((i = 0; i < ${#args[@]}; i++)); do
		case ${args[i]} in
		-kernel) kernel=${args[++i]} ;;
		-initrd) initrd=${args[++i]} ;;
		-append) cmdline=${args[++i]} ;;
		*) kept+=("${args[i]}") ;;
		esac
	done
	args=("${kept[@]}")
	make_mok
	make_esp "$kernel" "$initrd" "$cmdline"
	if [ "$secure_boot" = menu ]; then
		use_menu
	else
		enroll_mok
	fi
	args+=(
		-global driver=cfi.pflash01,property=secure,value=on
		-drive "if=pflash,unit=0,format=raw,readonly=on,file=$ovmf/OVMF_CODE_4M.ms.fd"
		-drive if=pflash,unit=1,format=raw,file=/out/vars.fd
		-drive if=none,id=esp,format=raw,readonly=on,file=fat:/run/esp
		-device virtio-blk-pci,drive=esp,bootindex=1)
}
