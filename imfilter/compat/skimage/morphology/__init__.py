"""Functions of `skimage.morphology`, by their names, arguments and results."""

from imfilter.compat.skimage.morphology.grey import (
    black_tophat,
    closing,
    dilation,
    erosion,
    opening,
    reconstruction,
    white_tophat,
)
from imfilter.compat.skimage.morphology.objects import (
    isotropic_closing,
    isotropic_dilation,
    isotropic_erosion,
    isotropic_opening,
    skeletonize,
    thin,
)
from imfilter.compat.skimage.morphology.regional import (
    area_closing,
    area_opening,
    h_maxima,
    h_minima,
    local_maxima,
    local_minima,
)

__all__ = [
    "area_closing",
    "area_opening",
    "black_tophat",
    "closing",
    "dilation",
    "erosion",
    "h_maxima",
    "h_minima",
    "isotropic_closing",
    "isotropic_dilation",
    "isotropic_erosion",
    "isotropic_opening",
    "local_maxima",
    "local_minima",
    "opening",
    "reconstruction",
    "skeletonize",
    "thin",
    "white_tophat",
]
