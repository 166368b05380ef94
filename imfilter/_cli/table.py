"""The one table of commands: it makes the options, their help and the tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["smoothing", "linear", "derivative", "edges", "corners", "descriptor", "shown", "series"]


@dataclass(frozen=True)
class Option:
    """One option: the function's keyword of the same name, or one of the command's own.

    Parameters
    ----------
    name : str
        Keyword; the option is the same word with hyphens.
    form : str
        How its text is read: a name in ``options.FORMS``.
    default : object
        What holds when it is left out.
    help : str
        One line.
    shown : str
        The default in words, where the value says too little.
    """

    name: str
    form: str
    default: Any
    help: str
    shown: str = ""

    @property
    def flag(self) -> str:
        """The option as it is typed."""
        return "--" + self.name.replace("_", "-")


@dataclass(frozen=True)
class Command:
    """One filter of the command line: the public function of the same name.

    Parameters
    ----------
    name : str
        The command and the function.
    kind : str
        What it does with colour, alpha and bit depth: see ``apply``.
    summary : str
        One line of help.
    options : tuple of Option
        The function's own options.
    example : str
        A command line without the leading ``imfilter``.
    """

    name: str
    kind: Kind
    summary: str
    options: tuple[Option, ...]
    example: str


_SIGMA = "Standard deviation in pixels; rows,columns for one each."
_TRUNCATE = Option("truncate", "number", 4.0, "Cut the Gaussian at this many standard deviations.")
_RADIUS = Option(
    "radius", "integers", None, "Cut the Gaussian at this many pixels instead.", "from --truncate"
)
_SPACING = Option("spacing", "numbers", None, "Distance between pixels; rows,columns for one each.", "1")
_GAUSSIAN = (_TRUNCATE, _RADIUS)
_WINDOW = Option("size", "integers", 3, "Width of the window in pixels; rows,columns for one each.")
_KERNEL = (
    Option(
        "kernel",
        "kernel",
        None,
        "Rows of numbers ('0,1,0;1,-4,1;0,1,0'), a name in imfilter.weights (SHARPEN, SOBEL_X), "
        "or a .npy, .txt or .csv file. Given twice: a column and a row that make a separable kernel.",
        "required",
    ),
    Option("bias", "number", 0.0, "Number added to every result."),
    Option("stride", "integers", 1, "Keep every n-th pixel; rows,columns for one each."),
    Option("dilation", "integers", 1, "Distance between the kernel's samples in pixels."),
    Option("padding", "padding", "same", "'same', 'valid' or a number of pixels."),
)
_DIFFERENCE = (
    Option(
        "axis",
        "axis",
        None,
        "One derivative only: x (along rows), y, z or an axis number.",
        "gradient magnitude",
    ),
    Option("normalize", "flag", False, "Scale raw values so that a ramp of 1 a pixel gives 1."),
    _SPACING,
)

#: Endings of files that list corners.
TABLES = (".csv", ".json")

COMMANDS: tuple[Command, ...] = (
    Command(
        "correlate",
        "linear",
        "Weigh each neighbourhood with a kernel.",
        _KERNEL,
        "correlate in.png out.png --kernel '1,2,1;2,4,2;1,2,1' --bias 10",
    ),
    Command(
        "convolve",
        "linear",
        "Correlate with the kernel turned by half a turn.",
        _KERNEL,
        "convolve in.png out.png --kernel SHARPEN",
    ),
    Command(
        "gaussian",
        "smoothing",
        "Smooth with a Gaussian.",
        (Option("sigma", "numbers", 1.0, _SIGMA), *_GAUSSIAN, _SPACING),
        "gaussian in.png out.png --sigma 2.5",
    ),
    Command(
        "box",
        "smoothing",
        "Smooth with the mean of a rectangle.",
        (Option("size", "integers", 3, "Width of the box in pixels; rows,columns for one each."),),
        "box in.png out.png --size 5,9",
    ),
    Command(
        "sharpen",
        "smoothing",
        "Sharpen by taking the Laplacian away.",
        (Option("amount", "number", 1.0, "Strength."),),
        "sharpen in.png out.png --amount 0.5",
    ),
    Command(
        "unsharp_mask",
        "smoothing",
        "Sharpen by adding what a Gaussian removes.",
        (
            Option("sigma", "numbers", 1.0, _SIGMA),
            Option("amount", "number", 1.0, "Strength."),
            *_GAUSSIAN,
        ),
        "unsharp_mask in.png out.png --sigma 2 --amount 0.7",
    ),
    Command(
        "median",
        "smoothing",
        "Remove specks: the middle of each neighbourhood.",
        (_WINDOW,),
        "median in.png out.png --size 5",
    ),
    Command(
        "percentile",
        "smoothing",
        "Take a percentile of each neighbourhood.",
        (Option("q", "number", 50.0, "Percentile, from 0 (the minimum) to 100 (the maximum)."), _WINDOW),
        "percentile in.png out.png --q 10 --size 7",
    ),
    Command(
        "minimum",
        "smoothing",
        "Take the darkest of each neighbourhood (erosion).",
        (_WINDOW,),
        "minimum in.png out.png --size 3,9",
    ),
    Command(
        "maximum",
        "smoothing",
        "Take the brightest of each neighbourhood (dilation).",
        (_WINDOW,),
        "maximum in.png out.png --size 5",
    ),
    Command("sobel", "derivative", "Find edges (Sobel).", _DIFFERENCE, "sobel in.png edges.png"),
    Command(
        "scharr",
        "derivative",
        "Find edges (Scharr: rounder than Sobel).",
        _DIFFERENCE,
        "scharr in.png edges.png --axis x --signed",
    ),
    Command("prewitt", "derivative", "Find edges (Prewitt).", _DIFFERENCE, "prewitt in.png edges.png"),
    Command(
        "canny",
        "edges",
        "Find edges, one pixel wide (Canny).",
        (
            Option("low", "number", None, "Low threshold, of raw Sobel responses.", "half of high"),
            Option("high", "number", None, "High threshold.", "found from the picture"),
            Option("sigma", "numbers", 1.0, _SIGMA),
            Option("norm", "text", "l2", "How strong a gradient is: l2 or l1."),
            Option("nms", "text", "sector", "What is largest: sector (as OpenCV) or interpolated."),
            Option("threshold", "text", "absolute", "What these are: absolute, quantile, median or otsu."),
        ),
        "canny in.png edges.png --sigma 1.5",
    ),
    Command(
        "harris",
        "corners",
        "Find corners (Harris).",
        (
            Option("k", "number", 0.04, "Sensitivity: how unlike the two directions may be."),
            Option("size", "integer", 2, "Width of the box over which products are summed, in pixels."),
            Option("aperture", "integer", 3, "Length of Sobel's operator: 3, 5 or 7."),
            Option("distance", "number", 5.0, "Least distance between two corners in pixels."),
            Option("metric", "text", "euclidean", "How it is measured: euclidean or chebyshev."),
            Option("strength", "number", 0.01, "Least share of the strongest corner's response."),
            Option("count", "count", None, "Keep the strongest ones.", "all"),
            Option("refine", "flag", False, "Find corners between pixels, for tables."),
        ),
        "harris in.png corners.png --size 3 --count 100",
    ),
    Command(
        "hog",
        "descriptor",
        "Describe a picture by histograms of oriented gradients.",
        (
            Option("orientations", "integer", 9, "Bins of half a turn."),
            Option("pixels_per_cell", "integers", (8, 8), "Size of a cell in pixels; rows,columns.", "8"),
            Option("cells_per_block", "integers", (3, 3), "Size of a block in cells; rows,columns.", "3"),
            Option("block_norm", "text", "L2-Hys", "How blocks are normalised: L1, L1-sqrt, L2 or L2-Hys."),
            Option("transform_sqrt", "flag", False, "Take the root of the picture first."),
            Option("interpolate", "flag", False, "Share votes between neighbouring orientations and cells."),
        ),
        "hog in.png cells.png --cells-per-block 2 --full-scale 60",
    ),
    Command(
        "laplacian",
        "derivative",
        "Find edges and spots (sum of second differences).",
        (Option("diagonals", "flag", False, "Weigh the diagonal neighbours too."),),
        "laplacian in.png out.png --signed",
    ),
    Command(
        "laplacian_of_gaussian",
        "derivative",
        "Find blobs and edges of one size.",
        (Option("sigma", "numbers", 1.0, _SIGMA), *_GAUSSIAN, _SPACING),
        "laplacian_of_gaussian in.png out.png --sigma 3 --signed",
    ),
    Command(
        "difference_of_gaussians",
        "derivative",
        "Find detail between two scales.",
        (
            Option("low", "numbers", 1.0, "Standard deviation of the finer Gaussian."),
            Option("high", "numbers", None, "Standard deviation of the coarser one.", "1.6 times low"),
            *_GAUSSIAN,
            _SPACING,
        ),
        "difference_of_gaussians in.png out.png --low 1 --high 4 --signed",
    ),
    Command(
        "gaussian_gradient_magnitude",
        "derivative",
        "Find edges in a smoothed picture.",
        (Option("sigma", "numbers", 1.0, _SIGMA), *_GAUSSIAN, _SPACING),
        "gaussian_gradient_magnitude in.png edges.png --sigma 2",
    ),
)

_SCALE = Option("scale", "text", "common", "Colours: one scale for all (common), or one for each.")
_SHEET = (
    Option("columns", "count", None, "Pictures in a row.", "about as many as rows"),
    Option("plain", "flag", False, "Write no labels."),
)

#: What ``imfilter show`` can draw: the commands are functions in ``imfilter.show``.
SHOWN: tuple[Command, ...] = (
    Command(
        "kernels",
        "shown",
        "Draw the kernels of a .npy file: below zero blue, above zero red.",
        (_SCALE, Option("pixels", "count", 64, "Size of a kernel on the sheet."), *_SHEET),
        "show kernels weights.npy kernels.png",
    ),
    Command(
        "maps",
        "shown",
        "Draw the feature maps of a .npy file.",
        (
            Option("signed", "flag", False, "Show zero in white, though nothing may be below it."),
            *(_SCALE, Option("pixels", "count", 128, "Size of a map on the sheet.")),
            Option("channel_axis", "ends", 0, "Axis of the channels: 0 or -1."),
            *_SHEET,
        ),
        "show maps maps.npy maps.png --scale each",
    ),
    Command(
        "patches",
        "shown",
        "Draw what excites a kernel most in some pictures, or list where it is.",
        (
            _KERNEL[0],
            Option("count", "count", 9, "How many patches at most."),
            Option("size", "integers", None, "Size of a patch; rows,columns for one each.", "the kernel's"),
            Option("pixels", "count", 64, "Size of a patch on the sheet."),
            *_SHEET,
        ),
        "show patches in.png in.png patches.png --kernel LAPLACIAN --size 15",
    ),
)

#: Options of every filter that are the functions' keywords; what is beyond the border is not asked for of
#: descriptors.
BORDER = (
    Option("mode", "text", "mirror", "Border: mirror, symmetric, edge, wrap, zero or constant."),
    Option("cval", "number", 0.0, "Value outside the image with --mode constant."),
)
SHARED = (
    *BORDER,
    Option("workers", "count", None, "Number of threads.", "every core"),
    Option("dtype", "dtype", None, "Type of the result: uint8, uint16, float32 ...", "by input and format"),
    Option(
        "channel_axis", "ends", None, "For .npy: 0 or -1 if that axis holds channels (3 are RGB).", "none"
    ),
)

#: Of the derivatives, about colour.
PER_CHANNEL = Option("per_channel", "flag", False, "Filter each colour channel, not the luminance.")
#: Options of every filter, about which values of an image are black and white in integers.
LIMITS = (
    Option("full_scale", "positive", None, "The input value that is white.", "the type's maximum"),
    Option("range", "range", None, "LOW,HIGH: the input values that are black and white.", "0,full scale"),
)
SIGNED = Option("signed", "flag", False, "Show zero as mid-grey, negative darker, positive lighter.")

#: Options about files, of every filter too.
FILES = (
    Option("quality", "percent", None, "1 to 100, of JPEG and WebP.", "95; WebP lossless"),
    Option("background", "colour", None, "white, black or #rrggbb, laid under transparency.", "keep alpha"),
    Option("max_pixels", "limit", 2**29, "Refuse larger pictures; 0 for no limit."),
    Option("exif", "switch", True, "Whether OUT has the EXIF of IN.", "--exif"),
)


def options_of(command: Command) -> tuple[Option, ...]:
    """Return every option of a command, in the order of its help."""
    own = command.options
    if command.kind == "series":
        return own
    if command.kind == "shown":
        return own + FILES[::2]
    if command.kind == "derivative":
        own += (PER_CHANNEL,)
    # A gradient magnitude of Gaussians has no sign to show.
    if command.kind in ("linear", "derivative") and command.name != "gaussian_gradient_magnitude":
        own += (SIGNED,)
    return own + LIMITS + shared_of(command) + FILES


def shared_of(command: Command) -> tuple[Option, ...]:
    """Return the options of a command that others have too and that are the functions' keywords."""
    return tuple(o for o in SHARED if command.kind != "descriptor" or o not in BORDER)


def find(name: str, table: tuple[Command, ...] = COMMANDS) -> Command | None:
    """Return the command of this name, spelled with underscores or hyphens."""
    wanted = name.replace("-", "_")
    return next((command for command in table if command.name == wanted), None)
