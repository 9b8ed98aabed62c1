import pytest

from dfc.models.architectures import ARCHITECTURES, SPATIAL_PATTERNS, build


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_only_the_last_layer_enlarges(name: str, scale: int) -> None:
    *hidden, last = build(name, scale).layers
    assert last.scale == scale
    assert all(layer.scale == 1 for layer in hidden)


@pytest.mark.parametrize("stages", [1, 2, 5])
def test_mulut_has_any_number_of_stages_with_all_patterns(stages: int) -> None:
    architecture = build("mulut", 4, SPATIAL_PATTERNS, stages)
    assert len(architecture.layers) == stages
    assert list(architecture.lookups) == [
        f"s{stage}_{pattern}" for stage in range(1, stages + 1) for pattern in SPATIAL_PATTERNS
    ]


def test_spf_lut_keeps_four_channels_and_reads_them_all_at_the_end() -> None:
    architecture = build("spf_lut", 4, "sdy")
    *hidden, mixing, last = architecture.layers
    assert sum(layer.keeps for layer in hidden) == 4
    assert mixing.reads_kept
    assert {lookup.channel for lookup in last.lookups} == {0, 1, 2, 3}
    assert len(architecture.lookups) == 4 * 3 + 1 + 4 * 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("esrgan", 4), "'esrgan' is none of sr_lut, mulut, spf_lut"),
        (("mulut", 5), "scale 5 is not"),
        (("mulut", 4, ""), "patterns '' are not"),
        (("mulut", 4, "sds"), "patterns 'sds' are not"),
        (("mulut", 4, "sx"), "patterns 'sx' are not"),
        (("mulut", 4, "sdy", 0), "0 stages"),
    ],
)
def test_what_does_not_exist_is_named(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(*arguments)
