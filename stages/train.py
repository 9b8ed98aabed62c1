"""Train the network on the prepared images."""

from dfc.errors import one_line_errors
from dfc.network import Network
from dfc.network_artifact import save_network
from dfc.params import load_params
from dfc.pipeline import NETWORK
from dfc.training import Crops, start_accelerator, train_stage


def main() -> None:
    """Run the stage, in each of its processes."""
    params = load_params()
    accelerator = start_accelerator(params.seed)
    network = Network(params.architecture, params.model.nf)
    train_stage(
        "train",
        network,
        Crops(params.data.batch_size, params.data.patch_size, params.seed, params.degradation),
        params.train,
        accelerator,
        start=params.model.model_dump(),
        save=lambda: save_network(network, NETWORK),
    )


if __name__ == "__main__":
    with one_line_errors():
        main()
