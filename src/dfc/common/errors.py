"""User errors: the input is wrong, and how; one line in the shell, and no traceback."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class UserError(Exception):
    """A mistake in a file, a key or an argument; the message names it and what was expected."""


@contextmanager
def exit_on_user_error() -> Iterator[None]:
    """Turn a `UserError` into one line on standard error and exit code 1, without a traceback.

    A package that only an extra brings, and that is not installed, is one, too. Of several
    processes that train together, the first speaks.
    """
    try:
        yield
    except UserError as error:
        _exit(f"error: {error}")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "dfc", "stages"):
            raise
        _exit(f"error: this needs {package}, which `pip install 'dfc[pipeline]'` brings")


def _exit(message: str) -> None:
    sys.exit(message if os.environ.get("RANK", "0") == "0" else 1)
