"""Standard input as a video: Y4M, which FFmpeg calls yuv4mpegpipe."""

import select
from io import BufferedReader

MAGIC = b"YUV4MPEG2"
PATIENCE = 0.2  # seconds between two looks at whether the input is still wanted


class StandardInput:
    """Standard input for a demuxer: gives what has come so far, and can be stopped."""

    def __init__(self, file: BufferedReader) -> None:
        self.head = file.read(len(file.peek()))
        """What it starts with."""
        self.stopped = False
        self._rest, self._raw = self.head, file.raw

    def read(self, size: int) -> bytes:
        """Read up to so many bytes; none at the end, or once it was stopped."""
        if self._rest:
            part, self._rest = self._rest[:size], self._rest[size:]
            return part
        while not self.stopped:
            if select.select([self._raw], [], [], PATIENCE)[0]:
                return self._raw.read(size)
        return b""


def starts_as_y4m(file: BufferedReader) -> bool:
    """Whether a stream starts as Y4M does; nothing is taken from it."""
    head = file.peek(len(MAGIC))[: len(MAGIC)]
    return bool(head) and MAGIC.startswith(head)
