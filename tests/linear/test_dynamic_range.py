"""Every result is as exact as its own window's samples allow, whatever lies elsewhere in the image.

The error is bounded by sum|w| times the largest magnitude in the window: 2e-6 of it in float32, 1e-12 in
float64; 4e-6 and 1e-11 through transforms. So a window of zeros gives exactly zero.
"""

import math

import numpy as np
import pytest
import scipy.ndimage as ndi

import imfilter
from imfilter import layers, series, weights
from imfilter._filters.linear import dynamic_range, fft_tiles
from tests import photos
from tests.looping import loop_over
from tests.reference import naive

BOUND = {"float32": 2e-6, "float64": 1e-12}
BY_TRANSFORM = {"float32": 4e-6, "float64": 1e-11}
#: How far from 1 samples go, as powers of ten; weights and products must stay inside of what a type holds.
TOP = {"float32": 28, "float64": 120}
SHAPES = {1: (3000,), 2: (180, 230), 3: (24, 31, 40)}
RNG = np.random.default_rng(99)


# --- samples of all sizes ---------------------------------------------------------------------------


def somewhere(rng, shape):
    """A region of an image."""
    first = [int(rng.integers(0, n)) for n in shape]
    return tuple(slice(a, a + int(rng.integers(1, n))) for a, n in zip(first, shape, strict=True))


def spikes(rng, shape, top):
    image = rng.random(shape) + 0.5
    for _ in range(4):
        image[tuple(rng.integers(0, n) for n in shape)] = rng.choice([-1, 1]) * 10 ** rng.uniform(-top, top)
    return image


def faint_regions(rng, shape, top):
    image = rng.normal(size=shape)
    for _ in range(3):
        image[somewhere(rng, shape)] *= 10 ** rng.uniform(-12, 0)
    return image


def holes(rng, shape, top):
    image = rng.normal(size=shape)
    for _ in range(3):
        image[somewhere(rng, shape)] = 0
    return image


def steps(rng, shape, top):
    image = rng.random(shape) + 0.1
    for _ in range(4):
        image[somewhere(rng, shape)] *= 10 ** rng.uniform(-top / 4, top / 4)
    return image


def slope(rng, shape, top):
    along = np.linspace(-0.5, 0.5, shape[-1]) * rng.choice([-1, 1])
    return rng.normal(size=shape) * 10 ** (2 * top * along)


def sparse(rng, shape, top):
    return (rng.random(shape) < 10 ** rng.uniform(-4, -1)) * 10 ** rng.uniform(0, 9, shape)


def fills(rng, shape, top):
    """A raster with a fill value, as large as they are, and others that are zero."""
    image = rng.random(shape) + 0.5
    image[somewhere(rng, shape)] = 1e20
    image[somewhere(rng, shape)] = 0
    return image


SCENES = [spikes, faint_regions, holes, steps, slope, sparse, fills]


# --- filters, and kernels that say what they are to be ----------------------------------------------


def gaussians(*sigmas, order=0):
    orders = order if isinstance(order, tuple) else (order,) * len(sigmas)
    taps = [weights.gaussian(s, order=o) for s, o in zip(sigmas, orders, strict=True)]
    return naive.dense(taps, len(taps))


def correlating(kernel):
    return lambda image: imfilter.correlate(image, kernel)


def box(ndim, size):
    kernel = np.ones((size,) * ndim)
    return (lambda image: imfilter.box(image, size)), [kernel / kernel.size]


