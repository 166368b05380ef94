"""Lazy dask arrays beside the plain call: `python -m benchmarks.lazy_arrays [--gigabytes 4]`.

An array of float32 in chunks of 64 MB is filtered with two threads: by the plain call, and chunk by chunk.
The results go into an array that is there: `out` computes them there, and `store` copies the chunks there.
Or they go into new memory: `persist` keeps the chunks apart, `compute` writes them into one array, and
`join`, which is `dask.compute`, joins them at the end. All take turns, and the best time of each counts. The
first row copies the chunks and computes nothing. It is the time that dask itself needs. After a time is its
ratio to the plain call into such an array, or a new one, and in brackets that of processor time.

The chunks are parts of the array, which may be filtered in other parts. With `--apart`, they have memory of
their own, as chunks from files do.
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


#: How results are made, and the way that each is compared with.
WAYS = {
    "plain, out": "plain, out",
    "out": "plain, out",
    "store": "plain, out",
    "plain": "plain",
    "persist": "plain",
    "compute": "plain",
    "join": "plain",
}


def times(*work):
    """Return the time of one way, and its processor time."""
    start, busy = time.perf_counter(), time.process_time()
    run(*work)
    return time.perf_counter() - start, time.process_time() - busy


def run(way, function, args, image, lazy, out):
    """Filter an image in one of the ways. Without a function, it is copied."""
    if way.startswith("plain"):
        place = out if way.endswith("out") else None
        if function is not None:
            return function(image, *args, out=place, workers=_THREADS)
        return image.copy() if place is None else np.copyto(place, image)
    if way == "out":
        return lazy.store(out, lock=False) if function is None else function(lazy, *args, out=out)
    result = lazy.map_blocks(np.copy) if function is None else function(lazy, *args)
    if way == "store":
        return result.store(out, lock=False)
    if way == "join":
        return dask.compute(result)
    return result.persist() if way == "persist" else result.compute()


def main():
    """Print the times of all filters."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--gigabytes", type=float, default=4.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--filters", default="", help="a word in the names of the filters")
    parser.add_argument(
        "--new", action=argparse.BooleanOptionalAction, default=True, help="time new memory, too"
    )
    parser.add_argument("--apart", action="store_true", help="give chunks memory of their own")
    given = parser.parse_args()
    chunks = max(1, round(given.gigabytes * 2**30 / (4 * _CHUNK**2)))
    across = max(1, round(chunks**0.5))
    shape = (_CHUNK * -(-chunks // across), _CHUNK * across)
    image = np.random.default_rng(0).random(shape, dtype=np.float32)
    lazy = da.from_array(image, chunks=(_CHUNK, _CHUNK), name=False)
    if given.apart:
        lazy = lazy.map_blocks(np.copy).persist(scheduler="threads")
    ways = {way: other for way, other in WAYS.items() if given.new or other == "plain, out"}
    out = np.zeros(shape, np.float32)
    out += 1  # its memory is there
    print(f"{shape[0]} x {shape[1]} float32, {lazy.npartitions} chunks, {_THREADS} threads")
    for name, function, args in CALLS:
        if given.filters not in name:
            continue
        with dask.config.set(scheduler="threads", num_workers=_THREADS):
            work = [(way, function, args, image, lazy, out) for way in ways]
            turns = [[times(*one) for one in work] for _ in range(given.repeats + 1)]
        best = dict(zip(ways, np.min(turns[1:], axis=0), strict=True))
        print(name)
        for way, other in ways.items():
            wall, busy = best[way] / best[other]
            print(f"    {way:10} {best[way][0]:7.3f} s   {wall:.2f} ({busy:.2f})", flush=True)


if __name__ == "__main__":
    main()
