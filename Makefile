# Commands of the study; `make help` lists them. envs/environment.py makes the environment.

ARGS ?=
PYTHON ?=
VENV ?=
DEVICE ?= cpu
LOCKS ?= envs

ifeq ($(strip $(VENV)),)
ENVIRONMENT := .venv
EXISTING :=
# The environment is what the lock says, and nothing that a shell or a module system adds.
unexport PYTHONPATH PYTHONHOME
else
ENVIRONMENT := $(VENV)
EXISTING := existing
endif
BIN := $(ENVIRONMENT)/bin

# The first Python that serves runs envs/environment.py. For 3.14 there is no wheel of immutables.
PYTHONS := $(if $(PYTHON),"$(PYTHON)","$(BIN)/python" python3 python3.13 python3.12 python3.11 python3.14)
SERVES := import importlib.util, os, shutil, sys, sysconfig as s; v = sys.version_info[:2]; \
  compiles = shutil.which("cc") and os.path.exists(s.get_paths()["include"] + "/Python.h"); \
  faults = [("too old", v < (3, 11)), ("too new for the locked packages", v > (3, 14)), \
    ("without venv", not importlib.util.find_spec("venv")), ("without a C compiler and headers", \
      v == (3, 14) and sys.prefix == sys.base_prefix and not compiles)]; \
  why = [name for name, holds in faults if holds]; print("%d.%d" % v, *why, sep=", "); sys.exit(bool(why))
define prepare
@for python in $(PYTHONS); do \
  version=$$("$$python" -c '$(SERVES)' 2>/dev/null) && \
    exec "$$python" envs/environment.py $(1) "$(ENVIRONMENT)" "$(LOCKS)" $(EXISTING); \
  found="$$found$${version:+ $$python is $$version;}"; \
done; \
echo "make: needs Python 3.11 to 3.14;$${found:- none was found;} PYTHON=/path/to/python names one" >&2; exit 1
endef

# Snakemake, with targets: the config is looked at before, since Snakemake would run a template in it.
# Where all is as it was when nothing was left to do, it is not even planned (settled.py).
# In a terminal, bars show what runs, how far it is and how long it still takes; PYTHONPATH is where
# Snakemake finds them, and ARGS may name another logger.
define snakemake
@"$(BIN)/python" -I -S scripts/clusterability_workflow/settled.py $(1) $(ARGS) && exit 0; \
PYTHONPATH=src "$(BIN)/python" -m clusterability.study.config_files $(ARGS) || exit; \
bars=; \
case "$(ARGS)" in *--logger*) ;; *) \
  [ -t 2 ] && [ -d $(ENVIRONMENT)/lib/python3*/site-packages/snakemake_logger_plugin_rich ] && \
    bars="--logger study" ;; \
esac; \
echo '"$(BIN)/snakemake" $(1) $(ARGS)'; \
PYTHONPATH=scripts/terminal "$(BIN)/snakemake" $(1) $(ARGS) $$bars
endef

# uv, on the PATH or in an environment of its own, and how it resolves what it is told of pyproject.toml:
# for all platforms and Pythons at once.
UV = $(or $(shell command -v uv),.venv-uv/bin/uv)
HASHES := --generate-hashes --fork-strategy fewest
PACKAGE := pyproject.toml --group
define lock
@"$(UV)" pip compile $(1) --universal --python-version 3.11 --no-header --quiet $(2) || \
  { echo "make: uv could not lock what pyproject.toml names (its message is above)" >&2; exit 1; }
endef

# What a function of clusterability.study, in the module of its name, says of the config's keys.
define described
PYTHONPATH=src "$(BIN)/python" -c \
  "from clusterability.study.$(1) import $(1); print($(1)(), end='')" > $(2).new
mv $(2).new $(2)
endef

PYTEST = "$(BIN)/python" -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder --durations=5

.PHONY: help study score paper paper-example report plan watch clean-orphans clean verify crate record bench bench-check test test-all style lint audit release sbom site real modular-addition rulegraph format lock schema

help: ## list the targets
	@echo 'make study ARGS="--dry-run"   ARGS go to snakemake (study, plan), pytest (test, test-all), uv (lock)'
	@echo 'make study VENV=/path         uses an environment that exists; PYTHON= names the Python'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' Makefile | tr @ '\t'

study: ## run the study: snakemake, in an environment made from envs/study.lock
	$(call prepare,study)
	$(call snakemake,)

score: ## score the clusters of a file without a study: make score ARGS="weights.npz --k 2-12"
	$(call prepare,study)
	@PYTHONPATH=src "$(BIN)/python" -m clusterability score $(ARGS)

paper: ## write results/paper: figures, tables, captions, numbers and methods for a paper
	$(call prepare,study)
	$(call snakemake,paper)

paper-example: paper ## typeset docs/paper-example with the study's numbers (needs LaTeX)
	@"$(BIN)/python" scripts/commands/paper_example.py $(ARGS)

report: ## write results/report.html: the answer, all figures and tables in one file
	$(call prepare,study)
	$(call snakemake,report_pages)
	@"$(BIN)/python" scripts/commands/report.py $(ARGS)

plan: ## say what `make study` would run and why, how long, how much disk; and what is orphaned
	$(call prepare,study)
	@"$(BIN)/python" scripts/commands/plan.py $(ARGS)

watch: ## show what a run in another terminal has done, and its first results (ARGS=--once: once)
	$(call prepare,study)
	@"$(BIN)/python" scripts/commands/watch.py $(ARGS)

