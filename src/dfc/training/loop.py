"""The training loop, for networks and for tables, on one process or many."""

import math
import time
from collections.abc import Callable, Iterable
from copy import deepcopy

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from dfc.common.errors import UserError
from dfc.data.crops import CropSampler
from dfc.data.store import PairStore
from dfc.params import Schedule
from dfc.tasks.metrics import HIGHEST_PSNR
from dfc.training.batches import Batches
from dfc.training.checkpoints import Checkpoints

Keep = Callable[[nn.Module, int], None]
"""Is given a model and how many iterations it was trained for."""
EMA_ITERATIONS = 200  # the EMA never reaches further back than this many iterations, about


def fit(
    model: nn.Module,
    training: CropSampler,
    validation: PairStore,
    schedule: Schedule,
    accelerator: Accelerator,
    checkpoints: Checkpoints,
    keep: Keep,
) -> nn.Module:
    """Train a model: log-MSE, Adam, cosine from `lr0` to `lr1`; resumes where it was stopped.

    Returns the model with the EMA of its parameters, which is what is validated. Raises `UserError`
    where the loss is no finite number any more.

    Parameters
    ----------
    model
        A network or a table model: pixels [B, colours, H, W] to [B, colours, H * scale, W * scale],
        0..255.
    validation : images whose PSNR is logged every `schedule.val_step` iterations
    accelerator : the process group and its device, with DVCLive as tracker
    checkpoints : where to save, at each validation; the curves are left in `checkpoints.curves`
    keep : is given the EMA model at each validation, by the main process
    """
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=schedule.lr0, fused=True)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, max(schedule.total_iter, 1), eta_min=schedule.lr1
    )
    wrapped, optimizer = accelerator.prepare(model, optimizer)
    ema = Ema(model)
    # Not prepared: Accelerate would step a prepared schedule once for every process.
    accelerator.register_for_checkpointing(cosine, ema)

    main = accelerator.is_main_process
    # The first process says where to start: other machines may see the folder as it was before.
    found = [checkpoints.find_resumable() if main else None]
    state, start = broadcast_object_list(found)[0]
    if state:
        if main:
            print(f"resumes after iteration {start}")
        checkpoints.load(accelerator, state)
    elif main:
        checkpoints.clear()
    accelerator.wait_for_everyone()
    options = {"dir": str(checkpoints.curves), "resume": start > 0, "save_dvc_exp": False}
    options |= {"dvcyaml": None, "report": None}
    accelerator.init_trackers("dfc", init_kwargs={"dvclive": options})

    iterations = range(start, schedule.total_iter)
    hidden = None if main else True  # None: unless this is a terminal
    progress = tqdm(iterations, initial=start, total=schedule.total_iter, disable=hidden)
    batches = Batches(training, accelerator)
    began = time.perf_counter()
    losses: list[Tensor] = []
    for iteration, (degraded, target) in zip(progress, batches.draw(iterations), strict=True):
        loss = compute_loss(wrapped(degraded), target, schedule.mse_floor, training.task.block)
        losses.append(take_step(loss, optimizer, accelerator.backward))
        cosine.step()
        ema.update(model)
        done = iteration + 1
        if done % schedule.val_step == 0 or done == schedule.total_iter:
            loss = accelerator.reduce(torch.stack(losses).mean(), "mean").item()
            losses.clear()
            if not math.isfinite(loss):
                raise UserError(
                    f"lr0: the loss is {loss} after iteration {done}; try a smaller one"
                )
            psnr = validate(ema.module, validation, accelerator)
            progress.set_postfix(val_psnr=f"{psnr:.2f} dB")
            values = {"loss": loss, "val_psnr": psnr, "lr": optimizer.param_groups[0]["lr"]}
            accelerator.log(values, step=done)
            if main:
                keep(ema.module, done)
            checkpoints.save(accelerator, done)
    seconds = time.perf_counter() - began
    if main:
        print(f"waited for crops {batches.waited / seconds:.1%} of {seconds:.0f} s")
    accelerator.end_training()
    return ema.module


class Ema(nn.Module):
    """The EMA (exponential moving average) of the parameters of a model.

    It reaches over about a tenth of all iterations so far, at most `EMA_ITERATIONS`, and calms what
    the noise of single batches does to a table.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.module = deepcopy(model).eval()
        # PyTorch's AveragedModel would wait for a GPU, to count there, and copy all buffers, which
        # are constant.
        self.register_buffer("n_averaged", torch.tensor(0))

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take the parameters after one more iteration in; the first are taken as they are."""
        share = max(10 / (self.n_averaged.item() + 10), 1 / EMA_ITERATIONS)
        for average, latest in zip(self.module.parameters(), model.parameters(), strict=True):
            average.lerp_(latest, share)
        self.n_averaged += 1


def take_step(
    loss: Tensor,
    optimizer: torch.optim.Optimizer,
    backward: Callable[[Tensor], None] = Tensor.backward,
) -> Tensor:
    """Take one step of the optimiser, and return the loss."""
    backward(loss)
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach()


def compute_loss(restored: Tensor, target: Tensor, floor: float, block: int = 1) -> Tensor:
    """Compute the mean over crops [B, C, H, W] of the log of their MSE, intensities being 0..1.

    That is what the mean PSNR of images measures. The MSE itself would let a crop of gravel count
    as much as a hundred of skin. A floor is added to it, or crops without any detail would count
    most: below it, a crop counts less and less. Of a task with blocks, a share of what their
    boundaries stand out by is added, as PSNR-B does for images of 512 pixels.
    """
    errors = ((restored - target) / 255).square().mean((1, 2, 3))
    if 1 < block < target.shape[-1]:
        excess = compute_blocking(restored, block) - compute_blocking(target, block)
        errors = errors + excess.clamp(min=0) / 255**2 * (math.log(block) / math.log(512))
    return (errors + floor).log().mean()


def compute_blocking(crops: Tensor, block: int) -> Tensor:
    """Compute how much larger squared steps are at the boundaries of blocks: [B] of [B, C, H, W].

    The first block begins at the first row and column (Yim and Bovik 2011, section II).
    """
    rows, columns = (crops.diff(dim=axis).square().movedim(axis, 1).flatten(2) for axis in (2, 3))

    def compute_mean(places: Iterable[int]) -> Tensor:
        every = [steps[:, first::block] for steps in (rows, columns) for first in places]
        return torch.cat([steps.flatten(1) for steps in every], 1).mean(1)

    return compute_mean([block - 1]) - compute_mean(range(block - 1))


@torch.no_grad()
def validate(model: nn.Module, validation: PairStore, accelerator: Accelerator) -> float:
    """Compute the mean PSNR (dB) of the validation images, shared out to all processes.

    A model of one colour restores their luma, others all colours.
    """
    colours = model.architecture.colours
    scores = torch.zeros(len(validation), device=accelerator.device)
    for index in range(accelerator.process_index, len(validation), accelerator.num_processes):
        degraded, target = (
            torch.from_numpy(np.array(planes[:1] if colours == 1 else planes[-colours:]))
            .expand(colours, -1, -1)
            .to(accelerator.device, torch.float32)[None]
            for planes in validation.planes(index)
        )
        error = functional.mse_loss(model(degraded), target)
        scores[index] = (10 * torch.log10(255**2 / error)).clamp(max=HIGHEST_PSNR)
    return accelerator.reduce(scores, "sum").mean().item()
