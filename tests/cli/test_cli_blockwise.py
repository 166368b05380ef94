"""Arrays of zarr that are filtered block by block: the values are those of the function on the array."""

from __future__ import annotations

import errno
import gc
import operator
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imfilter
from imfilter import io
from imfilter._cli import blocks, blockwise, messages, stack_work
from tests.cli.commands import done, failed, noise, said
from tests.files.test_zarr import FORMATS, array, image
from tests.looping import loop_over

zarr = pytest.importorskip("zarr")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Filter every array in blocks of single chunks. Collect the numbers of samples that are read."""
    monkeypatch.setattr(blockwise, "_LARGE", 0)
    monkeypatch.setattr(blocks, "SAMPLES", 1)
    sizes: list[int] = []
    reading = blocks.read

    def watched(*given: Any) -> Any:
        found = reading(*given)
        sizes.append(found.size)
        return found

    monkeypatch.setattr(blocks, "read", watched)
    return sizes


@loop_over("version", FORMATS)
@loop_over("axes", ["ZYX", "YX", "T", "XZ"])
@loop_over("mode", ["mirror", "wrap", "shrink"])
@pytest.mark.slow
def test_windows(tmp_path: Path, small: list[int], version: int, axes: str, mode: str) -> None:
    small.clear()
    pixels = noise(13, 21, 34)
    chunks = (6, 12, 20)
    source = array(tmp_path / "a.zarr", pixels, version, chunks=chunks, attributes={"own": 1})
    if axes == "XZ":
        names = {"_ARRAY_DIMENSIONS": [*"zyx"]}
        source = array(tmp_path / "b.zarr", pixels, 2, chunks=chunks, attributes=names)
    done("median", source, tmp_path / "out.zarr", "--axes", axes, "--mode", mode)
    found = zarr.open(tmp_path / "out.zarr", mode="r")
    places = {"ZYX": (0, 1, 2), "YX": (1, 2), "T": (0,), "XZ": (0, 2)}[axes]
    np.testing.assert_array_equal(found[...], imfilter.median(pixels, 3, axes=places, mode=mode))
    assert found.chunks == chunks
    assert max(small) < pixels.size / 2


@pytest.mark.parametrize(
    ("words", "function", "options"),
    [
        (["gaussian", "--sigma", "1.5,2,1"], "gaussian", {"sigma": (1.5, 2, 1)}),
        (["sobel"], "sobel", {}),
        (["sobel", "--axis", "z"], "sobel", {"axis": 0}),
        (["resize", "--scale", "0.37"], "resize", {"scale": 0.37}),
        (
            ["resize", "--shape", "20,9,50", "--method", "cubic"],
            "resize",
            {"shape": (20, 9, 50), "method": "cubic"},
        ),
        (["orientation"], "orientation", {}),
        (["std", "--size", "5"], "local_std", {"size": 5}),
    ],
)
@pytest.mark.slow
def test_filters(tmp_path: Path, small: list[int], words: list[str], function: str, options: dict) -> None:
    pixels = noise(13, 21, 34, dtype="uint16")
    source = array(tmp_path / "a.zarr", pixels, 3, chunks=(6, 8, 16))
    done(*words[:1], source, tmp_path / "out.zarr", "--axes", "ZYX", *words[1:])
    found = zarr.open(tmp_path / "out.zarr", mode="r")
    np.testing.assert_array_equal(found[...], getattr(imfilter, function)(pixels, **options))


def test_planes_of_filters_that_need_the_whole(tmp_path: Path, small: list[int]) -> None:
    pixels = noise(5, 21, 34)
    source = array(tmp_path / "a.zarr", pixels, 3, chunks=(2, 8, 16))
    done("canny", source, tmp_path / "out.zarr", "--low", 90, "--high", 200)
    expected = [imfilter.canny(plane, 90, 200, sigma=1.0) for plane in pixels]
    np.testing.assert_array_equal(zarr.open(tmp_path / "out.zarr", mode="r")[...], expected)
    assert max(small) == 2 * 21 * 34


@pytest.mark.parametrize("shape", [(21, 34), (5, 21, 34)])
def test_whole_planes_are_computed_once(
    tmp_path: Path, small: list[int], monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...]
) -> None:
    pixels = noise(*shape).astype("f4")
    source = array(tmp_path / "a.zarr", pixels, 3, chunks=(8,) * len(shape))
    monkeypatch.setattr(blockwise, "_PLANE", 0)
    monkeypatch.setattr(blockwise, "filtered", lambda *_: pytest.fail("a block is computed"))
    done("butterworth", source, tmp_path / "out.zarr", "--cutoff", 0.2)
    expected = imfilter.butterworth(pixels, 0.2, axes=(-2, -1))
    np.testing.assert_array_equal(zarr.open(tmp_path / "out.zarr", mode="r")[...], expected)


def test_shards(tmp_path: Path, small: list[int]) -> None:
    pixels = noise(16, 24, 40)
    source = array(tmp_path / "a.zarr", pixels, 3, chunks=(4, 4, 8), shards=(8, 8, 16))
    done("gaussian", source, tmp_path / "out.zarr", "--axes", "ZYX")
    found = zarr.open(tmp_path / "out.zarr", mode="r")
    np.testing.assert_array_equal(found[...], imfilter.gaussian(pixels, 1.0))
    assert (found.chunks, found.shards) == ((4, 4, 8), (8, 8, 16))


def test_absent_samples(tmp_path: Path, small: list[int]) -> None:
    pixels = noise(9, 21, 34).astype("f4")
    present = noise(9, 21, 34) > 60
    io.write(tmp_path / "mask.npy", io.Image(present))
    source = array(tmp_path / "a.zarr", pixels, 3, chunks=(4, 8, 16))
    done("gaussian", source, tmp_path / "out.zarr", "--axes", "ZYX", "--mask", tmp_path / "mask.npy")
    found = zarr.open(tmp_path / "out.zarr", mode="r")[...]
    np.testing.assert_array_equal(found, imfilter.gaussian(pixels, 1.0, mask=present))


def test_a_pipeline(tmp_path: Path, small: list[int]) -> None:
    pixels = noise(9, 21, 34)
    source = array(tmp_path / "a.zarr", pixels, 3, chunks=(4, 8, 16))
    done("pipe", source, tmp_path / "out.zarr", "gaussian --sigma 1.5", "sobel", "--axes", "ZYX")
    expected = imfilter.sobel(imfilter.gaussian(pixels.astype("f4"), 1.5))
    np.testing.assert_array_equal(zarr.open(tmp_path / "out.zarr", mode="r")[...], expected)
    assert max(small) < pixels.size


@pytest.mark.parametrize("version", FORMATS)
@pytest.mark.slow
def test_levels(tmp_path: Path, small: list[int], monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    pixels = noise(2, 2, 3, 27, 20, dtype="uint16")
    source = image(tmp_path / "a.ome.zarr", pixels, version)
    done("gaussian", source, tmp_path / "blocks.ome.zarr", "--levels", 3)
    monkeypatch.setattr(blockwise, "_LARGE", 1 << 40)
    done("gaussian", source, tmp_path / "whole.ome.zarr", "--levels", 3)
    found, whole = (zarr.open(tmp_path / f"{name}.ome.zarr", mode="r") for name in ("blocks", "whole"))
    for level in "012":
        np.testing.assert_array_equal(found[level][...], whole[level][...])
    assert dict(found.attrs) == dict(whole.attrs)


def test_a_chunk_that_cannot_be_read(
    tmp_path: Path, small: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    source = array(tmp_path / "a.zarr", noise(8, 16, 32), 3, chunks=(4, 8, 16))
    (source / "c" / "1" / "0" / "1").write_bytes(b"no chunk")
    line = failed(capsys, 1, "sobel", source, tmp_path / "out.zarr", "--axes", "ZYX")
    assert line.startswith(f"{source}: block [")
    assert sorted(os.listdir(tmp_path)) == ["a.zarr"]


def test_a_full_disk(
    tmp_path: Path, small: list[int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = array(tmp_path / "a.zarr", noise(8, 16, 32), 3, chunks=(4, 8, 16))
    storing, count = zarr.storage.LocalStore.set, 0

    async def limited(self: Any, key: str, *given: Any, **options: Any) -> None:
        nonlocal count
        count += "c/" in key
        if count > 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        await storing(self, key, *given, **options)

    monkeypatch.setattr(zarr.storage.LocalStore, "set", limited)
    line = failed(capsys, 1, "sobel", source, tmp_path / "out.zarr", "--axes", "ZYX")
    assert line == f"{tmp_path / 'out.zarr'}: cannot be written: No space left on device"
    assert sorted(os.listdir(tmp_path)) == ["a.zarr"]


def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the number of samples of each part of a stack that is filtered."""
    monkeypatch.setattr(stack_work, "_FRAMES", 1)
    found: list[int] = []
    filtering = stack_work.Work.result

    def watched(self: Any, block: np.ndarray, *more: Any) -> Any:
        found.append(block.size)
        return filtering(self, block, *more)

    monkeypatch.setattr(stack_work.Work, "result", watched)
    return found


