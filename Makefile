# Podium: `make help` lists what there is.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help install install-run install-dev run test check fix lint types bounds bench bench-full soak sim docs oracle differential clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Podium needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(PIP) --upgrade pip
	$(PIP) --editable .
	@touch $@

$(VENV)/.installed-k1: pyproject.toml $(VENV)/.installed
	$(PIP) --group k1
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.installed-k1
	$(PIP) --group dev
	@touch $@

install: $(VENV)/.installed ## Make .venv with all that running needs

install-run: $(VENV)/.installed-k1

install-dev: $(VENV)/.installed-dev

run: install-run ## Start the server, run K1's LED pipeline on real workers, say where to look (ONCE=1: then end)
	@exec $(BIN)/python examples/k1/run.py

test: install-dev ## Install what the tests need and run all of them
	$(BIN)/python tools/prepare_tests.py
	$(BIN)/python -m pytest

check: lint types bounds test ## Everything that CI runs

lint: install-dev ## Format, lint and import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: install-dev ## Types, tests included
	$(BIN)/mypy src tests examples tools bench

bounds: install-dev ## Files of at most 400 lines, functions of at most 40
	$(BIN)/python tools/bounds.py

fix: install-dev ## Repair what can be repaired
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install-dev ## Measure speed, print one table
	$(BIN)/python -m bench

bench-full: install-dev ## The same, longer and with more workloads
	$(BIN)/python -m bench --full

soak: install-dev ## Long runs: kill -9 under load, again and again
	SOAK_KILLS=$${SOAK_KILLS:-60} SOAK_WORKFLOWS=$${SOAK_WORKFLOWS:-1500} $(BIN)/python -m pytest tests/e2e/test_kill.py

sim: install-dev ## Simulated worlds of servers that die and disks that fail, by seed (SEEDS=1000 FIRST=0)
	$(BIN)/python -m podium.testing.simulation --seeds $${SEEDS:-1000} --first $${FIRST:-0}

docs: install-dev ## Check that the manual is complete and that its examples run
	$(BIN)/python -m pytest tests/docs

oracle: install-dev ## Start the real Conductor server, the judge, on loopback (needs Maven and a JDK of 21 or newer)
	$(BIN)/python tools/oracle.py

differential: install-dev ## Random definitions on Podium and on the real server: what differs (N=200 SEED=0)
	$(BIN)/python -m tools.differential --count $${N:-200} --seed $${SEED:-0} --oracle "$${ORACLE:-}"

clean: ## Remove what was built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
