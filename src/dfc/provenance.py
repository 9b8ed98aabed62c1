"""Where and from what a result was made."""

import platform
import subprocess
from pathlib import Path

from dfc.parallel import available_cores

_CPU = Path("/proc/cpuinfo")


def machine() -> str:
    """The processor, and how many of its cores may be used."""
    lines = _CPU.read_text().splitlines() if _CPU.exists() else []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    name = next(names, platform.machine())
    return f"{name}, {available_cores()} cores"


def commit() -> str | None:
    """The commit that is checked out, and whether files were changed since; None without Git."""
    command = ("git", "describe", "--always", "--dirty=, with changes", "--exclude=*")
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
