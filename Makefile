# Every target sets up what it needs in a virtual environment inside this folder, quietly and once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_VENV := .venv-demo
BENCH_OUT ?= results/bench/$(shell date +%F).bench.json
PIP := -m pip --disable-pip-version-check install --quiet
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint type bench docs

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: $(VENV)/.done ## everything for work on mien, in .venv (2 to 4 minutes, about 6 GB with torch)

$(VENV)/.done: pyproject.toml
	@echo "setting up $(VENV) with all extras: torch takes a few minutes, once"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP) --upgrade pip
	@$(BIN)/python $(PIP) --editable ".[all]"
	@touch $@

$(DEMO_VENV)/.done: pyproject.toml
	@echo "setting up $(DEMO_VENV) with the base install (no torch): under a minute, once"
	@$(PYTHON) -m venv $(DEMO_VENV)
	@$(DEMO_VENV)/bin/python $(PIP) --editable .
	@touch $@

# the demo works from the base install; where .venv is there already it is used
demo: ## analyse the bundled pictures and clip with the embedded model: table, marked media, report
	@if [ -f $(VENV)/.done ]; then $(BIN)/mien demo; else $(MAKE) --no-print-directory $(DEMO_VENV)/.done && $(DEMO_VENV)/bin/mien demo; fi

test: lint type ## lint, types and tests (MIEN_TEST_DATA names a data folder for the tests that need one)
	@$(BIN)/python -m pytest

lint: $(VENV)/.done ## style and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

type: $(VENV)/.done ## strict types of core, faces, metrics and runtime
	@$(BIN)/mypy

bench: $(VENV)/.done ## speed and memory as ratios of one run; needs MIEN_TEST_DATA, and FER2013=FOLDER for training
	@$(BIN)/python benchmarks/bench.py $(if $(FER2013),--fer2013 $(FER2013)) --out $(BENCH_OUT)

docs: $(VENV)/.done ## write the generated pages of docs/ anew
	@$(BIN)/python docs/generate.py
