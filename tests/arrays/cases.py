"""A call of every filter that works in blocks, for images of two axes, with their other arguments."""

import numpy as np

import imfilter
from imfilter import morphology, threshold

_DISK = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 1]])
_KERNEL = np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0], [0.25, 0.0, 1.5]])
_TEMPLATE = np.arange(20.0).reshape(4, 5) % 7


def _range(window):
    return window.max() - window.min()


#: Name, function, arguments after the image, options. Images have values from 0 to 100.
CASES = [
    ("correlate", imfilter.correlate, (_KERNEL,), {}),
    ("correlate, even", imfilter.correlate, (np.ones((4, 2)),), {}),
    ("correlate, stride", imfilter.correlate, (_KERNEL,), {"stride": (2, 3)}),
    ("correlate, dilation", imfilter.correlate, (_KERNEL,), {"dilation": 2, "bias": 1.5}),
    ("correlate, valid", imfilter.correlate, (_KERNEL,), {"padding": "valid", "stride": 2}),
    ("correlate, padding", imfilter.correlate, (_KERNEL,), {"padding": ((3, 1), (0, 5))}),
    ("convolve", imfilter.convolve, (np.ones((2, 4)) / 8,), {"dilation": (1, 3)}),
    ("gaussian", imfilter.gaussian, (1.5,), {}),
    ("gaussian, wide", imfilter.gaussian, (8,), {}),
    ("gaussian, order", imfilter.gaussian, (2,), {"order": (0, 1), "spacing": (1, 0.5)}),
    ("box", imfilter.box, ((5, 4),), {}),
    ("sharpen", imfilter.sharpen, (0.3,), {}),
    ("unsharp_mask", imfilter.unsharp_mask, (1.2,), {}),
    ("median", imfilter.median, (5,), {}),
    ("median, many", imfilter.median, (13,), {}),
    ("median, footprint", imfilter.median, (), {"footprint": _DISK}),
    ("percentile", imfilter.percentile, (30.0, 4), {}),
    ("minimum", imfilter.minimum, (7,), {}),
    ("maximum", imfilter.maximum, (2,), {}),
    ("sobel", imfilter.sobel, (), {}),
    ("scharr", imfilter.scharr, (), {"axis": 0}),
    ("prewitt", imfilter.prewitt, (), {}),
    ("farid", imfilter.farid, (), {}),
    ("roberts", imfilter.roberts, (), {}),
    ("laplacian", imfilter.laplacian, (), {"diagonals": True}),
    ("laplacian_of_gaussian", imfilter.laplacian_of_gaussian, (1.3,), {}),
    ("difference_of_gaussians", imfilter.difference_of_gaussians, (1.0,), {}),
    ("gaussian_gradient_magnitude", imfilter.gaussian_gradient_magnitude, (1.1,), {}),
    ("local_variance", imfilter.local_variance, (5,), {}),
    ("local_variance, large", imfilter.local_variance, (15,), {}),
    ("local_std", imfilter.local_std, (), {"window": "gaussian", "sigma": 1.5}),
    ("local_std, footprint", imfilter.local_std, (), {"footprint": _DISK}),
    ("local_entropy", imfilter.local_entropy, (5,), {"levels": 16, "value_range": (0, 100)}),
    ("hessian", imfilter.hessian, (1.2,), {}),
    ("hessian_eigenvalues", imfilter.hessian_eigenvalues, (1.2,), {}),
    ("structure_tensor", imfilter.structure_tensor, (1.2,), {}),
    ("structure_tensor_eigenvalues", imfilter.structure_tensor_eigenvalues, (1.2,), {}),
    ("orientation", imfilter.orientation, (1.0,), {}),
    ("coherence", imfilter.coherence, (1.0,), {}),
    ("sato", imfilter.sato, ((1.0, 2.0),), {}),
    ("frangi", imfilter.frangi, ((1.0, 2.0),), {"gamma": 15.0}),
    ("generic", imfilter.generic, (_range, 3), {}),
    ("generic, stride", imfilter.generic, (_range, (3, 4)), {"stride": 2}),
    ("gabor", imfilter.gabor, (0.2, 0.6), {"part": "magnitude"}),
    ("gabor, complex", imfilter.gabor, (0.2, 0.6), {}),
    ("gabor, bank", imfilter.gabor, ((0.2, 0.3), (0.0, 0.6)), {"part": "real"}),
    ("steered", imfilter.steered, (1.2, (0.1, 0.6)), {"order": 2}),
    ("bilateral", imfilter.bilateral, (1.5, 20.0), {}),
    ("bilateral, sampled", imfilter.bilateral, (1.5, 20.0), {"method": "sampled"}),
    ("guided", imfilter.guided, (3, 50.0), {}),
    ("non_local_means", imfilter.non_local_means, (), {"patch": 3, "search": 5, "noise": 10.0}),
    ("anisotropic_diffusion", imfilter.anisotropic_diffusion, (4, 20.0), {}),
    ("rolling_ball", imfilter.rolling_ball, (3,), {}),
    ("rolling_ball, erosion", imfilter.rolling_ball, (4,), {"method": "erosion"}),
    ("max_pool", imfilter.max_pool, (3,), {}),
    ("max_pool, overlapping", imfilter.max_pool, ((3, 4),), {"stride": 2, "padding": 1}),
    ("avg_pool", imfilter.avg_pool, (2,), {"ceil_mode": True}),
    ("avg_pool, dilation", imfilter.avg_pool, (3,), {"dilation": 2, "stride": (1, 4)}),
    ("coverage", imfilter.coverage, (5,), {}),
    ("fill", imfilter.fill, (1.5,), {}),
    ("match_template", imfilter.match_template, (_TEMPLATE,), {}),
    ("match_template, valid", imfilter.match_template, (_TEMPLATE,), {"padding": "valid"}),
    ("harris", imfilter.harris, (), {}),
    ("shi_tomasi", imfilter.shi_tomasi, (), {"window": "gaussian", "aperture": 5}),
    ("threshold.niblack", threshold.niblack, (7,), {}),
    ("threshold.sauvola", threshold.sauvola, (7,), {}),
    ("threshold.local", threshold.local, (7,), {}),
    ("threshold.local, median", threshold.local, (5,), {"method": "median"}),
    ("erosion", morphology.erosion, (), {"iterations": 2}),
    ("dilation", morphology.dilation, (_DISK,), {}),
    ("opening", morphology.opening, (_DISK,), {"iterations": 2}),
    ("closing", morphology.closing, (morphology.disk(3),), {}),
    ("morphology.gradient", morphology.gradient, (), {}),
    ("white_tophat", morphology.white_tophat, (morphology.disk(2),), {}),
    ("black_tophat", morphology.black_tophat, (), {"weights": _KERNEL}),
    ("hit_or_miss", morphology.hit_or_miss, ([[0, 1], [1, 1]],), {}),
]
