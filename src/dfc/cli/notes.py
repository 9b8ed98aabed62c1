"""What is to be said of a picture, also where Pillow warns of it."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_thread = threading.local()  # each restores a picture at a time


def start_notes() -> list[str]:
    """Start the notes of the picture that this thread restores from now on."""
    _thread.notes = []
    return _thread.notes


@contextmanager
def collect_warnings() -> Iterator[None]:
    """Make what Pillow warns of a note, instead of two lines of Python that name no picture."""
    with warnings.catch_warnings():
        warnings.filterwarnings("always", category=UserWarning, module=r"PIL\.")
        show = warnings.showwarning

        def note(message: Warning | str, category: type, filename: str, *where: object) -> None:
            if hasattr(_thread, "notes") and category is UserWarning and "PIL" in filename:
                _thread.notes.append(" ".join(str(message).split()))
            else:
                show(message, category, filename, *where)

        warnings.showwarning = note
        yield
