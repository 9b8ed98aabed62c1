"""Fine-tune the tables of the compressed LUT on the prepared images."""

from pathlib import Path

from dfc.common.errors import exit_on_user_error
from dfc.common.pipeline import CHECKPOINTS, DFC, FINETUNED, PREPARED, REPORTS, record_time
from dfc.params import Params, load_params
from dfc.tasks import from_params
from dfc.training.batches import Crops
from dfc.training.stage import train_file


def main(params: Params, root: Path = Path(), start: Path | None = None) -> None:
    """Run the stage, in each of its processes; `start` is another LUT than the compressed one."""
    finetune = params.finetune
    train_file(
        start or root / DFC,
        root / FINETUNED,
        "finetune",
        Crops(finetune.batch_size, finetune.patch_size, params.seed, from_params(params)),
        finetune,
        prepared=root / PREPARED,
        checkpoints=root / CHECKPOINTS / "finetune",
        curves=root / REPORTS / "finetune",
    )


if __name__ == "__main__":
    with exit_on_user_error(), record_time("finetune"):
        main(load_params())
