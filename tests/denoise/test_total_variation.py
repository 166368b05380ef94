"""Total variation against plain loops, scikit-image, and what its minimum must have."""

import numpy as np
import pytest
import skimage.restoration

import imfilter
from tests.photos import photo
from tests.reference import denoise as reference

RNG = np.random.default_rng(7)


def picture(shape, dtype="f8"):
    image = np.zeros(shape)
    image[..., shape[-1] // 2 :] = 60
    image = image + RNG.normal(60, 10, shape)
    return image.astype(dtype) if np.dtype(dtype).kind == "f" else np.rint(image).clip(0, 255).astype(dtype)


def best(image, weight, **options):
    return imfilter.total_variation(image, weight, tolerance=1e-10, max_iterations=20_000, **options)


@pytest.mark.parametrize("shape", [(7,), (5, 6), (3, 4, 3), (1, 5), (5, 1), (1, 1), (2, 1, 2)])
def test_loops(shape):
    image = picture(shape)
    found = best(image, 8.0)
    slow = reference.total_variation(image, 8.0, 400)
    np.testing.assert_allclose(found, slow, atol=1.0)
    mine, theirs = (reference.energy(u[None], image[None], 8.0) for u in (found, slow))
    assert mine <= theirs * (1 + 1e-10)  # the gap
    assert theirs <= mine * 1.01
    for _ in range(20):  # no other image near it has less
        other = found + RNG.normal(0, 0.1, shape)
        assert reference.energy(other[None], image[None], 8.0) > mine


@pytest.mark.parametrize("shape", [(60,), (40, 41), (9, 10, 11)])
@pytest.mark.slow
def test_skimage(shape):
    image = picture(shape)
    expected = skimage.restoration.denoise_tv_chambolle(image, weight=12.0, eps=1e-13, max_num_iter=20_000)
    found = best(image, 12.0)
    np.testing.assert_allclose(found, expected, atol=0.1)
    mine, theirs = (reference.energy(u[None], image[None], 12.0) for u in (found, expected))
    assert mine <= theirs * (1 + 1e-10)
    assert theirs <= mine * (1 + 1e-5)


@pytest.mark.parametrize("tolerance", [1e-2, 1e-3, 1e-4])
@pytest.mark.slow
def test_the_gap_bounds_the_distance(tolerance):
    image = picture((50, 60), "f4")
    exact, told = best(image.astype("f8"), 10), []
    found = imfilter.total_variation(
        image, 10, tolerance=tolerance, progress=lambda steps, gap: told.append((steps, gap))
    )
    steps, gaps = zip(*told, strict=True)
    assert list(steps) == list(range(10, 10 * len(steps) + 1, 10))
    assert gaps[-1] <= tolerance
    assert all(gap > tolerance for gap in gaps[:-1])
    energy = reference.energy(found[None].astype(float), image[None].astype(float), 10.0)
    assert ((found - exact) ** 2).sum() / 2 <= gaps[-1] * energy
    told.clear()
    imfilter.total_variation(image, 10, tolerance=0, max_iterations=25, progress=lambda *p: told.append(p))
    assert [steps for steps, _ in told] == [10, 20, 25]


@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "u2", ">i4", "f2", "f4", ">f8", "longdouble"])
def test_types(dtype):
    image = picture((20, 21), "f8")
    image = image > 90 if dtype == "?" else (image / 2).astype(dtype)
    weight = 0.4 if dtype == "?" else 5
    found = imfilter.total_variation(image, weight, tolerance=1e-5)
    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    exact = imfilter.total_variation(image.astype(float), weight, tolerance=1e-5)
    if found.dtype.kind == "f":
        np.testing.assert_allclose(found, exact, rtol=1e-3 if dtype == "f2" else 1e-4)
    else:
        assert abs(found.astype(float) - np.rint(exact)).max() <= 1
        assert (found != np.rint(exact)).mean() < 0.01


def test_channels():
    image = picture((20, 22, 3))
    each = imfilter.total_variation(image, 8, channel_axis=-1)
    for c in range(3):
        np.testing.assert_array_equal(each[..., c], imfilter.total_variation(image[..., c], 8))
    coupled = best(image, 8, channel_axis=-1, coupled=True)
    planar, given = np.moveaxis(coupled, -1, 0), np.moveaxis(image, -1, 0)
    mine = reference.energy(planar, given, 8.0)
    assert mine < reference.energy(np.moveaxis(each, -1, 0), given, 8.0)
    for scale in (0.01, 0.5):
        assert mine < reference.energy(planar + RNG.normal(0, scale, planar.shape), given, 8.0)
    first = best(given, 8, channel_axis=0, coupled=True)
    np.testing.assert_array_equal(first, planar)
    one = imfilter.total_variation(image[..., :1], 8, channel_axis=-1, coupled=True)
    np.testing.assert_array_equal(one, each[..., :1])


