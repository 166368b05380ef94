"""Minima and maxima of many consecutive rows, some of them with stores past the caches."""

import subprocess
import sys

import numpy as np
import pytest

import imfilter
from imfilter._base import program
from imfilter._filters.rank import apply, columns
from tests.rank.test_chord_rows import PADDINGS, check_output, check_views, expected, samples
from tests.reference.morphology import same

RNG = np.random.default_rng(53)


@pytest.fixture(params=["near", "far"])
def filtered(request, monkeypatch):
    """Return a function that calls a filter with a window of one column.

    It asserts that the program for columns is used. Results go past the caches if the parameter is "far".
    Tiles are narrow, and small images have all workers.
    """
    monkeypatch.setattr(program, "SMALL", 0)
    monkeypatch.setattr(columns, "_FAR", 1 << 40 if request.param == "near" else 1)
    monkeypatch.setattr(columns, "_CACHE", 3 << 10)
    made = []
    original = columns.make

    def make(*args, **options):
        made.append(args)
        return original(*args, **options)

    monkeypatch.setattr(columns, "make", make)
    families = apply.FAMILY, apply.ABSENT_BORDER
    for family in families:
        family.calls.clear()

    def call(name, image, footprint, **options):
        made.clear()
        for family in families:
            family.calls.clear()
        inside = np.ones((footprint, 1), bool) if isinstance(footprint, int) else footprint
        found = getattr(imfilter, name)(image, footprint=inside, **options)
        assert made
        return found

    yield call
    for family in families:
        family.calls.clear()


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "f4", "f8"])
@pytest.mark.parametrize("mode", list(PADDINGS))
def test_windows(filtered, dtype, mode):
    image = samples(dtype, (67, 1 + 4000 // np.dtype(dtype).itemsize))
    for name in ("minimum", "maximum"):
        for rows in (9, 10, 13, 31, 60):
            found = filtered(name, image, rows, mode=mode, cval=7, workers=2)
            same(found, expected(name, image, np.ones((rows, 1)), mode))


@pytest.mark.parametrize("name", ["minimum", "maximum"])
def test_windows_that_are_longer_than_the_image(filtered, name):
    image = samples("u2", (31, 300))
    for rows in (32, 45, 62):
        for mode in PADDINGS:
            found = filtered(name, image, rows, mode=mode, cval=7)
            same(found, expected(name, image, np.ones((rows, 1)), mode))


@pytest.mark.parametrize("size", [512, 513, 576, 640, 641, 767, 1024, 1535, 1537, 2304, 5000])
def test_widths(filtered, size):
    """The widest vector has 512 bytes at most."""
    image = samples("u1", (29, size))
    same(filtered("maximum", image, 9, mode="edge"), expected("maximum", image, np.ones((9, 1)), "edge"))


@pytest.mark.parametrize("channels", [2, 3, 5, 150])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_channels(filtered, channels, dtype):
    image = samples(dtype, (25, 900, channels))
    found = filtered("minimum", image, 11, channel_axis=-1)
    same(found, expected("minimum", image, np.ones((11, 1))))


def test_one_axis(filtered):
    """The other axes of an image that is filtered along one axis only."""
    image = samples("u2", (3, 40, 700))
    for axis, rows in ((1, 7), (0, 3)):
        moved = np.moveaxis(image, axis, 1)
        found = imfilter.minimum(image, rows, axes=axis)
        right = np.stack([expected("minimum", plane, np.ones((rows, 1))) for plane in moved])
        same(np.moveaxis(found, axis, 1), right)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_nothing_beside_the_output_is_written(filtered, dtype):
    check_output(filtered, dtype, np.ones((9, 1), bool))


def test_results_do_not_depend_on_workers_and_rows(filtered):
    image = samples("f4", (61, 1500))
    whole = filtered("minimum", image, 31, mode="shrink", workers=1)
    for workers in (2, 3, 5, 16):
        same(filtered("minimum", image, 31, mode="shrink", workers=workers), whole)
    part = filtered("minimum", image[9:55].copy(), 31, mode="shrink")
    same(part[15:-15], whole[24:40])


@pytest.mark.parametrize("dtype", ["u1", "f4"])
def test_views(filtered, dtype):
    check_views(filtered, dtype, np.ones((11, 1), bool))


def test_strange_samples(filtered):
    """An image with NaN or -0.0 is compared by keys: the first program refuses it, wherever the sample is."""
    image = samples("f4", (50, 1500))
    anywhere = zip(*np.unravel_index(RNG.integers(0, image.size, 30), image.shape), strict=True)
    for place in [(0, 0), (49, 1499), (49, 0), (20, 700), *anywhere]:
        strange = image.copy()
        strange[place] = np.nan
        found = filtered("maximum", strange, 9)
        same(np.isnan(found), expected("maximum", np.isnan(strange), np.ones((9, 1))))
        strange[...] = 0
        strange[place] = -0.0
        found = filtered("minimum", strange, 9)
        same(np.signbit(found), expected("maximum", np.signbit(strange), np.ones((9, 1))))


#: An image that ends where memory ends that may be read.
AT_THE_END = """
import ctypes, mmap
import numpy as np
import imfilter
from imfilter import morphology
page = mmap.PAGESIZE
for shape in ((64, page // 16), (128, 5 * page // 64), (32, 5 * page // 32)):
    for dtype in ("u1", "f4"):
        size = np.dtype(dtype).itemsize * shape[0] * shape[1]
        assert size % page == 0
        memory = mmap.mmap(-1, size + page)
        whole = np.frombuffer(memory, np.uint8)
        end = ctypes.c_void_p(whole.ctypes.data + size)
        assert not ctypes.CDLL(None).mprotect(end, ctypes.c_size_t(page), 0)
        image = whole[:size].view(dtype).reshape(shape)
        image[...] = np.random.default_rng(0).integers(0, 200, shape)
        for element in (
            np.ones((9, 1)), np.ones((31, 1)), morphology.line(31, 60), morphology.disk(1), morphology.disk(3)
        ):
            for mode in ("shrink", "mirror"):
                imfilter.minimum(image, footprint=np.asarray(element, bool), mode=mode, workers=1)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="protects memory by a call of Linux")
def test_no_sample_beyond_the_image_is_read():
    subprocess.run([sys.executable, "-c", AT_THE_END], check=True)


def test_long_windows_are_left_to_others():
    assert columns.cost(apply.Neighbourhood(np.ones((1, 9000, 1), bool), 0), 1) is None
    assert columns.cost(apply.Neighbourhood(np.ones((1, 9, 2), bool), 0), 1) is None
    assert columns.cost(apply.Neighbourhood(np.ones((1, 9, 1), bool), 4), 1) is None


@pytest.mark.parametrize("dtype", ["u1", "f4"])
@pytest.mark.parametrize("mode", list(PADDINGS))
def test_planes(filtered, dtype, mode):
    """Windows along planes, in contiguous volumes and in others, and with channels."""
    volume = samples(dtype, (34, 12, 300))
    for part, axes, more in (
        (volume, (0, 1, 2), {}),
        (volume[::2, ::-2, :290], (0, 1, 2), {}),
        (samples(dtype, (3, 14, 5, 300)), (1, 2, 3), {}),
        (samples(dtype, (14, 5, 300, 3)), (0, 1, 2), {"channel_axis": -1}),
    ):
        for planes in (9, 13):
            options = more or {"axes": axes}
            found = filtered("minimum", part, np.ones((planes, 1, 1), bool), mode=mode, cval=7, **options)
            flat = np.moveaxis(part, axes[0], 0).reshape(part.shape[axes[0]], -1)
            right = expected("minimum", flat, np.ones((planes, 1)), mode)
            same(np.moveaxis(found, axes[0], 0).reshape(flat.shape), right)


def test_plan_names_the_algorithm():
    plan = imfilter.plan((500, 500), "uint8", imfilter.minimum, size=(31, 1))
    assert plan.algorithm == "columns"
    narrow = imfilter.plan((500, 20), "uint8", imfilter.minimum, size=(31, 1))
    assert narrow.algorithm == "chords"


def test_rows_that_share_sets_of_a_cache_are_left_to_others():
    for width, dtype, rows, own in (
        *((4096, "u1", 9, False), (4096, "u1", 31, False), (8192, "u1", 31, False), (4160, "u1", 9, True)),
        *((2048, "f4", 31, False), (2048, "f4", 15, True), (2064, "f4", 31, True)),
    ):
        plan = imfilter.plan((100, width), dtype, imfilter.minimum, size=(rows, 1))
        assert (plan.algorithm == "columns") == own


def test_plan_of_the_axes_that_are_one():
    """The axes after those of the window are one line."""
    shape = 100, 8, 10, 20
    plan = imfilter.plan(shape, "uint8", imfilter.minimum, size=9, axes=0)
    assert plan.algorithm == "columns"
    assert plan == imfilter.plan((100, 1600), "uint8", imfilter.minimum, size=9, axes=0)


def test_the_plan_is_what_runs(filtered):
    image = samples("u1", (100, 8, 10, 20))
    found = filtered("minimum", image, np.ones(9, bool), axes=0)
    right = expected("minimum", image.reshape(100, -1), np.ones((9, 1)))
    same(found.reshape(right.shape), right)
