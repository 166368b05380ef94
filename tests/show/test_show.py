"""Pictures of kernels, feature maps and patches, and the drop of a score under occlusion."""

import numpy as np
import pytest
from skimage.color import rgb2lab

import imfilter
from imfilter import show
from imfilter._filters.show import colormap, montage
from tests.photos import photo
from tests.reference import naive

RNG = np.random.default_rng(8)
PAPER = np.array(montage.PAPER)


def tile(picture, number, side, columns):
    """One picture of a grid without labels."""
    row, column = divmod(number, columns)
    top, left = (montage._GAP + i * (side + montage._GAP) for i in (row, column))
    return picture[top : top + side, left : left + side]


@pytest.mark.parametrize("signed", [True, False])
def test_scales_are_even_and_fit_a_screen(signed):
    colours = colormap.scale(signed)
    assert colours.min() >= 0
    assert colours.max() <= 1
    lightness = rgb2lab(colours[None])[0, :, 0]
    if signed:
        middle = len(lightness) // 2
        assert (np.diff(lightness[: middle + 1]) > 0).all()
        np.testing.assert_allclose(lightness, lightness[::-1], atol=2)
        assert np.ptp(colours[middle]) < 1e-3  # zero has no hue
        assert colours[0, 2] > 0.4 > colours[0, 0]  # blue
        assert colours[-1, 0] > 0.4 > colours[-1, 2]  # red
    else:
        assert (np.diff(lightness) > 0).all()
        assert np.ptp(lightness) > 80


