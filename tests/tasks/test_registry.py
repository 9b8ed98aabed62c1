"""Tasks by name: those that have a file, and those that are registered."""

import pytest

from dfc.common.errors import UserError
from dfc.tasks import NAMES, build_task, find_task, guess_task


def test_every_task_is_found_by_its_name() -> None:
    assert [find_task(name).name for name in NAMES] == list(NAMES)


def test_an_unknown_task_is_named_with_the_choices() -> None:
    with pytest.raises(UserError, match=r"task: expected one of sr, denoise, .*, got 'dance'"):
        find_task("dance")


@pytest.mark.parametrize(("name", "scale"), [("sr", 4), ("denoise", 1), ("deblock", 1)])
def test_the_scale_fits_the_task_by_itself(name: str, scale: int) -> None:
    assert build_task(name).scale == scale


@pytest.mark.parametrize(("name", "scale"), [("sr", 1), ("sr", 5), ("denoise", 4)])
def test_a_scale_that_does_not_fit_the_task_is_named(name: str, scale: int) -> None:
    with pytest.raises(UserError, match=rf"data\.scale: {name} has the scale .*, got {scale}"):
        build_task(name, scale)


def test_a_task_takes_its_own_knobs_and_no_others() -> None:
    knobs = {"sigma": 50, "quality": 20, "patch_size": 8}
    titles = [build_task(name, **knobs).full_title for name in NAMES]
    assert titles == [
        "super-resolution x4",
        "denoising, sigma 50",
        "deblocking, JPEG quality 20",
        "deblurring",
    ]


@pytest.mark.parametrize(("scale", "task"), [(1, "denoise"), (2, "sr"), (4, "sr")])
def test_the_task_of_tables_is_guessed_from_their_scale(scale: int, task: str) -> None:
    assert guess_task(scale) == task
