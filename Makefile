# The thin front of the Meson build. `make help` lists the targets.
BUILD ?= build
BUILD_ASAN ?= build-asan
PREFIX ?= /usr/local
ifneq ($(shell command -v ccache 2>/dev/null),)
export CC := ccache $(if $(filter default undefined,$(origin CC)),gcc,$(CC))
endif

.PHONY: all demo test test-quick bench install uninstall asan check tidy fuzz clean help

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@tools/install-deps build
	@meson setup $(BUILD) --prefix $(PREFIX) >/dev/null

# Warnings are errors in the plain build; with sanitizers gcc warns of what cannot happen.
asan: $(BUILD_ASAN)/build.ninja
	@ninja -C $(BUILD_ASAN)

$(BUILD_ASAN)/build.ninja:
	@tools/install-deps build
	@meson setup $(BUILD_ASAN) -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1 -Dwerror=false >/dev/null

demo: ## install what is missing, build, and show what a container is
	@tools/install-deps build demo
	@[ -f $(BUILD)/build.ninja ] || meson setup $(BUILD) --prefix $(PREFIX) >/dev/null
	@echo "Building $(BUILD)/src/berth ..."
	@ninja -C $(BUILD) --quiet src/berth src/init/berth-init src/image/berth-codec.so
	@BERTH=$(BUILD)/src/berth demo/run

test: ## install what is missing, build, also with ASan and UBSan, and run every test
	@tools/install-deps build test
	@$(MAKE) --no-print-directory all asan
	@BUILD=$(BUILD) BUILD_ASAN=$(BUILD_ASAN) tests/run all

test-quick: all ## unit tests and checks only
	@BUILD=$(BUILD) tests/run quick

bench: ## speed: berth beside crun, runc and this kernel's floor
	@tools/install-deps build bench
	@$(MAKE) --no-print-directory all
	@BERTH=$(BUILD)/src/berth bench/run

check: ## the checks on the source alone: includes, lengths, layout
	@tools/check-includes
	@tools/check-functions
	@tools/check-format

tidy: $(BUILD)/build.ninja ## clang-tidy over the whole source
	@tools/tidy $(BUILD)

fuzz: ## build the fuzz targets with libFuzzer (clang) below build-fuzz
	@tools/install-deps build fuzz
	@[ -f build-fuzz/build.ninja ] || CC=clang meson setup build-fuzz -Dfuzzers=true >/dev/null
	@ninja -C build-fuzz

install: all
	@meson install -C $(BUILD) --no-rebuild

uninstall:
	@ninja -C $(BUILD) uninstall

clean:
	@rm -rf $(BUILD) $(BUILD_ASAN) build-fuzz

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14
