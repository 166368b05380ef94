"""The paragraphs that several docstrings share.

``python docs/paragraphs.py`` writes them into the source. A test checks that the source contains them. Each
paragraph belongs to a section of the docstring and to a name in it, for example the parameter `mode`. Images,
series and layers have separate paragraphs.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "imfilter"

IMAGES = {
    "image": """\
image : array_like
    Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
    colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.""",
    "mode": """\
mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant', 'shrink'}, optional
    How an image ``a b c d`` continues beyond its border. Default 'mirror'.

    - 'mirror': ``d c b | a b c d | c b a``
    - 'symmetric': ``c b a | a b c d | d c b``
    - 'edge': ``a a a | a b c d | d d d``
    - 'wrap': ``b c d | a b c d | a b c``
    - 'zero': ``0 0 0 | a b c d | 0 0 0``
    - 'constant': ``k k k | a b c d | k k k`` with k = `cval`
    - 'shrink': samples beyond the border are absent, as with `mask`""",
    "cval": """\
cval : float, optional
    Value beyond the border with ``mode="constant"``. Default 0.""",
    "mask": """\
mask : array_like, optional
    Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
    where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
    any value, and changes no result. Default: all samples are present.""",
    "nan": """\
nan : {'propagate', 'ignore'}, optional
    Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.""",
    "min_coverage": """\
min_coverage : float, optional
    Smallest share of the window that must be present, from 0 to 1: of its samples, or of the magnitudes
    of its weights. Where less is present, or nothing, the result is NaN, or 0 if it is an integer.
    Default 0.""",
    "axes": """\
axes : int or tuple of int, optional
    One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.""",
    "channel_axis": """\
channel_axis : int, optional
    Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.""",
    "dtype": """\
dtype : dtype, optional
    Element type of the result. Values are rounded half to even and saturated.""",
    "out": """\
out : ndarray, optional
    Array for the result. Its dtype is the dtype of the result. It may be `image` or overlap it.""",
    "workers": """\
workers : int, optional
    Number of threads. Default: every core that this process may use. The result does not depend on it.""",
    "size": """\
size : int or sequence of int, optional
    Length of the window: one for all filtered axes, or one for each. Default 3. An even window has one
    sample more before its centre than after it, as in SciPy. A window may be longer than the image.""",
    "footprint": """\
footprint : array_like, optional
    Window of any shape, instead of `size`. It contains the samples where the footprint is not zero.""",
    "spacing": """\
spacing : float or sequence of float, optional
    Distance between samples in any unit of length: one for all filtered axes, or one for each.
    Derivatives are per that unit. Default 1.""",
    "truncate": """\
truncate : float, optional
    Cut the kernel at this many standard deviations. Its radius is ``int(truncate*sigma + 0.5)``
    samples. Default 4.""",
    "radius": """\
radius : int or sequence of int, optional
    Radius of the kernel in samples, instead of `truncate`: one for all filtered axes, or one for each.""",
}

#: Filters by structuring elements. The border and the window have other words than in other filters.
MORPHOLOGY = IMAGES | {
    "element": """\
element : array_like, optional
    Array of 0 and 1 with one axis for each filtered axis, such as `disk` returns. Its origin is at
    ``length // 2`` along each axis. Default: the sample and its neighbours, see `connectivity`.""",
    "iterations": """\
iterations : int, optional
    How often the erosion or the dilation is repeated. Default 1.""",
    "connectivity": """\
connectivity : int, optional
    Neighbours of the default element: those that differ by 1 along at most so many axes. Default 1,
    the neighbours along the axes.""",
    "weights": """\
weights : array_like, optional
    Heights of an element that is not flat, in the shape of `element`, which is all samples if left out.
    They are subtracted in an erosion and added in a dilation, and saturated in integers.""",
    "nan": """\
nan : {'propagate', 'ignore'}, optional
    Whether NaN sorts after +inf (default), so that a maximum is NaN, or is an absent sample.""",
    "mode": IMAGES["mode"].replace("Default 'mirror'", "Default 'shrink'"),
}

#: Thresholds of a whole image.
GLOBAL = {
    "image": """\
image : array_like
    Image, signal or volume. Every axis is spatial, and all samples have one histogram. Bool, integers or
    floats. The function does not change it.""",
    "bins": """\
bins : int, optional
    Number of equal bins between the smallest and the largest sample, at least 2. Only images of floats
    have such bins. In other images, each integer has a bin. Default 256.""",
    "mask": """\
mask : array_like, optional
    Samples that are present, in the shape of `image`. Bool: True where a sample is present. Numbers: how
    much a sample counts, at least 0. An absent sample may have any value, and changes no result. Default:
    all samples are present.""",
    "nan": """\
nan : {'propagate', 'ignore'}, optional
    Whether NaN makes the result NaN (default), or is an absent sample.""",
    "workers": IMAGES["workers"],
}

