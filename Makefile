# The targets people and CI use. PYTHON: a Python 3.11 or 3.12.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVE ?= 1
DEMO := var/demo
CORPORA ?= ../shared/corpora
EVALUATE = $(BIN)/python -m eval run --cache var/eval --ablation --curve
export HF_HUB_OFFLINE := 1

.PHONY: setup setup-browser hello screenshots demo serve eval test test-slow check format bench weights results readme lock clean

setup: $(VENV)/.done ## make .venv and install everything, exactly as locked

$(VENV)/.done: requirements.lock requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

setup-browser: ## install Debian's Chromium, which the tests of pages and `make screenshots` need
	command -v chromium >/dev/null || apt-get install -y --no-install-recommends chromium

hello:
	@[ -e $(VENV)/.done ] || echo "The first time, installing takes two to five minutes (PyTorch is large); after that, seconds."

demo: hello setup ## build an index from seeds/, evaluate it, serve it and its pages (SERVE=0: do not serve)
	@$(BIN)/related-index build --store $(DEMO) seeds
	@echo
	@$(BIN)/related-eval run --store $(DEMO) --out $(DEMO)/report
	@echo
	@echo "These are the lists of one invented paper; four real sites are in README."
	@echo "Open  http://127.0.0.1:8000/  and choose an article."
	@if [ "$(SERVE)" != 0 ]; then \
		RELATED_SITE_NAME="The Tessle Courier" RELATED_ACCESS_LOG=false exec $(BIN)/related-api --store $(DEMO) --pages; \
	else echo "(not served: SERVE=0)"; fi

screenshots: setup ## photograph all pages of the demo into docs/screenshots; look at them
	$(BIN)/related-index build --store $(DEMO) seeds
	$(BIN)/python -m bench.screenshots --store $(DEMO)

serve: setup ## serve the store in var/, and its pages to this machine
	$(BIN)/related-api --store var --pages

eval: setup ## evaluate the store in var/
	$(BIN)/related-eval run --store var --out var/report

test: setup ## the test suite, without what takes minutes
	$(BIN)/python -m pytest -m "not slow" -n auto --dist loadfile

test-slow: setup ## the crash, corruption and corpus tests
	$(BIN)/python -m pytest -m slow

check: setup ## lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## let ruff put the code in order
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## speed and recall of the candidate search, and speed of serving, as ratios inside one run
	$(BIN)/python bench/candidates.py
	$(BIN)/python -m bench.ranking --folder var/bench/archive
	$(BIN)/python -m bench.archive --folder var/bench/archive
	$(BIN)/python -m bench.serving
	$(BIN)/python -m bench.costs
	$(BIN)/python -m bench.hostile
	$(BIN)/python -m bench.tail
	$(BIN)/python -m bench.sources

weights: setup ## fit the shipped weights anew, byte for byte, and those with each corpus left out
	$(BIN)/python -m eval weights $(CORPORA) --cache var/eval --left-out eval/results/rankers

results: setup ## evaluate every development corpus, with weights fitted on the others
	$(EVALUATE) --articles $(CORPORA)/digitalgov.jsonl.gz --ranker eval/results/rankers/without-gov.json --out var/results/digitalgov
	$(EVALUATE) --articles $(CORPORA)/eighteenf.jsonl.gz --ranker eval/results/rankers/without-gov.json --out var/results/eighteenf
	$(EVALUATE) --articles $(CORPORA)/mdn.jsonl.gz --ranker eval/results/rankers/without-mdn.json --out var/results/mdn --as-of none \
		--curated-key related_noparent --only page_type=$$($(BIN)/python -c 'from eval.studies.defaults import PROSE; print(PROSE)')
	$(EVALUATE) --articles $(CORPORA)/optech_topics.jsonl.gz --ranker eval/results/rankers/without-optech.json \
		--out var/results/optech_topics --as-of none
	$(BIN)/python -m eval versions --corpora $(CORPORA)
	for each in digitalgov eighteenf mdn optech_topics; do cp var/results/$$each/report.json eval/results/$$each.json; done

readme: setup ## write the README's tables from the committed reports
	$(BIN)/python -m eval table eval/results/*.json --pairs eval/results/pairs/lee_pincombe.json --readme README.md

lock: ## pin anew: what a fresh environment gets today; requirements.lock runs every command, -dev tests them
	rm -rf var/lock && $(PYTHON) -m venv var/lock
	var/lock/bin/pip install --quiet --upgrade 'pip>=25'
	var/lock/bin/pip install --quiet '.[eval]'
	var/lock/bin/pip freeze --exclude related-articles | sed 's/^\(torch==[^+]*\)+.*/\1/' > requirements.lock
	var/lock/bin/pip install --quiet '.[eval,dev]' 'setuptools>=80,<85'
	var/lock/bin/pip freeze --all --exclude related-articles --exclude pip | sed 's/^\(torch==[^+]*\)+.*/\1/' \
		| grep -vxFf requirements.lock > requirements-dev.lock
	rm -rf var/lock

clean: ## remove the environment and everything built
	rm -rf $(VENV) var build dist *.egg-info