@pytest.mark.parametrize("suffix", [".tif", ".npy", ".zarr"])
@pytest.mark.parametrize(("axes", "places"), [("ZYX", (1, 2, 3)), ("YX", (2, 3)), ("Z", (1,))])
def test_stacks_in_bands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, axes: str, places: tuple[int, ...]
) -> None:
    pixels, source = noise(2, 13, 21, 34, dtype="uint16"), tmp_path / f"a{suffix}"
    if suffix == ".npy":
        np.save(source, pixels)
    else:
        io.write(source, io.Image(pixels, axes="CZYX"))
    lengths = sizes(monkeypatch)
    out = tmp_path / f"out{'.npy' if suffix == '.zarr' else suffix}"
    done("gaussian", source, out, "--sigma", "0.6", "--axes", axes)
    if suffix == ".npy" and axes == "Z":  # the letters are the last axes
        places = (3,)
    np.testing.assert_array_equal(io.read(out).pixels, imfilter.gaussian(pixels, 0.6, axes=places))
    assert max(lengths) < pixels[0].size


@pytest.mark.parametrize(
    ("suffix", "axes"), [(".tif", "ZYX"), (".tif", "YX"), (".npy", "ZYX"), (".npy", "YX"), (".png", "YX")]
)
@pytest.mark.parametrize("name", ["gaussian", "median"])
def test_masks_of_stacks_in_bands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, axes: str, name: str
) -> None:
    """A mask has the shape of the stack, or of what is filtered at once."""
    pixels, mask = noise(2, 13, 21, 34).astype("float32"), noise(2, 13, 21, 34) % 3
    if axes == "ZYX":
        mask[:, 4:] = 1  # parts without absent samples
    if suffix == ".png":
        mask = mask[0, 0]
    source, held = tmp_path / "a.tif", tmp_path / f"mask{suffix}"
    io.write(source, io.Image(pixels, axes="CZYX"))
    if suffix == ".npy":
        np.save(held, mask)
    else:
        io.write(held, io.Image(mask, axes="CZYX" if mask.ndim == 4 else ""))
    lengths = sizes(monkeypatch)
    size = {"sigma": 0.6} if name == "gaussian" else {"size": 3}
    words = [f"--{word}={value}" for word, value in size.items()]
    done(name, source, tmp_path / "out.npy", *words, "--axes", axes, "--mask", held)
    places = tuple("CZYX".index(axis) for axis in axes)
    present = np.broadcast_to(mask, pixels.shape) != 0
    wanted = getattr(imfilter, name)(pixels, axes=places, mask=present, **size)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), wanted)
    assert max(lengths) < pixels[0].size


