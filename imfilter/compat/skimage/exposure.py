"""Functions of `skimage.exposure` whose calls are counted. scikit-image computes them."""

from __future__ import annotations

import skimage.exposure as theirs

from imfilter._compat.serving import always

__all__ = ["equalize_adapthist"]

equalize_adapthist = always(
    theirs.equalize_adapthist,
    "skimage.exposure.equalize_adapthist",
    "scikit-image rounds to levels and spreads its result in another way",
)
