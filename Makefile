# `make help` lists the targets. Each one installs what it needs into .venv; VENV=… chooses another folder.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TOOLS := $(VENV)/.tools

TYPED := elevenlabs_history elevenlabs_history_api elevenlabs_history_backup elevenlabs_history_probe elevenlabs_history_simulator

# The first Python on the PATH that is new enough and can make a virtual environment; PYTHON=… chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest --numprocesses=auto

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-lowest check check-breaking release-check docs bench bench-quick generate live manual spec

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## Start the simulator, list its history, download some items and show the files
	@$(BIN)/python scripts/demo.py

test: $(TOOLS) ## Run the tests in parallel, with coverage
	@echo "Running the tests (about nine minutes on two cores) …"
	@$(PYTEST) -m "not packaging and not cluster" --cov --cov-report=term

# A file's tests stay on one worker, so that each wheel and each environment is made once.
test-all: test ## Run the tests, then those that build, install, regenerate the client or run a cluster
	@echo "Running the tests that build, install, regenerate or run a cluster (about five minutes on two cores) …"
	@$(PYTEST) --dist=loadfile -m "packaging or cluster"

test-lowest: ## Run the tests of the packages with the lowest versions of their dependencies
	@test -x .venv-lowest/bin/python || $(PYTHON) -m venv .venv-lowest
	@.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	@.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check \
		-e '.[all]' -c requirements/lowest.txt --group test
	@.venv-lowest/bin/python -m pytest --numprocesses=auto -m "not packaging and not cluster" tests/wrapper tests/backup tests/cli

check: $(TOOLS) ## Check the spec, the generated client, generated pages, format, lint, types, imports and dependencies
	@echo "Checking the spec …"
	@$(BIN)/openapi-spec-validator openapi.yaml
	@echo "Comparing the generated client with the spec …"
	@$(BIN)/python scripts/generate.py --check
	@echo "Comparing the manual page with the command line, and the page of assumptions with the probe …"
	@$(BIN)/python scripts/make_manual.py --check
	@echo "Checking format, lint and types …"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/basedpyright --pythonpath $(BIN)/python
	@cd scripts && for package in $(TYPED); do \
		PATH="$(abspath $(BIN)):$$PATH" basedpyright --verifytypes $$package --ignoreexternal > ../.mypy_cache/verifytypes.txt \
			|| { cat ../.mypy_cache/verifytypes.txt; exit 1; }; done
	@echo "Checking the imports between the packages …"
	@$(BIN)/lint-imports
	@echo "Checking the workflows …"
	@$(BIN)/zizmor --offline --quiet --persona=pedantic .github
	@echo "Comparing the declared dependencies with the imports …"
	@$(BIN)/deptry wrapper backup probe cli generated simulator
	@$(MAKE) --silent docs
	@echo "Checking the spelling and the habits of a repository …"
	@$(BIN)/codespell *.md docs wrapper backup probe cli simulator scripts benchmarks tests
	@$(BIN)/repo-review --show err . > /dev/null || $(BIN)/repo-review --show err .

check-breaking: $(TOOLS) ## List the changes that break programs written for a git ref: BASE=v1.0
	@$(BIN)/python scripts/check_breaking.py $(BASE)

docs: $(TOOLS) ## Build the documentation into build/docs
	@echo "Building the documentation …"
	@$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going docs build/docs

release-check: $(TOOLS) ## Build the distributions and check what can be checked before a release; TAG=v1.0.0: for this tag
	@rm -rf dist
	@$(BIN)/python -m build --outdir dist . > /dev/null
	@$(BIN)/twine check --strict dist/*
	@$(BIN)/check-wheel-contents dist/*.whl
	@# The addresses that pyroma asks for are among what check_release.py does.
	@$(BIN)/pyroma --quiet --min 10 --skip-tests AuthorEmail,Url dist/*.tar.gz
	@$(BIN)/python scripts/check_release.py $(TAG)

bench: $(TOOLS) ## Run the benchmarks and write docs/benchmarks.md (BENCH_FULL=1: larger sizes)
	@$(BIN)/python -m benchmarks $(if $(BENCH_FULL),--scale full)

bench-quick: $(TOOLS) ## Run small benchmarks in about two minutes; writes no file
	@$(BIN)/python -m benchmarks --scale quick

generate: $(TOOLS) ## Write the generated client from openapi.yaml
	@$(BIN)/python scripts/generate.py

manual: $(INSTALLED) ## Write the manual page from the help of the command line, and the page of assumptions
	@$(BIN)/python scripts/make_manual.py

# Outside of the other tests, because it needs a key and the network.
live: ## Test the client against the real server, read-only: needs ELEVENLABS_API_KEY
	@test -n "$$ELEVENLABS_API_KEY" || { echo "make live needs a key: export ELEVENLABS_API_KEY=…"; exit 2; }
	@$(MAKE) --no-print-directory $(TOOLS)
	@$(BIN)/python -m pytest -v -m live tests/live

spec: $(TOOLS) ## Import the vendor's spec; SOURCE="page.md https://…": from these; SOURCE=none: correct it again; WRITE=1: changelog, too
	@$(BIN)/python scripts/import_spec.py $(SOURCE) $(if $(WRITE),--write)

$(INSTALLED): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Found no Python 3.11 or newer with venv on the PATH. Install it (Debian, Ubuntu: apt install python3-venv) or run make with PYTHON=/path/to/python3."; exit 1; }
	@echo "Installing the package into $(VENV) with $(PYTHON) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@# The pip of Debian 12 knows no dependency groups.
	@$(PIP) 'pip>=25.1'
	@$(PIP) -e '.[all]'
	@touch $@

$(TOOLS): $(INSTALLED)
	@echo "Installing the development tools into $(VENV) (about a minute) …"
	@$(PIP) --group dev
	@touch $@
