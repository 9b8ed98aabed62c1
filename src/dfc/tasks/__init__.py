"""What a LUT is for: super-resolution, denoising, deblocking, deblurring; one file a task."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dfc.common.errors import UserError

if TYPE_CHECKING:
    from dfc.params import Params
    from dfc.tasks.base import Task

NAMES = ("sr", "denoise", "deblock", "deblur")
"""The tasks that have a file here: `dfc.tasks.NAME`, whose `TASK` is the class of the task."""
_registered: dict[str, "type[Task]"] = {}


def register(task: "type[Task]") -> None:
    """Add a task that has no file here."""
    _registered[task.name] = task


def find_task(name: str) -> "type[Task]":
    """Find a task by its name, or raise a `UserError`; no other task is imported."""
    if name in _registered:
        return _registered[name]
    if name not in NAMES:
        choices = ", ".join((*NAMES, *_registered))
        raise UserError(f"task: expected one of {choices}, got {name!r}")
    return import_module(f"dfc.tasks.{name}").TASK


def build_task(name: str, scale: int | None = None, **knobs: Any) -> "Task":
    """Describe a task at a scale (None for what is usual), or raise a `UserError`.

    Of the knobs of all tasks, as `sigma` and `quality`, it takes its own.
    """
    task = find_task(name)
    scale = task.scales[0] if scale is None else scale
    if scale not in task.scales:
        scales = ", ".join(map(str, sorted(task.scales)))
        raise UserError(f"data.scale: {name} has the scale {scales}, got {scale}")
    own = {key: value for key, value in knobs.items() if key in task.__dataclass_fields__}
    return task(scale=scale, **own)


def from_params(params: "Params", **knobs: Any) -> "Task":
    """Describe the task that `params.yaml` states; further knobs as for `build_task`."""
    return build_task(params.task, **params.data.model_dump(), **knobs)


def guess_task(scale: int) -> str:
    """Guess what a LUT of this scale is for, where nothing says it."""
    return "sr" if scale > 1 else "denoise"
