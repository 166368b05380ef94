"""The commands of denoising and their options."""

from __future__ import annotations

from .command import Command, Option
from .common_options import SPACING
from .table import BORDER, MIN_COVERAGE

DENOISING: tuple[Command, ...] = (
    Command(
        "non_local_means",
        "denoising",
        "Smooth by a mean of pixels whose surroundings look alike.",
        (
            Option("patch", "integers", 5, "Size of what is compared in pixels, odd, or rows,columns."),
            Option("search", "integers", 21, "Size of the window that is searched, odd, or rows,columns."),
            Option(
                "strength", "number", None, "Difference from which on weights are small.", "0.8 times noise"
            ),
            Option("noise", "number", None, "Standard deviation of the noise.", "estimated"),
            *BORDER,
            MIN_COVERAGE,
        ),
        "non-local-means in.png out.png --search 15",
    ),
    Command(
        "total_variation",
        "denoising",
        "Smooth to flat regions with sharp edges (total variation).",
        (
            Option(
                "weight", "number", None, "Weight of the variation: 0.5 to 1 times the noise.", "required"
            ),
            Option("tolerance", "number", 1e-3, "End when the gap is at most this share of the energy."),
            Option("max_iterations", "count", 1000, "Largest number of steps."),
            Option("coupled", "flag", False, "Colour channels have edges at the same places."),
        ),
        "total-variation in.png out.png --weight 15",
    ),
    Command(
        "anisotropic_diffusion",
        "denoising",
        "Smooth by diffusion that is slow at edges (Perona and Malik).",
        (
            Option("iterations", "count", None, "Number of steps.", "required"),
            Option("kappa", "positive", None, "Slope of edges: about 2 times the noise.", "required"),
            Option(
                "function", "text", "exponential", "exponential (sharp edges) or rational (wide regions)."
            ),
            Option("step", "positive", None, "Length of a step.", "0.25; less with --spacing"),
            SPACING,
        ),
        "anisotropic-diffusion in.png out.png --iterations 10 --kappa 30",
    ),
)
#: The command that prints a number.
NOISE = "estimate_noise"
