"""Fine-tune the entries of the compressed LUT on the prepared images."""

import hashlib

from dfc.engine.training import EngineModel
from dfc.errors import one_line_errors
from dfc.lut.artifact import load_lut, save_lut
from dfc.params import load_params
from dfc.pipeline import DFC, FINETUNED
from dfc.training import Crops, start_accelerator, train_stage


def main() -> None:
    """Run the stage, in each of its processes."""
    params = load_params()
    finetune = params.finetune
    accelerator = start_accelerator(params.seed)
    model = EngineModel(load_lut(DFC), finetune.intervals)
    train_stage(
        "finetune",
        model,
        Crops(finetune.batch_size, finetune.patch_size, params.seed, params.degradation),
        finetune,
        accelerator,
        start={"lut": hashlib.sha256(DFC.read_bytes()).hexdigest()},
        save=lambda trained: save_lut(trained.trained("finetune", finetune.total_iter), FINETUNED),
    )


if __name__ == "__main__":
    with one_line_errors():
        main()
