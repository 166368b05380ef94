"""The guided filter, against plain loops, its formulas and OpenCV's boxes."""

import cv2
import numpy as np
import pytest
import scipy.ndimage as ndi

import imfilter
from tests.edge_preserving.cases import DTYPES, MODES, photo, picture
from tests.looping import loop_over
from tests.reference import edge_preserving as reference


def expected(image, radius, eps, guide=None, channel_axis=None, **how):
    """The result of the loops as one array."""
    planes = [image] if channel_axis is None else list(np.moveaxis(image, channel_axis, 0))
    radius = tuple(np.broadcast_to(radius, planes[0].ndim).tolist())
    found = reference.guided(planes, radius, eps, guide, **how)
    return found[0] if channel_axis is None else np.stack(found, channel_axis)


def close(result, wanted, image, tolerance=1e-13):
    """Compare with a tolerance that is relative to the range of the samples, of 0 and of the constant 0.5."""
    values = np.append(np.asarray(image, np.float64).ravel(), (0.0, 0.5))
    np.testing.assert_allclose(result, wanted, rtol=0, atol=tolerance * np.ptp(values[np.isfinite(values)]))


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype):
    image = picture(dtype, (7, 9))
    eps = max(0.1 * float(np.ptp(image.astype(float))) ** 2, 0.1)
    wanted = expected(image.astype(float), (2, 1), eps)
    found = imfilter.guided(image, (2, 1), eps)
    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    if found.dtype.kind == "f":
        close(found, wanted, image, {2: 1e-3, 4: 1e-7}.get(found.itemsize, 1e-13))
    else:
        close(imfilter.guided(image, (2, 1), eps, dtype=float), wanted, image)
        sure = np.abs(wanted - np.floor(wanted) - 0.5) > 1e-3
        if found.itemsize < 8:
            np.testing.assert_array_equal(found[sure], np.rint(wanted).astype(found.dtype)[sure])


@loop_over("mode", MODES)
@loop_over("shape", [(11,), (5, 6), (3, 4, 3), (1, 1), (1, 7)])
@pytest.mark.slow
def test_every_border(mode, shape):
    image, guide = picture("f8", shape, 1), picture("f8", shape, 2)
    radius = (2, 1, 2)[: len(shape)]
    for other in (None, guide):
        wanted = expected(image, radius, 0.5, None if other is None else [other], mode=mode, cval=0.5)
        close(imfilter.guided(image, radius, 0.5, guide=other, mode=mode, cval=0.5), wanted, image)


def test_colours():
    image = picture("f8", (6, 7, 3), 3)
    planes = list(np.moveaxis(image, -1, 0))
    wanted = expected(image, 2, 0.3, channel_axis=-1)
    close(imfilter.guided(image, 2, 0.3, channel_axis=-1), wanted, image)
    found = imfilter.guided(np.moveaxis(image, -1, 0), 2, 0.3, channel_axis=0)
    close(np.moveaxis(found, 0, -1), wanted, image)
    close(imfilter.guided(image.astype("f4"), 2, 0.3, channel_axis=-1), wanted, image, 1e-6)
    grey = picture("f8", (6, 7), 4)
    wanted = expected(grey, 1, 0.3, planes)
    close(imfilter.guided(grey, 1, 0.3, guide=image, channel_axis=-1), wanted, image)
    wanted = expected(image, 1, 0.3, [grey], channel_axis=-1)
    close(imfilter.guided(image, 1, 0.3, guide=grey, channel_axis=-1), wanted, image)
    other = picture("f8", (6, 7, 3), 5)
    wanted = expected(image, 1, 0.3, list(np.moveaxis(other, -1, 0)), channel_axis=-1)
    close(imfilter.guided(image, 1, 0.3, guide=other, channel_axis=-1), wanted, image)


