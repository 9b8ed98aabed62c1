"""The stages as processes: killed and resumed, and sharing their work."""

import filecmp
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from safetensors.torch import load_file

from dfc.common.parallel import count_cores
from dfc.common.pipeline import CHECKPOINTS, DFC, FINETUNED, PREPARED, PREPARING, REPORTS, TRAINED
from dfc.data.store import Example
from dfc.images.files import write_image
from dfc.images.pixels import downscale
from dfc.models.architectures import ARCHITECTURES
from dfc.models.artifact import save_model
from dfc.models.lut import Lut
from dfc.params import load_params
from dfc.training.stage import start_accelerator
from stages import init

ROOT = Path(__file__).parents[2]
RESULTS = {"train": TRAINED, "finetune": FINETUNED}
CONFIG = str(ROOT / "accelerate.yaml")
LAUNCH = (sys.executable, "-m", "dfc.training.launch", "--config_file", CONFIG)
SCALE = 2
MakeWorkspace = Callable[..., Path]
TINY = {
    "data": {"scale": SCALE, "batch_size": 4, "patch_size": 8},
    "model": {"name": "mulut", "patterns": "sd", "nf": 4},
    "train": {"total_iter": 60, "val_step": 10, "intervals": [7, 6]},
    "finetune": {
        "total_iter": 60,
        "val_step": 10,
        "batch_size": 4,
        "patch_size": 8,
        "intervals": [7],
    },
}


def write_params(folder: Path, changes: dict) -> None:
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    for section, values in changes.items():
        params[section].update(values)
    params["model"]["init_from"] = str(folder / "start")
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    (folder / "start").mkdir(exist_ok=True)


# What a stage trains: weights, or int8 entries, of which rounding may move one by one.
METHODS = {"network": "train", "table": "train", "finetune": "finetune"}


@pytest.fixture
def make_workspace(
    tmp_path_factory: pytest.TempPathFactory,
    make_lut: Callable[..., Lut],
    write_store: Callable[..., None],
) -> MakeWorkspace:
    """Give a function that sets up a folder in which the training stages can run."""
    rows, columns = np.mgrid[:64, :64]
    target = (127 + 120 * np.sin(rows / 5) * np.cos(columns / 7)).astype(np.uint8)
    examples = [Example("waves", downscale(target, SCALE), target)]

    def make(method: str = "network", **model: object) -> Path:
        folder = tmp_path_factory.mktemp("workspace")
        trained = {"method": "table" if method == "table" else "network"}
        changes = {"train": TINY["train"] | trained, "model": TINY["model"] | model}
        write_params(folder, TINY | changes)
        write_store(folder / PREPARED, {"train": examples, "val": examples}, SCALE)
        save_model(make_lut("mulut", SCALE, "sd").compress("xyzt", 1, 7), folder / DFC)
        init.main(load_params(folder / "params.yaml"), folder)
        return folder

    return make


def start(
    stage: str, folder: Path, launcher: tuple[str, ...] = (sys.executable,), **environment: str
) -> subprocess.Popen:
    return subprocess.Popen(
        [*launcher, str(ROOT / "stages" / f"{stage}.py")],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(
    stage: str, folder: Path, launcher: tuple[str, ...] = (sys.executable,), **environment: str
) -> str:
    process = start(stage, folder, launcher, **environment)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return output


def wait_until(done: Callable[[], bool], process: subprocess.Popen | None = None) -> None:
    deadline = time.monotonic() + 120
    while not done():
        assert process is None or process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.001)


def kill_once(stage: str, folder: Path, under_way: Callable[[], bool]) -> None:
    process = start(stage, folder)
    wait_until(under_way, process)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it ended before it could be killed"


def kill_after_a_checkpoint(stage: str, folder: Path) -> None:
    progress = folder / CHECKPOINTS / stage / "state" / "progress.json"
    kill_once(stage, folder, progress.exists)
    assert not (folder / RESULTS[stage]).exists()


