"""Pictures and series of DICOM: order, values, spacing and geometry."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import imfilter
from imfilter import io
from tests.cli.commands import done, failed, noise
from tests.files.pictures import picture

pydicom = pytest.importorskip("pydicom")
uid = pytest.importorskip("pydicom.uid")
SERIES = "1.2.826.0.1.3680043.8.498.1"


def saved(path: Path, pixels: np.ndarray, **tags: object) -> Path:
    """Write one file: (rows, columns), (frames, rows, columns) or colours."""
    colour = pixels.shape[-1] == 3
    meta = pydicom.dataset.FileMetaDataset()
    meta.MediaStorageSOPClassUID = uid.CTImageStorage
    meta.MediaStorageSOPInstanceUID = uid.generate_uid()
    meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    data = pydicom.dataset.FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.SeriesInstanceUID, data.Modality = SERIES, "CT"
    data.Rows, data.Columns = pixels.shape[-3:-1] if colour else pixels.shape[-2:]
    data.SamplesPerPixel, data.PhotometricInterpretation = (3, "RGB") if colour else (1, "MONOCHROME2")
    if colour:
        data.PlanarConfiguration = 0
    data.BitsAllocated = data.BitsStored = 8 * pixels.itemsize
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    if pixels.ndim == 3 and not colour:
        data.NumberOfFrames = len(pixels)
    for name, value in tags.items():
        setattr(data, name, value)
    data.PixelData = pixels.tobytes()
    data.save_as(path, enforce_file_format=True)
    return path


def series(folder: Path, pixels: np.ndarray, **tags: object) -> Path:
    """Write slices from the last to the first, 2.5 mm apart, so that names and positions disagree."""
    folder.mkdir()
    for number, plane in enumerate(pixels):
        place = [-10.0, -20.0, 30.0 + 2.5 * number]
        saved(
            folder / f"{len(pixels) - number:03}.dcm",
            plane,
            ImagePositionPatient=place,
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            PixelSpacing=[0.5, 0.75],
            InstanceNumber=len(pixels) - number,
            **tags,
        )
    return folder


@pytest.fixture
def volume() -> np.ndarray:
    return picture((5, 12, 14), "int16") // 2


def test_a_series(tmp_path: Path, volume: np.ndarray) -> None:
    found = io.read(series(tmp_path / "ct", volume))
    assert (found.axes, found.spacing, found.units) == ("ZYX", (2.5, 0.5, 0.75), ("mm", "mm", "mm"))
    assert found.pixels.dtype == np.int16
    np.testing.assert_array_equal(found.pixels, volume)


def test_values_are_rescaled(tmp_path: Path) -> None:
    stored = picture((5, 12, 14), "uint16") >> 4
    found = io.read(series(tmp_path / "ct", stored, BitsStored=12, RescaleSlope=1, RescaleIntercept=-1024))
    assert found.pixels.dtype == np.int16
    np.testing.assert_array_equal(found.pixels, stored.astype(int) - 1024)
    found = io.read(series(tmp_path / "pet", stored, RescaleSlope="0.25", RescaleIntercept="0.5"))
    assert found.pixels.dtype == np.float32
    np.testing.assert_array_equal(found.pixels, stored * 0.25 + 0.5)
    found = io.read(saved(tmp_path / "a.dcm", stored[0]))
    assert found.pixels.dtype == np.uint16


def test_a_filtered_series(tmp_path: Path, volume: np.ndarray) -> None:
    source = series(tmp_path / "ct", volume)
    done("gaussian", source, tmp_path / "a.npy", "--sigma", 2)
    expected = imfilter.gaussian(volume, 2.0, spacing=(2.5, 0.5, 0.75))
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), expected)
    done("median", source, tmp_path / "a.tif", "--axes", "YX")
    found = io.read(tmp_path / "a.tif")
    assert found.distance("Z") == (2.5, "mm")
    np.testing.assert_array_equal(found.pixels, imfilter.median(volume, 3, axes=(1, 2)))


def test_the_geometry_of_a_series_in_nifti(tmp_path: Path, volume: np.ndarray) -> None:
    nibabel = pytest.importorskip("nibabel")
    done("median", series(tmp_path / "ct", volume), tmp_path / "a.nii.gz")
    after = nibabel.load(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(np.asarray(after.dataobj).T, imfilter.median(volume, 3))
    # NIfTI counts to the right and to the front, DICOM to the left and to the back.
    np.testing.assert_allclose(after.affine @ [0, 0, 0, 1], [10, 20, 30, 1])
    np.testing.assert_allclose(after.affine @ [1, 1, 1, 1], [9.25, 19.5, 32.5, 1])
    assert after.header.get_xyzt_units()[0] == "mm"


def test_frames_and_colours(tmp_path: Path) -> None:
    pixels = noise(4, 10, 12)
    found = io.read(saved(tmp_path / "a.dcm", pixels, FrameTime=40))
    assert (found.axes, found.spacing[0], found.units[0]) == ("TYX", 0.04, "s")
    np.testing.assert_array_equal(found.pixels, pixels)
    assert io.read(saved(tmp_path / "b.dcm", pixels)).axes == "IYX"
    colours = noise(10, 12, 3)
    found = io.read(saved(tmp_path / "c.dcm", colours))
    assert found.axes == "YXS"
    np.testing.assert_array_equal(found.pixels, colours)
    done("sobel", tmp_path / "c.dcm", tmp_path / "c.png")


def test_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str], volume: np.ndarray) -> None:
    out = tmp_path / "out.npy"
    source = series(tmp_path / "ct", volume)
    assert "DICOM is read only; write .nii.gz" in failed(capsys, 1, "box", source, tmp_path / "a.dcm")
    with pytest.raises(io.FileError, match="5 planes of 14 x 12 pixels are more than the limit of 839"):
        io.read(source, max_pixels=839)
    saved(source / "x.dcm", volume[0], SeriesInstanceUID=SERIES + ".2", SeriesDescription="scout")
    assert "has 2 series (" in failed(capsys, 1, "box", source, out)
    place = {"ImagePositionPatient": [0, 0, 99], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}
    saved(source / "x.dcm", volume[0, :9], **place)
    assert "its slices have different sizes: " in failed(capsys, 1, "box", source, out)
    (source / "x.dcm").unlink()
    data = (source / "002.dcm").read_bytes()
    (source / "002.dcm").write_bytes(data[:400])
    message = failed(capsys, 1, "box", source, out)
    assert message.startswith((f"{source}: ", f"{source}/002.dcm: "))
    twice = series(tmp_path / "twice", volume)
    (twice / "again.dcm").write_bytes((twice / "001.dcm").read_bytes())
    assert "several slices at one position" in failed(capsys, 1, "box", twice, out)
    (tmp_path / "empty").mkdir()
    assert "is a folder, so OUT must be a folder" in failed(capsys, 2, "box", tmp_path / "empty", out)
    assert not out.exists()


def test_a_missing_slice(tmp_path: Path, volume: np.ndarray) -> None:
    source = series(tmp_path / "ct", volume)
    (source / "003.dcm").unlink()
    with pytest.warns(io.FileWarning, match="not evenly spaced: 2.5 to 5 mm"):
        assert io.read(source).pixels.shape == (4, 12, 14)


def test_series_without_an_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], volume: np.ndarray
) -> None:
    """Slices of two directions, or of which some have no position, are no volume."""
    out = tmp_path / "out.npy"
    turned = [1, 0, 0, 0, 0, -1]
    place = {"ImagePositionPatient": [0, 0, 99], "PixelSpacing": [0.5, 0.75]}
    mixed = series(tmp_path / "mixed", volume)
    saved(mixed / "x.dcm", volume[0], ImageOrientationPatient=turned, **place)
    assert f"{mixed}: its slices have different directions" in failed(capsys, 1, "box", mixed, out)
    lost = series(tmp_path / "lost", volume)
    saved(lost / "x.dcm", volume[0], InstanceNumber=9)
    message = failed(capsys, 1, "box", lost, out)
    assert message == f"{lost}: x.dcm has no position, and other slices have one"
    wide = series(tmp_path / "wide", volume)
    place = {"ImagePositionPatient": [0, 0, 42.5], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}
    saved(wide / "x.dcm", volume[0], PixelSpacing=[1, 1], **place)
    assert "its slices have different distances of pixels: 0.5 to 1 mm" in failed(capsys, 1, "box", wide, out)
    (tmp_path / "names").mkdir()
    for number in range(3):
        saved(tmp_path / "names" / f"{number}.dcm", volume[number])
    with pytest.warns(io.FileWarning, match="so they are in the order of their names"):
        np.testing.assert_array_equal(io.read(tmp_path / "names").pixels, volume[:3])
    for number in range(3):
        saved(tmp_path / "names" / f"{number}.dcm", volume[number], InstanceNumber=3 - number)
    np.testing.assert_array_equal(io.read(tmp_path / "names").pixels, volume[2::-1])


def test_sizes_without_a_spacing_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], volume: np.ndarray
) -> None:
    (tmp_path / "a").mkdir()
    for number in range(3):
        saved(tmp_path / "a" / f"{number}.dcm", volume[number], InstanceNumber=number)
    done("gaussian", tmp_path / "a", tmp_path / "out.npy", "--sigma", 2)
    assert "distance of its samples, so sizes are in samples" in capsys.readouterr().err
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), imfilter.gaussian(volume[:3], 2.0))
    done("gaussian", tmp_path / "a", tmp_path / "out.npy", "--sigma", 2, "--spacing", 1)
    done("median", tmp_path / "a", tmp_path / "out.npy")  # counts in samples always
    assert capsys.readouterr().err == ""


def group(**tags: object) -> object:
    """Return a sequence with one item."""
    item = pydicom.Dataset()
    for name, value in tags.items():
        setattr(item, name, value)
    return pydicom.Sequence([item])


def enhanced(path: Path, pixels: np.ndarray, places: list[float]) -> Path:
    """Write a file of several frames, whose geometry and scale are in functional groups."""
    shared = group(
        PixelMeasuresSequence=group(PixelSpacing=[0.5, 0.75], SliceThickness=3),
        PlaneOrientationSequence=group(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
    )
    frames = [
        group(
            PlanePositionSequence=group(ImagePositionPatient=[-10, -20, place]),
            PixelValueTransformationSequence=group(RescaleSlope=2, RescaleIntercept=number),
        )[0]
        for number, place in enumerate(places)
    ]
    groups = {"SharedFunctionalGroupsSequence": shared}
    return saved(path, pixels, PerFrameFunctionalGroupsSequence=pydicom.Sequence(frames), **groups)


def test_frames_with_functional_groups(tmp_path: Path) -> None:
    """Each frame has a place and a scale of its own. The frames are sorted by their places."""
    pixels = picture((3, 10, 12), "int16") // 4
    values = pixels.astype(int) * 2 + np.arange(3)[:, None, None]
    found = io.read(enhanced(tmp_path / "a.dcm", pixels, [35.0, 30.0, 32.5]))
    assert (found.axes, found.spacing, found.units) == ("ZYX", (2.5, 0.5, 0.75), ("mm", "mm", "mm"))
    np.testing.assert_array_equal(found.pixels, values[[1, 2, 0]])
    folder = tmp_path / "folder"
    folder.mkdir()
    found = io.read(enhanced(folder / "a.dcm", pixels, [30.0, 30.0, 32.5]).parent)  # two times of a plane
    assert (found.axes, found.spacing) == ("IYX", (None, 0.5, 0.75))
    np.testing.assert_array_equal(found.pixels, values)
    nibabel = pytest.importorskip("nibabel")
    done("median", tmp_path / "a.dcm", tmp_path / "a.nii")
    after = nibabel.load(tmp_path / "a.nii")
    np.testing.assert_allclose(after.affine @ [0, 0, 0, 1], [10, 20, 30, 1])
    np.testing.assert_allclose(after.affine @ [1, 1, 1, 1], [9.25, 19.5, 32.5, 1])


def test_frames_that_are_not_evenly_spaced(tmp_path: Path) -> None:
    path = enhanced(tmp_path / "a.dcm", np.zeros((3, 6, 8), np.uint16), [0.0, 1.0, 9.0])
    with pytest.warns(io.FileWarning, match="not evenly spaced: 1 to 8 mm"):
        io.read(path)


def test_without_the_package(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, volume: np.ndarray
) -> None:
    source = series(tmp_path / "ct", volume)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    message = failed(capsys, 1, "box", source, tmp_path / "b.npy")
    assert message.endswith(
        'needs the package pydicom, which is not installed: pip install "imfilter[dicom]"'
    )
