import json

import pytest

from dfc.models.architectures import ARCHITECTURES, build, parse_architecture
from dfc.models.taps import PATTERNS


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_only_the_last_layer_enlarges(name: str, scale: int) -> None:
    *hidden, last = build(name, scale).layers
    assert last.scale == scale
    assert all(layer.scale == 1 for layer in hidden)


@pytest.mark.parametrize("stages", [1, 2, 5])
def test_mulut_has_any_number_of_stages_with_all_patterns(stages: int) -> None:
    architecture = build("mulut", 4, patterns="".join(PATTERNS), stages=stages)
    assert len(architecture.layers) == stages
    assert list(architecture.lookups) == [
        f"s{stage}_{pattern}" for stage in range(1, stages + 1) for pattern in PATTERNS
    ]


def test_spf_lut_keeps_four_channels_and_reads_them_all_at_the_end() -> None:
    architecture = build("spf_lut", 4, patterns="sdy")
    *hidden, mixing, last = architecture.layers
    assert [layer.out_channels for layer in hidden] == [2, 2, 2, 1]
    assert [tap[0] for tap, _ in mixing.list_reads()] == [1, 3, 5, 7]
    assert {tap[0] for tap, _ in last.list_reads()} == {8, 9, 10, 11}
    assert len(architecture.lookups) == 4 * 3 + 1 + 4 * 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "esrgan"}, "'esrgan' is none of sr_lut, mulut, spf_lut"),
        ({"scale": 5}, "scale 5 is not"),
        ({"patterns": ""}, "patterns '' are not"),
        ({"patterns": "sds"}, "patterns 'sds' are not"),
        ({"patterns": "sx"}, "patterns 'sx' are not"),
        ({"stages": 0}, "stages: expected 1 to 99, found 0"),
    ],
)
def test_what_does_not_exist_is_named(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(**{"name": "mulut", "scale": 4} | arguments)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_layers_travel_as_plain_values(name: str) -> None:
    architecture = build(name, 2, patterns="sd")
    assert parse_architecture(json.loads(json.dumps(architecture.to_json()))) == architecture


def test_the_name_and_knobs_of_older_files_are_understood() -> None:
    knobs = {"name": "mulut", "scale": 2, "patterns": "sd", "stages": 3}
    architecture = parse_architecture(knobs)
    assert architecture == build(**knobs)
    assert (architecture.patterns, len(architecture.layers)) == ("sd", 3)


@pytest.mark.parametrize(
    ("layer", "changes", "message"),
    [
        (0, {"divisor": 0}, "divisor: expected 1 to 255, found 0"),
        (0, {"bias": 1.5}, "bias: expected -255 to 255"),
        (0, {"scale": 2}, "expected no layer but the last to enlarge"),
        (0, {"lookups": []}, "lookups of a layer: expected 1 to"),
        (1, {"out_channels": 2}, "expected a last layer that gives 1 channel"),
        (1, {"out_channels": 17}, "out_channels: expected 1 to 16"),
        (1, {"rotations": 2}, "rotations: expected 1 or 4"),
        (1, {"residuals": [[[2, 0, 0]]]}, "reads a channel that is not there"),
        (1, {"residuals": [[[0, 0, 0]]] * 3}, "residuals: expected as many as divide 4 values"),
        (0, {"levels": 64}, "table s2_s: reads plane 1, of 0..63"),
        (0, {"levels": 100}, "levels: expected a power of 2"),
        (0, {"lowest": -129}, "lowest: expected -128 to 0"),
        (1, {"weight": 1}, "unexpected keyword"),
    ],
)
def test_layers_that_cannot_run_are_refused(layer: int, changes: dict, message: str) -> None:
    values = json.loads(json.dumps(build("mulut", 2).to_json()))
    values["layers"][layer] |= changes
    with pytest.raises((TypeError, ValueError), match=message):
        parse_architecture(values)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"places": [[[0, 0, 0]] * 5]}, "expected one to four taps"),
        ({"places": [[]]}, "expected one to four taps"),
        ({"places": []}, "places: expected 1 to 256"),
        ({"places": [[[0, 0, 0]] * 4, [[0, 0, 0]] * 3]}, "as many everywhere"),
        ({"places": [[[0, 0, 99]] * 4]}, "offset: expected -16 to 16, found 99"),
        ({"places": [[[0, 0]] * 4]}, "taps of plane, row and column"),
        ({"places": [[[1, 0, 0]] * 4]}, "reads a channel that is not there"),
        ({"depthwise": True}, "depthwise: expected false, or one tap"),
        ({"levels": 64}, "table s1_s: reads plane 0, of 0..255"),
        ({"table": "../x"}, "expected the name of a table"),
    ],
)
def test_lookups_that_cannot_be_made_are_refused(changes: dict, message: str) -> None:
    values = json.loads(json.dumps(build("sr_lut", 2).to_json()))
    values["layers"][0]["lookups"][0] |= changes
    with pytest.raises(ValueError, match=message):
        parse_architecture(values)


def test_layers_of_files_that_counted_channels_are_understood() -> None:
    """They read the channels of the layer before, or all that were kept."""
    taps = [[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]]
    kept = [[0, 0, 0], [1, 0, 0], [0, 0, 1], [1, 0, 1]]

    def layer(table: str, taps: list, rotations: int, **more: object) -> dict:
        lookup = {"table": table, "taps": taps, "rotations": rotations}
        defaults = {"divisor": 4, "bias": 0, "out_channels": 1, "scale": 1}
        defaults |= {"keeps": 0, "reads_kept": False}
        return defaults | {"lookups": [lookup]} | more

    layers = [
        layer("a", taps, 4, out_channels=2, keeps=1),
        layer("b", taps, 4, out_channels=2, keeps=1),
        layer("c", kept, 1, reads_kept=True, out_channels=2),
        layer("d", taps, 4, scale=2),
    ]
    found = parse_architecture({"name": "old", "layers": layers, "padding": "edge"})
    planes = [sorted({tap[0] for tap, _ in each.list_reads()}) for each in found.layers]
    assert planes == [[0], [2], [1, 3], [5]]
    assert [each.rotations for each in found.layers] == [4, 4, 1, 4]


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"stages": 41}, "stages: expected 1 to 40"),
        ({"channels": 8}, "channels at scale 4: expected 16 to 64"),
        ({"bits": 7}, "bits: expected 6 or 8"),
        ({"bits": 6, "colours": 3}, "colours of 6 bits: expected 1, or 3 of 8 bits"),
        ({"colours": 3}, "channels: expected a multiple of 3 colours, found 16"),
        ({"rotations": 2}, "rotations: expected 1 or 4, found 2"),
        ({"divisors": (2, 4, 300)}, "divisor: expected 1 to 255, found 300"),
        ({"dilations": (1, 17)}, "dilations: expected 1 to 16, found 17"),
    ],
)
def test_a_shift_lut_that_cannot_be_is_refused(knobs: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build("shift_lut", 4, **knobs)
