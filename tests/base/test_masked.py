"""Masked arrays are images with absent samples, or are refused where nobody would look at their masks."""

import functools
import inspect

import numpy as np
import pytest

import imfilter
from imfilter import color, layers, series, show
from tests.every import arrays
from tests.looping import loop_over

IMAGE = np.arange(1.0, 26).reshape(5, 5)
KERNEL, LINE = np.arange(1.0, 10).reshape(3, 3), np.array([1.0, 3.0, 1.0])
X, WEIGHT = np.arange(1.0, 51).reshape(1, 2, 5, 5), np.arange(1.0, 37).reshape(2, 2, 3, 3)
GRADIENT, DEPTH, POINT = 3 * np.ones((1, 2, 3, 3)), WEIGHT[:, :1], np.ones((2, 2)) * 3
SERIES, COLOURS = np.arange(40.0), np.arange(75.0).reshape(5, 5, 3) / 75


def masked(array):
    """The array with one element masked."""
    return np.ma.masked_array(array, np.arange(np.size(array)).reshape(np.shape(array)) == 2)


def welcome(module, name):
    """Whether a function takes a masked array as an image or a series with absent samples."""
    function = getattr(module, name)
    return inspect.isfunction(function) and {"mask", "nan"} <= inspect.signature(function).parameters.keys()


WELCOME = {
    module: {name for name in module.__all__ if welcome(module, name)} for module in (imfilter, series)
}
#: Arguments of each function, in order; each array is masked in turn.
CALLS = {
    imfilter: {
        "anisotropic_diffusion": (IMAGE, 2, 30.0),
        "avg_pool": (IMAGE, 2),
        "bilateral": (IMAGE, 1, 1),
        "blobs": (IMAGE,),
        "box": (IMAGE, 3),
        "canny": (IMAGE, 1, 2),
        "clahe": (IMAGE, 2),
        "convolve": (IMAGE, KERNEL),
        "corner_peaks": (IMAGE,),
        "correlate": (IMAGE, KERNEL),
        "coverage": (IMAGE, 3),
        "difference_of_gaussians": (IMAGE, 1),
        "estimate_noise": (IMAGE,),
        "fit_kernel": (IMAGE, IMAGE, 1),
        "gaussian": (IMAGE, 1),
        "gaussian_gradient_magnitude": (IMAGE, 1),
        "global_pool": (IMAGE,),
        "guided": (IMAGE, 1, 1),
        "harris": (IMAGE,),
        "hog": (np.ones((24, 24)),),
        "hysteresis_threshold": (IMAGE, 1, 2),
        "laplacian": (IMAGE,),
        "laplacian_of_gaussian": (IMAGE, 1),
        "local_entropy": (IMAGE.astype(np.uint8),),
        "local_std": (IMAGE,),
        "local_variance": (IMAGE,),
        "match_template": (IMAGE, IMAGE[:2, :3]),
        "max_pool": (IMAGE, 2),
        "maximum": (IMAGE,),
        "median": (IMAGE,),
        "minimum": (IMAGE,),
        "non_local_means": (IMAGE,),
        "percentile": (IMAGE, 50),
        "prewitt": (IMAGE,),
        "pyramid": (IMAGE,),
        "pyramid_pool": (IMAGE,),
        "resize": (IMAGE, 4),
        "butterworth": (IMAGE, 0.1),
        "homomorphic": (IMAGE, 0.1),
        "richardson_lucy": (IMAGE, KERNEL, 2),
        "rolling_ball": (IMAGE, 2),
        "wiener": (IMAGE, KERNEL),
        "scharr": (IMAGE,),
        "sharpen": (IMAGE,),
        "shi_tomasi": (IMAGE,),
        "sobel": (IMAGE,),
        "total_variation": (IMAGE, 5.0),
        "unsharp_mask": (IMAGE,),
    },
    layers: {
        "avg_pool_gradient": (GRADIENT[..., :2, :2], X, 2),
        "conv": (X, WEIGHT, LINE[:2]),
        "conv_bias_gradient": (GRADIENT,),
        "conv_input_gradient": (GRADIENT, WEIGHT, (5, 5)),
        "conv_transpose": (X, WEIGHT, LINE[:2]),
        "conv_weight_gradient": (GRADIENT, X, (3, 3)),
        "cross_entropy": (KERNEL, np.arange(3)),
        "depthwise": (X, DEPTH, LINE[:2]),
        "depthwise_separable": (X, DEPTH, POINT, LINE[:2]),
        "dynamic_conv": (X, WEIGHT[None], LINE[:2]),
        "max_pool_gradient": (GRADIENT[..., :2, :2], X, 2),
        "pointwise": (X, POINT, LINE[:2]),
        "prepare": (WEIGHT, LINE[:2]),
    },
    series: {
        "causal": (SERIES, LINE),
        "difference": (SERIES,),
        "embed": (SERIES, 4),
        "exponential": (SERIES,),
        "fit_forecaster": (SERIES, 3),
        "gaussian": (SERIES, 1),
        "median": (SERIES, 3),
        "moving_average": (SERIES, 3),
        "moving_maximum": (SERIES, 3),
        "moving_minimum": (SERIES, 3),
        "moving_quantile": (SERIES, 3, 0.5),
        "moving_rank": (SERIES, 3),
        "moving_std": (SERIES, 3),
        "moving_sum": (SERIES, 3),
        "moving_variance": (SERIES, 3),
        "savgol": (SERIES, 5, 2),
        "weighted_average": (SERIES, LINE),
    },
    color: dict.fromkeys(("lab_to_lch", "lab_to_rgb", "lch_to_lab", "rgb_to_gray", "rgb_to_lab"), (COLOURS,)),
    show: {
        "feature_maps": (X,),
        "kernels": (WEIGHT,),
        "occlusion_map": (IMAGE, lambda image: 1.0, 2),
        "patches": (KERNEL, [IMAGE]),
    },
}
NEEDED = {"exponential": {"alpha": 0.5}}
EACH = [
    pytest.param(module, name, i, id=f"{module.__name__.rpartition('.')[2]}.{name} {i}")
    for module, calls in CALLS.items()
    for name, given in calls.items()
    for i, argument in enumerate(given)
    if isinstance(argument, np.ndarray) and not (i == 0 and name in WELCOME.get(module, ()))
]


