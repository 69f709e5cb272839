# `make help` lists what there is. Every target does its own set-up in .venv.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TOOLS := $(VENV)/.tools

# The first Python on the PATH that runs and is new enough; PYTHON=… chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest --numprocesses=auto

.DEFAULT_GOAL := help
.PHONY: help demo test test-all check check-breaking bench bench-quick generate spec

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## Start the simulator, list a history, download from it, show the files
	@$(BIN)/python scripts/demo.py

test: $(TOOLS) ## Run the tests, with coverage
	@echo "Running the tests (about four minutes on two cores) …"
	@$(PYTEST) -m "not packaging" --cov --cov-report=term

test-all: test ## Run the tests, then those that build, copy or install the project or the vendor's SDK
	@echo "Running the tests of packaging and import (about four minutes on two cores) …"
	@$(PYTEST) -m packaging

check: $(TOOLS) ## Check the spec, the generated client, format, lint, types, imports and dependencies
	@echo "Checking the spec …"
	@$(BIN)/openapi-spec-validator openapi.yaml
	@echo "Checking that the generated client is what the spec says …"
	@$(BIN)/python scripts/generate.py --check
	@echo "Checking format, lint and types …"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/basedpyright
	@echo "Checking which package imports which …"
	@$(BIN)/lint-imports
	@echo "Checking that what is imported is declared, and what is declared is imported …"
	@$(BIN)/deptry wrapper backup cli generated simulator

check-breaking: $(TOOLS) ## Print what would break programs that were written for a git ref: BASE=v1.0
	@$(BIN)/python scripts/check_breaking.py $(BASE)

bench: $(TOOLS) ## Compare with other ways to do the same; writes docs/benchmarks.md (BENCH_FULL=1: more)
	@$(BIN)/python -m benchmarks $(if $(BENCH_FULL),--scale full)

bench-quick: $(TOOLS) ## Do so in about two minutes, with less, and write nothing
	@$(BIN)/python -m benchmarks --scale quick

generate: $(TOOLS) ## Write the generated client from openapi.yaml
	@$(BIN)/python scripts/generate.py

spec: $(TOOLS) ## Import what the vendor publishes: SOURCE="page.md openapi.json https://…"
	@$(BIN)/python scripts/import_spec.py $(SOURCE)

$(INSTALLED): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found on the PATH. Install it, or say PYTHON=/path/to/python3."; exit 1; }
	@echo "Installing the package into $(VENV) with $(PYTHON) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) -e '.[all]'
	@touch $@

$(TOOLS): requirements/dev.txt requirements/generator.txt $(INSTALLED)
	@echo "Installing the tools for tests and checks (takes a minute or two) …"
	@$(PIP) -r requirements/dev.txt
	@touch $@
