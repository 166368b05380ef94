"""The commands of orientation, ridges and filters with a direction, and their options."""

from __future__ import annotations

from .command import Command, Option
from .common_options import GAUSSIAN, SIGMA, SPACING

_THETA = Option("theta", "number", 0.0, "Direction in radians: 0 is to the right, pi/2 is down.")
_SIGMAS = Option("sigmas", "numbers", (1, 3, 5, 7, 9), "Half widths of the ridges in pixels.", "1,3,5,7,9")
_RIDGES = (
    Option("black_ridges", "switch", True, "Whether ridges are dark, or bright.", "--black-ridges"),
    SPACING,
)
_TENSOR = (
    Option("sigma", "numbers", 1.0, SIGMA),
    Option("feature", "text", "plane", "plane (direction of most change) or line (of least change)."),
    Option("operator", "text", "farid", "Derivatives: sobel, scharr, prewitt or farid."),
    Option("normalize", "flag", False, "Scale derivatives so that a ramp of 1 a pixel gives 1."),
    *GAUSSIAN,
    SPACING,
)

ORIENTATION = (
    Command(
        "hessian",
        "oriented",
        "Show the second derivatives at a scale: eigenvalues of the Hessian matrix.",
        (
            Option("sigma", "numbers", 1.0, SIGMA),
            Option("which", "eigenvalue", "largest", "largest, smallest, or determinant (their product)."),
            *GAUSSIAN,
            SPACING,
        ),
        "hessian in.png out.png --sigma 2 --which smallest --signed",
        "hessian_eigenvalues",
    ),
    Command(
        "steered",
        "oriented",
        "Show the derivative in a direction, at a scale.",
        (
            Option("sigma", "numbers", 1.0, SIGMA),
            _THETA,
            Option("order", "integer", 1, "Order of the derivative: 1 or 2."),
            *GAUSSIAN,
            SPACING,
        ),
        "steered in.png out.png --sigma 2 --theta 0.785 --signed",
    ),
    Command(
        "gabor",
        "oriented",
        "Find waves of one frequency and direction with a Gabor filter.",
        (
            Option("frequency", "positive", 0.1, "Waves per pixel."),
            _THETA,
            Option("bandwidth", "number", 1.0, "Width of the response in octaves."),
            Option("sigma_x", "number", None, "Standard deviation along the wave.", "from --bandwidth"),
            Option("sigma_y", "number", None, "Standard deviation across the wave.", "from --bandwidth"),
            Option("part", "part", "magnitude", "real, imag or magnitude."),
            SPACING,
        ),
        "gabor in.png out.png --frequency 0.15 --theta 1.57",
    ),
    Command(
        "frangi",
        "measure",
        "Find ridges: the vesselness of Frangi et al.",
        (
            _SIGMAS,
            Option("alpha", "number", 0.5, "Suppression of planes, in volumes only."),
            Option("beta", "number", 0.5, "Suppression of blobs."),
            Option("gamma", "number", None, "Second derivatives of noise.", "half of the largest norm"),
            *_RIDGES,
        ),
        "frangi in.png ridges.png --sigmas 1,2,3",
    ),
    Command(
        "sato",
        "measure",
        "Find ridges: the tubeness of Sato et al.",
        (_SIGMAS, *_RIDGES),
        "sato in.png ridges.png --sigmas 1,2,3 --no-black-ridges",
    ),
    Command(
        "meijering",
        "measure",
        "Find thin lines: the neuriteness of Meijering et al.",
        (
            _SIGMAS,
            Option("alpha", "number", None, "Share of the other eigenvalue that is added.", "-1/3"),
            *_RIDGES,
        ),
        "meijering in.png ridges.png --sigmas 2",
    ),
    Command(
        "orientation",
        "measure",
        "Show the direction in which the picture changes most.",
        _TENSOR,
        "orientation in.png out.png --sigma 3",
    ),
    Command(
        "coherence",
        "measure",
        "Show how clear the direction of change is.",
        _TENSOR,
        "coherence in.png out.png --sigma 3",
    ),
)
