"""Run a step of an experiment directory, without DVC.

accelerate launch run.py src.sr.1_train_model -e models/my_experiment
accelerate launch run.py src.sr.2_compress_lut_from_net -e models/my_experiment
accelerate launch run.py src.sr.3_finetune_compress_lut -e models/my_experiment

In place of sr: dnoising, dblocking or dblur. Such a directory is a workspace of the pipeline:
the same stages read and write the same files in it.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from dfc.common.errors import UserError, exit_on_user_error
from dfc.interop.experiment_directory import load_experiment
from dfc.models.artifact import load_model, save_model
from dfc.models.export import export
from dfc.params import Params
from dfc.training.stage import start_accelerator
from stages import finetune, init, prepare, train

TASKS = {"sr": "sr", "dnoising": "denoise", "dblocking": "deblock", "dblur": "deblur"}
NETWORKS, LUTS = Path("models/networks"), Path("models/luts")
"""The models of all checkpoints, and the LUTs of them, as ITERATION.safetensors."""


def train_model(params: Params, iterations: dict[str, int], root: Path) -> None:
    """Prepare the images, make the model to start from, and train it."""
    accelerator = start_accelerator(params.seed)
    if accelerator.is_main_process:
        prepare.main(params, root)
        init.main(params, root)
    accelerator.wait_for_everyone()
    train.main(params, root, keep=root / NETWORKS)


def compress_lut(params: Params, iterations: dict[str, int], root: Path) -> None:
    """Export the model of a checkpoint, and compress it where that is asked for."""
    if not start_accelerator(params.seed).is_main_process:
        return
    source = choose_file(root / NETWORKS, "export_lut.checkpoint_iter", iterations)
    lut = export(load_model(source), params.task, params.export.interval)
    if params.dfc.enabled:
        lut = lut.compress(params.dfc.dims, params.dfc.diagonal_width, params.dfc.interval)
    save_model(lut, root / LUTS / source.name)
    print(f"{LUTS / source.name}: {lut.size_mib:.3f} MiB")


def finetune_lut(params: Params, iterations: dict[str, int], root: Path) -> None:
    """Fine-tune the LUT of a checkpoint."""
    start = choose_file(root / LUTS, "finetune_lut.export_lut_iter", iterations)
    finetune.main(params, root, start)


STEPS: dict[str, Callable[[Params, dict[str, int], Path], None]] = {
    "1_train_model": train_model,
    "2_compress_lut_from_net": compress_lut,
    "3_finetune_compress_lut": finetune_lut,
}


def choose_file(folder: Path, key: str, iterations: dict[str, int]) -> Path:
    """Choose the file of the iteration that a key names, or the last."""
    there = {int(path.stem): path for path in folder.glob("*.safetensors") if path.stem.isdigit()}
    wanted = iterations[key] or max(there, default=0)
    if wanted not in there:
        found = ", ".join(map(str, sorted(there))) or "none: run the step before"
        raise UserError(f"{key}: expected an iteration in {folder}, got {wanted}; found {found}")
    return there[wanted]


def main() -> None:
    """Run the step that the arguments name."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", help="src.TASK.STEP")
    parser.add_argument("-e", "--experiment", type=Path, required=True, help="its directory")
    arguments = parser.parse_args()
    try:
        _, task, step = arguments.step.split(".")
        task, run = TASKS[task], STEPS[step]
    except (KeyError, ValueError):
        raise UserError(
            f"{arguments.step}: expected src.TASK.STEP, of {', '.join(TASKS)} and "
            f"{', '.join(STEPS)}"
        ) from None
    params, iterations = load_experiment(arguments.experiment, task)
    run(params, iterations, arguments.experiment)


if __name__ == "__main__":
    with exit_on_user_error():
        main()
