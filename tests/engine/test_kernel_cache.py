"""Where compiled kernels are kept, and what becomes of files that cannot be used."""

import importlib.util
import logging
from collections.abc import Callable
from pathlib import Path

import numba
import pytest

from dfc.engine import kernel_cache
from dfc.engine.kernel_cache import InTreeCacheLocator

SOURCE = """
from dfc.engine.kernel_cache import compile_kernel

@compile_kernel
def double(number):
    return 2 * number
"""


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Give a function that calls a kernel as a new process would: is it read, or compiled?"""
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    (tmp_path / "toy.py").write_text(SOURCE)
    kernel_cache._warn.cache_clear()

    def call() -> str:
        kernel_cache._stamp_sources.cache_clear()
        spec = importlib.util.spec_from_file_location("toy", tmp_path / "toy.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert module.double(21) == 42
        return "read" if module.double.stats.cache_hits else "compiled"

    return call


def refuse_to_write(locator: InTreeCacheLocator) -> None:
    raise PermissionError(13, "Permission denied", locator.get_cache_path())


def list_files(folder: Path, ending: str) -> list[Path]:
    return [*(folder / "__pycache__").glob(f"*.{ending}")]


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes(255 - byte for byte in content[middle:])


def empty(content: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", [empty, cut, flip])
def test_a_damaged_kernel_is_compiled_anew(
    tmp_path: Path, start: Callable[[], str], ending: str, damage: Callable[[bytes], bytes]
) -> None:
    assert [start(), start()] == ["compiled", "read"]
    (file,) = list_files(tmp_path, ending)
    file.write_bytes(damage(file.read_bytes()))
    assert [start(), start()] == ["compiled", "read"]
    assert len(list_files(tmp_path, ending)) == 1, "in place of the damaged one"


def test_kernels_are_compiled_anew_where_code_beside_them_changes(
    tmp_path: Path, start: Callable[[], str]
) -> None:
    assert [start(), start()] == ["compiled", "read"]
    (tmp_path / "simd.py").write_text("")
    assert [start(), start()] == ["compiled", "read"]


def test_the_code_of_another_overload_is_not_taken(
    tmp_path: Path, start: Callable[[], str]
) -> None:
    start()
    (file,) = list_files(tmp_path, "nbc")
    mine = file.read_bytes()
    (tmp_path / "toy.py").write_text(SOURCE.replace("2 *", "0 + 2 *"))
    start()
    file.write_bytes(mine)  # as where two processes save at the same time
    assert start() == "compiled"


def test_kernels_of_an_installation_that_cannot_be_written_are_read(
    start: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    monkeypatch.setattr(InTreeCacheLocator, "ensure_cache_path", refuse_to_write)
    assert start() == "read"


def test_where_nothing_can_be_written_kernels_are_compiled_and_a_line_says_so(
    tmp_path: Path, start: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("__pycache__", "home"):
        (tmp_path / name).write_text("no folder")
    with caplog.at_level(logging.WARNING):
        assert [start(), start()] == ["compiled", "compiled"]
    (line,) = caplog.messages
    assert line.startswith(f"{tmp_path}/__pycache__: cannot be written (File exists): kernels are")
    assert "NUMBA_CACHE_DIR" in line


def test_kernels_of_an_installation_are_read_and_new_ones_kept_in_the_home(
    tmp_path: Path, start: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InTreeCacheLocator, "ensure_cache_path", refuse_to_write)
    assert [start(), start()] == ["compiled", "read"]
    assert list((tmp_path / "home").rglob("*.nbc"))
