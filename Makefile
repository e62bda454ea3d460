# Two commands do everything on a fresh machine: `make study` and `make test`.
# Needed beforehand: Python 3.11 or newer with venv, a C++ compiler, make.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STUDY_DIR ?= ogive-study
SOURCES := $(shell find native src -type f -not -name '*.pyc' -not -name '*.so') meson.build pyproject.toml

.PHONY: study test lint bench coefficients clean

study: $(VENV)/.installed
	$(BIN)/ogive study --out $(STUDY_DIR) $(ARGUMENTS)

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

# mypy reads the types of what the package imports, so that has to be there too.
lint: $(VENV)/.installed $(VENV)/.tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror native/*.h native/*.cpp

bench: $(VENV)/.installed
	$(BIN)/ogive bench

# native/coefficients.h is kept in the repository; this writes it anew.
coefficients: $(VENV)/.tools
	$(BIN)/python tools/coefficients.py > native/coefficients.h
	$(BIN)/clang-format -i native/coefficients.h

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

# The package as a user gets it: built into a wheel, with what the study needs.
$(VENV)/.installed: $(SOURCES) constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt '.[study]'
	touch $@

$(VENV)/.tools: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt 'torch>=2.4'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group test --group lint
	touch $@

clean:
	rm -rf $(VENV) build dist $(STUDY_DIR)

.NOTPARALLEL:
