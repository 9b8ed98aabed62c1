"""Benchmark: the images of a set, restored by every method and scored against their targets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn
from tqdm import tqdm

from dfc.common.errors import UserError
from dfc.common.parallel import count_image_workers, prefetch
from dfc.data.layouts import Pair
from dfc.data.pairs import load_pair
from dfc.engine import restore
from dfc.engine.unrounded import make_unrounded_model
from dfc.images.files import write_image
from dfc.images.pixels import round_to_8_bit
from dfc.models.lut import Lut
from dfc.tasks.base import Task
from dfc.tasks.metrics import measure

Method = Callable[[NDArray], NDArray]  # restores a degraded image [H, W] or [H, W, 3]


@dataclass(frozen=True)
class Comparison:
    """Methods, and the images that they restore."""

    task: Task  # degrades images where no file says how they look, and measures what is restored
    sets: Mapping[str, Sequence[Pair]]  # the images, by the name of their set
    methods: Mapping[str, Method]
    """By name; the first is the baseline, which the others have to beat."""
    luts: Mapping[str, Lut]  # those of the methods that are LUTs

    @property
    def storage_mib(self) -> dict[str, float]:
        """Storage of the methods that are LUTs."""
        return {name: lut.size_mib for name, lut in self.luts.items()}

    def score(self, folder: Path | None = None) -> pd.DataFrame:
        """Restore and score all images of all sets by all methods.

        Returns a row an image and method, with the columns set, method, image, and one a metric. A
        folder keeps the restored images, as SET/METHOD/IMAGE.png.
        """
        images = [(name, pair) for name, pairs in self.sets.items() for pair in pairs]
        work = partial(self._score_image, folder=folder)
        scored = prefetch(lambda image: work(*image), images, threads=count_image_workers())
        scored = tqdm(scored, total=len(images), unit="image", disable=None)
        return pd.DataFrame([row for rows in scored for row in rows])

    def _score_image(self, set_name: str, pair: Pair, folder: Path | None) -> list[dict]:
        degraded, target = load_pair(pair, self.task)
        restored = {name: method(degraded) for name, method in self.methods.items()}
        if folder:
            for method, image in restored.items():
                write_image(folder / set_name / method / f"{pair.name}.png", round_to_8_bit(image))
        try:
            measured = measure(self.task.metrics, restored, target)
        except ValueError as error:
            raise UserError(f"{pair.target}: too small to be measured: {error}") from None
        return [
            {"set": set_name, "method": method, "image": pair.name} | scores
            for method, scores in measured.items()
        ]


def compare(
    task: Task,
    sets: Mapping[str, Sequence[Pair]],
    luts: Mapping[str, Lut],
    networks: Mapping[str, nn.Module] | None = None,
) -> Comparison:
    """Compare LUTs, and networks before them, with the baseline of a task."""
    methods: dict[str, Method] = {task.baseline: task.restore_baseline}
    for name, network in (networks or {}).items():
        methods[name] = partial(restore_with_model, network)
    for name, lut in luts.items():
        model = None if task.rounded else make_unrounded_model(lut)
        methods[name] = partial(restore_with_model, model) if model else partial(restore, lut=lut)
    return Comparison(task, sets, methods, luts)


@torch.no_grad()
def restore_with_model(model: nn.Module, image: NDArray) -> NDArray[np.uint8]:
    """Restore an image with a network or a table model, as `dfc.engine.restore` does.

    The image is [H, W] or [H, W, 3], 0..255; the model maps pixels [B, colours, H, W] to
    [B, colours, H * scale, W * scale].
    """
    device = next(model.parameters()).device
    together = model.architecture.colours
    planes = torch.from_numpy(np.atleast_3d(image)).movedim(-1, 0)
    alone = len(planes) < together
    planes = (planes.expand(together, -1, -1) if alone else planes).unflatten(0, (-1, together))
    restored = model(planes.to(device, torch.float32)).flatten(0, 1).movedim(0, -1)
    if alone:
        restored = restored.mean(-1, keepdim=True).round()
    return restored.cpu().numpy().astype(np.uint8).reshape(*restored.shape[:2], *image.shape[2:])
