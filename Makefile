# Two commands on a fresh machine: `make demo` runs everything, `make test` passes the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: demo tour test check lint types floors drift shots prove bench lock clean

demo: $(VENV)/.demo
	@$(BIN)/portal demo $(if $(FRESH),--fresh) $(if $(PORT),--port $(PORT))

tour: $(VENV)/.demo
	@$(BIN)/portal tour

test: $(VENV)/.test browser
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

check: lint types floors drift test

lint: $(VENV)/.test
	$(BIN)/ruff check .

types: $(VENV)/.test
	$(BIN)/mypy

floors: $(VENV)/.test
	$(BIN)/lint-imports

# Migrations against the models, on SQLite and PostgreSQL.
drift: $(VENV)/.test
	$(BIN)/python -m pytest -q tests/house/test_database.py

# Debian's Chromium for the browser tests. Without root it stays missing, and the tests say so.
.PHONY: browser
browser:
	@if command -v chromium >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium for the browser tests."; apt-get update -qq && apt-get install -y -qq chromium >/dev/null; \
	else echo "Chromium is missing and only root can install it: the browser tests will be skipped, and say so."; fi

lock: $(VENV)/.test
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile pyproject.toml --extra demo --generate-hashes --no-emit-index-url --python-version 3.11 -q -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra demo --extra test --generate-hashes --no-emit-index-url --python-version 3.11 -q -o requirements-test.lock

clean:
	rm -rf $(VENV) instance

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed."; exit 1; }
	@echo "Making the environment in $(VENV)."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing the pinned dependencies; this takes a minute the first time."
	@$(BIN)/python -m pip install --disable-pip-version-check -q --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: requirements-test.lock pyproject.toml | $(BIN)/python
	@echo "Installing the pinned dependencies of the tests."
	@$(BIN)/python -m pip install --disable-pip-version-check -q --require-hashes --no-deps -r requirements-test.lock
	@$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.demo

shots: $(VENV)/.test browser
	$(BIN)/python -m tests.shots

# The property tests with five times the examples: about six minutes.
prove: $(VENV)/.test
	PROVE=1 $(BIN)/python -m pytest -q tests/billing/test_any_timeline.py

# Speed beside the goals, on SQLite and PostgreSQL: about seven minutes. `make bench ROWS=20000` takes two.
bench: $(VENV)/.test
	$(BIN)/python -m bench $(if $(ROWS),--rows $(ROWS))
