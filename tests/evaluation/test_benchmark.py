from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from dfc.common.errors import UserError
from dfc.data.layouts import Pair
from dfc.evaluation.benchmark import Comparison, restore_with_model
from dfc.evaluation.scores import format_markdown, nest_metrics, summarise
from dfc.images.files import write_image
from dfc.models.architectures import build
from dfc.tasks import build_task

SCORES = pd.DataFrame(
    [
        ("Set2", "bicubic", "a", 20.0, 0.5),
        ("Set2", "lut", "a", 22.0, 0.6),
        ("Set2", "bicubic", "b", 30.0, 0.7),
        ("Set2", "lut", "b", 31.0, 0.8),
        ("Set1", "bicubic", "c", 10.0, 0.1),
    ],
    columns=["set", "method", "image", "psnr", "ssim"],
)


class Doubling(nn.Module):
    """Repeats pixels, and adds one to tell that it ran."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Parameter(torch.ones(()))
        self.architecture = build("mulut", 2)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image.repeat_interleave(2, 2).repeat_interleave(2, 3) + self.one


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 3), (1, 1)])
def test_every_colour_is_restored_as_a_grey_image(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(255, size=shape, dtype=np.uint8)
    restored = restore_with_model(Doubling(), image)
    assert restored.dtype == np.uint8
    np.testing.assert_array_equal(restored, image.repeat(2, 0).repeat(2, 1) + 1)


def test_every_image_gets_a_score_by_every_method(tmp_path: Path) -> None:
    target = np.random.default_rng(0).integers(200, size=(16, 16), dtype=np.uint8)
    write_image(tmp_path / "a.png", target)
    methods = {"good": lambda _: target + 1, "bad": lambda _: target + 50}
    sets = {"Set": [Pair("a", tmp_path / "a.png", None)]}
    scores = Comparison(build_task("sr", 2), sets, methods, {}).score(tmp_path / "out")
    assert scores[["set", "method", "image"]].values.tolist() == [
        ["Set", "good", "a"],
        ["Set", "bad", "a"],
    ]
    assert scores["psnr"][0] > scores["psnr"][1]
    assert (tmp_path / "out/Set/good/a.png").exists()


@pytest.mark.parametrize(
    ("task", "side"), [("sr", 8), ("denoise", 10), ("deblock", 8), ("deblur", 10)]
)
def test_a_picture_too_small_to_be_measured_is_named(tmp_path: Path, task: str, side: int) -> None:
    write_image(tmp_path / "tiny.png", np.zeros((side, 16), np.uint8))
    described = build_task(task)
    sets = {"Set": [Pair("tiny", tmp_path / "tiny.png", None)]}
    comparison = Comparison(described, sets, {"none": described.restore_baseline}, {})
    with pytest.raises(UserError, match=r"tiny\.png: too small to be measured: .* 16x"):
        comparison.score()


def test_scores_are_averaged_by_set_and_method_in_their_order() -> None:
    table = summarise(SCORES, {"lut": 4.0})
    assert table[["set", "method"]].values.tolist() == [
        ["Set2", "bicubic"],
        ["Set2", "lut"],
        ["Set1", "bicubic"],
    ]
    assert table["psnr"].tolist() == [25.0, 26.5, 10.0]
    assert table["ssim"].tolist() == pytest.approx([0.6, 0.7, 0.1])
    assert table["storage_mib"].fillna(0).tolist() == [0, 4, 0]


def test_metrics_are_nested_by_set_and_method() -> None:
    assert nest_metrics(summarise(SCORES, {}), {"lut": 0.40699}) == {
        "Set2": {"bicubic": {"psnr": 25.0, "ssim": 0.6}, "lut": {"psnr": 26.5, "ssim": 0.7}},
        "Set1": {"bicubic": {"psnr": 10.0, "ssim": 0.1}},
        "storage_mib": {"lut": 0.407},
    }


def test_what_is_not_finite_is_null_in_json() -> None:
    scores = SCORES.assign(psnr=float("inf"), ssim=float("nan"))
    nested = nest_metrics(summarise(scores, {}), {})
    assert nested["Set1"]["bicubic"] == {"psnr": None, "ssim": None}


def test_people_read_a_table_with_the_gain_over_the_first_method() -> None:
    markdown = format_markdown(summarise(SCORES, {"lut": 4.0623}), "What it means.")
    assert markdown.startswith("What it means.\n\n")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in markdown.splitlines()[2:]]
    assert rows[0] == ["set", "method", "PSNR (dB)", "gain (dB)", "SSIM", "MiB"]
    assert rows[3] == ["Set2", "lut", "26.50", "+1.50", "0.7000", "4.062"]
    assert rows[4] == ["Set1", "bicubic", "10.00", "+0.00", "0.1000", ""]