@pytest.mark.parametrize("mode", ["mirror", "shrink", "constant"])
def test_masks(mode):
    rng = np.random.default_rng(6)
    for shape, radius in (((13,), (2,)), ((6, 7), (2, 1)), ((3, 4, 3), (1, 1, 0))):
        image, guide = picture("f8", shape, 7), picture("f8", shape, 8)
        for counts in (rng.random(shape) < 0.5, rng.random(shape) < 0.1, rng.integers(0, 3, shape) * 0.75):
            for least, other in ((0, None), (0.4, None), (0, guide)):
                wide = None if other is None else [other]
                wanted = expected(image, radius, 0.5, wide, mode=mode, cval=0.5, counts=counts, least=least)
                found = imfilter.guided(
                    image, radius, 0.5, guide=other, mode=mode, cval=0.5, mask=counts, min_coverage=least
                )
                close(found, wanted, image)
    image, counts = picture("f8", (6, 7, 2), 9), rng.random((6, 7)) < 0.6
    wanted = expected(image, 1, 0.5, channel_axis=-1, counts=counts, mode=mode)
    close(imfilter.guided(image, 1, 0.5, channel_axis=-1, mask=counts, mode=mode), wanted, image)


def test_absent_samples_have_no_influence():
    rng = np.random.default_rng(10)
    for dtype in ("f4", "f8"):
        image, there = rng.normal(size=(12, 13)).astype(dtype), rng.random((12, 13)) < 0.6
        wanted = imfilter.guided(np.where(there, image, 0), 2, 0.1, mask=there)
        for value in (np.nan, np.inf, -np.inf, 3e38, 1e-40):
            hidden = np.where(there, image, np.dtype(dtype).type(value))
            np.testing.assert_array_equal(imfilter.guided(hidden, 2, 0.1, mask=there), wanted)
        hidden = np.where(there, image, np.dtype(dtype).type(np.nan))
        np.testing.assert_array_equal(imfilter.guided(hidden, 2, 0.1, nan="ignore"), wanted)
        masked = imfilter.guided(np.ma.array(image, mask=~there), 2, 0.1)
        np.testing.assert_array_equal(masked.data, wanted)
        full = imfilter.guided(image, 2, 0.1, mask=np.ones(image.shape))
        np.testing.assert_array_equal(full, imfilter.guided(image, 2, 0.1))
    none = np.zeros(image.shape, bool)
    assert np.isnan(imfilter.guided(image, 2, 0.1, mask=none)).all()
    assert (imfilter.guided(image, 2, 0.1, mask=none, dtype="i2") == 0).all()
    assert np.ma.getmaskarray(imfilter.guided(np.ma.array(image, mask=True), 2, 0.1)).all()
    full = np.ones(image.shape, bool)
    full[0, 0] = False
    found = imfilter.guided(image, 1, 0.1, mask=full, min_coverage=1)
    np.testing.assert_array_equal(np.argwhere(np.isnan(found)), [[0, 0], [0, 1], [1, 0], [1, 1]])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite(value):
    image = picture("f8", (30, 70), 11)
    whole = imfilter.guided(image, 3, 0.5)
    changed = image.copy()
    changed[14, 40] = value
    inside = np.zeros(image.shape, bool)
    inside[8:21, 34:47] = True
    found = imfilter.guided(changed, 3, 0.5)
    assert np.isnan(found[inside]).all()
    np.testing.assert_array_equal(found[~inside], whole[~inside])
    joint = imfilter.guided(image, 3, 0.5, guide=changed)
    assert np.isnan(joint[inside]).all()
    assert np.isfinite(joint[~inside]).all()


def test_infinity_has_one_result():
    """A fit that is NaN because of samples does not depend on windows that lack digits, or on memory."""
    image, guide = np.random.default_rng(3).random((2, 9, 40), np.float32)
    image[4, 0] = np.inf
    far = guide.copy()
    far[:, -1] = 3000
    with np.errstate(all="ignore"):
        for radius in (0, 1):
            one, other = (imfilter.guided(image, radius, 0.01, guide=g)[:, :20] for g in (guide, far))
            np.testing.assert_array_equal(one, other)


def test_flat_images_stay_flat():
    for value in (0.1, 1e7 + 1, -3.3e30, 1e-30):
        for dtype in ("f4", "f8"):
            image = np.full((9, 70), value, dtype)
            np.testing.assert_array_equal(imfilter.guided(image, 2, 1e-3), image)
            np.testing.assert_array_equal(
                imfilter.guided(image, 2, 1e-3, guide=picture("f8", (9, 70), 12)), image
            )
            there = np.random.default_rng(13).random(image.shape) < 0.7
            np.testing.assert_array_equal(imfilter.guided(image, 2, 1e-3, mask=there), image)
    # A flat part of an image, and colours that are all equal, so that the matrix has rank 1.
    image = np.full((30, 30), 7.3)
    image[20:] = 9.1
    np.testing.assert_allclose(imfilter.guided(image, 2, 1e-12)[:14], 7.3, rtol=1e-14)
    grey = picture("f8", (12, 13), 14)
    found = imfilter.guided(np.dstack([grey] * 3), 2, 1e-10, channel_axis=-1)
    np.testing.assert_allclose(found[..., 1], imfilter.guided(grey, 2, 1e-10 / 3), rtol=0, atol=1e-6)


