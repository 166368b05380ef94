"""The warning of a colour picture whose colours would be mixed: when, once, and how it is answered."""

import inspect
import subprocess
import sys
import warnings
from functools import partial

import numpy as np
import pytest

import imfilter
from imfilter import color, threshold
from imfilter._base import colour_warning
from tests.looping import loop_over, prepared

RNG = np.random.default_rng(5)
KERNEL = np.ones((3, 3, 3))
#: Every public function that takes `axes` and `channel_axis`, and its arguments beside images.
ARGUMENTS = {
    "anisotropic_diffusion": (2, 30.0),
    "avg_pool": (2,),
    "bilateral": (1.0, 1.0),
    "box": (3,),
    "butterworth": (0.1,),
    "clahe": (),
    "convolve": (KERNEL,),
    "correlate": (KERNEL,),
    "coverage": (3,),
    "difference_of_gaussians": (1.0,),
    "estimate_noise": (),
    "farid": (),
    "fill": (1.0,),
    "fit_kernel": ((3, 3, 3),),
    "frangi": ((1.0,),),
    "gaussian": (1.0,),
    "gaussian_gradient_magnitude": (1.0,),
    "generic": (lambda window: window[0], 3),
    "global_pool": (),
    "guided": (1, 1.0),
    "hessian": (1.0,),
    "hessian_eigenvalues": (1.0,),
    "homomorphic": (0.1,),
    "laplacian": (),
    "laplacian_of_gaussian": (1.0,),
    "local_entropy": (3,),
    "local_std": (3,),
    "local_variance": (3,),
    "match_template": (np.arange(27.0).reshape(3, 3, 3),),
    "max_pool": (2,),
    "maximum": (3,),
    "median": (3,),
    "orientation": (1.0,),
    "coherence": (1.0,),
    "meijering": ((1.0,),),
    "minimum": (3,),
    "non_local_means": (),
    "percentile": (50, 3),
    "prewitt": (),
    "pyramid": (2,),
    "pyramid_pool": ((1, 2),),
    "resize": (5,),
    "richardson_lucy": (KERNEL, 2),
    "roberts": (),
    "rolling_ball": (2,),
    "sato": ((1.0,),),
    "scharr": (),
    "sharpen": (),
    "sobel": (),
    "structure_tensor": (1.0,),
    "structure_tensor_eigenvalues": (1.0,),
    "total_variation": (5.0,),
    "unsharp_mask": (),
    "wiener": (KERNEL,),
}
#: Kernels of two axes, for images whose third one holds channels.
FLAT = {
    "convolve": (KERNEL[0],),
    "correlate": (KERNEL[0],),
    "fit_kernel": ((3, 3),),
    "richardson_lucy": (KERNEL[0], 2),
    "wiener": (KERNEL[0],),
    "match_template": (KERNEL[0] * np.arange(3),),
}


@pytest.fixture(autouse=True)
def _nothing_told(monkeypatch):
    with prepared(lambda: monkeypatch.setattr(colour_warning, "_told", False)):
        yield


def picture(*shape, dtype="uint8"):
    return RNG.integers(0, 200, shape).astype(dtype)


#: The default windows of three axes have 10,000 patches: 0.2 s for these images.
SMALL = {"patch": 3, "search": 5}


def call(name, image, arguments=None, **options):
    given = ARGUMENTS[name] if arguments is None else arguments
    if name == "fit_kernel":
        given, options = (image, *given), {"ridge": 1.0, **options}
    if name == "local_entropy":
        options = {"value_range": (0, 200), **options}
    if name == "non_local_means":
        options = {**SMALL, **options}
    return getattr(imfilter, name)(image, *given, **options)


def test_every_function_with_axes_is_here():
    found = set()
    for name in imfilter.__all__:
        function = getattr(imfilter, name)
        if inspect.isfunction(function) and "axes" in inspect.signature(function).parameters:
            found.add(name)
    found.remove("from_pyramid")  # it takes no image, but what `pyramid` returns
    # Without a direction, these take two axes and refuse an image of three without `channel_axis` or `axes`.
    assert found - {"gabor", "steered"} == set(ARGUMENTS)


@pytest.mark.parametrize("name", ARGUMENTS)
@loop_over("dtype", ["uint8", "uint16", ">u2"])
def test_colour_is_warned_of_once(name, dtype):
    image = picture(17, 16, 3 if dtype == "uint8" else 4, dtype=dtype)
    function, arguments = getattr(imfilter, name), ARGUMENTS[name]
    if name == "fit_kernel":
        arguments = (image, *arguments)
    options = SMALL if name == "non_local_means" else {}
    with pytest.warns(UserWarning, match=r"channel_axis=-1 .*axes=\(0, 1, 2\)") as told:
        function(image, *arguments, **options)
    line = inspect.currentframe().f_lineno - 1
    assert len(told) == 1
    assert str(image.shape) in str(told[0].message)
    assert "\n" not in str(told[0].message)
    with warnings.catch_warnings(record=True) as again:
        warnings.simplefilter("always")
        call(name, image)  # the same call
        call(name, image[:, ::-1].copy())
        imfilter.box(picture(30, 30, 3), 3)
    assert again == []
    assert (told[0].filename, told[0].lineno) == (__file__, line)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_either_keyword_is_an_answer(name):
    image = picture(18, 19, 3)
    call(name, image, FLAT.get(name), channel_axis=-1)
    call(name, image, axes=(0, 1, 2))
    call(name, image, FLAT.get(name), axes=(0, 1))


