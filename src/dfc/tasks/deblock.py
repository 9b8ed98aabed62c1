"""Deblocking: JPEG files are repaired."""

import io
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from dfc.images.pixels import compute_luma, round_to_8_bit
from dfc.tasks.base import Task
from dfc.tasks.metrics import compute_psnr, compute_psnr_b, compute_ssim


@dataclass(frozen=True)
class Deblocking(Task):
    """JPEG compression of the luma."""

    name: ClassVar = "deblock"
    title: ClassVar = "deblocking"
    level: ClassVar = "quality"
    level_text: ClassVar = ", JPEG quality {:g}"
    block: ClassVar = 8
    metrics: ClassVar = {"psnr": compute_psnr, "ssim": compute_ssim, "psnr_b": compute_psnr_b}

    quality: int = 10  # quality of the JPEG compression, 1 to 100
    quality_max: int | None = None
    """Where training crops have any quality, the best."""

    @property
    def per_crop(self) -> bool:
        """Whether training crops have any quality."""
        return self.quality_max is not None

    @property
    def levels(self) -> tuple[int, int]:
        """The worst and the best quality of training crops."""
        return self.quality, self.quality if self.quality_max is None else self.quality_max

    @property
    def caption(self) -> str:
        return f"JPEG of quality {self.quality}: PSNR, SSIM and PSNR-B on luma."

    def make_target(self, image: np.ndarray) -> np.ndarray:
        """Take the luma of an image, rounded: that alone is compressed."""
        return image if image.ndim == 2 else round_to_8_bit(compute_luma(image))

    def degrade(self, target: np.ndarray, name: str = "") -> np.ndarray:
        """Compress a target as JPEG, and decode it again."""
        return _compress(target, self.quality)

    def degrade_crop(self, window: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Compress a training crop, whose channels are all its luma, at a quality drawn anew."""
        quality = int(rng.integers(*self.levels, endpoint=True))
        degraded = _compress(np.atleast_3d(window)[..., 0], quality)
        return np.broadcast_to(degraded.T, window.T.shape).T


def _compress(luma: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(luma).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file))


TASK = Deblocking
