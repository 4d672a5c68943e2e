# saldod - mirrors Tripletex ledgers into PostgreSQL. `make help` lists what can be done.

VERSION := 0.1.0

CC ?= cc
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
SANITIZE ?=
MAKEFLAGS += --no-print-directory
# V=1 shows the commands.
V ?= 0
Q := $(if $(filter 1,$(V)),,@)

# --- Debian packages, by what needs them --------------------------------------------------------
DEPS_BUILD := gcc libc6-dev make pkg-config gawk libcurl4-openssl-dev libevent-dev libjansson-dev \
	libyajl-dev libxml2-dev libpq-dev libsystemd-dev libinih-dev libsodium-dev
DEPS_TEST := $(DEPS_BUILD) libcmocka-dev postgresql-15 postgresql-15-pgtap \
	libtap-parser-sourcehandler-pgtap-perl libxml2-utils openssl procps \
	groff-base diffutils libfaketime
DEPS_DEMO := $(DEPS_BUILD) postgresql-15 curl
DEPS_FUZZ := $(DEPS_BUILD) clang-14 libclang-rt-14-dev
DEPS_LINT := $(DEPS_BUILD) clang-tidy-14 clang-format-14 cppcheck universal-ctags \
	shellcheck git gawk systemd
DEPS_PAGE := $(DEPS_TEST) chromium chromium-driver
DEPS_BENCH := $(DEPS_BUILD) postgresql-15 python3 python3-psycopg2 gnuplot-nox curl
DEPS_COVERAGE := $(DEPS_TEST) gcovr
DEPS_VALGRIND := $(DEPS_TEST) valgrind
DEPS_EXPORT := $(DEPS_TEST) time
DEPS_PACKAGE := $(DEPS_BUILD) dpkg-dev binutils gzip
DEPS_CHECK_PACKAGE := $(DEPS_PACKAGE) lintian postgresql-15 systemd-container systemd curl

# --- Compiler -----------------------------------------------------------------------------------
CFLAGS ?= -O2 -g
# Beyond -Wall -Wextra: a shadowed variable hides a mistake; what is not in a header is static; formats are
# literals that match; no arithmetic on void; const is not cast away; a misspelt macro is not 0; stack use is known.
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
	-Wpointer-arith -Wcast-qual -Wundef -Wvla
HARDENING := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -fstack-clash-protection
# No build id: it takes in the folder of the build, and the same sources are to make the same program.
LINK_HARDENING := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--build-id=none
ifneq ($(SANITIZE),)
HARDENING := -fPIE -fsanitize=$(SANITIZE) -fno-omit-frame-pointer
LINK_HARDENING := -pie -fsanitize=$(SANITIZE)
endif
ifneq ($(COVERAGE),)
HARDENING := -fPIE --coverage -O0
LINK_HARDENING := -pie --coverage
endif
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -I. -I$(BUILD) -DSALDOD_VERSION='"$(VERSION)"' \
	$(WARNINGS) $(HARDENING) $(CFLAGS) -I/usr/include/postgresql -I/usr/include/libxml2 -MMD -MP
LIBS := -lcurl -levent -ljansson -lyajl -lxml2 -lpq -lsystemd -linih -lsodium

