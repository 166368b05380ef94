"""Pooling: against plain loops for every parameter, type and layout; against PyTorch where it is there."""

import fractions
import itertools

import numpy as np
import pytest

import imfilter
from tests import photos
from tests.looping import loop_over
from tests.reference import pools
from tests.reference.pools import close, picture

INTEGERS = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
FLOATS = ("float16", "float32", "float64", ">f4", ">f8")
EVERY = (*INTEGERS, ">i2", ">u8", *FLOATS)


def check(image, size, *, count_padding=True, **options):
    """Compare both kinds of pooling with the loops: exact for maxima and integers."""
    expected = pools.pool(image, "max", size, **options)
    result = imfilter.max_pool(image, size, **options)
    native = image.dtype.newbyteorder("=")
    assert result.dtype == native
    np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(np.signbit(result), np.signbit(expected))
    expected = pools.pool(image, "mean", size, count_padding=count_padding, **options)
    result = imfilter.avg_pool(image, size, count_padding=count_padding, **options)
    assert result.dtype == native
    close(result, expected)


LINE_OPTIONS = list(itertools.product((1, 2, 3, 4, 5, 7), (1, 2, 3, 5), (0, 1, 2), (False, True)))


@loop_over(("size", "stride", "padding", "ceil_mode"), LINE_OPTIONS)
@pytest.mark.slow
def test_lines(size, stride, padding, ceil_mode):
    if padding > size // 2:
        return
    for n in (1, 2, 3, 7, 16, 41, 130):
        if pools.length(n, size, stride, padding, 1, ceil_mode) < 1:
            continue
        for dtype in ("float32", "uint8"):
            options = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode}
            image = picture(dtype, (n,))
            check(image, size, **options)
            check(image, size, count_padding=False, **options)


#: Strides and numbers of channels of random windows. Kernels are compiled for each pair of them.
STRIDES, CHANNELS = (1, 2, 3, 6), (1, 3, 4)


