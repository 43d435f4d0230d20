# The commands of the project. Each makes its own set-up first (scripts/setup.sh: nothing to do, no cost).
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
TYPED := shared functions cli sandbox $(wildcard function_app.py scripts/*.py)

.PHONY: help setup up run check format test bench package

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: ## make .venv and node_modules, or say what is missing
	@scripts/setup.sh

up: setup ## start the local stack alone, until Ctrl-C
	@$(PYTHON) -m cli.main up $(ARGS)

run: setup ## play some hospital days; DATA=folder loads your own population, ONCE=1 ends by itself
	@$(PYTHON) -m cli.main run $(if $(DATA),--data '$(DATA)') $(if $(ONCE),--once) $(ARGS)

check: setup ## format, lint, types, import rules
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy --strict --no-error-summary $(TYPED)
	@.venv/bin/lint-imports --no-logo

format: setup ## format and sort imports in place
	@.venv/bin/ruff format --quiet .
	@.venv/bin/ruff check --fix --quiet .

test: check ## the checks, then every test
	@$(PYTHON) -m pytest $(ARGS)

bench: setup ## measure; prints one JSON object
	@$(PYTHON) -m benchmarks $(ARGS)

package: setup ## make the zip that goes to Azure; ARGS=--source leaves the packages to a build there
	@$(PYTHON) scripts/package.py $(ARGS)
