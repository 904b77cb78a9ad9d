PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test test-backends test-slow lint benchmark

demo: $(INSTALLED)
	$(BIN)/lrcn demo

test: $(INSTALLED)
	$(BIN)/python -m pytest
	KERAS_BACKEND=jax JAX_DISABLE_MOST_OPTIMIZATIONS=true $(BIN)/python -m pytest tests/conformance

test-slow: $(INSTALLED)
	$(BIN)/python -m pytest -m slow

test-backends: $(INSTALLED)
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[torch]'
	KERAS_BACKEND=jax $(BIN)/python -m pytest tests/conformance tests/training
	KERAS_BACKEND=torch $(BIN)/python -m pytest tests/conformance tests/training

lint: $(INSTALLED)
	$(BIN)/ruff check lrcn_seq tools tests

benchmark: $(INSTALLED)
	$(BIN)/python tools/benchmark.py

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev,bench,flow]'
	touch $(INSTALLED)
