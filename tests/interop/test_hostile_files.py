"""Thousands of damaged files: each is read, or refused with one clear line, and none costs much."""

import json
import pickle
import random
import re
import resource
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from dfc import restore
from dfc.cli.describing import describe_file, format_lines
from dfc.common.errors import UserError
from dfc.interop.sources import read_source
from dfc.interop.tables import write_tables
from dfc.models.architectures import build
from dfc.models.artifact import save_model
from dfc.models.lut import Lut
from dfc.models.network import Network

EACH = 1250
"""Damaged copies of every file: with eight kinds of files, 10,000."""
NASTY = ["NaN", "Infinity", "-1", "0", "1e9", "4.0", "99999999999", "null", "true", '"x"', "[]"]
NASTY += ["{}", "9" * 5000, "[" * 5000, "[" * 50 + "]" * 50, r'"\ud800"', r'"\u0000"']
KINDS = ["lut", "compressed", "network", "table"]
KINDS += ["checkpoint", "module", "old checkpoint", "old module"]


@pytest.fixture
def files(
    tmp_path: Path,
    make_lut: Callable[..., Lut],
    published_names: Callable[[Network], dict[str, torch.Tensor]],
    make_module: Callable[[dict[str, torch.Tensor]], torch.nn.Module],
) -> dict[str, Path]:
    """Give a small file of each kind."""
    lut = make_lut("mulut", 2, "s", interval=7)
    paths = {kind: tmp_path / kind / "x.safetensors" for kind in ("lut", "compressed", "network")}
    save_model(lut, paths["lut"])
    save_model(lut.compress("xyz", 0, 8), paths["compressed"])
    network = Network(build("mulut", 2, patterns="s"), features=2)
    save_model(network, paths["network"])
    weights = published_names(network)
    for kind, saved in {
        "checkpoint": {"epoch": 1, "state_dict": weights},
        "module": make_module(weights),
    }.items():
        for age, zipped in {"": True, "old ": False}.items():
            path = paths[age + kind] = tmp_path / f"{age}{kind}" / "x.pth"
            path.parent.mkdir()
            torch.save(saved, path, _use_new_zipfile_serialization=zipped)
    (paths["table"],) = write_tables(make_lut("sr_lut", 2, "s", interval=7), tmp_path / "table")
    return paths


def damaged(whole: bytes, seed: int) -> bytes:
    """A copy with bytes changed, cut off, left out or doubled, or another value in its header."""
    rng = random.Random(seed)
    data = bytearray(whole)
    # Most of a header is within the first kilobyte.
    place = rng.randrange(min(len(data), rng.choice([16, 128, 1024, len(data)])))
    match rng.randrange(6):
        case 0:
            return bytes(data[:place])
        case 1:
            for _ in range(rng.randint(1, 4)):
                data[min(place + rng.randrange(8), len(data) - 1)] = rng.randrange(256)
        case 2:
            del data[place : place + rng.randint(1, 16)]
        case 3:
            data[place:place] = data[place : place + rng.randint(1, 16)]
        case _:
            return with_another_value(whole, rng)
    return bytes(data)


def with_another_value(whole: bytes, rng: random.Random) -> bytes:
    """Replace a value of the description of a file of ours, or a number of another one."""
    start = whole[:8]
    size = struct.unpack("<Q", start)[0] if len(whole) > 8 and whole[8:9] == b"{" else 0
    if not size:
        numbers = list(re.finditer(rb"\d+", whole[:1024]))
        number = rng.choice(numbers)
        value = rng.choice(NASTY).encode()
        return whole[: number.start()] + value + whole[number.end() :]
    header = json.loads(whole[8 : 8 + size])
    description = header["__metadata__"]["dfc"]
    values = list(re.finditer(r'(?<=:)("\w*"|-?\d+|\[\])', description))
    value = rng.choice(values)
    nasty = rng.choice(NASTY)
    changed = description[: value.start()] + nasty + description[value.end() :]
    header["__metadata__"]["dfc"] = changed
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + whole[8 + size :]


