"""Training batches: crops of prepared images, drawn ahead in a thread."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from dfc.common.parallel import prefetch
from dfc.data.crops import CropSampler
from dfc.tasks.base import Task

DRAWN_AHEAD = 4  # batches: enough to cover the slowest, too few to fill the memory


@dataclass(frozen=True)
class Crops:
    """What a training batch is made of."""

    batch_size: int  # crops of a batch, over all processes
    patch_size: int  # side of a crop, in pixels of the degraded image
    seed: int  # decides which crops are drawn
    task: Task  # degrades the crops that are not prepared that way


class Batches:
    """Draws the batches of one process ahead, in a thread, so that training need not wait."""

    waited: float = 0.0  # seconds spent waiting for batches all the same

    def __init__(self, sampler: CropSampler, accelerator: Accelerator) -> None:
        self._sampler = sampler
        self._accelerator = accelerator

    def draw(self, iterations: range) -> Iterator[tuple[Tensor, Tensor]]:
        """Draw the crops of each iteration, on the device, 0..255.

        They are float32 [B, 1, h, w] degraded, and target [B, 1, h * scale, w * scale], B being
        this process's share of a batch.
        """
        rank, world = self._accelerator.process_index, self._accelerator.num_processes
        device = self._accelerator.device
        pinned = device.type == "cuda"  # a GPU copies from there while the host goes on

        def draw(iteration: int) -> list[Tensor]:
            batch = self._sampler.draw_batch(iteration, rank, world)
            crops = [torch.from_numpy(np.ascontiguousarray(part)) for part in batch]
            return [part.pin_memory() for part in crops] if pinned else crops

        drawn = prefetch(draw, iterations, threads=1, ahead=DRAWN_AHEAD)
        for _ in iterations:
            asked = time.perf_counter()
            batch = next(drawn)
            self.waited += time.perf_counter() - asked
            degraded, target = (part.to(device, non_blocking=pinned).float() for part in batch)
            yield degraded, target
