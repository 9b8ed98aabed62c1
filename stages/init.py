"""Make the model to start from: nearest neighbour, random cells, or `model.init_from`."""

from dataclasses import replace
from pathlib import Path

import torch

from dfc import tasks
from dfc.common.environment import explain_missing
from dfc.common.errors import UserError, exit_on_user_error
from dfc.common.pipeline import INITIAL, record_time
from dfc.interop.sources import find_source, read_source
from dfc.models import architectures
from dfc.models.artifact import save_model
from dfc.models.export import export
from dfc.models.layers import Architecture
from dfc.models.lut import Lut
from dfc.models.network import Network
from dfc.params import Params, load_params
from dfc.training.start import can_transfer, make_nearest_neighbour, transfer_tables


def main(params: Params, root: Path = Path()) -> None:
    """Run the stage."""
    architecture = architectures.from_params(params.model, tasks.from_params(params).scale)
    model = make_initial(params, architecture)
    save_model(model, root / INITIAL)
    print(f"{INITIAL}: {model.architecture.title}")


def make_initial(params: Params, architecture: Architecture) -> Network | Lut:
    """Make what `train.method` trains: a network, or a LUT on the finest of `train.intervals`."""
    train = params.train
    start = read_init_from(params, architecture)
    own = train.intervals[-1] if train.intervals else params.export.interval
    one_tap = params.export.one_tap_interval
    if isinstance(start, Lut) and train.method == "network" and train.total_iter:
        raise UserError("model.init_from: holds tables, which train.method: table can train")
    if isinstance(start, Network) and train.method == "table" and train.total_iter:
        return export(start, params.task, own, one_tap)
    if start is None and train.method == "network":
        torch.manual_seed(params.seed)
        return Network(architecture, params.model.nf)
    if start is None or start.architecture != architecture:
        blank = make_nearest_neighbour(architecture, params.task, own, params.seed, one_tap)
        return transfer_tables(start, blank) if start else blank
    return start


def read_init_from(params: Params, architecture: Architecture) -> Network | Lut | None:
    """Read what `model.init_from` names; None for a folder that holds neither LUT nor network.

    The last layer of a LUT may be another, as for another scale.
    """
    folder = Path(params.model.init_from)
    path = find_source(folder)
    if path is None:
        if reason := explain_missing(folder):
            raise UserError(f"model.init_from: {folder} holds nothing to start from{reason}")
        return None
    model = read_source(path, params.task).model
    if isinstance(model, Lut):  # its tables serve an ensemble, and a single turn
        ensemble = {"rotations": architecture.rotations, "divisor": architecture.divisor}
        model = replace(
            model, task=params.task, architecture=replace(model.architecture, **ensemble)
        )
    if isinstance(model, Lut) and can_transfer(model, architecture):
        return model
    if model.architecture != architecture:
        found, wanted = model.architecture.title, architecture.title
        if found == wanted:
            wanted += " of other channels, bits, colours, divisors or dilations"
        raise UserError(
            f"model.init_from: {path} holds {found}; model and data.scale ask for {wanted}"
        )
    return model


if __name__ == "__main__":
    with exit_on_user_error(), record_time("init"):
        main(load_params())
