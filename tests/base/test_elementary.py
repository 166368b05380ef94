"""Elementary functions of vectors: their errors, against the C library in extended precision."""

import functools

import numba
import numpy as np
import pytest
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._simd import vector_math
from imfilter._simd.llvm import element, pointer
from imfilter._simd.power_table import is_quartered, is_tabulated, power_table
from imfilter._simd.vector_math import Lanes

RNG = np.random.default_rng(11)
LONG = np.longdouble


@functools.cache
def compiled(formula, real, arguments, lanes):
    """A function of addresses: those of so many lines of arguments, of the line of results, and a count."""
    word = ir.IntType(64)
    kind, size = ir.VectorType(element(real), lanes), real.bitwidth // 8

    @intrinsic
    def apply(typingctx, start, to, count):
        def codegen(context, builder, sig, args):
            start, to, count = args
            step = builder.mul(count, word(size))
            with cgutils.for_range_slice(builder, word(0), count, word(lanes), word) as (x, _):
                offset = builder.mul(x, word(size))
                at = [
                    builder.add(start, builder.add(offset, builder.mul(step, word(i))))
                    for i in range(arguments)
                ]
                values = [
                    Lanes(builder, builder.load(pointer(builder, a, kind), align=1, typ=kind)) for a in at
                ]
                place = pointer(builder, builder.add(to, offset), kind)
                builder.store(formula(*values).value, place, align=1)
            return context.get_dummy_value()

        return types.none(*(types.int64,) * 3), codegen

    return numba.njit(lambda start, to, count: apply(start, to, count))


def computed(formula, *values, lanes=8):
    lines = np.stack(values)
    result = np.empty_like(values[0])
    real = numba.from_dtype(result.dtype)
    compiled(formula, real, len(values), lanes)(lines.ctypes.data, result.ctypes.data, len(result))
    return result


@functools.cache
def is_fused():
    """Tell whether a multiply-add is rounded once, as by most processors. Others round twice."""
    x = np.full(8, 1 + 2.0**-30)
    return bool((computed(lambda x: x.fma(x, -1.0), x) == 2.0**-29 + 2.0**-60).all())


def positive(dtype, low, high):
    """Numbers of all magnitudes between, with both ends and powers of two."""
    spread = np.exp2(RNG.uniform(np.log2(low), np.log2(high), 1 << 18))
    twos = np.exp2(np.arange(np.ceil(np.log2(low)), np.floor(np.log2(high)) + 1))
    values = np.concatenate([spread, twos, np.nextafter(twos, 0), [low, high]]).astype(dtype)
    return values[: len(values) // 8 * 8]


def decode(x):
    return x * x * vector_math.power(x, 3, 5)


def encode(x):
    return vector_math.power(x, 1, 6).call("sqrt")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("formula", "exponent", "narrow", "wide"),
    [
        (vector_math.cube_root, LONG(1) / 3, 1e-7, 3e-16),
        (decode, LONG("2.4"), 3e-7, 6e-16),
        (encode, LONG(5) / 12, 1.5e-7, 4e-16),
    ],
)
@pytest.mark.parametrize(("low", "high"), [(0.0005, 1.0), (1e-6, 1e9)])
def test_powers(formula, exponent, narrow, wide, low, high):
    if formula is vector_math.cube_root and not is_fused():
        narrow = 1.21e-7  # 1.2034e-7 at the worst of all float32 from 1/8 to 1
    for dtype, bound in ((np.float32, narrow), (np.float64, wide)):
        x = positive(dtype, low, high)
        exact = x.astype(LONG) ** exponent
        assert float(np.abs(computed(formula, x) / exact - 1).max()) < bound


def test_angles():
    turn = RNG.uniform(0, np.pi, 1 << 16)
    x, y = np.cos(turn), np.abs(np.sin(turn))
    x[:8], y[:8] = [1, 1, 0, -1, -1, 0, -0.0, 3], [0, 1, 2, 1, 0, 0, 5, -0.0]
    exact = np.arctan2(y.astype(LONG), x.astype(LONG))
    exact[5] = 0  # where there is none
    assert float(np.abs(computed(vector_math.angle, x, y) - exact).max()) < 1e-15


@pytest.mark.parametrize("reach", [0.7, 10.0, 1e6, 1e12])
def test_sines_and_cosines(reach):
    x = RNG.uniform(-reach, reach, 1 << 16)
    x[:8] = np.arange(8) * np.pi / 2
    bound = 5e-16 if is_fused() else 5e-16 + 2.0**-53 * np.abs(x)  # the multiple of a quarter turn is rounded
    for which, exact in ((0, np.sin(x.astype(LONG))), (1, np.cos(x.astype(LONG)))):
        found = computed(functools.partial(_one_of, which), x)
        assert (np.abs(found - exact) < bound).all()