def random_options(rng, n):
    size = [int(rng.integers(1, 6)) for _ in range(n)]
    dilation = [int(rng.integers(1, 4)) for _ in range(n)] if rng.random() < 0.3 else [1] * n
    spans = [(k - 1) * d + 1 for k, d in zip(size, dilation, strict=True)]
    padding = [int(rng.integers(0, span // 2 + 1)) for span in spans]
    options = {"dilation": tuple(dilation), "padding": tuple(padding)}
    options["ceil_mode"] = bool(rng.random() < 0.5)
    if rng.random() < 0.7:
        options["stride"] = tuple(int(rng.choice(STRIDES)) for _ in range(n))
    return tuple(size), options


@loop_over("seed", range(120))
def test_random_windows(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 4))
    size, options = random_options(rng, n)
    shape = tuple(int(rng.integers(1, (150, 24, 8)[n - 1])) for _ in range(n))
    strides = options.get("stride", size)
    for i in range(n):
        given = size[i], strides[i], options["padding"][i], options["dilation"][i], options["ceil_mode"]
        if pools.length(shape[i], *given) < 1:
            return
    channels = 40 if n == 1 and rng.random() < 0.5 else int(rng.choice(CHANNELS))
    dtype = EVERY[seed % len(EVERY)]
    counted = bool(rng.random() < 0.5)
    check(picture(dtype, shape, seed), size, count_padding=counted, **options)
    for axis in (0, n):  # channels before and behind, few and many
        image = picture(dtype, (*shape[:axis], channels, *shape[axis:]), seed)
        axes = tuple(a for a in range(n + 1) if a != axis)
        check(image, size, count_padding=counted, axes=axes, **options)


@pytest.mark.parametrize("dtype", EVERY)
def test_every_type(dtype):
    check(picture(dtype, (23, 131)), (2, 3), ceil_mode=True, padding=1)
    check(picture(dtype, (23, 70)), 2)
    check(picture(dtype, (5, 23, 3)), 2, axes=(0, 1))
    check(picture(dtype, (9, 35, 70)), (3, 2), stride=(1, 5), axes=(0, 1))
    check(picture(dtype, (9, 8, 7, 2)), 3, stride=(1, 2, 3), axes=(0, 1, 2))


@loop_over("stride", range(1, 10))
@loop_over("channels", [1, 2, 3, 4, 5, 33])
def test_strides_and_channels(stride, channels):
    """Lanes of 1 and 4 bytes are in maxima of uint8 and float32, of 2 and 8 bytes in their sums."""
    others = ("uint16",) if stride in (2, 3) and channels in (1, 3) else ()  # maxima of 2 bytes, sums of 4
    for dtype in ("float32", "uint8", *others):
        image = picture(dtype, (3, 150 if channels == 1 else 70, channels))
        check(image, (2, stride), stride=(1, stride), axes=(0, 1))
        check(image, (3, 2), stride=(2, stride), axes=(0, 1))


def test_the_example_of_the_definition():
    assert imfilter.max_pool(np.arange(7), 3).tolist() == [2, 5]
    assert imfilter.max_pool(np.arange(7), 3, ceil_mode=True).tolist() == [2, 5, 6]
    assert imfilter.avg_pool(np.arange(7.0), 3, ceil_mode=True).tolist() == [1, 4, 6]
    # The last window has one sample, and one place of the padding.
    padded = imfilter.avg_pool(np.full(6, 6.0), 3, stride=2, padding=1, ceil_mode=True)
    assert padded.tolist() == [4, 6, 6, 3]
    uncounted = imfilter.avg_pool(
        np.full(6, 6.0), 3, stride=2, padding=1, ceil_mode=True, count_padding=False
    )
    assert uncounted.tolist() == [6, 6, 6, 6]


def test_windows_far_larger_than_the_image():
    image = picture("float32", (3, 70))
    assert (imfilter.max_pool(image, 1000, stride=1, padding=500) == image.max()).all()
    assert imfilter.max_pool(image, 2**30 + 1, padding=2**29).tolist() == [[image.max()]]
    np.testing.assert_array_equal(imfilter.max_pool(image, 1, stride=2**70, dilation=2**70), image[:1, :1])


@pytest.mark.parametrize("size", [9, 10, 11, 16, 21, 24, 35, 49, 63, 64, 67])
def test_long_windows_side_by_side(size):
    for dtype in ("float32", "uint8"):
        check(picture(dtype, (2, 10 * size + 5)), (2, size))
        check(
            picture(dtype, (2, 3 * size, 3)), (2, size), axes=(0, 1), ceil_mode=True, padding=(0, size // 2)
        )
        check(picture(dtype, (5 * size,)), size)


def test_a_dilated_window_without_a_sample():
    assert np.isnan(imfilter.avg_pool([1.0], 2, padding=2, dilation=4, count_padding=False)).all()
    for dtype in ("uint8", "int64", "uint64"):
        assert imfilter.avg_pool(np.ones(1, dtype), 2, padding=2, dilation=4, count_padding=False) == [0]
    assert imfilter.max_pool([1.0], 2, padding=2, dilation=4).tolist() == [-np.inf]
    assert imfilter.max_pool(np.uint8([[7], [8]]), (1, 2), padding=(0, 2), dilation=(1, 4)).tolist() == [
        [0],
        [0],
    ]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_nan_and_infinity_stay_in_their_windows(dtype):
    rng = np.random.default_rng(3)
    for _ in range(20):
        image = rng.choice(np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5, -2.0], dtype), (9, 67))
        check(image, (2, 2), padding=1)
        check(image, (3, 3), stride=(1, 1))
        check(image, (2, 5))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_means_of_integers_are_rounded_half_to_even(dtype):
    """Also where the sum leaves every type, in windows of any number of samples."""
    dtype = np.dtype(dtype)
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    rng = np.random.default_rng(5)
    near = np.array([low, low + 1, high - 1, high], dtype)
    images = [rng.choice(near, (12, 70)), np.full((12, 70), high, dtype), np.full((12, 70), low, dtype)]
    for image in [*images, picture(dtype, (12, 70))]:
        for size in ((2, 1), (3, 2), (4, 4), (12, 70)):
            check(image, size)
        close(imfilter.global_pool(image), pools.pool(image, "mean", image.shape)[0, 0])


def test_large_windows_of_wide_integers():
    """Sums that float64 does not hold."""
    image = picture("uint32", (2100, 1031))
    exact = int(image.sum(dtype=np.uint64))
    quotient, rest = divmod(exact, image.size)
    assert imfilter.global_pool(image) == quotient + (2 * rest > image.size)
    signed = image.astype(np.int64) - 2**31
    exact = int(signed.sum())
    assert imfilter.global_pool(signed.astype(np.int32)) == round(exact / image.size)


def rounded(total, divisor, dtype):
    """The float that is nearest to a quotient of integers, of two the even one."""
    exact = fractions.Fraction(total, divisor)
    near = dtype(float(exact))
    around = [near, *(np.nextafter(near, dtype(side)) for side in (-np.inf, np.inf))]
    bits = np.dtype(f"u{near.itemsize}")
    return min(around, key=lambda v: (abs(fractions.Fraction(float(v)) - exact), int(v.view(bits)) & 1))


@pytest.mark.parametrize("dtype", ["float32", "float64", ">f8"])
@pytest.mark.parametrize("source", ["int64", "uint64", ">i8", "int32"])
def test_means_of_integers_as_floats_are_the_rounded_quotients(source, dtype):
    """Also where float64 holds neither the samples nor their sum."""
    kind, real = np.dtype(source), np.dtype(dtype).newbyteorder("=").type
    bounds, rng = np.iinfo(kind), np.random.default_rng(6)
    ends = [bounds.min, bounds.min + 1, 0, bounds.max - 1, bounds.max]
    every = rng.integers(bounds.min, bounds.max, (12, 70), kind.newbyteorder("=").type, endpoint=True)
    images = [
        every,
        every >> rng.integers(0, bounds.bits, every.shape).astype(every.dtype),  # of every magnitude
        rng.choice(np.array(ends, every.dtype), (12, 70)),
        rng.integers(max(bounds.min, -300), 300, (12, 70)).astype(every.dtype),
    ]
    for image in images:
        for high, wide in ((2, 1), (3, 2), (4, 4), (12, 70), (1, 7)):
            found = imfilter.avg_pool(image.astype(kind), (high, wide), dtype=dtype)
            for y, x in np.ndindex(found.shape):
                window = image[y * high : (y + 1) * high, x * wide : (x + 1) * wide]
                assert found[y, x] == rounded(sum(map(int, window.flat)), high * wide, real)
        whole = imfilter.global_pool(image.astype(kind), dtype=dtype)
        assert whole == rounded(sum(map(int, image.flat)), image.size, real)


@pytest.mark.parametrize("source", ["int64", "uint64"])
def test_ties_of_means_of_wide_integers_as_floats(source):
    """The quotient is halfway between two floats, or a little beside."""
    first = 2**53 + 1
    for samples, expected in (
        ([first, first], 2.0**53),  # a tie, down to the even one
        ([first + 2, first + 2], 2.0**53 + 4),  # a tie, up to the even one
        ([first, first + 1], 2.0**53 + 2),  # above the tie
        ([first - 1, first], 2.0**53),  # below it
    ):
        image = np.array(samples, source)
        assert imfilter.avg_pool(image, 2, dtype=float) == expected
        if source == "int64":
            assert imfilter.avg_pool(-image, 2, dtype=float) == -expected
    tie = np.array([2**40 + 2**16] * 8, source)  # between two of float32; a unit more is above
    assert imfilter.avg_pool(tie, 8, dtype="float32") == np.float32(2.0**40)
    tie[3] += 1
    assert imfilter.avg_pool(tie, 8, dtype="float32") == np.float32(2.0**40 + 2**17)


def test_means_do_not_overflow():
    most = np.finfo(np.float32).max
    assert (imfilter.avg_pool(np.full((4, 40), most), 2) == most).all()
    assert imfilter.global_pool(np.full((400, 40), most)) == most


def test_means_of_many_floats_are_accurate():
    image = picture("float32", (999, 1501)) + 100
    expected = image.astype(np.float64).mean()
    assert abs(imfilter.global_pool(image) - expected) <= np.spacing(np.float32(expected))
    image = image[:300, :400]
    expected = image.reshape(3, 100, 4, 100).mean(axis=(1, 3), dtype=float)
    np.testing.assert_allclose(imfilter.avg_pool(image, 100), expected, rtol=1.2e-7)


@pytest.mark.parametrize("what", ["max_pool", "avg_pool"])
def test_result_types_and_places(what):
    function = getattr(imfilter, what)
    image = picture("float32", (20, 50)) * 200
    plain = function(image, 2)
    wide = function(image, 2, dtype="float64")
    assert wide.dtype == np.float64
    np.testing.assert_allclose(wide, plain, rtol=1e-6)
    byte = function(image, 2, dtype=np.uint8)
    np.testing.assert_array_equal(byte, np.clip(np.rint(wide), 0, 255).astype(np.uint8))
    for dtype in EVERY:
        out = np.empty((10, 25), dtype)
        assert function(image, 2, out=out) is out
        np.testing.assert_array_equal(out, function(image, 2, dtype=dtype))
    whole = picture("uint8", (20, 50))
    assert function(whole, 2, dtype="float32").dtype == np.float32
    if what == "avg_pool":
        exact = whole.reshape(10, 2, 25, 2).mean(axis=(1, 3))
        np.testing.assert_array_equal(function(whole, 2, dtype="float32"), exact)
    strided = np.zeros((20, 75), np.float32)[::2, ::3]
    assert function(image, 2, out=strided) is strided
    np.testing.assert_array_equal(strided, plain)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "int64"])
