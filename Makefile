# Regulars. `make run` opens a shop, `make test` proves it. Both need Python 3.11 or newer and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run serve install dev test check fmt docs openapi messages lock bench bench-groups nightly clean

help: ## what can be done here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install ## open the shop: sets up what is missing, prints address and sign-in
	@exec $(BIN)/regulars run

serve: install ## the same for a server: no demo shop, HTTPS where REGULARS_TLS_CERT and _KEY name a certificate
	@exec $(BIN)/regulars serve

install: ## set up alone: virtual environment and hashed packages; then .venv/bin/regulars --help
	@$(PYTHON) tools/install.py run

dev: ## the same with what tests and checks need
	@$(PYTHON) tools/install.py dev

test: dev ## every check and every test, on both databases and in a browser
	@$(BIN)/python -m tools.test

check: dev ## format, lint, types, floor plan, migrations, translations, styles
	@$(BIN)/python -m tools.check

fmt: dev ## bring the code into form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: dev ## write the tables in docs/reference from the code
	@$(BIN)/python -m tools.reference

openapi: dev ## write the API's description that the tests compare with
	@$(BIN)/python -m tools.openapi

messages: dev ## collect the words to translate into locale/
	@$(BIN)/python -m tools.messages update

bench: dev ## measure; writes docs/benchmarks.md
	@$(BIN)/python -m bench

bench-groups: dev ## measure how long counting groups takes, beside plain SQL
	@$(BIN)/python -m bench groups

nightly: dev ## the long proofs, on both databases
	@$(BIN)/python -m tools.test --slow

lock: ## write the locks from requirements/*.in anew
	@$(PYTHON) tools/lock.py

clean: ## remove the virtual environment and caches; the data folder stays
	@rm -rf .venv build dist .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis test-results *.egg-info