@pytest.mark.parametrize(("module", "name", "which"), EACH)
def test_arguments(module, name, which):
    given = list(CALLS[module][name])
    for array in (masked(given[which]), np.ma.array(given[which])):  # also where nothing is masked
        given[which] = array
        with pytest.raises(TypeError, match="must be an array without mask, got a masked array: "):
            getattr(module, name)(*given, **NEEDED.get(name, {}))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        pytest.param(module, name, id=f"{module.__name__.rpartition('.')[2]}.{name}")
        for module, names in WELCOME.items()
        for name in sorted(names & CALLS[module].keys())
    ],
)
def test_images_with_absent_samples(module, name):
    """A masked array is the same as its data with a mask."""
    image, *others = CALLS[module][name]
    function = functools.partial(getattr(module, name), **NEEDED.get(name, {}))
    mask = np.random.default_rng(0).random(image.shape) < 0.5
    result = function(np.ma.masked_array(image, mask), *others)
    plain = function(image, *others, mask=~mask)
    whole = function(np.ma.array(image), *others)
    if name == "pyramid":  # one level after the other; see tests/resampling
        result, plain, whole = result[1], plain[1], whole[1]
        function = lambda *given: imfilter.pyramid(*given)[1]  # noqa: E731
    if name in ("blobs", "hog", "corner_peaks", "estimate_noise"):  # whose results are no images
        np.testing.assert_array_equal(result, plain)
        np.testing.assert_array_equal(whole, function(image, *others))
        return
    assert isinstance(result, np.ma.MaskedArray)
    assert isinstance(whole, np.ma.MaskedArray)
    if plain.dtype.kind == "f":
        np.testing.assert_array_equal(result.filled(np.nan), plain)
    np.testing.assert_array_equal(whole.filled(-1), function(image, *others))


#: Filters of directions, whose kernels are computed in parts.
ORIENTED = {
    **dict.fromkeys(("frangi", "meijering", "sato"), (IMAGE, 1.0)),
    **dict.fromkeys(("coherence", "hessian_eigenvalues", "orientation"), (IMAGE, 1.0)),
    "gabor": (IMAGE, 0.3, 0.4),
    "steered": (IMAGE, 1.0, 0.4),
}


