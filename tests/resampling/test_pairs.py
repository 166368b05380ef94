"""Sums of two rows and two columns, whose samples are picked from the rows: linear sums of smaller images."""

import itertools

import numpy as np
import pytest

import imfilter
from imfilter._filters.resampling import apply, pairs, tables
from imfilter._simd import permutations
from tests.looping import loop_over
from tests.reference import resampling as loops
from tests.resampling.test_growing import noise

DTYPES = ["uint8", "int8", "uint16", "int16", "float32"]
MODES = ("edge", "mirror", "wrap", "constant", "shrink")
#: Shapes of images and results: windows at the end of a line, a few outputs, one row, two axes of three.
SHAPES = [
    ((40, 200), (23, 71)),
    ((33, 65), (33, 40)),
    ((50, 300), (20, 290)),
    ((30, 640), (11, 160)),
    ((9, 64), (4, 16)),
    ((1, 90), (1, 31)),
    ((17, 90), (40, 33)),
    ((5, 1000), (2, 30)),
    ((6, 7, 130), (6, 3, 60)),
    ((20, 300), (26, 395)),
    ((12, 64), (30, 80)),
    ((9, 16), (9, 70)),
]


@pytest.fixture
def picked(monkeypatch):
    """The windows of the tables that were made."""
    found, make = [], pairs.Pairs.of

    def of(*arguments, **options):
        tables_made = make(*arguments, **options)
        found.append(tables_made and tables_made.window)
        return tables_made

    monkeypatch.setattr(pairs.Pairs, "of", of)
    return found


def summed(image, shape, monkeypatch, **options):
    """Return the result of sums of whole rows, then of columns."""
    with monkeypatch.context() as patch:
        patch.setattr(pairs, "windows", lambda source: ())
        apply.FAMILY.calls.clear()
        found = imfilter.resize(image, shape, **options)
    apply.FAMILY.calls.clear()
    return found


@loop_over("dtype", DTYPES)
@loop_over(("shape", "to"), SHAPES)
def test_the_bits_of_sums_of_whole_rows(shape, to, dtype, monkeypatch):
    image = noise(shape, dtype)
    if image.dtype.kind == "f":
        image.flat[::97], image.flat[5::131], image.flat[3::77] = np.nan, np.inf, -0.0
        image.flat[7::231], image.flat[11::231] = np.finfo(dtype).max, np.finfo(dtype).tiny / 8
    for mode, align, kind in itertools.product(MODES, ("centres", "corners"), (None, "uint8", "float64")):
        options = {"method": "linear", "antialias": False, "align": align, "mode": mode, "cval": 3.25}
        with np.errstate(all="ignore"):
            found = imfilter.resize(image, to, dtype=kind, **options)
            other = summed(image, to, monkeypatch, dtype=kind, **options)
        np.testing.assert_array_equal(found, other, err_msg=str(options))
        np.testing.assert_array_equal(np.signbit(found), np.signbit(other), err_msg=str(options))


def test_the_definition():
    image = noise((21, 150), "float64")
    for shape, mode in itertools.product(((9, 50), (21, 70), (15, 149)), MODES):
        options = {"method": "linear", "antialias": False, "mode": mode, "cval": 2.5}
        expected = loops.resize(image, shape, **options)
        found = imfilter.resize(image.astype(np.float32), shape, **options)
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-4, err_msg=str(options))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_channels_layouts_workers_and_output(channels, dtype):
    image = noise((400, 300, channels), dtype)
    options = {"method": "linear", "antialias": False}
    shape = (150, 130)
    whole = imfilter.resize(image, shape, channel_axis=-1, workers=1, **options)
    for c in range(channels):
        one = imfilter.resize(image[..., c], shape, workers=3, **options)
        np.testing.assert_array_equal(one, whole[..., c])
    for view in (np.asfortranarray(image), np.ascontiguousarray(image[:, ::-1])[:, ::-1], image[::-1][::-1]):
        found = imfilter.resize(view, shape, channel_axis=-1, workers=3, **options)
        np.testing.assert_array_equal(found, whole)
    out = np.zeros((2 * shape[0], shape[1], channels), dtype)[::2]
    imfilter.resize(image, shape, channel_axis=-1, out=out, **options)
    np.testing.assert_array_equal(out, whole)


