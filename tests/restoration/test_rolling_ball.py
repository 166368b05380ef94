"""The rolling ball: the definition, scikit-image, properties, types, absent samples and errors."""

import numpy as np
import pytest
import skimage.restoration

import imfilter
from imfilter import morphology
from tests.reference import restoration

RNG = np.random.default_rng(4)


@pytest.mark.parametrize(
    ("shape", "radii", "height"),
    [((40,), (4.5,), 4.5), ((17, 21), (3, 3), 3), ((15, 19), (2.3, 5), 9.0), ((7, 9, 8), (1, 2.5, 2), 4)],
)
@pytest.mark.parametrize("method", ["opening", "erosion"])
@pytest.mark.slow
def test_definition(shape, radii, height, method):
    image = RNG.random(shape) * 20
    expected = restoration.rolling_ball(image, radii, height, method)
    found = imfilter.rolling_ball(image, radii, height=height, method=method)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)
    present = RNG.random(shape) < 0.3
    present[(slice(0, 6),) * len(shape)] = False
    expected = restoration.rolling_ball(image, radii, height, method, present)
    found = imfilter.rolling_ball(image, radii, height=height, method=method, mask=present)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)
    sparse = restoration.rolling_ball(image, radii, height, method, present, 0.3)
    assert np.isnan(sparse).sum() > np.isnan(expected).sum()
    options = {"height": height, "method": method, "min_coverage": 0.3}
    np.testing.assert_allclose(
        imfilter.rolling_ball(image, radii, mask=present, **options), sparse, rtol=1e-13, atol=1e-13
    )
    bordered = restoration.rolling_ball(image, radii, height, method, least=0.7)
    options["min_coverage"] = 0.7
    np.testing.assert_allclose(
        imfilter.rolling_ball(image, radii, **options), bordered, rtol=1e-13, atol=1e-13
    )
    assert np.isnan(bordered).any()
    assert np.isfinite(imfilter.rolling_ball(image, radii, mode="mirror", **options)).all()
    holes = np.where(present, image, np.nan)
    ignored = imfilter.rolling_ball(holes, radii, height=height, method=method, nan="ignore")
    np.testing.assert_array_equal(ignored, found)
    own = imfilter.rolling_ball(np.ma.array(image, mask=~present), radii, height=height, method=method)
    np.testing.assert_array_equal(np.ma.getmaskarray(own), np.isnan(expected))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.slow
def test_scikit_image(dtype, ndim):
    image = (RNG.random((90, 40, 12)[:ndim]) * 60).astype(dtype)
    image = np.ascontiguousarray(image)
    for radius in (1, 4, 5.5):
        expected = skimage.restoration.rolling_ball(image, radius=radius)
        found = imfilter.rolling_ball(image, radius, method="erosion", dtype=np.float64)
        if image.dtype.kind == "u":  # truncated there
            np.testing.assert_array_equal(np.floor(found + 1e-9), expected)
        else:
            # float32 rounds the heights of the ball there
            np.testing.assert_allclose(found, expected, atol=1e-6 if dtype == "float32" else 1e-13)


def test_ellipsoids_of_scikit_image():
    image = RNG.random((30, 32)) * 60
    kernel = skimage.restoration.ellipsoid_kernel((9, 15), 30)
    expected = skimage.restoration.rolling_ball(image, kernel=kernel)
    found = imfilter.rolling_ball(image, (4, 7), height=30, method="erosion")
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_it_is_an_opening_by_weights():
    image = (RNG.random((30, 70)) * 255).astype(np.float32)
    kernel = skimage.restoration.ball_kernel(6, 2)
    inside = np.isfinite(kernel)
    weights = np.where(inside, kernel, 0).astype(np.float32)
    for mode in ("shrink", "mirror", "symmetric", "edge", "wrap"):
        expected = morphology.opening(image, inside, weights=weights, mode=mode)
        found = imfilter.rolling_ball(image, 6, mode=mode)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-4)


def test_constants_beyond_the_border():
    image = np.full((9, 12), 70.0)
    np.testing.assert_array_equal(imfilter.rolling_ball(image, 4, mode="constant", cval=70), image)
    image[4, 4] = 20
    found = imfilter.rolling_ball(image, 4, mode="constant", cval=50, method="erosion", height=0)
    wide = np.pad(image, 4, constant_values=50)
    expected = imfilter.rolling_ball(wide, 4, method="erosion", height=0)[4:-4, 4:-4]
    np.testing.assert_array_equal(found, expected)
    assert found.min() == 20
    assert (imfilter.rolling_ball(image, 4, mode="zero", method="erosion", height=0)[0] == 0).all()