def test_offsets_cost_no_digits():
    image = np.random.default_rng(15).random((40, 41))
    near = imfilter.guided(image, 3, 0.01)
    far = imfilter.guided(image + 2.0**30, 3, 0.01)
    np.testing.assert_allclose(far - 2.0**30, near, rtol=0, atol=1e-6)


def test_a_sample_far_away_changes_only_its_windows():
    image = picture("f8", (40, 41), 16)
    changed = image.copy()
    changed[0, 0] = 1e30  # the sample that a search for a reference finds first
    whole, found = imfilter.guided(image, 2, 0.5), imfilter.guided(changed, 2, 0.5)
    np.testing.assert_allclose(found[9:, 9:], whole[9:, 9:], rtol=1e-12)


def formulas(image, radius, eps, guide):
    """The filter as in the paper, with SciPy's boxes in float64."""

    def box(x):
        return ndi.uniform_filter(x, 2 * np.array(radius) + 1, mode="mirror")

    mean, mean_guide = box(image), box(guide)
    slope = (box(image * guide) - mean * mean_guide) / (box(guide * guide) - mean_guide**2 + eps)
    return box(slope) * guide + box(mean - slope * mean_guide)


@pytest.mark.parametrize("radius", [1, 4, 8, 19, 45])
@pytest.mark.slow
def test_formulas(radius):
    rng = np.random.default_rng(17)
    for shape in ((150, 170), (700,), (20, 21, 22)):
        image, guide = rng.random(shape), rng.random(shape)
        # Volumes grow by four radii along each axis: to eight million samples, were all 45.
        own = radius if len(shape) < 3 or radius < 45 else (radius, 19, 19)
        close(imfilter.guided(image, own, 0.01), formulas(image, own, 0.01, image), image)
        found = imfilter.guided(image, own, 0.01, guide=guide)
        close(found, formulas(image, own, 0.01, guide), image)


def test_opencv():
    grey, _ = photo()
    image, size = grey.astype(np.float32), (9, 9)
    if hasattr(cv2, "ximgproc"):
        peer = cv2.ximgproc.guidedFilter(image, image, 4, 100.0)
    else:  # opencv-contrib is not installed: the same boxes
        mean, squares = cv2.blur(image, size), cv2.blur(image * image, size)
        variance = squares - mean * mean
        slope = variance / (variance + 100)
        peer = cv2.blur(slope, size) * image + cv2.blur(mean - slope * mean, size)
    found = imfilter.guided(image, 4, 100.0)
    np.testing.assert_allclose(found[8:-8, 8:-8], peer[8:-8, 8:-8], atol=5e-3)


def test_layouts_axes_workers_and_out():
    image = picture("f4", (30, 41, 7), 18)
    whole = imfilter.guided(image, (1, 2), 0.5, axes=(0, 1))
    for number in (0, 6):
        plane = imfilter.guided(np.ascontiguousarray(image[..., number]), (1, 2), 0.5)
        np.testing.assert_array_equal(whole[..., number], plane)
    np.testing.assert_array_equal(imfilter.guided(image, (2, 1), 0.5, axes=(1, 0)), whole)
    np.testing.assert_array_equal(imfilter.guided(np.asfortranarray(image), (1, 2), 0.5, axes=(0, 1)), whole)
    place = image.copy()
    assert imfilter.guided(place, (1, 2), 0.5, axes=(0, 1), out=place) is place
    np.testing.assert_array_equal(place, whole)
    guide = picture("f4", image.shape, 19)
    joint = imfilter.guided(image, 1, 0.5, guide=guide)
    np.testing.assert_array_equal(imfilter.guided(image, 1, 0.5, guide=guide, out=guide), joint)


