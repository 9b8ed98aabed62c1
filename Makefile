PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: run test lint

run: .venv/installed
	dvc repro
	@cat reports/table.md

# On two workers: much of the time, tests wait for processes that they have started. Threads of
# OpenMP that spin while they wait would take the cores from the other worker.
test: export OMP_WAIT_POLICY = passive
test: .venv/installed
	pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

lint: .venv/installed
	ruff check .
	ruff format --check .

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
