"""The paragraphs that several docstrings share, by the name in the docstring to which each belongs.

`paragraphs` says which modules have which of them.
"""

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
    How often the erosion or the dilation is repeated. It ends when it changes nothing. Default 1.""",
    "connectivity": """\
connectivity : int, optional
    Neighbours of the default element: those that differ by 1 along at most so many axes. Default 1,
    the neighbours along the axes.""",
    "weights": """\
weights : array_like, optional
    Heights of an element that is not flat, in the shape of `element`, which is all samples if left out.
    They are subtracted in an erosion and added in a dilation. Integers are exact: rounded once, half to
    even, and saturated.""",
    "nan": """\
nan : {'propagate', 'ignore'}, optional
    Whether NaN sorts after +inf (default), so that a maximum is NaN, or is an absent sample.""",
    "mode": IMAGES["mode"].replace("Default 'mirror'", "Default 'shrink'"),
}

#: Thresholds of a whole image.
GLOBAL = {
    "image": """\
image : array_like
    Image, signal or volume. All samples have one histogram: convert a colour image to grey first. Bool,
    integers or floats. The function does not change it.""",
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
