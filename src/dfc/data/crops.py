"""Random crops for training: which ones is decided by the seed and the iteration alone."""

import numpy as np

from dfc.data.degradations import Degradation, without_margin
from dfc.data.store import PairStore
from dfc.errors import UserError


class CropSampler:
    """Draws batches of aligned crops from a store.

    Keeps no state between batches: a run that resumes, or is spread over several processes, sees
    the very crops that one uninterrupted process sees.

    Parameters
    ----------
    store
        The image pairs.
    batch_size
        Crops in a batch, over all processes together.
    patch_size
        Side of the degraded crops, in pixels.
    seed
        0 or more.
    degradation
        Degrades the crops of images that are stored without their degraded ones.

    Raises
    ------
    UserError
        If a degraded image is smaller than a crop.
    """

    def __init__(
        self,
        store: PairStore,
        batch_size: int,
        patch_size: int,
        seed: int,
        degradation: Degradation,
    ) -> None:
        margins = [
            degradation.margin if image.offset_degraded is None else 0 for image in store.images
        ]
        for image, margin in zip(store.images, margins, strict=True):
            side = patch_size + 2 * margin
            if min(image.height, image.width) < side:
                raise UserError(
                    f"{image.name}: its degraded image is {image.width}x{image.height}; "
                    f"expected at least {side}x{side}, the patch size and what lies around it"
                )
        self._store = store
        self._batch_size = batch_size
        self._patch_size = patch_size
        self._seed = seed
        self._degradation = degradation
        self._channels = np.array([image.channels for image in store.images])
        sizes = np.array([(image.height, image.width) for image in store.images])
        self._tops, self._lefts = (sizes - 2 * np.array(margins)[:, None] - patch_size + 1).T

    def batch(self, iteration: int, rank: int = 0, world: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Draw the share of one process in the batch of an iteration.

        Every crop is one colour plane, from an image, a plane and a place drawn uniformly, in one
        of the eight flips and rotations of the square.

        Parameters
        ----------
        iteration
            0 or more.
        rank, world
            The number of this process and how many there are: it gets the rows
            rank, rank + world, .. of the batch.

        Returns
        -------
        degraded : numpy.ndarray
            uint8, of shape (batch_size / world, 1, patch_size, patch_size).
        sharp : numpy.ndarray
            uint8, likewise, with sides of patch_size * scale.

        Raises
        ------
        UserError
            If the batch does not divide evenly over the processes.
        """
        if self._batch_size % world:
            raise UserError(
                "data.batch_size (finetune.batch_size when fine-tuning): expected a multiple of "
                f"launch.num_processes ({world}), found {self._batch_size}"
            )
        rows = range(rank, self._batch_size, world)
        drawn = self._draw(iteration)[rank::world].tolist()
        crops = [
            self._crop(*crop, seed=(self._seed, iteration, row))
            for row, crop in zip(rows, drawn, strict=True)
        ]
        degraded, sharp = (np.stack(side)[:, None] for side in zip(*crops, strict=True))
        return degraded, sharp

    def _crop(
        self, image: int, channel: int, top: int, left: int, turn: int, seed: tuple[int, int, int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Cut out the degraded and the sharp crop, or make the degraded one."""
        small, large = self._store.planes(image)
        size, scale = self._patch_size, self._store.scale
        if small is not None:
            sharp = _window(large[channel], top * scale, left * scale, size * scale)
            return _turned(_window(small[channel], top, left, size), turn), _turned(sharp, turn)
        margin = self._degradation.margin
        window = _turned(_window(large[channel], top, left, size + 2 * margin), turn)
        degraded = self._degradation.anew(window, np.random.default_rng(seed))
        return degraded, without_margin(window, margin)

    def _draw(self, iteration: int) -> np.ndarray:
        """Draw the whole batch: rows of image, channel, top, left and turn."""
        rng = np.random.default_rng([self._seed, iteration])
        image = rng.integers(len(self._store), size=self._batch_size)
        limits = [self._channels[image], self._tops[image], self._lefts[image]]
        return np.stack(
            [image, *map(rng.integers, limits), rng.integers(8, size=self._batch_size)], axis=1
        )


def _window(plane: np.ndarray, top: int, left: int, size: int) -> np.ndarray:
    return plane[top : top + size, left : left + size]


def _turned(crop: np.ndarray, turn: int) -> np.ndarray:
    """Apply one of the eight symmetries of the square: a rotation, from 4 on mirrored as well."""
    rotated = np.rot90(crop, turn % 4)
    return rotated.T if turn >= 4 else rotated
