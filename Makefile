# Abbreviations of what README.md says in plain commands.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: help run test check bench

help: ## Print this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

.venv/installed: requirements.txt requirements-dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -r requirements-dev.txt
	touch $@

run: .venv/installed ## Start the Studio
	$(BIN)/streamlit run Home.py

test: .venv/installed ## Run all tests
	$(BIN)/python -m pytest

check: .venv/installed ## Format, lint, types, fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --ignore tests/browser

bench: .venv/installed ## Run the benchmarks
	for file in benchmarks/*.py; do $(BIN)/python $$file; done
