import json

import pytest

from dfc.models.architectures import ARCHITECTURES, build, parse_architecture
from dfc.models.layers import PATTERNS


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
    assert sum(layer.keeps for layer in hidden) == 4
    assert mixing.reads_kept
    assert {tap[0] for lookup in last.lookups for tap in lookup.taps} == {0, 1, 2, 3}
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
    assert (architecture.patterns, architecture.stages) == ("sd", 3)


@pytest.mark.parametrize(
    ("layer", "changes", "message"),
    [
        (0, {"divisor": 0}, "divisor: expected 1 to 255, found 0"),
        (0, {"bias": 1.5}, "bias: expected 0 to 255"),
        (0, {"scale": 2}, "expected no layer but the last to enlarge"),
        (0, {"lookups": []}, "lookups of a layer: expected 1 to"),
        (1, {"keeps": 1}, "expected a last layer that gives one channel"),
        (1, {"out_channels": 2}, "one output channel of a layer that enlarges"),
        (1, {"reads_kept": True}, "reads a channel that is not there"),
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
        ({"taps": [[0, 0, 0]] * 3}, "expected four taps"),
        ({"taps": [[0, 0, 99]] * 4}, "offset: expected -16 to 16, found 99"),
        ({"taps": [[1, 0, 0]] * 4}, "reads a channel that is not there"),
        ({"rotations": 2}, "expected 1 or 4 rotations"),
        ({"table": "../x"}, "expected the name of a table"),
    ],
)
def test_lookups_that_cannot_be_made_are_refused(changes: dict, message: str) -> None:
    values = json.loads(json.dumps(build("sr_lut", 2).to_json()))
    values["layers"][0]["lookups"][0] |= changes
    with pytest.raises(ValueError, match=message):
        parse_architecture(values)
