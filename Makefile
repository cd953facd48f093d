# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: help demo demo-kafka serve kafka test test-long check sim nemesis bench bench-history soak selfcheck model lock clean

help:           ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/ \t/'

$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The axis needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another with: make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the axis into $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	@echo "Installing the test tools into $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/installed  ## play 15 January 2020 through a real axis
	@$(BIN)/axis demo

serve: $(VENV)/installed  ## an axis with 94 answering agencies, and your chair
	@$(BIN)/axis serve

kafka: $(VENV)/installed  ## a real Kafka broker on 127.0.0.1:19092 (needs Java 17 and Maven)
	@$(BIN)/python -m axis.broker

demo-kafka: $(VENV)/installed  ## the same over Apache Kafka and PostgreSQL (needs Java 17, Maven and initdb)
	@$(BIN)/axis demo --over-kafka

test: $(VENV)/installed-dev  ## the suite, in under ten minutes
	@$(BIN)/python -m pytest -n 2 --no-loadscope-reorder

test-long: $(VENV)/installed-dev  ## the tests that take long: real processes killed, whole days played
	@$(BIN)/python -m pytest -m long

check: $(VENV)/installed-dev  ## ruff, mypy, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

SEEDS ?= 1000
sim: $(VENV)/installed-dev  ## the deterministic simulation, SEEDS=1000 fresh seeds
	@$(BIN)/python -m tests.sim --seeds $(SEEDS)

SECONDS ?= 600
nemesis: $(VENV)/installed-dev  ## the large form in a storm of SECONDS=600: killed, stopped, cut off; SEED=n for the same again
	@$(BIN)/python -m tests.nemesis --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

PEER := .venv-peer
$(PEER)/installed: benchmarks/peer.lock
	@test -x $(PEER)/bin/python || $(PYTHON) -m venv $(PEER)
	@echo "Installing the peer of the benchmark into $(PEER) ..."
	@$(PEER)/bin/python -m pip --disable-pip-version-check -q install --require-hashes -r benchmarks/peer.lock
	@touch $@

bench: $(VENV)/installed-dev $(PEER)/installed  ## measure, and write docs/performance.md; ROW=name for one, QUICK=1 for a trial, PAGE=1 for the page alone
	@$(BIN)/python -m benchmarks $(if $(ROW),--only $(ROW)) $(if $(QUICK),--quick) $(if $(PAGE),--page)

MINUTES ?= 60
soak: $(VENV)/installed-dev  ## half of what an axis can do for MINUTES=60: memory, latency, books; RATE=n instead of a search
	@$(BIN)/python -m benchmarks.soak --minutes $(MINUTES) $(if $(RATE),--rate $(RATE))

selfcheck: $(VENV)/installed-dev  ## the load test's own figures against those of Locust, within a tenth
	@$(BIN)/python -m benchmarks.selfcheck

SAMPLE ?= 1/1
bench-history: $(VENV)/installed-dev  ## play the whole history (SAMPLE=1/10: a tenth), and write docs/history.md
	@$(BIN)/python -X utf8 -m benchmarks.history --sample $(SAMPLE) > docs/history.md.new
	@mv docs/history.md.new docs/history.md
	@$(BIN)/python -m benchmarks --page > /dev/null

model: $(VENV)/installed  ## write docs/traffic-model.md from the model
	@$(BIN)/python -X utf8 -m agencies.model_page > docs/traffic-model.md

LOCK = $(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options --no-header --strip-extras --allow-unsafe --extra build
lock:           ## renew the lock files (no index address in them)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install pip-tools
	@$(LOCK) -o requirements.lock pyproject.toml
	@$(LOCK) --extra dev -o requirements-dev.lock pyproject.toml
	@$(filter-out --extra build,$(LOCK)) -o benchmarks/peer.lock benchmarks/peer.in

clean:          ## forget the books (var/), keep the environment
	@rm -rf var
