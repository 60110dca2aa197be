# make demo   set everything up and show the sample project
# make test   set everything up and run all checks and tests
# make bench  speed and memory, as a table
# make pictures  the README's pictures, made anew
# make clean  remove what these made

PYTHON ?= python3
QT ?= pyqt5
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready-$(QT)
# Draw in software and on a virtual screen: the same picture on every machine.
SCREEN = xvfb-run -a -s "-screen 0 1920x1080x24"
# One process at a time draws; more threads in each only get in each other's way.
export OMP_NUM_THREADS ?= 2
export OPENBLAS_NUM_THREADS ?= 2

.PHONY: demo test lint test-window bench pictures clean
.DELETE_ON_ERROR:

$(READY): pyproject.toml .constraints.txt .ci/system-packages
	.ci/system-packages
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[$(QT),dev,microscopes]" --constraint .constraints.txt
	touch $@

demo: $(READY)
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ]; then \
	    $(BIN)/napari-cdse demo; \
	else \
	    $(SCREEN) $(BIN)/napari-cdse demo --screenshot demo.png; \
	fi

test: $(READY) lint
	$(SCREEN) $(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-window: $(READY)
	$(SCREEN) $(BIN)/python -m pytest -o qt_api=$(QT) tests/gui tests/test_manifest.py

bench: $(READY)
	$(SCREEN) $(BIN)/python -m tests.benchmarks

pictures: $(READY)
	$(SCREEN) $(BIN)/python -m tests.pictures

clean:
	rm -rf $(VENV) .venv-* demo.png .pytest_cache .mypy_cache .ruff_cache
