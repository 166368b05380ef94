"""The calls whose memory `benchmarks.memory` measures: every public function that takes an image.

A test compares them with the public names. So a new function needs a row here.
"""

import inspect
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np

import imfilter

_KERNEL = "np.ones((5, 5))"
_BINARY = "x > x.mean()"
_WIDE = "np.sin(np.arange({0}.0 ** 2) ** 1.3).reshape({0}, {0})"
_SIGNAL = "x.ravel()"
_RGB = "x.reshape(len(x), -1, 3)"
_LAB = "x.astype('f4').reshape(len(x), -1, 3)"
_VOLUME = "x.reshape(len(x) // 12, -1, x.shape[1] // 16)"
_MAPS = "x[None]"
_WEIGHT = "np.ones((1, 1, 3, 3), x.dtype)"

#: By function: its arguments, an expression of the image `x`, or several of them. `workers` is added.
ROWS: dict[str, str | tuple[str, ...]] = {
    "correlate": tuple(f"x, {_WIDE.format(k)}" for k in (3, 15, 61)),
    "convolve": f"x, {_WIDE.format(15)}",
    **dict.fromkeys(("gaussian", "gaussian_gradient_magnitude", "laplacian_of_gaussian"), "x, 2.0"),
    **dict.fromkeys(("difference_of_gaussians", "unsharp_mask", "fill"), "x, 2.0"),
    **dict.fromkeys(("sobel", "scharr", "prewitt", "farid", "roberts", "laplacian", "sharpen"), "x"),
    "box": "x, 15",
    "fit_kernel": "x, x[::-1], 3",
    "generic": "x, lambda window: window[0] - window[-1], 3",
    "coverage": ("x > 0, 15", "x > 0, sigma=2.0"),
    "median": ("x, 5", "x, 31"),
    "percentile": "x, 30.0, 5",
    **dict.fromkeys(("minimum", "maximum", "local_variance", "local_std"), "x, 15"),
    "local_entropy": "x, 15, value_range=(0, 255)",
    "avg_pool": "x, 2",
    "max_pool": "x, 2",
    "global_pool": "x",
    "pyramid_pool": "x",
    "bilateral": ("x, 2.0, 25.0", "x, 8.0, 25.0, method='sampled'"),
    "guided": "x, 8, 100.0",
    "non_local_means": "x, search=5",
    "estimate_noise": "x",
    "total_variation": "x, 0.5, max_iterations=10",
    "anisotropic_diffusion": "x, 3, 0.5",
    **dict.fromkeys(("hessian", "structure_tensor"), "x, 2.0"),
    "hessian_eigenvalues": ("x, 2.0", f"{_VOLUME}, 2.0"),
    **dict.fromkeys(("structure_tensor_eigenvalues", "orientation", "coherence"), "x, 2.0"),
    "frangi": ("x, 2.0", "x, (1, 3, 5, 7, 9)", f"{_VOLUME}, (1, 2, 3, 4, 5)"),
    "sato": ("x, 2.0", "x, (1, 3, 5, 7, 9)"),
    "meijering": ("x, 2.0", "x, (1, 3, 5, 7, 9)"),
    "gabor": ("x, 0.1, 0.4, part='real'", "x, 0.1, 0.4, part='magnitude'"),
    "steered": "x, 2.0, 0.4",
    "harris": "x",
    "shi_tomasi": "x",
    "corner_peaks": "x, min_distance=5",
    "canny": ("x, 0.5, 2.0, sigma=0", "x, 0.5, 2.0", "x", "x, threshold='median'"),
    "hysteresis_threshold": "x, 0.5, 0.9",
    "hog": "x",
    "resize": (
        "x, scale=0.5",
        "x, x.shape, method='cubic', align='corners'",
        "x, scale=0.75, method='lanczos'",
    ),
    "pyramid": ("x, 3", "x, 3, kind='laplacian'"),
    "from_pyramid": "imfilter.pyramid(x, 3, kind='laplacian')",
    "match_template": "x, np.eye(64)",
    "blobs": "x, 2.0, 8.0, relative=0.9",
    "butterworth": ("x, 0.1", "x, 0.1, mode='wrap'"),
    "homomorphic": "x, 0.1",
    "wiener": f"x, {_KERNEL}",
    "richardson_lucy": f"x, {_KERNEL}, 2",
    "rolling_ball": "x, 25",
    "clahe": "x",
    **dict.fromkeys(("color.rgb_to_gray", "color.rgb_to_lab"), _RGB),
    **dict.fromkeys(("color.lab_to_rgb", "color.lab_to_lch", "color.lch_to_lab"), _LAB),
    **{f"threshold.{name}": "x" for name in ("isodata", "li", "mean", "multi_otsu", "otsu", "yen")},
    "threshold.triangle": "x",
    "threshold.minimum": (
        "((x[::-1] / 2 + x[:, ::-1] / 2 + (x > x.mean()) * x.max() * 2.0) / 3).astype(x.dtype)"
    ),
    **dict.fromkeys(("threshold.local", "threshold.niblack", "threshold.sauvola"), "x, 25"),
    **{
        f"morphology.{name}": "x, imfilter.morphology.disk(7)"
        for name in ("dilation", "opening", "gradient", "white_tophat", "black_tophat")
    },
    "morphology.erosion": ("x, imfilter.morphology.disk(7)", "x, imfilter.morphology.line(31, 30)"),
    "morphology.closing": (
        "x, imfilter.morphology.disk(7)",
        "x, imfilter.morphology.disk(31)",
        "x, imfilter.morphology.disk(5), mode='mirror'",
        "x, imfilter.morphology.disk(31), mask=np.ones(x.shape, bool)",
    ),
    "morphology.reconstruction": "np.minimum(x, x[::-1]), x",
    **{f"morphology.{name}": "x, 0.1" for name in ("h_maxima", "h_minima")},
    **{f"morphology.{name}": "x" for name in ("local_maxima", "local_minima", "clear_border", "fill_holes")},
    **{f"morphology.{name}": "x, 20" for name in ("area_opening", "area_closing")},
    "morphology.hit_or_miss": f"{_BINARY}, [[0, 1], [1, 1]]",
    "morphology.skeleton": _BINARY,
    "morphology.thin": f"{_BINARY}, 2",
    "morphology.distance": (_BINARY, f"{_BINARY}, indices=True"),
    **{
        f"series.{name}": f"{_SIGNAL}, 25"
        for name in (
            *("median", "moving_average", "moving_minimum", "moving_maximum", "moving_sum", "moving_std"),
            *("moving_variance", "moving_rank"),
        )
    },
    "series.moving_quantile": f"{_SIGNAL}, 25, 0.3",
    "series.moving_apply": f"{_SIGNAL}, lambda window: window[0] - window[-1], 25",
    "series.weighted_average": f"{_SIGNAL}, np.ones(25)",
    "series.gaussian": f"{_SIGNAL}, 2.0",
    "series.exponential": f"{_SIGNAL}, alpha=0.3",
    "series.savgol": f"{_SIGNAL}, 11, 3",
    "series.difference": _SIGNAL,
    "series.causal": f"{_SIGNAL}, np.ones(25)",
    "series.embed": _SIGNAL,
    "series.fit_forecaster": f"{_SIGNAL}, 3",
    **{f"layers.{name}": f"{_MAPS}, {_WEIGHT}" for name in ("conv", "depthwise", "conv_transpose")},
    "layers.pointwise": f"{_MAPS}, np.ones((4, 1), x.dtype)",
    "layers.depthwise_separable": f"{_MAPS}, {_WEIGHT}, np.ones((4, 1), x.dtype)",
    "layers.dynamic_conv": f"x[None, None], {_WEIGHT}[None]",
    "layers.prepare": _WEIGHT,
    "layers.conv_input_gradient": f"{_MAPS}, {_WEIGHT}, (len(x) + 2, x.shape[1] + 2)",
    "layers.conv_weight_gradient": f"x[None, 2:, 2:], {_MAPS}, (3, 3)",
    "layers.conv_bias_gradient": "x[None, None]",
    "layers.max_pool_gradient": "x[None, None, ::2, ::2], x[None, None], 2",
    "layers.avg_pool_gradient": "x[None, None, ::2, ::2], x[None, None], 2",
    "layers.cross_entropy": "x, np.arange(len(x))",
}


def calls() -> list[tuple[str, str]]:
    """Return the name of each function and its arguments, a row for each measurement."""
    return [
        (name, each)
        for name, all_of in ROWS.items()
        for each in ([all_of] if isinstance(all_of, str) else all_of)
    ]


def prepared(name: str, arguments: str, image: Any, workers: int) -> Callable[[], Any]:
    """Return the call of a function with its arguments, made from an image."""
    known = {"np": np, "imfilter": imfilter, "x": image}
    args, options = eval(f"(lambda *args, **options: (args, options))({arguments})", known)
    function = attrgetter(name)(imfilter)
    if "workers" in inspect.signature(function).parameters:
        options["workers"] = workers
    return partial(function, *args, **options)


def n_bytes(result: Any) -> int:
    """Return the size of all arrays of a result."""
    if isinstance(result, np.ndarray):
        return result.nbytes
    if isinstance(result, dict):
        return sum(map(n_bytes, result.values()))
    if isinstance(result, (tuple, list)):
        return sum(map(n_bytes, result))
    return sum(map(n_bytes, vars(result).values())) if hasattr(result, "__dict__") else 0