@pytest.mark.parametrize(("dtype", "least"), [(np.float32, -87.0), (np.float64, -708.0)])
def test_exponentials(dtype, least):
    """Relative errors from 0 to where results are no longer normal numbers, and near 0."""
    x = np.concatenate([RNG.uniform(least, 0, 1 << 16), -np.exp2(RNG.uniform(-60, 6, 1 << 16))]).astype(dtype)
    x[:8] = 0, least, -0.5, -1, np.nan, -np.inf, -1e30, -np.log(2)
    whole = x.astype(LONG)
    narrow = dtype == np.float32
    inside = x > least
    for formula, exact, bound in (
        (vector_math.exponential2, np.exp2(whole), 2.5e-7 if narrow else 5e-16),
        (vector_math.exponential, np.exp(whole), 2e-7 if narrow else 4e-16),
        (vector_math.one_minus_exponential, -np.expm1(whole), 2e-7 if narrow else 4e-16),
    ):
        found = computed(formula, x)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(x))
        apart = np.abs(found.astype(LONG) - exact)[inside]
        assert (apart <= bound * exact[inside]).all()
        assert (found[5:7] == exact[5:7]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_small_powers_of_two_are_zero_or_denormal(dtype):
    """Below the smallest normal number, down to numbers whose power would be 0 with any exponent."""
    least = -126.0 if dtype == np.float32 else -1022.0
    x = np.concatenate([np.linspace(least - 3, np.nextafter(dtype(least), dtype(-1e4)), 60), [-np.inf] * 4])
    found = computed(vector_math.exponential2, x.astype(dtype))
    assert (found >= 0).all()
    assert (found <= np.finfo(dtype).tiny).all()
    assert (found[x < least - 1.001] == 0).all()


def power_from_halves(x):
    return vector_math.power_of_halves(*vector_math.power_halves(x))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_powers_of_two_from_halves(dtype):
    """The first two exponents have the largest errors of all float32, with fused multiply-add and without."""
    quarters = np.arange(-4 * 128, 1) / 8
    edges = np.concatenate([quarters, np.nextafter(quarters.astype(dtype), -200), quarters - 64])
    x = np.concatenate([edges, RNG.uniform(-130, 0, 1 << 16), -np.exp2(RNG.uniform(-149, 7, 1 << 16))])
    x = np.concatenate([[-0.13837463, -0.14210421, -0.0, np.nan, -np.inf, -1e30, -127, -1e-45], x])
    x = x[: len(x) // 64 * 64].astype(dtype)
    exact = np.exp2(x.astype(LONG))
    by_lanes = [computed(power_from_halves, x, lanes=lanes) for lanes in (8, 16, 32)]
    for found in by_lanes:
        np.testing.assert_array_equal(found, by_lanes[0])
        np.testing.assert_array_equal(np.isnan(found), np.isnan(x))
        tiny = np.finfo(dtype).tiny
        inside, below = exact >= tiny, exact < tiny
        bound = 5e-16 if dtype == np.float64 else 7.2e-7 if is_quartered(dtype) else 2.5e-7
        assert (np.abs(found.astype(LONG) - exact)[inside] <= bound * exact[inside]).all()
        assert ((found[below] >= 0) & (found[below] <= tiny)).all()
        assert (found[x <= -127] == 0).all() or dtype == np.float64


def weighted_power(table, a, b):
    """Return a weight times two to the power of -a*b. `table` is the address of its row."""
    return vector_math.power_of_parts(*vector_math.power_parts(a, b, ir.Constant(ir.IntType(64), table)))


def test_worst_power_of_two_from_a_table():
    """All roundings add to the error of the formula; found among 12 million products."""
    table = power_table(np.array([-0.8827410999678076]), np.dtype("f4"))
    a, b = np.zeros((2, 64), "f4")
    a[:2], b[:2] = (1.1557226181030273, 0.7656741738319397), (0.9034950733184814, 1.363752007484436)
    exact = np.exp2(-0.8827410999678076 - a.astype(LONG) * b)
    found = computed(functools.partial(weighted_power, table.ctypes.data), a, b, lanes=16)
    assert (np.abs(found - exact) <= 9e-7 * exact).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_powers_of_two_from_a_table(dtype):
    """Errors of all lanes alike: at multiples of the step of the table, between them, and far below."""
    steps = np.arange(150 * 64) / 64
    edges = np.concatenate([steps, np.nextafter(steps, 200), np.abs(np.nextafter(steps, -200))])
    x = np.concatenate([RNG.uniform(0, 150, 1 << 16), np.exp2(RNG.uniform(-60, 7, 1 << 16)), edges])
    x = np.resize(x, len(x) // 64 * 64).astype(dtype)
    x[:8] = 0, 0.5, 1, np.nan, np.inf, 1e30, 3e38, 1e18
    one, large = np.ones_like(x), (10 ** RNG.uniform(13, 19, len(x))).astype(dtype)
    large[0] = 1.2443509e13  # of which the rest of the square is large
    for logarithm in (0.0, -0.3, -20.0):
        table = power_table(np.array([logarithm]), np.dtype(dtype))
        formula = functools.partial(weighted_power, table.ctypes.data)
        for a, b in ((x, one), (np.sqrt(x), np.sqrt(x)), (x, x), (large, large)):
            exponent = logarithm - a.astype(LONG) * b
            exact, bound = np.exp2(exponent), 9e-7 if dtype == np.float32 else 5e-16
            inside = exact >= np.finfo(dtype).tiny
            if not is_tabulated(dtype):  # the exponent is rounded
                bound = bound + np.finfo(dtype).eps / 2 * np.abs(exponent[inside])
                if not is_fused():  # and the product before
                    bound = bound + np.finfo(dtype).eps / 2 * np.abs(exponent[inside] - logarithm)
            by_lanes = [computed(formula, a, b, lanes=lanes) for lanes in (16, 32, 64)]
            found = by_lanes[0]
            for other in by_lanes[1:]:
                np.testing.assert_array_equal(other, found)
            np.testing.assert_array_equal(np.isnan(found), np.isnan(a))
            assert (np.abs(found.astype(LONG) - exact)[inside] <= bound * exact[inside]).all()
            below = exact < np.finfo(dtype).tiny
            assert (found[below] >= 0).all()
            assert (found[below] <= np.finfo(dtype).tiny * (1 + 1e-6)).all()
            assert (found[exact < np.finfo(dtype).tiny * 1e-20] == 0).all()


def _one_of(which, x):
    return vector_math.sine_cosine(x)[which]
