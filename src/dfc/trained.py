"""What training leaves: a network, or a LUT whose tables were trained themselves."""

from pathlib import Path

from dfc import network_artifact
from dfc.artifact import read_artifact
from dfc.lut import artifact as lut_artifact
from dfc.lut.table import Lut
from dfc.network import Network


def load_trained(path: Path) -> Network | Lut:
    """Read either of them; a file that is neither is a `UserError`."""
    tensors, description = read_artifact(path, network_artifact.KIND, lut_artifact.KIND)
    if description["kind"] == network_artifact.KIND:
        return network_artifact.network_from(path, tensors, description)
    return lut_artifact.lut_from(path, tensors, description)
