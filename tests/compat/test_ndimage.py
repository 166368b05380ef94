"""Random calls of compat.ndimage give SciPy's results: integers in every bit, floats within a bound."""

import inspect
import warnings

import numpy as np
import pytest
import scipy.ndimage

from imfilter._compat import record
from imfilter.compat import ndimage

MODES = ("reflect", "grid-mirror", "constant", "grid-constant", "nearest", "mirror", "wrap", "grid-wrap")
KINDS = ("float64", "float32", "uint8", "int16")


def images(rng, complex_too=False):
    ndim = int(rng.integers(1, 4))
    shape = tuple(map(int, rng.integers(1, [60, 16, 8][ndim - 1], ndim)))
    kind = str(rng.choice(KINDS))
    values = rng.random(shape) * 200 - 50 * (kind != "uint8")
    if complex_too and rng.random() < 0.2:
        return (values + 1j * rng.random(shape)).astype(rng.choice(["complex64", "complex128"]))
    return values.astype(kind)


def agrees(name, image, *args, **options):
    """Compare one call. The result is an array of the same type; a result given as `output` is returned."""
    expected = getattr(scipy.ndimage, name)(image, *args, **options)
    before = record.entry(f"scipy.ndimage.{name}").here
    found = getattr(ndimage, name)(image, *args, **options)
    assert record.entry(f"scipy.ndimage.{name}").here == before + 1, "SciPy has computed it"
    assert found.dtype == expected.dtype
    if found.dtype.kind in "iub":
        np.testing.assert_array_equal(found, expected)
    else:
        scale = max(np.abs(image).max(), np.abs(np.nan_to_num(expected)).max(), 1e-300)
        bound = 4e-6 if found.dtype in (np.float32, np.complex64) else 1e-11
        np.testing.assert_allclose(found, expected, rtol=0, atol=bound * scale)


def output(rng, image):
    if image.dtype.kind == "c":
        return None
    choice = rng.integers(4)
    return (
        None if choice < 2 else rng.choice(KINDS) if choice == 2 else np.empty(image.shape, rng.choice(KINDS))
    )