@pytest.mark.parametrize("suffix", [".tif", ".npy"])
def test_pipelines_of_stacks_in_bands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    pixels, source = noise(2, 23, 21, 34, dtype="uint16"), tmp_path / f"a{suffix}"
    if suffix == ".npy":
        np.save(source, pixels)
    else:
        io.write(source, io.Image(pixels, axes="CZYX"))
    lengths = sizes(monkeypatch)
    steps = ["gaussian --sigma 0.6", "median --size 3", "sobel"]
    wanted = imfilter.gaussian(pixels, 0.6, axes=(1, 2, 3), dtype=np.float32)
    wanted = imfilter.sobel(imfilter.median(wanted, 3, axes=(1, 2, 3)), axes=(1, 2, 3))
    done("pipe", source, tmp_path / "out.npy", *steps, "--axes", "ZYX")
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), wanted)
    assert max(lengths) < pixels[0].size
    done("pipe", source, tmp_path / "once.npy", *steps, "--axes", "ZYX", "--save-steps", tmp_path / "s.toml")
    done("pipe", source, tmp_path / "again.npy", "--axes", "ZYX", "--steps", tmp_path / "s.toml")
    np.testing.assert_array_equal(np.load(tmp_path / "again.npy"), wanted)
    lengths.clear()
    done("pipe", source, tmp_path / "out.npy", "gaussian", "threshold", "--axes", "ZYX")
    assert max(lengths) < pixels[0].size  # the histograms of a volume are merged


