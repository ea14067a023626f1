# Everything that a developer runs. `make check` is what has to be green before each commit, `make test` before a change is done.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CODE := sora_mcp tests examples benchmarks scripts evals
unexport PYTHONDONTWRITEBYTECODE # each worker would compile pytest's plugins anew

.PHONY: check types quick test chaos fuzz coverage conformance clients cluster oracles evals house bench load prices snapshots readme pictures bundle release

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -e '.[dev]'
	touch $@

check: $(READY)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(MAKE) -j 2 types quick

# Apart, so that pyright, which has one core, runs beside the tests.
types: $(READY)
	$(BIN)/pyright --pythonpath $(BIN)/python

quick: $(READY)
	$(BIN)/python -m pytest -q -n 4 -m "not slow"

coverage: $(READY)
	$(BIN)/python -m pytest -q -n 6 -m "not slow" --cov --cov-report=
	$(BIN)/python -m scripts.coverage

test: $(READY)
	$(BIN)/python -m pytest -q -n 8

chaos: $(READY)
	$(BIN)/python -m tests.faults.sweep --kills 1000

fuzz: $(READY)
	$(BIN)/python -m tests.fuzz --count 20000

conformance: $(READY)
	$(BIN)/python -m tests.conformance

clients: $(READY)
	$(BIN)/python -m pytest -q -n 0 -m clients -rs tests/clients

cluster: $(READY)
	$(BIN)/python -m pytest -q -n 0 -m cluster -rs tests/cluster

oracles: $(READY)
	$(BIN)/python -m pytest -q -n 0 -m oracles -rsP tests/oracles

evals: $(READY)
	$(BIN)/python -m evals

house: $(READY)
	$(BIN)/python -m scripts.house

bench: $(READY)
	$(BIN)/python -m benchmarks --readme

pictures: $(READY)
	$(BIN)/python -m scripts.pictures $(NAMES)

load: $(READY)
	$(BIN)/python -m benchmarks.load

bundle: $(READY)
	$(BIN)/python -m scripts.bundle

release: $(READY)
	$(BIN)/python -m scripts.release $(VERSION) $(FLAGS)

prices: $(READY)
	$(BIN)/python -m scripts.prices $(FLAGS)

snapshots: $(READY)
	SNAPSHOTS=write $(BIN)/python -m pytest -q tests/server

readme: $(READY)
	$(BIN)/python -m scripts.readme
	$(BIN)/python -m scripts.settings
	$(BIN)/python -m scripts.server_json
	$(BIN)/python -m scripts.plugin
	$(BIN)/python -m scripts.tone_tables
