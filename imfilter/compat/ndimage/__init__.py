"""The filters and the morphology of `scipy.ndimage`, by their names, arguments and results.

Results of floats differ from SciPy's only by rounding. The difference is at most 2e-6 (float32) or 1e-12
(float64) times the largest sample of the window times the sum of the magnitudes of the weights. Distances
with a sampling differ by rounding, too. Integer results are the same in every bit: SciPy truncates them after
each axis, and so does this module. Ranks, morphology and results of functions are also the same, except of
images with NaN, which sorts after +inf here: SciPy's result depends on the order of its comparisons. Calls
that this engine cannot answer in the same way run in SciPy.
"""

from imfilter.compat.ndimage.binary import (
    binary_closing,
    binary_dilation,
    binary_erosion,
    binary_fill_holes,
    binary_hit_or_miss,
    binary_opening,
    binary_propagation,
)
from imfilter.compat.ndimage.derivatives import (
    generic_gradient_magnitude,
    generic_laplace,
    laplace,
    prewitt,
    sobel,
)
from imfilter.compat.ndimage.distances import distance_transform_edt
from imfilter.compat.ndimage.functions import (
    generic_filter,
    generic_filter1d,
    vectorized_filter,
)
from imfilter.compat.ndimage.gaussians import (
    gaussian_filter,
    gaussian_filter1d,
    gaussian_gradient_magnitude,
    gaussian_laplace,
)
from imfilter.compat.ndimage.grey import (
    grey_closing,
    grey_dilation,
    grey_erosion,
    grey_opening,
)
from imfilter.compat.ndimage.ranks import (
    maximum_filter,
    maximum_filter1d,
    median_filter,
    minimum_filter,
    minimum_filter1d,
    percentile_filter,
    rank_filter,
)
from imfilter.compat.ndimage.residues import (
    black_tophat,
    morphological_gradient,
    morphological_laplace,
    white_tophat,
)
from imfilter.compat.ndimage.sums import (
    convolve,
    convolve1d,
    correlate,
    correlate1d,
    uniform_filter,
    uniform_filter1d,
)

__all__ = [
    "binary_closing",
    "binary_dilation",
    "binary_erosion",
    "binary_fill_holes",
    "binary_hit_or_miss",
    "binary_opening",
    "binary_propagation",
    "black_tophat",
    "convolve",
    "convolve1d",
    "correlate",
    "correlate1d",
    "distance_transform_edt",
    "gaussian_filter",
    "gaussian_filter1d",
    "gaussian_gradient_magnitude",
    "gaussian_laplace",
    "generic_filter",
    "generic_filter1d",
    "generic_gradient_magnitude",
    "generic_laplace",
    "grey_closing",
    "grey_dilation",
    "grey_erosion",
    "grey_opening",
    "laplace",
    "maximum_filter",
    "maximum_filter1d",
    "median_filter",
    "minimum_filter",
    "minimum_filter1d",
    "morphological_gradient",
    "morphological_laplace",
    "percentile_filter",
    "prewitt",
    "rank_filter",
    "sobel",
    "uniform_filter",
    "uniform_filter1d",
    "vectorized_filter",
    "white_tophat",
]
