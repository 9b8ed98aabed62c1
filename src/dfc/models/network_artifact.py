"""The file of a network."""

from pathlib import Path
from typing import Any

import torch

from dfc.common.errors import UserError
from dfc.models.architectures import build
from dfc.models.artifact import Tensors, describe, read_artifact, write_artifact
from dfc.models.network import Network

KIND = "network"


def save_network(network: Network, path: Path) -> None:
    """Write a network: its weights, and its description."""
    write_artifact(
        path,
        KIND,
        {name: tensor.cpu().numpy() for name, tensor in network.state_dict().items()},
        architecture=describe(network.architecture),
        features=network.features,
    )


def load_network(path: Path) -> Network:
    """Read a network that `save_network` wrote.

    Raises
    ------
    UserError
        If the file is missing, damaged, of another kind or version, or its weights do not fit.
    """
    return network_from(path, *read_artifact(path, KIND))


def network_from(path: Path, tensors: Tensors, description: dict[str, Any]) -> Network:
    """Build the network that was read from a file; what does not fit is a `UserError`."""
    try:
        state = {name: torch.from_numpy(part) for name, part in tensors.items()}
        return Network.of(build(**description["architecture"]), state)
    except KeyError as error:
        raise UserError(f"{path}: a network needs {error}, which is missing") from None
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}") from None