def assert_same(stage: str, one: Path, other: Path, tolerance: float) -> None:
    first, second = (load_file(folder / RESULTS[stage]) for folder in (one, other))
    for key, tensor in first.items():
        torch.testing.assert_close(
            second[key].double(), tensor.double(), rtol=0, atol=tolerance, msg=key
        )


@pytest.mark.parametrize(
    ("method", "tolerance"), [("network", 1e-4), ("table", 1), ("finetune", 1)]
)
def test_a_killed_run_resumes_and_ends_as_if_nothing_had_happened(
    make_workspace: MakeWorkspace, method: str, tolerance: float
) -> None:
    stage = METHODS[method]
    killed, uninterrupted = make_workspace(method), make_workspace(method)
    kill_after_a_checkpoint(stage, killed)
    assert "resumes after iteration" in run(stage, killed)
    assert "resumes" not in run(stage, uninterrupted)
    assert_same(stage, killed, uninterrupted, tolerance)
    for metric in ("loss", "val_psnr", "lr"):
        curves = [
            pd.read_csv(folder / REPORTS / stage / f"plots/metrics/{metric}.tsv", sep="\t")
            for folder in (killed, uninterrupted)
        ]
        assert curves[0]["step"].tolist() == list(range(10, 61, 10)), "each point once"
        np.testing.assert_allclose(curves[0][metric], curves[1][metric], rtol=1e-4)
    assert not (killed / CHECKPOINTS / stage).exists()


@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_taken(
    make_workspace: MakeWorkspace, damage: str
) -> None:
    folder = make_workspace("table")
    states = folder / CHECKPOINTS / "train"
    both = [states / name / "progress.json" for name in ("before", "state")]
    kill_once("train", folder, lambda: all(path.exists() for path in both))
    taken = json.loads((states / "before/progress.json").read_text())["iteration"]
    path = states / "state/model.safetensors"
    content = path.read_bytes()
    match damage:
        case "flip":
            path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
        case "cut":
            path.write_bytes(content[:-9])
        case "remove":
            path.unlink()
    output = run("train", folder)
    assert "state: damaged, left out: " in output
    assert f"resumes after iteration {taken}" in output
    assert "Traceback" not in output


def test_a_second_training_in_the_same_place_is_refused(make_workspace: MakeWorkspace) -> None:
    folder = make_workspace("table")
    first = start("train", folder)
    wait_until((folder / CHECKPOINTS / "train/state/progress.json").exists, first)
    first.send_signal(signal.SIGSTOP)  # so that it does not end before the second has started
    second = start("train", folder)
    output, _ = second.communicate(timeout=120)
    first.kill()
    first.communicate()
    assert second.returncode == 1
    assert output == f"error: .checkpoints/train: process {first.pid} trains there\n"


def test_a_worker_ends_with_its_launcher(make_workspace: MakeWorkspace) -> None:
    folder = make_workspace("table")
    launcher = start("train", folder, (*LAUNCH, "--num_processes", "2"))
    lock = folder / CHECKPOINTS / "train.lock"
    wait_until((folder / CHECKPOINTS / "train/state/progress.json").exists, launcher)
    worker = Path("/proc") / lock.read_text()
    launcher.kill()
    wait_until(lambda: not worker.exists() or "Z (zombie)" in (worker / "status").read_text())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_is_one_line(make_workspace: MakeWorkspace, number: signal.Signals) -> None:
    folder = make_workspace("table")
    endless = {"method": "table", "total_iter": 10**6}
    write_params(folder, TINY | {"train": TINY["train"] | endless})
    before = signal.signal(number, signal.SIG_DFL)  # a process in the background may ignore it
    process = start("train", folder)
    signal.signal(number, before)
    wait_until((folder / CHECKPOINTS / "train/state/progress.json").exists, process)
    process.send_signal(number)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert "Traceback" not in output and output.endswith("interrupted\n")


