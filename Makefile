# The one door: everything that is done with this repository is a target here, and CI calls only
# these. Each one brings what it needs through ./shipway-setup, which ends at once when all is there.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
PYTHON_FILES := src tests tools benchmarks
# three files at a time on two cores: half of what the tests do is waiting for processes of theirs;
# the tests of one file share a server
# in the order of the folders: the long scenarios first, so that no worker is left with them alone
PARALLEL := -n 3 --dist loadfile --no-loadscope-reorder
ARGS ?=

# -- what a newcomer types

.PHONY: help
help: ## Show this list
	@while IFS= read -r line; do \
	    case "$$line" in \
	    [a-z]*": "*"## "*) printf '  make %-16s %s\n' "$${line%%:*}" "$${line#*## }" ;; \
	    "# -- "*) printf '\n%s\n' "$${line#\# -- }" ;; \
	    esac; \
	done < Makefile

.PHONY: demo
demo: setup ## Watch a push become a tested, trained, approved and served model (ARGS=--yes)
	@$(BIN)/shipway demo $(ARGS)

.PHONY: test
test: setup-browser ## Run all tests (about fourteen minutes on two cores)
	@$(MAKE) test-stack
	@$(PYTEST) $(PARALLEL) tests $(ARGS)

# -- while working on it

.PHONY: setup
setup: ## Bring the environment up to date with the lock; the other targets do it by themselves
	@./shipway-setup

.PHONY: check
check: lint types imports words test-house test-unit test-spec docs ## Run all that is quick: style, types, rules, pure tests, docs

.PHONY: fmt
fmt: setup ## Put the code into its format and mend what can be mended
	@$(BIN)/ruff check --fix $(PYTHON_FILES)
	@$(BIN)/ruff format $(PYTHON_FILES)

.PHONY: lint
lint: setup ## Check style and format
	@$(BIN)/ruff check $(PYTHON_FILES)
	@$(BIN)/ruff format --check $(PYTHON_FILES)

.PHONY: types
types: setup ## Check the types, strictly
	@$(BIN)/mypy
	@$(BIN)/mypy tests tools

.PHONY: imports
imports: setup ## Check that imports only point down
	@$(BIN)/lint-imports

.PHONY: words
words: setup ## Check spelling and YAML
	@$(BIN)/codespell
	@$(BIN)/yamllint --strict .

.PHONY: test-house
test-house: setup ## Test the rules of the house: names, sizes, documents
	@$(PYTEST) tests/house $(ARGS)

.PHONY: test-unit
test-unit: setup ## Test the pure parts
	@$(PYTEST) tests/unit $(ARGS)

.PHONY: test-spec
test-spec: setup ## Test the languages against their data
	@$(PYTEST) tests/spec $(ARGS)

.PHONY: test-wire
test-wire: setup ## Test with the official clients
	@$(PYTEST) $(PARALLEL) tests/wire $(ARGS)

.PHONY: test-scenarios
test-scenarios: setup-browser ## Test the whole loop
	@$(PYTEST) $(PARALLEL) tests/scenarios $(ARGS)

.PHONY: test-stack
test-stack: setup ## Test the reference stack with its own pinned packages
	@PYTHONDONTWRITEBYTECODE=1 $(BIN)/uv run --quiet --no-project --isolated --python $(CURDIR)/$(BIN)/python --directory stack \
	    --with-requirements requirements-ci.txt python -m pytest -q -p no:cacheprovider pipelines/tests

.PHONY: bench
bench: setup ## Measure pipeline jobs beside a bare loop of the same processes
	@$(BIN)/python -m benchmarks $(ARGS)

# -- documents and releases

.PHONY: docs
docs: setup ## Build the documentation, strictly
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

.PHONY: serve
serve: setup ## Show the documentation while writing it
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve $(ARGS)

.PHONY: coverage-page
coverage-page: setup ## Write the page of all routes that are served, from the route table
	@$(BIN)/python -m tools.coverage_page docs/reference/coverage.md

.PHONY: commands-page
commands-page: setup ## Write the page of all commands, from the parser
	@$(BIN)/python -m tools.commands_page docs/reference/commands.md

.PHONY: tasks-page
tasks-page: setup ## Write the page of all tasks, from their definitions
	@$(BIN)/python -m tools.tasks_page docs/reference/pipeline-tasks.md

.PHONY: language-page
language-page: setup ## Write the page of the pipeline language, from what the compiler takes
	@$(BIN)/python -m tools.language_page docs/reference/pipeline-language.md

.PHONY: release
release: ## Set the version, write the changelog, build the package (VERSION=0.2.0)
	@test -n "$(VERSION)" || { echo "release: which version? make release VERSION=0.2.0" >&2; exit 2; }
	@$(MAKE) check test
	@$(BIN)/uv version --no-sync $(VERSION)
	@$(BIN)/towncrier build --yes --version $(VERSION)
	@$(BIN)/uv build
	@echo "now: commit, tag v$(VERSION), push both"

# not in the list: the tests that drive a browser need one before the first test starts
.PHONY: setup-browser
setup-browser:
	@./shipway-setup --with-browser