# --- Files --------------------------------------------------------------------------------------
LIB_SRC := $(wildcard lib/*/*.c)
DAEMON_SRC := $(filter-out daemon/main.c,$(wildcard daemon/*.c))
SANDBOX_SRC := $(wildcard tests/sandbox/*.c)
HARNESS_SRC := $(filter-out tests/integration/test_%,$(wildcard tests/integration/*.c))
FAKE_WORLD := tests/unit/fake_world.c tests/unit/session_owner.c
UNIT_HELPERS := $(filter-out tests/unit/test_% $(FAKE_WORLD),$(wildcard tests/unit/*.c))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
INTEGRATION_TESTS := $(patsubst tests/integration/%.c,$(BUILD)/tests/integration/%,\
	$(wildcard tests/integration/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
CORE := $(BUILD)/libsaldod.a
GENERATED := $(BUILD)/gen/sql_queries.h $(BUILD)/gen/status_page.h
SANDBOX := $(BUILD)/tests/sandbox/tripletex-sandbox

.PHONY: help all deps deps-test demo demo-up demo-down check check-unit check-sql \
	check-integration check-page check-truth check-scale torture soak asan valgrind bench bench-export profile fuzz fuzz-smoke lint exposure layers format format-check coverage \
	install install-files manual deb check-package clean programs tests sandbox
.DEFAULT_GOAL := all
.SECONDARY:

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' Makefile

all: ## build build/saldod
	@tests/deps.sh $(DEPS_BUILD)
	@$(MAKE) programs

deps: ## install the Debian packages that are missing (for everything)
	@tests/deps.sh $(DEPS_TEST) $(DEPS_DEMO) $(DEPS_LINT) $(DEPS_FUZZ) $(DEPS_PAGE) $(DEPS_BENCH) \
		$(DEPS_COVERAGE) $(DEPS_CHECK_PACKAGE) $(DEPS_VALGRIND) $(DEPS_EXPORT)

# --- Build --------------------------------------------------------------------------------------
programs: $(BUILD)/saldod
sandbox: $(SANDBOX)
tests: $(UNIT_TESTS) $(INTEGRATION_TESTS) $(SANDBOX) $(BUILD)/saldod

$(BUILD)/saldod: $(call objects,daemon/main.c) $(CORE)
	@echo "  LINK $@"
	$(Q)$(CC) $(LINK_HARDENING) -o $@ $^ $(LIBS)

$(CORE): $(call objects,$(LIB_SRC) $(DAEMON_SRC)) $(BUILD)/obj/gen/sql_queries.o \
		$(BUILD)/obj/gen/status_page.o
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/obj/%.o: %.c Makefile | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC $<"
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC $<"
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

SQL_FILES := sql/bootstrap.sql $(sort $(wildcard sql/migrations/*.sql) $(wildcard sql/queries/*.sql))
$(BUILD)/gen/sql_queries.c: $(SQL_FILES) sql/embed.awk
	@mkdir -p $(@D)
	$(Q)gawk -v part=source -f sql/embed.awk $(SQL_FILES) > $@.new
	@mv $@.new $@
$(BUILD)/gen/sql_queries.h: $(SQL_FILES) sql/embed.awk
	@mkdir -p $(@D)
	$(Q)gawk -v part=header -f sql/embed.awk $(SQL_FILES) > $@.new
	@mv $@.new $@
$(BUILD)/gen/sql_queries.c: $(BUILD)/gen/sql_queries.h

$(BUILD)/gen/status_page.c: daemon/status_page.html daemon/status_page.awk
	@mkdir -p $(@D)
	$(Q)gawk -v part=source -f daemon/status_page.awk daemon/status_page.html > $@.new
	@mv $@.new $@
$(BUILD)/gen/status_page.h: daemon/status_page.awk
	@mkdir -p $(@D)
	$(Q)gawk -v part=header -f daemon/status_page.awk > $@.new
	@mv $@.new $@
$(BUILD)/gen/status_page.c: $(BUILD)/gen/status_page.h

$(SANDBOX): $(call objects,$(SANDBOX_SRC))
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(CC) $(LINK_HARDENING) -o $@ $^ -levent -ljansson -lsodium

# These tests run in the made-up world of tests/unit/fake_world.c, which takes the place of:
FAKED := loop_now_ms loop_timer_new loop_timer_start loop_timer_stop loop_timer_is_armed \
	loop_timer_free clock_now_us http_start http_cancel http_is_sent http_answer_header http_group_new \
	http_group_free batch_add pool_run pg_result_rows
FAKED_TESTS := $(addprefix $(BUILD)/tests/unit/,test_session test_session_refused test_token test_access)
COMMA := ,
$(FAKED_TESTS): FAKES = $(call objects,$(FAKE_WORLD)) $(addprefix -Wl$(COMMA)--wrap=,$(FAKED))
$(FAKED_TESTS): $(call objects,$(FAKE_WORLD))

UNIT_PARTS := $(call objects,$(UNIT_HELPERS) $(filter-out tests/sandbox/main.c,$(SANDBOX_SRC)))
$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(UNIT_PARTS) $(CORE)
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(CC) $(LINK_HARDENING) -o $@ $< $(FAKES) $(UNIT_PARTS) $(CORE) -lcmocka $(LIBS)

$(BUILD)/tests/integration/%: $(BUILD)/obj/tests/integration/%.o $(call objects,$(HARNESS_SRC)) $(CORE)
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(CC) $(LINK_HARDENING) -o $@ $^ -lcmocka $(LIBS)

# --- Demo ---------------------------------------------------------------------------------------
demo: ## from nothing to proven figures, and away again
	@tests/deps.sh $(DEPS_DEMO)
	@$(MAKE) programs sandbox
	@tests/demo/demo.sh run $(BUILD)

demo-up: ## the same, left running
	@tests/deps.sh $(DEPS_DEMO)
	@$(MAKE) programs sandbox
	@tests/demo/demo.sh up $(BUILD)

demo-down: ## end what demo-up left running
	@tests/demo/demo.sh down $(BUILD)

# --- Tests --------------------------------------------------------------------------------------
check: ## all tests
	@tests/deps.sh $(DEPS_TEST)
	@$(MAKE) tests
	@tests/run.sh $(BUILD) all

check-unit: ## unit tests
	@tests/deps.sh $(DEPS_TEST)
	@$(MAKE) $(UNIT_TESTS)
	@tests/run.sh $(BUILD) unit

check-sql: ## schema tests (pgTAP)
	@tests/deps.sh $(DEPS_TEST)
	@tests/run.sh $(BUILD) sql

check-integration: ## real daemon, real PostgreSQL, sandbox
	@tests/deps.sh $(DEPS_TEST)
	@$(MAKE) tests
	@tests/run.sh $(BUILD) integration

check-page: ## the status page in headless Chromium; screenshots in build/page
	@tests/deps.sh $(DEPS_PAGE)
	@$(MAKE) $(BUILD)/tests/integration/test_page $(SANDBOX) programs
	@CMOCKA_MESSAGE_OUTPUT=TAP $(BUILD)/tests/integration/test_page

check-package: deb sandbox ## the package: lintian, and a whole life of it in a booted copy of this machine
	@tests/deps.sh $(DEPS_CHECK_PACKAGE)
	@$(MAKE) deb DEB_VERSION=$(VERSION)+next >/dev/null
	@tests/run.sh $(BUILD) package

check-truth: ## 200 rounds of changes a mode of checksums; takes half an hour
	@tests/deps.sh $(DEPS_TEST)
	@$(MAKE) tests
	@folder=$$(mktemp -d /tmp/saldod-truth.XXXXXX) && chmod 0711 $$folder && \
	    SALDOD_TEST_FOLDER=$$folder SALDOD_TEST_ROUNDS=200 $(BUILD)/tests/integration/test_truth; \
	    status=$$?; rm -rf $$folder; exit $$status

check-scale: ## 500,000 postings loading beside 50 small clients; 2,000 bureaus; a bureau of 5,000 clients
	@tests/deps.sh $(DEPS_TEST)
	@$(MAKE) $(BUILD)/tests/integration/test_schedule $(SANDBOX) programs
	@SALDOD_TEST_POSTINGS=500000 SALDOD_TEST_CLIENTS=5000 $(BUILD)/tests/integration/test_schedule

TORTURE_SECONDS ?= 1800
SOAK_SECONDS ?= 3600
torture: ## whatever can go wrong, at random, for TORTURE_SECONDS (1800)
	@tests/deps.sh $(DEPS_TEST)
	@$(MAKE) $(BUILD)/tests/integration/test_torture $(SANDBOX) programs
	@folder=$$(mktemp -d /tmp/saldod-torture.XXXXXX) && chmod 0711 $$folder && \
	    SALDOD_TEST_FOLDER=$$folder SALDOD_TORTURE_SECONDS=$(TORTURE_SECONDS) \
	    SALDOD_TORTURE_SEED=$${SALDOD_TORTURE_SEED:-$$(date +%s)} $(BUILD)/tests/integration/test_torture; \
	    status=$$?; rm -rf $$folder; exit $$status

soak: ## one daemon under faults that it survives, for SOAK_SECONDS (3600): it does not grow
	@tests/deps.sh $(DEPS_TEST)
	@$(MAKE) $(BUILD)/tests/integration/test_torture $(SANDBOX) programs
	@folder=$$(mktemp -d /tmp/saldod-soak.XXXXXX) && chmod 0711 $$folder && \
	    SALDOD_TEST_FOLDER=$$folder SALDOD_SOAK_SECONDS=$(SOAK_SECONDS) \
	    SALDOD_TORTURE_SEED=$${SALDOD_TORTURE_SEED:-$$(date +%s)} $(BUILD)/tests/integration/test_torture; \
	    status=$$?; rm -rf $$folder; exit $$status

asan: ## all C tests under the address and undefined-behaviour sanitizers
	@tests/deps.sh $(DEPS_TEST)
	@$(MAKE) BUILD=$(BUILD)/asan SANITIZE=address,undefined CFLAGS='-O1 -g' tests
	@tests/run.sh $(BUILD)/asan unit integration

valgrind: ## unit tests under valgrind
	@tests/deps.sh $(DEPS_VALGRIND)
	@$(MAKE) $(UNIT_TESTS)
	@TEST_WRAPPER='valgrind -q --leak-check=full --error-exitcode=99' tests/run.sh $(BUILD) unit

# Which parts (load change idle growth), and how large: tests/bench/bench.py tells the variables.
BENCH ?=
bench: ## what saldod costs beside what its work costs at least: a table, JSON and a picture in build/bench
	@tests/deps.sh $(DEPS_BENCH)
	@$(MAKE) programs sandbox
	@/usr/bin/python3 tests/bench/bench.py $(BUILD) $(BENCH)

profile: ## where the time of a first load goes: functions of saldod, statements of PostgreSQL
	@tests/deps.sh $(DEPS_BENCH) $(if $(shell command -v perf),,valgrind)
	@$(MAKE) programs sandbox
	@/usr/bin/python3 tests/bench/profile.py $(BUILD)

bench-export: ## a fiscal year of 1,000,000 postings as SAF-T, within 64 MiB
	@tests/deps.sh $(DEPS_EXPORT)
	@$(MAKE) programs
	@tests/bench/export.sh $(BUILD)

# Fuzzers need instrumented objects of their own.
FUZZ_CFLAGS = -std=gnu11 -D_GNU_SOURCE -I. -I$(BUILD) -I/usr/include/postgresql -I/usr/include/libxml2 \
	-DSALDOD_VERSION='"$(VERSION)"' -O1 -g
FUZZ_CORE := $(BUILD)/fuzz/libsaldod.a
fuzz_objects = $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(1))

# Headers are made up by this one.
$(BUILD)/fuzz/fuzz_answer: FUZZ_LINK = -Wl,--wrap=http_answer_header

$(BUILD)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_CORE)
	@echo "  LINK $@"
	$(Q)clang-14 $(FUZZ_CFLAGS) -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined $(FUZZ_LINK) -o $@ $< $(FUZZ_CORE) $(LIBS)

$(FUZZ_CORE): $(call fuzz_objects,$(LIB_SRC) $(DAEMON_SRC) gen/sql_queries.c gen/status_page.c)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/fuzz/obj/%.o: %.c Makefile | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC $< (fuzz)"
	$(Q)clang-14 $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link,address,undefined \
		-fno-sanitize-recover=undefined -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/obj/gen/%.o: $(BUILD)/gen/%.c Makefile
	@mkdir -p $(@D)
	$(Q)clang-14 $(FUZZ_CFLAGS) -c -o $@ $<

FUZZ_SECONDS ?= 600
fuzz: ## every fuzzer for FUZZ_SECONDS (600)
	@tests/deps.sh $(DEPS_FUZZ)
	@$(MAKE) $(FUZZERS)
	@tests/fuzz/run.sh $(BUILD) $(FUZZ_SECONDS)

fuzz-smoke: ## every fuzzer for a few seconds
	@$(MAKE) fuzz FUZZ_SECONDS=10

# --- Habits -------------------------------------------------------------------------------------
C_FILES = $(LIB_SRC) $(DAEMON_SRC) daemon/main.c $(SANDBOX_SRC) $(wildcard tests/*/*.c)
ALL_C = $(sort $(C_FILES) $(wildcard lib/*/*.h daemon/*.h tests/*/*.h))

