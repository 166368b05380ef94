"""The suggestion at the end of a message about an unknown name, and the names in other libraries."""

import importlib
import sys
from collections.abc import Callable, Iterable
from importlib.machinery import PathFinder

#: Modules of the package with public names of their own.
MODULES = ("color", "io", "layers", "morphology", "series", "show", "threshold", "weights")
#: Keys are functions of SciPy, OpenCV, scikit-image or PyTorch, in lower case and without underscores.
FUNCTIONS = {
    "adaptivethreshold": "threshold.local",
    "avgpool": "avg_pool",
    "avgpool2d": "avg_pool",
    "bilateralfilter": "bilateral",
    "binaryclosing": "morphology.closing",
    "binarydilation": "morphology.dilation",
    "binaryerosion": "morphology.erosion",
    "binaryfillholes": "morphology.fill_holes",
    "binaryhitormiss": "morphology.hit_or_miss",
    "binaryopening": "morphology.opening",
    "blackhat": "morphology.black_tophat",
    "blacktophat": "morphology.black_tophat",
    "blur": "box",
    "boxfilter": "box",
    "canny": "canny",
    "closing": "morphology.closing",
    "conv2d": "layers.conv",
    "convolve1d": "convolve",
    "convolve2d": "convolve",
    "cornerharris": "harris",
    "cornermineigenval": "shi_tomasi",
    "cornerpeaks": "corner_peaks",
    "cornershitomasi": "shi_tomasi",
    "correlate1d": "correlate",
    "correlate2d": "correlate",
    "createclahe": "clahe",
    "cvtcolor": "color.rgb_to_gray",
    "denoisebilateral": "bilateral",
    "denoisenlmeans": "non_local_means",
    "denoisetvchambolle": "total_variation",
    "dilate": "morphology.dilation",
    "dilation": "morphology.dilation",
    "distancetransform": "morphology.distance",
    "distancetransformedt": "morphology.distance",
    "entropy": "local_entropy",
    "equalizeadapthist": "clahe",
    "erode": "morphology.erosion",
    "erosion": "morphology.erosion",
    "ewm": "series.exponential",
    "estimatesigma": "estimate_noise",
    "fastnlmeansdenoising": "non_local_means",
    "fftconvolve": "convolve",
    "filter2d": "correlate",
    "gaussianblur": "gaussian",
    "gaussianfilter": "gaussian",
    "gaussianfilter1d": "gaussian",
    "gaussianlaplace": "laplacian_of_gaussian",
    "gaborkernel": "gabor",
    "genericfilter": "generic",
    "genericfilter1d": "generic",
    "goodfeaturestotrack": "shi_tomasi",
    "greyclosing": "morphology.closing",
    "greydilation": "morphology.dilation",
    "greyerosion": "morphology.erosion",
    "greyopening": "morphology.opening",
    "guidedfilter": "guided",
    "hessianmatrix": "hessian",
    "hessianmatrixeigvals": "hessian_eigenvalues",
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
    "morphologicalgradient": "morphology.gradient",
    "opening": "morphology.opening",
    "peaklocalmax": "corner_peaks",
    "percentilefilter": "percentile",
    "rankfilter": "percentile",
    "rgb2gray": "color.rgb_to_gray",
    "rgb2lab": "color.rgb_to_lab",
    "rolling": "series.moving_average",
    "savgolfilter": "series.savgol",
    "sepfilter2d": "correlate",
    "skeletonize": "morphology.skeleton",
    "sqrboxfilter": "local_variance",
    "thresholdisodata": "threshold.isodata",
    "thresholdli": "threshold.li",
    "thresholdlocal": "threshold.local",
    "thresholdmean": "threshold.mean",
    "thresholdminimum": "threshold.minimum",
    "thresholdmultiotsu": "threshold.multi_otsu",
    "thresholdniblack": "threshold.niblack",
    "thresholdotsu": "threshold.otsu",
    "thresholdsauvola": "threshold.sauvola",
    "thresholdtriangle": "threshold.triangle",
    "thresholdyen": "threshold.yen",
    "tophat": "morphology.white_tophat",
    "uniformfilter": "box",
    "uniformfilter1d": "box",
    "unsharp": "unsharp_mask",
    "vectorizedfilter": "generic",
    "whitetophat": "morphology.white_tophat",
}
#: Keys are arguments of functions in other libraries. A message names the first value that the function has.
ARGUMENTS = {
    "anchor": ("padding",),
    "bins": ("levels",),
    "border": ("mode",),
    "border_type": ("mode",),
    "bordertype": ("mode",),
    "boundary": ("mode",),
    "constant_values": ("cval",),
    "ddepth": ("dtype",),
    "dst": ("out",),
    "fill_value": ("cval",),
    "filter": ("kernel",),
    "image_size": ("shape",),
    "img": ("image", "x"),
    "in1": ("image",),
    "in2": ("kernel",),
    "input": ("image", "x"),
    "kernel_size": ("size", "kernel"),
    "ksize": ("size", "aperture", "radius"),
    "min_periods": ("min_count",),
    "multichannel": ("channel_axis",),
    "n_jobs": ("workers",),
    "num_workers": ("workers",),
    "max_num_iter": ("iterations",),
    "num_iter": ("iterations",),
    "psf": ("kernel",),
    "cutoff_frequency_ratio": ("cutoff",),
    "reg": ("regularizer",),
    "squared_butterworth": ("squared",),
    "output": ("out", "dtype"),
    "p": ("q",),
    "padding_value": ("cval",),
    "percentile": ("q",),
    "polyorder": ("order",),
    "selem": ("footprint",),
    "sigma_color": ("sigma_range",),
    "sigma_spatial": ("sigma_space",),
    "sigma_x": ("sigma",),
    "sigmacolor": ("sigma_range",),
    "sigmaspace": ("sigma_space",),
    "sigmax": ("sigma",),
    "return_indices": ("indices",),
    "src": ("image",),
    "std": ("sigma",),
    "strides": ("stride",),
    "structure": ("footprint",),
    "sampling": ("spacing",),
    "threads": ("workers",),
    "weights": ("kernel", "weight"),
    "win_size": ("size",),
    "window": ("size",),
    "window_length": ("size",),
    "window_size": ("size",),
}
#: The same for one function, where the argument of another library has this meaning in no other function.
OWN_ARGUMENTS = {
    ("moving_quantile", "interpolation"): "method",
    ("resize", "interpolation"): "method",
    ("resize", "order"): "method",
}
#: Arguments of other libraries that request what these functions always do.
NEEDLESS = {"preserve_range": "values are never rescaled"}
#: Keys are border modes of other libraries, in lower case.
BORDERS = {
    "nearest": "edge",
    "replicate": "edge",
    "border_replicate": "edge",
    "circular": "wrap",
    "grid-wrap": "wrap",
    "periodic": "wrap",
    "border_wrap": "wrap",
    "grid-mirror": "symmetric",
    "half_sample": "symmetric",
    "reflect101": "mirror",
    "reflect_101": "mirror",
    "border_reflect_101": "mirror",
    "border_reflect101": "mirror",
    "border_default": "mirror",
    "border_reflect": "symmetric",
    "grid-constant": "constant",
    "border_constant": "constant",
    "zeros": "zero",
}
#: Keys are interpolations of other libraries, in lower case.
INTERPOLATIONS = {
    "bilinear": "linear",
    "bicubic": "cubic",
    "inter_area": "area",
    "inter_cubic": "cubic",
    "inter_lanczos4": "lanczos",
    "inter_linear": "linear",
    "inter_nearest": "nearest",
    "lanczos4": "lanczos",
}


