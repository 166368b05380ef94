"""The table of commands. It defines the options, their help and the tests."""

from __future__ import annotations

from .command import Command, Option
from .common_options import GAUSSIAN, SIGMA, SPACING
from .morphology_table import MORPHOLOGY
from .orientation_table import ORIENTATION
from .preserving_table import PRESERVING
from .scale_table import SCALES

_WINDOW = Option("size", "integers", 3, "Size of the window in pixels: one for both axes, or rows,columns.")
KERNEL = Option(
    "kernel",
    "kernel",
    None,
    "Rows of numbers ('0,1,0;1,-4,1;0,1,0'), a name in imfilter.weights (SHARPEN, SOBEL_X), "
    "or a .npy, .txt or .csv file. Give it twice for a separable kernel: a column and a row.",
    "required",
)
_KERNEL = (
    KERNEL,
    Option("bias", "number", 0.0, "Number added to every result."),
    Option("stride", "integers", 1, "Keep every n-th pixel: one for both axes, or rows,columns."),
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
    SPACING,
)

#: Suffixes of files that list corners.
TABLES = (".csv", ".json")

COMMANDS: tuple[Command, ...] = (
    Command(
        "correlate",
        "linear",
        "Correlate with a kernel.",
        _KERNEL,
        "correlate in.png out.png --kernel '1,2,1;2,4,2;1,2,1' --bias 10",
    ),
    Command(
        "convolve",
        "linear",
        "Convolve with a kernel (the kernel is flipped).",
        _KERNEL,
        "convolve in.png out.png --kernel SHARPEN",
    ),
    Command(
        "gaussian",
        "smoothing",
        "Smooth with a Gaussian filter.",
        (Option("sigma", "numbers", 1.0, SIGMA), *GAUSSIAN, SPACING),
        "gaussian in.png out.png --sigma 2.5",
    ),
    Command(
        "box",
        "smoothing",
        "Smooth with the mean of a box.",
        (Option("size", "integers", 3, "Size of the box in pixels: one for both axes, or rows,columns."),),
        "box in.png out.png --size 5,9",
    ),
    Command(
        "sharpen",
        "smoothing",
        "Sharpen by subtracting the Laplacian.",
        (Option("amount", "number", 1.0, "Strength."),),
        "sharpen in.png out.png --amount 0.5",
    ),
    Command(
        "unsharp_mask",
        "smoothing",
        "Sharpen by unsharp masking.",
        (
            Option("sigma", "numbers", 1.0, SIGMA),
            Option("amount", "number", 1.0, "Strength."),
            *GAUSSIAN,
        ),
        "unsharp_mask in.png out.png --sigma 2 --amount 0.7",
    ),
    Command(
        "median",
        "smoothing",
        "Replace each pixel by the median of its neighbourhood.",
        (_WINDOW,),
        "median in.png out.png --size 5",
    ),
    Command(
        "percentile",
        "smoothing",
        "Replace each pixel by a percentile of its neighbourhood.",
        (Option("q", "number", 50.0, "Percentile, from 0 (the minimum) to 100 (the maximum)."), _WINDOW),
        "percentile in.png out.png --q 10 --size 7",
    ),
    Command(
        "minimum",
        "smoothing",
        "Replace each pixel by the minimum of its neighbourhood (erosion).",
        (_WINDOW,),
        "minimum in.png out.png --size 3,9",
    ),
    Command(
        "maximum",
        "smoothing",
        "Replace each pixel by the maximum of its neighbourhood (dilation).",
        (_WINDOW,),
        "maximum in.png out.png --size 5",
    ),
    Command(
        "sobel", "derivative", "Find edges with the Sobel operator.", _DIFFERENCE, "sobel in.png edges.png"
    ),
    Command(
        "scharr",
        "derivative",
        "Find edges with the Scharr operator.",
        _DIFFERENCE,
        "scharr in.png edges.png --axis x --signed",
    ),
    Command(
        "prewitt",
        "derivative",
        "Find edges with the Prewitt operator.",
        _DIFFERENCE,
        "prewitt in.png edges.png",
    ),
    Command(
        "farid",
        "derivative",
        "Find edges with the Farid operator of five taps.",
        _DIFFERENCE,
        "farid in.png edges.png --axis y --signed",
    ),
    Command(
        "roberts",
        "derivative",
        "Find edges with the Roberts cross.",
        _DIFFERENCE,
        "roberts in.png edges.png",
    ),
    Command(
        "canny",
        "edges",
        "Find edges with the Canny edge detector.",
        (
            Option("low", "number", None, "Low threshold for raw Sobel responses.", "half of high"),
            Option("high", "number", None, "High threshold.", "computed from the picture"),
            Option("sigma", "numbers", 1.0, SIGMA),
            Option("norm", "text", "l2", "Norm of the gradient: l2 or l1."),
            Option("nms", "text", "sector", "Non-maximum suppression: sector or interpolated."),
            Option("threshold", "text", "absolute", "Unit of both: absolute, quantile, median or otsu."),
        ),
        "canny in.png edges.png --sigma 1.5",
    ),
    Command(
        "harris",
        "corners",
        "Find corners with the Harris corner detector.",
        (
            Option("k", "number", 0.04, "Weight of the squared trace."),
            Option("size", "integer", 2, "Size of the window in pixels."),
            Option("aperture", "integer", 3, "Length of the Sobel operator: 3, 5 or 7."),
            Option("distance", "number", 5.0, "Minimum distance between two corners in pixels."),
            Option("metric", "text", "euclidean", "Metric of the distance: euclidean or chebyshev."),
            Option("strength", "number", 0.01, "Minimum response as a fraction of the strongest response."),
            Option("count", "count", None, "Maximum number of corners; the strongest are kept.", "all"),
            Option("refine", "flag", False, "Refine positions to fractions of a pixel, for tables."),
        ),
        "harris in.png corners.png --size 3 --count 100",
    ),
    Command(
        "hog",
        "descriptor",
        "Describe a picture by histograms of oriented gradients (HOG).",
        (
            Option("orientations", "integer", 9, "Number of orientation bins from 0 to 180 degrees."),
            Option("pixels_per_cell", "integers", (8, 8), "Size of a cell in pixels, or rows,columns.", "8"),
            Option("cells_per_block", "integers", (3, 3), "Size of a block in cells, or rows,columns.", "3"),
            Option("block_norm", "text", "L2-Hys", "Normalisation of blocks: L1, L1-sqrt, L2 or L2-Hys."),
            Option("transform_sqrt", "flag", False, "Take the square root of the picture first."),
            Option("interpolate", "flag", False, "Interpolate between neighbouring orientations and cells."),
        ),
        "hog in.png cells.png --cells-per-block 2 --full-scale 60",
    ),
    Command(
        "laplacian",
        "derivative",
        "Find edges and spots (sum of second differences).",
        (Option("diagonals", "flag", False, "Include the diagonal neighbours."),),
        "laplacian in.png out.png --signed",
    ),
    Command(
        "laplacian_of_gaussian",
        "derivative",
        "Find blobs and edges of one size.",
        (Option("sigma", "numbers", 1.0, SIGMA), *GAUSSIAN, SPACING),
        "laplacian_of_gaussian in.png out.png --sigma 3 --signed",
    ),
    Command(
        "difference_of_gaussians",
        "derivative",
        "Find detail between two scales (band-pass).",
        (
            Option("low", "numbers", 1.0, "Standard deviation of the narrower Gaussian."),
            Option("high", "numbers", None, "Standard deviation of the wider Gaussian.", "1.6 times low"),
            *GAUSSIAN,
            SPACING,
        ),
        "difference_of_gaussians in.png out.png --low 1 --high 4 --signed",
    ),
    Command(
        "gaussian_gradient_magnitude",
        "derivative",
        "Find edges in a smoothed picture.",
        (Option("sigma", "numbers", 1.0, SIGMA), *GAUSSIAN, SPACING),
        "gaussian_gradient_magnitude in.png edges.png --sigma 2",
    ),
    *(
        Command(
            *(name, "statistic", f"Show the {what} of the neighbourhood.", (_WINDOW,)),
            *(f"{name} in.png out.png --size 9", f"local_{name}"),
        )
        for name, what in (("std", "standard deviation"), ("variance", "variance"))
    ),
    Command(
        "entropy",
        "entropy",
        "Show the entropy of the neighbourhood.",
        (
            _WINDOW,
            Option("levels", "integer", 256, "Number of bins of the histogram."),
            Option("value_range", "range", None, "LOW,HIGH: the ends of the bins.", "the type's"),
        ),
        "entropy in.png out.png --size 9",
        "local_entropy",
    ),
    Command(
        "fill",
        "fill",
        "Fill absent pixels from their neighbourhood, and keep the others.",
        (Option("sigma", "numbers", 1.0, SIGMA), *GAUSSIAN, SPACING),
        "fill in.png out.png --nodata 0 --sigma 3",
    ),
    *PRESERVING,
    *ORIENTATION,
    *MORPHOLOGY,
    *SCALES,
)

