"""Classical image filters, compiled with Numba.

The filters follow the semantics of SciPy and support the arithmetic of convolution layers. Every name is
loaded on first use, so the import of the package is fast: Numba and SciPy are imported when a filter needs
them.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imfilter import color, compat, io, layers, morphology, series, show, threshold, weights
    from imfilter.absent import coverage, fill
    from imfilter.blob_detection import blobs
    from imfilter.contrast import clahe
    from imfilter.control import Plan, plan, set_workers, warmup
    from imfilter.convolution import convolve, correlate
    from imfilter.corners import harris, shi_tomasi
    from imfilter.denoising import estimate_noise, non_local_means
    from imfilter.derivative import prewitt, scharr, sobel
    from imfilter.descriptor import hog
    from imfilter.diffusion import anisotropic_diffusion, total_variation
    from imfilter.directions import coherence, orientation
    from imfilter.edge_preserving import bilateral, guided
    from imfilter.edges import canny, hysteresis_threshold
    from imfilter.extremes import maximum, minimum
    from imfilter.frequency import butterworth, homomorphic
    from imfilter.gradients import farid, roberts
    from imfilter.hessians import hessian, hessian_eigenvalues
    from imfilter.learn import FittedKernel, fit_kernel
    from imfilter.local_statistics import local_entropy, local_std, local_variance
    from imfilter.matching import match_template
    from imfilter.oriented import gabor, steered
    from imfilter.patch import patch, report, unpatch
    from imfilter.peaks import corner_peaks
    from imfilter.pipeline import Pipeline
    from imfilter.pool import avg_pool, max_pool
    from imfilter.pool_cells import global_pool, pyramid_pool
    from imfilter.rank import median, percentile
    from imfilter.resampling import from_pyramid, pyramid, resize
    from imfilter.restoration import richardson_lucy, rolling_ball, wiener
    from imfilter.ridges import frangi, meijering, sato
    from imfilter.scale_space import (
        difference_of_gaussians,
        gaussian_gradient_magnitude,
        laplacian_of_gaussian,
    )
    from imfilter.second_derivative import laplacian
    from imfilter.sharpening import sharpen, unsharp_mask
    from imfilter.smooth import box, gaussian
    from imfilter.structure import structure_tensor, structure_tensor_eigenvalues
    from imfilter.windows import generic

__version__ = "0.1.0"

__all__ = [
    "FittedKernel",
    "Pipeline",
    "Plan",
    "anisotropic_diffusion",
    "avg_pool",
    "bilateral",
    "blobs",
    "box",
    "butterworth",
    "canny",
    "clahe",
    "coherence",
    "color",
    "compat",
    "convolve",
    "corner_peaks",
    "correlate",
    "coverage",
    "difference_of_gaussians",
    "estimate_noise",
    "farid",
    "fill",
    "fit_kernel",
    "frangi",
    "from_pyramid",
    "gabor",
    "gaussian",
    "gaussian_gradient_magnitude",
    "generic",
    "global_pool",
    "guided",
    "harris",
    "hessian",
    "hessian_eigenvalues",
    "hog",
    "homomorphic",
    "hysteresis_threshold",
    "io",
    "laplacian",
    "laplacian_of_gaussian",
    "layers",
    "local_entropy",
    "local_std",
    "local_variance",
    "match_template",
    "max_pool",
    "maximum",
    "median",
    "meijering",
    "minimum",
    "morphology",
    "non_local_means",
    "orientation",
    "patch",
    "percentile",
    "plan",
    "prewitt",
    "pyramid",
    "pyramid_pool",
    "report",
    "resize",
    "richardson_lucy",
    "roberts",
    "rolling_ball",
    "sato",
    "scharr",
    "series",
    "set_workers",
    "sharpen",
    "shi_tomasi",
    "show",
    "sobel",
    "steered",
    "structure_tensor",
    "structure_tensor_eigenvalues",
    "threshold",
    "total_variation",
    "unpatch",
    "unsharp_mask",
    "warmup",
    "weights",
    "wiener",
]

#: The module of each public name.
_HOMES = {
    "absent": ("coverage", "fill"),
    "blob_detection": ("blobs",),
    "contrast": ("clahe",),
    "control": ("Plan", "plan", "set_workers", "warmup"),
    "convolution": ("convolve", "correlate"),
    "corners": ("harris", "shi_tomasi"),
    "smooth": ("box", "gaussian"),
    "sharpening": ("sharpen", "unsharp_mask"),
    "second_derivative": ("laplacian",),
    "denoising": ("estimate_noise", "non_local_means"),
    "derivative": ("prewitt", "scharr", "sobel"),
    "descriptor": ("hog",),
    "directions": ("coherence", "orientation"),
    "edge_preserving": ("bilateral", "guided"),
    "diffusion": ("anisotropic_diffusion", "total_variation"),
    "edges": ("canny", "hysteresis_threshold"),
    "frequency": ("butterworth", "homomorphic"),
    "gradients": ("farid", "roberts"),
    "hessians": ("hessian", "hessian_eigenvalues"),
    "learn": ("FittedKernel", "fit_kernel"),
    "local_statistics": ("local_entropy", "local_std", "local_variance"),
    "matching": ("match_template",),
    "oriented": ("gabor", "steered"),
    "patch": ("patch", "report", "unpatch"),
    "peaks": ("corner_peaks",),
    "pipeline": ("Pipeline",),
    "pool": ("avg_pool", "max_pool"),
    "pool_cells": ("global_pool", "pyramid_pool"),
    "extremes": ("maximum", "minimum"),
    "rank": ("median", "percentile"),
    "resampling": ("from_pyramid", "pyramid", "resize"),
    "restoration": ("richardson_lucy", "rolling_ball", "wiener"),
    "ridges": ("frangi", "meijering", "sato"),
    "scale_space": ("difference_of_gaussians", "gaussian_gradient_magnitude", "laplacian_of_gaussian"),
    "structure": ("structure_tensor", "structure_tensor_eigenvalues"),
    "windows": ("generic",),
}
#: Public modules with names of their own.
_NAMESPACES = ("color", "compat", "io", "layers", "morphology", "series", "show", "threshold", "weights")
_MODULES = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _NAMESPACES:
        return importlib.import_module(f"imfilter.{name}")
    if name not in _MODULES:
        from imfilter._base.suggestions import attribute_error

        raise attribute_error(__name__, name, __all__)
    value = getattr(importlib.import_module(f"imfilter.{_MODULES[name]}"), name)
    globals()[name] = value  # the next look-up does not call this function
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})
