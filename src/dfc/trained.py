"""What training leaves: a network, or a LUT whose tables were trained themselves."""

from pathlib import Path

from dfc.artifact import kind_of
from dfc.lut.artifact import load_lut
from dfc.lut.table import Lut
from dfc.network import Network
from dfc.network_artifact import KIND as NETWORK
from dfc.network_artifact import load_network


def load_trained(path: Path) -> Network | Lut:
    """Read either of them; a file that is neither is a `UserError`."""
    return load_network(path) if kind_of(path) == NETWORK else load_lut(path)
