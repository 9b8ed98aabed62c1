"""The structure of the code: rooms, the direction of imports, and what makes a stage run again."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src/dfc"
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
RANKS = {
    "common": 0,
    "params": 1,
    "images": 1,
    "video": 1,
    "tasks": 2,
    "data": 3,
    "models": 3,
    "zoo": 3,
    "engine": 4,
    "cuda": 4,
    "training": 5,
    "interop": 5,
    "runtimes": 5,
    "evaluation": 6,
    "report": 7,
    "__init__": 8,
    "cli": 9,
    "__main__": 10,
}
"""A room imports itself and rooms of lower ranks."""
PLUMBING = ("src/dfc/common/", "src/dfc/params.py", "src/dfc/tasks/__init__.py")
"""Computes no value of a result: no stage depends on it."""


def list_imports(path: Path) -> Iterator[Path]:
    """List the modules of the project that a file imports, in functions too, not those of types."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):  # drop what is imported for type checkers alone
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "dfc":
            package = ROOT / "src" / node.module.replace(".", "/")
            inside = [package / f"{alias.name}.py" for alias in node.names]
            inside += [package / alias.name / "__init__.py" for alias in node.names]
            found = [module for module in inside if module.exists()]
            if len(found) < len(node.names):
                found += [package.with_suffix(".py"), package / "__init__.py"]
            yield from (module for module in found if module.exists())


def find_room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(p.name))
def test_imports_run_one_way(path: Path) -> None:
    room = find_room(path)
    for module in list_imports(path):
        other = find_room(module)
        assert other == room or RANKS[other] < RANKS[room], f"{room} imports {other}"


def test_no_imports_go_round_in_circles() -> None:
    graph = {path: set(list_imports(path)) - {path} for path in SOURCE.rglob("*.py")}
    for path, imports in graph.items():  # a package and its modules are one thing
        imports -= {module for module in imports if module == path.parent / "__init__.py"}
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)


def test_files_and_rooms_are_few_and_short() -> None:
    loose = [path for path in SOURCE.glob("*.py") if path.name != "__init__.py"]
    assert len(loose) < 5
    for path in SOURCE.rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 300, path


def collect_imports(path: Path, found: set[Path]) -> set[Path]:
    for module in list_imports(path):
        if module not in found:
            found.add(module)
            collect_imports(module, found)
    return found


def list_declared(stage: str) -> list[str]:
    return [path for path in STAGES[stage]["deps"] if path.startswith("src/")]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_declares_all_that_it_imports(stage: str) -> None:
    declared = tuple(list_declared(stage))
    for module in collect_imports(ROOT / "stages" / f"{stage}.py", set()):
        name = module.relative_to(ROOT).as_posix()
        assert name.startswith((*PLUMBING, *declared)) or name == "src/dfc/__init__.py", name


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_all_that_it_declares(stage: str) -> None:
    imported = collect_imports(ROOT / "stages" / f"{stage}.py", set())
    names = [module.relative_to(ROOT).as_posix() for module in imported]
    for declared in list_declared(stage):
        if declared == "src/dfc/tasks/${task}.py":
            declared = "src/dfc/tasks/__init__.py"  # which imports it by its name
        assert any(name.startswith(declared) for name in names), declared


def test_a_stage_depends_on_its_script() -> None:
    for stage, values in STAGES.items():
        assert f"stages/{stage}.py" in values["deps"]
