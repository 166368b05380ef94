"""What each public function does with a lazy array: one table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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


_PLANNED = Rule()
RULES: dict[str, Rule] = dict.fromkeys(
    (
        *("correlate", "convolve", "gaussian", "box", "sharpen", "unsharp_mask"),
        *("median", "percentile", "minimum", "maximum"),
        *("sobel", "scharr", "prewitt", "farid", "roberts", "laplacian"),
        *("laplacian_of_gaussian", "difference_of_gaussians", "gaussian_gradient_magnitude"),
        *("local_variance", "local_std", "local_entropy", "threshold.niblack", "threshold.sauvola"),
        *("hessian", "hessian_eigenvalues", "structure_tensor", "structure_tensor_eigenvalues"),
        *("orientation", "coherence", "sato", "generic", "max_pool", "avg_pool"),
        *("anisotropic_diffusion", "rolling_ball", "threshold.local"),
        *(f"morphology.{name}" for name in ("erosion", "dilation", "opening", "closing", "gradient")),
        *("morphology.white_tophat", "morphology.black_tophat"),
    ),
    _PLANNED,
)