clean-orphans: ## remove results that the config does not ask for any more
	$(call prepare,study)
	@"$(BIN)/python" scripts/commands/plan.py --clean-orphans $(ARGS)

clean: ## remove what the study wrote, once it has asked (ARGS=--yes: unasked); MNIST stays
	$(call prepare,study)
	@"$(BIN)/python" scripts/commands/clean.py $(ARGS)

verify: ## check results against their records, and make blocks again (ARGS=--audit: numbers, by other code)
	$(call prepare,study)
	@"$(BIN)/python" scripts/commands/verify.py $(ARGS)

crate: ## describe a finished study as a Workflow Run RO-Crate, in its folder of results
	$(call prepare,study)
	@"$(BIN)/python" scripts/commands/crate.py $(ARGS)

record: ## take the rows and figures that documents quote from a finished study into docs/
	$(call prepare,study)
	@"$(BIN)/python" scripts/commands/record.py $(ARGS)

bench: ## time the kernels against what they replace, and the workflow (DEVICE=cuda: on a GPU)
	$(call prepare,study)
	@PYTHONPATH=src "$(BIN)/python" -m benchmarks --device $(DEVICE) $(ARGS)

bench-check: ## time the kernels and say which ratio is worse than in docs/performance.csv
	$(call prepare,study)
	@PYTHONPATH=src "$(BIN)/python" -m benchmarks --check $(ARGS)

test: ## run the fast tests, in an environment made from envs/development.lock
	$(call prepare,development)
	$(PYTEST) -m "not slow" $(ARGS)

test-all: ## run all tests: Snakemake, Slurm, browsers, LaTeX where they are there
	$(call prepare,development)
	$(PYTEST) $(ARGS)

style: ## check the style of code and rules
	$(call prepare,development)
	"$(BIN)/ruff" check
	"$(BIN)/ruff" format --check
	"$(BIN)/snakefmt" --check Snakefile rules

lint: style ## check style, types, the direction of imports and rules
	"$(BIN)/mypy"
	PYTHONPATH=src:scripts "$(BIN)/lint-imports" --no-logo --no-cache
	"$(BIN)/snakemake" --lint
	"$(BIN)/repo-review" .

audit: ## compare the locked packages with known vulnerabilities, by pip-audit (needs the internet)
	$(call prepare,study)
	@test -x .venv-audit/bin/pip-audit || \
	  { "$(BIN)/python" -m venv .venv-audit && .venv-audit/bin/pip install --quiet pip-audit; }
	.venv-audit/bin/pip-audit --strict --disable-pip --require-hashes \
	  --requirement "$(LOCKS)/study.lock" $(ARGS)

release: ## check, build and try a release, without uploading it (docs/release.md; needs the internet)
	$(call prepare,study)
	@"$(BIN)/python" scripts/commands/release.py $(ARGS)

sbom: ## list the locked packages as a bill of materials (CycloneDX), in dist/ (needs the internet)
	$(call prepare,study)
	@"$(BIN)/python" scripts/commands/release.py --sbom

site: ## build the documentation site in dist/site, and check its links (needs the internet once)
	$(call prepare,study)
	@"$(BIN)/python" scripts/commands/build_site.py

real: ## score published networks, and compare with what a plain loop found (needs the internet)
	$(call prepare,study)
	@"$(BIN)/python" scripts/commands/real.py $(ARGS)

modular-addition: ## cluster networks that add numbers, whose units have known frequencies (ten minutes)
	$(call prepare,study)
	@"$(BIN)/python" scripts/commands/modular_addition.py $(ARGS)

rulegraph: ## draw the rules of the study, for docs/architecture.md
	$(call prepare,development)
	@"$(BIN)/python" scripts/commands/rule_graph.py $(ARGS)

format: ## put code and rules into style
	$(call prepare,development)
	"$(BIN)/ruff" check --fix
	"$(BIN)/ruff" format
	"$(BIN)/snakefmt" Snakefile rules

# The tools of `make release` and `make site` are locked without the package. Of jsonschema, cffconvert
# asks for an older one than cyclonedx-bom, and works with a newer one.
lock: ## write the lock files again (ARGS=--upgrade takes newer packages)
	@test -x "$(UV)" || { echo "make: uv is not installed: putting it into .venv-uv"; \
	  "$(or $(PYTHON),python3)" -m venv .venv-uv && .venv-uv/bin/pip install --quiet uv; } || \
	  { echo "make: pip could not install uv" >&2; exit 1; }
	$(call lock,$(PACKAGE) study,--output-file envs/study.lock $(HASHES) $(ARGS))
	$(call lock,$(PACKAGE) development,--output-file envs/development.lock --constraint envs/study.lock $(HASHES) $(ARGS))
	@echo 'jsonschema>=4' > envs/overrides.txt
	$(call lock,--group release,--output-file envs/release.lock --override envs/overrides.txt $(HASHES) $(ARGS))
	@rm envs/overrides.txt
	$(call lock,--group site,--output-file envs/site.lock --constraint envs/development.lock $(HASHES) $(ARGS))
	$(call lock,$(PACKAGE) study,--output-file envs/direct.txt --constraint envs/study.lock --no-deps --no-annotate)
	@{ sed '/- pip:/q' envs/clusterability.yaml; sed 's/^/      - /' envs/direct.txt; } > envs/conda.new
	@mv envs/conda.new envs/clusterability.yaml
	@rm envs/direct.txt

schema: ## write studies/schema.json and docs/config.md again, from the model of the config
	$(call prepare,development)
	$(call described,json_schema,studies/schema.json)
	$(call described,config_page,docs/config.md)
