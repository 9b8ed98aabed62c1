"""Train the model that `init` left, a network or tables, on the prepared images."""

from pathlib import Path

from dfc.common.errors import exit_on_user_error
from dfc.common.pipeline import CHECKPOINTS, INITIAL, PREPARED, REPORTS, TRAINED, record_time
from dfc.params import Params, load_params
from dfc.tasks import from_params
from dfc.training.batches import Crops
from dfc.training.stage import train_file


def main(params: Params, root: Path = Path(), keep: Path | None = None) -> None:
    """Run the stage, in each of its processes; `keep` is a folder for every checkpoint's model."""
    data = params.data
    train_file(
        root / INITIAL,
        root / TRAINED,
        "train",
        Crops(data.batch_size, data.patch_size, params.seed, from_params(params)),
        params.train,
        prepared=root / PREPARED,
        checkpoints=root / CHECKPOINTS / "train",
        curves=root / REPORTS / "train",
        keep=keep,
    )


if __name__ == "__main__":
    with exit_on_user_error(), record_time("train"):
        main(load_params())
