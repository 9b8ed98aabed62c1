"""Random crops for training: which ones is decided by the seed and the iteration alone."""

import numpy as np

from dfc.data.degradations import Degradation, to_8_bit
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
        Degrades every crop anew, if it does so at all.

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
        degradation: Degradation | None = None,
    ) -> None:
        for image in store.images:
            if min(image.height, image.width) < patch_size:
                raise UserError(
                    f"{image.source}: its degraded image is {image.width}x{image.height}; "
                    f"expected at least the patch size, {patch_size}x{patch_size}"
                )
        self._store = store
        self._batch_size = batch_size
        self._patch_size = patch_size
        self._seed = seed
        self._degradation = degradation if degradation and degradation.fresh else None
        self._channels = np.array([image.channels for image in store.images])
        self._tops = np.array([image.height - patch_size + 1 for image in store.images])
        self._lefts = np.array([image.width - patch_size + 1 for image in store.images])

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
        crops = self._draw(iteration)[rank::world]
        size, scale = self._patch_size, self._store.scale
        degraded = np.empty((len(crops), 1, size, size), np.uint8)
        sharp = np.empty((len(crops), 1, size * scale, size * scale), np.uint8)
        for row, (image, channel, top, left, turn) in enumerate(crops.tolist()):
            small, large = self._store.planes(image)
            sharp[row, 0] = _turned(
                _crop(large[channel], top * scale, left * scale, size * scale), turn
            )
            if self._degradation:
                noise_seed = np.random.SeedSequence((self._seed, iteration, rank + row * world))
                noisy = self._degradation.noisy(sharp[row, 0], int(noise_seed.generate_state(1)[0]))
                degraded[row, 0] = to_8_bit(noisy)
            else:
                degraded[row, 0] = _turned(_crop(small[channel], top, left, size), turn)
        return degraded, sharp

    def _draw(self, iteration: int) -> np.ndarray:
        """Draw the whole batch: rows of image, channel, top, left and turn."""
        rng = np.random.default_rng([self._seed, iteration])
        image = rng.integers(len(self._store), size=self._batch_size)
        limits = [self._channels[image], self._tops[image], self._lefts[image]]
        return np.stack(
            [image, *map(rng.integers, limits), rng.integers(8, size=self._batch_size)], axis=1
        )


def _crop(plane: np.ndarray, top: int, left: int, size: int) -> np.ndarray:
    return plane[top : top + size, left : left + size]


def _turned(crop: np.ndarray, turn: int) -> np.ndarray:
    """Apply one of the eight symmetries of the square: a rotation, from 4 on mirrored as well."""
    rotated = np.rot90(crop, turn % 4)
    return rotated.T if turn >= 4 else rotated