def origin(rng, size):
    return int(rng.integers(-(size // 2), (size - 1) // 2 + 1))


def border(rng):
    return {"mode": str(rng.choice(MODES)), "cval": float(rng.integers(0, 9))}


@pytest.mark.parametrize("name", ["correlate1d", "convolve1d"])
def test_lines(name):
    rng = np.random.default_rng(1)
    for trial in range(60):
        image, size = images(rng, complex_too=True), int(rng.integers(1, 8))
        weights = rng.random(size) - 0.4
        if trial % 5 == 0:
            weights = weights + 1j * rng.random(size)
        to = None if weights.dtype.kind == "c" else output(rng, image)
        axis = int(rng.integers(-image.ndim, image.ndim))
        agrees(name, image, weights, axis, to, origin=origin(rng, size), **border(rng))


@pytest.mark.parametrize("name", ["correlate", "convolve"])
def test_windows(name):
    rng = np.random.default_rng(2)
    for trial in range(60):
        image = images(rng, complex_too=True)
        axes = tuple(map(int, rng.permutation(image.ndim)[: rng.integers(1, image.ndim + 1)]))
        sizes = tuple(map(int, rng.integers(1, 5, len(axes))))
        weights = rng.random(sizes) - 0.4
        if trial % 5 == 0:
            weights = weights + 1j * rng.random(sizes)
        to = None if weights.dtype.kind == "c" else output(rng, image)
        shift = origin(rng, min(sizes))
        agrees(name, image, weights, to, origin=shift, axes=axes, **border(rng))


def test_means():
    rng = np.random.default_rng(3)
    for _ in range(60):
        image = images(rng, complex_too=True)
        size = int(rng.integers(1, 7))
        options = border(rng) | {"origin": origin(rng, size)}
        agrees("uniform_filter1d", image, size, int(rng.integers(image.ndim)), output(rng, image), **options)
        agrees("uniform_filter", image, size, output(rng, image), **options)
        modes = [str(m) for m in rng.choice(MODES, image.ndim)]
        sizes = [int(n) for n in rng.integers(1, 6, image.ndim)]
        agrees("uniform_filter", image, sizes, mode=modes, cval=2.0)


def test_gaussians():
    rng = np.random.default_rng(4)
    for _ in range(40):
        image = images(rng, complex_too=True)
        sigma, order = float(rng.random() * 2 + 0.2), int(rng.integers(0, 3))
        options = border(rng)
        agrees(
            "gaussian_filter1d",
            image,
            sigma,
            int(rng.integers(image.ndim)),
            order,
            output(rng, image),
            **options,
        )
        agrees("gaussian_filter", image, sigma, order, output(rng, image), truncate=3.0, **options)
        orders = [int(n) for n in rng.integers(0, 3, image.ndim)]
        modes = [str(m) for m in rng.choice(MODES, image.ndim)]
        agrees("gaussian_filter", image, [sigma] * image.ndim, orders, mode=modes, cval=1.5, radius=2)
        agrees("gaussian_laplace", image, sigma, output(rng, image), **options)
        if image.dtype.kind == "f":  # roots of wrapped integers are no numbers
            agrees("gaussian_gradient_magnitude", image, sigma, output=None, truncate=2.0, **options)


@pytest.mark.parametrize("name", ["sobel", "prewitt", "laplace"])
def test_derivatives(name):
    rng = np.random.default_rng(5)
    for _ in range(50):
        image = images(rng, complex_too=True)
        axis = () if name == "laplace" else (int(rng.integers(-image.ndim, image.ndim)),)
        agrees(name, image, *axis, output(rng, image), **border(rng))
        agrees(name, image, *axis, mode=[str(m) for m in rng.choice(MODES, image.ndim)])


def test_generic_derivatives():
    image = np.random.default_rng(6).random((9, 8))

    def derivative(given, axis, output, mode, cval, size, factor=1):
        return scipy.ndimage.correlate1d(given, [factor, *[0] * size, -1], axis, output, mode, cval)

    for name in ("generic_laplace", "generic_gradient_magnitude"):
        agrees(name, image, derivative, extra_arguments=(1,), extra_keywords={"factor": 2})


@pytest.mark.parametrize("name", ["minimum_filter", "maximum_filter"])
def test_extremes(name):
    rng = np.random.default_rng(7)
    for _ in range(40):
        image, size = images(rng), int(rng.integers(1, 6))
        axes = tuple(map(int, rng.permutation(image.ndim)[: rng.integers(1, image.ndim + 1)]))
        footprint = rng.random((size,) * len(axes)) < 0.6
        footprint.flat[0] = True
        options = border(rng) | {"origin": origin(rng, size)}
        agrees(f"{name}1d", image, size, int(rng.integers(image.ndim)), output(rng, image), **options)
        agrees(name, image, size, output=output(rng, image), axes=axes, **options)
        agrees(name, image, footprint=footprint, output=output(rng, image), axes=axes, **options)
        agrees(name, image, size, mode=[str(m) for m in rng.choice(MODES, image.ndim)])


@pytest.mark.parametrize("name", ["median_filter", "percentile_filter", "rank_filter"])
def test_ranks(name):
    rng = np.random.default_rng(8)
    for _ in range(40):
        image, size = images(rng), int(rng.integers(2, 5))
        footprint = rng.random((size,) * image.ndim) < 0.6
        footprint.flat[0] = True
        options = border(rng) | {"origin": origin(rng, size)}
        # For one axis, SciPy 1.17 takes holes of a footprint for samples, and writes float32 into float64.
        line = image.ndim == 1
        footprint |= line
        count = int(footprint.sum())
        which = {"median_filter": (), "percentile_filter": (float(rng.integers(-100, 101)),)}
        number = which.get(name, (int(rng.integers(-count, count)),))
        to = None if line else output(rng, image)
        agrees(name, image, *number, footprint=footprint, output=to, **options)
        agrees(name, image, *number, size=size, **options)


@pytest.mark.parametrize("name", ndimage.__all__)
def test_signatures(name):
    """Every parameter has SciPy's name, kind and default."""
    ours, theirs = (
        inspect.signature(getattr(module, name)).parameters for module in (ndimage, scipy.ndimage)
    )
    assert [(p.name, p.kind, p.default) for p in ours.values()] == [
        (p.name, p.kind, p.default) for p in theirs.values()
    ]


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda m: m.correlate1d(np.ones(5), np.ones(3), origin=2), ValueError),
        (lambda m: m.correlate1d(np.ones((5, 5)), np.ones((3, 3))), RuntimeError),
        (lambda m: m.gaussian_filter(np.ones(5), 1, order=-1), ValueError),
        (lambda m: m.uniform_filter1d(np.ones(5), 0), RuntimeError),
        (lambda m: m.minimum_filter(np.ones(5)), RuntimeError),
        (lambda m: m.median_filter(np.ones(5), 3, mode="nothing"), RuntimeError),
        (lambda m: m.correlate(np.ones((5, 5)), np.ones((3, 3)), axes=(0, 0)), ValueError),
        (lambda m: m.sobel(np.ones(5), 0, np.empty(4)), RuntimeError),
        (lambda m: m.rank_filter(np.ones(5), 7, size=3), RuntimeError),
        (lambda m: m.median_filter(np.ones(5), size=3.0), TypeError),
        (lambda m: m.percentile_filter(np.ones((5, 5)), 50, size=(3, 3.0)), TypeError),
        (lambda m: m.minimum_filter(np.ones(5, complex), 3), TypeError),
    ],
)
def test_errors_are_scipys(call, kind):
    with pytest.raises(kind) as theirs:
        call(scipy.ndimage)
    with pytest.raises(kind) as ours:
        call(ndimage)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("kind", ["float16", "longdouble", ">f8", "bool"])
