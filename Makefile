# tlsrptop: SMTP TLS reports (RFC 8460) in the terminal.
#
#   make            the three programs, in build/
#   make demo       installs what is missing, imports a sample mailbox, opens the dashboard
#   make test       installs what is missing, builds with sanitizers, passes every test
#   make bench      ratios of speed and size; make fuzz, make lint, make screenshots
#   make install    PREFIX=/usr/local, DESTDIR for packagers; make uninstall, make clean

PREFIX ?= /usr/local
BUILD ?= build
MAKEFLAGS += --jobs=$(shell nproc)
VERSION := 0.1.0

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
HARDENING := -fstack-protector-strong -fPIE
LINKING := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
SANITIZERS := address,undefined
ifneq (,$(filter test fuzz,$(MAKECMDGOALS)))
override BUILD := $(BUILD)/sanitized
CFLAGS := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=undefined
ifneq (,$(filter fuzz,$(MAKECMDGOALS)))
override BUILD := $(BUILD)/../fuzz
CC := clang
SANITIZERS := address,undefined,fuzzer-no-link
endif
CFLAGS += -fsanitize=$(SANITIZERS)
else
HARDENING += -D_FORTIFY_SOURCE=2
endif
CPPFLAGS += -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -MMD -MP

# Asked when a recipe runs: the packages may be installed by this very make.
LIBRARIES := ncursesw sqlite3 json-c zlib libdeflate libetpan gnutls libidn2 libzip inih libunbound libcurl
BUILD_PACKAGES := gcc make pkg-config libncurses-dev libsqlite3-dev libjson-c-dev zlib1g-dev \
  libdeflate-dev libetpan-dev libgnutls28-dev libidn2-dev libzip-dev libinih-dev libunbound-dev \
  libcurl4-gnutls-dev libevent-dev dns-root-data
DEMO_PACKAGES := dovecot-imapd gnutls-bin
TEST_PACKAGES := $(DEMO_PACKAGES) libcmocka-dev libvterm-dev openssl nsd ldnsutils procps tmux \
  sqlite3 python3 valgrind screen ncurses-term
BENCH_PACKAGES := $(TEST_PACKAGES) isync time
LINT_PACKAGES := $(TEST_PACKAGES) clang clang-format clang-tidy mandoc
FUZZ_PACKAGES := clang
PACKAGES := $(if $(filter demo test bench lint fuzz screenshots,$(MAKECMDGOALS)),$(BUILD_PACKAGES) \
  $(if $(filter demo,$(MAKECMDGOALS)),$(DEMO_PACKAGES)) \
  $(if $(filter test screenshots,$(MAKECMDGOALS)),$(TEST_PACKAGES)) \
  $(if $(filter bench,$(MAKECMDGOALS)),$(BENCH_PACKAGES)) \
  $(if $(filter lint,$(MAKECMDGOALS)),$(LINT_PACKAGES)) \
  $(if $(filter fuzz,$(MAKECMDGOALS)),$(FUZZ_PACKAGES)))

