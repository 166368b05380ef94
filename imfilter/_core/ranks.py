"""Every rank filter ends here: the window, the algorithm that finds a rank in it, and its program."""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._core import bands, border, check, dtypes, networks
from imfilter._core.common import Common, complete
from imfilter._core.geometry import Loops, Side, over_merged
from imfilter._core.padding import Padding
from imfilter._core.program import Program, describe, hold, pitch, reserve
from imfilter._kernels import bitset, lines, order
from imfilter._kernels.simd import BYTES
from imfilter._kernels.slide_rank import RANK_JOB, slide_rank

#: What the lines of a network may take of the first-level cache, in bytes.
_LINES = 24 * 1024
#: Nanoseconds for a comparison of a vector in the first-level cache, and for a sample that enters or leaves a
#: set of bits, with its share of the sort (Cascade Lake).
_COMPARISON, _MOVE, _SORT = 2.0, 1.0, 12.0
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
    program = _program(window.inside.shape, window.inside.tobytes(), window.rank, axes, mode, cval,
                       Side.of(source), Side.of(target))
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
    paddings = tuple(
        Padding.same(source.shape[a], taps, 1, 1) for a, taps in zip(axes, shape, strict=True)
    )
    loops = Loops.of(source, target, shape, axes, paddings, one, one)
    where = [p.axis for p in loops[:3] if p.axis is not None]
    window = Window(full.transpose(where).reshape([p.taps for p in loops[:3]]), rank)
    beyond = _key(source.dtype, cval)
    network = _network(window, source.dtype.itemsize, loops)
    if network is not None:
        return _compared(network, loops, source, target, mode, beyond)
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


def _network(window: Window, itemsize: int, loops: Loops) -> networks.Network | None:
    """Return the network for a window, if it costs less than to count bits."""
    inside, rank = window
    taps = int(inside.sum())
    if taps == 1 or (taps > _MOST and rank not in (0, taps - 1)):
        return None
    rows, columns = inside.shape[0] * inside.shape[1], inside.shape[2]
    if taps == inside.size:
        network = networks.rectangle(rows, columns, rank)
    else:
        where = [(int(r), int(x)) for r, x in np.argwhere(inside.reshape(rows, columns))]
        network = networks.scattered(rows, tuple(where), rank)
    compared = network.comparisons * _COMPARISON * itemsize / BYTES
    moved = 2 * len(_edges(inside)[0]) * _MOVE + _SORT * itemsize
    return network if compared < moved else None


def _edges(inside: npt.NDArray[np.bool_]) -> tuple[npt.NDArray, npt.NDArray]:
    """Return where samples leave a window as it moves on along x, and where they enter it."""
    padded = np.pad(inside, ((0, 0), (0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=2)
    return np.argwhere(change > 0) - (0, 0, 1), np.argwhere(change < 0) - (0, 0, 1)


def _compared(
    network: networks.Network, loops: Loops, source: Side, target: Side, mode: str, beyond: int
) -> Program:
    """Lay out the lines of a network."""
    z, y, x = loops[:3]
    kind, size = _kind(source.dtype), source.dtype.itemsize
    job = np.zeros(1, RANK_JOB)
    named = describe(job, loops, source, target, mode)
    job["columns"], job["padded"], job["size"] = x.length, x.length + x.taps - 1, size
    job["window_z"], job["window_y"], job["beyond"] = z.taps, y.taps, beyond
    temporary = network.lines - network.rows - 1
    total, reach = x.length * loops.channels, (x.taps - 1) * loops.channels
    lanes = BYTES // size
    # The widest steps are of whole vectors; what they compute beyond the tile is for its last outputs.
    vectors = max(_LINES // network.lines // BYTES, 1 + 2 * reach // lanes)
    tile = min(vectors * lanes - reach, -(-total // lanes) * lanes)
    steps = network.steps.copy()
    for name in ("shift_a", "shift_b"):
        steps[name] *= loops.channels * size
    # Of the extents, the first pixel stands for the outputs of a tile.
    steps["extent"] = (tile + (steps["extent"] - 1) * loops.channels) * size
    named["steps"] = steps
    job["tile"], job["n_steps"], job["n_lines"] = tile, len(steps), network.lines
    held = hold(job, named)
    job["fetch"] = order.fetch_keys.address(kind, int(source.dtype.kind == "f"))
    job["compare"] = order.compare.address(kind)
    if source.dtype.kind == "f":
        job["restore"] = order.restore.address(kind)
    job["place"] = lines.place.address(kind, kind)
    job["pitch"] = pitch((total + tile + reach + lanes) * size)
    job["line_step"] = pitch((tile + reach) * size + BYTES)
    sizes = {
        "window": z.taps * y.taps * int(job["pitch"][0]),
        "lines": temporary * int(job["line_step"][0]),
        "result": int(job["pitch"][0]),
        "spare": 0 if job["target_packed"] else (total + lanes) * size,
        "at": 8 * network.lines,
    }
    workspace = reserve(job, sizes)
    rows = len(loops.batch) * z.length * y.length
    return Program(
        functools.partial(slide_rank.entry(), job.ctypes.data),
        held,
        lines=rows,
        work=rows * total * (network.comparisons * size // 4 + 4),
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
