"""Values for the samples of an image, which a notebook shows as pictures."""

from __future__ import annotations

import numpy as np

from imfilter.show.picture import Displayed
from imfilter.show.sheets import feature_maps, kernels
from imfilter.typing import NDArray

__all__ = ["Inputs", "Maps"]

_PIXELS = 256  # length of the longer side of a map in a notebook
_MOST = 64  # largest number of maps in a notebook


class Maps(Displayed):
    """One number for each sample of an image, or of several images.

    In a notebook it is displayed as `feature_maps` draws it. It is an array in every other respect.
    """

    def _drawn(self) -> NDArray[np.uint8] | None:
        if self.ndim not in (2, 3) or not self.size or self.dtype.kind not in "biuf":
            return None
        shown = np.asarray(self)
        shown = shown[:_MOST] if shown.ndim == 3 else shown
        return np.asarray(feature_maps(shown, pixels=_PIXELS))


class Inputs(Displayed):
    """Inputs of a network, or gradients of them: (channels, rows, columns), or several of them.

    In a notebook they are displayed as `kernels` draws them. It is an array in every other respect.
    """

    def _drawn(self) -> NDArray[np.uint8] | None:
        if self.ndim not in (3, 4) or not self.size or self.dtype.kind not in "biuf":
            return None
        shown = np.asarray(self)
        shown = shown[None] if shown.ndim == 3 else shown[:_MOST]
        colour = shown.shape[1] == 3
        return np.asarray(kernels(shown, pixels=_PIXELS, labels=not colour, color=colour))
