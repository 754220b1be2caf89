# Everything a person types. `make` alone lists the commands.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON := .venv/bin/python
export UV = $(CURDIR)/.tools/uv
# Compiled modules are kept: without them every start costs seconds.
unexport PYTHONDONTWRITEBYTECODE

# Another model: MODEL= and DATA=, and SCHEMA= or TARGET=; what stays empty is the example's, or inferred.
STAGE ?= local
FILES = $(if $(MODEL),--model "$(MODEL)") $(if $(DATA),--data "$(DATA)") $(if $(SCHEMA),--schema "$(SCHEMA)") \
	$(if $(TARGET),--target "$(TARGET)") $(if $(EVIDENCE),--evidence "$(EVIDENCE)") \
	$(foreach type,$(TRUST),--trust "$(type)") $(if $(TRUST_PICKLE),--trust-pickle)

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.synced: uv.lock pyproject.toml .python-version .ci/toolchain
	@sh .ci/toolchain

.PHONY: serve
serve: .venv/.synced ## Convert, bundle, deploy to the embedded emulator and serve (MODEL=, DATA=, SCHEMA= or TARGET=, EVIDENCE=, TRUST=, TRUST_PICKLE=1, PORT=, CONSOLE_PORT=)
	@$(PYTHON) -m infra.local.serve $(FILES) $(if $(PORT),--port $(PORT)) $(if $(CONSOLE_PORT),--console-port $(CONSOLE_PORT))

.PHONY: test
test: .venv/.synced ## Run every test that can run here
	$(PYTHON) -m pytest -n 2 $(ARGS)

.PHONY: check
check: .venv/.synced ## Lint, types, import directions; writes nothing
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	.venv/bin/lint-imports --no-cache

.PHONY: fix
fix: .venv/.synced ## Mend what ruff can mend
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format

.PHONY: train
train: .venv/.synced ## Train the example model and measure its what-ifs
	$(PYTHON) -m model.train

.PHONY: convert
convert: .venv/.synced ## Convert the model and prove it into build/model
	@$(PYTHON) -m infra.local.conversion --always $(FILES)

.PHONY: bundle
bundle: .venv/.synced ## Assemble build/bundle from build/model
	$(PYTHON) -m infra.bundle --model build/model --out build/bundle

.PHONY: synth
synth: .venv/.synced ## Synthesise the stack (STAGE=local|dev|prod) into build/cdk
	$(PYTHON) -m infra.app --stage $(STAGE)

.PHONY: load
load: .venv/.synced ## Load-test HOST=<base-url>, or an own deployment without HOST
	@$(if $(HOST),,$(PYTHON) -m infra.local.conversion $(FILES) && $(PYTHON) -m infra.bundle --model build/model --out build/bundle &&) \
	$(PYTHON) -m loadtests.gate $(if $(HOST),--host '$(value HOST)') $(if $(DATA),--data "$(DATA)") $(ARGS)

.PHONY: system-deps
system-deps: ## Install the Debian packages that some tests use
	@sh .ci/system-deps

.PHONY: clean
clean: ## Delete what the commands wrote, but not .venv
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis
