"""The table of commands of ``imfilter series``: functions in ``imfilter.series``."""

from __future__ import annotations

from .command import Command, Option

_SIZE = Option("size", "integer", None, "Number of samples of the window.", "required")
_SPACING = Option("spacing", "number", 1.0, "Time between samples. Derivatives are per unit of time.")
_FORMS = "Numbers ('1,2,1'), or a .npy, .txt or .csv file."

#: Shared options of the functions. `causal` has only those about missing samples, and the type.
_DTYPE = Option("dtype", "number_type", None, "Type of the result, rounded.", "float64; for .npy by input")
_MISSING = (
    Option("nan", "nan", "propagate", "Missing samples: propagate to every window with one, or ignore."),
    Option("min_coverage", "number", 0.0, "Smallest share of a window that must be present."),
)
_ENDS = (
    Option("align", "text", None, "centre: window around the sample; causal: no later samples.", "centre"),
    Option(
        "mode",
        "text",
        "edge",
        "Ends: edge, zero, constant, mirror, symmetric, wrap, shrink (shorter windows), valid (whole ones).",
    ),
    Option("cval", "number", 0.0, "Value beyond the ends with --mode constant."),
    *_MISSING,
    _DTYPE,
)
_MOVING = (
    *_ENDS[:-1],
    Option("min_count", "integer", None, "Smallest number of samples that must be present.", "none"),
    _DTYPE,
)
_DDOF = Option("ddof", "number", 0, "Number that is subtracted from the number of samples.")
_FIT = (
    _ENDS[0],
    _ENDS[1]._replace(help=_ENDS[1].help[:-1] + ", fit (polynomials of the first and last window)."),
    *_ENDS[2:],
)
_EXPONENTIAL = (
    Option("align", "text", None, "causal, or centre (a forward and a backward pass).", "causal"),
    Option("mode", "text", "edge", "Before the first sample: edge, zero, constant, shrink."),
    *_ENDS[2:],
)

#: Options for files.
TABLE = (
    Option(
        "column",
        "texts",
        (),
        "Column to filter: name, or number from 1. Give it several times for several columns.",
        "the only one",
    ),
    Option("header", "switch", None, "Whether the first row has names.", "if its cell is not a number"),
    Option("delimiter", "delimiter", None, "One character, or tab.", ".tsv: tab; else by the first rows"),
    Option("append", "flag", False, "Add the results as a new column. Default: replace the column."),
    Option("name", "texts", (), "Name of an added column; implies --append.", "price_median, for example"),
    Option("stream", "flag", False, "Filter each line as it arrives and write it at once; OUT must be -."),
)
TIME = Option("time", "text", None, "Column of times for --plot: dates or numbers.", "sample numbers")
FILES = (
    Option("nodata", "nodata", None, "Value of missing samples. They are ignored.", "none"),
    *TABLE,
    Option("plot", "text", None, "Draw the series before and after: a .png, .svg or .pdf file.", "none"),
    TIME,
    Option("axis", "integer", None, "Axis of time of a .npy file.", "-1"),
    Option("workers", "count", None, "Number of threads.", "every core"),
)


def _series(
    name: str, summary: str, options: tuple[Option, ...], example: str, shared: tuple[Option, ...] = _ENDS
) -> Command:
    return Command(name, "series", summary, (*options, *shared, *FILES), f"series {name} {example}")


