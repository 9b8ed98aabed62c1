"""Checkpoints that survive a kill at any moment, and are resumed only by the run that made them."""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from dfc.common.files import atomic_write, fingerprint, get_partial_path


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
    def curves(self) -> Path:
        """Where DVCLive writes while the run goes on."""
        return self.folder / "curves"

    def resumable_iteration(self) -> int:
        """The iteration that the saved state stands at; 0 if there is none of this identity."""
        try:
            progress = json.loads((self.state / "progress.json").read_text())
        except (OSError, ValueError):
            return 0
        return progress["iteration"] if progress["fingerprint"] == fingerprint(self.identity) else 0

    def save(self, accelerator: Accelerator, iteration: int) -> None:
        """Save the state beside the last one and swap them; all processes call this together."""
        progress = {"fingerprint": fingerprint(self.identity), "iteration": iteration}
        with self._written_by_main(accelerator) as partial:
            accelerator.save_state(str(partial))
            if accelerator.is_main_process:
                shutil.copytree(self.curves, partial / "curves")
                (partial / "progress.json").write_text(json.dumps(progress))

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

    def load(self, accelerator: Accelerator) -> None:
        """Load the saved state, and take the curves back to where it was saved."""
        accelerator.load_state(str(self.state))
        if accelerator.is_main_process:
            shutil.rmtree(self.curves, ignore_errors=True)
            shutil.copytree(self.state / "curves", self.curves)

    def clear(self) -> None:
        """Forget everything."""
        shutil.rmtree(self.folder, ignore_errors=True)
