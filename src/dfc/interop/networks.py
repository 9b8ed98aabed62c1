"""Published networks: their names, and the architecture that they belong to."""

import re
from collections.abc import Mapping

from torch import Tensor

from dfc.interop.recognition import recognise_architecture
from dfc.models.network import DEPTH, Network

_PREFIXES = (
    # MuLUT: s1_d.model.
    (re.compile(r"(?P<wrapper>.*\.)?(s\d+_[sdyeho])\.model\."), r"\2"),
    # SPF-LUT: hidden layers, the channel layer, the last layer with its four input channels
    (
        re.compile(
            r"(?P<wrapper>.*\.)?convblock(\d)\.module_dict\.DepthwiseBlock(\d)_([sdyeho])\.model\."
        ),
        r"s\2c\3_\4",
    ),
    (re.compile(r"(?P<wrapper>.*\.)?ChannelConv\."), "s5_channel"),
    (
        re.compile(
            r"(?P<wrapper>.*\.)?upblock\.module_dict\.DepthwiseBlock(\d)_([sdyeho])\.model\."
        ),
        r"s6c\2_\3",
    ),
)
_LAYER = re.compile(r"conv([1-6])\.(?:conv1\.)?conv\.(weight|bias)")


def build_published_network(tensors: Mapping[str, Tensor]) -> tuple[Network, str]:
    """Build a network from weights under their published names.

    Raises `ValueError` if a name is not known, or the shapes are of no architecture.

    Parameters
    ----------
    tensors
        By name. Names may lie within a wrapper, as in `state_dict.s1_d.model..` or `module.s1_d..`;
        what lies in another one is ignored.

    Returns
    -------
    network : Network
        The architecture follows from the names and the shapes.
    wrapper : str
        The one that was taken, such as `state_dict.`; the first of several.
    """
    renamed = {name: _our_key(name) for name in tensors}
    wrapper = next((place[0] for place in renamed.values() if place), None)
    if wrapper is None:
        first = next(iter(tensors), "no tensor")
        raise ValueError(f"expected the names of a published network, found {first!r}")
    state = {}
    for name, tensor in tensors.items():
        if not name.startswith(wrapper):
            continue
        place = renamed[name]
        if not place or place[0] != wrapper:
            raise ValueError(f"{name!r} is not a name of a published network")
        # Published convolutions have trailing 1x1 (or 2x2, 1x4) axes; the taps are in our order.
        state[place[1]] = tensor.flatten(1) if tensor.ndim > 1 else tensor
    return _network(state), wrapper


def _our_key(name: str) -> tuple[str, str] | None:
    """The wrapper of a published name, and what the tensor is called here."""
    for prefix, table in _PREFIXES:
        if match := prefix.match(name):
            layer = _LAYER.fullmatch(name, match.end())
            if layer and int(layer[1]) <= DEPTH + 1:
                place = f"cells.{match.expand(table)}.layers.{int(layer[1]) - 1}.{layer[2]}"
                return match["wrapper"] or "", place
    return None


def _network(state: Mapping[str, Tensor]) -> Network:
    last = re.compile(rf"cells\.(\w+)\.layers\.{DEPTH}\.bias")
    values = {
        match[1]: tensor.numel() for key, tensor in state.items() if (match := last.fullmatch(key))
    }
    architecture = recognise_architecture(values, named=True)
    return Network.from_state(architecture, state)