# One file a process: clang-tidy 14 mistakes every va_list of a second file for an uninitialised one.
TIDY_FLAGS = -std=gnu11 -D_GNU_SOURCE -I. -I$(BUILD) -I/usr/include/postgresql -I/usr/include/libxml2 \
	-DSALDOD_VERSION=\"$(VERSION)\"

lint: layers exposure ## layers, exposure of the unit, sizes, words, static analysis, scripts
	@tests/deps.sh $(DEPS_LINT)
	@$(MAKE) $(GENERATED)
	@tests/lint/sizes.sh
	@tests/lint/words.sh
	@tests/lint/prometheus.sh
	@cppcheck -q --std=c11 --enable=warning,portability,performance --inline-suppr \
		--error-exitcode=1 -j2 --library=tests/lint/cppcheck.cfg \
		--suppress=missingIncludeSystem -I. -I$(BUILD) lib daemon
	@echo "cppcheck: nothing found"
	@printf '%s\n' $(LIB_SRC) $(DAEMON_SRC) daemon/main.c | xargs -P2 -n1 sh -c \
		'clang-tidy-14 --quiet "$$1" -- $(TIDY_FLAGS) 2>/dev/null' sh
	@echo "clang-tidy: nothing found"
	@printf '%s\n' $(LIB_SRC) $(DAEMON_SRC) daemon/main.c | xargs -P2 -n1 sh -c \
		'gcc $(TIDY_FLAGS) -O1 -fanalyzer -Werror -c -o /dev/null "$$1"' sh
	@echo "gcc -fanalyzer: nothing found"
	@git ls-files -z --cached --others --exclude-standard '*.sh' .ci/run | xargs -0 \
		shellcheck --severity=warning
	@echo "shellcheck: nothing found"

