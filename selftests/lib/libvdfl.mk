# SPDX-License-Identifier: GPL-2.0-only
#
# The objects that every test program is linked with, $(LIBVDFL_O), and how to
# compile what uses them. Needs OUTPUT and KSELFTEST.

LIBVDFL_MK := $(lastword $(MAKEFILE_LIST))
LIBVDFL_DIR := $(patsubst %/,%,$(dir $(LIBVDFL_MK)))
LIBVDFL_H := $(wildcard $(LIBVDFL_DIR)/*.h \
	$(LIBVDFL_DIR)/../../include/uapi/linux/vfio_dfl_mdev.h)
LIBVDFL_O := $(patsubst $(LIBVDFL_DIR)/%.c,$(OUTPUT)/libvdfl/%.o,\
	$(wildcard $(LIBVDFL_DIR)/*.c))

CFLAGS += -std=gnu11 -O2 -g -Wall -Wextra -Werror -I$(LIBVDFL_DIR)
CFLAGS += -isystem $(KSELFTEST) -isystem $(KSELFTEST)/../../include

EXTRA_CLEAN += $(OUTPUT)/libvdfl

$(shell mkdir -p $(OUTPUT)/libvdfl)

$(LIBVDFL_O): $(OUTPUT)/libvdfl/%.o: $(LIBVDFL_DIR)/%.c $(LIBVDFL_H) $(LIBVDFL_MK)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
