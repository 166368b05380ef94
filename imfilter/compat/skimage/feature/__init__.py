"""Functions of `skimage.feature`, by their names, arguments and results."""

from imfilter.compat.skimage.feature.blobs import blob_dog, blob_doh, blob_log
from imfilter.compat.skimage.feature.corners import (
    corner_foerstner,
    corner_harris,
    corner_kitchen_rosenfeld,
    corner_shi_tomasi,
)
from imfilter.compat.skimage.feature.descriptors import hog, match_template
from imfilter.compat.skimage.feature.edges import canny
from imfilter.compat.skimage.feature.matrices import (
    hessian_matrix,
    hessian_matrix_eigvals,
    shape_index,
    structure_tensor,
    structure_tensor_eigenvalues,
)
from imfilter.compat.skimage.feature.peaks import corner_peaks, peak_local_max

__all__ = [
    "blob_dog",
    "blob_doh",
    "blob_log",
    "canny",
    "corner_foerstner",
    "corner_harris",
    "corner_kitchen_rosenfeld",
    "corner_peaks",
    "corner_shi_tomasi",
    "hessian_matrix",
    "hessian_matrix_eigvals",
    "hog",
    "match_template",
    "peak_local_max",
    "shape_index",
    "structure_tensor",
    "structure_tensor_eigenvalues",
]
