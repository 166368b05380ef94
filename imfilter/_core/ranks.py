"""Every rank filter ends here: the window, the algorithm that finds a rank in it, and its program."""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._core import bands, border, check, dtypes
from imfilter._core.common import Common, complete
from imfilter._core.geometry import Loops, Side, over_merged
from imfilter._core.padding import Padding
from imfilter._core.program import Program, describe, hold, pitch, reserve
from imfilter._kernels import bitset, lines, networks, order, small_rank
from imfilter._kernels.simd import BYTES, REGISTERS
from imfilter._kernels.slide_rank import RANK_JOB, slide_rank

#: What the lines of a network may take of the first-level cache, in bytes, or of the second where tiles would
#: have fewer vectors than are worth a step: 7x7 float32 took 24.7 ns a sample with one, 18.7 with two.
_LINES, _FEWEST, _MORE_LINES = 24 * 1024, 4, 160 * 1024
#: Comparisons of a network that is straight code: a kernel of its own, which takes a second to compile.
_STRAIGHT = 100
#: Neighbouring rows of minima and maxima that are found together.
_OUTPUTS = 16
#: Nanoseconds for a comparison of a vector, and for bits: a sample that enters or leaves, a sample of the
#: image, and a byte of it to sort (Cascade Lake).
_COMPARISON, _MOVE, _BLOCKS, _SORT = 4.5, 1.6, 35.0, 5.0
#: Samples of a window for which a network is built at all, but for the smallest and the largest.
_MOST = 1024
#: Outputs of a block along each axis, at least, by how many axes the window has.
_BLOCK = {1: 2048, 2: 48, 3: 12}


class Window(NamedTuple):
    """A rank in the neighbourhood of each sample."""

    inside: npt.NDArray[np.bool_]
    rank: int


def apply(
    image: npt.ArrayLike,
    size: Any,
    footprint: Any,
    pick: Callable[[int], int],
    common: Common,
) -> npt.NDArray:
    """Check the arguments and find the sample of rank ``pick(n)`` among the n of each window."""
    given = complete(common)
    array = check.image(image)
    workers = bands.requested(given["workers"])
    out = check.out(given["out"])
    axes = check.axes(array, given["axes"], given["channel_axis"])
    inside = check.window(size, footprint, len(axes))
    window = Window(inside, pick(int(inside.sum())))
    mode = border.check_mode(given["mode"])
    cval = check.number(given["cval"], "cval", finite=False) if mode == "constant" else 0.0
    dtype = check.dtype(given["dtype"], out, array.dtype.newbyteorder("="))
    check.fitting(out, array.shape)
    source = dtypes.readable(array)
    if not _holds(source.dtype, cval) and (math.isnan(cval) or dtype != array.dtype):
        source = source.astype(np.float64)
    fits = out is not None and out.dtype == source.dtype and out.dtype.isnative
    direct = out if fits and not np.may_share_memory(out, array) else None
    target = np.empty(array.shape, source.dtype) if direct is None else direct
    over_merged(functools.partial(_run, window, axes, mode, cval, workers), source, target, axes)
    if out is None:
        out = target if target.dtype == dtype else np.empty(array.shape, dtype)
    if out is not target:
        dtypes.place(target, out)
    return out


def _holds(dtype: np.dtype, cval: float) -> bool:
    """Tell whether a type has a constant among its values."""
    kept = np.zeros(1, dtype)
    dtypes.place(np.array([cval]), kept)
    return bool(kept[0] == cval)


def _run(
    window: Window,
    axes: tuple[int, ...],
    mode: str,
    cval: float,
    workers: int | None,
    source: npt.NDArray,
    target: npt.NDArray,
) -> bool:
    if window.inside.size == 1:
        target[...] = source
        return True
    program = _program(
        window.inside.shape,
        window.inside.tobytes(),
        window.rank,
        axes,
        mode,
        cval,
        Side.of(source),
        Side.of(target),
    )
    return program.run(source, target, workers)


