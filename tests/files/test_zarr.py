"""Arrays of zarr, versions 2 and 3, and images of OME-Zarr."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import imfilter
from imfilter import io
from tests.cli.commands import done, failed, noise, save
from tests.files.pictures import REAL, picture
from tests.looping import loop_over

zarr = pytest.importorskip("zarr")
FORMATS = (2, 3)


def array(path: Path, pixels: np.ndarray, version: int, **options: object) -> Path:
    stored = zarr.create_array(path, shape=pixels.shape, dtype=pixels.dtype, zarr_format=version, **options)
    stored[...] = pixels
    return path


def image(path: Path, pixels: np.ndarray, version: int, levels: int = 1) -> Path:
    """Write an OME-Zarr image of the axes TCZYX with the tools of zarr alone."""
    group = zarr.open_group(path, mode="w", zarr_format=version)
    datasets = []
    for level in range(levels):
        small = pixels[..., :: 2**level, :: 2**level]
        stored = group.create_array(str(level), shape=small.shape, chunks=(1, 1, 2, 8, 8), dtype=small.dtype)
        stored[...] = small
        scale = [3.0, 1.0, 2.0, 0.5 * 2**level, 0.25 * 2**level]
        datasets.append(
            {"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": scale}]}
        )
    axes = [{"name": "t", "type": "time", "unit": "second"}, {"name": "c", "type": "channel"}]
    axes += [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    scales = [{"name": "cells", "axes": axes, "datasets": datasets}]
    colours = {"channels": [{"label": "DAPI", "color": "00FF00"}] * pixels.shape[1]}
    if version == 2:
        scales[0]["version"] = "0.4"
        group.attrs.update({"multiscales": scales, "omero": colours, "own": [1, 2]})
    else:
        group.attrs.update(
            {"ome": {"version": "0.5", "multiscales": scales, "omero": colours}, "own": [1, 2]}
        )
    return path


@loop_over("version", FORMATS)
@loop_over("dtype", REAL)
@pytest.mark.slow
def test_arrays(tmp_path: Path, version: int, dtype: str) -> None:
    pixels = picture((5, 21, 34), dtype)
    source = array(tmp_path / "a.zarr", pixels, version, chunks=(2, 8, 16), attributes={"own": 1})
    found = io.read(source)
    assert (found.pixels.dtype, found.axes) == (dtype, "IYX")
    np.testing.assert_array_equal(found.pixels, pixels)
    io.write(tmp_path / "b.zarr", found)
    again = zarr.open(tmp_path / "b.zarr", mode="r")
    np.testing.assert_array_equal(again[...], pixels)
    assert (again.metadata.zarr_format, again.chunks, dict(again.attrs)) == (version, (2, 8, 16), {"own": 1})


@pytest.mark.parametrize("version", FORMATS)
def test_values_chunks_and_metadata_of_a_filtered_array(tmp_path: Path, version: int) -> None:
    pixels = noise(5, 21, 34)
    source = array(tmp_path / "a.zarr", pixels, version, chunks=(2, 8, 16), attributes={"own": 1})
    done("gaussian", source, tmp_path / "b.zarr")
    again = zarr.open(tmp_path / "b.zarr", mode="r")
    np.testing.assert_array_equal(again[...], imfilter.gaussian(pixels, 1.0, axes=(1, 2)))
    assert (again.chunks, dict(again.attrs)) == ((2, 8, 16), {"own": 1})
    done("sobel", source, tmp_path / "b.zarr", "--axes", "ZYX")  # replaces the folder
    again = zarr.open(tmp_path / "b.zarr", mode="r")
    np.testing.assert_array_equal(again[...], imfilter.sobel(pixels))
    done("gaussian", source, source)
    np.testing.assert_array_equal(io.read(source).pixels, imfilter.gaussian(pixels, 1.0, axes=(1, 2)))
    assert sorted(os.listdir(tmp_path)) == ["a.zarr", "b.zarr"]


def test_names_of_dimensions(tmp_path: Path) -> None:
    pixels = noise(3, 4, 12, 14)
    source = array(tmp_path / "a.zarr", pixels, 3, dimension_names=("t", "z", "y", "x"))
    assert io.read(source).axes == "TZYX"
    done("gaussian", source, tmp_path / "b.zarr")
    again = zarr.open(tmp_path / "b.zarr", mode="r")
    np.testing.assert_array_equal(again[...], imfilter.gaussian(pixels, 1.0, axes=(1, 2, 3)))
    assert again.metadata.dimension_names == ("t", "z", "y", "x")
    names = {"_ARRAY_DIMENSIONS": ["t", "z", "y", "x"]}
    assert io.read(array(tmp_path / "c.zarr", pixels, 2, attributes=names)).axes == "TZYX"
    other = array(tmp_path / "d.zarr", pixels, 3, dimension_names=("lat", "lon", "y", "x"))
    assert io.read(other).axes == "AIYX"


@pytest.mark.parametrize("version", FORMATS)
@pytest.mark.slow
def test_ome_zarr(tmp_path: Path, version: int) -> None:
    pixels = noise(2, 3, 5, 24, 20, dtype="uint16")
    source = image(tmp_path / "a.ome.zarr", pixels, version, levels=2)
    found = io.read(source)
    assert (found.axes, found.spacing) == ("TCZYX", (3.0, None, 2.0, 0.5, 0.25))
    assert found.units == ("second", "", "micrometer", "micrometer", "micrometer")
    np.testing.assert_array_equal(found.pixels, pixels)
    done("gaussian", source, tmp_path / "b.ome.zarr")
    expected = imfilter.gaussian(pixels, 1.0, axes=(2, 3, 4))
    group = zarr.open(tmp_path / "b.ome.zarr", mode="r")
    np.testing.assert_array_equal(group["0"][...], expected)
    assert group["0"].metadata.zarr_format == version
    assert group["0"].chunks == (1, 1, 2, 8, 8)
    assert sorted(group.keys()) == ["0"]
    before, after = (dict(zarr.open(path, mode="r").attrs) for path in (source, tmp_path / "b.ome.zarr"))
    assert after["own"] == [1, 2]
    before, after = before.get("ome", before), after.get("ome", after)
    assert after["omero"] == before["omero"]
    assert after["multiscales"][0]["name"] == "cells"
    assert after["multiscales"][0]["axes"] == before["multiscales"][0]["axes"]
    assert after["multiscales"][0]["datasets"] == before["multiscales"][0]["datasets"][:1]


@pytest.mark.parametrize("version", FORMATS)
def test_levels(tmp_path: Path, version: int) -> None:
    pixels = noise(2, 1, 5, 24, 21, dtype="uint16")
    source = image(tmp_path / "a.zarr", pixels, version, levels=2)
    done("median", source, tmp_path / "b.zarr", "--levels", 3, "--axes", "YX")
    group = zarr.open(tmp_path / "b.zarr", mode="r")
    expected = imfilter.median(pixels, 3, axes=(3, 4))
    for level, size in enumerate([(24, 21), (12, 11), (6, 6)]):
        assert group[str(level)].shape == (2, 1, 5, *size)
        np.testing.assert_array_equal(group[str(level)][...], expected)
        if level < 2:
            half = tuple(-(-n // 2) for n in size)
            planes = [imfilter.resize(block, (5, *half), method="area") for block in expected[:, 0]]
            expected = np.stack(planes)[:, None]
    attributes = dict(group.attrs)
    datasets = attributes.get("ome", attributes)["multiscales"][0]["datasets"]
    assert [entry["path"] for entry in datasets] == ["0", "1", "2"]
    assert datasets[1]["coordinateTransformations"][0]["scale"][2:4] == [2.0, 1.0]


def test_stacks_become_ome_zarr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pixels = noise(3, 4, 12, 14)
    spacing = {"spacing": (2.0, 0.7, 0.5, 0.5), "units": ("s", "µm", "µm", "µm")}
    io.write(tmp_path / "a.tif", io.Image(pixels, axes="TZYX", **spacing))
    done("gaussian", tmp_path / "a.tif", tmp_path / "b.zarr", "--levels", 2)
    found = io.read(tmp_path / "b.zarr")
    assert (found.axes, found.spacing) == ("TZYX", (2.0, 0.7, 0.5, 0.5))
    assert found.units == ("second", "micrometer", "micrometer", "micrometer")
    assert zarr.open(tmp_path / "b.zarr/1", mode="r").shape == (3, 2, 6, 7)
    done("box", tmp_path / "b.zarr", tmp_path / "c.tif")  # and back
    assert io.read(tmp_path / "c.tif").distance("Z") == (0.7, "µm")
    done("box", save(tmp_path / "in.png", noise(9, 8, 3)), tmp_path / "d.zarr")
    assert zarr.open(tmp_path / "d.zarr", mode="r").shape == (9, 8, 3)
    assert "--levels is for .zarr" in failed(
        capsys, 2, "box", tmp_path / "a.tif", tmp_path / "e.tif", "--levels", 2
    )


def test_colours(tmp_path: Path) -> None:
    for pixels in (noise(9, 8, 3), noise(9, 8, 4)):
        source = save(tmp_path / "in.png", pixels)
        done("box", source, tmp_path / "a.zarr")
        found = io.read(tmp_path / "a.zarr")
        assert (found.axes, found.channels, found.alpha) == ("YXS", True, pixels.shape[2] == 4)
        done("box", source, tmp_path / "out.png")
        np.testing.assert_array_equal(found.pixels, io.read(tmp_path / "out.png").pixels)
        done("box", tmp_path / "a.zarr", tmp_path / "b.png")
        done("box", tmp_path / "out.png", tmp_path / "c.png")
        np.testing.assert_array_equal(io.read(tmp_path / "b.png").pixels, io.read(tmp_path / "c.png").pixels)
    frames = io.Image(noise(3, 9, 8, 3), True, axes="TYXS")
    io.write(tmp_path / "d.zarr", frames)
    found = io.read(tmp_path / "d.zarr")
    assert found.axes == "TYXS"
    np.testing.assert_array_equal(found.pixels, frames.pixels)


@pytest.mark.parametrize("version", FORMATS)
def test_the_position_of_an_image_is_kept(tmp_path: Path, version: int) -> None:
    """The translation of an image comes after that of its level. Smaller levels begin later."""
    pixels = noise(2, 2, 4, 20, 24)
    group = zarr.open_group(image(tmp_path / "a.zarr", pixels, version, 2), mode="r+")
    holder = group.attrs["ome"] if version == 3 else dict(group.attrs)
    scales = holder["multiscales"]
    own = scales[0]["datasets"][0]["coordinateTransformations"]
    own.append({"type": "translation", "translation": [0.0, 0.0, 10.0, -3.0, 4.0]})
    scales[0]["coordinateTransformations"] = [
        {"type": "scale", "scale": [1.0, 1.0, 2.0, 2.0, 0.5]},
        {"type": "translation", "translation": [5.0, 0.0, 0.0, 1.0, 0.0]},
    ]
    group.attrs["ome" if version == 3 else "multiscales"] = holder if version == 3 else scales
    done("gaussian", tmp_path / "a.zarr", tmp_path / "b.zarr", "--levels", 2)
    attributes = dict(zarr.open_group(tmp_path / "b.zarr", mode="r").attrs)
    found = attributes.get("ome", attributes)["multiscales"][0]
    assert "coordinateTransformations" not in found
    for level, factor in enumerate((1, 2)):
        assert found["datasets"][level]["coordinateTransformations"] == [
            {"type": "scale", "scale": [3.0, 1.0, 4.0, factor * 1.0, factor * 0.125]},
            {"type": "translation", "translation": [5.0, 0.0, 20.0, -5.5 + factor / 2, 1.9375 + factor / 16]},
        ]


def test_the_position_of_an_image_with_long_names_of_axes(tmp_path: Path) -> None:
    """The position belongs to the axes by their whole names."""
    group = zarr.open_group(image(tmp_path / "a.zarr", noise(2, 2, 4, 20, 24), 3), mode="r+")
    holder = group.attrs["ome"]
    holder["multiscales"][0]["axes"][0]["name"] = "time"
    transforms = holder["multiscales"][0]["datasets"][0]["coordinateTransformations"]
    transforms.append({"type": "translation", "translation": [7.0, 0.0, 10.0, -3.0, 4.0]})
    group.attrs["ome"] = holder
    found = io.read(tmp_path / "a.zarr")
    io.write(tmp_path / "b.zarr", dataclasses.replace(found, axes="TCZYX"))
    written = zarr.open_group(tmp_path / "b.zarr", mode="r").attrs["ome"]["multiscales"][0]
    (translation,) = [
        t["translation"]
        for t in written["datasets"][0]["coordinateTransformations"]
        if t["type"] == "translation"
    ]
    assert translation == [0.0, 0.0, 10.0, -3.0, 4.0]


def test_damage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = array(tmp_path / "a.zarr", noise(5, 16, 16), 3, chunks=(1, 16, 16))
    (source / "c" / "3" / "0" / "0").write_bytes(b"garbage")
    message = failed(capsys, 1, "gaussian", source, tmp_path / "b.zarr")
    assert message.startswith(f"{source}: plane 4 ")
    assert sorted(os.listdir(tmp_path)) == ["a.zarr"]
    (source / "zarr.json").write_text("{")
    assert failed(capsys, 1, "gaussian", source, tmp_path / "b.zarr").startswith(f"{source}: ")
    array(tmp_path / "c.zarr" / "wells", noise(5, 16, 16), 3)
    zarr.open_group(tmp_path / "c.zarr", mode="a")
    message = failed(capsys, 1, "box", tmp_path / "c.zarr", tmp_path / "b.zarr")
    start, _, advised = message.partition("name a part of it, for example ")
    assert start == f"{tmp_path / 'c.zarr'}: is a zarr group without an image; "
    assert advised == str(tmp_path / "c.zarr" / "wells")
    done("box", advised, tmp_path / "b.zarr")
    shutil.rmtree(tmp_path / "b.zarr")
    (tmp_path / "d.zarr").mkdir()
    (tmp_path / "d.zarr" / "thesis.txt").write_text("all of it")
    good = array(tmp_path / "e.zarr", noise(5, 16, 16), 3)
    assert "is not replaced" in failed(capsys, 1, "box", good, tmp_path / "d.zarr")
    with pytest.raises(io.FileError, match="5 planes of 16 x 16 pixels are more than the limit of 1279"):
        io.read(good, max_pixels=1279)
    zarr.create_array(tmp_path / "f.zarr", shape=(1, 4, 4), chunks=(20000, 4, 400000), dtype="uint8")
    with pytest.raises(io.FileError, match="has chunks of"):
        io.read(tmp_path / "f.zarr")


def test_a_full_disk_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = array(tmp_path / "a.zarr", noise(5, 16, 16), 3, chunks=(1, 16, 16))
    kept = array(tmp_path / "b.zarr", noise(4, 4), 3)
    before = io.read(kept).pixels
    written = []

    def full(*arguments: object, **options: object) -> None:
        written.append(arguments)
        if len(written) > 3:
            raise OSError(28, "No space left on device")
        real(*arguments, **options)

    from zarr.storage import _local

    real = _local._put
    monkeypatch.setattr(_local, "_put", full)
    message = failed(capsys, 1, "gaussian", source, kept)
    assert message == f"{kept}: cannot be written: No space left on device"
    assert sorted(os.listdir(tmp_path)) == ["a.zarr", "b.zarr"]
    np.testing.assert_array_equal(io.read(kept).pixels, before)


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError(5, "Input/output error")])
def test_a_failure_at_the_end_leaves_the_old_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: type[BaseException] | OSError
) -> None:
    kept = array(tmp_path / "a.zarr", noise(4, 4), 3)
    before, rename, seen = io.read(kept).pixels, os.rename, []

    def fails(old: str, new: str) -> None:
        seen.append(new)
        if len(seen) == 2:
            raise failure
        rename(old, new)

    monkeypatch.setattr(os, "rename", fails)
    with pytest.raises(io.FileError if isinstance(failure, OSError) else KeyboardInterrupt):
        io.write(kept, io.Image(noise(4, 4), axes="YX"))
    assert os.listdir(tmp_path) == ["a.zarr"]
    np.testing.assert_array_equal(io.read(kept).pixels, before)


def test_without_the_package(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = array(tmp_path / "a.zarr", noise(5, 16, 16), 3)
    monkeypatch.setitem(sys.modules, "zarr", None)
    message = failed(capsys, 1, "gaussian", source, tmp_path / "b.zarr")
    assert message.endswith('needs the package zarr, which is not installed: pip install "imfilter[zarr]"')
    shutil.rmtree(source)
