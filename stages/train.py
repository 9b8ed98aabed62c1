"""Train the network, or tables in its place, on the prepared images."""

from dfc.engine.training import EngineModel
from dfc.errors import one_line_errors
from dfc.lut.artifact import save_lut
from dfc.lut.table import nearest_neighbour
from dfc.network import Network
from dfc.network_artifact import save_network
from dfc.params import Params, load_params
from dfc.pipeline import TRAINED
from dfc.training import Crops, start_accelerator, train_stage

Model = Network | EngineModel


def main() -> None:
    """Run the stage, in each of its processes."""
    params = load_params()
    accelerator = start_accelerator(params.seed)
    train_stage(
        "train",
        untrained(params),
        Crops(params.data.batch_size, params.data.patch_size, params.seed, params.degradation),
        params.train,
        accelerator,
        start=params.model.model_dump(),
        save=lambda model: save(model, params.train.total_iter),
    )


def untrained(params: Params) -> Model:
    """What training starts from."""
    if params.train.method == "network":
        return Network(params.architecture, params.model.nf)
    *coarse, own = params.train.intervals
    return EngineModel(nearest_neighbour(params.architecture, params.task, own), coarse)


def save(model: Model, iterations: int) -> None:
    """Write the trained network, or the LUT."""
    if isinstance(model, Network):
        save_network(model, TRAINED)
    else:
        save_lut(model.trained("train", iterations), TRAINED)


if __name__ == "__main__":
    with one_line_errors():
        main()
