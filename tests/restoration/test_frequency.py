"""Butterworth's filter and the homomorphic filter: the definitions, scikit-image, borders and errors."""

import numpy as np
import pytest
import skimage.filters

import imfilter
from tests.reference import restoration

RNG = np.random.default_rng(10)


@pytest.mark.parametrize("shape", [(24,), (11, 14), (5, 6, 7)])
@pytest.mark.parametrize("squared", [True, False])
def test_definition(shape, squared):
    image = RNG.random(shape)
    spacing = (1.0, 0.5, 2.0)[: len(shape)]
    square = sum((f / s) ** 2 for f, s in zip(restoration.waves(shape), spacing, strict=True))

    def low(cutoff):
        return 1 / (1 + (square / cutoff**2) ** 1.5)

    for kind, cutoff, response in (
        ("low", 0.1, low(0.1)),
        ("high", 0.2, 1 - low(0.2)),
        ("band", (0.1, 0.3), (1 - low(0.1)) * low(0.3)),
    ):
        response = response if squared else np.sqrt(response)
        options = {"kind": kind, "order": 1.5, "squared": squared, "spacing": spacing}
        expected = restoration.by_response(image, response)
        np.testing.assert_allclose(
            imfilter.butterworth(image, cutoff, mode="wrap", **options), expected, atol=1e-12
        )
        wide = np.pad(image, [(0, n) for n in shape], mode="symmetric")
        whole = imfilter.butterworth(wide, cutoff, mode="wrap", **options)[tuple(map(slice, shape))]
        np.testing.assert_allclose(
            imfilter.butterworth(image, cutoff, mode="symmetric", **options), whole, atol=1e-12
        )


@pytest.mark.parametrize("high", [True, False])
@pytest.mark.parametrize("squared", [True, False])
def test_scikit_image(high, squared):
    for shape in ((30, 41), (21, 32, 3)):
        image, channel = RNG.random(shape), -1 if len(shape) == 3 else None
        expected = skimage.filters.butterworth(
            image, 0.13, high, 3, squared_butterworth=squared, channel_axis=channel
        )
        found = imfilter.butterworth(
            image, 0.13, kind="high" if high else "low", order=3, squared=squared, mode="wrap",
            channel_axis=channel,
        )  # fmt: skip
        np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("mode", ["mirror", "symmetric", "edge", "wrap", "constant"])
def test_constants_and_sums(mode):
    flat = np.full((20, 31), 5.0)
    options = {"mode": mode, "cval": 5.0}
    np.testing.assert_allclose(imfilter.butterworth(flat, 0.1, **options), 5, rtol=1e-12)
    np.testing.assert_allclose(imfilter.butterworth(flat, 0.1, kind="high", **options), 0, atol=1e-12)
    image = RNG.random((20, 31))
    both = imfilter.butterworth(image, 0.1, **options) + imfilter.butterworth(
        image, 0.1, kind="high", **options
    )
    np.testing.assert_allclose(both, image, atol=1e-12)


def test_borders_do_not_jump():
    ramp = np.add.outer(np.arange(60.0), np.arange(80.0))
    errors = {
        mode: abs(imfilter.butterworth(ramp, 0.05, mode=mode) - ramp)[:5, :5].max()
        for mode in ("mirror", "edge", "wrap")
    }
    assert errors["mirror"] < 0.2 * errors["wrap"]
    assert errors["edge"] < 0.3 * errors["wrap"]


def test_homomorphic():
    image = RNG.integers(0, 256, (20, 30), np.uint8)
    square = sum(f**2 for f in restoration.waves(image.shape))
    response = 0.4 + (2 - 0.4) * (1 - 1 / (1 + (square / 0.1**2) ** 2))
    expected = np.exp(restoration.by_response(np.log(image + 1.0), response)) - 1
    found = imfilter.homomorphic(image, 0.1, low_gain=0.4, high_gain=2, mode="wrap")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    same = imfilter.homomorphic(image, 0.1, low_gain=1, high_gain=1)
    np.testing.assert_allclose(same, image, atol=1e-4)
    light = np.linspace(5, 30, 200)[:, None] * np.ones(100)
    texture = 10 + RNG.random((200, 100))
    even = imfilter.homomorphic(light * texture, 0.02, low_gain=0, high_gain=1, offset=0)
    rows = even.mean(1)
    assert rows.std() / rows.mean() < 0.1 * (light[:, 0].std() / light.mean())