POOLS = {
    "size": """\
size : int or sequence of int
    Length of the window: one for all filtered axes, or one for each.""",
    "stride": """\
stride : int or sequence of int, optional
    Distance between neighbouring windows. Default: `size`. Then windows do not overlap and leave no gaps.""",
    "padding": """\
padding : int or sequence of int, optional
    Number of padding samples before and after the image along each axis: at most half the length of
    the window. Default 0.""",
    "ceil_mode": """\
ceil_mode : bool, optional
    Whether to add a last window that reaches beyond the padded image. It contains only the samples that
    it covers. A window that starts after the end of the image is not added. Default False.""",
}

SERIES = {
    "x": """\
x : array_like
    Series of bool, integers or floats, of any shape. An axis may be empty. The function does not change
    it.""",
    "align": """\
align : {'centre', 'causal'}, optional
    Position of the window. 'centre': the window is centred on the sample; an even window has one sample
    more before its centre than after it. 'causal': the window ends at the sample, so no result depends
    on a later sample. Default 'centre'.""",
    "mode": """\
mode : str, optional
    How a series ``a b c d`` continues beyond its ends. Default 'edge'.

    - 'edge': ``a a a | a b c d | d d d``
    - 'zero': ``0 0 0 | a b c d | 0 0 0``
    - 'constant': ``k k k | a b c d | k k k`` with k = `cval`
    - 'mirror': ``d c b | a b c d | c b a``
    - 'symmetric': ``c b a | a b c d | d c b``
    - 'wrap': ``b c d | a b c d | a b c``
    - 'shrink': no continuation; near the ends a window contains fewer samples
    - 'valid': no continuation; the result contains only the values of whole windows

    A causal filter does not accept 'mirror', 'symmetric' and 'wrap', because they put later samples
    before the first sample.""",
    "cval": """\
cval : float, optional
    Value beyond the ends with ``mode="constant"``. Default 0.""",
    "mask": """\
mask : array_like, optional
    Samples that are present, in the shape of `x`, or one mask along `axis` for all series. Bool: True
    where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
    any value, and changes no result. Default: all samples are present.""",
    "nan": """\
nan : {'propagate', 'ignore'}, optional
    Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.""",
    "min_coverage": """\
min_coverage : float, optional
    Smallest share of the window that must be present, from 0 to 1: of its samples, or of the magnitudes
    of its weights. Where less is present, or nothing, the result is NaN, or 0 if it is an integer.
    Default 0.""",
    "min_count": """\
min_count : int, optional
    Smallest number of samples of the window that must be present, from 1 to `size`, instead of
    `min_coverage`. A sample is present if it is more than 0 in `mask`.""",
    "axis": """\
axis : int, optional
    Axis of time. Default -1, the last axis. Series along the other axes are filtered separately.""",
    "dtype": """\
dtype : dtype, optional
    Element type of the result. Values are rounded half to even and saturated.""",
    "out": """\
out : ndarray, optional
    Array for the result. Its dtype is the dtype of the result. It may be `x` or overlap it.""",
    "workers": """\
workers : int, optional
    Number of threads. Default: every core that this process may use. The result does not depend on it.""",
}

LAYERS = {
    "stride": """\
stride : int or sequence of int, optional
    Distance between neighbouring outputs in samples: one for all spatial axes, or one for each. Default
    1.""",
    "padding": """\
padding : {'same', 'valid'}, int or sequence, optional
    Number of border samples on each side: one for all axes, or for each axis one number or a pair
    (before, after). 'valid' is 0, the default. 'same' gives ceil(n/stride) outputs. If the total is
    odd, the border at the end has one sample more.""",
    "padding_mode": """\
padding_mode : {'zero', 'mirror', 'symmetric', 'edge', 'wrap'}, optional
    Values of the border samples; see `imfilter.correlate`. Default 'zero'. The pattern repeats if the
    border is longer than the axis.""",
    "dilation": """\
dilation : int or sequence of int, optional
    Distance between neighbouring taps in samples: one for all spatial axes, or one for each. Default 1.""",
    "groups": """\
groups : int, optional
    Number of groups of channels. Each group reads only its own input channels. Default 1.""",
}

LAYERS |= {
    "dtype": IMAGES["dtype"],
    "out": """\
out : ndarray, optional
    Array for the result. Its dtype is the dtype of the result. It may overlap `x`.""",
    "workers": IMAGES["workers"],
}

RANKS = {
    "nan": """\
nan : {'propagate', 'ignore'}, optional
    Whether NaN is a sample that sorts after +inf (default), or is an absent sample."""
}

ERRORS = """\
TypeError
    If an argument has the wrong type, for example a complex array or a float instead of an integer.
ValueError
    If an argument has the wrong value. The message names the argument, the value received and the
    accepted values."""

#: Paragraphs on the result, by kind of result.
RESULTS = {
    "keeps": """\
ndarray
    Array of the shape and dtype of `image`, or of `dtype` or `out`. It is computed in floating point,
    rounded half to even and saturated.""",
    "derives": """\
ndarray
    Array of the shape of `image`. Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8-
    and 16-bit integers, float16 and float32; float64 for wider types.""",
    "ranks": """\
ndarray
    Array of the shape and dtype of `image`, or of `dtype` or `out`. Every output value is an input
    sample, so the result is exact for every dtype. NaN sorts after +inf, and -0.0 sorts before 0.0.""",
    "series keeps": """\
ndarray
    Array of the shape of `x`. With mode 'valid', a window of n samples makes the axis of time shorter
    by n - 1. Its dtype is `dtype`, or that of `out`. Default: the dtype of `x`, rounded half to even
    and saturated. With ``dtype=float`` the results are not rounded. It is computed in float64. A masked
    array gives a masked array, which is masked where the result is NaN.""",
    "series derives": """\
ndarray
    Array of the shape of `x`. With mode 'valid', a window of n samples makes the axis of time shorter
    by n - 1. Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8- and 16-bit integers,
    float16 and float32; float64 for wider types. It is computed in float64. A masked array gives a masked
    array, which is masked where the result is NaN.""",
}

#: The paragraphs of modules of morphology. The others have those of regions, where `out` has any type.
REGIONS = {name: text for name, text in IMAGES.items() if name != "out"}
_OF_MORPHOLOGY: dict[str, list[dict[str, str]]] = {
    **{name: [MORPHOLOGY] for name in ("grey", "openings", "differences", "distances")},
    **{name: [] for name in ("elements", "thinning")},
}

#: The functions that have each kind of result.
_KINDS = {
    "keeps": ("bilateral", "box", "guided", "maximum", "sharpen", "unsharp_mask"),
    "derives": (
        *("convolve", "correlate", "difference_of_gaussians", "gaussian_gradient_magnitude", "laplacian"),
        *("laplacian_of_gaussian", "prewitt", "scharr", "sobel"),
    ),
    "ranks": ("maximum", "median", "minimum", "percentile"),
    "series keeps": (
        *("exponential", "gaussian", "median", "moving_average", "moving_maximum", "moving_minimum"),
        *("moving_quantile", "weighted_average"),
    ),
    "series derives": (
        *("causal", "difference", "moving_apply", "moving_rank", "moving_std", "moving_sum"),
        "moving_variance",
    ),
}

#: Entries that a function describes in its own words, although a shared paragraph has the same name.
_OWN: dict[str, tuple[str, ...]] = {
    "absent.coverage": ("mask", "size", "footprint", "mode", "cval", "out"),
    "absent.fill": ("mask", "nan", "spacing", "ndarray"),
    "arithmetic.memory": ("dtype",),
    "color.rgb_to_gray": ("image", "channel_axis", "out", "ValueError"),
    "color.rgb_to_lab": ("image", "channel_axis", "TypeError", "ValueError"),
    "color.lab_to_rgb": ("channel_axis", "dtype", "out", "TypeError", "ValueError"),
    "color.lab_to_lch": ("TypeError",),
    "color.lch_to_lab": ("TypeError",),
    "control.plan": ("dtype",),
    "convolution.correlate": ("ndarray",),
    "convolution.convolve": ("ndarray",),
    "corners.harris": ("image", "size", "mode", "cval"),
    "corners.shi_tomasi": ("image",),
    "descriptor.hog": ("image", "channel_axis", "ValueError"),
    "edges.canny": ("image", "mode", "out", "TypeError"),
    "edges.hysteresis_threshold": ("image", "TypeError", "ValueError"),
    "io.write": ("image", "ValueError"),
    "edge_preserving.bilateral": ("channel_axis",),
    "edge_preserving.guided": ("channel_axis",),
    "learn.fit_kernel": ("mode", "axes", "channel_axis", "ValueError"),
    "sheets.feature_maps": ("channel_axis",),
    "searching.patches": ("size", "channel_axis", "ValueError"),
    "searching.occlusion_map": ("image", "size", "channel_axis", "TypeError"),
    "local_statistics.local_variance": ("ndarray",),
    "local_statistics.local_std": ("ndarray",),
    "local_statistics.local_entropy": ("ndarray",),
    "smooth.box": ("size",),
    "windows.generic": ("size", "nan", "TypeError", "ValueError", "padding", "stride"),
    "distances.distance": ("image", "spacing", "axes", "dtype", "out"),
    "geodesic.reconstruction": ("mask", "footprint", "out", "workers", "TypeError", "ValueError"),
    "neighbourhoods.local": ("size", "nan"),
    "neighbourhoods.niblack": ("size",),
    "neighbourhoods.sauvola": ("size",),
    "shapes.minimum": ("ValueError",),
    "weights.gaussian": ("truncate", "radius"),
    "weights.box": ("size", "ndarray"),
    "weights.laplacian": ("ndarray",),
    "applying.moving_apply": ("nan", "TypeError"),
    "causality.causal": ("ndarray",),
    "exponentials.exponential": ("align",),
    "causality.check_causal": ("x", "TypeError", "ValueError"),
    "embedding.embed": ("x", "ValueError"),
    "forecasting.fit_forecaster": ("x", "ValueError"),
    "arithmetic.output_shape": ("stride", "padding", "dilation"),
    "arithmetic.parameters": ("groups",),
    "arithmetic.multiplications": ("groups",),
    "backward.conv_transpose": ("stride", "padding", "dilation", "groups"),
    "convolution.conv": ("groups",),
    "convolution.dynamic_conv": ("workers",),
    "pool_gradients.max_pool_gradient": ("size",),
    "pool_gradients.avg_pool_gradient": ("size",),
}


def _shared(path: Path, function: str) -> dict[tuple[str, str], str]:
    """Return the paragraphs of a function, by section and name."""
    folder = path.parent.name
    images = folder not in ("series", "layers")
    groups = {"series": [SERIES], "layers": [LAYERS]}.get(folder, [IMAGES])
    if folder == "threshold" and path.stem != "neighbourhoods":
        groups = [GLOBAL]
    if folder == "morphology":
        groups = _OF_MORPHOLOGY.get(path.stem, [REGIONS])
    if path.stem in ("pool", "pool_cells"):
        groups = [IMAGES, POOLS]
    if path.stem in ("rank", "extremes") and images:
        groups = [IMAGES, RANKS]
    if path.stem == "pool_gradients":
        groups = [LAYERS, POOLS]
    found = {("Parameters", name): text for group in groups for name, text in group.items()}
    for kind, names in _KINDS.items():
        if function in names and kind.startswith("series") != images:
            found["Returns", "ndarray"] = RESULTS[kind]
    own = _OWN.get(f"{path.stem}.{function}", ())
    errors = ERRORS.split("\nValueError")
    found["Raises", "TypeError"], found["Raises", "ValueError"] = errors[0], "ValueError" + errors[1]
    return {key: text for key, text in found.items() if key[1] not in own}


def _entries(lines: list[str], indent: str) -> Iterator[tuple[str, str, int, int]]:
    """Yield section, name, first line and end of each entry of a docstring."""
    section, begun = "", None
    for number, line in enumerate([*lines, indent + "end"]):
        text = line[len(indent) :]
        starts = line.startswith(indent) and text[:1] not in ("", " ")
        if starts and begun is not None:
            end = number
            while not lines[end - 1].strip():
                end -= 1
            yield section, lines[begun].strip().split(" : ")[0], begun, end
            begun = None
        if number + 1 < len(lines) and set(lines[number + 1].strip()) == {"-"}:
            section = text
        elif starts and set(text) != {"-"} and section in ("Parameters", "Returns", "Raises"):
            begun = number


def written(path: Path) -> str:
    """Return the source of a module with the shared paragraphs in its docstrings."""
    source = path.read_text()
    lines = source.split("\n")
    functions = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name[0] != "_"]
    for function in reversed(functions):
        doc = function.body[0]
        if ast.get_docstring(function) is None:
            continue
        first, last = doc.lineno - 1, doc.end_lineno or 0
        texts = _shared(path, function.name)
        for section, name, begin, end in reversed(list(_entries(lines[first:last], "    "))):
            text = texts.get((section, name))
            if text is not None:
                new = [("    " + line).rstrip() for line in text.split("\n")]
                lines[first + begin : first + end] = new
    return "\n".join(lines)


def modules() -> list[Path]:
    """Return the modules with public functions."""
    return [
        p
        for folder in (".", "series", "show", "layers", "threshold", "morphology")
        for p in sorted((PACKAGE / folder).glob("*.py"))
    ]


if __name__ == "__main__":
    for module in modules():
        text = written(module)
        if text != module.read_text():
            module.write_text(text)
            sys.stdout.write(f"{module.relative_to(PACKAGE.parent)}\n")
