# `make help` lists what there is. Every target does its own set-up in .venv.

VENV := .venv
BIN := $(VENV)/bin
TOOLS := $(VENV)/.tools
READY := $(VENV)/.ready
PACKAGE := generated/elevenlabs_history_api
GENERATED := $(PACKAGE)/provenance.py

# The first Python on the PATH that runs and is new enough; PYTHON=… chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

.DEFAULT_GOAL := help
.PHONY: help demo test check check-breaking bench bench-quick generate spec

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) $(GENERATED) ## Start the simulator, list a history, download from it, show the files
	@$(BIN)/python scripts/demo.py

test: $(READY) $(GENERATED) ## Run all tests, with coverage of the wrapper
	@echo "Running the tests …"
	@$(BIN)/python -m pytest --cov --cov-report=term

check: $(READY) ## Check the spec, the generated client, formatting, lint, types and dependencies
	@echo "Checking the spec …"
	@$(BIN)/openapi-spec-validator openapi.yaml
	@echo "Checking that the generated client is what the spec says …"
	@$(BIN)/python scripts/generate.py --check
	@echo "Checking format, lint and types …"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/basedpyright
	@echo "Checking that what is imported is declared, and what is declared is imported …"
	@$(BIN)/deptry wrapper backup cli generated simulator
	@echo "Checking which package imports which …"
	@$(BIN)/lint-imports

check-breaking: $(READY) ## Print what would break programs that were written for a git ref: BASE=v1.0
	@$(BIN)/python scripts/check_breaking.py $(BASE)

bench: $(READY) $(GENERATED) ## Compare with other ways to do the same; writes docs/benchmarks.md (BENCH_FULL=1: more)
	@$(BIN)/python -m benchmarks $(if $(BENCH_FULL),--scale full)

bench-quick: $(READY) $(GENERATED) ## Do so in about two minutes, with less, and write nothing
	@$(BIN)/python -m benchmarks --scale quick

generate: $(GENERATED) ## Write the generated client when the spec, its settings or the generator changed

$(GENERATED): openapi.yaml codegen-config.yml requirements/generator.txt scripts/generate.py | $(TOOLS)
	@echo "Generating the client from openapi.yaml …"
	@$(BIN)/python scripts/generate.py

spec: $(READY) ## Import what the vendor publishes: SOURCE="page.md openapi.json https://…"
	@$(BIN)/python scripts/import_spec.py $(SOURCE)

# The package is installed after it was generated: an editable install leaves out a root that is empty at that time.
$(READY): pyproject.toml $(TOOLS) | $(GENERATED)
	@echo "Installing the package into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[all]'
	@touch $@

$(TOOLS): requirements/dev.txt requirements/generator.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found on the PATH. Install it, or say PYTHON=/path/to/python3."; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON) (once; takes a minute or two) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $@
