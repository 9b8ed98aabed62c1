"""What every task states of itself: degradation, target, metrics, baseline, caption, level."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from dfc.images.pixels import crop_to_multiple
from dfc.tasks.metrics import Metric


@dataclass(frozen=True)
class Task(ABC):
    """A task at one level of degradation; computes, and reads no files.

    Images are arrays of shape (height, width) or (height, width, 3), 0..255; uint8, unless a
    degraded one is not `rounded`.
    """

    name: ClassVar[str]
    """As params.yaml and LUT files call it."""
    title: ClassVar[str]
    """For people, as `denoising`."""
    scales: ClassVar[tuple[int, ...]] = (1,)
    """The scales that it exists at, the usual one first."""
    level: ClassVar[str | None] = None
    """The field that says how strong the degradation is, which is a param under `data`."""
    level_text: ClassVar[str] = ""
    """A format for the level, which follows the title."""
    baseline: ClassVar[str] = "input"
    """What `restore_baseline` is called."""
    metrics: ClassVar[Mapping[str, Metric]]
    """Functions of a restored image and its target, by the names of their results."""

    reads_files: ClassVar[bool] = False
    """Whether degraded images may come as files; otherwise they are always made."""
    imitates_files: ClassVar[bool] = False
    """Whether `degrade` makes what such files hold, so that it may stand in for them."""
    per_crop: ClassVar[bool] = False
    """Whether every training crop is degraded anew, by `degrade_crop`, unless files say how."""
    margin: ClassVar[int] = 0
    """How far around a crop `degrade_crop` looks, in pixels."""
    block: ClassVar[int] = 1
    """Side of the blocks that degraded images are made of: their boundaries count in training."""
    grey_first: ClassVar[bool] = False
    """Whether a grey image must be degraded as such: degraded colours have another luma."""

    scale: int = 1
    """How many times smaller degraded images are, on each side."""

    @property
    def level_value(self) -> float | None:
        """How strong the degradation is; None where nothing tells its levels apart."""
        return getattr(self, self.level) if self.level else None

    @property
    def levels(self) -> tuple[float, float] | None:
        """The weakest and the strongest degradation of training crops, or None."""
        return None if self.level_value is None else (self.level_value, self.level_value)

    @property
    def full_title(self) -> str:
        """Title and level, for people."""
        return self.title + self.level_text.format(self.level_value)

    @property
    def rounded(self) -> bool:
        """Whether degraded images are uint8, which the engine needs."""
        return True

    @property
    @abstractmethod
    def caption(self) -> str:
        """What the figures of a benchmark mean, in one line."""

    @abstractmethod
    def degrade(self, target: np.ndarray, name: str = "") -> np.ndarray:
        """Make the degraded image of what `make_target` gave, always the same.

        It has sides `scale` times smaller and as many channels. A task may degrade every `name` of
        an image in another way.
        """

    def degrade_crop(self, window: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Degrade a training crop like no other, where `per_crop` says so.

        The window, uint8, is the target with `margin` pixels more on each side; the result, uint8,
        is without the margin.
        """
        raise NotImplementedError

    def make_target(self, image: np.ndarray) -> np.ndarray:
        """Make the target of an image: here, one with sides that are multiples of the scale."""
        return crop_to_multiple(image, self.scale)

    def restore_baseline(self, degraded: np.ndarray) -> np.ndarray:
        """Restore as every method has to beat: here, by doing nothing."""
        return degraded

    def to_json(self) -> dict[str, Any]:
        """Plain values that tell it from all other tasks and levels."""
        return {"task": self.name, **asdict(self)}
