# `make study` runs the main job and `make test` the tests; each builds .venv first.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: study test test-slow lint format docs witness orders clean

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test,docs]"
	touch $@

study: $(VENV)/installed
	$(BIN)/physbias study

test: $(VENV)/installed
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow and not gpu" tests/energy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow and not gpu" \
		--ignore=tests/energy -n 2 --dist loadfile

test-slow: $(VENV)/installed
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow

lint: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

format: $(VENV)/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/installed
	$(BIN)/sphinx-build -n -W --keep-going -b html docs docs/_build/html

witness: $(VENV)/installed
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/witness.py

orders: $(VENV)/installed
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/orders.py --out docs/orders.md

clean:
	rm -rf $(VENV) docs/_build study-report
