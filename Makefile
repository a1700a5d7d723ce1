# `make` or `make help` lists the targets. All of them work in one virtual environment, .venv, which they make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := web,worker,local
DEV_EXTRAS := $(EXTRAS),dev
# The benchmarks' peers: other programs for the same ends, which nothing else needs.
BENCH_EXTRAS := $(DEV_EXTRAS),bench
# Another package index for torch and torchvision alone, such as the one with builds for CPUs only: see README.
TORCH_INDEX ?=
# Test processes; each starts servers of its own.
TEST_JOBS ?= auto
VITRINE_PORT ?= 8000
export VITRINE_PORT

PIP_INSTALL = pip install --disable-pip-version-check --constraint constraints.txt
INSTALLED := $(VENV)/.installed
DEV_INSTALLED := $(VENV)/.installed-dev
BENCH_INSTALLED := $(VENV)/.installed-bench

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run demo test test-unit test-browser lint typecheck format check screenshots bench constraints clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  Variables: PYTHON=$(PYTHON) VITRINE_PORT=$(VITRINE_PORT) VITRINE_DATA=var VITRINE_WEIGHTS= TORCH_INDEX= (see README)"

run: $(INSTALLED) ## Start Vitrine with everything it needs, at http://127.0.0.1:8000
	@exec $(BIN)/python -m infra.local --with-parent

demo: $(INSTALLED) ## Fill the gallery of the running Vitrine with drawn pictures
	@test -f "$${VITRINE_DATA:-var}/environment" || { echo "Start Vitrine first: make run" >&2; exit 1; }
	@. "$${VITRINE_DATA:-var}/environment" && exec $(BIN)/flask --app web.app demo

test: lint ## Lint, then run every test
	$(BIN)/python -m pytest -n $(TEST_JOBS) tests/unit tests/contracts tests/integration
	$(BIN)/python -m pytest -n $(TEST_JOBS) --dist loadfile tests/e2e tests/browser

test-unit: $(DEV_INSTALLED) ## Run the tests that need no server
	$(BIN)/python -m pytest tests/unit

test-browser: $(DEV_INSTALLED) ## Run the tests in a real Chromium (skipped where there is none)
	$(BIN)/python -m pytest tests/browser

lint: $(DEV_INSTALLED) ## Check format, style, types and import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/pre-commit validate-config .pre-commit-config.yaml

typecheck: $(DEV_INSTALLED) ## Check types
	$(BIN)/python -m mypy

format: $(DEV_INSTALLED) ## Format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: lint test ## Lint and test

screenshots: $(DEV_INSTALLED) ## Take the pictures of docs/screenshots again, with the demo pictures in Chromium
	$(BIN)/python -m tools.screenshots

bench: $(BENCH_INSTALLED) ## Run the benchmarks; make bench-NAME runs one
	$(BIN)/python -m benchmarks

bench-%: $(BENCH_INSTALLED)
	$(BIN)/python -m benchmarks $*

constraints: ## Take the newest versions that pyproject.toml allows into constraints.txt
	@$(require-python)
	rm -rf build/constraints
	$(PYTHON) -m venv build/constraints
	$(if $(TORCH_INDEX),build/constraints/bin/pip install --no-deps --index-url $(TORCH_INDEX) torch torchvision)
	build/constraints/bin/pip install --editable '.[$(BENCH_EXTRAS)]'
	head -n 1 constraints.txt > build/constraints.txt
	build/constraints/bin/pip freeze --exclude-editable | sed 's/+.*//' >> build/constraints.txt
	mv build/constraints.txt constraints.txt
	rm -rf build/constraints

clean: ## Remove the virtual environment and all caches; your data in var stay
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps, so that a second `make run` starts at once; a change of what they depend on installs again.
$(INSTALLED): pyproject.toml constraints.txt | $(BIN)/pip
	$(install-torch)
	$(BIN)/$(PIP_INSTALL) --editable '.[$(EXTRAS)]'
	@touch $@

$(DEV_INSTALLED): pyproject.toml constraints.txt | $(BIN)/pip
	$(install-torch)
	$(BIN)/$(PIP_INSTALL) --editable '.[$(DEV_EXTRAS)]'
	@touch $@ $(INSTALLED)

$(BENCH_INSTALLED): pyproject.toml constraints.txt | $(BIN)/pip
	$(install-torch)
	$(BIN)/$(PIP_INSTALL) --editable '.[$(BENCH_EXTRAS)]'
	@touch $@ $(DEV_INSTALLED) $(INSTALLED)

# pip is the last thing that venv makes: what was cut short is made again.
$(BIN)/pip:
	@$(require-python)
	$(PYTHON) -m venv $(VENV)

# Without its dependencies, which come from the usual index in the versions of constraints.txt.
install-torch = $(if $(TORCH_INDEX),$(BIN)/$(PIP_INSTALL) --no-deps --index-url $(TORCH_INDEX) torch torchvision)

define require-python
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "Vitrine needs Python 3.11 or newer, and $(PYTHON) is not: name one that is, as in make run PYTHON=python3.12" >&2; \
	exit 1; }
endef
