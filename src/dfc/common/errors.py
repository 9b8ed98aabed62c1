"""User errors: the input is wrong, and how; one line in the shell, and no traceback."""

import atexit
import errno
import gc
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from types import FrameType

from dfc.common.parallel import is_first_process

STOPPING = (signal.SIGTERM, signal.SIGHUP)
"""What ends a command as Ctrl+C does, so that it leaves nothing half done."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the disk, a quota or a file

EXTRAS = {"av": "video"}
"""The extra of `pip install` that brings a package, where that is not `pipeline`."""

MOST_LISTED = 10  # mistakes of one kind, in a message


class UserError(Exception):
    """A mistake in a file, a key or an argument; the message names it and what was expected."""


def join_errors(messages: Iterable[str], what: str) -> UserError:
    """Join what is wrong with several files: a `UserError` that lists the first of them.

    `what` says it of all, as "images cannot be used"; a single message stands for itself.
    """
    first, *others = messages = list(dict.fromkeys(messages))
    if not others:
        return UserError(first)
    shown, more = messages[:MOST_LISTED], len(messages) - MOST_LISTED
    rest = [f"and {more} more"] if more > 0 else []
    return UserError("\n  ".join([f"{len(messages)} {what}:", *shown, *rest]))


def suggest(name: str, known: Iterable[str]) -> str:
    """Suggest the known name that a wrong one may have been meant for, or list all."""
    known = list(known)
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"expected one of {', '.join(known)}"


@contextmanager
def exit_on_user_error() -> Iterator[None]:
    """Turn a `UserError` into one line on standard error and exit code 1, without a traceback.

    A package that only an extra brings, and that is not installed, is one, too; so is a file that
    the system cannot read or write. An interrupt is a line as well, and its exit code 128 and its
    number. Of several processes that train together, the first speaks.
    """
    atexit.register(gc.freeze)  # to look for garbage in all that was loaded would take a second
    before = {number: signal.signal(number, _interrupt) for number in STOPPING}
    try:
        yield
    except UserError as error:
        _exit(f"error: {error}")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "dfc", "stages"):
            raise
        extra = EXTRAS.get(package, "pipeline")
        _exit(f"error: this needs {package}, which `pip install 'dfc[{extra}]'` brings")
    except OSError as error:
        if error.filename is None and error.errno not in FULL:
            raise
        _exit(f"error: {f'{error.filename}: ' if error.filename else ''}{error.strerror}")
    except KeyboardInterrupt as error:
        if is_first_process():
            print("interrupted", file=sys.stderr)
        sys.exit(128 + (error.args or (signal.SIGINT,))[0])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(number)


def _exit(message: str) -> None:
    sys.exit(message if is_first_process() else 1)