def test_the_place_may_overlap_the_image(dtype):
    image = picture(dtype, (20, 50))
    for call in (imfilter.max_pool, imfilter.avg_pool):
        same = image.copy()
        expected = call(image, 3, stride=1, padding=1)
        assert call(same, 3, stride=1, padding=1, out=same) is same
        np.testing.assert_array_equal(same, expected)
        part = image.copy()
        call(part, 2, out=part[5:15, 10:35])
        np.testing.assert_array_equal(part[5:15, 10:35], call(image, 2))


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "int64"])
@pytest.mark.parametrize("name", ["max_pool", "avg_pool", "global_pool", "pyramid_pool"])
def test_layouts_and_workers(dtype, name):
    options = {"max_pool": {"size": 3, "stride": 2}, "avg_pool": {"size": (2, 3), "padding": 1}}.get(name, {})

    def call(image, **run):
        return getattr(imfilter, name)(image, axes=(1, 2), **options, **run)

    image = picture(dtype, (3, 130, 211))
    expected = call(image, workers=1)
    frame = np.zeros((6, 140, 440), dtype)
    sliced = frame[::2, 5:135, 3:425:2]
    sliced[...] = image
    read_only = image.copy()
    read_only.flags.writeable = False
    moved = np.moveaxis(np.moveaxis(image, 0, -1).copy(), -1, 0)
    layouts = [np.asfortranarray(image), sliced, read_only, image[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1]]
    for given in [*layouts, moved, image.astype(np.dtype(dtype).newbyteorder(">"))]:
        for workers in (1, 2, 5):
            np.testing.assert_array_equal(call(given, workers=workers), expected)
    np.testing.assert_array_equal(
        call(np.broadcast_to(image[:1], image.shape)), call(np.repeat(image[:1], 3, 0))
    )


