# tlsrptop: SMTP TLS reports (RFC 8460) in the terminal.
#
#   make            the three programs, in build/
#   make demo       installs what is missing, imports a sample mailbox, opens the dashboard
#   make test       installs what is missing, builds with sanitizers, passes every test
#   make bench      ratios of speed and size; make fuzz, make lint, make screenshots
#   make install    PREFIX=/usr/local, DESTDIR for packagers; make uninstall, make clean

PREFIX ?= /usr/local
BUILD ?= build
VERSION := 0.1.0

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
HARDENING := -fstack-protector-strong -fPIE
LINKING := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
ifdef SANITIZE # make test sets it, with a BUILD of its own
CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
else
HARDENING += -D_FORTIFY_SOURCE=2
endif
CPPFLAGS += -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -MMD -MP

# Asked when a recipe runs: the packages may be installed by this very make.
LIBRARIES := ncursesw sqlite3 json-c zlib libetpan gnutls libidn2 libzip inih libunbound libcurl
BUILD_PACKAGES := gcc make pkg-config libncurses-dev libsqlite3-dev libjson-c-dev zlib1g-dev \
  libetpan-dev libgnutls28-dev libidn2-dev libzip-dev libinih-dev libunbound-dev \
  libcurl4-gnutls-dev dns-root-data
TEST_PACKAGES := libcmocka-dev libvterm-dev dovecot-imapd gnutls-bin openssl nsd ldnsutils \
  procps tmux sqlite3 python3 valgrind

PROGRAMS := $(BUILD)/tlsrptop $(BUILD)/tlsrptop-import $(BUILD)/tlsrptop-check
MAINS := tui/tlsrptop.c importers/import.c importers/check.c
FOLDERS := db importers tui
object = $(patsubst %.c,$(BUILD)/%.o,$(1))
archive_objects = $(call object,$(filter-out $(MAINS),$(wildcard $(1)/*.c)))
UNIT_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/*.c))
E2E_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/e2e/*.c))

all: $(PROGRAMS)

$(BUILD)/tlsrptop: $(BUILD)/tui/tlsrptop.o $(BUILD)/libtui.a $(BUILD)/libdb.a
$(BUILD)/tlsrptop-import: $(BUILD)/importers/import.o $(BUILD)/libimporters.a $(BUILD)/libdb.a
$(BUILD)/tlsrptop-check: $(BUILD)/importers/check.o $(BUILD)/libimporters.a $(BUILD)/libdb.a
$(PROGRAMS):
	$(CC) $(CFLAGS) $(LINKING) $(LDFLAGS) -o $@ $^ $$(pkg-config --libs $(LIBRARIES)) -lpthread -lm

define archive
$(BUILD)/lib$(1).a: $(call archive_objects,$(1))
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach folder,$(FOLDERS),$(eval $(call archive,$(folder))))

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -std=c11 $(WARNINGS) $(HARDENING) $(CFLAGS) \
	  $$(pkg-config --cflags $(LIBRARIES)) -c -o $@ $<

clean:
	rm -rf build

.PHONY: all demo test bench fuzz lint screenshots install uninstall clean packages
-include $(wildcard $(BUILD)/*/*.d $(BUILD)/*/*/*.d)
