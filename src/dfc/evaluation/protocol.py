"""How a task is benchmarked: what images are degraded by, what restores them, what is measured."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from dfc.common.parallel import count_cores, prefetch
from dfc.data.layouts import Pair
from dfc.data.pairs import load_pair, load_target
from dfc.engine.strips import restore
from dfc.evaluation.benchmark import Score, restore_with_model, score_image
from dfc.images import write_image
from dfc.models.lut import Lut
from dfc.models.table_model import TableModel
from dfc.tasks.degradations import Degradation, round_to_8_bit, upscale_bicubic
from dfc.tasks.metrics import measures

Method = Callable[[NDArray], NDArray[np.uint8]]
"""Restores a degraded image [H, W] or [H, W, 3]."""


@dataclass(frozen=True)
class Protocol:
    """How the LUTs of a task are compared."""

    degradation: Degradation
    """How images are spoilt where no file says it."""
    quantize_input: bool = True
    """Whether noisy images are rounded to 8 bits; left as they are, they need no engine."""

    @property
    def unrounded(self) -> bool:
        """Whether images are restored that are not 8-bit."""
        return self.degradation.task == "denoise" and not self.quantize_input

    @property
    def caption(self) -> str:
        """What the numbers mean, in one line."""
        degradation = self.degradation
        match degradation.task:
            case "sr":
                x = degradation.scale
                return f"x{x}: PSNR and SSIM on luma, {x} pixels shaved for PSNR."
            case "denoise":
                made = "clipped" if self.unrounded else "clipped and rounded to 8 bits"
                return (
                    f"Noise of sigma {degradation.sigma:g}, {made}: PSNR and SSIM on all channels."
                )
            case "deblock":
                return f"JPEG of quality {degradation.quality}: PSNR, SSIM and PSNR-B on luma."
            case _:
                return "Blur: PSNR on all channels, SSIM on luma."

    def baseline(self) -> dict[str, Method]:
        """What the others have to beat: bicubic interpolation, or doing nothing."""
        if self.degradation.task == "sr":
            return {"bicubic": partial(upscale_bicubic, scale=self.degradation.scale)}
        return {"input": lambda image: image}

    def method(self, lut: Lut) -> Method:
        """The engine; or the table model, which takes an image that was not rounded."""
        if self.unrounded:
            return partial(restore_with_model, TableModel(lut))
        return lambda image: restore(image, lut)

    def score(
        self,
        sets: Mapping[str, Sequence[Pair]],
        methods: Mapping[str, Method],
        folder: Path | None = None,
    ) -> Iterator[Score]:
        """Restore and score all images of all sets by all methods, in this order.

        Parameters
        ----------
        sets
            The images, by the name of their set.
        methods
            By name.
        folder
            Where to keep the restored images, as SET/METHOD/IMAGE.png.
        """
        images = [(name, pair) for name, pairs in sets.items() for pair in pairs]
        work = partial(self._scores, methods=methods, folder=folder)
        # More would fill the memory, not the cores: what all methods make of large images waits.
        threads = min(count_cores(), 8)
        scored = prefetch(lambda image: work(*image), images, threads, ahead=threads)
        for scores in tqdm(scored, total=len(images), unit="image"):
            yield from scores

    def _scores(
        self, set_name: str, pair: Pair, methods: Mapping[str, Method], folder: Path | None
    ) -> list[Score]:
        degraded, target = self.load(pair)
        restored = {name: method(degraded) for name, method in methods.items()}
        if folder:
            for method, image in restored.items():
                write_image(folder / set_name / method / f"{pair.name}.png", round_to_8_bit(image))
        measured = measures(self.degradation.task, self.degradation.scale)
        return list(score_image(set_name, pair.name, target, restored, measured))

    def load(self, pair: Pair) -> tuple[NDArray, NDArray[np.uint8]]:
        """Give the degraded and the target image of a pair."""
        if not self.unrounded:
            return load_pair(pair, self.degradation)
        target = load_target(pair, self.degradation)
        return self.degradation.noisy(target), target
