# Everything a person types. `make` alone lists the commands.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON := .venv/bin/python
export UV = $(CURDIR)/.tools/uv
# Compiled modules are kept: without them every start costs seconds.
unexport PYTHONDONTWRITEBYTECODE

# Another model: MODEL= and DATA=, and SCHEMA= or TARGET=; what stays empty is the example's, or inferred.
STAGE ?= local
# Commands that go to AWS never take stage local, whose API is open.
ON_AWS = $(if $(filter file,$(origin STAGE)),dev,$(STAGE))
ARCHITECTURE ?= x86_64
# CONTEXT="memory_mb=1024 jwt_issuer=https://…": settings of infra/config.py, parted by spaces
SETTINGS = $(if $(filter-out x86_64,$(ARCHITECTURE)),-c architecture=$(ARCHITECTURE)) \
	$(foreach item,$(filter-out -c,$(CONTEXT)),-c '$(item)')
CDK = .venv/bin/node node_modules/aws-cdk/bin/cdk
TRUSTED = $(foreach type,$(TRUST),--trust "$(type)") $(if $(TRUST_PICKLE),--trust-pickle)
FILES = $(if $(MODEL),--model "$(MODEL)") $(if $(DATA),--data "$(DATA)") $(if $(SCHEMA),--schema "$(SCHEMA)") \
	$(if $(TARGET),--target "$(TARGET)") $(if $(EVIDENCE),--evidence "$(EVIDENCE)") $(TRUSTED)

.PHONY: help
help: ## List the commands
	@echo "make COMMAND [NAME=value …]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "Another model than the example: MODEL= DATA= and TARGET= or SCHEMA=, EVIDENCE=, TRUST=, TRUST_PICKLE=1; docs/your-model.md"
	@echo "AWS: STAGE=dev|prod CONTEXT=\"key=value …\" ARCHITECTURE=; docs/operations.md. More options: ARGS=, and --help of python -m …"

.venv/.synced: uv.lock pyproject.toml .python-version .ci/toolchain
	@sh .ci/toolchain

# The CDK command line, and no other package; uv.lock has the Node that runs it.
node_modules/.synced: package.json package-lock.json .venv/.synced
	@.venv/bin/npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 --loglevel=error
	@touch $@

.PHONY: setup
setup: .venv/.synced ## Install what is locked into .venv; every command does so when it must

.PHONY: on-aws
on-aws:
	@case "$(ON_AWS)" in dev|prod) ;; *) echo "STAGE is '$(ON_AWS)', wanted dev or prod: stage local is for \`make serve\`" >&2; exit 2 ;; esac

.PHONY: serve
serve: .venv/.synced ## Convert, bundle, deploy to the emulator here, serve API and console (PORT=, CONSOLE_PORT=)
	@$(PYTHON) -m infra.local.serve $(FILES) $(if $(PORT),--port $(PORT)) $(if $(CONSOLE_PORT),--console-port $(CONSOLE_PORT))

.PHONY: prove
prove: .venv/.synced ## Show on the emulator, with times: an alarm and its end, good and bad deployments, faults
	@$(PYTHON) -m infra.local.conversion $(FILES)
	@$(PYTHON) -m infra.bundle --artefact build/model --out build/bundle
	@$(PYTHON) -m infra.local.prove $(ARGS)
	@$(if $(ARGS),:,$(PYTHON) -m tests.e2e.faults)

# Threads of two processes that wait for one another take twice the time of one thread each.
.PHONY: test
test: .venv/.synced ## Run every test but those that take minutes each
	@$(MAKE) --no-print-directory node_modules/.synced || echo "without npm's aws-cdk, which could not be installed; its test is skipped"
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: test-setup
test-setup: .venv/.synced ## Test the set-up itself: no uv, a broken or old one, no Node, a read-only home …
	$(PYTHON) -m pytest -n 0 -m setup tests/test_setup.py $(ARGS)

.PHONY: test-long
test-long: .venv/.synced ## Proofs that take minutes each: a stage's life by make, the long fuzz, repeated bootstraps
	$(PYTHON) -m pytest -n 2 -m long $(ARGS)

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
	@$(PYTHON) -m model.train
	@$(PYTHON) -m model_conversion evidence model/sleep.skops --data model/data/yrbss.csv --schema model/schema.toml \
		--out model/evidence.toml

.PHONY: convert
convert: .venv/.synced ## Convert the model and prove it into build/model
	@$(PYTHON) -m infra.local.conversion --always $(FILES)

.PHONY: evidence
evidence: .venv/.synced ## Measure the what-ifs of SCHEMA= and write EVIDENCE=, for advice
	@$(PYTHON) -m model_conversion evidence "$(or $(MODEL),model/sleep.skops)" --data "$(or $(DATA),model/data/yrbss.csv)" \
		--schema "$(or $(SCHEMA),model/schema.toml)" --out "$(or $(EVIDENCE),build/evidence.toml)" $(TRUSTED) $(ARGS)

.PHONY: corpus
corpus: .venv/.synced ## Convert and prove every known estimator, write model_conversion/SUPPORT.md
	@$(PYTHON) -W ignore -m model_conversion.corpus $(ARGS)

.PHONY: bench-trees
bench-trees: .venv/.synced ## Tree graphs: load time, size, speed and error of the default, ours and scikit-learn
	@$(PYTHON) -W ignore -m model_conversion.benchmark $(ARGS)