def made(n, m, method="linear", source="f4", antialias=False, mode="edge", channels=1):
    """Return the tables of images of 50 rows that become 20."""
    options = {"antialias": antialias, "sharpness": -0.5}
    x = tables.of((n, m), method, "centres", mode, **options)
    y = tables.of((50, 20), "linear", "centres", mode, **options)
    real, single = np.dtype("f4"), tables.of((1, 1), "linear", "centres", "edge", **options)
    return pairs.Pairs.of((single, y, x), channels, np.dtype(source), real, whole=source != "f4")


def test_where_samples_are_picked(monkeypatch):
    """Linear sums of two samples, unless an image shrinks so much that 16 outputs read more than a window."""
    known = dict.fromkeys(("avx2", "avx512f", "avx512bw", "avx512vbmi"), True)
    monkeypatch.setattr(permutations, "FEATURES", known)
    assert made(3840, 1333).window == 64
    assert made(3840, 2880).window == 32
    assert made(3840, 1333, source="u2").window == 64
    assert made(3840, 2880, source="u2").window == 32
    for source in ("u1", "u2", "f4"):
        assert made(3840, 4608, source=source).window == 16
    assert made(3840, 900) is None
    assert made(320, 100, "cubic") is None
    assert made(320, 100, antialias=True) is None
    assert made(30, 20) is None
    assert made(100, 15) is None
    for source in ("f8", "i4", "u4", "f2"):
        assert made(3840, 1333, source=source) is None


def test_where_samples_are_picked_from_words(monkeypatch):
    """Linear sums of two samples that are neighbours, of any ratio. A word does not reach beyond a line."""
    monkeypatch.setattr(permutations, "FEATURES", {"avx2": True})
    for source, n in (("f4", 2), ("u2", 2), ("i1", 4)):
        for length, outputs in ((3840, 1333), (3840, 900), (30, 20), (n, 40)):
            found = made(length, outputs, source=source)
            assert found.window == n
            assert 0 <= found.windows.min() <= found.windows.max() <= length - n
        assert made(n - 1, 40, source=source) is None
        assert made(320, 100, "cubic", source=source) is None
        assert made(100, 15, source=source) is None
    assert made(300, 200, source="u1", channels=3).window == 4
    assert made(300, 200, source="u1", channels=4) is None
    assert made(300, 200, source="u2", channels=2) is None
    for source in ("f8", "i4", "u4", "f2"):
        assert made(3840, 1333, source=source) is None
    monkeypatch.setattr(permutations, "FEATURES", {})
    assert made(3840, 1333) is None


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_bits_of_samples_from_words(dtype, monkeypatch, picked):
    """Whatever the processor has."""
    monkeypatch.setattr(pairs, "windows", lambda source: (permutations.WORDS[source.itemsize],))
    for (shape, to), mode in itertools.product(SHAPES, ("edge", "mirror")):
        image = noise(shape, dtype)
        if image.dtype.kind == "f":
            image.flat[::97], image.flat[5::131], image.flat[3::77] = np.nan, np.inf, -0.0
        apply.FAMILY.calls.clear()
        options = {"method": "linear", "antialias": False, "mode": mode}
        with np.errstate(all="ignore"):
            found = imfilter.resize(image, to, **options)
            window = picked[-1]
            other = summed(image, to, monkeypatch, **options)
        assert window == permutations.WORDS[image.itemsize]
        np.testing.assert_array_equal(found, other, err_msg=f"{shape} {to} {mode}")
        np.testing.assert_array_equal(np.signbit(found), np.signbit(other))
