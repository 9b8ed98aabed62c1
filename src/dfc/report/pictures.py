"""Pictures as a page or a file holds them."""

import base64
import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dfc.images import round_to_8_bit

# Dark blue over grey to yellow: even in lightness, so that colour-blind readers see the same.
ERROR_COLOURS = ((0, 32, 77), (124, 123, 120), (255, 234, 70))


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


def join_pictures(pictures: Mapping[str, NDArray[np.uint8]], magnified: int = 2) -> Image.Image:
    """Put pictures of one size side by side, each with its caption below.

    Parameters
    ----------
    pictures : by caption, [H, W] or [H, W, 3]
    magnified : how many times larger they are shown, pixel by pixel
    """
    gap, caption, font = 6, 24, ImageFont.load_default(14)
    height, width = (side * magnified for side in next(iter(pictures.values())).shape[:2])
    whole = Image.new(
        "RGB", (len(pictures) * (width + gap) - gap, height + caption), color=(255, 255, 255)
    )
    draw = ImageDraw.Draw(whole)
    for place, (text, pixels) in enumerate(pictures.items()):
        left = place * (width + gap)
        picture = Image.fromarray(pixels).convert("RGB")
        whole.paste(picture.resize((width, height), Image.Resampling.NEAREST), (left, 0))
        middle = (left + width / 2, height + caption / 2)
        draw.text(middle, text, fill=(29, 36, 48), font=font, anchor="mm")
    return whole
