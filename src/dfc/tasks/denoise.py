"""Denoising: Gaussian noise is removed."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dfc.images.pixels import round_to_8_bit
from dfc.tasks.base import Task
from dfc.tasks.metrics import compute_psnr, compute_ssim


@dataclass(frozen=True)
class Denoising(Task):
    """Additive Gaussian noise, clipped to 0..255."""

    name: ClassVar = "denoise"
    title: ClassVar = "denoising"
    level: ClassVar = "sigma"
    level_text: ClassVar = ", sigma {:g}"
    metrics: ClassVar = {"psnr": compute_psnr, "ssim": compute_ssim}
    per_crop: ClassVar = True
    grey_first: ClassVar = True  # the noise of three colours is weaker in their luma

    sigma: float = 25  # standard deviation of the noise, in grey levels
    sigma_min: float | None = None
    """Where training crops have noise of any strength, the weakest."""
    rounded: bool = True
    """Whether noisy images are rounded to 8 bits; published benchmarks do not do that."""

    @property
    def levels(self) -> tuple[float, float]:
        """The weakest and the strongest noise of training crops."""
        return self.sigma if self.sigma_min is None else self.sigma_min, self.sigma

    @property
    def caption(self) -> str:
        made = "clipped and rounded to 8 bits" if self.rounded else "clipped"
        return f"Noise of sigma {self.sigma:g}, {made}: PSNR and SSIM on all channels."

    def degrade(self, target: np.ndarray, name: str = "") -> np.ndarray:
        """Add the noise of published benchmarks: seed 0 for every image; float64 if not rounded."""
        noisy = _add_noise(target, self.sigma, np.random.RandomState(0))
        return round_to_8_bit(noisy) if self.rounded else noisy

    def degrade_crop(self, window: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Add noise to a training crop, rounded to 8 bits."""
        sigma = self.sigma if self.sigma_min is None else rng.uniform(self.sigma_min, self.sigma)
        return round_to_8_bit(_add_noise(window, sigma, rng))


def _add_noise(
    target: np.ndarray, sigma: float, rng: np.random.Generator | np.random.RandomState
) -> np.ndarray:
    return (target + rng.normal(0, sigma, target.shape)).clip(0, 255)


TASK = Denoising
