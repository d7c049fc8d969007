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
# In a terminal, bars show what runs, how far it is and how long it still takes; PYTHONPATH is where
# Snakemake finds them, and ARGS may name another logger.
define snakemake
@PYTHONPATH=src "$(BIN)/python" -m clusterability.study.config_files $(ARGS)
@bars=; \
case "$(ARGS)" in *--logger*) ;; *) \
  [ -t 2 ] && [ -d $(ENVIRONMENT)/lib/python3*/site-packages/snakemake_logger_plugin_rich ] && \
    bars="--logger study" ;; \
esac; \
echo '"$(BIN)/snakemake" $(1) $(ARGS)'; \
PYTHONPATH=scripts/terminal "$(BIN)/snakemake" $(1) $(ARGS) $$bars
endef

# uv, on the PATH or in an environment of its own, and how it resolves a group of pyproject.toml: for
# all platforms and Pythons at once.
UV = $(or $(shell command -v uv),.venv-uv/bin/uv)
HASHES := --generate-hashes --fork-strategy fewest
define lock
@"$(UV)" pip compile pyproject.toml --group $(1) --universal --python-version 3.11 --no-header --quiet $(2) || \
  { echo "make: uv could not lock what pyproject.toml names (its message is above)" >&2; exit 1; }
endef

.PHONY: help study score paper paper-example report plan clean-orphans verify bench bench-check test lint audit format lock schema
