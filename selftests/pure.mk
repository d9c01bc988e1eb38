# SPDX-License-Identifier: GPL-2.0-only
#
# The module's pure files in user space, under sanitizers. The Makefile that
# includes this has set "here", its directory, and "O"; it may set ALSO, more
# objects, and OWN_CFLAGS.

pure := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
module := $(abspath $(pure)/../vfio_dfl_mdev)

PURE := $(addprefix dfl/,afu carve filter guest policy vconfig walk)

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Werror
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS ?= -g -O1
ALL_CFLAGS = -std=gnu11 $(CFLAGS) $(WARNINGS) $(SANITIZE) $(OWN_CFLAGS) \
	-MMD -MP -include $(pure)/unit/include/pure_env.h -I$(here) -I$(pure)/unit/include -I$(module)

objects := $(addprefix $(O)/,$(addsuffix .o,$(PURE) $(ALSO)))

.PHONY: clean
.SECONDARY:

$(O)/%.o: $(module)/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(O)/%.o: $(here)%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

clean:
	rm -rf $(O)

-include $(wildcard $(O)/*.d $(O)/dfl/*.d)
