# make demo   set everything up and show the sample project
# make test   set everything up and run all checks and tests
# make test-window QT=pyqt6 VENV=.venv-pyqt6   the window's tests on the other binding
# make bench  speed and memory, as a table
# make mutants PART=statistics   mistakes planted, and how many the tests notice
# make bundle  an application that needs no Python, dist/napari-cdse, built and tried out
# make docs   the guide as pages for a browser, docs/_build/index.html
# make pictures  the guide's pictures, made anew
# make sample  what the shipped forest finds in the sample, made anew
# make clean  remove what these made

PYTHON ?= python3
QT ?= pyqt5
VENV ?= .venv
BIN = $(VENV)/bin
GUIDE = docs/_build/index.html
READY = $(VENV)/.ready-$(QT)
# Every extra that a test needs, so that none is skipped for want of one.
EXTRAS = dev,docs,simulate,microscopes,unet,dask,mutants
# As many tests at a time as the machine has cores; those of one file share its fixtures.
WORKERS ?= logical
# A worker that dies ends the run with its test's name; a new one would wait for ever.
PYTEST = $(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=loadfile \
    --max-worker-restart=0
# Draw in software and on a virtual screen: the same picture on every machine.
SCREEN = xvfb-run -a -s "-screen 0 1920x1080x24"
# One process at a time draws; more threads in each only get in each other's way.
export OMP_NUM_THREADS ?= 2
export OPENBLAS_NUM_THREADS ?= 2

.PHONY: demo test lint test-window bench mutants bundle docs pictures sample clean
.DELETE_ON_ERROR:

$(READY): pyproject.toml .constraints.txt .ci/system-packages
	.ci/system-packages
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[$(QT),$(EXTRAS)]" --constraint .constraints.txt
	touch $@

demo: $(READY) docs
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ]; then \
	    $(BIN)/napari-cdse demo; \
	else \
	    $(SCREEN) $(BIN)/napari-cdse demo --screenshot demo.png; \
	fi

# Each worker has one core, and its own virtual screen by pytest-xvfb.
test test-window: export OMP_NUM_THREADS = 1
test test-window: export OPENBLAS_NUM_THREADS = 1
test test-window: export LP_NUM_THREADS = 1

test: $(READY) lint
	$(PYTEST)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-window: $(READY)
	$(PYTEST) -o qt_api=$(QT) tests/gui tests/test_manifest.py

bench: $(READY)
	$(SCREEN) $(BIN)/python -m tests.benchmarks

mutants: $(READY)
	$(SCREEN) $(BIN)/python -m tests.mutants $(PART)

# Building takes minutes, so that `test` skips the tests of what was built.
bundle: $(READY) docs
	$(BIN)/python -m pip install --quiet --editable ".[$(QT),$(EXTRAS),bundle]" --constraint .constraints.txt
	rm -rf docs/_build/.trees
	QT_API=$(QT) $(BIN)/python -m PyInstaller --noconfirm --log-level WARN .bundle/napari-cdse.spec
	NAPARI_CDSE_BUNDLE=$(CURDIR)/dist/napari-cdse $(BIN)/python -m pytest tests/test_bundle.py

docs: $(GUIDE)

$(GUIDE): $(READY) $(wildcard docs/*.* docs/*/*.*)
	$(BIN)/python -m sphinx -q -W -b html -d docs/_build/.trees docs docs/_build

pictures: $(READY)
	$(SCREEN) $(BIN)/python -m tests.pictures
	$(BIN)/python -m tests.method_pictures

sample: $(READY)
	$(BIN)/python sample_data/make.py

clean:
	rm -rf $(VENV) .venv-* build dist demo.png docs/_build .pytest_cache .mypy_cache .ruff_cache
