# Set-up is requirements/install.py; this file only names what a person can ask for.

SHELL := /bin/sh
.DEFAULT_GOAL := run
.PHONY: run test bench evaluate tune setup setup-test lock audit sbom clean

# Any Python that truly runs (a pyenv shim may not) will do for set-up.
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11 python3.10 /usr/bin/python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null && echo $$p && break; done)
SERVICE := .venvs/service/bin
WORKERS := $(shell $(PYTHON) -c 'import os; print(os.cpu_count() or 1)')

run: setup
	@./waymark up --demo $(if $(PORT),--port $(PORT))

test: setup-test
	@$(SERVICE)/ruff check
	@$(SERVICE)/ruff format --check
	@$(SERVICE)/mypy
	@$(SERVICE)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

bench: setup-test
	@$(SERVICE)/python -m bench

# Danger, then understanding beside stock Rasa (trained once, 20 minutes; EPOCHS=100 is its default).
evaluate: setup-test
	@$(SERVICE)/python -m safeguarding.evaluation $(if $(DATA),--data $(DATA))
	@.venvs/bot/bin/python -m bot.evaluate --stock-epochs $(or $(EPOCHS),20)

# Trains the danger model anew from the public weights and data/ (three hours on two cores)
# and freezes its thresholds; needs Python 3.11. The last step of a change to the examples.
tune: setup
	@sh requirements/tune.sh

setup setup-test:
	@test -n "$(PYTHON)" || { echo "Set-up needs Python 3.9 or later as python3." >&2; exit 1; }
	@$(PYTHON) requirements/install.py $(if $(filter setup-test,$@),--tests)

lock:
	@$(PYTHON) requirements/install.py --lock $(if $(UPGRADE),--upgrade)

# Known advisories of every locked package; python -m requirements.audit ends with 3 if it could
# not be told (make itself says 2 for every failure).
audit: setup-test
	@$(SERVICE)/python -m requirements.audit

# The bill of materials, CycloneDX in JSON.
sbom: setup-test
	@$(SERVICE)/python -m requirements.sbom --out sbom.cdx.json

clean:
	rm -f sbom.cdx.json
	rm -rf .venvs models node_modules helpline/desk/static/vendor
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .rasa
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
