from collections.abc import Callable

import pytest
from torch import Tensor

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
