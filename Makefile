# What there is to do with a clone. `make` alone lists it.

# Any Python from 3.11 on: make test PYTHON=python3.13
PYTHON ?= python3
export PYTHON
# Each of several processes would compile all tests anew, in every run.
unexport PYTHONDONTWRITEBYTECODE

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.DELETE_ON_ERROR:

BIN := .venv/bin
# What the tests run, beside Python's packages and what images/*/image.toml says that a role needs.
PROGRAMS := rabbitmq-server curl wget openssl docker.io iproute2 procps util-linux
# Releases of Debian whose daemons are not the installed ones; the first of them is always tried.
CODENAME := $(shell . /etc/os-release && echo "$$VERSION_CODENAME")
OTHERS := $(filter-out $(CODENAME),trixie bookworm sid)
# Tests wait for daemons most of the time, so several go on at once.
PYTEST := $(BIN)/pytest --numprocesses 4 --dist worksteal
MADE := .made-by-$(subst /,-,$(PYTHON))

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: setup ## run HAProxy, certbot and nginx on loopback, with a test CA, until Ctrl-C
	@PYTHONPATH=tests:tests/roles:tools $(BIN)/python tools/demo

# What depends most on trixie's releases; `make test-trixie` and `make test-versions` run all of it.
.PHONY: test
test: export GATE = 1
test: lint docs test-here test-$(firstword $(OTHERS)) test-images ## everything that has to pass: here, with trixie's daemons, in containers

.PHONY: test-all
test-all: test test-versions test-alpine test-bookworm ## that, every release's daemons, and images on musl and Debian 12

.PHONY: images
images: wheelhouse ## build the container images; ENGINE=docker: on the official bases
	tools/images

.PHONY: bundle
bundle: images ## save the images and deploy/ into one archive, for where there is no network
	tools/bundle

.PHONY: dockerfiles
dockerfiles: setup ## write images/*/Dockerfile from images/Dockerfile.j2 and image.toml
	@tools/image-data dockerfiles

# What it writes is compared by the same tests, and by tests/engines/test_dockerfiles.py.
.PHONY: generated
generated: dockerfiles ## write what is made of data: Dockerfiles, and the tables of docs/
	UPDATE_CASES=1 $(BIN)/pytest --quiet tests/docs/test_generated.py tests/docs/test_blocks.py \
		tests/docs/test_docs.py tests/docs/test_pages.py

.PHONY: wheelhouse
wheelhouse: setup ## fetch the wheels that the images are built from
	tools/wheelhouse

# A file's tests may share a stack, which each process that has any of them would bring up.
.PHONY: test-images
test-images: images ## run the images in containers; as root
	@tools/kustomize version >/dev/null && tools/stand-in localhost/entrykit-tests/systemd:trixie
	$(PYTEST) --dist loadfile -m "containers and not alpine and not bookworm"

.PHONY: test-alpine
test-alpine: wheelhouse ## the same on musl and busybox, which are compiled first: long, and once
	tools/images --alpine
	$(PYTEST) --dist loadfile -m alpine

.PHONY: test-bookworm
test-bookworm: wheelhouse ## the same on Debian 12, where Python is compiled first: some minutes, and once
	tools/images --bookworm
	$(PYTEST) --dist loadfile -m bookworm

.PHONY: test-versions
test-versions: setup $(addprefix test-,$(OTHERS)) ## what depends on the daemons' versions, with bookworm's, trixie's and sid's
	$(PYTEST) -m versions

.PHONY: lint
lint: setup ## style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	cd examples && ../$(BIN)/mypy --config-file ../pyproject.toml --package rabbitmq

.PHONY: docs
docs: setup ## build the pages as a site, .cache/site/index.html; a link that leads nowhere fails
	$(BIN)/sphinx-build --quiet --fresh-env --fail-on-warning --keep-going \
		--doctree-dir .cache/doctrees --conf-dir docs . .cache/site

.PHONY: links
links: ## list the links that lead out of the pages: no test fetches them
	@grep -oE ']\(https?://[^)]+' README.md CHANGELOG.md CONTRIBUTING.md docs/*.md | sed 's/:](/  /' | sort -u

.PHONY: test-here
test-here: setup ## all tests but those of containers, with the installed daemons
	@tools/image-data prepare && tools/kustomize version >/dev/null
	$(PYTEST) -m "not containers"

.PHONY: $(addprefix test-,$(OTHERS))
$(addprefix test-,$(OTHERS)): test-%: setup
	releases=$$(tools/image-data releases $*) && eval "$$releases" && \
	gate=$$([ -z "$${GATE:-}" ] || tools/image-data gate) && \
	$(PYTEST) -m versions $$gate $(WHERE)

.PHONY: bench
bench: .cache/bench/.ready ## start time, many domains and golden cases, as tables of ratios
	@.cache/bench/bin/pip install --quiet --force-reinstall --no-deps .
	@.cache/bench/bin/python benchmarks/start.py
	@.cache/bench/bin/python benchmarks/api.py
	@.cache/bench/bin/python benchmarks/nginx_static.py
	@.cache/bench/bin/python benchmarks/cases.py

.PHONY: bench-images
bench-images: images ## the start of containers, as a table of ratios; and what the layer is made of
	@PYTHONPATH=tests:tests/roles:tools $(BIN)/python benchmarks/images.py
	@tools/layer-sizes

.PHONY: wheel
wheel: setup ## build dist/*.whl, and try it in a virtual environment of its own
	tools/wheel

.PHONY: format
format: setup ## have ruff mend what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: clean
clean: ## remove everything that was made here
	[ ! -e .cache/containers/ready ] || tools/podman rm --force --all --time 0
	rm -rf .venv .cache dist wheelhouse .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find benchmarks entrykit examples images tests tools -name __pycache__ -prune -exec rm -rf {} +

.PHONY: setup
setup: .venv/.ready ## make the virtual environment, install what is missing
	@packages=$$(tools/image-data packages) && tools/debian-packages $$packages $(PROGRAMS)

.venv/.ready: pyproject.toml .venv/$(MADE)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --group test --group lint --group docs --editable .
	touch $@

.cache/bench/.ready: pyproject.toml .cache/bench/$(MADE)
	tools/debian-packages haproxy nginx
	$(@D)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(@D)/bin/python -m pip install --quiet --group bench .
	touch $@

# A virtual environment is made anew for another PYTHON.
.venv/$(MADE) .cache/bench/$(MADE): %/$(MADE):
	tools/debian-packages python3-venv
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "entrykit needs Python 3.11 or newer: e.g. make PYTHON=python3.13")'
	$(PYTHON) -m venv --clear $(@D)
	touch $@

# And where an upgrade of the system took its interpreter away.
ifeq ($(wildcard $(BIN)/python),)
.PHONY: .venv/$(MADE)
endif
