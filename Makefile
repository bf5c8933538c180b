# Saddlepoint: every command of the project. `make` alone lists them.
#
# PYTHON=…  the Python that makes .venv (3.11 or newer; found by itself when not given)
# PORT=…    the port of `make run`
# JOBS=…    how many tests run at once: one more than two cores, for those that wait for a browser or a process
# ARGS=…    further arguments of pytest, the benchmarks or the mutants

PORT ?= 8501
JOBS ?= 3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
READY_DEV := $(VENV)/ready-dev
CODE := $(wildcard app.py) pages core tests bench

.DEFAULT_GOAL := help
.PHONY: help run class test check format bench mutants messages catalog

help: ## list the commands
	@echo "Saddlepoint: watch networks learn. The commands:"
	@awk 'BEGIN { FS = ":.*## " } /^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

run: $(READY) ## install what is missing, then serve on http://127.0.0.1:8501 (PORT=… for another port)
	@$(BIN)/python -c "$$PORT_IS_FREE" "$(PORT)"
	@exec $(BIN)/python -m streamlit run app.py --server.port "$(PORT)"

class: $(READY) ## serve the local network with a room code that it prints, for a class (PORT=… for another port)
	@$(BIN)/python -c "$$PORT_IS_FREE" "$(PORT)"
	@address=$$($(BIN)/python -c "from core.live.origin import own_addresses; print(next(iter(own_addresses()), '127.0.0.1'))"); \
	SADDLEPOINT_MODE=class exec $(BIN)/python -m streamlit run app.py \
	  --server.address 0.0.0.0 --browser.serverAddress "$$address" --server.port "$(PORT)"

test: $(READY_DEV) ## run every test (ARGS="-k word" for some of them)
	@$(BIN)/python -m compileall -q app.py core pages # or every process that a test starts compiles them for itself
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS) # so that the next time has the tests compiled

check: $(READY_DEV) ## formatting, lint and types
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/pyright

format: $(READY_DEV) ## format the code and apply the lint fixes that are safe
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)

bench: $(READY_DEV) ## measure the figures; one line each, and bench/results.json
	@$(BIN)/python -m bench $(ARGS)

mutants: $(READY_DEV) ## sabotage the code in named ways and see a named test fail for each
	@$(BIN)/python -m tests.mutants $(ARGS)

messages: $(READY_DEV) ## bring the catalogs of translations up to date and list what lacks one
	@$(BIN)/python -m core.messages

catalog: $(READY) ## print everything that can be chosen, as JSON
	@$(BIN)/python -m core catalog --json

$(READY): requirements.txt
	@$(MAKE_VENV)
	@$(call INSTALL,requirements.txt)
	@touch $@

$(READY_DEV): requirements.txt requirements-dev.txt requirements-ray.txt
	@$(MAKE_VENV)
	@$(call INSTALL,requirements.txt requirements-dev.txt requirements-ray.txt)
	@touch $(READY) $@

# A .venv that is there is used, whoever made it; else one is made with the first Python that is new enough.
define MAKE_VENV
set -e; \
if [ -x $(BIN)/python ]; then \
  $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
    echo "$(VENV) holds a Python older than 3.11. Remove the folder ($(VENV)) and run make again." >&2; exit 1; }; \
else \
  found=; \
  for candidate in $(if $(PYTHON),"$(PYTHON)",python3 python3.14 python3.13 python3.12 python3.11 python); do \
    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
      found=$$candidate; break; \
    fi; \
  done; \
  if [ -z "$$found" ]; then \
    echo "No Python 3.11 or newer was found$(if $(PYTHON), at PYTHON=$(PYTHON))." >&2; \
    echo "Install one, or name it: make run PYTHON=/path/to/python3.12" >&2; exit 1; \
  fi; \
  "$$found" -c 'import venv, ensurepip' 2>/dev/null || { \
    echo "$$found cannot make virtual environments: its modules venv and ensurepip are missing." >&2; \
    echo "On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; \
  echo "Making $(VENV) with $$found …"; \
  "$$found" -m venv $(VENV); \
fi; \
$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null || { \
  echo "$(VENV) has no pip. Remove the folder ($(VENV)) and run make again." >&2; exit 1; }
endef

# $(1): requirement files. A torch (and torchvision) that is already in .venv stays, whatever its version or build.
define INSTALL
set -e; \
grep -hv '^-r ' $(1) > $(VENV)/wanted.txt; \
$(BIN)/python -m pip list --format=freeze --disable-pip-version-check | grep -E '^(torch|torchvision)==' > $(VENV)/kept.txt || true; \
if grep -q '^torch==' $(VENV)/kept.txt; then \
  echo "Keeping the $$(tr '\n' ' ' < $(VENV)/kept.txt)of $(VENV)."; \
  sed -i.all -e '/^torch==/d' -e 's/^torchvision==.*/torchvision/' $(VENV)/wanted.txt; \
  quiet=--quiet; \
else \
  quiet=; \
  echo "Installing into $(VENV). The first time this fetches about 3 GB, most of it torch, and takes some minutes."; \
fi; \
$(BIN)/python -m pip install $$quiet --disable-pip-version-check -r $(VENV)/wanted.txt -c $(VENV)/kept.txt || { \
  echo "The installation did not finish. The lines above say why; run the same command to go on." >&2; exit 1; }; \
if [ -n "$$quiet" ] && ! $(BIN)/python -c 'import torchvision' 2>/dev/null; then \
  echo "The torchvision of $(VENV) does not work with its torch: MNIST and Fashion-MNIST cannot be downloaded."; \
  echo "Install the torchvision of the same build, from where that torch came. Everything else works."; \
fi
endef

define PORT_IS_FREE
import socket, sys
port = sys.argv[1]
if not (port.isdecimal() and 0 < int(port) < 65536):
    sys.exit(f"PORT={port} is no port. Use a whole number from 1 to 65535, for example: make run PORT=8502")
with socket.socket() as probe:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", int(port)))
    except PermissionError:
        sys.exit(f"Port {port} needs an administrator's rights. Use a port above 1023: make run PORT=8502")
    except OSError:
        other = int(port) + 1 if int(port) < 65535 else 8501
        sys.exit(
            f"Port {port} is busy: another program answers there, perhaps a Saddlepoint that is still running.\n"
            f"Open http://127.0.0.1:{port} to see, stop that program, or use another port: make run PORT={other}"
        )
endef
export PORT_IS_FREE
