"""Train the network, or tables in its place, on the prepared images."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from dfc.common.errors import UserError, exit_on_user_error
from dfc.common.pipeline import TRAINED, timed
from dfc.engine.training import EngineModel
from dfc.interop.sources import find_source, read_source
from dfc.models.export import export
from dfc.models.lut import Lut, nearest_neighbour
from dfc.models.lut_artifact import save_lut
from dfc.models.network import Network
from dfc.models.network_artifact import save_network
from dfc.params import Params, load_params
from dfc.training.loop import Crops, start_accelerator, train_stage

Model = Network | EngineModel


def main(params: Params, keep: Path | None = None) -> None:
    """Run the stage, in each of its processes.

    Parameters
    ----------
    params
        What to train, and how.
    keep
        Folder that keeps what every checkpoint has learnt, as ITERATION.safetensors.
    """
    accelerator = start_accelerator(params.seed)
    train_stage(
        "train",
        untrained(params, initial(params)),
        Crops(params.data.batch_size, params.data.patch_size, params.seed, params.degradation),
        params.train,
        accelerator,
        save=partial(save, path=TRAINED),
        keep=keep and (lambda model, at: save(model, at, keep / f"{at}.safetensors")),
    )


def initial(params: Params) -> Network | Lut | None:
    """What `model.init_from` names; None for a folder that holds neither a LUT nor a network."""
    path = find_source(Path(params.model.init_from))
    if path is None:
        return None
    model = read_source(path, params.task).model
    if model.architecture != params.architecture:
        raise UserError(
            f"model.init_from: {path} holds {model.architecture.title}; "
            f"model and data.scale ask for {params.architecture.title}"
        )
    return replace(model, task=params.task) if isinstance(model, Lut) else model


def untrained(params: Params, start: Network | Lut | None) -> Model:
    """What is trained, as it starts."""
    train, architecture = params.train, params.architecture
    if isinstance(start, Network) and (train.method == "network" or not train.total_iter):
        return start
    if isinstance(start, Lut) and train.method == "network" and train.total_iter:
        raise UserError("model.init_from: holds tables, which train.method: table can train")
    if start is None and train.method == "network":
        return Network(architecture, params.model.nf)
    own = train.intervals[-1]
    if start is None:
        start = nearest_neighbour(architecture, params.task, own)
    elif isinstance(start, Network):
        start = export(start, params.task, own)
    return EngineModel(start, train.intervals)


def save(model: Model, iterations: int, path: Path) -> None:
    """Write the trained network, or the LUT."""
    if isinstance(model, Network):
        save_network(model, path)
    else:
        save_lut(model.trained("train", iterations), path)


if __name__ == "__main__":
    with exit_on_user_error(), timed("train"):
        main(load_params())
