"""Where samples are after a change of size. The values of a test image are its positions, so results tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imfilter._cli import blockwise
from tests.cli.commands import done
from tests.looping import loop_over

zarr = pytest.importorskip("zarr")
START, STEP = (10.0, -3.0, 40.0), (2.0, 0.5, 0.25)
SHAPE = (6, 24, 32)


def places(axis: int, length: int, start: float, step: float) -> np.ndarray:
    return (start + step * np.arange(length)).reshape([-1 if n == axis else 1 for n in range(3)])


def ramp(path: Path, axis: int, version: int = 3) -> Path:
    """Write an image whose samples are their positions along an axis."""
    group = zarr.open_group(path, mode="w", zarr_format=version)
    pixels = np.broadcast_to(places(axis, SHAPE[axis], START[axis], STEP[axis]), SHAPE)
    stored = group.create_array("0", shape=SHAPE, chunks=(3, 8, 8), dtype="float64")
    stored[...] = pixels
    transforms = [{"type": "scale", "scale": STEP}, {"type": "translation", "translation": START}]
    datasets = [{"path": "0", "coordinateTransformations": transforms}]
    image = {"axes": [{"name": n, "type": "space"} for n in "zyx"], "datasets": datasets}
    group.attrs.update(
        {"ome": {"version": "0.5", "multiscales": [image]}} if version == 3 else {"multiscales": [image]}
    )
    return path


def levels_of(path: Path) -> list[tuple[np.ndarray, list[float], list[float]]]:
    """Return the samples, the distances and the position of each level."""
    group = zarr.open_group(path, mode="r")
    attributes = dict(group.attrs)
    found = []
    for entry in attributes.get("ome", attributes)["multiscales"][0]["datasets"]:
        transforms = {one["type"]: one[one["type"]] for one in entry["coordinateTransformations"]}
        origin = transforms.get("translation", [0.0] * 3)
        found.append((group[entry["path"]][...], transforms["scale"], origin))
    return found


def check(path: Path, axis: int, around: int = 0, tolerance: float = 1e-9) -> None:
    """Compare positions by the metadata with the samples, apart from some at the ends of the axis."""
    for pixels, scale, origin in levels_of(path):
        length = pixels.shape[axis]
        inner = tuple(
            slice(around if n == axis else 0, length - around if n == axis else None) for n in range(3)
        )
        expected = np.broadcast_to(places(axis, length, origin[axis], scale[axis]), pixels.shape)
        np.testing.assert_allclose(pixels[inner], expected[inner], rtol=0, atol=tolerance)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("large", [False, True])
@loop_over("axis", [0, 1, 2])
def test_levels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int, large: bool, axis: int
) -> None:
    """Each level has its own scale and its own translation, also if it is written block by block."""
    if large:
        monkeypatch.setattr(blockwise, "_LARGE", 0)
    source = ramp(tmp_path / "in.zarr", axis, version)
    done("minimum", source, tmp_path / "out.zarr", "--size", 1, "--levels", 3)
    assert [pixels.shape for pixels, _, _ in levels_of(tmp_path / "out.zarr")] == [
        SHAPE,
        (6, 12, 16),
        (6, 6, 8),
    ]
    check(tmp_path / "out.zarr", axis)


@loop_over("axis", [0, 1, 2])
@loop_over(
    ("words", "around"),
    [
        (["resize", "--scale", 0.5], 0),
        (["resize", "--shape", "3,6,8"], 0),
        (["resize", "--shape", "9,30,19", "--method", "linear", "--no-antialias"], 2),
        (["resize", "--shape", "9,30,19", "--method", "linear", "--no-antialias", "--align", "corners"], 0),
        (["resize", "--scale", 0.5, "--axes", "YX"], 0),
        (["resize", "--scale", 0.5, "--axes", "X"], 0),
        (["pipe", "resize --scale 0.5", "box --size 1", "resize --shape 9,30,19 --method linear"], 2),
        (
            ["pipe", "resize --shape 11,9,12 --method linear --align corners --no-antialias", "box --size 1"],
            0,
        ),
    ],
)
def test_resized(tmp_path: Path, axis: int, words: list[object], around: int) -> None:
    source, out = ramp(tmp_path / "in.zarr", axis), tmp_path / "out.zarr"
    files = [source, out]
    done(words[0], *files, *words[1:])
    check(out, axis, around)


@pytest.mark.parametrize("axis", [0, 1])
@loop_over(("length", "outputs"), [(1, 3), (5, 1), (6, 1), (1, 1)])
@loop_over("align", ["corners", "centres"])
def test_one_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, axis: int, length: int, outputs: int, align: str
) -> None:
    """With corners, a single sample is at the first corner, and the first one of several copies, too."""
    shape = [length if n == axis else 5 for n in range(3)]
    monkeypatch.setattr("tests.files.test_positions.SHAPE", tuple(shape))
    source, out = ramp(tmp_path / "in.zarr", axis), tmp_path / "out.zarr"
    shape[axis] = outputs
    words = ["--axes", "ZYX", "--method", "linear", "--no-antialias", "--align", align]
    done("resize", source, out, "--shape", ",".join(map(str, shape)), *words)
    ((pixels, scale, origin),) = levels_of(out)
    start = START[axis] if align == "corners" else START[axis] + STEP[axis] * (length / outputs - 1) / 2
    np.testing.assert_allclose([origin[axis], scale[axis]], [start, STEP[axis] * length / outputs])
    if length > 1:
        np.testing.assert_allclose(pixels, start)


@loop_over("axis", [0, 1, 2])
@loop_over("name", ["correlate", "convolve"])
@loop_over(
    ("words", "around"),
    [
        ([], 0),
        (["--padding", "valid"], 0),
        (["--padding", 4], 4),
        (["--stride", 2], 0),
        (["--stride", 3, "--padding", "valid", "--dilation", 2], 0),
    ],
)
@pytest.mark.parametrize("taps", [3, 4])
def test_kernels(tmp_path: Path, axis: int, name: str, words: list[object], around: int, taps: int) -> None:
    """The kernel copies the sample that is its centre, so that a result is the position of its sample."""
    kernel = np.zeros(taps)
    kernel[taps // 2] = 1
    kernels = ["--kernel", ",".join(map(str, kernel))] * 3
    dilated = "--dilation" in words and taps == 4
    if dilated:  # the centre is in a gap
        return
    source, out = ramp(tmp_path / "in.zarr", axis), tmp_path / "out.zarr"
    done(name, source, out, *kernels, *words, "--mode", "edge")
    check(out, axis, around)
    if words:
        steps = " ".join([name, *(f"{word}" for word in [*kernels, *words])])
        done("pipe", source, tmp_path / "piped.zarr", "box --size 1", steps)
        assert levels_of(tmp_path / "piped.zarr")[0][1:] == levels_of(out)[0][1:]


@pytest.mark.parametrize("words", [["resize", "--scale", 0.5], ["correlate", "--padding", "valid"]])
def test_volumes_of_nifti(tmp_path: Path, words: list[object]) -> None:
    """The matrix takes an index of the result to its position: that of the samples along X, Y and Z."""
    nibabel = pytest.importorskip("nibabel")
    affine = np.array([[-2.0, 0.1, 0, 90], [0, 3.0, 0.2, -126], [0, 0.1, 4.0, -72], [0, 0, 0, 1]])
    index = np.stack([*np.indices((12, 10, 8)), np.ones((12, 10, 8))])
    kernel = ["--kernel", "0,0,1,0,0"] * 3 if words[0] == "correlate" else []
    for axis in range(3):
        position = np.einsum("j,jxyz->xyz", affine[axis], index)
        nibabel.save(nibabel.Nifti1Image(position, affine), tmp_path / "a.nii")
        for command in ([*words, *kernel], ["pipe", " ".join(map(str, [*words, *kernel]))]):
            done(command[0], tmp_path / "a.nii", tmp_path / "b.nii", *command[1:])
            after = nibabel.load(tmp_path / "b.nii")
            pixels = np.asarray(after.dataobj)
            moved = np.stack([*np.indices(pixels.shape), np.ones(pixels.shape)])
            np.testing.assert_allclose(pixels, np.einsum("j,jxyz->xyz", after.affine[axis], moved), rtol=1e-5)


def test_the_first_time_of_nifti(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    volume = nibabel.Nifti1Image(np.zeros((5, 4, 3, 8), np.float32), np.eye(4))
    volume.header.set_zooms((1, 1, 1, 2.0))
    volume.header["toffset"] = 30
    nibabel.save(volume, tmp_path / "a.nii")
    done("resize", tmp_path / "a.nii", tmp_path / "b.nii", "--axes", "T", "--scale", 0.5)
    header = nibabel.load(tmp_path / "b.nii").header
    assert (header.get_zooms()[3], header["toffset"]) == (4.0, 31.0)
