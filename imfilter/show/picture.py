"""Arrays that a notebook shows as pictures."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from imfilter.typing import NDArray

__all__ = ["Displayed", "Picture"]


class Displayed(np.ndarray):
    """An array that a notebook shows as a picture.

    It is an array in every other respect: indexing, arithmetic, `numpy` and the filters take it as one.
    Arithmetic gives plain arrays, because the result is not what was drawn.
    """

    def __array_wrap__(self, array: NDArray, context: Any = None, return_scalar: bool = False) -> Any:
        if array is self:  # arithmetic in place
            return self
        return array[()] if return_scalar else np.asarray(array)

    def __repr__(self) -> str:
        return repr(np.asarray(self))

    def _drawn(self) -> NDArray[np.uint8] | None:
        """Return the picture as red, green and blue. None: such an array is no picture."""
        return None

    def _repr_png_(self) -> bytes | None:
        """Return the picture as the bytes of a PNG file, for notebooks."""
        drawn = self._drawn()
        if drawn is None:
            return None
        from PIL import Image

        stream = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(drawn)).save(stream, "PNG")
        return stream.getvalue()


class Picture(Displayed):
    """A picture: an array of shape (rows, columns, 3) and dtype uint8.

    In a notebook it is displayed as a picture. It is an array in every other respect.
    """

    def _drawn(self) -> NDArray[np.uint8] | None:
        good = self.dtype == np.uint8 and self.ndim == 3 and self.shape[2] == 3 and self.size
        return np.asarray(self) if good else None