@functools.lru_cache(maxsize=64)
def _program(
    shape: tuple[int, ...],
    inside: bytes,
    rank: int,
    axes: tuple[int, ...],
    mode: str,
    cval: float,
    source: Side,
    target: Side,
) -> Program:
    """Return the program for a window and one layout of image and output."""
    full = np.frombuffer(inside, bool).reshape(shape)
    one = (1,) * len(shape)
    paddings = tuple(Padding.same(source.shape[a], taps, 1, 1) for a, taps in zip(axes, shape, strict=True))
    loops = Loops.of(source, target, shape, axes, paddings, one, one)
    where = [p.axis for p in loops[:3] if p.axis is not None]
    window = Window(full.transpose(where).reshape([p.taps for p in loops[:3]]), rank)
    beyond = _key(source.dtype, cval)
    # Floats may have to be turned back, and a network's cost depends on how wide its samples are.
    network = _network(window, source.dtype.itemsize)
    if network is not None:
        return _compared(network, window, loops, source, target, mode, beyond)
    return _counted(window, loops, source, target, mode, beyond)


def _key(dtype: np.dtype, cval: float) -> int:
    """Return what stands for the border constant among integers that compare as samples do."""
    value = np.zeros(1, dtype)
    dtypes.place(np.array([cval]), value)
    if dtype.kind == "f":
        bits = value.view(f"i{dtype.itemsize}")
        most = np.iinfo(bits.dtype).max
        return int(most if np.isnan(value[0]) else bits[0] ^ (most if bits[0] < 0 else 0))
    return int(value.astype(np.int64)[0])


def _kind(dtype: np.dtype) -> np.dtype:
    """Return the integers that stand for samples of a type."""
    return np.dtype(f"i{dtype.itemsize}") if dtype.kind == "f" else dtype


def _network(window: Window, itemsize: int) -> networks.Network | None:
    """Return the network for a window, if it costs less than to count bits."""
    inside, rank = window
    taps, (planes, rows, columns) = int(inside.sum()), inside.shape
    full, last = taps == inside.size, rank in (0, taps - 1)
    if taps == 1 or (taps > _MOST and not last):
        return None
    outputs = 1
    if full and last:
        outputs = min(rows, _OUTPUTS) if rows > 2 else 1
        network = networks.extremes(planes, rows, columns, outputs, int(rank > 0))
    elif full:
        network = networks.rectangle(planes * rows, columns, rank)
    else:
        where = [(int(r), int(x)) for r, x in np.argwhere(inside.reshape(planes * rows, columns))]
        network = networks.scattered(planes * rows, tuple(where), rank)
    compared = network.cost() / outputs * _COMPARISON * itemsize / BYTES
    moved = 2 * len(_edges(inside)[0]) * _MOVE + _BLOCKS + _SORT * itemsize
    return network if compared < moved else None


