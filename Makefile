# Everything a newcomer needs: `make run`, `make test`. Run `make help` for the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || echo python3)
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

PEERS   := .venv-peers
BENCH   ?=

HOME_DIR ?= data
LANDING  := $(HOME_DIR)/landing

.PHONY: help setup run demo test quarter lint types up peers bench lock suites codes clean

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(STAMP) ## build .venv from requirements.lock (nothing to do when it is current)

# The interpreter is found once, here: Debian and pyenv name it differently.
$(STAMP): requirements.lock pyproject.toml
	@echo "setup: building $(VENV) from requirements.lock (about a minute the first time)"
	@command -v $(PYTHON) >/dev/null || { echo "setup: $(PYTHON) not found. Install Python 3.11, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==0.13.9" \
	  || { echo "setup: could not install uv from the package index. Check the network or proxy, then run make setup again." >&2; exit 1; }
	@# Compiled once here: a process that may not write bytecode would compile dbt and Great Expectations at each run.
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock \
	  || { echo "setup: a package of requirements.lock could not be installed; the line above names it. Run make setup again, or make lock if an index no longer has it." >&2; exit 1; }
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "setup: done"

lock: ## resolve pyproject.toml and the benchmark's peers anew into their lock files
	@$(BIN)/uv pip compile pyproject.toml --all-extras --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header --quiet --output-file requirements.lock
	@$(BIN)/uv pip compile benchmarks/peers.in --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header --quiet --output-file benchmarks/peers.lock

run: setup ## publish the tables of the Complete Journey sample into data/published
	@$(BIN)/retention sample completejourney --landing $(LANDING)
	@$(BIN)/retention run --landing $(LANDING) --profile retail --home $(HOME_DIR)
	-@$(BIN)/retention value fit --home $(HOME_DIR)
	@$(BIN)/retention run --landing $(LANDING) --profile retail --home $(HOME_DIR)

demo: setup ## simulate a company that does not exist and publish its tables into data/demo/published
	@$(BIN)/retention simulate --customers 5000 --months 24 --seed 7 --landing $(HOME_DIR)/demo/landing
	@$(BIN)/retention run --landing $(HOME_DIR)/demo/landing --profile retail --home $(HOME_DIR)/demo
	-@$(BIN)/retention value fit --home $(HOME_DIR)/demo
	@$(BIN)/retention run --landing $(HOME_DIR)/demo/landing --profile retail --home $(HOME_DIR)/demo

up: setup ## start Airflow with the DAGs ready, until Ctrl-C (PORT=8080)
	@$(BIN)/python -m retention.airflow_server $(if $(PORT),--port $(PORT))

# Tests write a few GB of small databases, and each commit waits for the disk: in memory, where there is plenty, it
# does not.
ROOM = $(shell [ "$$(df --output=avail -BG /dev/shm 2>/dev/null | tail -1 | tr -dc 0-9)" -ge 12 ] 2>/dev/null \
  && [ "$$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo)" -ge 16000000 ] && echo /dev/shm)

test: setup ## run every test
	@$(if $(ROOM),PYTEST_DEBUG_TEMPROOT=$(ROOM)) $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

quarter: setup ## run a simulated quarter day by day through the daily DAG (an hour or more; DAYS=92)
	@RETENTION_QUARTER_DAYS=$(or $(DAYS),92) $(BIN)/pytest tests/airflow/test_quarter.py -v

lint: setup ## check Python and SQL style, and that SQL means the same on both engines
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/sqlfluff lint --processes 2 dbt_project/models
	@$(BIN)/python -m dbt_project.check_portability

types: setup ## check types
	@$(BIN)/mypy

peers: setup $(PEERS)/.installed ## install what the benchmark compares with, apart from .venv

$(PEERS)/.installed: benchmarks/peers.lock
	@echo "peers: building $(@D) from $<"
	@$(PYTHON) -m venv --clear $(@D)
	@VIRTUAL_ENV=$(@D) $(BIN)/uv pip install --quiet --require-hashes -r $< \
	  || { echo "peers: a package of $< could not be installed; the line above names it. Run make peers again, or make bench BENCH=--no-peers." >&2; exit 1; }
	@touch $@

bench: $(if $(findstring --no-peers,$(BENCH)),setup,peers) ## measure, print the goals, write docs/performance.md (BENCH="--rows 100k --repeats 1")
	@$(BIN)/retention bench $(BENCH)
	@$(if $(BENCH),,$(BIN)/retention bench --history)
	@$(if $(BENCH),,$(BIN)/retention bench --value)
	@$(BIN)/retention bench --page

suites: setup ## write expectations/suites anew after a contract has changed
	@$(BIN)/python -m retention.quality.suites --write

codes: setup ## write the names of codes that dbt docs shows anew after labels.csv has changed
	@$(BIN)/python -m dbt_project.code_docs

clean: ## remove the environment and what tools left; data/ stays
	@rm -rf $(VENV) $(PEERS) dbt_project/target dbt_project/logs .pytest_cache .mypy_cache .ruff_cache
