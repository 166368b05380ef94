"""Every kind of colour, depth, layout, extra sample and compression of a TIFF: one array or one error.

What is expected comes from the array that was written, by the definitions of TIFF 6.0, and not from a reader.
"""

from __future__ import annotations

import itertools
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import tifffile

from imfilter import io
from tests.cli.commands import subprocess_env
from tests.files.pictures import ROOT, renamed_tag

pytestmark = pytest.mark.slow

SHAPE = (18, 21)
COLOURS = {"miniswhite": 1, "minisblack": 1, "rgb": 3, "palette": 1, "separated": 4, "ycbcr": 3}
DEPTHS = [("uint8", bits) for bits in (1, 2, 3, 4, 7, 8)]
DEPTHS += [("uint16", bits) for bits in (10, 12, 16)] + [("uint32", 24), ("uint32", 32), ("uint64", 64)]
DEPTHS += [(dtype, 0) for dtype in ("int8", "int16", "int32", "int64", "float16", "float32", "float64")]
EXTRAS: dict[str, list[str]] = {
    "none": [],
    "unassociated": ["unassalpha"],
    "associated": ["assocalpha"],
    "unspecified": ["unspecified"],
    "unnamed": ["unspecified"],  # and the tag is taken out
    "alpha and one more": ["unassalpha", "unspecified"],
    "four": ["unspecified"] * 4,
}
LOSSLESS = ["lzw", "zlib", "packbits", "lzma", "zstd"]
EVERYWHERE = {None, "lzw", "zlib", "packbits", "lzma"}  # with no other package than the project needs


class Kind(NamedTuple):
    photometric: str
    planar: str
    dtype: str
    bits: int  # 0 for all those of the type, with a sign
    extra: str
    compression: str | None

    @property
    def colours(self) -> int:
        return COLOURS[self.photometric]

    @property
    def needs_package(self) -> bool:
        return self.compression not in EVERYWHERE or self.bits not in (0, 1, 8, 16, 32, 64)


def kinds(photometric: str, planar: str) -> Iterator[Kind]:
    """Yield all depths and extra samples, each plain and with one compression, common types with all."""
    turns = itertools.cycle(LOSSLESS)
    for (dtype, bits), extra in itertools.product(DEPTHS, EXTRAS):
        common = (dtype, bits) in (("uint8", 8), ("uint16", 16), ("float32", 0))
        for compression in (None, *(LOSSLESS if common else [next(turns)])):
            yield Kind(photometric, planar, dtype, bits, extra, compression)


def source(kind: Kind, rng: np.random.Generator) -> np.ndarray:
    """Return samples ``(height, width, samples)`` that use the whole range of the depth."""
    shape = (*SHAPE, kind.colours + len(EXTRAS[kind.extra]))
    if np.dtype(kind.dtype).kind == "f":
        return rng.uniform(0, 1, shape).astype(kind.dtype)
    info = np.iinfo(kind.dtype)
    low, high = (0, 2**kind.bits - 1) if kind.bits else (info.min, info.max)
    samples = rng.integers(low, high, shape, kind.dtype, endpoint=True)
    samples[0, 0], samples[-1, -1] = low, high
    return samples


def write(path: Path, kind: Kind, samples: np.ndarray, colours: np.ndarray | None) -> bool:
    """Write a TIFF with tifffile; False if it does not write this kind."""
    options: dict[str, object] = {"compression": kind.compression, "rowsperstrip": 7, "metadata": None}
    options |= {"photometric": kind.photometric, "extrasamples": EXTRAS[kind.extra] or None}
    if 0 < kind.bits < 8 * samples.itemsize:
        options["bitspersample"] = kind.bits
    if colours is not None:
        options["colormap"] = colours
    if kind.photometric == "ycbcr":
        options["subsampling"] = (1, 1)
    if samples.shape[-1] == 1:
        samples = samples[..., 0]
    else:
        options["planarconfig"] = kind.planar
        samples = np.moveaxis(samples, -1, 0) if kind.planar == "separate" else samples
    try:
        tifffile.imwrite(path, samples, **options)
    except (ValueError, NotImplementedError):
        return False
    if kind.extra == "unnamed":
        renamed_tag(path, 338, 337)
    return True


def expected(kind: Kind, samples: np.ndarray, colours: np.ndarray | None) -> np.ndarray | None:
    """Return the picture that samples stand for, None where it has to be refused."""
    if kind.extra not in ("none", "unassociated", "associated"):
        return None
    number, whole = np.dtype(kind.dtype).kind, kind.bits in (0, 8 * samples.itemsize)
    stored, alpha = (samples, None) if kind.extra == "none" else (samples[..., :-1], samples[..., -1:])
    if alpha is not None and not whole and (kind.bits > 8 or kind.photometric == "palette"):
        return None
    if kind.bits < 8 and kind.bits and kind.photometric not in ("palette", "separated"):
        stored, alpha = (None if part is None else widened(part, kind.bits) for part in (stored, alpha))
    colour = in_grey_or_rgb(kind, stored, colours)
    if colour is None:
        return None
    if kind.extra == "associated":
        if kind.photometric not in ("minisblack", "rgb") or number == "i" or kind.dtype == "uint64":
            return None
        colour = straight(colour, alpha)
    if alpha is not None:
        return np.concatenate([colour, alpha], axis=-1) if colour.dtype == alpha.dtype else None
    return colour[..., 0] if colour.shape[-1] == 1 else colour


