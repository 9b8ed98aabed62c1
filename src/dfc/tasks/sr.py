"""Super-resolution: images that were downscaled bicubically are enlarged."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from dfc.images.pixels import downscale, upscale_bicubic
from dfc.tasks.base import Task
from dfc.tasks.metrics import Metric, OnLuma, compute_psnr, compute_ssim


@dataclass(frozen=True)
class SuperResolution(Task):
    """Bicubic downscaling (a = -0.5, antialiased, as MATLAB's imresize and Pillow's BICUBIC)."""

    name: ClassVar = "sr"
    title: ClassVar = "super-resolution"
    scales: ClassVar = (4, 2, 3)
    level: ClassVar = "scale"
    level_text: ClassVar = " x{:g}"
    baseline: ClassVar = "bicubic"
    reads_files: ClassVar = True
    imitates_files: ClassVar = True

    scale: int = 4

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """PSNR and SSIM on luma; `scale` pixels are shaved for PSNR."""
        shaved = partial(compute_psnr, shave=self.scale)
        return {"psnr": OnLuma(shaved), "ssim": OnLuma(compute_ssim)}

    @property
    def caption(self) -> str:
        x = self.scale
        return f"x{x}: PSNR and SSIM on luma, {x} pixels shaved for PSNR."

    def degrade(self, target: np.ndarray, name: str = "") -> np.ndarray:
        """Downscale a target bicubically."""
        return downscale(target, self.scale)

    def restore_baseline(self, degraded: np.ndarray) -> np.ndarray:
        """Enlarge an image by bicubic interpolation."""
        return upscale_bicubic(degraded, self.scale)


TASK = SuperResolution
