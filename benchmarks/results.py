"""Record the bits of thousands of results, to compare two versions of the library.

Run ``python -m benchmarks.results write FILE`` in one checkout and ``compare FILE`` in another. The file has
a digest of each result, or the type of the error. Use the same machine: some bits depend on its vectors.
"""

import argparse
import hashlib
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

import imfilter
from tests import every

TYPES = ("bool", "uint8", "int16", "uint16", "int64", "float16", "float32", ">f4", "float64")
LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "mirrored": lambda a: np.ascontiguousarray(a[::-1, ::-1])[::-1, ::-1],
    "strided": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
}
MODES = ("mirror", "symmetric", "edge", "wrap", "zero", "constant")
SHAPES = (
    (1, 1),
    (3, 40),
    (31, 37),
    (64, 64),
    (130, 211),
    (300, 280),
    (9, 12, 14),
    (40, 30, 3),
    (500,),
    (7, 1),
)
#: Image filters, and functions that draw their own arguments.
FILTERS: dict[str, Callable[[np.random.Generator], tuple]] = {
    "gaussian": lambda rng: (float(rng.choice([0.5, 1, 1.7, 3, 8, 13])),),
    "box": lambda rng: (int(rng.choice([1, 2, 3, 5, 9, 24])),),
    "sharpen": lambda rng: (float(rng.random()),),
    "unsharp_mask": lambda rng: (float(rng.choice([1, 2.5, 9])),),
    "sobel": lambda rng: (),
    "scharr": lambda rng: (),
    "prewitt": lambda rng: (),
    "laplacian": lambda rng: (),
    "laplacian_of_gaussian": lambda rng: (float(rng.choice([1, 2, 6])),),
    "difference_of_gaussians": lambda rng: (float(rng.choice([1, 2, 6])),),
    "gaussian_gradient_magnitude": lambda rng: (float(rng.choice([1, 2, 6])),),
    "median": lambda rng: (int(rng.choice([2, 3, 5, 9, 15])),),
    "minimum": lambda rng: (int(rng.choice([2, 3, 7])),),
    "maximum": lambda rng: (int(rng.choice([2, 3, 7])),),
    "percentile": lambda rng: (float(rng.choice([0, 10, 50, 90])), int(rng.choice([3, 5, 11]))),
    "correlate": lambda rng: (),
    "convolve": lambda rng: (),
}


def image(rng: np.random.Generator, shape: tuple[int, ...], kind: str) -> np.ndarray:
    """Return samples of a type. A few float images have a sample that is not finite."""
    values = rng.normal(100, 60, shape)
    dtype = np.dtype(kind)
    if dtype.kind in "bu":
        values = np.abs(values)
    samples = values.astype(dtype)
    if dtype.kind == "f" and rng.random() < 0.1:
        samples[tuple(int(rng.integers(0, n)) for n in shape)] = rng.choice([np.nan, np.inf, 1e4])
    return samples


def kernel(rng: np.random.Generator, ndim: int) -> np.ndarray | list[np.ndarray]:
    """Return a dense or separable kernel, small or large, with integer or other weights."""
    size = int(rng.choice([1, 2, 3, 5, 7, 15, 31] if ndim < 3 else [1, 2, 3, 5]))
    if rng.random() < 0.4:
        return [rng.normal(size=size) for _ in range(ndim)]
    weights = rng.normal(size=(size,) * ndim)
    return np.rint(weights * 3) if rng.random() < 0.3 else weights


def calls() -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the name of each call, and the call."""
    k = np.array([[0, 1, 0], [2, 3, 2], [0, 1, 1]])
    for kind in TYPES:
        rng = np.random.default_rng(5)
        a = image(rng, (every.SIDE, every.SIDE), kind)
        for layout, lay in LAYOUTS.items():
            arrays = lay(a), k.astype(kind)
            for name, call in every.CALLS.items():
                yield f"{name} {kind} {layout}", partial(call, *arrays)
    for number in range(3000):
        rng = np.random.default_rng([17, number])
        name = str(rng.choice(list(FILTERS)))
        shape = SHAPES[int(rng.integers(len(SHAPES)))]
        kind, layout = str(rng.choice(TYPES)), str(rng.choice(list(LAYOUTS)))
        if len(shape) < 2 and layout == "mirrored":
            layout = "C"
        a = LAYOUTS[layout](image(rng, shape, kind))
        options: dict[str, object] = {"mode": str(rng.choice(MODES))}
        if options["mode"] == "constant":
            options["cval"] = float(rng.choice([0, 2.5, -1, np.nan]))
        if len(shape) == 3 and rng.random() < 0.6:
            options |= {"channel_axis": -1} if rng.random() < 0.5 else {"axes": (0, 1)}
        if rng.random() < 0.2:
            options["dtype"] = str(rng.choice(["float32", "float64", "uint8", "int16"]))
        options["workers"] = int(rng.integers(1, 4))
        arguments = FILTERS[name](rng)
        if name in ("correlate", "convolve"):
            spatial = len(shape) - ("channel_axis" in options or "axes" in options)
            arguments = (kernel(rng, spatial),)
            if rng.random() < 0.2:
                options["stride"] = 2
        label = f"{name} {number} {shape} {kind} {layout} {sorted(map(str, options.items()))}"
        yield label, partial(getattr(imfilter, name), a, *arguments, **options)


def digest(call: Callable[[], object]) -> str:
    """Return a digest of all bits of the result, or the type of the error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = call()
    except Exception as error:
        return type(error).__name__
    total = hashlib.sha256()
    for one in every.arrays(result):
        total.update(f"{one.dtype.newbyteorder('=')} {one.shape}".encode())
        total.update(np.ascontiguousarray(one, one.dtype.newbyteorder("=")).tobytes())
    return total.hexdigest()[:16]


def main() -> int:
    """Write the record of this version, or compare this version with a record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("write", "compare"))
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    digests = {name: digest(call) for name, call in calls()}
    if options.action == "write":
        options.file.write_text(json.dumps(digests, indent=0))
        errors = sum(value.endswith("Error") for value in digests.values())
        print(f"{len(digests)} calls recorded, {errors} of them raise errors")
        return 0
    before = json.loads(options.file.read_text())
    changed = [name for name in before if digests.get(name) != before[name]]
    for name in changed:
        print(f"{name}: {before[name]} -> {digests.get(name)}")
    print(f"{len(before)} calls compared, {len(changed)} differ")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