def test_a_ramp_keeps_its_background():
    ramp = np.add.outer(np.arange(60.0), np.arange(80.0)) / 5
    image = ramp.copy()
    image[20:24, 30:34] += 100
    found = imfilter.rolling_ball(image, 20)
    assert (found <= image).all()
    inner = (slice(10, -10),) * 2
    assert abs(found - ramp)[inner].max() < 1
    lower = imfilter.rolling_ball(image, 20, method="erosion")
    assert (lower <= found).all()
    np.testing.assert_allclose(imfilter.rolling_ball(found, 20), found, atol=1e-12)  # idempotent


def test_types_and_layouts():
    image = RNG.integers(0, 200, (12, 25, 3))
    exact = imfilter.rolling_ball(image.astype(float), 3, channel_axis=-1)
    each = np.stack([imfilter.rolling_ball(image[..., c].astype(float), 3) for c in range(3)], -1)
    np.testing.assert_array_equal(exact, each)
    for dtype in ("uint8", "int8", "int32", "uint64", "float16", "float32", ">u2", "longdouble"):
        source = (image // 2).astype(dtype)
        found = imfilter.rolling_ball(source, 3, channel_axis=-1)
        real = imfilter.rolling_ball(source.astype(float), 3, channel_axis=-1)
        assert found.dtype == np.dtype(dtype).newbyteorder("=")
        tolerance = 0.5 + 1e-5 if found.dtype.kind in "iu" else 0.04 if dtype == "float16" else 1e-4
        assert abs(found.astype(float) - real).max() <= tolerance
        assert (found <= source).all()
        for layout in (np.asfortranarray, lambda a: np.repeat(a, 2, 1)[:, ::2]):
            np.testing.assert_array_equal(imfilter.rolling_ball(layout(source), 3, channel_axis=-1), found)
    turned = imfilter.rolling_ball(image, (2, 4), axes=(1, 0))
    np.testing.assert_array_equal(turned, imfilter.rolling_ball(image, (4, 2), axes=(0, 1)))
    wide = RNG.random((2, 5000)).astype(np.float32)
    np.testing.assert_array_equal(
        imfilter.rolling_ball(wide, 9, workers=1), imfilter.rolling_ball(wide, 9, workers=3)
    )
    whole = imfilter.rolling_ball(wide, 9)
    np.testing.assert_array_equal(
        imfilter.rolling_ball(wide[:, 1500:3500], 9)[:, 30:-30], whole[:, 1530:3470]
    )
    assert imfilter.rolling_ball(wide, 9, out=wide) is wide
    np.testing.assert_array_equal(wide, whole)


def test_nan_infinity_and_small_radii():
    line = np.array([1.0, 2, np.nan, 3, 4, 5, 6, 7, 8, np.inf])
    found = imfilter.rolling_ball(line, 1)
    assert np.isnan(found).nonzero()[0].tolist() == [0, 1, 2, 3, 4]
    assert np.isnan(imfilter.rolling_ball(line, 1, method="erosion")).nonzero()[0].tolist() == [1, 2, 3]
    np.testing.assert_array_equal(imfilter.rolling_ball([3.0, 1, 2], 0), [3, 1, 2])
    np.testing.assert_array_equal(imfilter.rolling_ball([3.0, 1, 2], 2, height=0), [1, 1, 1])
    np.testing.assert_array_equal(imfilter.rolling_ball([np.inf, np.inf], 1, height=0), [np.inf, np.inf])
    assert imfilter.rolling_ball(np.array([[7]], np.uint8), 50).tolist() == [[7]]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"radius": -1}, ValueError, "radius must be at least 0"),
        ({"radius": "a"}, TypeError, "radius must be a number"),
        ({"radius": (1, 2, 3)}, ValueError, "radius must be one number or one for each of 2"),
        ({"radius": 1e9}, ValueError, "radius must span at most"),
        ({"height": -1}, ValueError, "height must be at least 0"),
        ({"method": "ball"}, ValueError, "method must be one of 'opening', 'erosion'"),
        ({"mode": "reflect"}, ValueError, "'reflect' is ambiguous"),
    ],
    ids=str,
)
def test_errors(options, error, words):
    with pytest.raises(error, match=words):
        imfilter.rolling_ball(np.zeros((5, 6)), **{"radius": 2, **options})
