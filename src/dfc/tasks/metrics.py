"""How close a restored image comes to the target one: PSNR, SSIM and PSNR-B."""

from collections.abc import Callable
from functools import partial

import numpy as np
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity


def luma(image: np.ndarray) -> np.ndarray:
    """Compute the BT.601 luma Y, as the field measures super-resolution.

    Parameters
    ----------
    image
        uint8, of shape (height, width) if grey or (height, width, 3) if RGB. A grey level g counts
        as the colour (g, g, g).

    Returns
    -------
    numpy.ndarray
        float64, 16..235, of shape (height, width), not rounded.

    Examples
    --------
    >>> luma(np.array([[0, 255]], np.uint8))
    array([[ 16., 235.]])
    """
    colour = image if image.ndim == 3 else np.stack([image] * 3, axis=-1)
    return rgb2ycbcr(colour)[..., 0]


def psnr(restored: np.ndarray, target: np.ndarray, shave: int = 0) -> float:
    """Compute the peak signal-to-noise ratio over all channels, with a peak of 255.

    Parameters
    ----------
    restored, target
        Grey levels 0..255, of one shape (height, width) or (height, width, C); what `luma` gives,
        for super-resolution.
    shave
        Pixels left out on each side, where a method lacks context; the scale, by convention.

    Returns
    -------
    float
        In dB; infinite for identical images.

    Raises
    ------
    ValueError
        If the shapes differ, or shaving leaves no pixels.
    """
    _check_shapes(restored, target)
    height, width = target.shape[:2]
    if 2 * shave >= min(height, width):
        raise ValueError(f"shaving {shave} pixels leaves none of {width}x{height}")
    inside = np.s_[shave : height - shave, shave : width - shave]
    with np.errstate(divide="ignore"):  # no error at all: infinite, as intended
        return float(peak_signal_noise_ratio(target[inside], restored[inside], data_range=255))


def ssim(restored: np.ndarray, target: np.ndarray) -> float:
    """Compute the mean structural similarity (Wang et al. 2004).

    11x11 Gaussian window, sigma 1.5, K 0.01 and 0.03, population covariance, averaged over the
    positions where the window fits, and over the channels.

    Parameters
    ----------
    restored, target
        Images as for `psnr`, of one shape, at least 11x11 pixels.

    Returns
    -------
    float
        At most 1, which is reached by identical images.

    Raises
    ------
    ValueError
        If the shapes differ, or the window fits nowhere.
    """
    _check_shapes(restored, target)
    return float(
        structural_similarity(
            target,
            restored,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
            channel_axis=2 if target.ndim == 3 else None,
        )
    )


def psnr_b(restored: np.ndarray, target: np.ndarray, block: int = 8) -> float:
    """Compute the PSNR with a penalty for visible block boundaries (Yim and Bovik 2011).

    Parameters
    ----------
    restored, target
        Grey levels 0..255, of one shape (height, width), larger than a block.
    block
        Side of the blocks, in pixels.

    Returns
    -------
    float
        In dB; at most `psnr`.
    """
    _check_shapes(restored, target)
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
        return float(10 * np.log10(255**2 / error))


Measure = Callable[[np.ndarray, np.ndarray], float]


def measures(task: str, scale: int) -> dict[str, Measure]:
    """What is measured of a task's results, by name, best known first.

    Parameters
    ----------
    task
        sr (on luma, `scale` pixels shaved for PSNR), denoise (all channels), deblock (the luma that
        was compressed) or deblur (PSNR over all channels, SSIM on luma).
    scale
        How many times larger the results are.
    """

    def on_luma(measure: Measure) -> Measure:
        return lambda restored, target: measure(luma(restored), luma(target))

    match task:
        case "sr":
            return {"psnr": on_luma(partial(psnr, shave=scale)), "ssim": on_luma(ssim)}
        case "deblock":
            return {"psnr": psnr, "ssim": ssim, "psnr_b": psnr_b}
        case "deblur":
            return {"psnr": psnr, "ssim": on_luma(ssim)}
    return {"psnr": psnr, "ssim": ssim}


def _check_shapes(restored: np.ndarray, target: np.ndarray) -> None:
    if restored.shape != target.shape:
        raise ValueError(f"restored {restored.shape} and target {target.shape} differ in shape")