#: Options of the border, which are keywords of the functions. Descriptors do not have them.
BORDER = (
    Option("mode", "text", "mirror", "Border: mirror, symmetric, edge, wrap, zero, constant or shrink."),
    Option("cval", "number", 0.0, "Value outside the image with --mode constant."),
)
SHARED = (
    *BORDER,
    Option("workers", "count", None, "Number of threads.", "every core"),
    Option("dtype", "dtype", None, "Type of the result: uint8, uint16, float32 ...", "by input and format"),
    Option("channel_axis", "ends", None, "For .npy: channel axis, 0 or -1 (3 channels are RGB).", "none"),
)

#: Options about absent pixels.
MASK = (
    Option("mask", "file", None, "A file of the size of IN: pixels that are not 0 are present.", "all are"),
    Option("nodata", "nodata", None, "Value of absent pixels, or nan, or none.", "the tag of a GeoTIFF"),
    Option("nan", "nan", "propagate", "Whether NaN is absent: ignore, or propagate to every window with it."),
)
MIN_COVERAGE = Option("min_coverage", "number", 0.0, "Share of the window that must be present, 0 to 1.")
#: Filters beside morphology for which nothing is known beyond the border.
_SHRINKING = ("rolling_ball", "richardson_lucy")
#: Filters without a border.
_BORDERLESS = ("clahe",)
_FILLED = (
    *MASK[:2],
    Option("nan", "nan", "ignore", "Whether NaN is absent: ignore, or propagate (keep it)."),
)

