from collections.abc import Callable
from pathlib import Path

import pytest

from dfc.common.errors import UserError
from dfc.data.layouts import find_benchmark_sets, find_pairs
from dfc.data.pairs import describe_pairs
from dfc.tasks import build_task

MakeImage = Callable[..., Path]


@pytest.mark.parametrize(
    ("target", "degraded"),
    [
        ("HR/0001.png", "LR/X4/0001.png"),
        ("HR/0001.png", "LR_bicubic/X4/0001x4.png"),
        ("HR/sub/0001.png", "LR/X4/sub/0001.bmp"),
        ("DIV2K_train_HR/0001.png", "DIV2K_train_LR_bicubic/X4/0001x4.png"),
        ("other_HR/0001.png", "LR_bicubic/X4/0001.PNG"),
        ("0001.png", "LR_bicubic/X4/0001.png"),
    ],
)
def test_published_layouts_are_recognised(
    tmp_path: Path, make_image: MakeImage, target: str, degraded: str
) -> None:
    if target.startswith("other_HR"):
        degraded = f"other_HR/{degraded}"
    paths = make_image(target), make_image(degraded)
    [pair] = find_pairs(tmp_path, 4)
    assert (pair.target, pair.degraded) == paths
    assert pair.name in ("0001", "sub_0001")


