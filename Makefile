# Two commands do everything, set-up included: `make demo` and `make test`.
#
# All that is needed beforehand is make and Python 3.11 or newer.

PYTHON = python3
VENV = .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check

# Files of your own for `make demo`; assigned here so that variables of the same
# name in the environment are not taken for them. The command line goes first.
SOURCE =
TARGET =
LEXICON =
TEST =

.DEFAULT_GOAL := help
.PHONY: help install demo test lint docs clean

help:
	@echo "make demo    learn a generated bilingual corpus, print a table of P@1, save a picture"
	@echo "             on your own files: make demo SOURCE=a.txt TARGET=b.txt LEXICON=train.tsv TEST=test.tsv"
	@echo "make test    the whole test suite, doctests and lint"
	@echo "             (SKXLING_DATA=folder adds the tests that read real data)"
	@echo "make docs    build the documentation and its examples into docs/_build/html"
	@echo "make lint    ruff check and ruff format --check alone"
	@echo "make clean   remove what was built, but not the virtual environment $(VENV)"
	@echo "Each sets up what it needs once; another interpreter: make PYTHON=python3.12 ..."

install: $(VENV)/.installed

# Stamp files: pip runs again only where a requirement changed.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "skxling needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12")'
	@$(PIP) --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet -c constraints.txt -e '.[data,plots,test]'
	@touch $@

$(VENV)/.installed-docs: $(VENV)/.installed
	$(PIP) install --quiet -c constraints.txt -e '.[docs]'
	@touch $@

demo: install
	$(BIN)/python examples/demo.py \
	  $(if $(SOURCE),--source "$(SOURCE)") $(if $(TARGET),--target "$(TARGET)") \
	  $(if $(LEXICON),--lexicon "$(LEXICON)") $(if $(TEST),--test "$(TEST)")

# One worker for each core: the tests themselves use one thread (tests/conftest.py).
test: lint
	$(BIN)/python -m pytest -n auto

lint: install
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

# The pages of names are written anew, else those of names that are gone would stay. One thread, so
# that the numbers on the pages do not depend on the number of cores.
docs: export OMP_NUM_THREADS = 1
docs: $(VENV)/.installed-docs
	@rm -rf docs/api/generated
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

clean:
	rm -rf docs/_build docs/api/generated docs/auto_examples docs/sg_execution_times.rst
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis
	find skxling tests docs examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
