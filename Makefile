# What a person who works on Yibao types. `make` alone prints this list.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
PEERS := benchmarks/data/peers
# They wait for servers to answer in time, and share the processor with no months of days.
SERVERS := $(addprefix tests/drills/,test_schedule.py test_operators_server.py test_manual_runs.py test_prefect_deployment.py)

.DEFAULT_GOAL := help
.PHONY: help setup demo run test drills check bench pictures fix constraints clean

help: ## Show what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

setup: $(READY) ## Install everything into .venv (the other targets do it by themselves)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Yibao needs Python 3.11 or newer.")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

demo: $(READY) ## A whole week, offline, through the real parts, into demo/
	$(BIN)/python -m tests.standin.demo

run: $(READY) ## One day against arXiv itself, with ./yibao.toml (make one with `.venv/bin/yibao init`)
	$(BIN)/yibao run

test: $(READY) ## Tests, without network
	$(BIN)/python -m pytest -n 3 --dist worksteal

drills: $(READY) ## What takes long: months of days, kills, real records, judges of feeds and pages, browsers, benchmarks
	$(BIN)/python -m pytest -n 3 --dist loadfile -m drill $(SERVERS)
	$(BIN)/python -m pytest -n 3 --dist loadfile -m drill $(addprefix --ignore=,$(SERVERS))

check: $(READY) ## Lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY) $(PEERS)/ready ## Benchmarks, as ratios within one run (half an hour, 12 GB of disk)
	$(BIN)/python -m benchmarks.run_time
	$(BIN)/python -m benchmarks.translations
	$(BIN)/python -m benchmarks.maths
	$(BIN)/python -m benchmarks.publishing --peers $(PEERS)/bin/python
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.oai_pages --peers $(PEERS)/bin/python
	$(BIN)/python -m benchmarks.library --peers $(PEERS)/bin/python

$(PEERS)/ready: benchmarks/peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/peers.txt
	@touch $@

pictures: $(READY) ## Pictures of the demo, into docs/pictures/ (needs Chromium)
	$(BIN)/python -m tests.standin.pictures

fix: $(READY) ## Format, and repair what lint can repair
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

constraints: $(READY) ## Pin anew what pyproject.toml asks for (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate --extra dev pyproject.toml --output-file constraints.txt
	sed -i '1i # Every package that Yibao installs, direct or not, at the version it was tested with. Made by `make constraints`.' constraints.txt

clean: ## Remove what was made: .venv, demo, caches
	rm -rf $(VENV) demo benchmarks/data .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