PROGRAMS := $(BUILD)/tlsrptop $(BUILD)/tlsrptop-import $(BUILD)/tlsrptop-check
MAINS := tui/tlsrptop.c importers/import.c importers/check.c tests/fuzz/driver.c
FOLDERS := db importers tui tests
object = $(patsubst %.c,$(BUILD)/%.o,$(1))
archive_objects = $(call object,$(filter-out $(MAINS),$(wildcard $(1)/*.c)))
programs_in = $(patsubst %.c,$(BUILD)/%,$(filter-out $(MAINS),$(wildcard $(1)/*.c)))
UNIT_TESTS := $(call programs_in,tests/unit)
E2E_TESTS := $(call programs_in,tests/e2e)
FUZZERS := $(call programs_in,tests/fuzz)
TOOLS := $(call programs_in,tests/sample) $(call programs_in,tests/bench)
LIBS := $(BUILD)/libtests.a $(BUILD)/libtui.a $(BUILD)/libimporters.a $(BUILD)/libdb.a
# libetpan.pc of Debian names flags of its own build, which clang does not know.
link = @echo "LINK $@"; $(CC) $(CFLAGS) $(LINKING) $(LDFLAGS) $(1) -o $@ $^ \
  $$(pkg-config --libs $(LIBRARIES) $(2) | sed 's/-specs=[^ ]*//') -lpthread -lm

all: $(PROGRAMS)

$(BUILD)/tlsrptop: $(BUILD)/tui/tlsrptop.o $(BUILD)/libtui.a $(BUILD)/libdb.a
$(BUILD)/tlsrptop-import: $(BUILD)/importers/import.o $(BUILD)/libimporters.a $(BUILD)/libdb.a
$(BUILD)/tlsrptop-check: $(BUILD)/importers/check.o $(BUILD)/libimporters.a $(BUILD)/libdb.a
$(PROGRAMS):
	$(call link)
$(UNIT_TESTS) $(E2E_TESTS) $(TOOLS): $(BUILD)/%: $(BUILD)/%.o $(LIBS)
	$(call link,,cmocka vterm)
$(FUZZERS): $(BUILD)/%: $(BUILD)/%.o $(if $(filter clang,$(CC)),,$(BUILD)/tests/fuzz/driver.o) $(LIBS)
	$(call link,$(if $(filter clang,$(CC)),-fsanitize=fuzzer),cmocka vterm)

$(BUILD)/tests/e2e/tui_ahead $(BUILD)/tests/e2e/tui_recall: LDFLAGS += -Wl,--wrap=sqlite3_step

define archive
$(BUILD)/lib$(1).a: $(call archive_objects,$(1))
	@mkdir -p $$(@D); rm -f $$@
	@echo "AR   $$@"; ar rcs $$@ $$^
endef
$(foreach folder,$(FOLDERS),$(eval $(call archive,$(folder))))

$(BUILD)/tests/%.o: CPPFLAGS += -DBUILD='"$(abspath $(BUILD))"'
$(BUILD)/%.o: %.c | packages
	@mkdir -p $(@D); echo "CC   $<"
	@$(CC) $(CPPFLAGS) -std=c11 $(WARNINGS) $(HARDENING) $(CFLAGS) \
	  $$(pkg-config --cflags $(LIBRARIES)) -c -o $@ $<

# Installs what is missing of PACKAGES, which plain `make` and `make install` leave empty.
packages:
	@missing=; for package in $(PACKAGES); do \
	  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q ' installed$$' || \
	    missing="$$missing $$package"; \
	done; \
	[ -z "$$missing" ] || { \
	  root=; [ "$$(id -u)" = 0 ] || root=sudo; \
	  $$root apt-get -q update && $$root env DEBIAN_FRONTEND=noninteractive \
	    apt-get -q -y --no-install-recommends install $$missing; \
	}

demo: $(PROGRAMS) $(BUILD)/tests/sample/sample
	@tests/sample/demo $(BUILD)

screenshots: $(PROGRAMS) $(BUILD)/tests/sample/sample $(BUILD)/tests/sample/snap
	@screenshots/take $(BUILD)

everything: $(PROGRAMS) $(UNIT_TESTS) $(E2E_TESTS) $(TOOLS)

test: everything $(FUZZERS)
	@tests/run $(UNIT_TESTS) $(FUZZERS) $(E2E_TESTS)

bench: $(PROGRAMS) $(TOOLS)
	@tests/bench/run $(BUILD)

FUZZ_SECONDS ?= 60
fuzz: $(FUZZERS)
	@for fuzzer in $(FUZZERS); do \
	  mkdir -p $$fuzzer.corpus; \
	  $$fuzzer -max_total_time=$(FUZZ_SECONDS) -max_len=65536 $$fuzzer.corpus \
	    $$(find tests/fixtures -mindepth 1 -type d) || exit 1; \
	done

MANUALS = $(wildcard */*.1) $(wildcard */*.5)
SOURCES = $(wildcard */*.[ch] */*/*.[ch])
lint: | packages
	clang-format --dry-run -Werror $(SOURCES)
	mandoc -Tlint -Wwarning $(MANUALS)
	$(MAKE) CC=clang BUILD=$(BUILD)/clang CFLAGS='-O1 -Werror' everything
	@printf '%s\n' $(wildcard db/*.c importers/*.c tui/*.c) | xargs -P "$$(nproc)" -I{} \
	  clang-tidy --quiet {} -- -std=c11 $(filter-out -M%,$(CPPFLAGS)) 2>/dev/null

MANDIR = $(DESTDIR)$(PREFIX)/share/man
UNITDIR = $(DESTDIR)$(PREFIX)/lib/systemd
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(MANDIR)/man1 $(MANDIR)/man5 $(UNITDIR)/user $(UNITDIR)/system
	install $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(filter %.1,$(MANUALS)) $(MANDIR)/man1
	install -m 644 $(filter %.5,$(MANUALS)) $(MANDIR)/man5
	for kind in user system; do \
	  install -m 644 importers/tlsrptop-import.timer $(UNITDIR)/$$kind; \
	  sed 's|@BIN@|$(PREFIX)/bin|' importers/tlsrptop-import.$$kind.service \
	    >$(UNITDIR)/$$kind/tlsrptop-import.service; \
	done

uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(PROGRAMS)))
	rm -f $(addprefix $(MANDIR)/man1/,$(notdir $(filter %.1,$(MANUALS))))
	rm -f $(addprefix $(MANDIR)/man5/,$(notdir $(filter %.5,$(MANUALS))))
	rm -f $(UNITDIR)/user/tlsrptop-import.* $(UNITDIR)/system/tlsrptop-import.*

clean:
	rm -rf build

.PHONY: all everything demo test bench fuzz lint screenshots install uninstall clean packages
-include $(wildcard $(BUILD)/*/*.d $(BUILD)/*/*/*.d)
