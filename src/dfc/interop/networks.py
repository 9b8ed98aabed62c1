"""Published networks: their names, and the architecture that they belong to."""

import re
from collections.abc import Mapping

from torch import Tensor

from dfc.interop.recognition import recognise_architecture
from dfc.models.network import DEPTH, Network

_BLOCK = r"\.module_dict\.DepthwiseBlock(\d)_([sdyeho])\.model\."
_PREFIXES = {
    r"(s\d+_[sdyeho])\.model\.": r"\2",  # MuLUT
    r"convblock(\d)" + _BLOCK: r"s\2c\3_\4",  # SPF-LUT: the hidden layers
    r"ChannelConv\.": "s5_channel",
    r"upblock" + _BLOCK: r"s6c\2_\3",  # the last layer, with its four input channels
}
"""How published names begin, and the tables that they belong to."""
_LAYER = re.compile(r"conv([1-6])\.(?:conv1\.)?conv\.(weight|bias)")


def build_published_network(tensors: Mapping[str, Tensor]) -> tuple[Network, str]:
    """Build a network from weights under their published names.

    Names may lie within a wrapper, as in `state_dict.s1_d.model..` or `module.s1_d..`; the first of
    several is taken, and returned with the network, whose architecture follows from names and
    shapes. Raises `ValueError` if a name is not known, or the shapes are of no architecture.
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
    for prefix, table in _PREFIXES.items():
        if match := re.match(r"(?P<wrapper>.*\.)?" + prefix, name):
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