exposure: ## how much the unit could do, by systemd-analyze: at most 1.2
	@systemd-analyze security --offline=yes --threshold=12 systemd/saldod.service | tail -n 1

layers: ## includes point down only; each library behind its own wall
	@tests/lint/layers.sh

format: ## rewrite the C files in the house format
	@tests/deps.sh $(DEPS_LINT)
	clang-format-14 -i $(ALL_C)

format-check: ## the same, without writing; fails where a file would change
	@tests/deps.sh $(DEPS_LINT)
	clang-format-14 --dry-run --Werror $(ALL_C)

coverage: ## line coverage of unit and integration tests
	@tests/deps.sh $(DEPS_COVERAGE)
	@$(MAKE) BUILD=$(BUILD)/coverage COVERAGE=1 CFLAGS='-O0 -g' tests
	@tests/run.sh $(BUILD)/coverage unit integration
	gcovr -r . --object-directory $(BUILD)/coverage/obj -f 'lib/' -f 'daemon/' \
		--print-summary -o $(BUILD)/coverage/report.txt

manual: ## write config/finale.7 from the comments of the schema
	@tests/sql/run.sh --manual config/finale.7

# Packagers choose other folders, as the package of Debian does.
UNIT_DIR ?= $(PREFIX)/lib/systemd/system
SYSUSERS_DIR ?= $(PREFIX)/lib/sysusers.d
TMPFILES_DIR ?= $(PREFIX)/lib/tmpfiles.d
DOC_DIR ?= $(PREFIX)/share/doc/saldod

