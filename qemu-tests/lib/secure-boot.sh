# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Secure Boot of a VM, as of an installed Debian: the firmware starts shim, shim
# starts GRUB, and GRUB starts the kernel. Each checks the signature of the next.
# QEMU's -kernel with -shim does not work, because shim itself starts only programs
# with an SBAT section, which Debian's kernels lack.
#
# shellcheck disable=SC2054 # commas belong to QEMU's arguments

# Owner of the variables of shim
shim_guid=605dab50-e046-4300-abb6-3dd810dd8b23
# The programs of packages that Debian and Microsoft have signed
shim=/usr/lib/shim/shimx64.efi.signed
grub=/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed
ovmf=/usr/share/OVMF

# make_mok: /out/mok.key and /out/mok.der are a key as DKMS creates it, enrolled as
# MokManager would do it
make_mok()
{
	openssl req -new -x509 -newkey rsa:2048 -nodes -days 3650 -sha256 \
		-subj "/CN=DKMS module signing key/" -outform DER \
		-keyout /out/mok.key -out /out/mok.der 2>/dev/null
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
	cp "$1" /run/esp/vmlinuz
	cp "$2" /run/esp/initrd
	printf '%s\n' "linux /vmlinuz $3" 'initrd /initrd' boot \
		>/run/esp/EFI/debian/grub.cfg
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
	make_mok
	make_esp "$kernel" "$initrd" "$cmdline"
	args=("${kept[@]}"
		-global driver=cfi.pflash01,property=secure,value=on
		-drive "if=pflash,unit=0,format=raw,readonly=on,file=$ovmf/OVMF_CODE_4M.ms.fd"
		-drive if=pflash,unit=1,format=raw,file=/out/vars.fd
		-drive if=none,id=esp,format=raw,readonly=on,file=fat:/run/esp
		-device virtio-blk-pci,drive=esp,bootindex=1)
}