def _edges(inside: npt.NDArray[np.bool_]) -> tuple[npt.NDArray, npt.NDArray]:
    """Return where samples leave a window as it moves on along x, and where they enter it."""
    padded = np.pad(inside, ((0, 0), (0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=2)
    return np.argwhere(change > 0) - (0, 0, 1), np.argwhere(change < 0) - (0, 0, 1)


def _straight(window: Window, network: networks.Network) -> bool:
    """Tell whether a network is worth a kernel of its own."""
    inside, rank = window
    return bool(inside.all()) and 0 < rank < inside.size - 1 and network.cost() <= _STRAIGHT


def _compared(
    network: networks.Network,
    window: Window,
    loops: Loops,
    source: Side,
    target: Side,
    mode: str,
    beyond: int,
) -> Program:
    """Lay out the lines of a network."""
    z, y, x = loops[:3]
    kind, size, floating = _kind(source.dtype), source.dtype.itemsize, int(source.dtype.kind == "f")
    outputs = len(network.results)
    job = np.zeros(1, RANK_JOB)
    named = describe(job, loops, source, target, mode)
    job["columns"], job["padded"], job["size"] = x.length, x.length + x.taps - 1, size
    job["window_z"], job["window_y"], job["beyond"] = z.taps, y.taps, beyond
    job["outputs"], job["depth"] = outputs, y.taps + outputs - 1
    total, reach, lanes = x.length * loops.channels, (x.taps - 1) * loops.channels, BYTES // size
    straight = _straight(window, network)
    if straight:
        count, step = len(network.stages()[1]), BYTES // REGISTERS
        job["compare"] = small_rank.rank_window.address(kind, floating, z.taps * y.taps, x.taps, window.rank)
    else:
        steps, count = network.steps()
        named["steps"], job["n_steps"], step = steps, len(steps), BYTES
        job["compare"] = order.compare.address(kind)
    # The widest steps are of whole vectors; what they compute beyond the tile is for its last outputs.
    vectors = max(_LINES // count // step, min(_FEWEST, _MORE_LINES // count // step))
    tile = min(max(vectors, 1 + 2 * reach * size // step) * step // size - reach, total)
    tile = -(-total // -(-total // tile))
    job["tile"], job["extent"], job["n_lines"] = tile, max(tile * size, step if straight else 0), count
    direct = bool(straight and job["target_packed"][0] and tile * size >= step)
    job["direct"] = direct
    held = hold(job, named)
    job["fetch"] = order.fetch_keys.address(kind, floating)
    if floating and not straight:
        job["restore"] = order.restore.address(kind)
    job["place"] = lines.place.address(kind, kind)
    job["pitch"] = pitch((total + reach + 2 * lanes) * size)
    job["line_step"] = pitch((tile + reach + 2 * lanes) * size)
    depth = z.taps * int(job["depth"][0])
    sizes = {
        "window": depth * int(job["pitch"][0]),
        "lines": (count - depth - outputs) * int(job["line_step"][0]),
        "result": 0 if direct else outputs * int(job["pitch"][0]),
        "spare": 0 if job["target_packed"] else (total + lanes) * size,
        "at": 8 * count,
    }
    workspace = reserve(job, sizes)
    blocks = len(loops.batch) * z.length * -(-y.length // outputs)
    return Program(
        functools.partial(slide_rank.entry(), job.ctypes.data),
        held,
        lines=blocks,
        work=blocks * total * (network.cost() * size // 4 + 4 * outputs),
        rows=y.taps,
        workspace=workspace,
    )


def _counted(window: Window, loops: Loops, source: Side, target: Side, mode: str, beyond: int) -> Program:
    """Lay out the blocks whose samples are sorted."""
    inside = window.inside
    if loops.x.taps == 1:  # of an axis that is not filtered: windows move along another
        other = "y" if loops.y.taps > 1 else "z"
        loops = loops._replace(**{other: loops.x, "x": getattr(loops, other)})
        inside = inside.swapaxes(2, "zyx".index(other))
    parts = loops[:3]
    kind = _kind(source.dtype)
    job = np.zeros(1, bitset.BITSET_JOB)
    named = describe(job, loops, source, target, mode)
    job["columns"], job["rank"], job["beyond"] = loops.x.length, window.rank, beyond
    least = _BLOCK[max(1, sum(p.taps > 1 for p in parts))]
    blocks = [min(p.length, max(least, p.taps)) if p.taps > 1 else 1 for p in parts]
    padded = [b + p.taps - 1 for b, p in zip(blocks, parts, strict=True)]
    for name, block, wide in zip("zyx", blocks, padded, strict=True):
        job[f"block_{name}"], job[f"padded_{name}"] = block, wide
    steps = np.array([padded[1] * padded[2], padded[2], 1])
    leaving, entering = _edges(inside)
    named["taps"] = np.argwhere(inside) @ steps
    named["leaving"], named["entering"] = leaving @ steps, entering @ steps
    job["n_taps"], job["n_moved"] = len(named["taps"]), len(leaving)
    held = hold(job, named)
    job["kernel"] = bitset.rank_block.address(kind, int(source.dtype.kind == "f"), int(kind.kind == "i"))
    count = math.prod(padded)
    sizes = {
        "keys": count * kind.itemsize,
        "order": 4 * count,
        "other": 4 * count,
        "digits": 4 * bitset.DIGITS,
        "ranks": 4 * count,
        "bits": 8 * (-(-count // 64) + 1),
    }
    workspace = reserve(job, sizes)
    units = len(loops.batch) * loops.channels
    units *= math.prod(-(-p.length // b) for p, b in zip(parts, blocks, strict=True))
    return Program(
        functools.partial(bitset.slide_bitset.entry(), job.ctypes.data),
        held,
        lines=units,
        work=units * math.prod(blocks) * (20 * len(leaving) + 100),
        rows=1,
        workspace=workspace,
    )