POSITIVE = {shape: RNG.random(shape) + 0.1 for shape in ((25, 25), (50, 50), (501,), (1300,), (13, 13, 13))}
SIGNED = RNG.normal(size=(27, 22))
#: Axes, filter, the dense kernels of its terms.
FILTERS = {
    "box 3": (2, *box(2, 3)),
    "box 9": (2, *box(2, 9)),
    "box 25": (2, *box(2, 25)),
    "box 30": (2, *box(2, 30)),
    "box 101": (2, *box(2, 101)),
    "box of a line": (1, *box(1, 200)),
    "box of a volume": (3, *box(3, 9)),
    "gaussian 2": (2, lambda x: imfilter.gaussian(x, 2), [gaussians(2, 2)]),
    "gaussian 12": (2, lambda x: imfilter.gaussian(x, 12), [gaussians(12, 12)]),
    "gaussian 20": (2, lambda x: imfilter.gaussian(x, 20), [gaussians(20, 20)]),
    "derivative 12": (
        2,
        lambda x: imfilter.gaussian(x, 12, order=(0, 1)),
        [gaussians(12, 12, order=(0, 1))],
    ),
    "gaussian of a volume": (3, lambda x: imfilter.gaussian(x, 2), [gaussians(2, 2, 2)]),
    "laplacian of gaussian 8": (
        2,
        lambda x: imfilter.laplacian_of_gaussian(x, 8),
        [gaussians(8, 8, order=(2, 0)), gaussians(8, 8, order=(0, 2))],
    ),
    "correlate 25x25": (2, correlating(POSITIVE[25, 25]), [POSITIVE[25, 25]]),
    "correlate 27x22": (2, correlating(SIGNED), [SIGNED]),
    "correlate 50x50": (2, correlating(POSITIVE[50, 50]), [POSITIVE[50, 50]]),
    "correlate 501": (1, correlating(POSITIVE[501,]), [POSITIVE[501,]]),
    "correlate 1300": (1, correlating(POSITIVE[1300,]), [POSITIVE[1300,]]),
    "correlate 13x13x13": (3, correlating(POSITIVE[13, 13, 13]), [POSITIVE[13, 13, 13]]),
}  # fmt: skip


def bound(name, image):
    """By what the filter is computed, and how exactly."""
    kernels = FILTERS[name][2]
    if not name.startswith("correlate"):
        return BOUND[str(image.dtype)]
    algorithm = imfilter.plan(image.shape, image.dtype, kernels[0]).algorithm
    return (BY_TRANSFORM if algorithm == "fft" else BOUND)[str(image.dtype)]


def places(rng, image, taps):
    """Some outputs: anywhere, and near to where sizes change."""
    found = [tuple(int(rng.integers(0, n)) for n in image.shape) for _ in range(60)]
    sizes = np.log10(np.abs(image.astype(float)) + 1e-300)
    edges = np.argwhere(np.abs(np.diff(sizes, axis=0)) > 2)
    for edge in edges[rng.integers(0, len(edges), 60)] if len(edges) else ():
        near = [v + int(rng.integers(-k, k + 1)) for v, k in zip(edge, taps, strict=True)]
        found.append(tuple(min(max(v, 0), n - 1) for v, n in zip(near, image.shape, strict=True)))
    return found


