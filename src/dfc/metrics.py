"""How close a restored image comes to the sharp one: PSNR and SSIM on BT.601 luma."""

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


def psnr(restored: np.ndarray, sharp: np.ndarray, shave: int) -> float:
    """Compute the peak signal-to-noise ratio on luma, with a peak of 255.

    Parameters
    ----------
    restored, sharp
        Images as for `luma`, of one shape.
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
    _check_shapes(restored, sharp)
    height, width = sharp.shape[:2]
    if 2 * shave >= min(height, width):
        raise ValueError(f"shaving {shave} pixels leaves none of {width}x{height}")
    inside = np.s_[shave : height - shave, shave : width - shave]
    with np.errstate(divide="ignore"):  # no error at all: infinite, as intended
        return float(
            peak_signal_noise_ratio(luma(sharp[inside]), luma(restored[inside]), data_range=255)
        )


def ssim(restored: np.ndarray, sharp: np.ndarray) -> float:
    """Compute the mean structural similarity on luma (Wang et al. 2004).

    11x11 Gaussian window, sigma 1.5, K 0.01 and 0.03, population covariance, averaged over the
    positions where the window fits.

    Parameters
    ----------
    restored, sharp
        Images as for `luma`, of one shape, at least 11x11 pixels.

    Returns
    -------
    float
        At most 1, which is reached by identical images.

    Raises
    ------
    ValueError
        If the shapes differ, or the window fits nowhere.
    """
    _check_shapes(restored, sharp)
    return float(
        structural_similarity(
            luma(sharp),
            luma(restored),
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
        )
    )


def _check_shapes(restored: np.ndarray, sharp: np.ndarray) -> None:
    if restored.shape != sharp.shape:
        raise ValueError(f"restored {restored.shape} and sharp {sharp.shape} differ in shape")
