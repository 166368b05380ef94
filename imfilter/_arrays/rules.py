"""What each public function does with a lazy array: one table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from imfilter._arrays import reaches

#: How the results of a function follow from blocks of the image.
BLOCKS, POINTS, WHOLE, OWN, REFUSED = "blocks", "points", "whole", "own", "refused"


@dataclass(frozen=True)
class Rule:
    """How a function filters an image in blocks.

    Attributes
    ----------
    kind : str
        'blocks': a result depends on the samples around it; the engine's plan says on which. If the plan does
        not say, as for 'whole', all samples of the filtered axes must be in one block. 'points': a result
        depends on one sample with its channels. 'own': `serve` makes the result. 'refused': the function does
        not take lazy arrays, because of `reason`.
    with_image : tuple of str
        The arguments that are cut like the image.
    joint : bool
        Whether a result depends on all channels.
    together : callable, optional
        Tells from the call whether results also depend on the other images of a batch.
    tried : bool
        Whether the element type of the result is found by a call with a few samples. Otherwise the plan says.
    reach : callable, optional
        Returns the samples that a result depends on, from the call, the shape and the filtered axes.
    serve : str
        The function that makes the result, as 'module.function' of this package.
    reason : str
        Why the whole image is needed, or the function is refused.
    """

    kind: str = BLOCKS
    with_image: tuple[str, ...] = ("mask",)
    joint: bool = False
    together: Callable[[Any], bool] | None = None
    tried: bool = False
    reach: Callable[..., Any] | None = None
    serve: str = ""
    reason: str = ""


_PLANNED, _WHOLE = Rule(), "all of them set each result"
_SPECTRUM = Rule(WHOLE, reason="it filters the spectrum of the whole image")
_CONNECTED = Rule(WHOLE, reason="a region may reach across the whole image")
_NOT_AN_IMAGE = Rule(REFUSED)
_COLOURS = Rule(POINTS, (), joint=True)


def _names(home: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{home}.{name}" for name in names)


RULES: dict[str, Rule] = {
    **dict.fromkeys(
        (
            *("correlate", "convolve", "gaussian", "box", "sharpen", "unsharp_mask"),
            *("median", "percentile", "minimum", "maximum"),
            *("sobel", "scharr", "prewitt", "farid", "roberts", "laplacian"),
            *("laplacian_of_gaussian", "difference_of_gaussians", "gaussian_gradient_magnitude"),
            *("local_variance", "local_std", "local_entropy"),
            *("hessian", "hessian_eigenvalues", "structure_tensor", "structure_tensor_eigenvalues"),
            *("orientation", "coherence", "generic", "max_pool", "avg_pool"),
            *("anisotropic_diffusion", "rolling_ball"),
            *_names("threshold", "niblack", "sauvola", "local"),
            *_names("morphology", "erosion", "dilation", "opening", "closing", "gradient"),
            *_names("morphology", "white_tophat", "black_tophat"),
        ),
        _PLANNED,
    ),
    **dict.fromkeys(
        _names("threshold", "otsu", "multi_otsu", "li", "yen", "triangle", "isodata", "minimum"),
        Rule(OWN, serve="thresholds.threshold"),
    ),
    "hog": Rule(OWN, serve="cells.hog"),
    "pyramid": Rule(OWN, serve="resampled.pyramid"),
    "resize": Rule(OWN, serve="resampled.resize"),
    "canny": Rule(OWN, serve="edges.canny"),
    "hysteresis_threshold": Rule(OWN, serve="connected.hysteresis"),
    "bilateral": Rule(with_image=("mask", "guide"), joint=True),
    "guided": Rule(with_image=("mask", "guide"), joint=True),
    "non_local_means": Rule(joint=True, reason="the noise is not known: give it with noise="),
    "steered": Rule(tried=True),
    "gabor": Rule(tried=True, reach=reaches.gabor),
    "coverage": Rule(with_image=(), tried=True),
    "fill": Rule(tried=True),
    "match_template": Rule(OWN, serve="templates.match_template"),
    "harris": Rule(tried=True, reach=reaches.corners),
    "shi_tomasi": Rule(tried=True, reach=reaches.corners),
    "morphology.hit_or_miss": Rule(tried=True, reach=reaches.patterns),
    **dict.fromkeys(
        _names("color", "rgb_to_gray", "rgb_to_lab", "lab_to_rgb", "lab_to_lch", "lch_to_lab"), _COLOURS
    ),
    "frangi": Rule(reason="the largest Hessian matrix of the image sets gamma: give it with gamma="),
    "sato": Rule(),
    "meijering": Rule(reason="the largest response of the image is 1"),
    "total_variation": Rule(WHOLE, joint=True, reason="every sample depends on all others"),
    "clahe": Rule(
        WHOLE,
        reason="its tiles divide the whole image",
        together=lambda call: call.get("value_range") is None,
    ),
    **dict.fromkeys(("global_pool", "estimate_noise"), Rule(WHOLE, tried=True, reason=_WHOLE)),
    "pyramid_pool": Rule(REFUSED, reason="its cells divide the whole image"),
    **dict.fromkeys(("blobs", "corner_peaks"), Rule(REFUSED, reason="the number of results is not known")),
    **dict.fromkeys(_names("morphology", "skeleton", "thin"), _CONNECTED),
    "morphology.distance": Rule(REFUSED, reason="every sample may depend on all others"),
    "morphology.reconstruction": Rule(REFUSED, reason="a region may reach across the whole image"),
    "threshold.mean": Rule(REFUSED, reason="image.mean() is the mean"),
    "from_pyramid": Rule(REFUSED, reason="each level depends on all smaller ones"),
    "fit_kernel": Rule(REFUSED),
    **dict.fromkeys(_names("series", "embed", "fit_forecaster"), Rule(REFUSED)),
    **dict.fromkeys(
        _names(
            "series",
            *("causal", "difference", "exponential", "gaussian", "median"),
            *("moving_apply", "moving_average", "moving_maximum", "moving_minimum", "moving_quantile"),
            *("moving_rank", "moving_std", "moving_sum", "moving_variance", "savgol", "weighted_average"),
        ),
        Rule(WHOLE, tried=True, reason="a series is filtered from its first sample on"),
    ),
    **dict.fromkeys(
        _names(
            "layers",
            *("avg_pool_gradient", "conv", "conv_bias_gradient", "conv_input_gradient", "conv_transpose"),
            *("conv_weight_gradient", "cross_entropy", "depthwise", "depthwise_separable", "dynamic_conv"),
            *("max_pool_gradient", "pointwise", "prepare"),
        ),
        Rule(REFUSED),
    ),
    **dict.fromkeys(
        _names("show", "activity", "class_model", "embed", "feature_maps", "guided_backprop", "kernels")
        + _names("show", "occlusion_map", "patches", "saliency"),
        Rule(REFUSED),
    ),
    **dict.fromkeys(("butterworth", "homomorphic", "wiener"), _SPECTRUM),
    "richardson_lucy": Rule(WHOLE, reason="each iteration reads the result of the one before"),
    **dict.fromkeys(
        _names(
            "morphology",
            *("area_closing", "area_opening", "clear_border", "fill_holes", "h_maxima", "h_minima"),
            *("local_maxima", "local_minima"),
        ),
        _CONNECTED,
    ),
}
