# SPDX-License-Identifier: GPL-2.0-only
# For people. kbuild reads Kbuild instead.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
# Headers that hold a vmlinux make kbuild want pahole, for type information that is not needed.
MODULE_MAKE = $(MAKE) -C $(KDIR) M=$(CURDIR) \
	$(if $(shell command -v pahole),,CONFIG_DEBUG_INFO_BTF_MODULES=)

.DEFAULT_GOAL := all

.PHONY: all
all: module tools			## Build the module and the tools

.PHONY: module
module:					## Build winusb.ko; with KUnit in the target kernel, the suites too
	@test -e $(KDIR)/Makefile || { \
		echo "There is no kernel to build for at $(KDIR)." >&2; \
		echo "Install the headers of the running kernel (Debian: apt install linux-headers-$$(uname -r);" >&2; \
		echo "if apt does not have them, upgrade linux-image-amd64 and linux-headers-amd64 together and" >&2; \
		echo "restart), or name a kernel with KDIR=. To only try winusb, none are needed: make demo." >&2; \
		exit 1; }
	$(MODULE_MAKE) modules

.PHONY: tools
tools:					## Build winusbctl and the library
	$(MAKE) -C tools/winusbctl
	$(MAKE) -C tools/lib

.PHONY: install
install: all				## Install module, winusbctl, library, headers, udev rule; DESTDIR= and PREFIX= work
	$(MODULE_MAKE) modules_install $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR))
	$(MAKE) -C tools/winusbctl install PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)
	$(MAKE) -C tools/lib install PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)
	install -D -m 644 include/uapi/linux/winusb.h $(DESTDIR)$(PREFIX)/include/linux/winusb.h
	@# Kernel headers have no System.map, and without it modules_install leaves depmod out.
	@if test -n "$(DESTDIR)"; then \
		echo "Installed under $(DESTDIR). On the target: depmod, then modprobe winusb"; \
	else \
		depmod $$($(MAKE) -s -C $(KDIR) kernelrelease) && \
		echo "Installed. Load the module with: modprobe winusb"; \
	fi

.PHONY: uninstall
uninstall:				## Remove what install installed
	$(MAKE) -C tools/winusbctl uninstall PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)
	$(MAKE) -C tools/lib uninstall PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)
	rm -f $(DESTDIR)$(PREFIX)/include/linux/winusb.h
	@test -e $(KDIR)/Makefile || { \
		echo "There is no kernel at $(KDIR): name the one that the module was installed for with KDIR=," >&2; \
		echo "or remove $(DESTDIR)/lib/modules/RELEASE/updates/driver/winusb.ko*." >&2; \
		exit 1; }
	release=$$($(MAKE) -s -C $(KDIR) kernelrelease) && \
	rm -f $(DESTDIR)/lib/modules/$$release/updates/driver/winusb.ko* && \
	{ test -n "$(DESTDIR)" || depmod $$release; }

.PHONY: demo
demo:					## Show it: build everything, boot a kernel, plug a device in, move data
	scripts/demo

.PHONY: check
check:					## Run the tests; the last line counts them. CHECK= options of scripts/check
	scripts/check $(CHECK)

.PHONY: kunit
kunit:					## Run the KUnit suites
	scripts/kunit

.PHONY: soak
soak:					## Boards come and go at random, for an hour; PLUGS=5000, DEBUG_PLUGS=1000, MINUTES=30, SEED=
	$(MAKE) -s -C tools/testing/boards
	$(MAKE) -s -C tools/testing/selftests
	@echo "1 of 3: $(or $(PLUGS),5000) plugs under load, two processors. A quarter of an hour."
	PLUGS=$(or $(PLUGS),5000) SEED=$(SEED) scripts/lab run --smp \
		--timeout=$$(( $(or $(PLUGS),5000) * 2 + 900 )) -- tools/testing/selftests/plug_storm
	@echo "2 of 3: $(or $(DEBUG_PLUGS),1000) plugs under load, debug kernel. Ten minutes."
	PLUGS=$(or $(DEBUG_PLUGS),1000) SEED=$(SEED) scripts/lab run --kernel=uml-debug --smp \
		--timeout=$$(( $(or $(DEBUG_PLUGS),1000) * 5 + 900 )) -- tools/testing/selftests/plug_storm
	@echo "3 of 3: $(or $(MINUTES),30) minutes of random operations, debug kernel."
	MINUTES=$(or $(MINUTES),30) SEED=$(SEED) scripts/lab run --kernel=uml-debug --smp \
		--timeout=$$(( $(or $(MINUTES),30) * 60 + 900 )) -- tools/testing/selftests/soak

.PHONY: static
static:					## Check sources: W=1, sparse, checkpatch, layout, style
	scripts/static

.PHONY: coverage
coverage:				## Line coverage of driver/ by KUnit and selftests
	scripts/coverage

# A short run that checks the data is an option of the script, all else one of the program.
BENCH_SMOKE = $(filter --smoke,$(BENCH))
BENCH_OPTIONS = $(filter-out --smoke,$(BENCH))

.PHONY: bench
bench:					## Measure winusb against usbfs in a guest; KERNEL= (uml), TARGET=, BENCH='options' or --smoke
	scripts/bench $(BENCH_SMOKE) $(if $(KERNEL),--kernel=$(KERNEL)) $(if $(TARGET),--target=$(TARGET)) \
		-- $(BENCH_OPTIONS)

.PHONY: bench-power
bench-power:				## Measure sleep and wake against usbfs in a guest; KERNEL= (uml), BENCH='options' or --smoke
	scripts/bench --power $(BENCH_SMOKE) $(if $(KERNEL),--kernel=$(KERNEL)) -- $(BENCH_OPTIONS)

.PHONY: bench-isoch
bench-isoch:				## Measure isochronous streams against usbfs in a guest; KERNEL= (uml), BENCH='options' or --smoke
	scripts/bench --isoch $(BENCH_SMOKE) $(if $(KERNEL),--kernel=$(KERNEL)) -- $(BENCH_OPTIONS)

.PHONY: docs
docs:					## Build the documentation as HTML
	$(MAKE) -C Documentation html

.PHONY: clean
clean:					## Remove what the build made; the lab's cache stays (scripts/lab clean)
	@find . -path ./.git -prune -o \( -name '*.o' -o -name '*.ko' -o -name '*.mod' \
		-o -name '*.mod.c' -o -name '.*.cmd' -o -name 'modules.order' \
		-o -name 'Module.symvers' -o -name '*.gcda' -o -name '*.gcno' \) -type f -exec rm -f {} +
	@for d in $(dir $(wildcard tools/*/Makefile tools/testing/*/Makefile)) Documentation; do \
		test ! -e $$d/Makefile || $(MAKE) -s -C $$d clean || exit 1; done

.PHONY: help
help:					## This text
	@echo "winusb for Linux. Targets:"
	@sed -n 's/^\([a-z-]*\):[^#]*## */  \1	/p' $(MAKEFILE_LIST) | expand -t 14
	@echo "Variables: KDIR= (kernel to build for), ARCH=um, PREFIX=, DESTDIR=, CC=, CFLAGS=, MINUTES=, SECONDS="
