# SPDX-License-Identifier: GPL-2.0-only
# Targets for people. The module has its own Kbuild, each program its Makefile.

KDIR	?= /lib/modules/$(shell uname -r)/build
PREFIX	?= /usr/local
KERNELS	:= 6.1 6.12 7.3
B	:= $(CURDIR)/build
LAB	:= qemu-tests/lab
VERSION	:= $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

all: module cli

help:
	@echo 'make            module for the running kernel, and vdflctl'
	@echo 'make demo       carve a simulated card, in a VM; needs no hardware'
	@echo 'make test       everything: check, then all scenarios on all kernels'
	@echo 'make check      what needs no VM: unit tests, fuzzers, static checks'
	@echo 'make fuzz       fuzz the pure files; SECONDS=3600 is an hour for each of them'
	@echo 'make scenarios  VM tests only; SCENARIOS="a b" and SERIES=7.3 narrow them'
	@echo 'make soak       hostile users and accidents for HOURS=1; SEED=, KERNEL=7.3'
	@echo 'make install    module through DKMS, vdflctl and its man page'
	@echo 'make clean      remove build/; "qemu-tests/lab clean" removes the cached lab'

# --- for this machine ---------------------------------------------------------

module:
	@grep -qs mdev_register_parent $(KDIR)/Module.symvers || { \
		echo 'The kernel of $(KDIR) has no mdev support, or its headers are missing:'; \
		echo 'install linux-headers of an amd64 or rt-amd64 kernel (cloud kernels lack mdev).'; \
		exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR)/vfio_dfl_mdev modules

cli:
	$(MAKE) -C tools/vdflctl O=$(B)/vdflctl

install: cli
	$(MAKE) -C tools/vdflctl O=$(B)/vdflctl PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) install
	install -d $(DESTDIR)/usr/src/vfio_dfl_mdev-$(VERSION)
	cp -r dkms.conf LICENSE include vfio_dfl_mdev \
		$(DESTDIR)/usr/src/vfio_dfl_mdev-$(VERSION)/
	[ -n '$(DESTDIR)' ] || dkms install --force vfio_dfl_mdev/$(VERSION)

# --- in the lab ----------------------------------------------------------------

lab:
	@$(LAB) root >/dev/null

demo: lab
	@qemu-tests/demo

check: lab
	@qemu-tests/check

fuzz: lab
	@$(LAB) run -- make -s -j2 -C selftests/fuzz O=/src/build/fuzz SECONDS=$(SECONDS) smoke

scenarios: lab
	@qemu-tests/run $(addprefix --kernel ,$(SERIES)) $(SCENARIOS)

soak: lab
	@qemu-tests/soak $(addprefix --hours ,$(HOURS)) $(addprefix --seed ,$(SEED)) \
		$(addprefix --kernel ,$(KERNEL)) $(addprefix --first ,$(FIRST)) \
		$(addprefix --rounds ,$(ROUNDS))

test: lab
	@qemu-tests/all

clean:
	rm -rf $(B)
	-$(MAKE) -C $(KDIR) M=$(CURDIR)/vfio_dfl_mdev clean

.PHONY: all help module cli install lab demo check fuzz scenarios soak test clean
