"""A training stage: from the file of a model to the file of the trained model."""

import hashlib
import os
import shutil
import warnings
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs, set_seed
from torch import nn

from dfc.common.files import atomic_write
from dfc.common.parallel import count_cores, count_local_processes, end_with_parent
from dfc.data.crops import CropSampler
from dfc.data.store import PairStore
from dfc.engine.training import EngineModel
from dfc.models.artifact import load_model, save_model
from dfc.models.lut import Lut
from dfc.models.network import Network
from dfc.models.table_model import TableModel
from dfc.params import Schedule
from dfc.training.batches import Crops
from dfc.training.checkpoints import Checkpoints
from dfc.training.loop import fit


def start_accelerator(seed: int) -> Accelerator:
    """Join the processes that `accelerate launch` started, and seed them alike.

    Without a GPU the processes are connected through gloo, and those of a machine share its cores
    evenly: Accelerate itself would give each a single thread.
    """
    if "ACCELERATE_MIXED_PRECISION" in os.environ:  # the parent is a launcher, or DVC
        end_with_parent()
    # The name that PyTorch would have instead is not known to Accelerate yet.
    warnings.filterwarnings("ignore", message=".*broadcast_buffers", category=FutureWarning)
    accelerator = Accelerator(
        cpu=not torch.cuda.is_available(),
        log_with="dvclive",
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],  # all constant
    )
    torch.set_num_threads(max(1, count_cores() // count_local_processes()))
    set_seed(seed)
    return accelerator


def train_file(
    source: Path,
    result: Path,
    step: str,
    crops: Crops,
    schedule: Schedule,
    *,
    prepared: Path,
    checkpoints: Path,
    curves: Path,
    keep: Path | None = None,
) -> None:
    """Train the model of a file on prepared images, in each of the processes.

    Parameters
    ----------
    source : a LUT, whose tables are trained, or a network
    result : where the trained model goes, when training is done
    step : what the history of the LUT calls this
    prepared : the store of images, from the stage `prepare`
    checkpoints
        Folder for the state to resume from, which is removed in the end. It must lie outside the
        outputs of a DVC stage, which DVC deletes before a run.
    curves : folder for loss, PSNR of the validation images and learning rate, as TSV files
    keep : folder for what has been learnt at every checkpoint, as ITERATION.safetensors
    """
    accelerator = start_accelerator(crops.seed)
    training, validation = PairStore(prepared, "train"), PairStore(prepared, "val")
    model = load_model(source)
    if isinstance(model, Lut):
        model = make_trainable(model, schedule.intervals, accelerator.device)
    colours = model.architecture.colours
    sampler = CropSampler(
        training, crops.batch_size, crops.patch_size, crops.seed, crops.task, colours
    )
    identity = {
        "architecture": model.architecture.to_json(),
        "start": hash_parameters(model),
        "crops": asdict(crops) | {"task": crops.task.to_json()},
        "schedule": schedule.model_dump(),
        "images": [image.digest for image in training.images],
    }
    saved = Checkpoints(checkpoints, identity)

    def save(model: Network | TableModel, iterations: int, path: Path) -> None:
        details = {"levels": [*crops.task.levels]} if crops.task.levels else {}
        made = model if isinstance(model, Network) else model.to_lut(step, iterations, **details)
        save_model(made, path)

    def keep_checkpoint(model: nn.Module, iteration: int) -> None:
        if keep:
            save(model, iteration, keep / f"{iteration}.safetensors")

    with saved.lock() if accelerator.is_main_process else nullcontext():
        trained = fit(model, sampler, validation, schedule, accelerator, saved, keep_checkpoint)
        if accelerator.is_main_process:
            save(trained, schedule.total_iter, result)
            with atomic_write(curves) as partial:
                shutil.copytree(saved.curves, partial)
            saved.clear()


def make_trainable(lut: Lut, intervals: Iterable[int], device: torch.device) -> TableModel:
    """Make the table model of a LUT that is trained with the kernels of a device."""
    if device.type == "cuda":
        from dfc.cuda.training import CudaModel  # needs Triton, which PyTorch for CUDA brings

        return CudaModel(lut, intervals)
    return EngineModel(lut, intervals)


def hash_parameters(model: nn.Module) -> str:
    """Compute a digest that differs for models that start with other values or have other parts."""
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()