def test_other_types(kind):
    """Types that the engine does not know give SciPy's answer or SciPy's error."""
    image = (np.random.default_rng(9).random((8, 9)) * 9).astype(kind)
    for name, args in (
        ("uniform_filter", (3,)),
        ("sobel", ()),
        ("median_filter", (3,)),
        ("gaussian_filter", (1,)),
    ):
        try:
            expected = getattr(scipy.ndimage, name)(image, *args)
        except (RuntimeError, TypeError) as error:
            with pytest.raises(type(error)):
                getattr(ndimage, name)(image, *args)
        else:
            found = getattr(ndimage, name)(image, *args)
            assert found.dtype == expected.dtype
            np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_not_finite(kind):
    """A weight of 0 times NaN is NaN, and a running sum carries NaN on, as in SciPy; not so over windows."""
    image = np.arange(16 * 18.0).reshape(16, 18).astype(kind)
    image[2, 3], image[4, 5], image[11, 12] = np.nan, np.inf, -np.inf
    hole = np.array([[0, 1, 2], [3, 0, -1.0], [0, 0, 1]])
    calls = {
        "sobel": (),
        "laplace": (),
        "uniform_filter": (3,),
        "gaussian_filter": (1.0,),
        "gaussian_laplace": (1.0,),
        "correlate": (hole,),
        "convolve": (hole,),
        "correlate1d": ([1, 0, 2.0],),
    }
    with np.errstate(all="ignore"):
        for name, args in calls.items():
            found, expected = getattr(ndimage, name)(image, *args), getattr(scipy.ndimage, name)(image, *args)
            bound = 1e-11 if kind is np.float64 else 4e-6
            np.testing.assert_allclose(found, expected, rtol=0, atol=bound * 2000, err_msg=name)


def test_output_may_be_the_image():
    image = np.random.default_rng(10).random((12, 13))
    for name, args in (
        ("gaussian_filter", (1,)),
        ("uniform_filter", (3,)),
        ("correlate", (np.ones((3, 3)),)),
    ):
        for kind in (float, np.uint8):
            given = (image * 99).astype(kind)
            expected = getattr(scipy.ndimage, name)(given, *args)
            found = getattr(ndimage, name)(given, *args, output=given)
            assert found is given
            np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "longdouble", "uint8", "int64"])
def test_types_of_sigma(kind):
    """SciPy squares a standard deviation in its own type: 20 of uint8 wraps, and float32 is rounded."""
    image = np.random.default_rng(9).random((40, 41))
    for value in (1.3, 2.6666, 20.0):
        sigma = np.dtype(kind).type(value)
        with np.errstate(over="ignore"), warnings.catch_warnings(action="ignore"):
            for given in (sigma, np.full(2, sigma)):
                expected = scipy.ndimage.gaussian_filter(image, given)
                found = ndimage.gaussian_filter(image, given)
                np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", [(1, 2), (3, 3), (2, 40), (40, 1), (2, 3, 4)])
def test_derivatives_of_constants(shape):
    """They are exactly 0, as in SciPy, also if the kernel is longer than the image."""
    image = np.full(shape, -255 / 7)
    for radius in (1, 2, 4, 9, 40):
        for order in ([1] + [0] * (len(shape) - 1), [0] * (len(shape) - 1) + [3]):
            assert not ndimage.gaussian_filter(image, radius / 3, order, radius=radius).any()
        assert not ndimage.gaussian_gradient_magnitude(image, radius / 3, radius=radius).any()
    assert not ndimage.sobel(image).any()
    assert not ndimage.prewitt(image, 0).any()
    assert not ndimage.correlate1d(image, [0.1, -0.3, 0, 0.3, -0.1]).any()


@pytest.mark.parametrize("name", ["gaussian_laplace", "gaussian_gradient_magnitude"])
def test_borders_of_terms(name):
    """Each term has its own border along all axes."""
    image = np.random.default_rng(10).random((30, 31))
    for modes in (["reflect", "wrap"], ["constant", "nearest"], ["mirror", "mirror"]):
        agrees(name, image, 1.5, mode=modes)
