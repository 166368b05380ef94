"""Pipelines of the command filter stacks as single filters do."""

import numpy as np
import pytest
import tifffile

import imfilter
from imfilter import cli, io
from imfilter._files import stack_files
from imfilter._files.stacks import Stack

STEPS = ("gaussian --sigma 2", "sobel")


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (3, 20, 24), np.uint8)


def test_pages_are_filtered_one_by_one(tmp_path, pixels):
    tifffile.imwrite(tmp_path / "in.tif", pixels, photometric="minisblack")
    assert cli.call(["pipe", str(tmp_path / "in.tif"), str(tmp_path / "out.npy"), *STEPS]) == 0
    expected = [imfilter.sobel(imfilter.gaussian(page.astype(np.float32), 2.0)) for page in pixels]
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)


def test_volumes_are_filtered_at_once_and_keep_their_spacing(tmp_path, pixels):
    image = io.Image(pixels, axes="ZYX", spacing=(2.0, 0.5, 0.5), units=("um",) * 3)
    io.write(tmp_path / "in.ome.tif", image)
    arguments = [str(tmp_path / "in.ome.tif"), str(tmp_path / "out.ome.tif"), *STEPS, "resize --scale 0.5"]
    assert cli.call(["pipe", *arguments, "--dtype", "float32"]) == 0
    found = io.read(tmp_path / "out.ome.tif")
    edges = imfilter.sobel(imfilter.gaussian(pixels.astype(np.float32), 2.0))
    np.testing.assert_array_equal(found.pixels, imfilter.resize(edges, scale=0.5))
    lengths = np.array(pixels.shape) / found.pixels.shape
    np.testing.assert_allclose(found.spacing, lengths * (2.0, 0.5, 0.5), rtol=1e-6)


def test_folders_that_are_one_image_are_no_trees(tmp_path, pixels, capsys):
    zarr = pytest.importorskip("zarr", reason="the extra zarr is not installed")
    (tmp_path / "in").mkdir()
    zarr.save(str(tmp_path / "in" / "a.zarr"), pixels[0])
    zarr.save(str(tmp_path / "in" / "plain"), pixels[0])
    io.write(tmp_path / "in" / "b.png", io.Image(pixels[0]))
    assert cli.call(["box", str(tmp_path / "in" / "plain"), str(tmp_path / "one.zarr"), "--size", "3"]) == 0
    assert cli.call(["box", str(tmp_path / "in"), str(tmp_path / "out"), "--size", "3"]) == 1
    assert "plain: unknown file type" in capsys.readouterr().err
    expected = imfilter.box(pixels[0], 3)
    for name in ("one.zarr", "out/a.zarr", "out/b.png"):
        np.testing.assert_array_equal(io.read(tmp_path / name).pixels, expected)


def test_suffixes_of_two_words(tmp_path, pixels):
    pytest.importorskip("nibabel", reason="the extra nifti is not installed")
    (tmp_path / "in").mkdir()
    io.write(tmp_path / "in" / "a.nii.gz", io.Image(pixels.astype(np.float32)))
    arguments = [str(tmp_path / "in"), str(tmp_path / "out"), "--size", "3", "--suffix", "_s"]
    assert cli.call(["box", *arguments]) == 0
    assert (tmp_path / "out" / "a_s.nii.gz").is_file()


@pytest.mark.parametrize("axes", ["X", "Y"])
def test_one_axis_of_pages(tmp_path, pixels, axes):
    tifffile.imwrite(tmp_path / "in.tif", pixels, photometric="minisblack")
    arguments = [str(tmp_path / "in.tif"), str(tmp_path / "out.npy"), "--axes", axes, "--sigma", "1"]
    assert cli.call(["gaussian", *arguments]) == 0
    expected = imfilter.gaussian(pixels, 1.0, axes={"X": -1, "Y": -2}[axes])
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)


def test_an_encoder_that_cannot_be_closed_does_not_hide_the_error_of_a_filter(tmp_path, pixels, monkeypatch):
    def failing():
        yield pixels[:1]
        raise ArithmeticError("of the filter")

    def write(file, header, blocks):
        try:
            list(blocks)
        finally:
            raise RuntimeError("of the encoder")

    monkeypatch.setattr(stack_files, "_write_array", write)
    with pytest.raises(ArithmeticError, match="of the filter"):
        stack_files.write(tmp_path / "a.npy", io.format_of("a.npy"), io.Image(pixels, axes="TYX"), failing())


def test_a_stack_with_too_few_planes_is_an_error(tmp_path, pixels):
    header = io.Image(pixels, axes="TYX")
    with pytest.raises(io.FileError, match="another number of planes"):
        stack_files.write(tmp_path / "a.npy", io.format_of("a.npy"), header, [pixels[:2]])
    stack = Stack(header, "YX", lambda: iter(pixels[:2]))
    with pytest.raises(ValueError, match="it has 2 planes, and its header says 3"):
        list(stack.blocks(0))
    assert not list(tmp_path.iterdir())
