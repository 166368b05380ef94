"""The samples that a feature may use: those inside a mask and, on request, those that are not NaN."""

from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import missing
from imfilter._base.keywords import Common
from imfilter._base.plan import by_window


def of(
    image: npt.NDArray, own: npt.NDArray[np.bool_] | None, mask: Any, nan: Any, *, channel_axis: Any = None
) -> npt.NDArray[np.bool_] | None:
    """Return which samples are present, or None if all are. Numbers in a mask count where they exceed 0."""
    found = missing.presence(image, Common(mask=mask, nan=nan, channel_axis=channel_axis), own)
    if found is None:
        return None
    inside = found.present(image)
    return None if inside.all() and not by_window.get() else inside


def remasked(
    result: npt.NDArray, own: npt.NDArray[np.bool_] | None, inside: npt.NDArray[np.bool_] | None
) -> npt.NDArray:
    """Return a masked array if the image was one. It is masked outside of the samples that are present."""
    if own is None:
        return result
    return np.ma.MaskedArray(result, mask=np.zeros(result.shape, bool) if inside is None else ~inside)
