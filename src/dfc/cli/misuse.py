"""Say what a LUT was trained for, where a picture is degraded otherwise."""

from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from dfc.models.lut import Lut

VISIBLE_NOISE, CLEAN_JPEG = 15, 80
"""Of pictures to enlarge: the noise and the quality from which on it shows."""
FAR_QUALITY = 15  # that a LUT for JPEG was trained for, from that of a file
PART = 1024  # side of the middle of a picture that is looked at for noise, in pixels, at most


def find_misuse(image: Image.Image, lut: "Lut") -> str | None:
    """Find out whether a picture is degraded otherwise than those that a LUT was trained on.

    Returns a line that says both, or None. The file says how JPEG was compressed, and the pixels,
    about, how noisy they are.
    """
    found, trained = _describe_degradation(image, lut)
    return found and f"{found}; the LUT was trained for {trained}"


def _describe_degradation(image: Image.Image, lut: "Lut") -> tuple[str | None, str]:
    levels = next((step["levels"] for step in reversed(lut.history) if "levels" in step), None)
    lowest, highest = levels or (0, 0)
    span = f"{lowest:g}" if lowest == highest else f"{lowest:g} to {highest:g}"
    quality = image.info.get("jpeg_quality")
    match lut.task:
        case "sr" if quality is not None and quality < CLEAN_JPEG:
            return f"a JPEG file of quality {quality}, about", "clean pictures"
        case "sr" if (sigma := _estimate_noise(image)) > VISIBLE_NOISE:
            return f"noise of sigma {sigma:.0f}, about", "clean pictures"
        case "denoise" if levels:
            sigma = _estimate_noise(image)
            if not lowest / 2 <= sigma <= highest * 1.5:
                return f"noise of sigma {sigma:.0f}, about", f"sigma {span}"
        case "deblock" if levels and quality is not None:
            if not lowest - FAR_QUALITY <= quality <= highest + FAR_QUALITY:
                return f"a JPEG file of quality {quality}, about", f"quality {span}"
    return None, ""


def _estimate_noise(image: Image.Image) -> float:
    from dfc.images.degradation import estimate_noise
    from dfc.images.modes import convert_to_8_bit

    left, top = (max(side - PART, 0) // 2 for side in image.size)
    middle = image.crop((left, top, min(left + PART, image.width), min(top + PART, image.height)))
    try:
        return estimate_noise(convert_to_8_bit(middle))
    except ValueError:  # 32 bits, which are refused elsewhere
        return 0.0
