"""Deblurring: the blur of a camera that shakes, or of motion, is sharpened."""

from dataclasses import dataclass
from typing import ClassVar
from zlib import crc32

import numpy as np
from scipy.ndimage import convolve, gaussian_filter1d

from dfc.images.pixels import cut_margin, round_to_8_bit
from dfc.tasks.base import Task
from dfc.tasks.metrics import OnLuma, compute_psnr, compute_ssim

SHAKE = 9  # side of the square that a shaking camera stays in, in pixels


@dataclass(frozen=True)
class Deblurring(Task):
    """Blur as it comes in pairs of files, or else that of a shaking camera."""

    name: ClassVar = "deblur"
    title: ClassVar = "deblurring"
    metrics: ClassVar = {"psnr": compute_psnr, "ssim": OnLuma(compute_ssim)}
    reads_files: ClassVar = True
    per_crop: ClassVar = True
    margin: ClassVar = SHAKE // 2

    @property
    def caption(self) -> str:
        return "Blur: PSNR on all channels, SSIM on luma."

    def degrade(self, target: np.ndarray, name: str = "") -> np.ndarray:
        """Blur a target: every name in another way."""
        return blur(target, draw_shake_kernel(np.random.default_rng(crc32(name.encode()))))

    def degrade_crop(self, window: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Blur a training crop by a kernel that is drawn anew."""
        return cut_margin(blur(window, draw_shake_kernel(rng)), self.margin)


def draw_shake_kernel(rng: np.random.Generator) -> np.ndarray:
    """Draw the blur of a shaking hand, [SHAKE, SHAKE]: the share of time spent at each offset."""
    steps = 200
    velocity = gaussian_filter1d(rng.standard_normal((2, steps)), steps / 8, axis=1)
    path = np.cumsum(velocity, axis=1)
    path -= path.mean(axis=1, keepdims=True)
    extent = rng.uniform(0.4, 1) * (SHAKE // 2)
    path = path / np.abs(path).max() * extent + SHAKE // 2
    # Each point of the path is shared out to the four offsets around it.
    whole, side = np.floor(path).astype(int), SHAKE + 1
    part = path - whole
    kernel = np.zeros(side * side)
    for down in (0, 1):
        for right in (0, 1):
            place = (whole[0] + down) * side + whole[1] + right
            share = np.abs(1 - down - part[0]) * np.abs(1 - right - part[1])
            kernel += np.bincount(place, share, side * side)
    kernel = kernel.reshape(side, side)[:SHAKE, :SHAKE]
    return kernel / kernel.sum()


def blur(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Blur every channel of an image; beyond its borders, the image is mirrored."""
    kernel = kernel.reshape(*kernel.shape, *[1] * (image.ndim - 2))
    return round_to_8_bit(convolve(image.astype(np.float64), kernel, mode="reflect"))


TASK = Deblurring
