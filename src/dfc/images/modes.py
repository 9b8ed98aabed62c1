"""Images of any mode of Pillow's, as arrays and in the modes that formats hold."""

import io
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from PIL import Image, ImageCms

GREY = ("1", "L", "LA", "La")


def convert_cmyk(image: Image.Image) -> Image.Image:
    """Turn CMYK into RGB, through the profile of the image if it has one that is whole."""
    profile = image.info.pop("icc_profile", None)
    if profile:
        rgb = ImageCms.createProfile("sRGB")
        with suppress(ImageCms.PyCMSError):
            image = ImageCms.profileToProfile(image, io.BytesIO(profile), rgb, outputMode="RGB")
            image.info["icc_profile"] = ImageCms.ImageCmsProfile(rgb).tobytes()
    return image.convert("RGB")


def convert_to_8_bit(image: Image.Image) -> np.ndarray:
    """Turn an image of any mode into uint8, [H, W] or [H, W, 3]; a `ValueError` at 32 bits."""
    if image.mode.startswith("I;16"):
        # 65535 / 257 = 255, so that black and white stay exactly black and white.
        return np.rint(np.asarray(image) / 257).astype(np.uint8)
    if image.mode in ("I", "F"):
        raise ValueError("its pixels have 32 bits; convert it to 8 or 16 bits")
    if image.mode == "P" and image.has_transparency_data:
        image = image.convert("RGBA")  # to RGB at once, Pillow warns
    return np.array(image.convert("L" if image.mode in GREY else "RGB"))


def convert_to_array(image: Image.Image) -> np.ndarray:
    """Turn an image of any mode into an array of all that it holds; a `ValueError` at 32 bits.

    That is uint16 [H, W] of 16 bits, and uint8 [H, W], [H, W, 3], or [H, W, 4] with transparency.
    """
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    if image.has_transparency_data:
        return np.array(image.convert("RGBA"))
    return convert_to_8_bit(image)


def fit_mode(image: Image.Image, modes: Sequence[str]) -> Image.Image:
    """Turn an image of any mode into one of the modes that a format holds, of which RGB is one."""
    if image.mode in modes:
        return image
    if image.mode.startswith("I;16"):
        return fit_mode(Image.fromarray(convert_to_8_bit(image)), modes)
    if image.has_transparency_data and "RGBA" in modes:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in GREY and "L" in modes else "RGB")