def suggestion(name: str, known: Iterable[str], ours: str | None = None, similarity: float = 0.6) -> str:
    """Return the end of a message about an unknown name, or an empty string if no known name is similar.

    Parameters
    ----------
    name : str
        The unknown name.
    known : iterable of str
        The accepted names.
    ours : str or None
        The name in this package, if `name` is the name in another library.
    similarity : float
        Smallest similarity of a name to suggest: 0 for any name, 1 for the same name.
    """
    if ours is not None:
        return f"; here it is called {ours!r}"
    spelled = {word.lower(): word for word in known}
    import difflib  # only for a message

    close = difflib.get_close_matches(name.lower(), spelled, 1, similarity)
    return f"; did you mean {spelled[close[0]]!r}?" if close else ""


def function_name(name: str) -> str | None:
    """Return the name in this package of a function of another library, or None if it is not known."""
    return FUNCTIONS.get(_plain(name))


def attribute_error(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """Return the error for a name that a module does not have.

    Names that begin with an underscore get no hint: tools look them up, and a hint imports all modules.
    Names of modules get none either: Python looks for an attribute before it imports a module.
    """
    start = f"module {module!r} has no attribute {name!r}"
    if name.startswith("_") or _is_module(module, name):
        return AttributeError(start)
    ours, names = function_name(name), list(known)
    places = [] if ours is not None else _places(name, str)
    if ours is None and not places and _plain(name) not in map(_plain, names):
        places = _places(name, _plain)
    if places:
        return AttributeError(f"{start}; here it is called {' or '.join(map(repr, places))}")
    if ours is not None and "." not in ours and ours not in names:  # it is in the package itself
        ours = f"imfilter.{ours}"
    return AttributeError(start + suggestion(name, names, ours))


def _is_module(package: str, name: str) -> bool:
    """Tell whether a package has a module of a name, imported or not."""
    folders = getattr(sys.modules.get(package), "__path__", None)
    return folders is not None and PathFinder.find_spec(f"{package}.{name}", folders) is not None


def _plain(name: str) -> str:
    """Return a name as the keys of `FUNCTIONS` are written."""
    return name.lower().replace("_", "").replace("-", "")


def _places(name: str, spelled: Callable[[str], str]) -> list[str]:
    """Return the names in the package and in its modules that are ``spelled(name)`` like a name."""
    modules = {"imfilter": "imfilter", **{module: f"imfilter.{module}" for module in MODULES}}
    return [
        f"{short}.{public}"
        for short, path in modules.items()
        for public in importlib.import_module(path).__all__
        if spelled(public) == spelled(name)
    ]
