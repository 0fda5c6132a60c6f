# The commands of this project. `make PYTHON=python3.13 test` takes another Python.
PYTHON ?= python3
VENV ?= .venv

.PHONY: help contract test editor environment format clean

help:
	@echo "make contract   run the contract: every feature against the embedded systems"
	@echo "make test       check the code (ruff, mypy), run the tests and the contract"
	@echo "make editor     ask the official Cucumber language server about our sentences (needs npm)"
	@echo "make format     format the code and apply safe fixes"
	@echo "make clean      remove what the other commands made"

environment:
	@$(PYTHON) .ci/environment.py $(VENV)

contract: environment
	$(VENV)/bin/pytest features/

test: environment
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/pytest -n 2 --dist worksteal --ignore tests/runtime tests/
	$(VENV)/bin/pytest tests/runtime features/

editor: environment
	$(VENV)/bin/pytest tests/editor/check.py

format: environment
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
