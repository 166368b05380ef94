"""Names of functions in other libraries, and their names in this package."""

import difflib

#: Keys are names in SciPy, OpenCV, scikit-image or PyTorch, in lower case and without underscores.
_NAMES = {
    "avgpool": "avg_pool",
    "avgpool2d": "avg_pool",
    "blur": "box",
    "boxfilter": "box",
    "canny": "canny",
    "conv2d": "layers.conv",
    "convolve1d": "convolve",
    "convolve2d": "convolve",
    "cornerharris": "harris",
    "cornermineigenval": "shi_tomasi",
    "cornerpeaks": "corner_peaks",
    "cornershitomasi": "shi_tomasi",
    "correlate1d": "correlate",
    "correlate2d": "correlate",
    "cvtcolor": "color.rgb_to_gray",
    "dilate": "maximum",
    "dilation": "maximum",
    "erode": "minimum",
    "erosion": "minimum",
    "ewm": "series.exponential",
    "fftconvolve": "convolve",
    "filter2d": "correlate",
    "gaussianblur": "gaussian",
    "gaussianfilter": "gaussian",
    "gaussianfilter1d": "gaussian",
    "gaussianlaplace": "laplacian_of_gaussian",
    "goodfeaturestotrack": "shi_tomasi",
    "greydilation": "maximum",
    "greyerosion": "minimum",
    "hogdescriptor": "hog",
    "imread": "io.read",
    "imwrite": "io.write",
    "laplace": "laplacian",
    "lfilter": "series.causal",
    "maximumfilter": "maximum",
    "maxpool": "max_pool",
    "maxpool2d": "max_pool",
    "medfilt": "median",
    "medfilt2d": "median",
    "medianblur": "median",
    "medianfilter": "median",
    "minimumfilter": "minimum",
    "peaklocalmax": "corner_peaks",
    "percentilefilter": "percentile",
    "rankfilter": "percentile",
    "rgb2gray": "color.rgb_to_gray",
    "rgb2lab": "color.rgb_to_lab",
    "rolling": "series.moving_average",
    "savgolfilter": "series.savgol",
    "sepfilter2d": "correlate",
    "uniformfilter": "box",
    "uniformfilter1d": "box",
    "unsharp": "unsharp_mask",
}


def meant(name: str) -> str | None:
    """Return the name in this package of a function of another library, or None if it is not known."""
    return _NAMES.get(name.lower().replace("_", "").replace("-", ""))


def hint(name: str, known: tuple[str, ...] = ()) -> str:
    """Return the end of a message about an unknown name: a suggestion of the name in this package."""
    if here := meant(name):
        return f"; here it is called {here!r}"
    close = difflib.get_close_matches(name.lower(), known, 1)
    return f"; did you mean {close[0]!r}?" if close else ""
