"""Metrics of how close a restored image comes to its target: PSNR, SSIM and PSNR-B."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from dfc.images.pixels import compute_luma

Metric = Callable[[np.ndarray, np.ndarray], float]  # compares a restored image with its target
HIGHEST_PSNR = 100.0
"""PSNR of identical images, and the most that any has, dB: so that means and gains are finite."""

SSIM_WINDOW = 11  # pixels of a side


@dataclass(frozen=True)
class OnLuma:
    """A metric that is applied to the luma of both images."""

    metric: Metric

    def __call__(self, restored: np.ndarray, target: np.ndarray) -> float:
        return self.metric(compute_luma(restored), compute_luma(target))


def measure(
    metrics: Mapping[str, Metric], restored: Mapping[str, np.ndarray], target: np.ndarray
) -> dict[str, dict[str, float]]:
    """Apply metrics to every restored image of one target, whose lumas are computed once.

    Returns {name of the image: {name of the metric: result}}.
    """

    @cache
    def find_luma(name: str | None) -> np.ndarray:
        return compute_luma(target if name is None else restored[name])

    def apply(metric: Metric, name: str) -> float:
        if isinstance(metric, OnLuma):
            return metric.metric(find_luma(name), find_luma(None))
        return metric(restored[name], target)

    return {
        name: {key: apply(metric, name) for key, metric in metrics.items()} for name in restored
    }


def compute_psnr(restored: np.ndarray, target: np.ndarray, shave: int = 0) -> float:
    """Compute the peak signal-to-noise ratio over all channels, with a peak of 255.

    Parameters
    ----------
    restored, target : 0..255, of one shape (height, width) or (height, width, C)
    shave : pixels left out on each side, where a method lacks context; by convention, the scale

    Returns
    -------
    float : in dB, at most `HIGHEST_PSNR`, which identical images have

    Raises
    ------
    ValueError : if the shapes differ, or shaving leaves no pixels
    """
    from skimage.metrics import peak_signal_noise_ratio  # loads SciPy's statistics: a second

    _check_shapes(restored, target)
    height, width = target.shape[:2]
    if 2 * shave >= min(height, width):
        raise ValueError(f"shaving {shave} pixels leaves none of {width}x{height}")
    inside = np.s_[shave : height - shave, shave : width - shave]
    with np.errstate(divide="ignore"):  # no error at all: infinite, of which the highest is left
        psnr = peak_signal_noise_ratio(target[inside], restored[inside], data_range=255)
    return min(float(psnr), HIGHEST_PSNR)


def compute_ssim(restored: np.ndarray, target: np.ndarray) -> float:
    """Compute the mean structural similarity (Wang et al. 2004), at most 1, of images of one shape.

    11x11 Gaussian window, sigma 1.5, K 0.01 and 0.03, population covariance, averaged over the
    positions where the window fits, and over the channels; computed in single precision.

    Raises
    ------
    ValueError : if the shapes differ, or the window fits nowhere
    """
    from skimage.metrics import structural_similarity

    _check_shapes(restored, target)
    height, width = target.shape[:2]
    if min(height, width) < SSIM_WINDOW:
        raise ValueError(f"SSIM needs at least {SSIM_WINDOW} pixels a side, found {width}x{height}")
    return float(
        structural_similarity(
            target.astype(np.float32),
            restored.astype(np.float32),
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
            channel_axis=2 if target.ndim == 3 else None,
        )
    )


def compute_psnr_b(restored: np.ndarray, target: np.ndarray, block: int = 8) -> float:
    """Compute the PSNR with a penalty for visible block boundaries (Yim and Bovik 2011).

    Parameters
    ----------
    restored, target : grey levels 0..255, of one shape (height, width), larger than a block
    block : side of the blocks, in pixels

    Returns
    -------
    float : in dB; at most `compute_psnr`

    Raises
    ------
    ValueError : if the shapes differ, or there are no two blocks
    """
    _check_shapes(restored, target)
    height, width = target.shape
    if min(height, width) <= block:
        raise ValueError(f"PSNR-B needs more than {block} pixels a side, found {width}x{height}")
    pixels = restored.astype(np.float64)
    boundary, inside = [], []
    for steps in (np.diff(pixels, axis=0), np.diff(pixels, axis=1).T):
        squares = steps**2
        at_boundary = np.arange(1, len(squares) + 1) % block == 0
        boundary.append(squares[at_boundary].ravel())
        inside.append(squares[~at_boundary].ravel())
    excess = np.concatenate(boundary).mean() - np.concatenate(inside).mean()
    factor = np.log2(block) / np.log2(min(pixels.shape)) if excess > 0 else 0
    error = np.mean((pixels - target) ** 2) + factor * excess
    with np.errstate(divide="ignore"):
        return min(float(10 * np.log10(255**2 / error)), HIGHEST_PSNR)


def _check_shapes(restored: np.ndarray, target: np.ndarray) -> None:
    if restored.shape != target.shape:
        raise ValueError(f"restored {restored.shape} and target {target.shape} differ in shape")
