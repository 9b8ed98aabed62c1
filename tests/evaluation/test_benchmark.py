import numpy as np
import pytest
import torch
from torch import nn

from dfc.evaluation.benchmark import (
    Score,
    format_markdown,
    nest_metrics,
    restore_with_model,
    score_image,
    summarise,
    tabulate,
)

SCORES = [
    Score("Set2", "bicubic", "a", {"psnr": 20.0, "ssim": 0.5}),
    Score("Set2", "lut", "a", {"psnr": 22.0, "ssim": 0.6}),
    Score("Set2", "bicubic", "b", {"psnr": 30.0, "ssim": 0.7}),
    Score("Set2", "lut", "b", {"psnr": 31.0, "ssim": 0.8}),
    Score("Set1", "bicubic", "c", {"psnr": 10.0, "ssim": 0.1}),
]


class Doubling(nn.Module):
    """Repeats pixels, and adds one to tell that it ran."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Parameter(torch.ones(()))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image.repeat_interleave(2, 2).repeat_interleave(2, 3) + self.one


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 3), (1, 1)])
def test_every_colour_is_restored_as_a_grey_image(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(255, size=shape, dtype=np.uint8)
    restored = restore_with_model(Doubling(), image)
    assert restored.dtype == np.uint8
    np.testing.assert_array_equal(restored, image.repeat(2, 0).repeat(2, 1) + 1)


def test_every_method_gets_a_score() -> None:
    target = np.random.default_rng(0).integers(200, size=(16, 16), dtype=np.uint8)
    restored = {"good": target + 1, "bad": target + 50}
    good, bad = score_image("Set", "image", target, restored, build_task("sr", 2).metrics)
    assert (good.set, good.method, good.image) == ("Set", "good", "image")
    assert good.values["psnr"] > bad.values["psnr"]


def test_scores_are_averaged_by_set_and_method_in_their_order() -> None:
    table = summarise(tabulate(SCORES), {"lut": 4.0})
    assert table[["set", "method"]].values.tolist() == [
        ["Set2", "bicubic"],
        ["Set2", "lut"],
        ["Set1", "bicubic"],
    ]
    assert table["psnr"].tolist() == [25.0, 26.5, 10.0]
    assert table["ssim"].tolist() == pytest.approx([0.6, 0.7, 0.1])
    assert table["storage_mib"].fillna(0).tolist() == [0, 4, 0]


def test_metrics_are_nested_by_set_and_method() -> None:
    assert nest_metrics(summarise(tabulate(SCORES), {}), {"lut": 0.40699}) == {
        "Set2": {"bicubic": {"psnr": 25.0, "ssim": 0.6}, "lut": {"psnr": 26.5, "ssim": 0.7}},
        "Set1": {"bicubic": {"psnr": 10.0, "ssim": 0.1}},
        "storage_mib": {"lut": 0.407},
    }


def test_people_read_a_table_with_the_gain_over_the_first_method() -> None:
    markdown = format_markdown(summarise(tabulate(SCORES), {"lut": 4.0623}), "What it means.")
    assert markdown.startswith("What it means.\n\n")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in markdown.splitlines()[2:]]
    assert rows[0] == ["set", "method", "PSNR (dB)", "gain (dB)", "SSIM", "MiB"]
    assert rows[3] == ["Set2", "lut", "26.50", "+1.50", "0.7000", "4.062"]
    assert rows[4] == ["Set1", "bicubic", "10.00", "+0.00", "0.1000", ""]
