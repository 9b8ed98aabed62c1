"""The one exception that means: the input is wrong, here is what to change."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class UserError(Exception):
    """A mistake in a file, a key or an argument; the message names it and what was expected."""


@contextmanager
def exit_on_user_error() -> Iterator[None]:
    """Turn a `UserError` into one line on standard error and exit code 1, without a traceback.

    Of several processes that train together, the first speaks.
    """
    try:
        yield
    except UserError as error:
        sys.exit(f"error: {error}" if os.environ.get("RANK", "0") == "0" else 1)