SERIES: tuple[Command, ...] = (
    _series(
        "moving_average",
        "Replace each sample by the mean of a window.",
        (_SIZE,),
        "prices.csv out.csv --column price --size 5",
    ),
    _series(
        "weighted_average",
        "Replace each sample by a weighted mean of a window.",
        (Option("weights", "taps", None, f"Weights, the oldest sample first. {_FORMS}", "required"),),
        "prices.csv out.csv --column price --weights 1,2,1",
    ),
    _series(
        "gaussian",
        "Smooth with a Gaussian filter.",
        (
            Option("sigma", "number", None, "Standard deviation in samples.", "required"),
            Option("truncate", "number", 4.0, "Cut the Gaussian at this many standard deviations."),
            Option(
                "radius", "integer", None, "Cut the Gaussian at this many samples instead.", "from --truncate"
            ),
        ),
        "prices.csv out.csv --column price --column volume --sigma 2",
    ),
    _series(
        "median",
        "Replace each sample by the median of a window.",
        (_SIZE,),
        "prices.csv out.csv --column price --size 7 --plot out.png --time time",
    ),
    _series(
        "moving_minimum",
        "Replace each sample by the smallest sample of a window.",
        (_SIZE,),
        "prices.csv out.csv --column price --size 20",
        _MOVING,
    ),
    _series(
        "moving_maximum",
        "Replace each sample by the largest sample of a window.",
        (_SIZE,),
        "prices.csv out.csv --column price --size 20",
        _MOVING,
    ),
    _series(
        "moving_sum",
        "Replace each sample by the sum of a window.",
        (_SIZE,),
        "prices.csv out.csv --column volume --size 20 --align causal",
        _MOVING,
    ),
    _series(
        "moving_std",
        "Replace each sample by the standard deviation of a window.",
        (_SIZE, _DDOF),
        "prices.csv out.csv --column price --size 20 --append --name volatility",
        _MOVING,
    ),
    _series(
        "moving_variance",
        "Replace each sample by the variance of a window.",
        (_SIZE, _DDOF),
        "prices.csv out.csv --column price --size 20 --ddof 1",
        _MOVING,
    ),
    _series(
        "moving_quantile",
        "Replace each sample by a quantile of a window.",
        (
            _SIZE,
            Option("q", "number", None, "The quantile, from 0 to 1.", "required"),
            Option(
                "method",
                "text",
                "linear",
                "Between two samples: linear, lower, higher, nearest or midpoint.",
            ),
        ),
        "prices.csv out.csv --column price --size 20 --q 0.9",
        _MOVING,
    ),
    _series(
        "moving_rank",
        "Replace each sample by its rank in a window.",
        (_SIZE,),
        "prices.csv out.csv --column price --size 20 --align causal --mode shrink",
        _MOVING,
    ),
    _series(
        "exponential",
        "Take the exponentially weighted mean of all samples so far.",
        (
            Option("alpha", "number", None, "Weight of the newest sample, at most 1.", "one of three"),
            Option("span", "number", None, "Size of a moving average with the same delay.", "one of three"),
            Option(
                "halflife", "number", None, "Number of samples after which a weight is half.", "one of three"
            ),
            Option(
                "adjust",
                "flag",
                False,
                "Normalise the weights over the existing samples, as with --mode shrink.",
            ),
        ),
        "- - --column price --alpha 0.1 --stream",
        _EXPONENTIAL,
    ),
    _series(
        "savgol",
        "Smooth or differentiate with a Savitzky-Golay filter.",
        (
            _SIZE,
            Option("order", "integer", None, "Order of the polynomials.", "required"),
            Option("deriv", "integer", 0, "Order of the derivative."),
            _SPACING,
        ),
        "prices.csv out.csv --column price --size 11 --order 3 --mode fit",
        _FIT,
    ),
    _series(
        "difference",
        "Differentiate: [-1 0 1]/2 or [1 -2 1].",
        (Option("order", "integer", 1, "Order of the derivative: 1 or 2."), _SPACING),
        "prices.csv out.csv --column price --spacing 10 --append --name slope",
    ),
    _series(
        "causal",
        "Filter with a causal kernel: y[t] = sum of kernel[i] x[t-i] + bias.",
        (
            Option("kernel", "taps", None, f"Weights, the newest sample first. {_FORMS}", "required"),
            Option("bias", "number", 0.0, "Number added to every result."),
            Option("initial", "initial", "zero", "Before the first sample: zero, edge, valid or numbers."),
        ),
        "prices.csv out.csv --column price --kernel 1,-1",
        (*_MISSING, _DTYPE),
    ),
)