def test_kernels_are_symmetric_about_zero():
    weight = np.array([[[-2.0, 0.0], [1.0, 0.5]], [[0.0, 0.1], [-0.1, 0.0]]])
    picture = show.kernels(weight, pixels=2, labels=False)
    assert picture.dtype == np.uint8
    table = colormap._table(True)
    middle = (len(table) - 2) // 2
    found = tile(picture, 0, 2, 2)
    np.testing.assert_array_equal(found[0, 0], table[0])
    np.testing.assert_array_equal(found[0, 1], table[middle])
    np.testing.assert_array_equal(found[1, 0], table[middle + middle // 2])
    own = tile(show.kernels(weight, pixels=2, labels=False, scale="each"), 1, 2, 2)
    np.testing.assert_array_equal(own[0, 1], table[-2])
    np.testing.assert_array_equal(own[1, 0], table[0])


def test_samples_are_squares_and_the_rest_is_paper():
    picture = show.kernels([[1.0, -1.0, 0.0]], pixels=12, labels=False)
    assert picture.shape == (4 + 2 * montage._GAP, 12 + 2 * montage._GAP, 3)
    inner = picture[montage._GAP : -montage._GAP, montage._GAP : -montage._GAP].reshape(4, 3, 4, 3)
    assert (inner == inner[:1, :, :1]).all()
    assert (picture[: montage._GAP] == PAPER).all()


@pytest.mark.parametrize(
    ("shape", "columns", "grid"),
    [
        ((3, 3), None, (1, 1)),
        ((5, 3, 3), None, (2, 3)),
        ((5, 3, 3), 5, (1, 5)),
        ((5, 3, 3), 99, (1, 5)),
        ((2, 7, 3, 3), None, (2, 7)),
        ((9, 1, 3, 3), None, (3, 3)),
        ((2, 7, 3, 3), 3, (5, 3)),
    ],
)
def test_grids(shape, columns, grid):
    picture = show.kernels(RNG.normal(size=shape), pixels=3, columns=columns, labels=False)
    assert picture.shape[:2] == tuple(n * (3 + montage._GAP) + montage._GAP for n in grid)


def test_labels_are_written():
    weight = RNG.normal(size=(4, 3, 3))
    plain, indexed = show.kernels(weight, labels=False), show.kernels(weight)
    named = show.kernels(weight, labels=["first", "second", "third", "a rather long name of a kernel"])
    assert plain.shape < indexed.shape
    assert named.shape[1] > indexed.shape[1]  # room for the longest
    assert not np.array_equal(show.kernels(weight, scale="each"), indexed)
    assert (indexed[:12] != PAPER).any()  # the range of all


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", ">f8", "longdouble"])
def test_every_dtype(dtype):
    values = np.array([[0, 1], [1, 0]]).astype(dtype)
    table = colormap._table(False)
    found = tile(show.feature_maps(values, pixels=2, labels=False), 0, 2, 1)
    np.testing.assert_array_equal(found, table[[[0, -2], [-2, 0]]])


def test_what_is_not_finite():
    values = np.array([[np.nan, np.inf, -np.inf, 1.0, -1.0]])
    found = show.kernels(values, pixels=5, labels=False)[montage._GAP, montage._GAP : -montage._GAP]
    table = colormap._table(True)
    np.testing.assert_array_equal(found, table[[-1, -2, 0, -2, 0]])
    for nothing in (np.full((2, 3, 3), np.nan), np.zeros((2, 3, 3)), np.full((2, 3, 3), 1e308)):
        for scale in ("common", "each"):
            assert show.kernels(nothing, scale=scale).dtype == np.uint8
            assert show.feature_maps(nothing, scale=scale).dtype == np.uint8
    big = np.array([[-1.7e308, 1.7e308]])
    np.testing.assert_array_equal(show.kernels(big, labels=False)[20, [10, -10]], table[[0, -2]])


def test_feature_maps_take_their_sign_from_the_values():
    maps = RNG.random((3, 8, 9))
    np.testing.assert_array_equal(show.feature_maps(maps), show.feature_maps(maps, signed=False))
    np.testing.assert_array_equal(show.feature_maps(-maps), show.feature_maps(-maps, signed=True))
    assert not np.array_equal(show.feature_maps(maps), show.feature_maps(maps, signed=True))
    last = np.moveaxis(maps, 0, -1)
    np.testing.assert_array_equal(show.feature_maps(last, channel_axis=-1), show.feature_maps(maps))


def test_large_maps_are_averaged():
    values = RNG.random((50, 71))
    found = montage.reduced(values, 20)
    assert found.shape == (13, 18)
    for i, j in np.ndindex(found.shape):
        assert found[i, j] == pytest.approx(values[4 * i : 4 * i + 4, 4 * j : 4 * j + 4].mean())
    assert show.feature_maps(values, pixels=20, labels=False).shape == (13 + 12, 18 + 12, 3)


def test_inputs_are_not_changed():
    weight = RNG.normal(size=(2, 3, 3))
    before = weight.copy()
    weight.flags.writeable = False
    show.kernels(weight)
    show.feature_maps(weight)
    show.patches(weight[0], weight[1], 1)
    np.testing.assert_array_equal(weight, before)


# --- patches ------------------------------------------------------------------------------------------


def strongest(images, kernel, count):
    """The definition: among peaks of 3x3, the strongest that no stronger one overlaps."""
    h, w = kernel.shape
    every = []
    for number, image in enumerate(images):
        response = naive.correlate(image, kernel, padding="valid")
        for i, j in np.ndindex(response.shape):
            if response[i, j] >= response[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2].max():
                every.append((-response[i, j], number, i + h // 2, j + w // 2))
    kept = []
    for place in sorted(every):
        if all(place[1] != k[1] or abs(place[2] - k[2]) >= h or abs(place[3] - k[3]) >= w for k in kept):
            kept.append(place)
    return kept[:count]


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (1, 5)])
def test_patches_are_the_strongest_that_do_not_overlap(shape):
    images = [RNG.normal(size=size) for size in [(20, 31), (9, 8), (15, 15)]]
    kernel = RNG.normal(size=shape)
    for count in (1, 7, 1000):
        _, places, responses = show.patches(images, kernel, count, return_places=True)
        expected = strongest(images, kernel, count)
        assert places.tolist() == [list(place[1:]) for place in expected]
        np.testing.assert_allclose(responses, [-place[0] for place in expected], rtol=1e-12)
        assert places.dtype == np.int64


def test_a_patch_is_what_the_kernel_saw():
    image = photo("camera")
    picture, places, _ = show.patches(
        image, np.ones((4, 6)), 2, pixels=6, labels=False, columns=1, return_places=True
    )
    gap = montage._GAP
    for number, (_, row, column) in enumerate(places):
        found = picture[gap + number * (4 + gap) :][:4, gap : gap + 6]
        expected = image[row - 2 : row + 2, column - 3 : column + 3]
        np.testing.assert_array_equal(found, np.repeat(expected[..., None], 3, axis=-1))


def test_patches_of_colour_and_beyond_the_border():
    image = np.zeros((6, 6, 3), np.uint8)
    image[0, 5] = (255, 10, 20)
    kernel = np.zeros((3, 1, 1))
    kernel[0] = 1
    picture, places, responses = show.patches(
        image, kernel, 1, size=3, pixels=3, labels=False, channel_axis=-1, return_places=True
    )
    assert places.tolist() == [[0, 0, 5]]
    assert responses.tolist() == [255]
    patch = tile(picture, 0, 3, 1)
    np.testing.assert_array_equal(patch[1, 1], (255, 10, 20))
    np.testing.assert_array_equal(patch[2, 0], (0, 0, 0))
    assert (patch[0] == PAPER).all()
    assert (patch[:, 2] == PAPER).all()
    grey = show.patches(image[..., :2], kernel[:2], 1, pixels=1, labels=False, channel_axis=-1)
    np.testing.assert_array_equal(tile(grey, 0, 1, 1)[0, 0], [132] * 3)  # 132.5, the mean, to even


@pytest.mark.parametrize(
    ("dtype", "limits", "shades"),
    [
        ("uint8", None, [0, 3, 10]),
        ("bool", None, [0, 255, 255]),
        ("float32", None, [0, 76, 255]),
        ("uint16", None, [0, 76, 255]),
        ("float64", (0, 20), [0, 38, 128]),
        ("uint8", (3, 4), [0, 0, 255]),
    ],
)
def test_shades(dtype, limits, shades):
    image = np.array([[0, 3, 10]]).astype(dtype)
    picture = show.patches(image, np.ones((1, 3)), 1, limits=limits, pixels=3, labels=False)
    assert picture[montage._GAP, montage._GAP : -montage._GAP, 0].tolist() == shades


def test_nan_excites_nothing():
    image = np.ones((4, 9))
    image[1, 4] = np.nan
    image[2, 7] = 5
    _, places, _ = show.patches(image, np.ones((1, 1)), 1, return_places=True)
    assert places.tolist() == [[0, 2, 7]]
    with pytest.raises(ValueError, match="images must have a response to the kernel that is a number"):
        show.patches(np.full((4, 4), np.nan), np.ones((2, 2)))


def test_workers_do_not_change_patches():
    image, kernel = photo("coins"), RNG.normal(size=(7, 7))
    first = show.patches(image, kernel, workers=1)
    np.testing.assert_array_equal(show.patches(image, kernel, workers=2), first)


# --- occlusion ----------------------------------------------------------------------------------------


def test_a_linear_score_drops_by_what_is_covered():
    image, weight = RNG.normal(size=(9, 12)), RNG.normal(size=(9, 12))
    found = show.occlusion_map(image, lambda x: (x * weight).sum(), (3, 4), (2, 3), fill=0.5)
    assert found.shape == (5, 4)
    assert found.dtype == np.float64
    for i, j in np.ndindex(found.shape):
        window = (
            slice(max(2 * i - 1, 0), 2 * i + 2),
            slice(max(3 * j - 2, 0), 3 * j + 2),
        )  # where a kernel of 3 and of 4 taps is centred
        drop = ((image[window] - 0.5) * weight[window]).sum()
        assert found[i, j] == pytest.approx(drop, abs=1e-10)


@pytest.mark.parametrize("lengths", [(11,), (5, 7), (3, 4, 5)])
def test_occlusion_in_every_dimension(lengths):
    image = RNG.normal(size=lengths)
    found = show.occlusion_map(image, lambda x: x.sum(), 1, fill=0)
    np.testing.assert_allclose(found, image, atol=1e-12)
    everything = show.occlusion_map(image, lambda x: x.sum(), 99, fill=0)
    np.testing.assert_allclose(everything, image.sum(), atol=1e-12)


def test_fills():
    image = RNG.integers(0, 255, (4, 5, 3), np.uint8)

    def seen(fill, channel_axis=-1):
        """What covers the first sample."""
        kept = []
        show.occlusion_map(image, lambda x: kept.append(x) or 0, 1, 9, fill=fill, channel_axis=channel_axis)
        whole, covered = kept
        np.testing.assert_array_equal(whole, image)
        assert covered.dtype == image.dtype
        np.testing.assert_array_equal(covered[1:], image[1:])
        return covered[0, 0].tolist()

    assert seen("mean") == np.rint(image.mean(axis=(0, 1))).astype(int).tolist()
    assert seen(7.5) == [8, 8, 8]
    assert seen(-3) == [0, 0, 0]
    assert seen((1, 2, 300)) == [1, 2, 255]
    assert seen(255 - image) == (255 - image[0, 0]).tolist()
    assert seen("mean", None)[0] == np.rint(image.mean())


def test_a_score_may_spoil_its_array():
    image = np.ones((3, 3))

    def score(x):
        total = x.sum()
        x[:] = 99
        return total

    np.testing.assert_array_equal(show.occlusion_map(image, score, 1, fill=0), np.ones((3, 3)))
    np.testing.assert_array_equal(image, np.ones((3, 3)))


def test_occlusion_finds_what_a_filter_looks_at():
    image = np.zeros((30, 30))
    image[8:13, 18:23] = 1.0
    found = show.occlusion_map(image, lambda x: imfilter.sobel(x).max(), 7, 2, fill=0)
    i, j = np.unravel_index(found.argmax(), found.shape)
    assert abs(2 * i - 10) <= 2
    assert abs(2 * j - 20) <= 2


# --- errors -------------------------------------------------------------------------------------------

A = np.ones((5, 6))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: show.kernels(A * 1j), TypeError, "weight must contain real numbers"),
        (lambda: show.kernels(A[0]), ValueError, r"weight must have 2 to 4 axes, got shape \(6,\)"),
        (lambda: show.kernels(np.ones((0, 3))), ValueError, "weight must not be empty"),
        (lambda: show.kernels(A, scale="all"), ValueError, "scale must be one of .*, got 'all'"),
        (lambda: show.kernels(A, pixels=0), ValueError, "pixels must be at least 1"),
        (lambda: show.kernels(A, pixels=2.5), TypeError, "pixels must be an integer"),
        (lambda: show.kernels(A, columns=0), ValueError, "columns must be at least 1"),
        (lambda: show.kernels(A, labels="a"), TypeError, "labels must be True, False or a sequence of str"),
        (lambda: show.kernels(A, labels=[1]), TypeError, "labels must be a sequence of str"),
        (lambda: show.kernels(A, labels=["a", "b"]), ValueError, "labels must .*1 pictures, got 2"),
        (lambda: show.feature_maps(A[0]), ValueError, r"maps must have 3 axes, or 2 .*got shape \(6,\)"),
        (lambda: show.feature_maps(A, channel_axis=3), ValueError, "channel_axis must be from -3 to 2"),
        (lambda: show.feature_maps(A, signed=1), TypeError, "signed must be True or False, got 1"),
        (lambda: show.patches(A[0], A), ValueError, "images must have 2 axes"),
        (lambda: show.patches(A, A, channel_axis=0), ValueError, "images must have 2 axes, and channel_axis"),
        (lambda: show.patches([A, A * 1j], A), TypeError, "images must contain real numbers"),
        (lambda: show.patches(A, A[0]), ValueError, r"kernel must have 2 axes, got shape \(6,\)"),
        (lambda: show.patches([A[None]], A, channel_axis=0), ValueError, "kernel must have 3 axes, 1"),
        (lambda: show.patches(A, np.ones((3, 7))), ValueError, r"images must .*\(3, 7\), got \(5, 6\)"),
        (lambda: show.patches(A, [[np.nan]]), ValueError, "kernel must be finite"),
        (lambda: show.patches(A, A, 0), ValueError, "count must be at least 1"),
        (lambda: show.patches(A, A, size=(3, 3, 3)), ValueError, "size must be one number or one for each"),
        (lambda: show.patches(A, A, limits=(3, 3)), ValueError, r"limits must be a pair \(low, high\), "),
        (lambda: show.patches(A, A, limits=5), ValueError, r"limits must be a pair \(low, high\), "),
        (lambda: show.patches(A, A, labels=["a", "b"]), ValueError, "labels must .*1 pictures, got 2"),
        (lambda: show.patches(A, A, return_places=1), TypeError, "return_places must be True or False"),
        (lambda: show.patches(A, A, workers=0), ValueError, "workers must be at least 1"),
        (lambda: show.occlusion_map(A, 3, 2), TypeError, "score must be a function of an image, got int"),
        (lambda: show.occlusion_map(A, lambda x: x, 2), TypeError, "what score returns must be a number"),
        (lambda: show.occlusion_map(A, np.sum, 0), ValueError, "size must be at least 1"),
        (lambda: show.occlusion_map(A, np.sum, 2, 0), ValueError, "stride must be at least 1"),
        (lambda: show.occlusion_map(A, np.sum, 2, fill="blur"), ValueError, "fill must be .*, got 'blur'"),
        (lambda: show.occlusion_map(A, np.sum, 2, fill=None), TypeError, "fill must be a number"),
        (lambda: show.occlusion_map(A, np.sum, 2, fill=[1, 2]), ValueError, r"fill .*\(5, 6\), got .*\(2,\)"),
        (lambda: show.occlusion_map(A, np.sum, 2, channel_axis=5), ValueError, "channel_axis must be from"),
    ],
)  # fmt: skip
def test_errors(call, error, words):
    with pytest.raises(error, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
