# SPDX-License-Identifier: GPL-2.0-only
# Targets for people. The module has its own Kbuild, each program its Makefile.

KDIR	?= /lib/modules/$(shell uname -r)/build
PREFIX	?= /usr/local
LAB	:= qemu-tests/lab
VERSION	:= $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
SRC	:= /usr/src/vfio_dfl_mdev-$(VERSION)

# make and the shell split paths at blanks, also those that "rm -rf" gets
$(foreach v,CURDIR DESTDIR PREFIX SRC,$(if $(word 2,[$($v)]), \
	$(error $v contains a blank: '$($v)')))

all: module cli

help:
	@echo 'make            module for the running kernel, and vdflctl'
	@echo 'make demo       carve a simulated card, in a VM; needs no hardware'
	@echo 'make test       everything: check, demo, performance, scenarios'
	@echo 'make check      what needs no VM: unit tests, fuzzers, static checks'
	@echo 'make docs       the documents as HTML, in build/docs/'
	@echo 'make models     check the protocol models and litmus tests'
	@echo 'make fuzz       fuzz the pure files; SECONDS=600 is ten minutes for each'
	@echo 'make fuzz-vdflctl   fuzz vdflctl with COUNT=100000 invocations'
	@echo 'make prove      proofs of the pure files, and of their planted faults'
	@echo 'make kernels    build the module for all kernels of Debian'
	@echo 'make scenarios  VM tests only; SCENARIOS="a b" and KERNEL=7.3 narrow them'
	@echo 'make soak       hostile users and accidents for HOURS=1; SEED=, KERNEL=7.3'
	@echo 'make install    module through DKMS, vdflctl and its man page; again to update'
	@echo 'make uninstall  takes them away'
	@echo 'make deb        Debian packages, in build/deb/'
	@echo 'make clean      remove build/; "qemu-tests/lab clean" removes the cached lab'

# --- for this machine ---------------------------------------------------------

have-mdev:
	@grep -qs mdev_register_parent $(KDIR)/Module.symvers || { \
		echo 'The kernel of $(KDIR) has no mdev support, or its headers are missing:'; \
		echo 'install linux-headers of an amd64 kernel (cloud and newer rt kernels lack mdev).'; \
		exit 1; }

module: have-mdev
	$(MAKE) -C vfio_dfl_mdev KDIR=$(abspath $(KDIR)) modules

cli:
	$(MAKE) -C tools/vdflctl

# The source of the module, for DKMS
source:
	rm -rf $(DESTDIR)$(SRC)
	install -d $(DESTDIR)$(SRC)
	cp --parents dkms.conf LICENSE $(shell find include vfio_dfl_mdev -name 'K*' \
		-o -name Makefile -o -name '*.[ch]' ! -name '*.mod.c') $(DESTDIR)$(SRC)
	chmod -R u=rwX,go=rX $(DESTDIR)$(SRC)

install: cli $(if $(DESTDIR),source,have-mdev)
	[ -n '$(DESTDIR)' ] || tools/packaging/install-module $(SRC)
	$(MAKE) -C tools/vdflctl PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) install

uninstall:
	[ -n '$(DESTDIR)' ] || tools/packaging/install-module --remove $(SRC)
	rm -rf $(DESTDIR)$(SRC)
	$(MAKE) -C tools/vdflctl PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) uninstall

deb:
	@tools/packaging/deb

# --- in the lab ----------------------------------------------------------------

lab:
	@$(LAB) root >/dev/null

demo: lab
	@qemu-tests/scripts/demo

check: lab
	@qemu-tests/check

docs:
	@qemu-tests/scripts/docs

models: lab
	@$(LAB) run --packages spin -- selftests/proof/run-models
	@$(LAB) run -- selftests/proof/run-litmus

fuzz: SECONDS ?= 600
fuzz: lab
	@$(LAB) run -- make -s -j2 -C selftests/fuzz O=/src/build/fuzz SECONDS=$(SECONDS) smoke

prove: lab
	@selftests/proof/prove
	@selftests/proof/prove --faults

kernels: lab
	@qemu-tests/scripts/kernels

fuzz-vdflctl: COUNT ?= 100000
fuzz-vdflctl: SEED ?= 1
fuzz-vdflctl: lab
	@$(LAB) run -- make -s -j2 -C tools/vdflctl O=/src/build/vdflctl COUNT=$(COUNT) SEED=$(SEED) fuzz

scenarios: lab
	@qemu-tests/run $(addprefix --kernel ,$(KERNEL)) $(SCENARIOS)

soak: HOURS ?= 1
soak: SEED ?= $(shell echo $$(($$(date +%s) % 100000 + 1)))
soak: lab
	@qemu-tests/run --verbose --hours $(HOURS) $(addprefix --kernel ,$(KERNEL)) \
		--set SEED=$(SEED) $(addprefix --set FIRST=,$(FIRST)) \
		$(addprefix --set ROUNDS=,$(ROUNDS)) soak

test: lab
	@qemu-tests/scripts/all

clean:
	rm -rf build
	-$(MAKE) -C vfio_dfl_mdev KDIR=$(abspath $(KDIR)) clean

.PHONY: all help have-mdev module cli source install uninstall deb lab demo check docs models fuzz prove kernels fuzz-vdflctl \
	scenarios soak test clean
