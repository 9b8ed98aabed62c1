"""What training leaves: a network, or a LUT whose tables were trained themselves."""

from pathlib import Path

from dfc.models import lut_artifact, network_artifact
from dfc.models.artifact import read_artifact
from dfc.models.lut import Lut
from dfc.models.network import Network


def load_model(path: Path) -> Network | Lut:
    """Read either of them; a file that is neither is a `UserError`."""
    tensors, description = read_artifact(path, network_artifact.KIND, lut_artifact.KIND)
    if description["kind"] == network_artifact.KIND:
        return network_artifact.network_from(path, tensors, description)
    return lut_artifact.lut_from(path, tensors, description)