@pytest.mark.parametrize(
    ("scale", "target", "degraded", "others"),
    [
        (4, "GTmod12/a.png", "LRbicx4/a.png", ["original/a.png", "LRbicx2/a.png"]),
        (2, "GTmod12/a.png", "LRbicx2/a.png", ["original/a.png", "LRbicx4/a.png"]),
        (4, "image_SRF_4/a_SRF_4_HR.png", "image_SRF_4/a_SRF_4_LR.png",
         ["image_SRF_4/a_SRF_4_bicubic.png", "image_SRF_4/a_SRF_4_glasner.png"]),
        (4, "gt/a.png", "lq/a.png", []),
        (4, "hr/a.png", "lr/a.png", []),
        (4, "HR/a.png", "LR/a.png", []),
        (3, "trainH/a.png", "trainL/a.png", []),
        (1, "train_sharp/0/a.png", "train_blur/0/a.png", []),
        (1, "0_L/a_GT_SRGB_1.png", "0_L/a_NOISY_SRGB_1.png", []),
        (1, "scene/gt/gt_1.png", "scene/blur/blur_1.png", []),
        (1, "high/a.png", "low/a.png", []),
        (2, "Canon/2/a_HR.png", "Canon/2/a_LR2.png", []),
        (4, "DIV2K_train_HR/a.png", "DIV2K_train_LR_unknown/X4/ax4.png", []),
        (4, "DIV2K_train_HR/a.png", "DIV2K_train_LR_bicubic/X4/ax4.png",
         ["DIV2K_train_LR_unknown/X4/ax4.png", "DIV2K_train_LR_bicubic/X2/ax2.png"]),
        (4, "train_sharp/0/a.png", "train_sharp_bicubic/X4/0/a.png", []),
        (4, "DIV2K_train_HR/a.png", "DIV2K_train_LR_mild/ax4m.png", []),
        (1, "original/a.png", "noisy25/a.png", []),
        (2, "b/測試.png", "b/LR_bicubic/X2/測試.png", ["b/LR_bicubic/X3/測試.png"]),
    ],
)  # fmt: skip
def test_degraded_images_are_never_target_ones(
    tmp_path: Path, make_image: MakeImage, scale: int, target: str, degraded: str, others: list[str]
) -> None:
    expected = [make_image(f"some/{target}", 24, 36)]
    expected.append(make_image(f"some/{degraded}", 24 // scale, 36 // scale))
    for name in others:
        make_image(f"some/{name}", 24, 36)
    for root in (tmp_path, tmp_path / "some"):
        [[pair]] = find_benchmark_sets(root, [], scale).values()
        assert [pair.target, pair.degraded] == expected


@pytest.mark.parametrize(
    ("root", "files", "message"),
    [
        ("lq", ["lq/a.png"], r"lq: expected target images .*; found a\.png \(1 images called degr"),
        ("DIV2K_train_LR_unknown/X4", ["DIV2K_train_LR_unknown/X4/ax4.png"], r"called degraded\)"),
        ("", ["a_SRF_4_LR.png", "b_SRF_4_LR.png"], r"\(2 images called degraded\)"),
        (
            "",
            ["HR/a.png", "LR/X4/b.png"],
            r"LR/X4/b\.png: called degraded \(lr\); expected its targ",
        ),
        (
            "",
            ["photos/a.png", "blur/b.png"],
            r"blur/b\.png: called degraded \(blur\); expected its",
        ),
        ("", ["HR/a.png", "LR/a.png"], r"LR/a\.png: 36x20; expected sides a whole number of times"),
        (
            "",
            ["HR/a.png", "LR_mild/X4/a.png", "LR_wild/X4/a.png"],
            "expected one degraded image, f",
        ),
        ("", ["a_HR.png", "a_LR.png", "b.png"], r"b\.png: expected a word that says"),
        ("", ["a_SRF_2_HR.png", "a_SRF_2_LR.png"], r"\(2 images of scale 2\)"),
    ],
)
def test_degraded_images_without_their_target_ones_are_refused(
    tmp_path: Path, make_image: MakeImage, root: str, files: list[str], message: str
) -> None:
    for name in files:
        make_image(name, *((20, 36) if name.startswith("LR/a") else (24, 32)))
    with pytest.raises(UserError, match=message):
        find_pairs(tmp_path / root, 4)


@pytest.mark.parametrize(
    "files",
    [
        ["original/a.png", "edited/a.png"],
        ["input/a.png", "b.png"],
        ["High Park/a.png", "low tide/b.png"],
        ["DeBlur/a.png", "clean_room/a.png"],
        ["a_sharp.png", "b_blur.png", "c.png"],
        ["a_high.png", "a_low.png"],
        ["A/HR/a.png", "B/b.png"],
    ],
)
def test_words_without_a_counterpart_say_nothing(
    tmp_path: Path, make_image: MakeImage, files: list[str]
) -> None:
    paths = sorted(make_image(name) for name in files)
    assert [(pair.target, pair.degraded) for pair in find_pairs(tmp_path, 4)] == [
        (path, None) for path in paths
    ]


def test_of_several_degraded_images_none_is_needed_where_all_are_made(
    tmp_path: Path, make_image: MakeImage
) -> None:
    target = make_image("original/a.png")
    make_image("noisy25/a.png")
    make_image("noisy50/a.png")
    [pair] = find_pairs(tmp_path, 1, reads_files=False)
    assert (pair.target, pair.degraded) == (target, None)
    with pytest.raises(UserError, match=r"expected one degraded image, found .*noisy25.* and .*50"):
        find_pairs(tmp_path, 1)


def test_what_was_taken_from_where_is_told(tmp_path: Path, make_image: MakeImage) -> None:
    for sequence in ("one", "two"):
        make_image(f"train/{sequence}/sharp/a.png")
        make_image(f"train/{sequence}/blur/a.png")
    pairs = find_pairs(tmp_path, 1)
    line = describe_pairs("train", pairs, build_task("deblur"))
    root = tmp_path / "train/*"
    assert line == f"train: 2 target images of {root}/sharp, degraded ones of {root}/blur"
    line = describe_pairs("train", pairs, build_task("denoise"))
    assert line == f"train: 2 target images of {root}/sharp; degraded images are made of them"


def test_the_folder_of_target_images_itself_finds_its_neighbour(
    tmp_path: Path, make_image: MakeImage
) -> None:
    make_image("DIV2K_train_HR/0001.png")
    degraded = make_image("DIV2K_train_LR_bicubic/X2/0001x2.png")
    assert [pair.degraded for pair in find_pairs(tmp_path / "DIV2K_train_HR", 2)] == [degraded]


def test_degraded_images_of_another_scale_are_not_taken(
    tmp_path: Path, make_image: MakeImage
) -> None:
    make_image("HR/a.png")
    make_image("LR/X2/a.png")
    assert [pair.degraded for pair in find_pairs(tmp_path, 4)] == [None]


def test_splits_of_one_root_are_kept_apart(tmp_path: Path, make_image: MakeImage) -> None:
    make_image("DIV2K_train_HR/0001.png")
    make_image("DIV2K_valid_HR/0801.png")
    assert [pair.name for pair in find_pairs(tmp_path, 4, "train")] == ["0001"]
    assert [pair.name for pair in find_pairs(tmp_path, 4, "val")] == ["0801"]


def test_any_folder_of_images_is_a_set_without_its_degraded_ones(
    tmp_path: Path, make_image: MakeImage
) -> None:
    for name in ("b.png", "a/b.png", "LR/X2/b.png", "a/LR_bicubic/X2/b.png"):
        make_image(name)
    assert [pair.name for pair in find_pairs(tmp_path, 4)] == ["a_b", "b"]


def test_two_images_of_one_name_are_refused(tmp_path: Path, make_image: MakeImage) -> None:
    make_image("a/b.png")
    make_image("a_b.png")
    with pytest.raises(UserError, match=r"a_b\.png: .*a/b\.png"):
        find_pairs(tmp_path, 4)


@pytest.mark.parametrize(
    ("root", "files", "found"),
    [
        ("absent", [], "found no such folder"),
        (".", [], "found an empty folder"),
        ("HR/a.png", ["HR/a.png"], "found a file"),
        (".", ["LR_bicubic/X3/a.png", "notes.txt"], "found LR_bicubic/, notes.txt"),
        (".", [f"{letter}.txt" for letter in "fedcbag"], "found a.txt, .*, e.txt and 2 more"),
        (".", ["one/blur/a.png"], "found one/"),
    ],
)
def test_a_root_without_target_images_says_what_is_expected_and_found(
    tmp_path: Path, root: str, files: list[str], found: str
) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    for scale, expected in ((3, r"LR_bicubic/X3/.*DIV2K_train_HR/"), (1, "sharp/ beside .*blur/")):
        with pytest.raises(UserError, match=f"expected target images .*{expected}.*; {found}"):
            find_pairs(tmp_path / root, scale)


def test_a_target_image_without_the_small_one_that_others_have_is_named(
    tmp_path: Path, make_image: MakeImage
) -> None:
    for name in ("HR/a.png", "HR/b.png", "LR/X4/a.png"):
        make_image(name)
    with pytest.raises(UserError, match=r"HR/b\.png: .* named b or bx4, as there are 1 in .*LR/X4"):
        find_pairs(tmp_path, 4)


def test_benchmark_folders_are_sets(tmp_path: Path, make_image: MakeImage) -> None:
    make_image("Set5/HR/baby.png")
    make_image("Set5/LR_bicubic/X4/baby.png")
    make_image("Set12/01.png")
    (tmp_path / "empty").mkdir()
    assert list(find_benchmark_sets(tmp_path, [], 4)) == ["Set12", "Set5"]
    assert list(find_benchmark_sets(tmp_path, ["Set5"], 4)) == ["Set5"]
    with pytest.raises(UserError, match=r"'Set14'.*Set12, Set5"):
        find_benchmark_sets(tmp_path, ["Set14"], 4)


@pytest.mark.parametrize("image", ["HR/baby.png", "baby.png"])
def test_a_benchmark_root_may_be_one_set(tmp_path: Path, make_image: MakeImage, image: str) -> None:
    make_image(f"Set5/{image}")
    sets = find_benchmark_sets(tmp_path / "Set5", [], 4)
    assert [(name, pair.name) for name, [pair] in sets.items()] == [("Set5", "baby")]


@pytest.mark.parametrize("root", ["", "absent"])
def test_no_benchmark_images_are_no_sets(tmp_path: Path, root: str) -> None:
    assert find_benchmark_sets(tmp_path / root, [], 4) == {}
    with pytest.raises(UserError, match="none"):
        find_benchmark_sets(tmp_path / root, ["Set5"], 4)


@pytest.mark.parametrize(("target", "blurred"), [("sharp", "blur"), ("sharp", "blur_gamma")])
def test_gopro_pairs_are_recognised_by_split(
    tmp_path: Path, make_image: MakeImage, target: str, blurred: str
) -> None:
    for split in ("train", "test"):
        for sequence in ("one", "two"):
            make_image(f"{split}/{sequence}/{target}/000{split}.png")
            make_image(f"{split}/{sequence}/{blurred}/000{split}.png")
    for split, part in (("train", "train"), ("val", "test")):
        pairs = find_pairs(tmp_path, 1, split)
        assert [pair.name for pair in pairs] == [f"one_000{part}", f"two_000{part}"]
        assert all(pair.degraded and pair.degraded.parent.name == blurred for pair in pairs)


def test_input_and_target_are_pairs(tmp_path: Path, make_image: MakeImage) -> None:
    target, degraded = make_image("target/a.png"), make_image("input/a.png")
    [pair] = find_pairs(tmp_path, 1)
    assert (pair.name, pair.target, pair.degraded) == ("a", target, degraded)


def test_a_target_image_without_its_blurred_one_is_named(
    tmp_path: Path, make_image: MakeImage
) -> None:
    make_image("one/sharp/a.png")
    make_image("one/blur/b.png")
    with pytest.raises(
        UserError, match=r"one/blur/b\.png: .* expected its target image in .*one/sharp"
    ):
        find_pairs(tmp_path, 1)


def test_a_sequence_without_blurred_images_is_named(tmp_path: Path, make_image: MakeImage) -> None:
    for name in ("one/sharp/a.png", "one/blur/a.png", "two/sharp/a.png"):
        make_image(name)
    with pytest.raises(UserError, match=r"two/sharp/a\.png: expected its degraded image"):
        find_pairs(tmp_path, 1)


def test_only_the_target_images_of_blurred_pairs_are_made_smaller(
    tmp_path: Path, make_image: MakeImage
) -> None:
    make_image("one/sharp/a.png")
    make_image("one/blur/a.png")
    assert [(pair.name, pair.degraded) for pair in find_pairs(tmp_path, 2)] == [("one_a", None)]


def test_a_benchmark_set_without_its_target_images_is_named(
    tmp_path: Path, make_image: MakeImage
) -> None:
    make_image("Set5/LR_bicubic/X4/baby.png")
    make_image("Set12/01.png")
    with pytest.raises(UserError, match=r"Set5: expected target images .*; found LR_bicubic/"):
        find_benchmark_sets(tmp_path, [], 4)


def test_a_gopro_folder_is_one_benchmark_set(tmp_path: Path, make_image: MakeImage) -> None:
    make_image("GoPro/test/one/sharp/a.png")
    make_image("GoPro/test/one/blur/a.png")
    make_image("Set12/01.png")
    assert list(find_benchmark_sets(tmp_path, [], 1)) == ["GoPro", "Set12"]
    assert list(find_benchmark_sets(tmp_path / "GoPro", [], 1)) == ["GoPro"]
