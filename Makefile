# Everything from a bare checkout that has Python 3.11 or newer. `make` alone lists what there is.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Tests of one file stay together, for what they share. Those of the command line are the longest,
# so they begin.
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder \
  tests/launch tests

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast oracles check bench docs release clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.sim ## the whole path on one machine: pretrain, drive a twin, adapt, gate (HIDDEN=seed)
	$(BIN)/ashore demo servo $(if $(HIDDEN),--hidden $(HIDDEN))

test: $(VENV)/.dev $(VENV)/.oracles ## all tests
	$(PYTEST)

test-fast: $(VENV)/.dev ## the tests that take less than a minute together
	$(PYTEST) -m "not slow"

oracles: $(VENV)/.oracles ## clients of others, which the tests let drive the twin

check: $(VENV)/.dev ## lint and type-check
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.peers ## every benchmark, with a page in runs/bench (SHORT=1: under a minute each)
	$(BIN)/ashore bench all $(if $(SHORT),--short)

docs: $(VENV)/.docs ## the documentation, in build/docs/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build -q -f docs/mkdocs.yml

# The wheel is built from the sdist, so that both are whole. What a robot's computer would fetch is
# collected first, and installed from there.
BARE := build/bare
release: $(VENV)/.dev ## wheel and sdist in dist/, tried in a bare environment
	rm -rf dist $(BARE)
	$(BIN)/python -m build --outdir dist . > /dev/null
	$(PYTHON) -m venv $(BARE)
	$(BARE)/bin/python -m pip --quiet wheel dist/*.whl -c constraints.txt -w $(BARE)/wheels
	$(BARE)/bin/python -m pip --quiet install --no-index --find-links $(BARE)/wheels ashore
	$(BARE)/bin/ashore deploy --help > /dev/null
	@ls -sh1 dist; echo "$$(du -ch $(BARE)/wheels/* | tail -1 | cut -f1) fetched by pip install ashore"
	@$(BARE)/bin/python -c 'import time; began = time.perf_counter(); import ashore.launch.cli; \
	  print(f"import: {time.perf_counter() - began:.2f} s")'

$(VENV)/.docs: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -e '.[docs]' -c constraints.txt
	@touch $@

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "ashore needs Python 3.11 or newer and $(PYTHON) is" \
	    "$$($(PYTHON) -V 2>&1); name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# A stamp is older than pyproject.toml or constraints.txt when something must be installed anew.
$(VENV)/.sim: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -e '.[sim]' -c constraints.txt
	@touch $@

# The development install holds the simulation's.
$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -e '.[dev]' -c constraints.txt
	@touch $(VENV)/.sim $@

# Peers that benchmarks are set beside.
$(VENV)/.peers: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -e '.[peers]' -c constraints.txt
	@touch $(VENV)/.sim $(VENV)/.dev $@

# They cannot share an environment: two hold a module of the same name, and what LeRobot asks for is
# gigabytes that its motor buses and datasets without video do not use. Each of a line of packages
# has a folder of its own, called by the first; what else it needs is in $(VENV). Where one cannot
# be had, its tests are skipped.
ORACLES := lerobot feetech-servo-sdk ftservo-python-sdk witmotion rerun-sdk,attrs,psutil
# What LeRobot reads datasets with, and all that this needs: an older hub than the latest.
DATASETS := datasets pandas huggingface-hub

$(VENV)/.oracles: Makefile constraints.txt | $(BIN)/python
	@all=yes; place="$(VENV)/oracles"; for it in $(ORACLES); do \
	  $(PIP) install --no-deps --upgrade --target "$$place/$${it%%,*}" $$(echo $$it | tr , ' ') \
	    -c constraints.txt || all=; \
	done; \
	$(PIP) install --upgrade --target "$$place/datasets" $(DATASETS) -c constraints.txt || all=; \
	test -z "$$all" || touch $@
