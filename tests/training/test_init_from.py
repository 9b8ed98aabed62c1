"""Training that starts from a LUT or a network that was there before."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dfc.common.pipeline import DFC, FINETUNED, INITIAL, LUT, TRAINED
from dfc.engine.strips import restore
from dfc.interop.tables import write_tables
from dfc.models.architectures import build
from dfc.models.artifact import load_lut, load_model, save_model
from dfc.models.export import export
from dfc.models.lut import Lut
from dfc.models.network import Network
from dfc.training.start import make_nearest_neighbour

MakeLut = Callable[..., Lut]
Run = Callable[..., Any]
INIT = Path("data/init")
UP_TO_COMPRESS = ("prepare", "init", "train", "export", "compress")


def assert_same_tables(one: Lut, other: Lut) -> None:
    for name, table in one.tables.items():
        assert other.tables[name].lattice == table.lattice
        np.testing.assert_array_equal(other.tables[name].values, table.values)


def test_published_tables_need_no_training(run_stages: Run, make_lut: MakeLut) -> None:
    lut = make_lut("mulut", 4, "s", interval=4)
    write_tables(lut, INIT)
    run_stages(*UP_TO_COMPRESS, "finetune", task="sr", train={"total_iter": 0})
    assert_same_tables(load_lut(LUT), lut)
    assert_same_tables(load_lut(DFC), lut.compress("xyzt", 2, 5))
    assert next(step["step"] for step in load_lut(FINETUNED).history) == "import"


def test_a_compressed_lut_is_handed_on(run_stages: Run, make_lut: MakeLut) -> None:
    lut = make_lut("mulut", 4, "s", interval=4).compress("xyz", 1, 6)
    save_model(lut, INIT / "lut.safetensors")
    same = {"dims": "xyz", "diagonal_width": 1, "interval": 6}
    run_stages(*UP_TO_COMPRESS, task="sr", train={"total_iter": 0}, dfc=same)
    assert_same_tables(load_lut(DFC), lut)
    with pytest.raises(SystemExit, match=r"models/lut\.safetensors: is compressed already"):
        run_stages("compress", task="sr", dfc=same | {"interval": 7})


def test_training_goes_on_from_a_lut(run_stages: Run, make_lut: MakeLut) -> None:
    lut = make_lut("mulut", 1, "s", interval=5)
    save_model(lut, Path("mine.safetensors"))
    run_stages(
        "prepare",
        "init",
        "train",
        task="denoise",
        train={"method": "table", "total_iter": 1},
        model={"init_from": "mine.safetensors"},
    )
    trained = load_model(TRAINED)
    assert trained.task == "denoise"
    for name, table in lut.tables.items():
        moved = np.abs(trained.tables[name].values.astype(int) - table.values)
        assert moved.max() < 20


def test_training_goes_on_from_tables_of_one_turn_as_an_ensemble(run_stages: Run) -> None:
    channels, one = {"name": "shift_lut", "channels": 4, "stages": 1}, {"train": {"total_iter": 0}}
    run_stages("init", task="sr", model=channels, data={"scale": 2}, **one)
    shutil.copy(INITIAL, "one_turn.safetensors")
    start = {"init_from": "one_turn.safetensors"}
    run_stages("init", task="sr", model=channels | start | {"rotations": 4}, data={"scale": 2})
    assert load_lut(INITIAL).architecture.rotations == 4
    assert_same_tables(load_lut(INITIAL), load_lut(Path("one_turn.safetensors")))


def test_more_channels_and_stages_add_nothing_to_a_lut_at_first(run_stages: Run) -> None:
    knobs = {"name": "shift_lut", "channels": 5, "stages": 2, "init_from": "narrow.safetensors"}
    lut = make_nearest_neighbour(build("shift_lut", 2, channels=5, stages=2), "sr", 4, seed=1)
    save_model(lut, Path("narrow.safetensors"))
    wider = {"channels": 6, "stages": 3}
    run_stages("init", task="sr", model=knobs | wider, data={"scale": 2}, train={"total_iter": 0})
    start = load_lut(INITIAL)
    image = np.random.default_rng(0).integers(256, size=(20, 30), dtype=np.uint8)
    assert start.architecture == build("shift_lut", 2, channels=6, stages=3)
    assert np.array_equal(restore(image, start), restore(image, lut))
    assert all(table.values.any() for table in start.tables.values()), "there is what to learn from"
    with pytest.raises(SystemExit, match="x2, 5 stages of other channels"):
        run_stages("init", task="sr", model=knobs | {"channels": 4}, data={"scale": 2})


def test_tables_for_another_scale_are_gone_on_from_but_for_the_last(
    run_stages: Run, make_lut: MakeLut
) -> None:
    lut = make_lut("mulut", 4, "s", interval=5)
    save_model(lut, INIT / "x4.safetensors")
    run_stages("init", task="sr", data={"scale": 2}, train={"intervals": [5]})
    start = load_lut(INITIAL)
    assert start.architecture == build("mulut", 2, patterns="s")
    assert np.array_equal(start.tables["s1_s"].values, lut.tables["s1_s"].values)
    assert start.tables["s2_s"].columns == 2 * 2


@pytest.mark.parametrize("method", ["network", "table"])
def test_training_goes_on_from_a_network(run_stages: Run, method: str) -> None:
    network = Network(build("mulut", 4, patterns="s"), features=2)
    save_model(network, INIT / "network.safetensors")
    train = {"method": method, "total_iter": 0, "intervals": [7, 6]}
    run_stages(*UP_TO_COMPRESS, task="sr", train=train)
    assert_same_tables(load_lut(LUT), export(network, "sr", 4))
    run_stages("init", "train", task="sr", train=train | {"total_iter": 1})
    trained = load_model(TRAINED)
    assert isinstance(trained, Network if method == "network" else Lut)


def test_a_network_cannot_start_from_tables(run_stages: Run, make_lut: MakeLut) -> None:
    save_model(make_lut("mulut", 4, "s"), INIT / "lut.safetensors")
    with pytest.raises(SystemExit, match=r"model\.init_from: .*train\.method: table"):
        run_stages("init", task="sr", train={"method": "network"})


def test_a_start_of_another_architecture_is_named(run_stages: Run, make_lut: MakeLut) -> None:
    save_model(make_lut("sr_lut", 2, "s"), INIT / "lut.safetensors")
    with pytest.raises(SystemExit, match=r"holds sr_lut x2, .*ask for mulut x4"):
        run_stages("init", task="sr")


def test_of_several_files_none_is_taken(run_stages: Run, make_lut: MakeLut) -> None:
    for name in ("a", "b"):
        save_model(make_lut("mulut", 4, "s"), INIT / f"{name}.safetensors")
    with pytest.raises(SystemExit, match=r"expected one LUT or network, found a\.safetensors, b"):
        run_stages("init", task="sr")
