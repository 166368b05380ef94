"""Lazy dask arrays beside the plain call: `python -m benchmarks.lazy_arrays [--gigabytes 4]`.

An array of float32 in chunks of 64 MB is filtered with two threads: by the plain call, whose result is a new
array, and chunk by chunk, into a new array. Both take turns, and the best time of each counts. The first row
copies the chunks and computes nothing. It is the time that dask itself needs.
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


def seconds(work):
    """Return the time of a function."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main():
    """Print the times of all filters."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--gigabytes", type=float, default=4.0)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    chunks = max(1, round(given.gigabytes * 2**30 / (4 * _CHUNK**2)))
    across = max(1, round(chunks**0.5))
    shape = (_CHUNK * -(-chunks // across), _CHUNK * across)
    image = np.random.default_rng(0).random(shape, dtype=np.float32)
    lazy = da.from_array(image, chunks=(_CHUNK, _CHUNK), name=False)
    print(f"{shape[0]} x {shape[1]} float32, {lazy.npartitions} chunks, {_THREADS} threads")
    for name, function, args in CALLS:

        def chunked(function=function, args=args):
            result = lazy.map_blocks(np.copy) if function is None else function(lazy, *args)
            result.store(np.empty(shape, np.float32), lock=False)

        def plain(function=function, args=args):
            if function is None:
                np.copy(image)
            else:
                function(image, *args, workers=_THREADS)

        with dask.config.set(scheduler="threads", num_workers=_THREADS):
            turns = [[seconds(plain), seconds(chunked)] for _ in range(given.repeats + 1)][1:]
        times = np.min(turns, axis=0)
        print(f"{name:32} plain {times[0]:7.3f} s   lazy {times[1]:7.3f} s   {times[1] / times[0]:.2f}")


if __name__ == "__main__":
    main()
