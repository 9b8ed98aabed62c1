"""Pictures: examples with a slider between methods, magnified parts, maps of the error."""

import base64
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dfc.evaluation.evidence import MOST_ERROR, TARGET, Evidence, Example
from dfc.images.pixels import round_to_8_bit
from dfc.report.run import Run

ID, TITLE = "gallery", "Pictures"

# Dark blue over grey to yellow: even in lightness, so that colour-blind readers see the same.
ERROR_COLOURS = ((0, 32, 77), (124, 123, 120), (255, 234, 70))


def make_section(evidence: Evidence, run: Run) -> dict[str, Any]:
    """Lay out the examples."""
    return {
        "examples": [lay_out_example(example) for example in evidence.examples],
        "most_error": MOST_ERROR,
        "baseline": evidence.baseline,
        "subject": evidence.subject,
    }


def lay_out_example(example: Example) -> dict[str, Any]:
    """Lay out an example as the template takes it: pictures, alternative texts and figures."""
    psnr = {method: f"{psnr:.2f} dB" for method, psnr in example.psnr.items()} | {TARGET: ""}
    error = {name: f"{mean:.1f} levels in the mean" for name, mean in example.mean_error.items()}
    shown = {method: f"{example.image}, {method}, {text}" for method, text in psnr.items()}
    shown[TARGET] = f"{example.image}, the target"
    height, width = example.windows[TARGET].shape[:2]
    return {
        "title": example.title,
        "set": example.set,
        "image": example.image,
        "gain": f"{example.gain:+.2f} dB",
        "width": width,
        "height": height,
        "psnr": psnr,
        "error": error,
        "windows": _embed(example.windows, shown),
        "crops": _embed(example.crops, {key: f"{text}, magnified" for key, text in shown.items()}),
        "errors": _embed(
            {method: colour_errors(levels) for method, levels in example.errors.items()},
            {key: f"{example.image}, {key}: error of the luma, {error[key]}" for key in error},
        ),
    }


def _embed(
    pictures: Mapping[str, NDArray[np.uint8]], alt_text: Mapping[str, str]
) -> list[dict[str, str]]:
    return [
        {"method": method, "uri": make_data_uri(picture), "alt_text": alt_text[method]}
        for method, picture in pictures.items()
    ]


def make_data_uri(image: NDArray[np.uint8]) -> str:
    """Make a data URI of an image [H, W] or [H, W, 3]: lossless WebP."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "WEBP", lossless=True, quality=60, method=4)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()


def colour_errors(errors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colour a map of errors [H, W], 0..255, from dark to light: RGB [H, W, 3]."""
    positions = np.linspace(0, 255, len(ERROR_COLOURS))
    channels = [np.interp(errors, positions, channel) for channel in np.transpose(ERROR_COLOURS)]
    return round_to_8_bit(np.stack(channels, axis=-1))
