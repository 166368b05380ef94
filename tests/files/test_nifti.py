"""Volumes in NIfTI files: values, scaling, header and affine."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import imfilter
from imfilter import io
from tests.cli.commands import done, failed, noise, run, save
from tests.files.pictures import picture

nibabel = pytest.importorskip("nibabel")
AFFINE = np.array([[-2.0, 0.1, 0, 90], [0, 3.0, 0.2, -126], [0, 0.1, 4.0, -72], [0, 0, 0, 1]])


def saved(path: Path, pixels: np.ndarray, slope: float | None = None, **options: object) -> Path:
    """Write an array of the axes X, Y, Z, T."""
    kind = options.pop("kind", nibabel.Nifti1Image)
    volume = kind(pixels, AFFINE, dtype=pixels.dtype)
    volume.header.set_xyzt_units("mm", "sec")
    volume.header["descrip"] = b"a scan"
    volume.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"said by hand"))
    if pixels.ndim == 4:
        volume.header.set_zooms((*volume.header.get_zooms()[:3], 1.5))
    if slope is not None:
        volume.header.set_slope_inter(slope, 5)
    nibabel.save(volume, path)
    return path


@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_volumes(tmp_path: Path, suffix: str, dtype: str) -> None:
    pixels = picture((9, 8, 7, 3), dtype)
    source = saved(tmp_path / f"a.{suffix}", pixels)
    found = io.read(source)
    assert (found.axes, found.pixels.dtype) == ("TZYX", dtype)
    np.testing.assert_array_equal(found.pixels, pixels.T)
    np.testing.assert_allclose(found.spacing, [1.5, 4.0049969, 3.0033315, 2.0], rtol=1e-6)
    assert found.units == ("s", "mm", "mm", "mm")
    io.write(tmp_path / f"b.{suffix}", found)
    before, after = nibabel.load(source), nibabel.load(tmp_path / f"b.{suffix}")
    np.testing.assert_array_equal(np.asarray(after.dataobj), pixels)
    np.testing.assert_allclose(after.affine, before.affine, rtol=1e-6)
    assert after.header.get_zooms() == before.header.get_zooms()
    assert after.header.get_xyzt_units() == ("mm", "sec")
    assert after.header["descrip"].item() == b"a scan"
    assert after.header.extensions[0].get_content() == b"said by hand"
    assert after.get_data_dtype() == dtype


@pytest.mark.parametrize("kind", ["Nifti1Image", "Nifti2Image"])
def test_a_filtered_volume(tmp_path: Path, kind: str) -> None:
    pixels = picture((9, 8, 7), "int16")
    source = saved(tmp_path / "a.nii.gz", pixels, kind=getattr(nibabel, kind))
    done("gaussian", source, tmp_path / "b.nii.gz", "--sigma", 3)
    spacing = nibabel.load(source).header.get_zooms()[::-1]  # in millimetres
    expected = imfilter.gaussian(np.ascontiguousarray(pixels.T), 3.0, spacing=tuple(map(float, spacing)))
    after = nibabel.load(tmp_path / "b.nii.gz")
    assert type(after).__name__ == kind
    np.testing.assert_array_equal(np.asarray(after.dataobj).T, expected)
    np.testing.assert_allclose(after.affine, AFFINE, rtol=1e-6)
    done("gaussian", source, tmp_path / "b.nii", "--sigma", 3, "--spacing", 1)
    expected = imfilter.gaussian(np.ascontiguousarray(pixels.T), 3.0)
    np.testing.assert_array_equal(np.asarray(nibabel.load(tmp_path / "b.nii").dataobj).T, expected)
    done("sobel", source, tmp_path / "b.nii", "--axis", "z", "--spacing", 1)
    after = nibabel.load(tmp_path / "b.nii")
    np.testing.assert_array_equal(
        np.asarray(after.dataobj).T, imfilter.sobel(np.ascontiguousarray(pixels.T), axis=0)
    )
    assert after.get_data_dtype() == np.float32


def test_a_series_of_volumes(tmp_path: Path) -> None:
    pixels = picture((9, 8, 7, 3), "float32")
    source = saved(tmp_path / "a.nii", pixels)
    done("median", source, tmp_path / "b.nii")
    turned = np.ascontiguousarray(pixels.T)
    expected = imfilter.median(turned, 3, axes=(1, 2, 3))
    np.testing.assert_array_equal(np.asarray(nibabel.load(tmp_path / "b.nii").dataobj).T, expected)
    done("median", source, tmp_path / "b.nii", "--time")
    expected = imfilter.median(turned, 3, axes=(0,))
    np.testing.assert_array_equal(np.asarray(nibabel.load(tmp_path / "b.nii").dataobj).T, expected)


@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
def test_scaled_integers_become_floats(tmp_path: Path, suffix: str) -> None:
    pixels = picture((9, 8, 7, 2), "int16")
    found = io.read(saved(tmp_path / f"a.{suffix}", pixels, slope=0.25))
    assert found.pixels.dtype == np.float32
    np.testing.assert_array_equal(found.pixels, pixels.T * 0.25 + 5)
    done("box", tmp_path / f"a.{suffix}", tmp_path / "b.nii")
    after = nibabel.load(tmp_path / "b.nii")
    assert (after.dataobj.slope, after.dataobj.inter) == (1, 0)
    expected = imfilter.box(found.pixels, 3, axes=(1, 2, 3))
    np.testing.assert_array_equal(np.asarray(after.dataobj).T, expected)


def test_resizing_moves_the_affine(tmp_path: Path) -> None:
    source = saved(tmp_path / "a.nii", picture((8, 6, 4), "float32"))
    done("resize", source, tmp_path / "b.nii", "--scale", 0.5)
    before, after = nibabel.load(source), nibabel.load(tmp_path / "b.nii")
    assert after.shape == (4, 3, 2)
    # The first sample of the result is in the middle of the first eight.
    np.testing.assert_allclose(after.affine @ [0, 0, 0, 1], before.affine @ [0.5, 0.5, 0.5, 1], rtol=1e-6)
    np.testing.assert_allclose(after.affine @ [3, 2, 1, 1], before.affine @ [6.5, 4.5, 2.5, 1], rtol=1e-6)


def test_from_and_to_other_formats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = saved(tmp_path / "a.nii", picture((9, 8, 7), "uint16"))
    done("box", source, tmp_path / "b.tif")
    found = io.read(tmp_path / "b.tif")
    assert found.axes == "ZYX"
    assert found.distance("X") == (2.0, "mm")
    done("box", tmp_path / "b.tif", tmp_path / "c.nii", "--axes", "YX")
    after = nibabel.load(tmp_path / "c.nii")
    np.testing.assert_allclose(after.header.get_zooms(), nibabel.load(source).header.get_zooms(), rtol=1e-6)
    assert after.header.get_xyzt_units()[0] == "mm"
    done("canny", save(tmp_path / "in.png", noise(20, 30)), tmp_path / "d.nii")
    assert nibabel.load(tmp_path / "d.nii").shape == (30, 20)
    five = io.Image(noise(2, 3, 4, 5, 6), axes="TZCYX")
    with pytest.raises(io.FileError, match="NIfTI holds the axes CTZYX in this order, and IN has TZCYX"):
        io.write(tmp_path / "e.nii", five)
    assert "float" not in failed(capsys, 2, "box", source, tmp_path / "b.png")


def test_other_kinds_of_filters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pixels = np.zeros((9, 8, 7), np.uint8)
    pixels[3:6, 2:6, 2:5] = 200
    source, out = saved(tmp_path / "a.nii", pixels), tmp_path / "b.nii"
    turned = np.ascontiguousarray(pixels.T)
    spacing = tuple(map(float, nibabel.load(source).header.get_zooms()[::-1]))
    done("distance", source, out)
    expected = imfilter.morphology.distance(turned > 0, spacing=spacing)
    np.testing.assert_array_equal(np.asarray(nibabel.load(out).dataobj).T, expected)
    done("threshold", source, out, "--method", "otsu")
    np.testing.assert_array_equal(np.asarray(nibabel.load(out).dataobj).T, turned > 100)
    done("orientation", source, out)  # vectors along the fifth axis of the file
    expected = imfilter.orientation(turned, 1.0, spacing=spacing)
    assert nibabel.load(out).shape == (9, 8, 7, 1, 3)
    np.testing.assert_array_equal(np.asarray(nibabel.load(out).dataobj).T[:, 0], expected)
    line = failed(capsys, 2, "blobs", source, tmp_path / "b.npy")
    assert line == f"{source} is a stack, and a list of places is for one picture; write .tif"


def test_damage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = saved(tmp_path / "a.nii", picture((9, 8, 7), "uint16"))
    data = source.read_bytes()
    (tmp_path / "short.nii").write_bytes(data[:-1])
    message = failed(capsys, 1, "box", tmp_path / "short.nii", tmp_path / "b.nii")
    assert "bytes cannot hold the shape (7, 8, 9)" in message
    packed = saved(tmp_path / "a.nii.gz", picture((99, 88, 7), "uint16"))
    packed.write_bytes(packed.read_bytes()[:-900])
    assert failed(capsys, 1, "box", packed, tmp_path / "b.nii").startswith(f"{packed}: ")
    large = bytearray(data)
    large[42:48] = b"\xff\x7f" * 3
    (tmp_path / "large.nii").write_bytes(large)
    assert "are more than the limit" in failed(capsys, 1, "box", tmp_path / "large.nii", tmp_path / "b.nii")
    colours = np.zeros((4, 5, 6), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    nibabel.save(nibabel.Nifti1Image(colours, AFFINE), tmp_path / "rgb.nii")
    assert "volumes of real numbers" in failed(capsys, 1, "box", tmp_path / "rgb.nii", tmp_path / "b.nii")
    assert not (tmp_path / "b.nii").exists()


def test_without_the_package(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = saved(tmp_path / "a.nii", picture((9, 8, 7), "uint16"))
    monkeypatch.setitem(sys.modules, "nibabel", None)
    message = failed(capsys, 1, "gaussian", source, tmp_path / "b.nii")
    assert message.endswith(
        'needs the package nibabel, which is not installed: pip install "imfilter[nifti]"'
    )
    assert run("gaussian", save(tmp_path / "a.npy", noise(4, 5, 6)), tmp_path / "b.nii") == 1


@pytest.mark.parametrize("distance", [np.nan, np.inf])
def test_a_distance_that_is_no_number_is_not_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], distance: float
) -> None:
    source = saved(tmp_path / "a.nii", picture((8, 6, 4), "float32"))
    data = bytearray(source.read_bytes())
    data[80:84] = np.float32(distance).tobytes()  # pixdim[1]
    source.write_bytes(data)
    found = io.read(source)
    assert found.spacing is not None
    assert found.spacing[-1] is None
    done("gaussian", source, tmp_path / "b.nii", "--sigma", 2)
    assert "so sizes are in samples" in capsys.readouterr().err
    np.testing.assert_array_equal(io.read(tmp_path / "b.nii").pixels, imfilter.gaussian(found.pixels, 2.0))
