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
from dfc.training.start import make_nearest_neighbour, transfer_tables


def main(params: Params, root: Path = Path()) -> None:
    """Run the stage."""
    architecture = architectures.from_params(params.model, tasks.from_params(params).scale)
    model = make_initial(params, architecture)
    save_model(model, root / INITIAL)
    print(f"{INITIAL}: {model.architecture.title}")


def make_initial(params: Params, architecture: Architecture) -> Network | Lut:
    """Make what `train.method` trains: a network, or a LUT on the finest of `train.intervals`."""
    train = params.train
    given = read_init_from(params)
    own = train.intervals[-1] if train.intervals else params.export.interval
    one_tap = params.export.one_tap_interval
    if isinstance(given, Lut):
        if train.method == "network" and train.total_iter:
            raise UserError("model.init_from: holds tables, which train.method: table can train")
        # Its tables serve an ensemble, and a single turn.
        ensemble = {"rotations": architecture.rotations, "divisor": architecture.divisor}
        given = replace(given, architecture=replace(given.architecture, **ensemble))
    if given and given.architecture == architecture:
        if isinstance(given, Lut):
            return replace(given, task=params.task)
        tables = train.method == "table" and train.total_iter
        return export(given, params.task, own, one_tap) if tables else given
    if given is None and train.method == "network":
        torch.manual_seed(params.seed)
        return Network(architecture, params.model.nf)
    start = make_nearest_neighbour(architecture, params.task, own, params.seed, one_tap)
    return transfer(given, start, params.model.init_from) if given else start


def transfer(given: Network | Lut, start: Lut, source: str) -> Lut:
    """Put the tables of a LUT that was given into another to start from, or raise a `UserError`."""
    transferred = transfer_tables(given, start) if isinstance(given, Lut) else None
    if transferred is None:
        found, wanted = given.architecture.title, start.architecture.title
        if found == wanted:
            wanted += " of other channels, bits, colours, divisors or dilations"
        raise UserError(
            f"model.init_from: {source} holds {found}; model and data.scale ask for {wanted}"
        )
    return transferred


def read_init_from(params: Params) -> Network | Lut | None:
    """Read what `model.init_from` names; None for a folder that holds neither LUT nor network."""
    folder = Path(params.model.init_from)
    path = find_source(folder)
    if path is None:
        if reason := explain_missing(folder):
            raise UserError(f"model.init_from: {folder} holds nothing to start from{reason}")
        return None
    return read_source(path, params.task).model


if __name__ == "__main__":
    with exit_on_user_error(), record_time("init"):
        main(load_params())