@pytest.mark.slow
def test_any_number_of_workers():
    image = picture("f4", (700, 900), 20)
    whole = imfilter.guided(image, 3, 0.5, workers=1)
    for workers in (2, 3, 7):
        np.testing.assert_array_equal(imfilter.guided(image, 3, 0.5, workers=workers), whole)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"eps": 0}, ValueError, "eps must be positive, got 0.0"),
        ({"eps": "a"}, TypeError, "eps must be a number, got 'a'"),
        ({"radius": -1}, ValueError, "radius must be at least 0, got -1"),
        ({"radius": 1.5}, TypeError, "radius must be an integer, got 1.5"),
        ({"guide": np.ones((4, 6))}, ValueError, r"guide must have shape \(5, 6\), got \(4, 6\)"),
    ],
)
def test_errors(change, error, text):
    given = {"radius": 1, "eps": 1.0} | change
    with pytest.raises(error, match=text):
        imfilter.guided(np.ones((5, 6)), **given)


@pytest.mark.parametrize("dtype", ["f4", "f8", "u2"])
@pytest.mark.parametrize("offset", [0.0, 1.0, 300.0, 5e4])
def test_bits_depend_on_the_window_only(dtype, offset):
    """A part with the samples of its windows has the bits of the whole, whatever is beside it."""
    scale = 1000.0 if dtype == "u2" else 1.0
    rng = np.random.default_rng(21)
    image, guide, colour = (rng.random(shape) for shape in ((90, 150), (90, 150), (90, 150, 3)))
    image[:30], guide[:, :60] = 0.5, 0.25  # flat, where a variance has the fewest digits
    image, guide, colour = ((a * scale + offset).astype(dtype) for a in (image, guide, colour))
    image[-4:] = 60000  # what is far away
    rows, columns = slice(20, 75), slice(31, 118)
    mask = rng.random(image.shape) < 0.8
    for given in (
        {},
        {"guide": guide},
        {"mask": mask},
        {"guide": guide, "mask": mask},
        {"guide": colour, "channel_axis": -1},
        {"dtype": "f8"},
    ):
        part = {name: v[rows, columns] if isinstance(v, np.ndarray) else v for name, v in given.items()}
        for eps in (1e-10, 1e-2):
            whole = imfilter.guided(image, (3, 4), eps, **given)
            found = imfilter.guided(image[rows, columns], (3, 4), eps, **part)
            np.testing.assert_array_equal(found[6:-6, 8:-8], whole[rows, columns][6:-6, 8:-8])


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.slow
def test_little_contrast_far_from_zero(dtype):
    """Where sums have no digits left, the fit is that of differences from a sample of the window."""
    rng = np.random.default_rng(22)
    steps = rng.integers(0, 9, (4, 14, 15)) * 2.0**-6
    for offset in (0.0, 2.0**15, 2.0**17):
        image, guide = (steps[:2] + offset).astype(dtype)
        eps, atol = 2.0**-14, max(offset * np.finfo(dtype).eps / 2, 1e-7 if dtype == "f4" else 1e-14)
        wanted = expected(steps[0], 2, eps)
        np.testing.assert_allclose(imfilter.guided(image, 2, eps) - offset, wanted, rtol=0, atol=atol)
        wanted = expected(steps[0], 2, eps, [steps[1]])
        found = imfilter.guided(image, 2, eps, guide=guide) - offset
        np.testing.assert_allclose(found, wanted, rtol=0, atol=atol)
        counts = rng.random(steps[0].shape) < 0.6
        wanted = expected(steps[0], 2, eps, [steps[1]], counts=counts)
        found = imfilter.guided(image, 2, eps, guide=guide, mask=counts) - offset
        np.testing.assert_allclose(found, wanted, rtol=0, atol=atol)
        wanted = expected(steps[0], 2, eps, list(steps[1:]))
        colour = np.moveaxis(steps[1:] + offset, 0, -1).astype(dtype)
        found = imfilter.guided(image, 2, eps, guide=colour, channel_axis=-1) - offset
        np.testing.assert_allclose(found, wanted, rtol=0, atol=atol)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_only_some_pieces_have_absent_samples(dtype):
    """The number of workers decides where pieces end. The result does not depend on it."""
    image = (np.random.default_rng(1).random((400, 500)) * 100).astype(dtype)
    mask = np.ones(image.shape, bool)
    mask[-3:, -3:] = False
    whole = imfilter.guided(image, 3, 50.0, mask=mask, workers=1)
    for workers in (2, 3, 7, 16):
        np.testing.assert_array_equal(imfilter.guided(image, 3, 50.0, mask=mask, workers=workers), whole)
