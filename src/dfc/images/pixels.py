"""Pixels of images as arrays: luma, rounding, resizing, transparency and 16 bits."""

from collections.abc import Callable

import numpy as np
from PIL import Image

SHIFTS = 4  # 8-bit images that a 16-bit one is restored as: more gain nothing that can be measured


def split_planes(image: np.ndarray) -> np.ndarray:
    """Turn a (height, width) or (height, width, C) image into (C, height, width) planes."""
    planes = image[np.newaxis] if image.ndim == 2 else image.transpose(2, 0, 1)
    return np.ascontiguousarray(planes)


def compute_luma(image: np.ndarray) -> np.ndarray:
    """Compute the BT.601 luma Y, as the field measures super-resolution.

    Of uint8, (height, width, 3) if RGB or (height, width) if grey, where a level g counts as the
    colour (g, g, g), it is float64, 16..235, of shape (height, width), not rounded.

    Examples
    --------
    >>> compute_luma(np.array([[0, 255]], np.uint8))
    array([[ 16., 235.]])
    """
    from skimage.color import rgb2ycbcr  # not needed to restore pictures

    colour = image if image.ndim == 3 else np.stack([image] * 3, axis=-1)
    return rgb2ycbcr(colour)[..., 0]


def round_to_8_bit(image: np.ndarray) -> np.ndarray:
    """Round and clip grey levels to uint8."""
    if image.dtype == np.uint8:
        return image
    return np.rint(image).clip(0, 255).astype(np.uint8)


def drop_equal_colours(image: np.ndarray) -> np.ndarray:
    """Make an image [H, W, 3] whose three colours are equal everywhere a grey one [H, W]."""
    is_grey = image.ndim == 3 and (image == image[..., :1]).all()
    return image[..., 0] if is_grey else image


def cut_margin(image: np.ndarray, margin: int) -> np.ndarray:
    """Cut off `margin` pixels, 0 or more, on all sides."""
    height, width = image.shape[:2]
    return image[margin : height - margin, margin : width - margin]


def downscale(target: np.ndarray, scale: int) -> np.ndarray:
    """Make an image, uint8, of shape (height, width) or (height, width, 3), bicubically smaller.

    Raises `ValueError` if a side is not a multiple of `scale`, so that the pixels of the two images
    would not line up.
    """
    height, width = target.shape[:2]
    if height % scale or width % scale:
        raise ValueError(f"{width}x{height} pixels are not a multiple of scale {scale}")
    return resize_bicubic(target, height // scale, width // scale)


def crop_to_multiple(image: np.ndarray, scale: int) -> np.ndarray:
    """Cut pixels off the bottom and the right, so that both sides are multiples of `scale`.

    Examples
    --------
    >>> crop_to_multiple(np.zeros((9, 14), np.uint8), 4).shape
    (8, 12)
    """
    height, width = image.shape[:2]
    return image[: height - height % scale, : width - width % scale]


def upscale_bicubic(image: np.ndarray, scale: int) -> np.ndarray:
    """Enlarge an image `scale` times by bicubic interpolation: what every method has to beat."""
    height, width = image.shape[:2]
    return resize_bicubic(image, height * scale, width * scale)


def resize_bicubic(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize an image, uint8, of shape (h, w) or (h, w, 3), bicubically."""
    return np.array(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


def fill_hidden_colours(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Fill colours [H, W, 3] where alpha [H, W] is 0 with those of visible neighbours.

    Means of visible pixels are taken over ever larger squares, until every square has one.
    """
    if alpha.all() or not alpha.any():
        return image
    weights = alpha.astype(np.float32)[..., None]
    filled = np.rint(_average_visible(image * weights, weights)).astype(image.dtype)
    return np.where(weights > 0, image, filled)


def _average_visible(sums: np.ndarray, weights: np.ndarray) -> np.ndarray:
    visible = weights > 0
    means = sums / np.where(visible, weights, 1)
    if visible.all():
        return means
    height, width = weights.shape[:2]
    halves = [
        sum(padded[top::2, left::2] for top in (0, 1) for left in (0, 1))
        for padded in (
            np.pad(part, ((0, height % 2), (0, width % 2), (0, 0))) for part in (sums, weights)
        )
    ]
    coarse = _average_visible(*halves).repeat(2, axis=0).repeat(2, axis=1)
    return np.where(visible, means, coarse[:height, :width])


def restore_channels(image: np.ndarray, restore: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Restore an image of 8 or 16 bits, with or without transparency, by what restores 8 bits.

    Colours under full transparency are those of their nearest visible neighbours, so that no fringe
    appears; the transparency is enlarged by bicubic interpolation. Of 16 bits, 8-bit images at
    several roundings are restored, and their mean is taken.

    Parameters
    ----------
    image : uint8 or uint16 [H, W], [H, W, 1], [H, W, 3], or [H, W, 4] with transparency
    restore : enlarges uint8 [H, W, ..] to as many channels
    """
    if image.shape[2:] != (4,):
        return _restore_depth(image, restore)
    colours, alpha = image[..., :3], image[..., 3]
    restored = _restore_depth(fill_hidden_colours(colours, alpha), restore)
    height, width = restored.shape[:2]
    # Pillow resizes no image of 16 bits but in floating point.
    plane = Image.fromarray(alpha if alpha.dtype == np.uint8 else alpha.astype(np.float32))
    enlarged = np.asarray(plane.resize((width, height), Image.Resampling.BICUBIC))
    highest = np.iinfo(alpha.dtype).max
    return np.dstack([restored, np.rint(enlarged).clip(0, highest).astype(alpha.dtype)])


def _restore_depth(image: np.ndarray, restore: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    if image.dtype == np.uint8:
        return restore(image)
    # 65535 = 255 * 257: levels are 257 apart, and every shift rounds other pixels up.
    total: np.ndarray | int = 0
    for shift in range(SHIFTS):
        offset = (2 * shift + 1) * 257 // (2 * SHIFTS)
        levels = np.minimum((image.astype(np.uint32) + offset) // 257, 255).astype(np.uint8)
        total = total + restore(levels).astype(np.uint32)
    return (total * 257 // SHIFTS).astype(np.uint16)