def test_large_images_are_shared():
    for shape, axes in (((2, 3, 600, 700), (2, 3)), ((900, 1300, 3), (0, 1)), ((2_000_003,), (0,))):
        image = picture("float32", shape)
        for call in (imfilter.max_pool, imfilter.avg_pool):
            expected = call(image, 2, axes=axes, workers=1)
            np.testing.assert_array_equal(call(image, 2, axes=axes, workers=2), expected)
            few = [slice(0, 41)] * len(shape)
            part = tuple(slice(0, 20) if a in axes else slice(0, 41) for a in range(len(shape)))
            part = expected[part]
            what = "max" if call is imfilter.max_pool else "mean"
            close(part, pools.pool(image[tuple(few)], what, 2, axes=axes))


def test_channels_and_batches_are_named():
    photo = photos.photo("chelsea")
    expected = np.stack([imfilter.avg_pool(photo[..., c], 4) for c in range(3)], axis=-1)
    np.testing.assert_array_equal(imfilter.avg_pool(photo, 4, channel_axis=-1), expected)
    np.testing.assert_array_equal(imfilter.avg_pool(photo, 4, axes=(0, 1)), expected)
    front = np.moveaxis(photo, -1, 0)
    np.testing.assert_array_equal(imfilter.avg_pool(front, 4, channel_axis=0), np.moveaxis(expected, -1, 0))
    swapped = imfilter.avg_pool(photo, (4, 2), axes=(1, 0))
    np.testing.assert_array_equal(swapped, imfilter.avg_pool(photo, (2, 4), axes=(0, 1)))