def worst(found, image, kernels, relative, rng, mode="mirror", cval=0.0):
    """The largest error, as a share of the bound; in long double, window by window."""
    taps = kernels[0].shape
    before = [k // 2 for k in taps]
    after = [k - 1 - b for k, b in zip(taps, before, strict=True)]
    padded = naive.pad(image.astype(np.longdouble), before, after, mode, cval)
    size = sum(float(np.abs(kernel).sum()) for kernel in kernels)
    kernel = sum(k.astype(np.longdouble) for k in kernels)
    share = 0.0
    for place in places(rng, image, taps):
        window = padded[tuple(slice(i, i + k) for i, k in zip(place, taps, strict=True))]
        error = abs(float(found[place] - (window * kernel).sum()))
        largest = float(np.abs(window).max())
        allowed = relative * size * largest + (float(np.finfo(image.dtype).tiny) * size if largest else 0.0)
        if error:
            share = max(share, error / allowed if allowed else math.inf)
    return share


@pytest.mark.slow
@loop_over("dtype", BOUND)
@pytest.mark.parametrize("name", FILTERS)
def test_each_window_by_its_own_samples(name, dtype):
    ndim, function, kernels = FILTERS[name]
    for seed, scene in enumerate(SCENES):
        rng = np.random.default_rng([seed, *name.encode()])
        image = scene(rng, SHAPES[ndim], TOP[dtype]).astype(dtype)
        share = worst(function(image), image, kernels, bound(name, image), rng)
        assert share <= 1, f"{scene.__name__}: {share:.3g} of the bound"


@pytest.mark.parametrize("name", ["box 25", "box 30", "gaussian 12", "derivative 12", "correlate 50x50"])
@pytest.mark.parametrize("size", [(700, 520), (1100, 150), (90, 1500)])
def test_large_images_in_several_stretches(name, size):
    _, function, kernels = FILTERS[name]
    for seed, scene in enumerate((spikes, faint_regions, fills)):
        rng = np.random.default_rng([7, seed, *size])
        image = scene(rng, size, TOP["float32"]).astype(np.float32)
        share = worst(function(image), image, kernels, bound(name, image), rng)
        assert share <= 1, f"{scene.__name__}: {share:.3g} of the bound"


@loop_over("dtype", ["uint8", "int16", "uint16", "float32", "float64"])
@pytest.mark.parametrize("name", FILTERS)
def test_windows_of_zeros_give_zero(name, dtype):
    """Not nearly, also beside large samples, whatever the result's type is."""
    ndim, function, kernels = FILTERS[name]
    shape, taps = tuple(2 * n for n in SHAPES[ndim]), kernels[0].shape
    rng = np.random.default_rng([8, *name.encode()])
    image = (rng.random(shape) * 200).astype(dtype)
    for _ in range(2):
        image[
            tuple(slice(int(n * 0.2), int(n * 0.2) + k + n // 8) for n, k in zip(shape, taps, strict=True))
        ] = 0
        image[tuple(slice(n - 1 - k - n // 9, None) for n, k in zip(shape, taps, strict=True))] = 0
    found = function(image)
    reach = ndi.maximum_filter(image != 0, taps, mode="mirror")
    assert (~reach).any()
    assert not found[~reach].any()


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_results_wider_than_the_samples(dtype):
    """The bound is that of the arithmetic, which is no narrower than the result."""
    for seed, scene in enumerate((faint_regions, holes, sparse)):
        rng = np.random.default_rng([18, seed])
        image = np.clip(scene(rng, (150, 170), 2) * 60, 0, 255).astype(dtype)
        for taps in ([np.full(9, 1 / 9)] * 2, [np.full(40, 1 / 40)] * 2, [weights.gaussian(10)] * 2, SIGNED):
            kernel = naive.dense(taps, 2)
            found = imfilter.correlate(image, taps, dtype="float64")
            assert worst(found, image.astype(float), [kernel], BOUND["float64"], rng) <= 1
        found = imfilter.correlate(image, POSITIVE[50, 50], dtype="float64")
        assert worst(found, image.astype(float), [POSITIVE[50, 50]], BY_TRANSFORM["float64"], rng) <= 1


def test_a_border_is_of_samples_too():
    """A constant, large or small beside the image, and what others repeat, in all that shares sums."""
    for seed, value in enumerate((1e20, -1e9, 1e-9, 0.0)):
        rng = np.random.default_rng([9, seed])
        image = rng.random((160, 190)).astype(np.float32)
        image[2, 188] = value
        for taps in ([np.full(9, 1 / 9)] * 2, [weights.gaussian(12)] * 2, POSITIVE[50, 50]):
            kernel = naive.dense(taps, 2)
            for mode in ("constant", "wrap", "symmetric", "edge"):
                cval = value if mode == "constant" else 0.0
                found = imfilter.correlate(image, taps, mode=mode, cval=cval)
                assert worst(found, image, [kernel], 4e-6, rng, mode, cval) <= 1, f"{value} {mode}"
    line = np.random.default_rng(10).random(40_000).astype(np.float32)
    line[39_990] = 1e20  # wraps round into the first of several tiles
    for taps in (np.full(200, 1 / 200), POSITIVE[501,], POSITIVE[1300,]):
        found = imfilter.correlate(line, taps, mode="wrap")
        share = worst(found, line, [taps], 4e-6, np.random.default_rng(11), "wrap")
        assert share <= 1, f"{len(taps)} taps: {share:.3g} of the bound"


@pytest.mark.parametrize("padding", [[(0, 300), (70, 90)], [(250, 0), (0, 200)], 120])
def test_outputs_far_beyond_the_image(padding):
    """Windows that hold nothing but the border, beside others."""
    sides = [(padding, padding)] * 2 if isinstance(padding, int) else padding
    rng = np.random.default_rng(12)
    image = rng.random((150, 160)).astype(np.float32)
    image[140, 10] = image[5, 150] = 1e20
    for taps in ([np.full(15, 1 / 15)] * 2, [weights.gaussian(10)] * 2, POSITIVE[50, 50]):
        kernel = naive.dense(taps, 2)
        for cval in (0.0, 1.0, 1e-9, 1e25, 1e300):
            found = imfilter.correlate(image, taps, padding=padding, mode="constant", cval=cval)
            with np.errstate(over="ignore"):
                padded = naive.pad(image.astype(float), *zip(*sides, strict=True), "constant", cval)
            assert found.shape == tuple(n - k + 1 for n, k in zip(padded.shape, kernel.shape, strict=True))
            for _ in range(200):
                place = tuple(int(rng.integers(0, n)) for n in found.shape)
                window = padded[tuple(slice(i, i + k) for i, k in zip(place, kernel.shape, strict=True))]
                expected, size = (window * kernel).sum(), np.abs(kernel).sum()
                if expected > 3e38:
                    assert found[place] > 3e38
                else:
                    error = abs(found[place] - expected)
                    assert error <= 4e-6 * size * np.abs(window).max(), f"{place} {cval}"


@pytest.mark.parametrize("dtype", BOUND)
def test_layers_pools_and_series(dtype):
    """What has no sums in common needs no care, and has the bound too."""
    for seed, scene in enumerate(SCENES):
        rng = np.random.default_rng([10, seed])
        x = scene(rng, (2, 3, 40, 50), TOP[dtype] // 2).astype(dtype)
        weight = rng.normal(size=(4, 3, 7, 7)).astype(dtype)
        found = layers.conv(x, weight, padding=3)
        padded = np.pad(x, [(0, 0), (0, 0), (3, 3), (3, 3)]).astype(np.longdouble)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (7, 7), axis=(2, 3))
        expected = np.einsum("ncyxij,ocij->noyx", windows, weight.astype(np.longdouble))
        largest = np.abs(windows).max(axis=(1, 4, 5))[:, None]
        size = np.abs(weight).sum(axis=(1, 2, 3))[:, None, None]
        tiny = float(np.finfo(dtype).tiny)
        assert (np.abs(found - expected) <= (BOUND[dtype] * largest + tiny * (largest > 0)) * size).all()
        image = x[0, 0]
        pooled = imfilter.avg_pool(image, 5)
        cells = image.reshape(8, 5, 10, 5).swapaxes(1, 2).reshape(8, 10, 25).astype(np.longdouble)
        error = np.abs(pooled - cells.mean(axis=2))
        assert (error <= BOUND[dtype] * np.abs(cells).max(axis=2) + tiny).all()
    for seed, scene in enumerate(SCENES):
        rng = np.random.default_rng([11, seed])
        values = scene(rng, (4000,), 100)
        for size in (3, 30, 700):
            found = series.moving_average(values, size)
            windows = np.lib.stride_tricks.sliding_window_view(values.astype(np.longdouble), size)
            inner = found[size // 2 : size // 2 + len(windows)]
            allowed = 1e-12 * np.abs(windows).max(axis=1)
            assert (np.abs(inner - windows.mean(axis=1)) <= allowed).all()


# --- what it takes ----------------------------------------------------------------------------------


@pytest.fixture
def mended(monkeypatch):
    """Count the tasks of rows, and the tiles, that are computed again."""
    count, tasks = [], dynamic_range.Recomputation
    again, alone, opened = tasks.__call__, fft_tiles.Transform._alone, fft_tiles.Transform._open
    monkeypatch.setattr(tasks, "__call__", lambda *a: count.append("task") or again(*a))
    monkeypatch.setattr(fft_tiles.Transform, "_alone", lambda *a: count.append("tile") or alone(*a))
    monkeypatch.setattr(fft_tiles.Transform, "_open", lambda *a: count.append("tile") or opened(*a))
    return count


@pytest.mark.parametrize("name", ["box 25", "box 101", "gaussian 12", "derivative 12", "correlate 50x50"])
def test_common_images_are_computed_once(name, mended):
    function = FILTERS[name][1]
    rng = np.random.default_rng(12)
    camera = photos.photo("camera")
    for image in (
        camera / 255,
        camera + np.linspace(0, 0.9, 512),
        rng.random((600, 700)),
        rng.normal(size=(600, 700)),
    ):
        function(image.astype(np.float32))
    assert not mended


@pytest.mark.parametrize("name", ["box 25", "box 101"])
def test_exact_sums_are_computed_once(name, mended):
    """Of masks, of bytes and of their shares of 255, with any number of zeros."""
    function, kernel = FILTERS[name][1], FILTERS[name][2][0]
    rng = np.random.default_rng(13)
    mask = ndi.binary_dilation(rng.random((500, 600)) < 1e-4, iterations=5)
    camera = photos.photo("camera") * (rng.random((512, 512)) < 0.5)
    camera[200:400, 100:350] = 0
    for image in (mask, mask * 1e20, camera, camera / np.float32(255)):
        found = function(image.astype(np.float32))
        reach = ndi.maximum_filter(image != 0, kernel.shape, mode="mirror")
        assert not found[~reach].any()
    # All stretches were looked at, and what was there was right.
    assert not any(kind == "tile" for kind in mended)


def test_a_hot_sample_costs_its_own_stretches_and_tiles(mended):
    image = np.random.default_rng(14).random((1400, 1500)).astype(np.float32)
    image[300, 700] = 1e20
    imfilter.box(image, 25)
    assert len(mended) == 1
    mended.clear()
    imfilter.gaussian(image, 12)
    assert 1 <= len(mended) <= 2
    mended.clear()
    imfilter.correlate(image, POSITIVE[50, 50])
    assert 1 <= len(mended) <= 4


@pytest.mark.parametrize("name", ["box 25", "box 30", "gaussian 12", "correlate 50x50"])
def test_bits_do_not_depend_on_workers_or_layout(name):
    function = FILTERS[name][1]
    for seed, scene in enumerate(SCENES):
        image = scene(np.random.default_rng([15, seed]), (700, 520), 28).astype(np.float32)
        with imfilter.set_workers(1):
            alone = function(image)
        for workers in (2, 3):
            with imfilter.set_workers(workers):
                np.testing.assert_array_equal(function(image), alone)
        frame = np.zeros((700, 2 * 520), np.float32)
        frame[:, ::2] = image
        for given in (np.asfortranarray(image), image[::-1].copy()[::-1], frame[:, ::2]):
            np.testing.assert_array_equal(function(given), alone)


@pytest.mark.parametrize("channels", [2, 3, 4, 6])
def test_channels_apart(channels):
    """A large sample in one channel changes nothing in the others."""
    rng = np.random.default_rng(16)
    image = rng.random((200, 210, channels)).astype(np.float32)
    spoiled = image.copy()
    spoiled[100, 90, 1] = 1e25
    for function in (
        lambda x: imfilter.box(x, 25, channel_axis=-1),
        lambda x: imfilter.gaussian(x, 12, channel_axis=-1),
        lambda x: imfilter.correlate(x, POSITIVE[50, 50], channel_axis=-1),
    ):
        clean, found = function(image), function(spoiled)
        others = [c for c in range(channels) if c != 1]
        np.testing.assert_allclose(found[..., others], clean[..., others], rtol=2e-6)
        np.testing.assert_allclose(found[:40, :, 1], clean[:40, :, 1], rtol=2e-6)
        np.testing.assert_allclose(found[160:, :, 1], clean[160:, :, 1], rtol=2e-6)
