from collections.abc import Callable

import pytest
from torch import Tensor, nn

from dfc.models.network import Network


@pytest.fixture(scope="session")
def published_names() -> Callable[[Network], dict[str, Tensor]]:
    """Give a function that names the weights of a MuLUT network as they are published."""

    def names(network: Network) -> dict[str, Tensor]:
        published = {}
        for key, tensor in network.state_dict().items():
            _, table, _, layer, kind = key.split(".")
            block = "conv." if layer in ("0", "5") else "conv1.conv."
            shaped = tensor[..., None, None] if kind == "weight" else tensor
            published[f"{table}.model.conv{int(layer) + 1}.{block}{kind}"] = shaped.clone()
        return published

    return names


@pytest.fixture(scope="session")
def make_module() -> Callable[[dict[str, Tensor]], nn.Module]:
    """Give a function that puts weights into modules, as somebody's network holds them."""

    def make(weights: dict[str, Tensor]) -> nn.Module:
        root = nn.Module()
        for name, weight in weights.items():
            *path, leaf = name.split(".")
            module = root
            for part in path:
                if part not in module._modules:
                    module.add_module(part, nn.Module())
                module = module._modules[part]
            module.register_parameter(leaf, nn.Parameter(weight))
        return root

    return make
