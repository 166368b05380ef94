"""Results that no cache keeps are written past the caches. Here all results are."""

import numpy as np
import pytest

import imfilter
from imfilter._filters.resampling import apply, tables
from imfilter._simd.jit import Kernel
from tests.looping import loop_over

RNG = np.random.default_rng(31)


@pytest.fixture
def far(monkeypatch):
    """Return a function that resizes with stores past the caches."""

    def resized(*args, **options):
        with monkeypatch.context() as patch:
            patch.setattr(apply, "_FAR", 1)
            apply.FAMILY.calls.clear()
            found = imfilter.resize(*args, **options)
        apply.FAMILY.calls.clear()
        return found

    return resized


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float64"])
def test_types(far, dtype):
    image = (RNG.random((23, 151)) * 2 if dtype == "bool" else RNG.random((23, 151)) * 250).astype(dtype)
    for method, shape in (
        ("linear", (46, 302)),
        ("cubic", (50, 1200)),
        ("area", (7, 61)),
        ("linear", (30, 3)),
        ("linear", (25, 187)),
    ):
        for result in (None, np.float32):
            options = {"method": method, "dtype": result}
            expected = imfilter.resize(image, shape, **options)
            np.testing.assert_array_equal(far(image, shape, **options), expected)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_places(far, dtype):
    """Rows that start anywhere in a cache line, also between two samples."""
    image = (RNG.random((20, 70)) * 250).astype(dtype)
    expected = imfilter.resize(image, (40, 140), method="linear")
    size = np.dtype(dtype).itemsize
    for start in (*range(0, 64, 3), 64):
        memory = np.zeros((40, 400 * size), np.uint8)
        out = memory[:, start : start + 140 * size].view(dtype)
        far(image, (40, 140), method="linear", out=out, workers=2)
        np.testing.assert_array_equal(out, expected)
        assert not memory[:, :start].any()
        assert not memory[:, start + 140 * size :].any()


def test_channels_and_stacks(far):
    image = (RNG.random((5, 30, 40, 3)) * 250).astype(np.uint8)
    options = {"method": "linear", "axes": (1, 2)}
    np.testing.assert_array_equal(
        far(image, (60, 80), **options), imfilter.resize(image, (60, 80), **options)
    )
    turned = image.transpose(0, 2, 1, 3)
    np.testing.assert_array_equal(
        far(turned, (80, 60), **options), imfilter.resize(turned, (80, 60), **options)
    )


def test_refused_before_the_tables(monkeypatch):
    """Tables of millions of outputs take seconds and gigabytes."""

    def none(*_, **__):
        raise AssertionError("a table was made")

    monkeypatch.setattr(tables, "of", none)
    image = np.zeros((4, 5))
    with pytest.raises(MemoryError, match=r"a result of shape \(200000000, 250000000\) and dtype float64"):
        imfilter.resize(image, (200000000, 250000000))
    with pytest.raises(ValueError, match=r"out must have shape \(4000000, 5000000\), got \(4, 5\)"):
        imfilter.resize(image, scale=1e6, out=np.zeros((4, 5)))
    with pytest.raises(ValueError, match="at most 268435456"):
        imfilter.resize(image, 1 << 29)
    monkeypatch.setattr(apply, "_TABLE", 1 << 40)
    with pytest.raises(MemoryError, match="the weights of 5000 outputs along an axis do not fit into memory"):
        imfilter.resize(image, 5000)


@loop_over(
    ("method", "shape", "past", "used"),
    [
        ("cubic", (60, 80), False, {"sum_phases", "sum_rows"}),
        ("cubic", (60, 80), True, {"sum_phases", "stream_rows"}),
        ("linear", (70, 91), False, {"sum_rows", "to_lanes", "sum_columns", "join"}),
        ("linear", (70, 91), True, {"sum_rows", "to_lanes", "sum_columns", "join", "stream_rows"}),
        ("cubic", (20, 40), False, {"sum_rows", "place"}),
        ("cubic", (20, 31), True, {"sum_rows", "to_lanes", "sum_columns", "join", "stream_line"}),
    ],
)
def test_only_the_kernels_of_a_call_are_compiled(method, shape, past, used, far, monkeypatch):
    image = (RNG.random((30, 40)) * 250).astype(np.uint8)
    expected, asked, address = imfilter.resize(image, shape, method=method), set(), Kernel.address

    def recorded(kernel, *kinds):
        asked.add(kernel.name)
        return address(kernel, *kinds)

    monkeypatch.setattr(Kernel, "address", recorded)
    apply.FAMILY.calls.clear()
    found = (far if past else imfilter.resize)(image, shape, method=method)
    np.testing.assert_array_equal(found, expected)
    assert asked - {"resample"} == used
