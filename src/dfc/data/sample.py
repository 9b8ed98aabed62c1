"""The sample photographs: those that are installed with scikit-image and scikit-learn.

They are read from the installed packages and never downloaded.
"""

from importlib.resources import files
from pathlib import Path

from dfc.data.layouts import Pair

_TRAIN = {
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
}
_VALIDATION = {"coins": ("skimage.data", "coins.png")}
_BENCHMARK = {name: ("skimage.data", f"{name}.png") for name in ("astronaut", "coffee", "chelsea")}
_FILES = _TRAIN | _VALIDATION | _BENCHMARK
TRAIN, VALIDATION, BENCHMARK = map(tuple, (_TRAIN, _VALIDATION, _BENCHMARK))


def find_photograph(name: str) -> Pair:
    """Find a sample photograph by its name; its degraded image is to be made."""
    package, file = _FILES[name]
    return Pair(name, Path(str(files(package) / file)), None)


def list_benchmark_set() -> dict[str, list[Pair]]:
    """List the photographs to measure on, by the name of their set."""
    return {"sample": [find_photograph(name) for name in BENCHMARK]}