CLUSTER = {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "192.0.2.1"}
"""What a cluster may have set: the second of two processes."""


def test_where_a_cluster_counts_processes_a_stage_still_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CLUSTER.items():
        monkeypatch.setenv(name, value)
    write_params(tmp_path, TINY)
    process = start("compress", tmp_path)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert output.startswith("error: models/lut.safetensors: ")


def test_a_single_process_trains_without_a_network_and_whatever_a_cluster_counts(
    make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = ("unshare", "--map-root-user", "--net")  # not even a loopback
    if not shutil.which("unshare") or subprocess.run([*alone, "true"]).returncode:
        pytest.skip("expected `unshare` (Linux), and that it may be used")
    for name, value in CLUSTER.items():
        monkeypatch.setenv(name, value)
    folder = make_workspace("table")
    assert "waited for crops" in run("train", folder, (*alone, *LAUNCH, "--num_processes", "1"))
    assert (folder / TRAINED).exists()


def test_an_error_in_a_launched_process_is_one_line(tmp_path: Path) -> None:
    write_params(tmp_path, TINY)
    process = start("train", tmp_path, (*LAUNCH, "--num_processes", "2"))
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert output.startswith("error: data/prepared: expected prepared data")
    assert output.count("\n") == 1


def test_a_checkpoint_of_other_params_is_not_resumed(
    make_workspace: MakeWorkspace,
) -> None:
    folder = make_workspace()
    kill_after_a_checkpoint("train", folder)
    write_params(folder, TINY | {"train": {"total_iter": 20, "val_step": 10}})
    assert "resumes" not in run("train", folder)


ODD = count_cores() % 2 * (count_cores() > 1)
"""1 where two processes cannot share the cores evenly: their tables may differ by so much."""


@pytest.mark.parametrize(
    ("method", "name", "tolerance"),
    [
        ("network", "mulut", 1e-3),
        ("table", "mulut", ODD),
        ("table", "shift_lut", ODD),
        ("finetune", "mulut", ODD),
    ],
)
def test_two_processes_train_the_model_that_one_trains(
    make_workspace: MakeWorkspace, method: str, name: str, tolerance: float
) -> None:
    stage = METHODS[method]
    results = []
    for processes in ("1", "2"):
        folder = make_workspace(method, name=name)
        run(stage, folder, (*LAUNCH, "--num_processes", processes))
        results.append(folder)
    assert_same(stage, *results, tolerance)
    assert_learn_alike(stage, *results, tolerance=0.05)


def assert_learn_alike(stage: str, one: Path, other: Path, tolerance: float) -> None:
    """Compare the PSNR (dB) of the validation images, which is to rise."""
    first, second = (
        pd.read_csv(folder / REPORTS / stage / "plots/metrics/val_psnr.tsv", sep="\t")["val_psnr"]
        for folder in (one, other)
    )
    np.testing.assert_allclose(first, second, atol=tolerance)
    assert first.iloc[-1] > first.iloc[0], "it learns"


TRAININGS = [("table", name, "no") for name in ARCHITECTURES]
TRAININGS += [("network", "mulut", "no"), ("network", "mulut", "bf16"), ("table", "mulut", "fp16")]


@pytest.mark.cuda
@pytest.mark.parametrize(("method", "name", "precision"), TRAININGS)
def test_a_gpu_trains_what_the_cpu_trains(
    make_workspace: MakeWorkspace, method: str, name: str, precision: str
) -> None:
    gpu, cpu = (make_workspace(method, name=name, channels=6) for _ in range(2))
    launch = (*LAUNCH, "--num_processes", "1", "--mixed_precision")
    run("train", gpu, (*launch, precision))
    run("train", cpu, (*launch, "no"), CUDA_VISIBLE_DEVICES="")
    assert_learn_alike("train", gpu, cpu, tolerance=0.1 if precision == "no" else 0.5)


@pytest.mark.cuda
@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs")
@pytest.mark.parametrize("name", ["mulut", "shift_lut"])
def test_two_gpus_train_what_one_trains(make_workspace: MakeWorkspace, name: str) -> None:
    both, alone = (make_workspace("table", name=name, channels=6) for _ in range(2))
    for folder, processes in ((both, "2"), (alone, "1")):
        run("train", folder, (*LAUNCH, "--num_processes", processes))
    assert_learn_alike("train", both, alone, tolerance=0.1)


def test_two_machines_train_together(make_workspace: MakeWorkspace) -> None:
    folder = make_workspace("table")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    both = ("--num_processes", "2", "--num_machines", "2", "--machine_rank")
    address = ("--main_process_ip", "127.0.0.1", "--main_process_port", port)
    cores = sorted(os.sched_getaffinity(0))
    halves = (cores[: len(cores) // 2] or cores, cores[len(cores) // 2 :])
    machines = [
        start(
            "train",
            folder,
            ("taskset", "--cpu-list", ",".join(map(str, own)), *LAUNCH, *both, rank, *address),
        )
        for rank, own in zip("01", halves, strict=True)
    ]
    outputs = [machine.communicate(timeout=120)[0] for machine in machines]
    assert [machine.returncode for machine in machines] == [0, 0], outputs
    assert ["waited for crops" in output for output in outputs] == [True, False]
    alone = make_workspace("table")
    run("train", alone)
    assert_same("train", folder, alone, tolerance=ODD)


def test_the_processes_of_a_machine_alone_share_its_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    monkeypatch.setattr("dfc.training.stage.count_cores", lambda: 8)
    for name, value in {"TORCHELASTIC_RUN_ID": "none", "LOCAL_WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    try:
        start_accelerator(0)
        assert torch.get_num_threads() == 4
    finally:
        torch.set_num_threads(before)


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        address = ("--main_process_ip", "127.0.0.1", "--main_process_port", port)
        launcher = (*LAUNCH, "--num_processes", "2", "--num_machines", "2", *address)
        process = start("train", tmp_path, (*launcher, "--machine_rank", "0"))
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert output.startswith("error: ") and port in output and output.count("\n") == 1


def test_missing_data_is_one_line(tmp_path: Path) -> None:
    write_params(tmp_path, TINY)
    run("init", tmp_path)
    process = start("train", tmp_path)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert output.startswith("error: data/prepared: expected prepared data")
    assert len(output.splitlines()) == 1


def test_a_killed_preparation_of_many_images_goes_on_where_it_stopped(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(1000):
        noise = rng.integers(256, size=(20, 24, 3), dtype=np.uint8)
        write_image(tmp_path / "images" / f"{number}.png", noise)
    killed, uninterrupted = tmp_path / "killed", tmp_path / "uninterrupted"
    for folder in (killed, uninterrupted):
        folder.mkdir()
        data = {"source": "folder", "train_dir": "../images", "val_dir": "none", "sizes": [1]}
        write_params(folder, TINY | {"data": TINY["data"] | data})
    images = killed / PREPARING
    kill_once("prepare", killed, lambda: len(list(images.glob("*.json"))) > 100)
    assert not (killed / PREPARED).exists()
    stored = {path: path.stat().st_mtime_ns for path in images.glob("*.json")}
    assert "of 1,000 images are prepared already" in run("prepare", killed)
    assert all(path.stat().st_mtime_ns == at for path, at in stored.items()), "never made again"
    assert "already" not in run("prepare", uninterrupted)
    for split, count in (("train", 990), ("val", 10)):
        one, other = (folder / PREPARED / split for folder in (killed, uninterrupted))
        files = sorted(path.name for path in one.iterdir())
        assert files == sorted(path.name for path in other.iterdir())
        assert len(files) == 2 * count + 1
        for name in files:
            assert filecmp.cmp(one / name, other / name, False), name