def test_absent_samples_are_beyond_the_border():
    image, mask = picture((12, 13)), np.ones((12, 13), bool)
    mask[:, 6] = False
    image[~mask] = np.nan
    found = best(image, 8, mask=mask)
    assert np.isnan(found[:, 6]).all()
    np.testing.assert_allclose(found[:, :6], best(image[:, :6], 8), atol=1e-3)
    np.testing.assert_allclose(found[:, 7:], best(image[:, 7:], 8), atol=1e-3)
    np.testing.assert_array_equal(imfilter.total_variation(image, 8, nan="ignore"),
                                  imfilter.total_variation(image, 8, mask=mask * 0.5))  # fmt: skip
    assert np.isnan(imfilter.total_variation(image, 8)).all()
    holes = RNG.random((8, 9)) < 0.7
    some = np.where(holes, picture((8, 9)), 0.0)
    found = np.nan_to_num(best(some, 8, mask=holes))
    mine = reference.energy(found[None], some[None], 8.0, holes[None])
    for _ in range(20):
        other = found + RNG.normal(0, 0.05, found.shape)
        assert reference.energy(other[None], some[None], 8.0, holes[None]) > mine


def test_properties():
    image = picture((30, 31))
    np.testing.assert_array_equal(imfilter.total_variation(image, 0), image)
    flat = np.full((9, 8), 7.3, "f4")
    np.testing.assert_array_equal(imfilter.total_variation(flat, 5), flat)
    assert imfilter.total_variation(image, 9).mean() == pytest.approx(image.mean(), rel=1e-12)
    np.testing.assert_allclose(best(image, 1e5), image.mean(), rtol=1e-3)
    batch = np.stack([image, 2 * image])
    np.testing.assert_array_equal(
        imfilter.total_variation(batch, 9, axes=(1, 2))[1], imfilter.total_variation(2 * image, 9)
    )


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_small_and_large_samples(scale):
    image = picture((15, 16), "f4")
    expected = imfilter.total_variation(image, 8)
    found = imfilter.total_variation((image * np.float64(scale)).astype("f4"), 8 * scale)
    np.testing.assert_allclose(found / np.float64(scale), expected, rtol=1e-4)
    same = imfilter.total_variation((image * np.float64(scale)).astype("f4"), 1e-38 * scale)
    np.testing.assert_allclose(same, image * np.float64(scale), rtol=1e-6)


@pytest.mark.parametrize("shape", [(300, 400), (100_000,), (20, 60, 70)])
def test_workers_and_layouts(shape):
    image = picture(shape, "f4")
    found = imfilter.total_variation(image, 9, max_iterations=20, workers=1)
    for other in (image, np.asfortranarray(image), np.repeat(image, 2, -1)[..., ::2]):
        result = imfilter.total_variation(other, 9, max_iterations=20, workers=3)
        np.testing.assert_array_equal(result, found)
    place = image.copy()
    assert imfilter.total_variation(place, 9, max_iterations=20, out=place) is place
    np.testing.assert_array_equal(place, found)
    whole = imfilter.total_variation(image.astype("f8"), 9, max_iterations=20)
    np.testing.assert_allclose(found, whole, rtol=1e-4)


def test_a_photograph_is_denoised():
    image = photo("camera")[100:200, 150:250].astype(float)
    noisy = image + RNG.normal(0, 20, image.shape)
    error = np.std(imfilter.total_variation(noisy, 16) - image)
    assert error < 0.95 * min(np.std(imfilter.gaussian(noisy, s) - image) for s in (0.5, 0.8, 1, 1.3, 1.6, 2))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"weight": -1}, ValueError, "weight must be at least 0, got -1"),
        ({"weight": np.inf}, ValueError, "weight must be finite, got inf"),
        ({"weight": 1, "tolerance": -0.1}, ValueError, "tolerance must be at least 0, got -0.1"),
        ({"weight": 1, "max_iterations": 0}, ValueError, "max_iterations must be at least 1, got 0"),
        ({"weight": 1, "coupled": 1}, TypeError, "coupled must be True or False, got 1"),
        ({"weight": 1, "progress": 1}, TypeError, "progress must be a function, got 1"),
    ],
)
def test_errors(options, error, message):
    with pytest.raises(error, match=message):
        imfilter.total_variation(np.zeros((5, 6)), **options)