#: Option of the derivatives for colour.
PER_CHANNEL = Option("per_channel", "flag", False, "Filter each colour channel, not the luminance.")
#: Options of every filter for the black and white values of integer results.
LIMITS = (
    Option("full_scale", "positive", None, "The input value that is white.", "the type's maximum"),
    Option("range", "range", None, "LOW,HIGH: the input values that are black and white.", "0,full scale"),
)
SIGNED = Option("signed", "flag", False, "Show zero as mid-grey, negative darker, positive lighter.")

#: Options of every filter for files.
FILES = (
    Option(
        "quality", "percent", None, "Quality of JPEG, WebP, AVIF and films, 1 to 100.", "95; WebP lossless"
    ),
    Option(
        "background",
        "colour",
        None,
        "Colour behind transparent pixels: white, black or #rrggbb.",
        "keep alpha",
    ),
    Option("max_pixels", "limit", 2**29, "Largest accepted number of pixels; 0 for no limit."),
    Option("exif", "switch", True, "Whether to copy the EXIF data of IN to OUT.", "--exif"),
    Option("axes", "axes", None, "For stacks: axes to filter, YX, ZYX, TYX or T.", "by metadata, or YX"),
    Option("levels", "count", 1, "For OME-Zarr: number of levels to write, each half as large."),
    Option("time", "flag", False, "For stacks and films: filter along time only, as --axes T."),
    Option("cluster", "cluster", None, "For zarr: a dask cluster to use, tcp://HOST:PORT or local.", "none"),
)
#: Options of every filter for folders, several files and standard output.
MANY = (
    Option("format", "format", None, "Format of results in a folder or in -: png, tif ...", "as IN; - png"),
    Option("suffix", "addition", None, "For folders: text after the name, as in photo_edges.png.", "none"),
    Option("glob", "text", None, "For folders: names of the files to filter.", "pictures"),
    Option("recursive", "switch", True, "For folders: whether to filter folders in IN.", "--recursive"),
    Option("skip_existing", "flag", False, "Leave out files whose result exists."),
    Option("jobs", "count", None, "For folders: number of files at a time.", "every core"),
)
#: Options of ``imfilter pipe`` for all its steps.
PIPE = (
    Option(
        "steps",
        "file",
        None,
        "A file of steps (.toml) instead of the words, or - for standard input.",
        "none",
    ),
    Option("save_steps", "file", None, "Write the steps to a file (.toml), or to -, for --steps.", "none"),
    SIGNED,
    *MASK,
    *LIMITS,
    *SHARED[len(BORDER) :],
    *FILES,
    *MANY,
)