def in_grey_or_rgb(kind: Kind, stored: np.ndarray, colours: np.ndarray | None) -> np.ndarray | None:
    unsigned = stored.dtype.kind == "u"
    if kind.photometric == "miniswhite":
        top = 2 ** max(kind.bits, 8) - 1
        return (top - stored.astype(object)).astype(stored.dtype) if unsigned else None
    if kind.photometric == "palette":
        return (colours // 256).astype(np.uint8)[:, stored[..., 0]].transpose(1, 2, 0) if unsigned else None
    if kind.photometric == "separated":
        if kind.bits not in (8, 16):
            return None
        top = 2**kind.bits - 1
        light = top - stored.astype(float)
        return np.rint(light[..., :3] * light[..., 3:] / top).astype(stored.dtype)
    if kind.photometric == "ycbcr":
        if kind.bits != 8 or kind.planar == "separate":
            return None
        y, b, r = np.moveaxis(stored.astype(float), -1, 0) - np.array([0, 128, 128])[:, None, None]
        rgb = np.stack([y + 1.402 * r, y - 0.344136 * b - 0.714136 * r, y + 1.772 * b], -1)
        return np.rint(rgb).clip(0, 255).astype(np.uint8)
    return stored


def widened(samples: np.ndarray, bits: int) -> np.ndarray:
    return np.rint(samples * (255 / (2**bits - 1))).astype(np.uint8)


def straight(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    whole = np.iinfo(colour.dtype).max if colour.dtype.kind == "u" else 1
    with np.errstate(all="ignore"):
        ratio = np.where(alpha == 0, 0, colour.astype(np.float64) * whole / alpha)
    return (np.rint(ratio).clip(0, whole) if whole > 1 else ratio).astype(colour.dtype)


def files(folder: Path, photometric: str, planar: str) -> Iterator[tuple[Kind, Path, np.ndarray | None]]:
    """Write a file of each kind, and yield it with the picture that it stands for."""
    rng = np.random.default_rng(17)
    for number, kind in enumerate(kinds(photometric, planar)):
        samples = source(kind, rng)
        colours = None
        if photometric == "palette":
            colours = rng.integers(0, 65536, (3, 2 ** min(kind.bits, 16)), np.uint16)
        path = folder / f"{number}.tif"
        if write(path, kind, samples, colours):
            yield kind, path, expected(kind, samples, colours)


def check(kind: Kind, path: Path, pixels: np.ndarray | None) -> str | None:
    """Read a file: its array is right; or None is expected, and one clear line, which is returned."""
    try:
        back = io.read(path)
    except io.FileError as error:
        text = str(error)
        assert text.startswith(f"{path}: "), text
        assert "\n" not in text, text
        assert "damaged" not in text, text
        assert pixels is None or "imfilter[tiff]" in text, (kind, text)
        return text
    assert pixels is not None, kind
    assert back.pixels.dtype == pixels.dtype, kind
    # Pillow's table for YCbCr is one off in places.
    tolerance = 1 if kind.photometric == "ycbcr" else 0
    np.testing.assert_allclose(back.pixels, pixels, rtol=0, atol=tolerance, err_msg=str(kind))
    assert back.channels == (back.pixels.ndim == 3), kind
    assert back.alpha == (kind.extra != "none"), kind
    return None


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("photometric", COLOURS)
def test_one_array_or_one_error(tmp_path: Path, photometric: str, planar: str) -> None:
    cases = list(files(tmp_path, photometric, planar))
    refusals = [check(*case) for case in cases]
    assert len(cases) > (10 if photometric == "palette" else 150)
    assert not any("imfilter[tiff]" in text for text in refusals if text)
    assert (None in refusals) == ((photometric, planar) != ("ycbcr", "separate"))


WITHOUT_PACKAGE = """
import pickle, sys
sys.modules["imagecodecs"] = None
from tests.files.test_io_tiff_grid import check
for kind, path, pixels in pickle.load(open(sys.argv[1], "rb")):
    text = check(kind, path, pixels)
    missing = text is not None and 'pip install "imfilter[tiff]"' in text
    assert missing == (kind.needs_package and pixels is not None), (kind, text)
    print(missing)
"""


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("photometric", ["miniswhite", "rgb"])
def test_without_the_package_of_codecs(tmp_path: Path, photometric: str, planar: str) -> None:
    cases = list(files(tmp_path, photometric, planar))
    (tmp_path / "cases").write_bytes(pickle.dumps(cases))
    command = [sys.executable, "-c", WITHOUT_PACKAGE, str(tmp_path / "cases")]
    result = subprocess.run(command, env=subprocess_env(), cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    answers = result.stdout.split()
    assert len(answers) == len(cases)
    assert {"True", "False"} == set(answers)
