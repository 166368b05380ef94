"""Lazy dask arrays beside the plain call: `python -m benchmarks.lazy_arrays [--gigabytes 4]`.

An array of float32 in chunks of 64 MB is filtered with two threads: by the plain call, whose result is a new
array, and chunk by chunk. Four ways are timed for the chunks. `out` computes them in a new array, `store`
copies them there, `persist` keeps them apart, and `compute` joins them at the end. All take turns, and the
best time of each counts. The first row copies the chunks and computes nothing. It is the time that dask
itself needs. After the times are their ratios to the plain call, and in brackets those of processor time.
"""

import argparse
import time

import dask
import dask.array as da
import numpy as np

import imfilter

#: Length of a chunk along both axes: 64 MB of float32.
_CHUNK = 4096
_THREADS = 2

CALLS = (
    ("copy", None, ()),
    ("sobel", imfilter.sobel, ()),
    ("gaussian, sigma 2", imfilter.gaussian, (2,)),
    ("median, 5", imfilter.median, (5,)),
    ("opening by a disc of radius 5", imfilter.morphology.opening, (imfilter.morphology.disk(5),)),
    ("bilateral", imfilter.bilateral, (1.0, 20.0)),
)


WAYS = ("plain", "out", "store", "persist", "compute")


def times(*work):
    """Return the time of one way, and its processor time."""
    start, busy = time.perf_counter(), time.process_time()
    run(*work)
    return time.perf_counter() - start, time.process_time() - busy


def run(way, function, args, image, lazy):
    """Filter an image in one of the ways. Without a function, it is copied."""
    if way == "plain":
        return image.copy() if function is None else function(image, *args, workers=_THREADS)
    if way == "out":
        out = np.empty(lazy.shape, np.float32)
        return lazy.store(out, lock=False) if function is None else function(lazy, *args, out=out)
    result = lazy.map_blocks(np.copy) if function is None else function(lazy, *args)
    if way == "store":
        return result.store(np.empty(lazy.shape, np.float32), lock=False)
    return result.persist() if way == "persist" else result.compute()


def main():
    """Print the times of all filters."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--gigabytes", type=float, default=4.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--filters", default="", help="a word in the names of the filters")
    given = parser.parse_args()
    chunks = max(1, round(given.gigabytes * 2**30 / (4 * _CHUNK**2)))
    across = max(1, round(chunks**0.5))
    shape = (_CHUNK * -(-chunks // across), _CHUNK * across)
    image = np.random.default_rng(0).random(shape, dtype=np.float32)
    lazy = da.from_array(image, chunks=(_CHUNK, _CHUNK), name=False)
    print(f"{shape[0]} x {shape[1]} float32, {lazy.npartitions} chunks, {_THREADS} threads")
    for name, function, args in CALLS:
        if given.filters not in name:
            continue
        with dask.config.set(scheduler="threads", num_workers=_THREADS):
            work = [(way, function, args, image, lazy) for way in WAYS]
            turns = [[times(*one) for one in work] for _ in range(given.repeats + 1)]
        best = np.min(turns[1:], axis=0)
        print(f"{name}: plain {best[0, 0]:.3f} s")
        for way, (wall, busy) in list(zip(WAYS, best, strict=True))[1:]:
            print(f"    {way:8} {wall:7.3f} s   {wall / best[0, 0]:.2f} ({busy / best[0, 1]:.2f})")


if __name__ == "__main__":
    main()
