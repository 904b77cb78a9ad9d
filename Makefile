PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile

.PHONY: demo test test-backends test-slow lint benchmark docs

demo: $(INSTALLED)
	$(BIN)/lrcn demo

test: $(INSTALLED)
	$(PYTEST)
	KERAS_BACKEND=jax JAX_DISABLE_MOST_OPTIMIZATIONS=true $(PYTEST) --dist worksteal \
		-m "jax and not slow" tests/conformance

test-slow: $(INSTALLED)
	$(BIN)/python -m pytest -m slow

test-backends: $(INSTALLED)
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[torch]'
	KERAS_BACKEND=jax $(PYTEST) tests/conformance tests/training
	KERAS_BACKEND=torch $(PYTEST) tests/conformance tests/training

lint: $(INSTALLED)
	$(BIN)/ruff format --check lrcn_seq tools tests examples
	$(BIN)/ruff check lrcn_seq tools tests examples
	$(BIN)/mypy

docs: $(INSTALLED)
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build -q

benchmark: $(INSTALLED)
	$(BIN)/python tools/benchmark.py

$(INSTALLED): pyproject.toml setup.py constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev,bench,flow,examples,export,serve]'
	touch $(INSTALLED)
