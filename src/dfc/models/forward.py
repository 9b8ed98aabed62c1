"""The one forward pass over the layers of an architecture, in PyTorch.

What is read, how the rotations are added up and how sums become pixels stands here.
"""

from abc import abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn

from dfc.models.layers import Architecture, Layer, Lookup, pad_positions

LookupValues = Callable[[Lookup, Tensor], Tensor]
"""Maps taps [N, 4] (0..255) of a lookup to its values [N, out_channels * scale * scale]."""
SumLayer = Callable[[Layer, Tensor], Tensor]
"""Maps pixels [B, C, H, W] to a layer's summed values [B, out_channels, H * scale, W * scale]."""


class LookupModel(nn.Module):
    """An architecture as a module; the network and the table model differ only in lookup values."""

    architecture: Architecture

    def forward(self, image: Tensor) -> Tensor:
        """Restore pixels [B, 1, H, W], 0..255, to [B, 1, H * scale, W * scale], 0..255."""
        return run_layers(self.architecture, image, self.sum_layer)

    def sum_layer(self, layer: Layer, image: Tensor) -> Tensor:
        """Add up the lookups of one layer: the one place where faster kernels plug in."""
        return sum_lookups(layer, image, self.architecture.padding, self.look_up)

    @abstractmethod
    def look_up(self, lookup: Lookup, taps: Tensor) -> Tensor:
        """Give the values [N, out_channels * scale * scale] of a lookup, -127..127, of its taps."""


def run_layers(architecture: Architecture, image: Tensor, sum_layer: SumLayer) -> Tensor:
    """Run pixels [B, 1, H, W], 0..255, in a floating-point type, through the layers.

    Returns whole-numbered pixels [B, 1, H * scale, W * scale], 0..255. Rounding passes gradients.
    """
    kept: list[Tensor] = []
    for layer in architecture.layers:
        total = sum_layer(layer, torch.cat(kept, 1) if layer.reads_kept else image)
        pixels = round_straight_through((total / layer.divisor + layer.bias).clamp(0, 255))
        kept.append(pixels[:, : layer.keeps])
        image = pixels[:, layer.keeps :]
    return image


def sum_lookups(layer: Layer, image: Tensor, padding: str, look_up: LookupValues) -> Tensor:
    """Add up a layer's lookups over patterns, channels and rotations.

    Returns sums [B, out_channels, H * scale, W * scale].

    Parameters
    ----------
    image : pixels [B, C, H, W]
    padding : `edge` or `reflect`
    look_up : gives the values of one lookup, for all its rotations in one call
    """
    batch, _, height, width = image.shape
    total: Tensor | float = 0.0
    for lookup in layer.lookups:
        taps = gather_taps(image, lookup, padding)
        values = look_up(lookup, taps.flatten(0, -2))
        shape = (*taps.shape[:-1], layer.out_channels, layer.scale, layer.scale)
        total = total + rotate_back(values.view(shape))
    # [B, H, W, C, s, s] -> [B, C, H * s, W * s]
    return total.permute(0, 3, 1, 4, 2, 5).reshape(
        batch, layer.out_channels, height * layer.scale, width * layer.scale
    )


def gather_taps(image: Tensor, lookup: Lookup, padding: str) -> Tensor:
    """Read the four pixels of a lookup at every position and rotation.

    Turning the offsets instead of the image keeps all rotations the same shape, so that they go
    through a cell or a table in one batch.

    Returns taps [rotations, B, H, W, 4] of an image [B, C, H, W].
    """
    height, width = image.shape[-2:]
    reach = lookup.reach
    padded = _pad(image, reach, padding) if reach else image
    views = [
        padded[
            :, channel, reach + row : reach + row + height, reach + column : reach + column + width
        ]
        for turns in range(lookup.rotations)
        for channel, row, column in lookup.rotate(turns)
    ]
    return torch.stack(views).unflatten(0, (lookup.rotations, 4)).movedim(1, -1)


def rotate_back(values: Tensor) -> Tensor:
    """Turn the output blocks [rotations, .., s, s] of each rotation upright and add them up."""
    upright = (torch.rot90(block, -turns, (-2, -1)) for turns, block in enumerate(values))
    return sum(upright)


def round_straight_through(values: Tensor) -> Tensor:
    """Round half to even, and pass the gradient as if nothing had happened."""
    return values + (values.round() - values).detach()


def _pad(image: Tensor, reach: int, padding: str) -> Tensor:
    """Extend an image [.., H, W] by `reach` pixels on every side; an image of any size will do."""
    rows, columns = (
        torch.from_numpy(pad_positions(length, reach, padding)).to(image.device)
        for length in image.shape[-2:]
    )
    return image[..., rows[:, None], columns]
