"""Fine-tune the entries of the compressed LUT on the prepared images."""

from pathlib import Path

from dfc.common.errors import exit_on_user_error
from dfc.common.pipeline import DFC, FINETUNED, timed
from dfc.engine.training import EngineModel
from dfc.models.lut_artifact import load_lut, save_lut
from dfc.params import Params, load_params
from dfc.training.loop import Crops, start_accelerator, train_stage


def main(params: Params, start: Path = DFC) -> None:
    """Run the stage, in each of its processes, from the LUT in a file."""
    finetune = params.finetune
    accelerator = start_accelerator(params.seed)
    train_stage(
        "finetune",
        EngineModel(load_lut(start), finetune.intervals),
        Crops(finetune.batch_size, finetune.patch_size, params.seed, params.degradation),
        finetune,
        accelerator,
        save=lambda model, done: save_lut(model.trained("finetune", done), FINETUNED),
    )


if __name__ == "__main__":
    with exit_on_user_error(), timed("finetune"):
        main(load_params())
