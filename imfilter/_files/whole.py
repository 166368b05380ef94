"""Write all bytes to a file without a buffer, which may take only a part of them at a time."""

from __future__ import annotations

import errno
import io
import os
from typing import IO, Any, cast


class _Whole:
    """A file whose `write` writes all bytes or raises an error.

    Parameters
    ----------
    file : RawIOBase
        Open for writing. A disk that is almost full takes a part of the bytes, without an error.
    """

    def __init__(self, file: io.RawIOBase) -> None:
        self._file = file
        self.flush, self.fileno, self.isatty = file.flush, file.fileno, file.isatty

    def write(self, data: Any) -> int:
        """Write bytes, in as many parts as the system takes."""
        done = 0
        with memoryview(data) as given, given.cast("B") as view:
            while done < len(view):
                with view[done:] as left:
                    count = self._file.write(left)
                if count is None:  # it would have to wait
                    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
                done += count
        return done


def whole(file: Any) -> IO[bytes]:
    """Return a file whose `write` writes all bytes: the file itself if it has a buffer.

    Standard output has no buffer if PYTHONUNBUFFERED is set.
    """
    return cast(IO[bytes], _Whole(file) if isinstance(file, io.RawIOBase) else file)