.PHONY: bundle
bundle: .venv/.synced ## Assemble build/bundle from build/model
	$(PYTHON) -m infra.bundle --artefact build/model --out build/bundle --architecture $(ARCHITECTURE)

.PHONY: synth
synth: .venv/.synced ## Synthesise the stack (STAGE=local|dev|prod, CONTEXT="key=value …") into build/cdk
	@$(PYTHON) -m infra.app --stage $(STAGE) $(SETTINGS)

# Stages on AWS; the default is dev. AWS credentials come from the environment, as for every AWS tool.
.PHONY: bootstrap
bootstrap: on-aws node_modules/.synced ## Prepare the AWS account and region for the CDK, once
	@$(CDK) bootstrap -c stage=$(ON_AWS) $(SETTINGS) $(ARGS)

.PHONY: deploy
deploy: on-aws node_modules/.synced ## Convert, bundle and deploy to AWS (STAGE=dev|prod, CONTEXT=, ARCHITECTURE=, ARGS=)
	@$(PYTHON) -m infra.local.conversion $(FILES)
	@$(PYTHON) -m infra.bundle --artefact build/model --out build/bundle --architecture $(ARCHITECTURE)
	@$(CDK) deploy -c stage=$(ON_AWS) $(SETTINGS) --outputs-file build/outputs-$(ON_AWS).json $(ARGS)

.PHONY: diff
diff: on-aws node_modules/.synced ## Show what a deployment of build/bundle would change
	@$(CDK) diff -c stage=$(ON_AWS) $(SETTINGS) $(ARGS)

.PHONY: rollback
rollback: on-aws .venv/.synced ## Go back to the previous model in seconds (STAGE=, TO=<version>)
	@$(PYTHON) -m infra.rollback --stage $(ON_AWS) $(if $(TO),--to $(TO)) $(ARGS)

.PHONY: slack-test
slack-test: on-aws .venv/.synced ## Send a message to the topic of the alarms, and so to Slack
	@$(PYTHON) -m infra.slack_test --stage $(ON_AWS) $(ARGS)

.PHONY: destroy
destroy: on-aws .venv/.synced ## Delete a stage from AWS and list what remains with its cost
	@$(PYTHON) -m infra.teardown --stage $(ON_AWS) $(ARGS)

.PHONY: load
load: .venv/.synced ## Load-test HOST= or an own deployment (SHAPE=steady|day|ramp, MINUTES=, TRAFFIC=, AUTH=)
	@$(if $(HOST),,$(PYTHON) -m infra.local.conversion $(FILES) && $(PYTHON) -m infra.bundle --artefact build/model --out build/bundle &&) \
	$(PYTHON) -m loadtests.gate $(if $(HOST),--host '$(value HOST)') $(if $(DATA),--data "$(DATA)") \
		$(if $(SHAPE),--shape "$(SHAPE)") $(if $(MINUTES),--minutes "$(MINUTES)") $(if $(DAY),--day "$(DAY)") \
		$(if $(TRAFFIC),--traffic "$(TRAFFIC)") $(if $(AUTH),--auth "$(AUTH)") $(ARGS)

# Prices need what prod's template holds, not who may call it.
.PHONY: prod-template
prod-template: .venv/.synced
	@$(PYTHON) -m infra.local.conversion $(FILES)
	@$(PYTHON) -m infra.bundle --artefact build/model --out build/bundle
	@$(PYTHON) -m infra.app --stage prod -c jwt_issuer=https://issuer.example -c jwt_audience=nightjar $(SETTINGS)

.PHONY: plan
plan: prod-template ## Turn TRAFFIC= into infra/schedule.toml, a monthly price and build/plan/plan.html
	@$(PYTHON) -m infra.capacity plan $(if $(TRAFFIC),--traffic "$(TRAFFIC)") $(ARGS)

.PHONY: price
price: prod-template ## Price the synthesised stack, its schedule included, for a month of TRAFFIC=
	@$(PYTHON) -m infra.capacity price $(if $(TRAFFIC),--traffic "$(TRAFFIC)") $(ARGS)

.PHONY: compare
compare: .venv/.synced ## Put what the simulator predicts beside what a load test measures (TRAFFIC=, MINUTES=)
	@$(PYTHON) -m infra.local.conversion
	@$(PYTHON) -m infra.bundle --artefact build/model --out build/bundle
	@$(PYTHON) -m loadtests.compare $(if $(MINUTES),--minutes "$(MINUTES)") $(if $(DAY),--day "$(DAY)") \
		$(if $(TRAFFIC),--traffic "$(TRAFFIC)") $(ARGS)

.PHONY: bench
bench: .venv/.synced ## Measure cold start, memory and warm requests beside the usual ways (ARGS=--quick)
	@$(PYTHON) -m infra.local.conversion
	@$(PYTHON) -m infra.bundle --artefact build/model --out build/bundle
	@$(PYTHON) -m loadtests.bench $(ARGS)

.PHONY: bench-simulator
bench-simulator: .venv/.synced ## The capacity simulator beside simfaas: same answers, ratio of speed, a month
	@$(PYTHON) -m loadtests.bench_simulator --month $(ARGS)

.PHONY: system-deps
system-deps: ## Install the Debian packages that some tests use
	@sh .ci/system-deps

.PHONY: clean
clean: ## Delete what the commands wrote, but not .venv
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis
