"""Gabor filters, and derivatives of Gaussians in any direction: a linear filter for each direction."""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes, missing
from imfilter._base.keywords import Common
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator, Taps, Term, separable

#: Returns the taps of Gaussians from standard deviations, orders, `truncate`, `radius` and spacings.
Bells = Callable[..., Term]
#: What of a complex response is returned.
PARTS = ("complex", "real", "imag", "magnitude")
#: Standard deviations at which the Gaussian of a Gabor filter is cut, and its most samples along an axis.
_CUT, _MOST = 3.0, 1 << 12
#: Weights of a wave in a direction that are smaller than this are 0.
_NOTHING = 1e-15


def gabor(
    image: npt.ArrayLike,
    frequency: Any,
    theta: Any,
    direction: Any,
    own: tuple[Any, ...],
    part: Any,
    common: Common,
) -> npt.NDArray:
    """Return the response to a Gabor filter, or to a bank. own: bandwidth, sigma_x, sigma_y and spacing."""
    arguments.word(part, "part", PARTS)
    frequencies = _numbers(frequency, "frequency")
    units, several = _units(0.0 if theta is None and direction is None else theta, direction)
    bank = _several(frequency) or several
    chosen = [*itertools.product(frequencies, units)]

    def run(index: int, imaginary: bool, common: Common) -> npt.NDArray:
        wave = *chosen[index], imaginary, *own
        return linear.apply(image, _gabor, wave, common, preserves_dtype=False)

    if part in ("real", "imag"):
        return _stacked(image, len(chosen), bank, lambda i, c: run(i, part == "imag", c), common)
    if part == "magnitude":

        def magnitude(index: int, common: Common) -> npt.NDArray:
            given = common._replace(out=None, dtype=_float_of(image, common))
            parts = [run(index, imaginary, given) for imaginary in (False, True)]
            with np.errstate(all="ignore"):
                real, imaginary = map(np.ma.getdata, parts)
                found = np.hypot(real, imaginary, out=real)
            return _in_mask(parts, found)

        return _stacked(image, len(chosen), bank, magnitude, common, settled=True)
    return _complex(image, len(chosen), bank, run, common)


def _float_of(image: npt.ArrayLike, common: Common) -> np.dtype:
    """Return the type of the parts of a response whose magnitude has the type of the result."""
    array = arguments.image(missing.split(image)[0])
    dtype = arguments.dtype(common.dtype, arguments.out(common.out), dtypes.derived(array.dtype))
    return dtypes.working(array.dtype, dtype)


def _in_mask(parts: Sequence[npt.NDArray], result: npt.NDArray) -> npt.NDArray:
    """Return a result as a masked array if its parts are."""
    if not isinstance(parts[0], np.ma.MaskedArray):
        return result
    mask = np.ma.getmaskarray(parts[0])
    for part in parts[1:]:
        mask = mask | np.ma.getmaskarray(part)
    return np.ma.MaskedArray(result, mask=mask)


def _stacked(
    image: npt.ArrayLike,
    count: int,
    bank: bool,
    run: Callable[[int, Common], npt.NDArray],
    common: Common,
    *,
    settled: bool = False,
) -> npt.NDArray:
    """Return the results of several filters along a new first axis, or that of the only one.

    With `settled`, `run` returns new arrays, which are written to the result here.
    """
    if not bank and not settled:
        return run(0, common)
    array = arguments.image(missing.split(image)[0])
    shape = (count, *array.shape) if bank else array.shape
    out = arguments.fitting(arguments.out(common.out), shape)
    dtype = arguments.dtype(common.dtype, out, dtypes.derived(array.dtype))
    target = dtypes.target(out, array, shape, dtype)
    parts = list(target) if bank else [target]
    results = []
    for index, part in enumerate(parts):
        given = common._replace(out=None, dtype=dtype) if settled else common._replace(out=part, dtype=None)
        found = run(index, given)
        results.append(found)
        if settled:
            dtypes.place(np.ma.getdata(found), part)
    if out is not None and out is not target:
        dtypes.place(target, out)
        target = out
    if not isinstance(results[0], np.ma.MaskedArray):
        return target
    mask = np.stack([np.ma.getmaskarray(found) for found in results])
    return np.ma.MaskedArray(target, mask=mask if bank else mask[0])


def _complex(
    image: npt.ArrayLike,
    count: int,
    bank: bool,
    run: Callable[[int, bool, Common], npt.NDArray],
    common: Common,
) -> npt.NDArray:
    """Return complex responses."""
    array = arguments.image(missing.split(image)[0])
    shape = (count, *array.shape) if bank else array.shape
    dtype = _part_type(common.dtype, common.out, dtypes.derived(array.dtype))
    out = arguments.fitting(common.out, shape)
    kind = np.result_type(dtype, np.complex64)
    shared = out is None or np.may_share_memory(out, array)
    target: npt.NDArray = dtypes.empty(shape, kind) if out is None or shared else out
    masks = []
    for index, response in enumerate(target if bank else [target]):
        pair = [
            run(index, imaginary, common._replace(out=part, dtype=None))
            for imaginary, part in ((False, response.real), (True, response.imag))
        ]
        masks.append(_in_mask(pair, response))
    if out is not None and out is not target:
        out[...] = target
        target = out
    if not isinstance(masks[0], np.ma.MaskedArray):
        return target
    mask = np.stack([np.ma.getmaskarray(found) for found in masks])
    return np.ma.MaskedArray(target, mask=mask if bank else mask[0])


def _part_type(dtype: Any, out: Any, default: np.dtype) -> np.dtype:
    """Return the type of the real and the imaginary part of a complex result."""
    if out is not None:
        if not isinstance(out, np.ndarray):
            raise TypeError(f"out must be a NumPy array, got {arguments.brief(out)}")
        arguments.unmasked(out, "out", "use its data attribute")
        if out.dtype not in (np.complex64, np.complex128):
            raise TypeError(f"out must be complex64 or complex128 with part='complex', got dtype {out.dtype}")
        if not out.flags.writeable:
            raise ValueError("out must be writable, got a read-only array")
        default = out.real.dtype
    wanted = default if dtype is None else arguments.numpy_dtype(dtype)
    if wanted in (np.complex64, np.complex128):
        wanted = np.empty(0, wanted).real.dtype
    if wanted not in (dtypes.FLOAT32, dtypes.FLOAT64):
        if wanted.kind != "c":
            arguments.dtype(wanted, None, default)
        raise ValueError(
            f"dtype must be float32, float64, complex64 or complex128 with part='complex', got {wanted}"
        )
    if out is not None and wanted != out.real.dtype:
        raise ValueError(f"dtype must agree with out, got {np.dtype(dtype)} and out of dtype {out.dtype}")
    return wanted


def _several(value: Any) -> bool:
    """Tell whether an argument is a sequence of numbers."""
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _numbers(value: Any, name: str) -> tuple[float, ...]:
    """Return the numbers of an argument: one or several."""
    found = tuple(arguments.number(v, name) for v in arguments.each(value, None, name))
    if not found:
        raise ValueError(f"{name} must contain at least one number, got none")
    return found


def _units(theta: Any, direction: Any) -> tuple[list[tuple[float, ...]], bool]:
    """Return unit vectors along the filtered axes, and whether there are several. One argument is None."""
    if (theta is None) == (direction is None):
        given = "neither" if theta is None else "both"
        raise ValueError(f"theta or direction must be given, and not both, got {given}")
    if direction is None:
        return [(math.sin(t), math.cos(t)) for t in _numbers(theta, "theta")], _several(theta)
    vectors = arguments.numbers_of(direction, "direction").astype(np.float64)
    if vectors.ndim not in (1, 2) or vectors.shape[-1] not in (2, 3) or not len(vectors):
        raise ValueError(
            f"direction must be a vector of 2 or 3 numbers, or several as rows, got shape {vectors.shape}"
        )
    found = []
    for vector in vectors.reshape(-1, vectors.shape[-1]):
        length = math.hypot(*vector)
        if not 0 < length < math.inf:
            raise ValueError(f"direction must be finite and not 0, got {vector.tolist()}")
        found.append(tuple((vector / length).tolist()))
    return found, vectors.ndim == 2


def _fitting(chosen: tuple[int, ...], unit: tuple[float, ...], name: str) -> None:
    """Refuse other numbers of axes than a direction has."""
    if len(chosen) != len(unit):
        hint = " or give direction=" if len(unit) == 2 else ""
        raise ValueError(
            f"image must have {len(unit)} axes for {name}, got {len(chosen)}; "
            f"choose them with axes= or channel_axis={hint and ',' + hint}"
        )


def _positive(value: Any, name: str) -> float:
    number = arguments.number(value, name)
    if number <= 0:
        raise ValueError(f"{name} must be greater than 0, got {number}")
    return number


def _gabor(
    ndim: int,
    chosen: tuple[int, ...],
    frequency: float,
    unit: tuple[float, ...],
    imaginary: bool,
    bandwidth: Any,
    sigma_x: Any,
    sigma_y: Any,
    spacing: Any,
) -> Operator:
    """Return the real or the imaginary part of a Gabor filter, flipped for a correlation."""
    _fitting(chosen, unit, "a Gabor filter")
    _positive(frequency, "frequency")
    octaves = 2.0 ** min(_positive(bandwidth, "bandwidth"), 500.0)
    narrow = octaves - 1 or math.ulp(1.0)
    default = math.sqrt(math.log(2) / 2) / math.pi * (octaves + 1) / narrow / frequency
    along = default if sigma_x is None else _positive(sigma_x, "sigma_x")
    across = default if sigma_y is None else _positive(sigma_y, "sigma_y")
    n = len(unit)
    steps, others = arguments.spacings(spacing, n), _across(unit)
    places = []
    for axis, step in enumerate(steps):
        beside = math.hypot(*(other[axis] for other in others))
        places.append(_places(max(abs(_CUT * along * unit[axis]), abs(_CUT * across * beside)), step))
    size = (2 * math.pi) ** (n / 2) * along * across ** (n - 1)
    if size == 0:
        raise ValueError(f"sigma_x and sigma_y must give finite weights, got {along} and {across}")
    factor = math.prod(steps) / size
    turn = 2 * math.pi * frequency
    if along == across:
        parts = []
        for axis, (at, share) in enumerate(zip(places, unit, strict=True)):
            bell = np.exp(-0.5 * (at / along) ** 2) * (factor if axis == n - 1 else 1.0)
            parts.append((bell * np.cos(turn * share * at), bell * np.sin(turn * share * at)))
        terms = _terms(parts, imaginary)
        used = [t for t in terms if math.prod(np.abs(a).max() for a in t) > factor * _NOTHING] or terms[:1]
        return separable(*used, joint=True)
    grid = np.meshgrid(*places, indexing="ij", sparse=True)
    wave = _along(grid, unit)
    bell = (wave / along) ** 2
    for other in others:
        bell = bell + (_along(grid, other) / across) ** 2
    bell = factor * np.exp(-0.5 * bell)
    return Operator(dense=-bell * np.sin(turn * wave) if imaginary else bell * np.cos(turn * wave))


def _terms(parts: list[tuple[Taps, Taps]], imaginary: bool) -> list[Term]:
    """Return the separable terms of a product of complex taps, whose parts are even and odd.

    The sine has the other sign in the flipped kernel.
    """
    found: list[Term] = []
    n = len(parts)
    for count in range(int(imaginary), n + 1, 2):
        negative = (count % 4 < 2) if imaginary else count % 4 == 2
        for odd in itertools.combinations(range(n), count):
            taps = [parts[axis][axis in odd] for axis in range(n)]
            if negative:
                taps[odd[0]] = -taps[odd[0]]
            found.append(tuple(taps))
    return found


def _along(grid: Sequence[Taps], unit: Sequence[float]) -> npt.NDArray:
    """Return the positions of a grid along a direction."""
    found: Any = 0.0
    for at, share in reversed([*zip(grid, unit, strict=True)]):
        found = found + at * share
    return np.asarray(found)


def _across(unit: tuple[float, ...]) -> list[tuple[float, ...]]:
    """Return unit vectors that are normal to one and to each other."""
    if len(unit) == 2:
        return [(unit[1], -unit[0])]
    least = min(range(3), key=lambda axis: abs(unit[axis]))
    first = np.cross(unit, np.eye(3)[least])
    first /= math.hypot(*first)
    return [tuple(first.tolist()), tuple(np.cross(unit, first).tolist())]


def _places(reach: float, step: float) -> Taps:
    """Return the positions of samples up to a distance."""
    radius = math.ceil(max(reach / step, 1.0)) if reach / step < _MOST else _MOST + 1
    if radius > _MOST:
        raise ValueError(
            f"sigma_x and sigma_y, or frequency and bandwidth, must span at most {_MOST} samples "
            f"on each side, got {reach / step:.6g}"
        )
    return np.arange(-radius, radius + 1, dtype=np.float64) * step


def steered(
    image: npt.ArrayLike, bells: Bells, own: tuple[Any, ...], theta: Any, direction: Any, common: Common
) -> npt.NDArray:
    """Return derivatives in a direction, or in several. own: sigma, order, truncate, radius and spacing."""
    units, several = _units(theta, direction)

    def run(index: int, common: Common) -> npt.NDArray:
        return linear.apply(image, _Steered(bells), (units[index], *own), common, preserves_dtype=False)

    return _stacked(image, len(units), several, run, common)


class _Steered:
    """Makes the operator of `steered`. All objects with the same Gaussians are equal, so calls are kept."""

    def __init__(self, bells: Bells) -> None:
        self._bells = bells

    def __call__(self, ndim: int, chosen: tuple[int, ...], *own: Any) -> Operator:
        return _steered(self._bells, chosen, *own)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Steered) and other._bells is self._bells

    def __hash__(self) -> int:
        return hash(self._bells)


def _steered(
    bells: Bells,
    chosen: tuple[int, ...],
    unit: tuple[float, ...],
    sigma: Any,
    order: Any,
    truncate: Any,
    radius: Any,
    spacing: Any,
) -> Operator:
    """Return the derivative in a direction as a sum of derivatives along the axes."""
    _fitting(chosen, unit, "a derivative in a direction")
    n = len(unit)
    degree = arguments.integer(order, "order", least=1, most=2)
    sigmas, steps = arguments.sigmas(sigma, n), arguments.spacings(spacing, n)
    orders = [bells(sigmas, (k,) * n, truncate, radius, steps) for k in range(degree + 1)]
    if degree == 2:
        orders[2] = tuple(level(s, g) for s, g in zip(orders[2], orders[0], strict=True))
    terms = []
    for axes in reversed([*itertools.combinations_with_replacement(range(n), degree)]):
        weight = math.prod(unit[axis] for axis in axes) * len(set(axes))
        if abs(weight) > _NOTHING:
            first, *rest = (orders[axes.count(axis)][axis] for axis in range(n))
            terms.append((weight * first, *rest))
    return separable(*terms)


def level(second: Taps, bell: Taps) -> Taps:
    """Return second derivatives of a Gaussian whose sum is 0, so that a constant image gives 0.

    The sum of the sampled and cut taps is not 0: it is -9e-5 for a standard deviation of 2, and -0.6 for 0.5.
    The response to a constant is subtracted.
    """
    return second - second.sum() * bell
