"""One training loop, for the network and for the tables, on one process or many."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from dfc.data.crops import CropSampler
from dfc.data.store import PairStore
from dfc.files import written_whole
from dfc.params import Schedule


@dataclass(frozen=True)
class Checkpoints:
    """Where a run saves its state, and what tells it from other runs.

    Parameters
    ----------
    folder
        Holds the state and the curves; it must lie outside the outputs of a DVC stage, which DVC
        deletes before a run.
    identity
        Everything that the result depends on. A state of another identity is never resumed.
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

    @property
    def fingerprint(self) -> str:
        """A digest of the identity."""
        return hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()

    def resumable_iteration(self) -> int:
        """The iteration that the saved state stands at; 0 if there is none of this identity."""
        try:
            progress = json.loads((self.state / "progress.json").read_text())
        except (OSError, ValueError):
            return 0
        return progress["iteration"] if progress["fingerprint"] == self.fingerprint else 0

    def save(self, accelerator: Accelerator, iteration: int) -> None:
        """Save the state beside the last one and swap them; all processes call this together."""
        progress = {"fingerprint": self.fingerprint, "iteration": iteration}
        with self._written_by_main(accelerator) as partial:
            accelerator.save_state(str(partial))
            if accelerator.is_main_process:
                shutil.copytree(self.curves, partial / "curves")
                (partial / "progress.json").write_text(json.dumps(progress))

    @contextmanager
    def _written_by_main(self, accelerator: Accelerator) -> Iterator[Path]:
        """Give every process the same folder to write to; the main one renames it at the end."""
        if accelerator.is_main_process:
            with written_whole(self.state) as partial:
                yield partial
                accelerator.wait_for_everyone()
        else:
            yield self.state.with_name(f".{self.state.name}.partial")
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


def fit(
    model: nn.Module,
    training: CropSampler,
    validation: PairStore,
    schedule: Schedule,
    accelerator: Accelerator,
    checkpoints: Checkpoints,
) -> None:
    """Train a model in place: MSE, Adam, cosine from `lr0` to `lr1`; resumes where it was stopped.

    Parameters
    ----------
    model
        A network or a table model: pixels [B, 1, H, W] to [B, 1, H * scale, W * scale], 0..255.
    training
        Gives the crops of an iteration, the same for every number of processes.
    validation
        Images whose PSNR is logged every `schedule.val_step` iterations.
    schedule
        Length and step sizes.
    accelerator
        The process group and its device, with DVCLive as tracker.
    checkpoints
        Where to save, at each validation; the curves are left in `checkpoints.curves`.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=schedule.lr0, fused=True)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, max(schedule.total_iter, 1), eta_min=schedule.lr1
    )
    wrapped, optimizer = accelerator.prepare(model, optimizer)
    # Not prepared: Accelerate would step a prepared schedule once for every process.
    accelerator.register_for_checkpointing(cosine)

    start = checkpoints.resumable_iteration()
    if start:
        checkpoints.load(accelerator)
    elif accelerator.is_main_process:
        checkpoints.clear()
    accelerator.wait_for_everyone()
    _start_curves(accelerator, checkpoints.curves, resume=start > 0)

    progress = tqdm(
        range(start, schedule.total_iter),
        initial=start,
        total=schedule.total_iter,
        disable=not accelerator.is_main_process,
        unit="it",
    )
    losses: list[Tensor] = []
    for iteration in progress:
        degraded, sharp = _to_tensors(training, iteration, accelerator)
        loss = functional.mse_loss(wrapped(degraded) / 255, sharp / 255)
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        cosine.step()
        losses.append(loss.detach())
        done = iteration + 1
        if done % schedule.val_step == 0 or done == schedule.total_iter:
            psnr = validate(model, validation, accelerator)
            values = {
                "loss": accelerator.reduce(torch.stack(losses).mean(), "mean").item(),
                "val_psnr": psnr,
                "lr": optimizer.param_groups[0]["lr"],
            }
            losses.clear()
            progress.set_postfix(val_psnr=f"{psnr:.2f} dB")
            accelerator.log(values, step=done)
            checkpoints.save(accelerator, done)
    accelerator.end_training()


@torch.no_grad()
def validate(model: nn.Module, validation: PairStore, accelerator: Accelerator) -> float:
    """Mean PSNR in dB over the validation images, shared out to all processes."""
    scores = torch.zeros(len(validation), device=accelerator.device)
    for index in range(accelerator.process_index, len(validation), accelerator.num_processes):
        degraded, sharp = (
            torch.from_numpy(np.array(plane)).to(accelerator.device, torch.float32)[:, None]
            for plane in validation.planes(index)
        )
        error = functional.mse_loss(model(degraded), sharp)
        scores[index] = 10 * torch.log10(255**2 / error.clamp(min=1e-10))
    return accelerator.reduce(scores, "sum").mean().item()


def _to_tensors(
    training: CropSampler, iteration: int, accelerator: Accelerator
) -> tuple[Tensor, Tensor]:
    batch = training.batch(iteration, accelerator.process_index, accelerator.num_processes)
    degraded, sharp = (torch.from_numpy(part).to(accelerator.device).float() for part in batch)
    return degraded, sharp


def _start_curves(accelerator: Accelerator, folder: Path, resume: bool) -> None:
    options = {
        "dir": str(folder),
        "resume": resume,
        "dvcyaml": None,
        "save_dvc_exp": False,
        "report": None,
    }
    accelerator.init_trackers("dfc", init_kwargs={"dvclive": options})