@pytest.mark.parametrize("name", ARGUMENTS)
def test_an_answer_does_not_use_the_warning_up(name):
    call(name, picture(18, 20, 3), axes=(0, 1, 2))
    with pytest.warns(UserWarning, match="colours"):
        call(name, picture(18, 20, 3))


@pytest.mark.parametrize("name", ARGUMENTS)
@loop_over(
    "image",
    [
        picture(17, 16, 5),
        picture(17, 16, 2),
        picture(3, 17, 16),
        picture(15, 20, 3),
        picture(20, 15, 4),
        picture(18, 17, 3).astype(np.float32),
        picture(18, 17, 3).astype(np.float64),
        picture(18, 17, 3).astype(np.int16),
        picture(18, 17, 3).astype(np.uint32),
        picture(18, 17, 3) > 100,
    ],
)
def test_volumes_and_other_types_are_not_warned_of(name, image):
    call(name, image)


def test_planes_and_signals_are_not_warned_of():
    for shape in [(40,), (40, 3), (40, 40), (20, 3, 3)]:
        imfilter.gaussian(picture(*shape), 1.0)


def test_blobs_of_colours_are_warned_of_with_advice_that_works():
    """The function has no argument for channels."""
    image = picture(20, 21, 3)
    with pytest.warns(UserWarning, match=r"image of shape \(20, 21, 3\).*rgb_to_gray.*image\.astype") as told:
        found = imfilter.blobs(image, 1, 2)
    assert [told[0].filename, len(told)] == [__file__, 1]
    assert "channel_axis" not in str(told[0].message)
    colour_warning._told = False
    np.testing.assert_allclose(imfilter.blobs(image.astype(float), 1, 2), found, rtol=1e-3)
    imfilter.blobs(imfilter.color.rgb_to_gray(image), 1, 2)
    assert not colour_warning._told


#: Thresholds of whole images. Those of windows have `axes`.
THRESHOLDS = [name for name in threshold.__all__ if name not in ("local", "niblack", "sauvola")]


def thresholds():
    """The functions without `axes` that take a volume, with the advice that the warning gives."""
    yield partial(imfilter.hysteresis_threshold, low=50, high=150), lambda array: array.astype(float)
    for name in THRESHOLDS:
        yield getattr(threshold, name), np.ravel


@loop_over("lazy", [False, True])
def test_thresholds_of_colours_are_warned_of_with_advice_that_works(lazy):
    """One threshold for all colours is as wrong as a window of all colours."""
    image = picture(20, 21, 3)
    image[:10] //= 4  # two classes
    given = pytest.importorskip("dask.array").from_array(image, chunks=(10, 21, 3)) if lazy else image
    for function, advised in thresholds():
        if lazy and function is threshold.mean:
            continue  # it takes no lazy image
        colour_warning._told = False
        with pytest.warns(UserWarning, match=r"image of shape \(20, 21, 3\).*rgb_to_gray.*image\.") as told:
            found = function(given)
        assert [told[0].filename, len(told)] == [__file__, 1]
        assert "channel_axis" not in str(told[0].message)
        colour_warning._told = False
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            np.testing.assert_array_equal(np.asarray(function(advised(image))), np.asarray(found))
            function(color.rgb_to_gray(image))
            function(image[..., 0])
        assert not colour_warning._told


def test_thresholds_of_pictures_that_are_no_arrays_are_warned_of():
    """Such as images of Pillow, whose type is known only as an array."""

    class Picture:
        def __array__(self, dtype=None, copy=None):
            return image

    image = picture(20, 21, 3)
    image[:10] //= 4
    for function, _ in thresholds():
        colour_warning._told = False
        with pytest.warns(UserWarning, match="rgb_to_gray") as told:
            function(Picture())
        assert [told[0].filename, len(told)] == [__file__, 1]


def test_a_warning_that_is_an_error_stays_one():
    """Where warnings are errors, the second call must not pass for the first one's failure."""
    image = picture(21, 20, 3)
    for _ in range(2):
        with pytest.raises(UserWarning, match="colours"):
            imfilter.median(image, 3)


SCRIPT = """
import numpy as np
import imfilter
image = np.zeros((40, 50, 3), np.uint8)
for _ in range(3):
    imfilter.gaussian(image, 2.0)
    imfilter.sobel(image)
"""


def test_a_process_says_it_once():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stderr.count("UserWarning") == 1
    assert "<string>:6: UserWarning: image of shape (40, 50, 3)" in done.stderr


def test_layers_colours_and_pictures_have_channels_of_their_own():
    image = picture(20, 20, 3)
    imfilter.color.rgb_to_gray(image)
    imfilter.hog(picture(40, 40, 3), channel_axis=-1)
    imfilter.show.occlusion_map(image, lambda covered: float(covered.sum()), 9, 9)
