"""The commands of contrast, background and sharpness, and their options."""

from __future__ import annotations

from .command import Command, Option
from .common_options import SPACING

_BLUR = Option("kernel", "kernel", None, "The blur: rows of numbers, or a file (.npy, .txt).", "required")

ENHANCEMENTS: tuple[Command, ...] = (
    Command(
        "clahe",
        "enhancement",
        "Raise local contrast (CLAHE).",
        (
            Option("size", "integers", None, "Size of a tile: one for both axes, or rows,columns.", "1/8"),
            Option("clip_limit", "number", 2.0, "Largest height of a bin, relative to the mean."),
            Option("bins", "integer", 256, "Number of bins of a histogram."),
            Option("value_range", "range", None, "LOW,HIGH: the ends of the bins.", "the type's"),
        ),
        "clahe in.png out.png --clip-limit 3",
    ),
    Command(
        "rolling_ball",
        "enhancement",
        "Show the background: roll a ball below the picture.",
        (
            Option("radius", "numbers", None, "Radius in pixels: one, or rows,columns.", "required"),
            Option("height", "number", None, "Radius along the values of pixels.", "the largest radius"),
            Option("method", "text", "opening", "opening, or erosion (lower, as in scikit-image)."),
        ),
        "rolling_ball in.png out.png --radius 25",
    ),
    Command(
        "wiener",
        "enhancement",
        "Undo a known blur by the Wiener filter.",
        (
            _BLUR,
            Option("balance", "number", 0.01, "How much noise is expected; more is smoother."),
            Option("regularizer", "text", "laplacian", "laplacian or constant."),
        ),
        "wiener in.png out.png --kernel '1,2,1;2,4,2;1,2,1' --balance 0.1",
    ),
    Command(
        "richardson_lucy",
        "enhancement",
        "Undo a known blur by the method of Richardson and Lucy.",
        (_BLUR, Option("iterations", "integer", 50, "Number of iterations; more is sharper.")),
        "richardson_lucy in.png out.png --kernel '1,2,1;2,4,2;1,2,1' --iterations 5",
    ),
    Command(
        "butterworth",
        "enhancement",
        "Keep low, high or medium frequencies.",
        (
            Option("cutoff", "numbers", None, "Cycles a pixel, or LOW,HIGH for a band.", "required"),
            Option("kind", "text", "low", "Frequencies that stay: low, high or band."),
            Option("order", "number", 2.0, "How steep the response is."),
            Option("squared", "switch", True, "Whether the response is squared.", "--squared"),
            SPACING,
        ),
        "butterworth in.png out.png --cutoff 0.1",
    ),
    Command(
        "homomorphic",
        "enhancement",
        "Even out the illumination and raise the contrast.",
        (
            Option("cutoff", "number", None, "Cycles a pixel; illumination is slower.", "required"),
            Option("low_gain", "number", 0.5, "Factor of the logarithm at low frequencies."),
            Option("high_gain", "number", 1.5, "Factor of the logarithm at high frequencies."),
            Option("order", "number", 2.0, "How steep the response is."),
            Option("offset", "number", 1.0, "Number that is added before the logarithm."),
            SPACING,
        ),
        "homomorphic in.png out.png --cutoff 0.02 --low-gain 0.9",
    ),
)
