"""Paths of what the stages of dvc.yaml leave, below a workspace."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dfc.common.environment import describe_machine
from dfc.common.files import atomic_write

PREPARED = Path("data/prepared")
INITIAL = Path("models/initial.safetensors")
TRAINED = Path("models/trained.safetensors")
LUT = Path("models/lut.safetensors")
DFC = Path("models/dfc.safetensors")
FINETUNED = Path("models/finetuned.safetensors")
REPORTS = Path("reports")
SCORES = REPORTS / "scores.csv"
EVIDENCE = REPORTS / "evidence"
IMAGES = REPORTS / "images"
FIGURES = REPORTS / "figures"
PAGE = REPORTS / "index.html"
RESTORE_PAGE = REPORTS / "restore.html"  # restores pictures in a browser
TIMES = REPORTS / "times"
"""Times differ from run to run: each lies in a file of its own, that no other result changes."""
RESTORE_TIME = TIMES / "restore.json"
STAGES = ("prepare", "init", "train", "export", "compress", "finetune", "benchmark")
"""Those that make results, in their order; the report comes after them."""
CHECKPOINTS = Path(".checkpoints")
"""Outside every stage's outputs, which DVC deletes before it runs a stage."""


@contextmanager
def record_time(stage: str) -> Iterator[None]:
    """Record in `TIMES` what a stage takes, and where; of several processes, the first does."""
    start = time.perf_counter()
    yield
    if os.environ.get("RANK", "0") == "0":
        seconds = round(time.perf_counter() - start, 1)
        with atomic_write(TIMES / f"{stage}.json") as unfinished:
            unfinished.write_text(json.dumps({"seconds": seconds, "machine": describe_machine()}))
