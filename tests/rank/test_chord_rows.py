"""Minima and maxima of images that are wider than a tile, some of them with stores past the caches."""

import numpy as np
import pytest

import imfilter
from imfilter._base import program
from imfilter._filters.rank import apply, chords
from imfilter.morphology import disk, line
from tests.looping import loop_over
from tests.reference.morphology import same

RNG = np.random.default_rng(47)
PADDINGS = {"mirror": "reflect", "edge": "edge", "wrap": "wrap", "constant": "constant"}


@pytest.fixture(params=["near", "far", "far, short blocks", "far, tile by tile"])
def filtered(request, monkeypatch):
    """Return a function that calls a filter, with stores past the caches if the parameter begins with "far".

    Then tiles compute a block of rows in turn, except for the last parameter. Small images have all workers.
    """
    monkeypatch.setattr(program, "SMALL", 0)
    monkeypatch.setattr(chords, "_FAR", 1 << 40 if request.param == "near" else 1)
    if request.param == "far, short blocks":
        monkeypatch.setattr(chords, "_BLOCK", 3)
    elif request.param == "far, tile by tile":
        monkeypatch.setattr(chords, "_GROUP", 0)
    families = apply.FAMILY, apply.ABSENT_BORDER
    for family in families:
        family.calls.clear()
    yield lambda name, *args, **options: getattr(imfilter, name)(*args, **options)
    for family in families:
        family.calls.clear()


def samples(dtype, shape):
    """An image of a type, all of whose values are frequent."""
    return RNG.integers(0, 200, shape).astype(dtype)