def test_absent_samples():
    image = RNG.random((30, 40)) + 1
    present = RNG.random(image.shape) < 0.7
    present[5:15, 5:20] = False
    holes = np.where(present, image, np.nan)
    for function in (imfilter.butterworth, imfilter.homomorphic):
        found = function(image, 0.1, mask=present)
        np.testing.assert_array_equal(function(holes, 0.1, nan="ignore"), found)
        np.testing.assert_array_equal(function(np.where(present, image, -9), 0.1, mask=present), found)
        assert np.isfinite(found).all()
        assert np.isnan(function(holes, 0.1)).all()
        assert np.isnan(function(image, 0.1, mask=~np.ones_like(present))).all()
    flat = imfilter.butterworth(np.where(present, 4.0, 1e9), 0.1, mask=present)
    np.testing.assert_allclose(flat, 4, rtol=1e-9)


def test_axes_and_workers():
    image = RNG.random((3, 70, 1100))
    whole = imfilter.butterworth(image, 0.1, axes=(1, 2), workers=3)
    np.testing.assert_array_equal(imfilter.butterworth(image[1], 0.1, workers=1), whole[1])
    turned = imfilter.butterworth(image, 0.1, axes=(2, 1), spacing=(2, 1))
    np.testing.assert_array_equal(turned, imfilter.butterworth(image, 0.1, axes=(1, 2), spacing=(1, 2)))


@pytest.mark.parametrize(
    ("name", "options", "error", "words"),
    [
        ("butterworth", {"cutoff": 0}, ValueError, "cutoff must be positive"),
        ("butterworth", {"cutoff": (0.1, 0.2)}, TypeError, "cutoff must be a number"),
        ("butterworth", {"cutoff": 0.1, "kind": "band"}, ValueError, "cutoff must be two numbers"),
        ("butterworth", {"cutoff": (0.2, 0.1), "kind": "band"}, ValueError, "the lower one first"),
        ("butterworth", {"kind": "all"}, ValueError, "kind must be one of"),
        ("butterworth", {"order": 0}, ValueError, "order must be positive"),
        ("butterworth", {"squared": 1}, TypeError, "squared must be True or False"),
        ("butterworth", {"mode": "shrink"}, ValueError, "mode must be one of"),
        ("homomorphic", {"low_gain": -1}, ValueError, "low_gain must be at least 0"),
        ("homomorphic", {"offset": -1}, ValueError, "offset must be at least 0"),
        ("homomorphic", {"offset": 0}, ValueError, "image must be above -offset"),
    ],
    ids=str,
)
def test_errors(name, options, error, words):
    with pytest.raises(error, match=words):
        getattr(imfilter, name)(np.zeros((5, 6)), **{"cutoff": 0.1, **options})


@pytest.mark.parametrize("name", ["butterworth", "wiener", "richardson_lucy"])
def test_samples_of_the_largest_size(name):
    """Sums of the transform overflow, and the result does not."""
    rng, kernel = np.random.default_rng(3), np.full((3, 3), 1 / 9)
    own = (0.2,) if name == "butterworth" else (kernel,)
    image, unit = rng.random((20, 23)) * 1.7e308, 2.0**-300
    mask = rng.random(image.shape) < 0.9
    for given in ({}, {"mask": mask}, {"mode": "constant", "cval": 1.7e308}):
        small = given | ({"cval": 1.7e308 * unit} if "cval" in given else {})
        wanted = getattr(imfilter, name)(image * unit, *own, **small)
        found = getattr(imfilter, name)(image, *own, **given)
        inside = np.abs(wanted) < np.finfo("f8").max * unit
        assert np.isfinite(found[inside]).all()
        np.testing.assert_allclose(found[inside] * unit, wanted[inside], rtol=1e-9, atol=1e297 * unit)
    for n in (7, 12, 20, 31):
        flat = np.full((n, n + 3), np.finfo("f8").max)
        np.testing.assert_allclose(getattr(imfilter, name)(flat, *own), flat, rtol=1e-9)
