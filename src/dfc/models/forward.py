"""The one forward pass over the layers of an architecture, in PyTorch.

What is read, how the rotations are added up and how sums become pixels stands here.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from dfc.models.layers import Architecture, Layer, Lookup
from dfc.models.taps import Range, Tap, pad_positions, rotate_block, rotate_taps

Planes = Sequence[Tensor]  # all that are made so far, [B, H, W] each
LookupValues = Callable[[Lookup, int, Tensor], Tensor]
"""Maps a lookup, the number of a place and the levels of its taps, [N, taps] from the lowest on, or
[N, values] where it is depthwise, to values [N, values]."""


class LookupModel(nn.Module):
    """An architecture as a module; the network and the table model differ only in lookup values.

    In training mode, a rotation ensemble of the whole model is one turn, which counts for all:
    crops come in all turns anyway. Models begin in evaluation mode.
    """

    architecture: Architecture

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.eval()

    def forward(self, image: Tensor) -> Tensor:
        """Restore pixels [B, colours, H, W], 0..255, to [B, colours, H * scale, W * scale]."""
        model = self.architecture
        if model.ends_in_pixels:
            return self.run_turn(image, 0)
        turns = 1 if self.training else model.rotations
        total = sum(self.run_turn(image, turn) for turn in range(turns))
        total = total * (model.rotations // turns)
        if model.divisor > 1:
            total = round_straight_through(total / model.divisor)
        return clip_straight_through(total + model.bias, Range(0, 256))

    def run_turn(self, image: Tensor, turn: int) -> Tensor:
        """Run the layers on an image that is turned: the one place where kernels plug in."""
        return run_layers(self.architecture, image, self.look_up, turn)

    @abstractmethod
    def look_up(self, lookup: Lookup, place: int, taps: Tensor) -> Tensor:
        """Give the values of a place of a lookup, as `LookupValues` says, -128..127."""


def run_layers(
    architecture: Architecture, image: Tensor, look_up: LookupValues, turn: int = 0
) -> Tensor:
    """Run pixels [B, colours, H, W], 0..255, through the layers, as if the image were turned.

    Returns what the last layer makes, whole numbers [B, colours, H * scale, W * scale]. Rounding
    passes gradients.
    """
    planes = [
        torch.floor(image[:, each.colour] / 2**each.shift) % 2**each.bits + each.lowest
        if each.bits < 8
        else image[:, each.colour] + each.lowest
        for each in architecture.inputs
    ]
    for layer in architecture.layers:
        total = sum_lookups(layer, planes, architecture.padding, look_up, turn)
        rounded = round_straight_through(total / layer.divisor + layer.bias)
        if layer.residuals:
            rounded = rounded + sum_residuals(layer, planes, architecture.padding, turn)
        made = clip_straight_through(rounded, layer.range)
        planes += made.unbind(1)
    return made


def sum_lookups(
    layer: Layer, planes: Planes, padding: str, look_up: LookupValues, turn: int = 0
) -> Tensor:
    """Add up a layer's lookups: sums [B, out_channels, H * scale, W * scale]."""
    shape = (*planes[0].shape, layer.out_channels, layer.scale, layer.scale)
    total = planes[0].new_zeros(shape)
    for lookup in layer.lookups:
        for place, taps in enumerate(lookup.places):
            for rotation in range(turn, turn + layer.rotations):
                turned = rotate_taps(taps, rotation)
                levels = gather_taps(planes, lookup, turned, padding, layer.values)
                values = look_up(lookup, place, levels.flatten(0, -2)).view(shape)
                total = total + torch.rot90(values, -rotation, (-2, -1))
    return join_blocks(total)


def gather_taps(
    planes: Planes, lookup: Lookup, taps: tuple[Tap, ...], padding: str, values: int
) -> Tensor:
    """Read the taps of a place, already turned, at every position.

    Returns levels [B, H, W, taps] from the lowest of their range on; [B, H, W, values] of a
    depthwise lookup.
    """
    if lookup.depthwise:
        ((first, *offset),) = taps
        taps = tuple((first + k, *offset) for k in range(values))
    views = [_shift(planes[plane], row, column, padding) for plane, row, column in taps]
    return torch.stack(views, -1) - lookup.lowest


def sum_residuals(layer: Layer, planes: Planes, padding: str, turn: int) -> Tensor:
    """Add up what is added to the sums of a layer: [B, out_channels, H * scale, W * scale]."""
    zero = torch.zeros_like(planes[0])
    entries = [
        sum((_shift(planes[plane], *offset, padding) for plane, *offset in taps), zero)
        for taps in (rotate_taps(taps, turn) for taps in layer.list_residuals())
    ]
    order = rotate_block(layer.out_channels, layer.scale, turn)
    blocks = torch.stack([entries[k] for k in order], -1)
    return join_blocks(blocks.unflatten(-1, (layer.out_channels, layer.scale, layer.scale)))


def join_blocks(blocks: Tensor) -> Tensor:
    """Lay blocks [B, H, W, C, s, s] side by side: [B, C, H * s, W * s]."""
    return functional.pixel_shuffle(blocks.flatten(-3).movedim(-1, 1), blocks.shape[-1])


def join_turned(made: Tensor, layer: Layer, turn: int) -> Tensor:
    """Lay the values [B, values, H, W] that a layer makes of an image that is turned side by side,
    as `join_blocks` does: each stands elsewhere in its block."""
    if turn:
        made = made[:, rotate_block(layer.out_channels, layer.scale, turn)]
    return functional.pixel_shuffle(made, layer.scale)


def round_straight_through(values: Tensor) -> Tensor:
    """Round half to even, and pass the gradient as if nothing had happened."""
    return values + (values.round() - values).detach()


def clip_straight_through(values: Tensor, to: Range) -> Tensor:
    """Clip to a range, and pass the gradient but where a step along it would lead outwards."""
    clipped = values.detach().clamp(to.lowest, to.highest)

    def stop_outwards(gradient: Tensor) -> Tensor:
        below, above = clipped <= to.lowest, clipped >= to.highest
        return gradient.masked_fill((below & (gradient > 0)) | (above & (gradient < 0)), 0)

    if values.requires_grad:
        values = values + (clipped - values).detach()
        values.register_hook(stop_outwards)
        return values
    return clipped


def _shift(plane: Tensor, row: int, column: int, padding: str) -> Tensor:
    """Read a plane [B, H, W] of any size at an offset from every position."""
    if row == column == 0:
        return plane
    height, width = plane.shape[-2:]
    rows = _put_positions(height, row, padding, plane.device)
    return plane[..., rows[:, None], _put_positions(width, column, padding, plane.device)]


@lru_cache(maxsize=256)
def _put_positions(length: int, offset: int, padding: str, device: torch.device) -> Tensor:
    """Put on a device, once, which of so many positions is read at an offset from each."""
    reach = abs(offset)
    positions = pad_positions(length, reach, padding)[reach + offset :][:length]
    return torch.tensor(positions, device=device)