def expected(name, image, inside, mode="mirror"):
    """The extreme of shifted copies of an image of rows, columns and perhaps channels."""
    inside = np.asarray(inside)
    high, wide = inside.shape
    pad = [(high // 2, (high - 1) // 2), (wide // 2, (wide - 1) // 2), *[(0, 0)] * (image.ndim - 2)]
    more = {"constant_values": 7} if mode == "constant" else {}
    padded = np.pad(image, pad, PADDINGS[mode], **more)
    rows, columns = image.shape[:2]
    shifted = [padded[y : y + rows, x : x + columns] for y, x in np.argwhere(inside)]
    return (np.minimum if name == "minimum" else np.maximum).reduce(shifted)


def check_output(filtered, dtype, inside):
    """Assert that nothing beside the output is written.

    Outputs begin anywhere in a cache line, and between two elements.
    """
    size = np.dtype(dtype).itemsize
    image = samples(dtype, (21, 1200))
    right = expected("minimum", image, inside)
    for before in (0, 1, 13, 31, 63):
        for row in (1280, 1287):
            memory = np.full((21 * row + 200) * size, 77, np.uint8)
            start = before * size + (before == 31)  # one output is not aligned
            whole = memory[start : start + 21 * row * size].view(dtype).reshape(21, row)
            out, aside = whole[:, 5:1205], whole[0, 0]
            assert filtered("minimum", image, footprint=inside, out=out, workers=2) is out
            same(out.copy(), right)
            assert (memory[:start] == 77).all()
            assert (memory[start + 21 * row * size :] == 77).all()
            assert (whole[:, :5] == aside).all()
            assert (whole[:, 1205:] == aside).all()


def check_views(filtered, dtype, *windows):
    """Assert that rows that are not contiguous, in reverse, or at odd addresses are read in place, too."""
    size = np.dtype(dtype).itemsize
    memory = np.zeros(60 * 2500 * size + 1, np.uint8)
    image = (
        memory[1:].view(dtype).reshape(60, 2500) if size == 1 else memory[:-1].view(dtype).reshape(60, 2500)
    )
    image[...] = samples(dtype, image.shape)
    for part in (image[::-1], image[::2, 3:2300], image[5:-5], image[-30::-1, :2001]):
        for inside in windows:
            same(filtered("minimum", part, footprint=inside), expected("minimum", part, inside))


@loop_over("dtype", ["u1", "i2", "u2", "f4", "f8"])
@loop_over("mode", list(PADDINGS))
def test_lines(filtered, dtype, mode):
    image = samples(dtype, (40, 1 + 4000 // np.dtype(dtype).itemsize))
    for name in ("minimum", "maximum"):
        for length, angle in ((31, 0), (31, 15), (30, 30), (31, 45), (9, 60), (31, 75), (31, 90), (31, 140)):
            inside = np.asarray(line(length, angle))
            found = filtered(name, image, footprint=inside, mode=mode, cval=7, workers=2)
            same(found, expected(name, image, inside, mode))


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_other_footprints(filtered, dtype):
    image = samples(dtype, (30, 3001))
    lopsided = np.zeros((4, 7), bool)
    lopsided[0, 6] = lopsided[2, 1] = lopsided[3, 0] = True
    for inside in (disk(1), disk(3), disk(9), lopsided, lopsided[::-1], np.eye(12)[:, :9] > 0):
        same(filtered("minimum", image, footprint=np.asarray(inside)), expected("minimum", image, inside))


@loop_over("columns", [1, 100, 255, 256, 257, 511, 513, 1535, 1537, 2049, 2304])
def test_widths(filtered, columns):
    image = samples("u1", (20, columns))
    for inside in (line(15, 30), line(15, 120)):
        found = filtered("maximum", image, footprint=np.asarray(inside), mode="edge")
        same(found, expected("maximum", image, inside, "edge"))


@loop_over("channels", [2, 3, 4, 5, 40])
@loop_over("dtype", ["u1", "u2", "f4"])
def test_channels(filtered, channels, dtype):
    image, inside = samples(dtype, (25, 900, channels)), np.asarray(line(11, 20))
    found = filtered("minimum", image, footprint=inside, channel_axis=-1)
    same(found, expected("minimum", image, inside))


@loop_over("dtype", ["i2", "f4", "f8"])
def test_planes_beyond_the_border(filtered, dtype):
    """The first plane of results reads a plane of the border, also between the ends of long lines."""
    image = samples(dtype, (3, 14, 50000 // np.dtype(dtype).itemsize))
    for inside in (np.array([[0, 0, 1, 1, 1]]), np.asarray(line(9, 30))):
        right = [expected("minimum", plane, inside, "constant") for plane in image[:-1]]
        footprint = np.stack([inside, np.zeros_like(inside)])
        found = filtered("minimum", image, footprint=footprint, mode="constant", cval=7, workers=2)
        same(found, np.stack([np.full_like(image[0], 7), *right]))


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_nothing_beside_the_output_is_written(filtered, dtype):
    check_output(filtered, dtype, np.asarray(line(9, 30)))


def test_results_do_not_depend_on_workers_and_rows(filtered):
    image, inside = samples("f4", (61, 1500)), np.asarray(line(31, 60))
    whole = filtered("minimum", image, footprint=inside, mode="shrink", workers=1)
    for workers in (2, 3, 5, 16):
        same(filtered("minimum", image, footprint=inside, mode="shrink", workers=workers), whole)
    part = filtered("minimum", image[9:55].copy(), footprint=inside, mode="shrink")
    same(part[14:-14], whole[23:41])


@pytest.mark.parametrize("dtype", ["u1", "f4"])
def test_views(filtered, dtype):
    check_views(filtered, dtype, np.asarray(line(31, 60)), np.asarray(disk(3)), np.ones((2, 2), bool))


def test_strange_samples(filtered):
    """An image with NaN or -0.0 is compared by keys: the first program refuses it."""
    image, inside = samples("f4", (30, 1500)), np.asarray(line(9, 30))
    for place, value in (((3, 2), np.nan), ((29, 1499), -0.0), ((15, 700), np.nan)):
        strange = image.copy()
        strange[place] = value
        found = filtered("minimum", strange, footprint=inside)
        finite = expected("minimum", np.where(np.isnan(strange), np.inf, strange), inside)
        np.testing.assert_array_equal(found, finite)  # NaN is larger than all others
        assert np.signbit(found).any() == (not np.isnan(value))
    for place in RNG.integers(0, image.size, 60):
        strange = image.copy()
        strange.flat[place] = np.nan
        found = filtered("maximum", strange, footprint=inside)
        same(np.isnan(found), expected("maximum", np.isnan(strange), inside))


@pytest.fixture
def searched(monkeypatch):
    """Return a list of the bytes at which second sets begin to search for NaN and -0.0, -1 if they do not."""
    looked, begins = chords._looked, []

    def noted(*args):
        found, begin = looked(*args)
        begins.append(begin)
        return found, begin

    monkeypatch.setattr(chords, "_looked", noted)
    return begins


def test_strange_samples_of_the_second_set(filtered, searched):
    image, inside = samples("f4", (60, 1500)), np.asarray(line(31, 20))
    for place in RNG.integers(0, image.size, 60):
        for name, value, strange in (("maximum", np.nan, np.isnan), ("minimum", -0.0, np.signbit)):
            changed = image.copy()
            changed.flat[place] = value
            found = filtered(name, changed, footprint=inside)
            same(strange(found), expected("maximum", strange(changed), inside))
    assert max(searched) >= 0


@pytest.mark.slow
def test_strange_samples_of_all_columns(filtered, searched):
    """The second set reads the newest row from column 1 on, but no column between tiles is missed."""
    image = samples("f4", (6, 1000))
    inside = np.array([[1, 0], [1, 1], [1, 1], [1, 1], [0, 1]])
    for column in range(1000):
        changed = image.copy()
        changed[4, column] = np.nan
        found = filtered("maximum", changed, footprint=inside)
        same(np.isnan(found), expected("maximum", np.isnan(changed), inside))
    assert max(searched) > 0