install: all ## install below DESTDIR and PREFIX
	@$(MAKE) install-files

install-files:
	install -D -m 0755 $(BUILD)/saldod $(DESTDIR)$(PREFIX)/bin/saldod
	install -D -m 0644 -t $(DESTDIR)$(DOC_DIR) config/saldod.conf config/saldod-minimal.conf README.md
	install -D -m 0644 -t $(DESTDIR)$(DOC_DIR)/examples systemd/credentials.conf \
		config/prometheus-rules.yml config/grafana-dashboard.json
	install -D -m 0644 sql/README.md $(DESTDIR)$(DOC_DIR)/sql/README.md
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/saldod/sql sql/bootstrap.sql
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/saldod/sql/migrations sql/migrations/*.sql
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/saldod/sql/servers sql/servers/*.sql
	install -D -m 0644 config/saldod.8 $(DESTDIR)$(PREFIX)/share/man/man8/saldod.8
	install -D -m 0644 config/saldod.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5/saldod.conf.5
	install -D -m 0644 config/finale.7 $(DESTDIR)$(PREFIX)/share/man/man7/finale.7
	install -D -m 0644 config/saldod.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/saldod
	@sed 's|/usr/bin/saldod|$(PREFIX)/bin/saldod|' systemd/saldod.service > $(BUILD)/saldod.service
	install -D -m 0644 $(BUILD)/saldod.service $(DESTDIR)$(UNIT_DIR)/saldod.service
	install -D -m 0644 systemd/sysusers/saldod.conf $(DESTDIR)$(SYSUSERS_DIR)/saldod.conf
	install -D -m 0644 systemd/tmpfiles/saldod.conf $(DESTDIR)$(TMPFILES_DIR)/saldod.conf

# The version of a package may differ from the program's: tests make a later one to upgrade to.
DEB_VERSION ?= $(VERSION)
DEB_DIR ?= $(BUILD)/package
deb: ## the package of Debian: build/saldod_VERSION_ARCHITECTURE.deb
	@tests/deps.sh $(DEPS_PACKAGE)
	@$(MAKE) programs
	@rm -rf $(DEB_DIR)
	@$(MAKE) install-files DESTDIR=$(DEB_DIR)/root PREFIX=/usr UNIT_DIR=/lib/systemd/system >/dev/null
	@mv "$$(systemd/package/build.sh $(DEB_DIR) $(DEB_VERSION))" $(BUILD)
	@rm -rf $(DEB_DIR)
	@echo "$(BUILD)/saldod_$(DEB_VERSION)_$$(dpkg --print-architecture).deb"

clean: ## remove build/
	@tests/demo/demo.sh down $(BUILD) >/dev/null 2>&1 || true
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj $(BUILD)/fuzz/obj -name '*.d' 2>/dev/null)
