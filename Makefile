# Everything here sets itself up: a stock Python 3.11+, git and make are all it takes.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
CONSTRAINTS ?= constraints.txt
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet $(if $(CONSTRAINTS),-c $(CONSTRAINTS))

# Compiled modules are kept, whatever the shell says: each of the suite's hundreds of processes would compile them anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-live check types rules lint collected format messages bench screenshots dist test-dist clean help

help:
	@echo "make demo         the guided set-up on the embedded sandbox (headless without a terminal)"
	@echo "make test         all checks and tests"
	@echo "make test-live    the contract tests in a real project: PROJECT=ID [LOCATION=EU]; it cleans up after itself"
	@echo "make check        format, lint, types, import contracts"
	@echo "make messages     bring the German catalogue up to date with the sources, and compile it"
	@echo "make bench        the speed table (BENCH=--json for JSON)"
	@echo "make screenshots  draw screenshots/ anew"
	@echo "make dist         a wheel, an sdist, and one file that runs by itself, into dist/ (PYTHONS=\"python3.11 ...\")"
	@echo "make test-dist    start what make dist has built in a bare environment"

demo: $(VENV)/.demo
	@$(BIN)/kbq-tui demo $(DEMO)

# More workers than most machines have cores: many tests wait, for a program to start or a screen to be drawn. The tests
# of `rules` are among all tests, and run once.
test: $(VENV)/.dev
	@$(MAKE) --no-print-directory -j2 types $(if $(TEST),rules,lint) collected
	$(BIN)/python -m pytest -n 6 --dist worksteal $(TEST)

# As you are signed in (application-default credentials), in datasets and an account with a random suffix.
test-live: $(VENV)/.dev
	$(if $(PROJECT),,$(error Name a real project to try things in: make test-live PROJECT=ID [LOCATION=EU]))
	$(BIN)/python -m pytest tests/live --live-project=$(PROJECT) --live-location=$(or $(LOCATION),US)

check: $(VENV)/.dev
	@$(MAKE) --no-print-directory -j2 types rules

types: $(VENV)/.dev
	$(BIN)/mypy

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

rules: lint
	$(BIN)/python -m pytest -q tests/test_house.py

# Compiles the tests once, while mypy is busy, and not in each of six workers at the same time.
collected: $(VENV)/.dev
	@$(BIN)/python -m pytest --collect-only -qq $(TEST) > /dev/null

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

messages: $(VENV)/.dev
	$(BIN)/python -m tests.tools.messages

bench: $(VENV)/.dev
	@$(BIN)/python -m tests.tools.bench $(BENCH)

screenshots: $(VENV)/.dev
	$(BIN)/python -m tests.tools.screenshots

dist: $(VENV)/.dist
	$(BIN)/python -m tests.tools.dist $(PYTHONS)

test-dist: $(VENV)/.dev
	KBQ_TEST_DIST=dist $(BIN)/python -m pytest -q tests/tools/test_dist.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "kbq-tui needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "Python's venv module is missing. On Debian and Ubuntu: sudo apt install python3-venv; on Fedora it comes with python3." >&2; exit 1; }
	@echo "Setting up $(VENV) (once) ..." >&2
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "'$(PYTHON) -m venv' failed; its words are above." >&2; exit 1; }

$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	@$(PIP) -e '.[sandbox]'
	@touch $@

$(VENV)/.dist: pyproject.toml constraints.txt | $(BIN)/python
	@$(PIP) -e '.[dist]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.demo
