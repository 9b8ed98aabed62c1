"""Where and from what a result was made."""

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


def _run_git(*arguments: str) -> str:
    done = subprocess.run(("git", *arguments), capture_output=True, text=True, check=True)
    return done.stdout.strip()
