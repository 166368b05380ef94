"""The rows: every case of `tests/peers/cases.py` at every size, on photographs."""

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from tests import photos
from tests.peers.case import Case, types_of
from tests.peers.cases import CASES
from tests.peers.libraries import SimpleITK

#: The third size is difficult: lines are not a multiple of a vector and do not start at a cache line.
SIZES = ("256x256", "1920x1080", "1921x1083", "3840x2160")
VOLUME = (128, 256, 256)
SIGNAL = 10_000_000


@dataclass(frozen=True)
class Row:
    """One case, one pair of dtypes, one shape."""

    case: Case
    type_name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> str:
        """Columns x rows, as for monitors. For volumes and signals, the shape."""
        return "x".join(map(str, self.shape[1::-1] if self.case.ndim == 2 else self.shape))

    @property
    def label(self) -> str:
        """Return the row's name."""
        return f"{self.case.name}, {self.type_name}, {self.size}"


def shapes(case: Case, sizes: list[str], quick: bool) -> list[tuple[int, ...]]:
    """Return the shapes at which a case is timed."""
    if case.ndim == 3:
        return [tuple(n // 2 for n in VOLUME) if quick else VOLUME]
    if case.ndim == 1:
        return [(SIGNAL // 10 if quick else SIGNAL,)]
    result = []
    for size in sizes:
        columns, rows = map(int, size.lower().split("x"))
        result.append((rows, columns, 3) if case.rgb else (rows, columns))
    return result


def select(words: list[str], sizes: list[str], quick: bool) -> Iterator[Row]:
    """Yield the rows whose name or types contain all words of one of `words`. Without words, yield all rows.

    The smaller sizes of a case come first.
    """
    for case in CASES:
        for type_name in case.types:
            row_words = set(f"{case.name} {type_name}".replace(",", " ").split())
            if not words or any(set(word.split()) <= row_words for word in words):
                for shape in shapes(case, sizes, quick):
                    yield Row(case, type_name, shape)


def place(entry: dict) -> tuple[int, int, int, int]:
    """Return the position of an entry in the table. Rows that are no longer in the table come last."""
    case = next((n for n, case in enumerate(CASES) if case.name == entry["row"]), len(CASES))
    types = CASES[case].types if case < len(CASES) else ()
    kind = types.index(entry["types"]) if entry["types"] in types else len(types)
    return case, kind, math.prod(entry["shape"]), entry["threads"]


@functools.lru_cache(maxsize=2)
def picture(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Return a photograph, repeated until it has `shape`."""
    if len(shape) == 3 and shape[-1] == 3:
        source = photos.photo("astronaut")
    elif len(shape) == 3:
        source = photos.volume()
    elif len(shape) == 1:
        source = photos.signal()
    else:
        source = photos.photo("camera")
    repeats = [-(-n // m) for n, m in zip(shape, source.shape, strict=True)]
    whole = np.tile(source, repeats)[tuple(slice(n) for n in shape)]
    return np.ascontiguousarray(photos.as_type(np.ascontiguousarray(whole), dtype))


def use_threads(count: int) -> None:
    """Set the number of threads of the other libraries. imfilter has an argument for it in each call."""
    cv2.setNumThreads(count)
    if SimpleITK is not None:
        SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(count)


def contestants(row: Row, threads: int, skipped: set[str]) -> dict[str, Callable[[], object]]:
    """Return a call without arguments for imfilter, for `numpy.copyto` and for each peer.

    Results are written to memory that is allocated before, if a library allows it.
    """
    case = row.case
    source, result = types_of(row.type_name)
    image = picture(row.shape, source)
    out = np.empty_like(case.ours(image, dtype=result, workers=threads))
    # The lower limit: read the same samples, and write the same number of samples of the result's type.
    copied = np.empty(image.shape, result)
    calls: dict[str, Callable[[], object]] = {
        "imfilter": lambda: case.ours(image, out=out, workers=threads),
        "copyto": lambda: np.copyto(copied, image, casting="unsafe"),
    }
    for name, peer in case.peers_for(row.type_name).items():
        if name not in skipped:
            given = peer.prepare(image) if peer.prepare else image
            place = np.empty_like(out)
            calls[name] = functools.partial(peer.call, given, place, result)
    return calls
