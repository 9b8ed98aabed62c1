"""Random crops for training: which ones is decided by the seed and the iteration alone."""

from dataclasses import dataclass

import numpy as np

from dfc.common.errors import UserError
from dfc.data.store import PairStore
from dfc.images.pixels import cut_margin
from dfc.tasks.base import Task


@dataclass
class CropSampler:
    """Draws batches of aligned crops from a store.

    Keeps no state between batches: a run that resumes, or is spread over several processes, sees
    the very crops that one uninterrupted process sees. Raises `UserError` if a degraded image is
    smaller than a crop.
    """

    store: PairStore
    batch_size: int  # crops in a batch, over all processes together
    patch_size: int  # side of the degraded crops, in pixels
    seed: int
    task: Task  # degrades the crops of images that are stored without their degraded ones
    colours: int = 1  # of a crop: 1 for a single colour plane, or all 3

    def __post_init__(self) -> None:
        images = self.store.images
        margins = [0 if image.has_degraded else self.task.margin for image in images]
        for image, margin in zip(images, margins, strict=True):
            side = self.patch_size + 2 * margin
            if min(image.height, image.width) < side:
                raise UserError(
                    f"{image.file}: its degraded image is {image.width}x{image.height}; "
                    f"expected at least {side}x{side}, the patch size and what lies around it"
                )
        if self.patch_size % self.task.block:
            raise UserError(
                "data.patch_size (finetune.patch_size when fine-tuning): expected a multiple of "
                f"{self.task.block}, the side of a block, found {self.patch_size}"
            )
        channels = np.array([image.channels for image in images])
        sizes = np.array([(image.height, image.width) for image in images])
        free = sizes - 2 * np.array(margins)[:, None] - self.patch_size
        self._tops, self._lefts = (free // self.task.block + 1).T
        self._places = self._tops * self._lefts * (channels if self.colours == 1 else 1)
        upto = np.cumsum(np.sqrt(self._places))
        self._shares = upto / upto[-1]

    def draw_batch(
        self, iteration: int, rank: int = 0, world: int = 1
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw the rows rank, rank + world, .. of the batch of an iteration, for one process.

        Every crop shows one colour plane, or all colours. A large image is drawn more often than a
        small one, by the square root of its places, so that it does not crowd out others; all
        places in it, of whole blocks, are as likely. Data augmentation: each crop is one of the 16
        that flips, rotations and the negative give, at a brightness drawn anew, since degradations
        are alike in all of them. So few photographs fill a table as many would.
        Raises `UserError` if the batch does not divide evenly over the processes.

        Returns
        -------
        degraded : uint8, of shape (batch_size / world, colours, patch_size, patch_size)
        target : uint8, likewise, with sides of patch_size * scale
        """
        if self.batch_size % world:
            raise UserError(
                "data.batch_size (finetune.batch_size when fine-tuning): expected a multiple of "
                f"launch.num_processes ({world}), found {self.batch_size}"
            )
        rows = range(rank, self.batch_size, world)
        drawn = self._draw(iteration)[rank::world].tolist()
        crops = [
            self._crop(crop, (self.seed, iteration, row))
            for row, crop in zip(rows, drawn, strict=True)
        ]
        degraded, target = (np.stack(side) for side in zip(*crops, strict=True))
        return degraded.transpose(0, 3, 1, 2), target.transpose(0, 3, 1, 2)

    def _crop(self, drawn: list[int], seed: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Cut out the degraded and the target crop, or make the degraded one."""
        image, channel, top, left, turn, light = drawn
        small, large = self.store.planes(image)
        size, scale = self.patch_size, self.store.scale
        if small is not None:
            target = self._cut(large, channel, top * scale, left * scale, size * scale)
            degraded = self._cut(small, channel, top, left, size)
            return _shift_levels(_rotate(degraded, turn), _rotate(target, turn), light)
        margin = self.task.margin
        window = _rotate(self._cut(large, channel, top, left, size + 2 * margin), turn)
        degraded = self.task.degrade_crop(window, np.random.default_rng(seed))
        return _shift_levels(degraded, cut_margin(window, margin), light)

    def _cut(self, planes: np.ndarray, channel: int, top: int, left: int, size: int) -> np.ndarray:
        """Cut a crop [size, size, colours] out of planes [C, H, W]."""
        chosen = slice(channel, channel + 1) if self.colours == 1 else slice(None)
        crop = planes[chosen, top : top + size, left : left + size].transpose(1, 2, 0)
        return np.broadcast_to(crop, (size, size, self.colours))

    def _draw(self, iteration: int) -> np.ndarray:
        """Draw the whole batch: rows of image, channel, top, left, turn and light."""
        rng = np.random.default_rng([self.seed, iteration])
        count = self.batch_size
        image = np.searchsorted(self._shares, rng.random(count), side="right")
        place, turn, light = rng.integers([self._places[image], [16] * count, [256] * count])
        rest, left = np.divmod(place, self._lefts[image])
        channel, top = np.divmod(rest, self._tops[image])
        block = self.task.block
        return np.stack([image, channel, top * block, left * block, turn, light], axis=1)


def _rotate(crop: np.ndarray, turn: int) -> np.ndarray:
    """Rotate a crop `turn` times; from 4 on mirrored as well, from 8 on as a negative."""
    crop = np.rot90(crop, turn % 4)
    crop = crop.swapaxes(0, 1) if turn & 4 else crop
    return 255 - crop if turn & 8 else crop


def _shift_levels(
    degraded: np.ndarray, target: np.ndarray, light: int
) -> tuple[np.ndarray, np.ndarray]:
    """Shift the grey levels of both crops alike: as low as they go at 0, as high at 255."""
    lowest = min(int(degraded.min()), int(target.min()))
    highest = max(int(degraded.max()), int(target.max()))
    shift = np.int16(light * (255 - highest + lowest) // 255 - lowest)
    return (degraded + shift).astype(np.uint8), (target + shift).astype(np.uint8)