def use(path: Path) -> str:
    """Do all that a user would with a file; give the message if it is refused."""
    image = np.zeros((4, 5), np.uint8)
    try:
        model = read_source(path).model
        if isinstance(model, Lut):
            restore(image, model)
        if path.suffix == ".safetensors":
            list(format_lines(describe_file(path)))
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_read_or_refused_in_one_line(files: dict[str, Path], kind: str) -> None:
    path, whole = files[kind], files[kind].read_bytes()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(EACH):
            path.write_bytes(damaged(whole, seed))
            message = use(path)
            assert "\n" not in message
            assert not message or path.name in message
            refused += bool(message)
    assert refused > EACH / 4, "the damage is felt"
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20
    assert grown < 0.2, f"took {grown:.1f} GiB"


def claims(path: Path, size: int) -> Iterator[bytes]:
    """Headers that speak of 10 GB in a file of a few bytes."""
    shape = [size, 1]
    header = {"s1_s": {"dtype": "I8", "shape": shape, "data_offsets": [0, size]}}
    text = json.dumps(header).encode()
    yield struct.pack("<Q", len(text)) + text + bytes(16)
    yield struct.pack("<Q", size) + text + bytes(16)
    literal = f"{{'descr': '|i1', 'fortran_order': False, 'shape': ({size}, 1), }}".encode()
    yield b"\x93NUMPY\x01\x00\x76\x00" + literal.ljust(117) + b"\n" + bytes(16)


def test_a_header_that_claims_10_gb_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for data in claims(path, 10**10):
        path.write_bytes(data)
        assert "x: " in use(path)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20 < 0.1


def test_a_checkpoint_that_claims_10_gb_costs_nothing(tmp_path: Path) -> None:
    for zipped in (True, False):
        path = tmp_path / "x.pth"
        bias = torch.zeros(3)
        torch.save(
            {"s1_s.model.conv1.conv.bias": bias}, path, _use_new_zipfile_serialization=zipped
        )
        data = path.read_bytes()
        assert data.count(b"K\x03") >= 1
        path.write_bytes(data.replace(b"K\x03", b"J\xff\xff\xff\x7f"))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert "x.pth: " in use(path)
        assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20 < 0.5


def bombs() -> dict[str, bytes]:
    """Pickles of a few bytes that take gigabytes, or hours, where they are run as they are."""
    nested: dict = {}
    for _ in range(60):
        nested = {"a": nested, "b": nested}
    index = struct.pack("<I", 2**31)
    return {
        "a memo of 16 GB": b"\x80\x02Nr" + index + b".",
        "a storage of 40 GB": b"\x80\x02ctorch\nFloatStorage\nJ\xff\xff\xff\x7f\x85R.",
        "2^60 dictionaries": pickle.dumps(nested, protocol=2),
    }


@pytest.mark.parametrize("bomb", bombs())
def test_a_pickle_that_would_grow_is_refused(tmp_path: Path, bomb: str) -> None:
    path = tmp_path / "x.pth"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {"data.pkl": bombs()[bomb], "version": b"3\n"}.items():
            archive.writestr(f"x/{name}", data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "x.pth: " in use(path)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20 < 0.2


def test_an_architecture_without_end_is_refused(
    tmp_path: Path, make_lut: Callable[..., Lut]
) -> None:
    lut, path = make_lut("mulut", 2, "s"), tmp_path / "x.safetensors"
    save_model(lut, path)
    with safe_open(path, "numpy") as file:
        description = json.loads(file.metadata()["dfc"])
    knobs = {"name": "mulut", "scale": 2, "patterns": "s", "stages": 999999999}
    description |= {"version": 1, "architecture": knobs}
    tensors = {name: table.values for name, table in lut.tables.items()}
    save_file(tensors, path, {"dfc": json.dumps(description)})
    assert use(path)
