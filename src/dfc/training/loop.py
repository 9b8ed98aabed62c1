"""One training loop, for the network and for the tables, on one process or many."""

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs, set_seed
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from dfc.common.files import atomic_write
from dfc.common.parallel import count_cores, prefetch
from dfc.common.pipeline import CHECKPOINTS, PREPARED, REPORTS
from dfc.data.crops import CropSampler
from dfc.data.store import PairStore
from dfc.models.network import Network
from dfc.models.table_model import TableModel
from dfc.params import Schedule
from dfc.tasks.degradations import Degradation
from dfc.training.checkpoints import Checkpoints

Save = Callable[[nn.Module, int], None]
"""Writes a model that was trained for a number of iterations."""
CALM = 3e-4
"""MSE (a PSNR of 35 dB) below which it matters less and less how much better a crop gets."""


def start_accelerator(seed: int) -> Accelerator:
    """Join the processes that `accelerate launch` started, and seed them alike.

    Without a GPU the processes are connected through gloo, and share the cores evenly: Accelerate
    itself would give each a single thread.
    """
    accelerator = Accelerator(
        cpu=not torch.cuda.is_available(),
        log_with="dvclive",
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],  # all constant
    )
    torch.set_num_threads(max(1, count_cores() // accelerator.num_processes))
    set_seed(seed)
    return accelerator


@dataclass(frozen=True)
class Crops:
    """What a training batch is made of."""

    batch_size: int
    """Crops of a batch, over all processes."""
    patch_size: int
    """Side of a crop, in pixels of the degraded image."""
    seed: int
    """Decides which crops are drawn."""
    degradation: Degradation
    """How crops are spoilt that are not prepared that way."""


def train_stage(
    name: str,
    model: Network | TableModel,
    crops: Crops,
    schedule: Schedule,
    accelerator: Accelerator,
    save: Save,
    keep: Save | None = None,
) -> None:
    """Run a training stage of the pipeline on the prepared images.

    Parameters
    ----------
    name
        Of the stage: its curves are left in `reports/NAME`.
    model
        What to train.
    crops, schedule
        What it sees, how often and how fast it learns.
    accelerator
        From `start_accelerator`.
    save
        Writes the trained model, when training is done.
    keep
        Writes what has been learnt so far, at every checkpoint.
    """
    training, validation = PairStore(PREPARED, "train"), PairStore(PREPARED, "val")
    sampler = CropSampler(
        training, crops.batch_size, crops.patch_size, crops.seed, crops.degradation
    )
    identity = {
        "architecture": model.architecture.title,
        "start": _digest(model),
        "crops": asdict(crops),
        "schedule": schedule.model_dump(),
        "images": [image.digest for image in training.images],
    }
    checkpoints = Checkpoints(CHECKPOINTS / name, identity)
    trained = fit(model, sampler, validation, schedule, accelerator, checkpoints, keep)
    if accelerator.is_main_process:
        save(trained, schedule.total_iter)
        with atomic_write(REPORTS / name) as partial:
            shutil.copytree(checkpoints.curves, partial)
        checkpoints.clear()


def _digest(model: nn.Module) -> str:
    """What tells models apart that start with other values, or have other parts."""
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def fit(
    model: nn.Module,
    training: CropSampler,
    validation: PairStore,
    schedule: Schedule,
    accelerator: Accelerator,
    checkpoints: Checkpoints,
    keep: Save | None = None,
) -> nn.Module:
    """Train a model: `log_error`, Adam, cosine from `lr0` to `lr1`; resumes where it was stopped.

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
    keep
        Is given the model at each validation, by the main process.

    Returns
    -------
    nn.Module
        The model with the average of its latest parameters, which is what is validated.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=schedule.lr0, fused=True)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, max(schedule.total_iter, 1), eta_min=schedule.lr1
    )
    wrapped, optimizer = accelerator.prepare(model, optimizer)
    average = AveragedModel(model, multi_avg_fn=average_latest)
    # Not prepared: Accelerate would step a prepared schedule once for every process.
    accelerator.register_for_checkpointing(cosine, average)

    start = checkpoints.resumable_iteration()
    if start:
        if accelerator.is_main_process:
            print(f"resumes after iteration {start}")
        checkpoints.load(accelerator)
    elif accelerator.is_main_process:
        checkpoints.clear()
    accelerator.wait_for_everyone()
    _start_curves(accelerator, checkpoints.curves, resume=start > 0)

    iterations = range(start, schedule.total_iter)
    progress = tqdm(
        iterations,
        initial=start,
        total=schedule.total_iter,
        disable=not accelerator.is_main_process,
        mininterval=1,
        unit="it",
    )
    batches = Batches(training, accelerator)
    began = time.perf_counter()
    losses: list[Tensor] = []
    for iteration, (degraded, target) in zip(progress, batches.of(iterations), strict=True):
        losses.append(step(wrapped, optimizer, degraded, target, accelerator.backward))
        cosine.step()
        average.update_parameters(model)
        done = iteration + 1
        if done % schedule.val_step == 0 or done == schedule.total_iter:
            psnr = validate(average.module, validation, accelerator)
            values = {
                "loss": accelerator.reduce(torch.stack(losses).mean(), "mean").item(),
                "val_psnr": psnr,
                "lr": optimizer.param_groups[0]["lr"],
            }
            losses.clear()
            progress.set_postfix(val_psnr=f"{psnr:.2f} dB")
            accelerator.log(values, step=done)
            if keep and accelerator.is_main_process:
                keep(average.module, done)
            checkpoints.save(accelerator, done)
    seconds = time.perf_counter() - began
    if accelerator.is_main_process:
        print(f"waited for crops {batches.waited / seconds:.1%} of {seconds:.0f} s")
    accelerator.end_training()
    return average.module


@torch.no_grad()
def average_latest(averages: list[Tensor], latest: list[Tensor], count: Tensor) -> None:
    """Take the latest parameters into averages over about a tenth of all `count` so far.

    It is never more than a thousand, and calms what the noise of single batches does to entries.
    """
    share = max(10 / (count.item() + 10), 1e-3)
    for average, parameter in zip(averages, latest, strict=True):
        average.lerp_(parameter, share)


def step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    degraded: Tensor,
    target: Tensor,
    backward: Callable[[Tensor], None] = Tensor.backward,
) -> Tensor:
    """Take one step towards the target pixels, and give the loss."""
    loss = log_error(model(degraded), target)
    backward(loss)
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach()


def log_error(restored: Tensor, target: Tensor) -> Tensor:
    """Mean over crops [B, C, H, W] of the logarithm of their MSE, intensities being 0..1.

    That is what the mean PSNR of images measures. The MSE itself would let a crop of gravel count
    as much as a hundred of skin. `CALM` is added to it, or crops without any detail would count
    most.
    """
    errors = ((restored - target) / 255).square().mean((1, 2, 3))
    return (errors + CALM).log().mean()


@torch.no_grad()
def validate(model: nn.Module, validation: PairStore, accelerator: Accelerator) -> float:
    """Mean PSNR in dB over the validation images, shared out to all processes."""
    scores = torch.zeros(len(validation), device=accelerator.device)
    for index in range(accelerator.process_index, len(validation), accelerator.num_processes):
        degraded, target = (
            torch.from_numpy(np.array(plane)).to(accelerator.device, torch.float32)[:, None]
            for plane in validation.planes(index)
        )
        error = functional.mse_loss(model(degraded), target)
        scores[index] = 10 * torch.log10(255**2 / error.clamp(min=1e-10))
    return accelerator.reduce(scores, "sum").mean().item()


class Batches:
    """Draws the batches of one process ahead, in a thread, so that training need not wait."""

    waited: float = 0.0
    """Seconds spent waiting for batches all the same."""

    def __init__(self, sampler: CropSampler, accelerator: Accelerator) -> None:
        self._sampler = sampler
        self._accelerator = accelerator

    def of(self, iterations: range) -> Iterator[tuple[Tensor, Tensor]]:
        """Give the degraded and the target crops of each iteration, float32, on the device."""
        rank, world = self._accelerator.process_index, self._accelerator.num_processes
        draw = partial(self._sampler.batch, rank=rank, world=world)
        drawn = prefetch(draw, iterations, threads=1, ahead=4)
        for _ in iterations:
            asked = time.perf_counter()
            batch = next(drawn)
            self.waited += time.perf_counter() - asked
            degraded, target = (
                torch.from_numpy(part).to(self._accelerator.device) for part in batch
            )
            yield degraded.float(), target.float()


def _start_curves(accelerator: Accelerator, folder: Path, resume: bool) -> None:
    options = {
        "dir": str(folder),
        "resume": resume,
        "dvcyaml": None,
        "save_dvc_exp": False,
        "report": None,
    }
    accelerator.init_trackers("dfc", init_kwargs={"dvclive": options})