@pytest.mark.parametrize(
    ("words", "function", "options"),
    [
        (["gaussian", "--sigma", "1,2,0.5"], "gaussian", {"sigma": (1, 2, 0.5)}),
        (["sobel"], "sobel", {}),
        (["erode", "--mode", "wrap"], "morphology.erosion", {"mode": "wrap"}),
        (["median", "--size", "5"], "median", {"size": 5}),
    ],
)
def test_volumes_of_arrays_in_bands(
    tmp_path: Path, written: list[str], words: list[str], function: str, options: dict[str, Any]
) -> None:
    pixels = noise(23, 9, 12)
    np.save(tmp_path / "a.npy", pixels)
    done(words[0], tmp_path / "a.npy", tmp_path / "out.npy", *words[1:])
    expected = operator.attrgetter(function)(imfilter)(pixels, **options)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)
    assert written == [str(tmp_path / "out.npy")]


def test_what_is_held_in_memory_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(messages, "LARGE", 1)
    pixels = noise(4, 12, 14)
    io.write(tmp_path / "a.tif", io.Image(pixels, axes="TYX"))
    done("median", tmp_path / "a.tif", tmp_path / "out.webp", "--axes", "TYX")
    lines = said(capsys).splitlines()
    assert "a result depends on all of them" in lines[0]
    assert lines[1].endswith("are held in memory, because WebP encodes all of them at once")
    assert len(lines) == 2


@pytest.mark.filterwarnings("error::ResourceWarning", "error::pytest.PytestUnraisableExceptionWarning")
def test_the_file_of_a_mask_is_closed(tmp_path: Path, small: list[int]) -> None:
    """The shape of the mask is read before the blocks are planned."""
    pixels, present = noise(9, 21, 34).astype("f4"), noise(9, 21, 34) % 3
    io.write(tmp_path / "mask.tif", io.Image(present, axes="ZYX"))
    source = array(tmp_path / "a.zarr", pixels, 3, chunks=(4, 8, 16))
    done("gaussian", source, tmp_path / "out.zarr", "--axes", "ZYX", "--mask", tmp_path / "mask.tif")
    gc.collect()
    found = zarr.open(tmp_path / "out.zarr", mode="r")[...]
    np.testing.assert_array_equal(found, imfilter.gaussian(pixels, 1.0, mask=present != 0))
