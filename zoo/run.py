"""Run stages of the pipeline for a LUT of the zoo, in a workspace of its own.

    python run.py NAME STAGE..

The workspace is work/NAME. A training that was killed resumes there. The last of the trainings,
`finetune`, leaves the LUT in the package, and its commit and digest, and the minutes that it was
trained for on what, in made/NAME.json.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from ruamel.yaml import YAML

from dfc import zoo
from dfc.common.errors import UserError, exit_on_user_error, suggest
from dfc.common.files import atomic_write, hash_file
from dfc.common.parallel import count_cores
from dfc.common.pipeline import FINETUNED, PREPARED, PREPARING, STAGES
from dfc.params import check_params

HERE = Path(__file__).parent
ROOT = HERE.parent
MADE = HERE / "made"  # how each LUT was made
MINUTES = "minutes.json"
TRAININGS = ("train", "finetune")


def main(name: str, stages: list[str]) -> None:
    """Run stages, one after the other."""
    workspace = HERE / "work" / name
    workspace.mkdir(parents=True, exist_ok=True)
    values = merge_params(name)
    params = check_params(values, HERE / "params.yaml")
    with atomic_write(workspace / "params.yaml") as partial, partial.open("w") as file:
        YAML().dump(values, file)
    launch = ["-m", "dfc.training.launch", "--config_file", str(ROOT / "accelerate.yaml")]
    launch += ["--num_processes", str(params.launch.num_processes)]
    launch += ["--mixed_precision", params.launch.mixed_precision]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    for stage in stages:
        script = [*(launch if stage in TRAININGS else ()), str(ROOT / "stages" / f"{stage}.py")]
        with record_minutes(workspace) if stage in TRAININGS else nullcontext():
            subprocess.run([sys.executable, *script], cwd=workspace, env=environment, check=True)
    if "finetune" in stages:
        publish(name, workspace)


@contextmanager
def record_minutes(workspace: Path) -> Iterator[None]:
    """Add the minutes of a training, interrupted ones too, to those of its device."""
    path, start = workspace / MINUTES, time.perf_counter()
    cores = count_cores()
    device = f"{cores} core{'s' * (cores > 1)}"
    if torch.cuda.is_available():
        device = torch.cuda.get_device_name()
    try:
        yield
    finally:
        minutes = json.loads(path.read_text()) if path.exists() else {}
        minutes[device] = minutes.get(device, 0) + (time.perf_counter() - start) / 60
        with atomic_write(path) as partial:
            partial.write_text(json.dumps(minutes))


def merge_params(name: str) -> dict[str, Any]:
    """Merge the params of the pipeline, those that all LUTs of the zoo share, and those of one."""
    yaml = YAML(typ="safe")
    values, own = (yaml.load(root / "params.yaml") for root in (ROOT, HERE))
    if name not in own["zoo"]:
        raise UserError(f"{name}: not in zoo/params.yaml, {suggest(name, own['zoo'])}")
    for changes in (own["common"], own["zoo"][name]):
        for key, value in changes.items():
            values[key] = values.get(key, {}) | value if isinstance(value, dict) else value
    return values


def publish(name: str, workspace: Path) -> None:
    """Put the LUT into the package, and note how it was made; drop the prepared images."""
    with atomic_write(zoo.FOLDER / f"{name}.safetensors") as partial:
        shutil.copyfile(workspace / FINETUNED, partial)
    commit = ["git", "rev-parse", "--short", "HEAD"]
    made = {
        "commit": subprocess.run(commit, capture_output=True, text=True).stdout.strip(),
        "digest": hash_file(workspace / FINETUNED),
        "minutes": json.loads((workspace / MINUTES).read_text()),
    }
    with atomic_write(MADE / f"{name}.json") as partial:
        partial.write_text(json.dumps(made, indent=2) + "\n")
    for folder in (PREPARED, PREPARING):
        shutil.rmtree(workspace / folder)
    (workspace / MINUTES).unlink()


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="a LUT of params.yaml")
    parser.add_argument(
        "stages", nargs="+", choices=STAGES, metavar="stage", help=", ".join(STAGES)
    )
    arguments = parser.parse_args()
    with exit_on_user_error():
        try:
            main(arguments.name, arguments.stages)
        except subprocess.CalledProcessError as error:
            sys.exit(error.returncode)
