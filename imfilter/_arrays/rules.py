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
    "bilateral": Rule(with_image=("mask", "guide"), joint=True),
    "guided": Rule(with_image=("mask", "guide"), joint=True),
    "non_local_means": Rule(joint=True, reason="the noise is not known: give it with noise="),
    "steered": Rule(tried=True),
    "gabor": Rule(tried=True, reach=reaches.gabor),
    "coverage": Rule(with_image=(), tried=True),
    "fill": Rule(tried=True),
    "match_template": Rule(tried=True, reach=reaches.template),
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
    "clahe": Rule(WHOLE, reason="its tiles divide the whole image"),
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
