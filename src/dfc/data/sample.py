"""The sample photographs: those that are installed with scikit-image and scikit-learn.

They are read from the installed packages and never downloaded.
"""

from importlib.resources import as_file, files

import numpy as np

from dfc.data.images import read_image
from dfc.errors import UserError

TRAIN = (
    "rocket",
    "motorcycle",
    "hubble",
    "retina",
    "camera",
    "brick",
    "grass",
    "gravel",
    "china",
    "flower",
)
VALIDATION = ("coins",)
BENCHMARK = ("astronaut", "coffee", "chelsea")

_FILES = {
    "rocket": ("skimage.data", "rocket.jpg"),
    "motorcycle": ("skimage.data", "motorcycle_left.png"),
    "hubble": ("skimage.data", "hubble_deep_field.jpg"),
    "retina": ("skimage.data", "retina.jpg"),
    "camera": ("skimage.data", "camera.png"),
    "brick": ("skimage.data", "brick.png"),
    "grass": ("skimage.data", "grass.png"),
    "gravel": ("skimage.data", "gravel.png"),
    "china": ("sklearn.datasets.images", "china.jpg"),
    "flower": ("sklearn.datasets.images", "flower.jpg"),
    "coins": ("skimage.data", "coins.png"),
    "astronaut": ("skimage.data", "astronaut.png"),
    "coffee": ("skimage.data", "coffee.png"),
    "chelsea": ("skimage.data", "chelsea.png"),
}


def photograph(name: str) -> np.ndarray:
    """Read a sample photograph.

    Parameters
    ----------
    name
        One of `TRAIN`, `VALIDATION` or `BENCHMARK`.

    Returns
    -------
    numpy.ndarray
        uint8, 0..255, of shape (height, width) if grey and (height, width, 3) if RGB.

    Raises
    ------
    UserError
        If there is no such photograph, or the installed package came without its file.
    """
    if name not in _FILES:
        raise UserError(f"sample photograph {name!r}: expected one of {', '.join(_FILES)}")
    package, file = _FILES[name]
    with as_file(files(package) / file) as path:
        return read_image(path)
