# What a person who works on Yibao types. `make` alone prints this list.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
PEERS := benchmarks/data/peers
# They wait for servers to answer in time, and share the processor with no months of days.
SERVERS := $(addprefix tests/drills/,test_schedule.py test_operators_server.py test_manual_runs.py test_prefect_deployment.py)

# Modules are compiled once, not in each of some thousand processes.
export PYTHONDONTWRITEBYTECODE :=
# Trees of thousands of small files are made and removed: in memory, where this machine has 8 GB to spare there.
SCRATCH = $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 8000000 { print "TMPDIR=/dev/shm" }')

.DEFAULT_GOAL := help
.PHONY: help setup demo run test drills soak check bench evaluate judges pictures fix texts constraints clean

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
	$(SCRATCH) $(BIN)/python -m pytest -n 3 --dist worksteal --ignore tests/drills --ignore tests/judges

drills: $(READY) ## What takes long: months of days, kills, real records, judges of feeds and pages, browsers, benchmarks
	$(SCRATCH) $(BIN)/python -m pytest -n 3 --dist worksteal -m "drill and not soak" $(SERVERS)
	$(SCRATCH) $(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder -m "drill and not soak" $(addprefix --ignore=,$(SERVERS))
	$(SCRATCH) $(BIN)/python -m pytest -n 3 --dist worksteal -m property --hypothesis-profile thorough

soak: $(READY) ## What takes longer still: what each room says at length, further values and seeds, each benchmark (half an hour)
	$(SCRATCH) $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m soak

check: $(READY) ## Lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY) $(PEERS)/ready ## Benchmarks, as ratios within one run (half an hour, 12 GB of disk)
	$(BIN)/python -m benchmarks.run_time
	$(BIN)/python -m benchmarks.translations
	$(BIN)/python -m benchmarks.checker_history
	$(BIN)/python -m benchmarks.maths
	$(BIN)/python -m benchmarks.publishing --peers $(PEERS)/bin/python
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.choosing
	$(BIN)/python -m benchmarks.composing
	$(BIN)/python -m benchmarks.newsletter_sending
	$(BIN)/python -m benchmarks.searching
	$(BIN)/python -m benchmarks.search_quality
	$(BIN)/python -m benchmarks.oai_pages --peers $(PEERS)/bin/python
	$(BIN)/python -m benchmarks.releases
	$(BIN)/python -m benchmarks.library --peers $(PEERS)/bin/python

$(PEERS)/ready: benchmarks/peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/peers.txt
	@touch $@

evaluate: $(READY) ## How often the checker is right, on real translations, seen and unseen (needs ../shared/data, half an hour)
	$(BIN)/python -m benchmarks.evaluation

pictures: $(READY) ## Pictures of the demo, into docs/pictures/ (needs Chromium)
	$(BIN)/python -m tests.standin.pictures

judges: ## Install programs of others that judge what we publish (npm and Python packages; .ci/run installs Debian's)
	npm install --prefix tests/judges --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error
	$(PYTHON) -m venv .judges
	.judges/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/judges/requirements.txt
	set -e; for version in 1.3.2 1.4.5; do .judges/bin/python -m pip install --quiet --disable-pip-version-check --upgrade --target .judges/duckdb/$$version duckdb==$$version; done

fix: $(READY) ## Format, and repair what lint can repair
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

texts: $(READY) ## Put what templates and code say into yibao/locales/zh_Hans.po, to be translated there
	$(BIN)/python -m tests.texts

constraints: $(READY) ## Pin anew what pyproject.toml asks for (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate --extra dev pyproject.toml --output-file constraints.txt
	sed -i '1i # Every package that Yibao installs, direct or not, at the version it was tested with. Made by `make constraints`.' constraints.txt

clean: ## Remove what was made: .venv, demo, caches
	rm -rf $(VENV) .judges demo benchmarks/data .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