@loop_over("name", sorted(WELCOME[imfilter] & CALLS[imfilter].keys() | ORIENTED.keys()))
def test_nothing_is_absent(name):
    """A full mask, and ``nan="ignore"`` without NaN, change no bit."""
    image, *others = {**CALLS[imfilter], **ORIENTED}[name]
    if name == "coverage":
        return  # its image is the mask
    image = np.sqrt(image) if image.dtype.kind == "f" else image
    function = functools.partial(getattr(imfilter, name), image, *others)
    expected = arrays(function())
    masks = (np.ones(image.shape, bool), np.ones(image.shape, np.uint8), np.ones(image.shape, np.float32))
    for options in (*({"mask": mask} for mask in masks), {"nan": "ignore"}):
        for plain, found in zip(expected, arrays(function(**options)), strict=True):
            np.testing.assert_array_equal(found, plain, err_msg=str(options))


@pytest.mark.parametrize("module", CALLS, ids=lambda m: m.__name__)
def test_every_function_is_here(module):
    """Every public function whose first argument is an array."""
    found = set()
    for name in module.__all__:
        function = getattr(module, name)
        if inspect.isfunction(function):
            first = next(iter(inspect.signature(function).parameters.values()), None)
            if first is not None and str(first.annotation).startswith("ArrayLike"):
                found.add(name)
    assert found
    assert found - WELCOME.get(module, set()) <= CALLS[module].keys()


OTHERS = {
    "a separable kernel": lambda: imfilter.correlate(IMAGE, [LINE, masked(LINE)]),
    "a list of rows": lambda: imfilter.gaussian([IMAGE[0], masked(IMAGE[1])], 1),
    "a kernel to plan": lambda: imfilter.plan((5, 5), float, masked(KERNEL)),
    "a list of inputs": lambda: imfilter.fit_kernel([masked(IMAGE)], [IMAGE], 1),
    "a list of targets": lambda: imfilter.fit_kernel([IMAGE], [masked(IMAGE)], 1),
    "canny's mask": lambda: imfilter.canny(IMAGE, 1, 2, mask=masked(IMAGE > 3)),
    "a first series": lambda: series.causal(SERIES, LINE, initial=masked(LINE)[:2]),
    "a forecaster": lambda: series.fit_forecaster(SERIES**2 % 7, 3).predict(masked(SERIES)),
    "images of patches": lambda: show.patches(KERNEL, [masked(IMAGE)]),
    "a filling": lambda: show.occlusion_map(IMAGE, lambda image: 1.0, 2, fill=masked(LINE)),
    "weights of a stack": lambda: layers.Stack([layers.Conv(2, 3)], (2, 5, 5)).forward(
        X, [(masked(WEIGHT), np.zeros(2))]
    ),
    "a gradient for a stack": lambda: layers.Stack([layers.Activation("relu")], (5, 5)).backward(
        IMAGE, [], masked(IMAGE)
    ),
    "a mean for a stack": lambda: layers.Stack([layers.BatchNorm()], (3,)).forward(
        LINE, [(LINE, LINE, masked(LINE), LINE)]
    ),
    "an image for a stack": lambda: layers.Stack([layers.Conv(2, 3)], (2, 5, 5)).forward(
        masked(X), [(WEIGHT, np.zeros(2))]
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_others(name):
    with pytest.raises(TypeError, match="must be an array without mask, got a masked array: "):
        OTHERS[name]()


def test_structured_arrays():
    records = np.ma.zeros(5, [("a", float)])
    for name, call in (
        ("image", lambda: imfilter.box(records, 3)),
        ("x", lambda: series.difference(records)),
        ("samples", lambda: series.Stream(series.difference).push(records)),
    ):
        with pytest.raises(TypeError, match=f"^{name} must contain real numbers, got dtype "):
            call()


@pytest.mark.parametrize("name", ["minimum", "maximum", "median", "percentile"])
def test_footprints(name):
    with pytest.raises(TypeError, match="footprint must be an array without mask, got a masked array"):
        getattr(imfilter, name)(*CALLS[imfilter][name], footprint=masked(KERNEL > 3))


@pytest.mark.parametrize("name", ["box", "gaussian", "median", "sobel", "canny", "harris", "max_pool"])
def test_places(name):
    shape = getattr(imfilter, name)(*CALLS[imfilter][name]).shape
    with pytest.raises(TypeError, match="out must be an array without mask, got a masked array"):
        getattr(imfilter, name)(*CALLS[imfilter][name], out=np.ma.zeros(shape))
    with pytest.raises(TypeError, match="out must be an array without mask, got a masked array"):
        series.moving_average(SERIES, 3, out=np.ma.zeros(40))


def test_images_for_scikit_learn():
    from imfilter.sklearn import HOG

    with pytest.raises(TypeError, match="X must be an array without mask, got a masked array"):
        HOG().fit(masked(np.ones((2, 16, 16))))
