"""What spoils a target image: the one place that knows how degraded images are made.

Super-resolution degrades by bicubic shrinking (a = -0.5, antialiased, as MATLAB's imresize), which
is Pillow's BICUBIC; denoising by Gaussian noise; deblocking by JPEG compression of the luma;
deblurring by the blur of a camera that shakes. These functions compute; they read no files.
"""

import io
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from PIL import Image
from scipy.ndimage import convolve, gaussian_filter1d

from dfc.tasks.metrics import luma

SHAKE = 9
"""Side of the square that a shaking camera stays in, in pixels."""


@dataclass(frozen=True)
class Degradation:
    """How the images of a task are spoilt."""

    task: str
    """sr, denoise, deblock or deblur."""
    scale: int
    """How many times smaller degraded images are, on each side; 1 unless the task is sr."""
    sigma: float = 25
    """Standard deviation of the noise, in grey levels (denoise)."""
    quality: int = 10
    """Quality of the JPEG compression, 1 to 100 (deblock)."""

    @property
    def level(self) -> float | None:
        """What tells degradations of a task apart: scale, sigma or quality; None for deblur."""
        return {"sr": self.scale, "denoise": self.sigma, "deblock": self.quality}.get(self.task)

    @property
    def per_crop(self) -> bool:
        """Whether every training crop is degraded anew, where no file says how it looks."""
        return self.task in ("denoise", "deblur")

    @property
    def margin(self) -> int:
        """How far a pixel that is made anew looks: target pixels needed beyond each side."""
        return SHAKE // 2 if self.task == "deblur" else 0

    @property
    def from_files(self) -> bool:
        """Whether degraded images may come as files; others are always made."""
        return self.task in ("sr", "deblur")

    def target(self, image: np.ndarray) -> np.ndarray:
        """The part of an image that is degraded and compared with.

        Parameters
        ----------
        image
            uint8, of shape (height, width) or (height, width, 3).

        Returns
        -------
        numpy.ndarray
            The image with sides that are multiples of the scale; its luma, if only that is
            compressed (deblock).
        """
        image = crop_to_multiple(image, self.scale)
        if self.task == "deblock" and image.ndim == 3:
            return np.rint(luma(image)).astype(np.uint8)
        return image

    def degrade(self, target: np.ndarray, name: str = "") -> np.ndarray:
        """Make the degraded image of a target one, always the same.

        Parameters
        ----------
        target
            From `target`.
        name
            Of the image: every name is blurred in another way. Noise does not depend on it: its
            seed is 0 for every image, as in published benchmarks.

        Returns
        -------
        numpy.ndarray
            uint8, with sides `scale` times smaller and as many channels.
        """
        match self.task:
            case "sr":
                return downscale(target, self.scale)
            case "denoise":
                return round_to_8_bit(self.noisy(target))
            case "deblock":
                return compress_jpeg(target, self.quality)
            case "deblur":
                return blur(target, draw_shake_kernel(np.random.default_rng(crc32(name.encode()))))
        raise ValueError(f"task {self.task!r} is none of sr, denoise, deblock and deblur")

    def anew(self, window: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Degrade a training crop like no other.

        Parameters
        ----------
        window
            uint8: the target crop with `margin` pixels more on each side.
        rng
            Decides how.

        Returns
        -------
        numpy.ndarray
            uint8, without the margin.
        """
        if self.task == "denoise":
            return round_to_8_bit(self.noisy(window, rng))
        return cut_margin(blur(window, draw_shake_kernel(rng)), self.margin)

    def noisy(
        self, target: np.ndarray, rng: np.random.Generator | np.random.RandomState | None = None
    ) -> np.ndarray:
        """Add noise, clipped to 0..255, not rounded: float64. Without `rng`, that of benchmarks."""
        rng = rng or np.random.RandomState(0)
        return (target + rng.normal(0, self.sigma, target.shape)).clip(0, 255)


def round_to_8_bit(image: np.ndarray) -> np.ndarray:
    """Round and clip grey levels to uint8."""
    return np.rint(image).clip(0, 255).astype(np.uint8)


def cut_margin(image: np.ndarray, margin: int) -> np.ndarray:
    """Cut off `margin` pixels, 0 or more, on all sides."""
    height, width = image.shape[:2]
    return image[margin : height - margin, margin : width - margin]


def downscale(target: np.ndarray, scale: int) -> np.ndarray:
    """Make an image bicubically `scale` times smaller.

    Parameters
    ----------
    target
        uint8, of shape (height, width) or (height, width, 3), both sides multiples of `scale`.
    scale
        1 or more; 1 changes nothing.

    Returns
    -------
    numpy.ndarray
        uint8, of shape (height / scale, width / scale) and as many channels.

    Raises
    ------
    ValueError
        If a side is not a multiple of `scale`: pixels of the two images would not line up.
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
    """Enlarge an image `scale` times by bicubic interpolation: what every method has to beat.

    Parameters
    ----------
    image
        uint8, of shape (height, width) or (height, width, 3).
    scale
        1 or more.

    Returns
    -------
    numpy.ndarray
        uint8, of shape (height * scale, width * scale) and as many channels.
    """
    height, width = image.shape[:2]
    return resize_bicubic(image, height * scale, width * scale)


def resize_bicubic(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize an image bicubically."""
    return np.array(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


def compress_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """Compress an image as JPEG of a quality of 1 to 100, and decode it again."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file))


def draw_shake_kernel(rng: np.random.Generator) -> np.ndarray:
    """Draw the blur of a shaking hand: the time that the camera spends at each offset.

    Returns
    -------
    numpy.ndarray
        float64, of shape (SHAKE, SHAKE), adding up to 1.
    """
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
