"""Checkpoints that survive a kill at any moment, and are resumed only by the run that made them."""

import fcntl
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from dfc.common.errors import UserError
from dfc.common.files import (
    atomic_write,
    fingerprint,
    get_partial_path,
    hash_file,
    replace_path,
)

PROGRESS = "progress.json"
"""Written last, so that a state without it is none: iteration, and digests of all files."""


@dataclass(frozen=True)
class Checkpoints:
    """Where a run saves its state, and what tells it from other runs.

    The folder holds the state and the curves; it must lie outside the outputs of a DVC stage, which
    DVC deletes before a run. The identity is everything that the result depends on: a state of
    another identity is never resumed.
    """

    folder: Path
    identity: dict[str, Any]

    @property
    def state(self) -> Path:
        """The newest whole state: a folder of Accelerate's, with the curves up to it."""
        return self.folder / "state"

    @property
    def before(self) -> Path:
        """The state before the newest, in case that is damaged."""
        return self.folder / "before"

    @property
    def curves(self) -> Path:
        """Where DVCLive writes while the run goes on."""
        return self.folder / "curves"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep the folder to this process; a `UserError` names the process that has it already."""
        path = self.folder.with_name(f"{self.folder.name}.lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                raise UserError(f"{self.folder}: process {file.read()} trains there") from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def find_resumable(self) -> tuple[Path | None, int]:
        """Find the newest whole state of this identity, and its iteration; None and 0 without."""
        for state in (self.state, self.before):
            try:
                progress = json.loads((state / PROGRESS).read_text())
                if progress["fingerprint"] != fingerprint(self.identity):
                    continue
                for name, digest in progress["digests"].items():
                    if hash_file(state / name) != digest:
                        raise ValueError(f"{name} has changed")
                return state, progress["iteration"]
            except FileNotFoundError as error:
                if state.exists():
                    print(f"{state}: damaged, left out: no {error.filename}", file=sys.stderr)
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                print(f"{state}: damaged, left out: {error}", file=sys.stderr)
        return None, 0

    def save(self, accelerator: Accelerator, iteration: int) -> None:
        """Save the state beside the last one and swap them; all processes call this together."""
        progress = {"fingerprint": fingerprint(self.identity), "iteration": iteration}
        with self._written_by_main(accelerator) as partial:
            accelerator.save_state(str(partial))
            if accelerator.is_main_process:
                shutil.copytree(self.curves, partial / "curves")
                files = sorted(path for path in partial.rglob("*") if path.is_file())
                progress["digests"] = {
                    path.relative_to(partial).as_posix(): hash_file(path) for path in files
                }
                (partial / PROGRESS).write_text(json.dumps(progress))
                if self.state.exists():
                    replace_path(self.state, self.before)

    @contextmanager
    def _written_by_main(self, accelerator: Accelerator) -> Iterator[Path]:
        """Give every process the same empty folder; the main one renames it when all are done."""
        with ExitStack() as stack:
            if accelerator.is_main_process:
                partial = stack.enter_context(atomic_write(self.state))
                partial.mkdir()
            else:
                partial = get_partial_path(self.state)
            accelerator.wait_for_everyone()
            yield partial
            accelerator.wait_for_everyone()

    def load(self, accelerator: Accelerator, state: Path) -> None:
        """Load a saved state, and take the curves back to where it was saved."""
        accelerator.load_state(str(state))
        if accelerator.is_main_process:
            shutil.rmtree(self.curves, ignore_errors=True)
            shutil.copytree(state / "curves", self.curves)

    def clear(self) -> None:
        """Forget everything; a folder that is a link, to a disk that other machines see, stays."""
        for path in self.folder.glob("*"):
            shutil.rmtree(path, ignore_errors=True)
        if not self.folder.is_symlink():
            shutil.rmtree(self.folder, ignore_errors=True)
