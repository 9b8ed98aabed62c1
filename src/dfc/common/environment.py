"""Where and from what a result was made."""

import os
import platform
import subprocess
from pathlib import Path

from dfc.common.parallel import count_cores

_CPU = Path("/proc/cpuinfo")


def describe_machine() -> str:
    """The processor, and how many of its cores may be used."""
    lines = _CPU.read_text().splitlines() if _CPU.exists() else []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    name = next(names, platform.machine())
    return f"{name}, {count_cores()} cores"


def describe_commit() -> str | None:
    """The commit that is checked out, and whether files were changed since; None without Git.

    What a run writes itself, its reports and dvc.lock, is no change.
    """
    try:
        name = _run_git("rev-parse", "--short", "HEAD")
        mine = (":/", ":(top,exclude)dvc.lock", ":(top,exclude)reports")
        changes = _run_git("status", "--porcelain", "--untracked-files=no", "--", *mine)
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{name}, with changes" if changes else name


def explain_missing(folder: Path) -> str:
    """Say why an experiment of DVC's has fewer files in a folder than its project, if that is so.

    One of the queue, or with --temp, runs in a folder of its own: a copy of the project, with the
    files that Git or DVC tracks. What is said goes on with a message; it may be empty.
    """
    project = Path(os.environ.get("DVC_ROOT", ".")).resolve()
    if folder.is_absolute() or project / ".dvc/tmp/exps" not in Path.cwd().resolve().parents:
        return ""
    there = project / folder
    files = (path.relative_to(there) for path in there.rglob("*") if path.is_file())
    lacking = next((path for path in files if not (folder / path).exists()), None)
    if lacking is None:
        return ""
    return (
        f"; {there} holds {lacking}, which this experiment lacks, as neither Git nor DVC tracks it:"
        " name a folder by its absolute path, or `dvc add` one inside of that folder"
    )


def _run_git(*arguments: str) -> str:
    done = subprocess.run(("git", *arguments), capture_output=True, text=True, check=True)
    return done.stdout.strip()