def test_agrees_with_block_reduce_and_maximum():
    measure = pytest.importorskip("skimage.measure")
    image = photos.as_type(photos.photo("camera"), "float64")
    for size in ((2, 2), (4, 3), (8, 16)):
        inside = image[: 512 // size[0] * size[0], : 512 // size[1] * size[1]]
        np.testing.assert_array_equal(
            imfilter.max_pool(image, size), measure.block_reduce(inside, size, np.max)
        )
        np.testing.assert_allclose(
            imfilter.avg_pool(image, size), measure.block_reduce(inside, size, np.mean), rtol=1e-14
        )
    np.testing.assert_array_equal(
        imfilter.max_pool(image, 5, stride=1, padding=2),
        imfilter.maximum(image, 5, mode="constant", cval=-np.inf),
    )


def test_agrees_with_pytorch():
    torch = pytest.importorskip("torch", reason="torch is an extra of its own")
    for seed in range(60):
        agree(torch, seed)


def agree(torch, seed):
    """Compare every kind of pooling of one image with one set of windows."""
    rng = np.random.default_rng(seed)
    n = 1 + seed % 3
    size, options = random_options(rng, n)
    # Of windows with gaps PyTorch allows half of the samples for padding, not half of the span.
    options["padding"] = tuple(min(p, k // 2) for p, k in zip(options["padding"], size, strict=True))
    image = rng.normal(size=(2, 3, *(int(rng.integers(12, 30)) for _ in range(n)))).astype(np.float32)
    image[rng.random(image.shape) < 0.02] = np.nan
    functions = torch.nn.functional
    axes = tuple(range(2, 2 + n))
    given = torch.from_numpy(image)
    expected = getattr(functions, f"max_pool{n}d")(given, size, **options).numpy()
    np.testing.assert_array_equal(imfilter.max_pool(image, size, axes=axes, **options), expected)
    options.pop("dilation")  # which PyTorch's means do not have
    for counted in (False, True):
        expected = getattr(functions, f"avg_pool{n}d")(given, size, count_include_pad=counted, **options)
        result = imfilter.avg_pool(image, size, axes=axes, count_padding=counted, **options)
        np.testing.assert_allclose(result, expected.numpy(), atol=1e-6)
    for level in (1, 2, 5):
        expected = getattr(functions, f"adaptive_max_pool{n}d")(given, level).numpy()
        result = imfilter.pyramid_pool(image, level, axes=axes)
        np.testing.assert_array_equal(result, expected.reshape(2, 3, -1))


def test_plans():
    plan = imfilter.plan((1080, 1920), "float32", imfilter.max_pool, 2)
    assert plan.algorithm == "pooling"
    assert 0 < plan.cost < 0.1
    assert imfilter.plan((1080, 1920), "uint8", imfilter.global_pool).cost > 0
    assert imfilter.plan((1080, 1920), "uint8", imfilter.pyramid_pool).cost > 0