def options_of(command: Command) -> tuple[Option, ...]:
    """Return every option of a command, in the order of its help."""
    options = command.options
    if command.kind == "series":
        return options
    if command.kind in ("shown", "network"):
        return options + tuple(option for option in FILES if option.name in ("quality", "max_pixels"))
    if command.kind in ("threshold", "objects", "regions", "finder", "denoising", "enhancement"):
        return options + missing_of(command) + shared_of(command) + files_of(command) + MANY
    if command.kind in ("derivative", "statistic", "entropy", "oriented", "measure"):
        options += (PER_CHANNEL,)
    # A gradient magnitude has no sign.
    if command.kind in ("linear", "derivative", "oriented") and command.name != "gaussian_gradient_magnitude":
        options += (SIGNED,)
    return options + missing_of(command) + LIMITS + shared_of(command) + files_of(command) + MANY


def files_of(command: Command) -> tuple[Option, ...]:
    """Return the options of a command for files, without those whose name an option of the filter has."""
    own = {option.name for option in command.options}
    return tuple(option for option in FILES if option.name not in own)


def missing_of(command: Command) -> tuple[Option, ...]:
    """Return the options of a command about absent pixels."""
    if command.kind == "objects":
        return ()
    if command.kind in ("edges", "descriptor", "regions", "denoising"):
        return MASK
    return (*(_FILLED if command.kind == "fill" else MASK), MIN_COVERAGE)


def shared_of(command: Command) -> tuple[Option, ...]:
    """Return the shared options of a command that are keywords of its function."""
    if (
        command.kind in ("morphology", "residue") or command.name in _SHRINKING
    ):  # what lies beyond the border does not count
        return (BORDER[0]._replace(default="shrink"), *SHARED[1:])
    if command.kind == "resampling":
        return (BORDER[0]._replace(default="edge"), *SHARED[1:])
    borderless = command.kind in ("descriptor", "objects", "regions", "denoising")
    return SHARED[len(BORDER) :] if borderless or command.name in _BORDERLESS else SHARED


def find(name: str, table: tuple[Command, ...] = COMMANDS) -> Command | None:
    """Return the command of this name, spelled with underscores or hyphens."""
    wanted = name.replace("-", "_")
    return next((command for command in table if command.name == wanted), None)
