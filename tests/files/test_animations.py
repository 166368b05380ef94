"""Animated pictures, and single pictures in GIF, JPEG 2000, AVIF and portable anymaps."""

from __future__ import annotations

import struct
import weakref
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import features

from imfilter import io
from imfilter._base import dtypes
from imfilter._files import animation, png, stack_files
from tests.cli.commands import done, noise
from tests.files.pictures import chunk, icc, image, picture, raw_png

DURATIONS = [40, 200, 100]


def frames(channels: int = 3, size: tuple[int, int] = (12, 17)) -> np.ndarray:
    """Return three frames of few colours, which a GIF holds without loss."""
    rng = np.random.default_rng(channels)
    pixels = rng.choice(np.array([0, 51, 204, 255], np.uint8), (3, *size, channels))
    if channels in (2, 4):
        pixels[..., -1] = np.where(pixels[..., -1] > 100, 255, 0)
        pixels[pixels[..., -1] == 0] = 0
    return pixels[..., 0] if channels == 1 else pixels


def saved(path: Path, pixels: np.ndarray, **options: object) -> Path:
    first, *others = (Pillow.fromarray(frame) for frame in pixels)
    first.save(path, save_all=True, append_images=others, duration=DURATIONS, **options)
    return path


@pytest.mark.parametrize(
    ("suffix", "channels"),
    [("gif", 3), ("gif", 4), ("png", 1), ("png", 3), ("png", 4), ("webp", 3), ("webp", 4)],
)
def test_frames_durations_and_loops(tmp_path: Path, suffix: str, channels: int) -> None:
    pixels = frames(channels)
    options = {"webp": {"lossless": True}, "gif": {"disposal": 2}, "png": {"blend": 0}}[suffix]
    source = saved(tmp_path / f"a.{suffix}", pixels, loop=4, **options)
    found = io.read(source)
    assert found.axes == ("TYX" if channels == 1 else "TYXS")
    assert found.alpha == (channels == 4)
    np.testing.assert_array_equal(found.pixels, pixels)
    assert found.details["animation"] == {"durations": (40, 200, 100), "loop": 4}
    assert found.distance("T") == (None, "")
    io.write(tmp_path / f"b.{suffix}", found)
    again = io.read(tmp_path / f"b.{suffix}")
    np.testing.assert_array_equal(again.pixels, pixels)
    assert again.details == found.details


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_frames_of_png_have_what_changed(tmp_path: Path, channels: int) -> None:
    """Frames that are equal, or differ in a corner, are kept. Long durations are rounded to seconds."""
    pixels = np.repeat(frames(channels, (40, 50))[:1], 6, axis=0)
    pixels[2, -1, -1] = pixels[2, -1, -1] // 2 + 1
    pixels[3, 5:9, 7:20] = 33
    pixels[5] = 255 - pixels[5]
    durations = (1.0, 0.0, 65535.0, 70000.0, 40.0, 7e6)
    details = {"animation": {"durations": durations, "loop": 2}}
    io.write(
        tmp_path / "a.png",
        io.Image(
            pixels, channels > 1, channels in (2, 4), axes="TYX" + "S" * (channels > 1), details=details
        ),
    )
    with Pillow.open(tmp_path / "a.png") as picture:
        assert picture.n_frames == 6
        for number, frame in enumerate(pixels):
            picture.seek(number)
            np.testing.assert_array_equal(np.asarray(picture.convert(picture.mode)), frame)
            assert picture.info["duration"] == durations[number]
    assert io.read(tmp_path / "a.png").details == details
    kinds = [kind for kind in (b"acTL", b"fcTL", b"fdAT") if kind in (tmp_path / "a.png").read_bytes()]
    assert len(kinds) == 3


def test_a_gif_that_plays_once(tmp_path: Path) -> None:
    found = io.read(saved(tmp_path / "a.gif", frames()))
    assert found.details["animation"]["loop"] is None
    io.write(tmp_path / "b.gif", found)
    with Pillow.open(tmp_path / "b.gif") as picture:
        assert "loop" not in picture.info
    io.write(tmp_path / "b.webp", found)
    with Pillow.open(tmp_path / "b.webp") as picture:
        assert picture.info["loop"] == 1
    io.write(tmp_path / "b.png", found)
    for suffix in ("png", "webp"):
        assert io.read(tmp_path / f"b.{suffix}").details["animation"]["loop"] == 1


def test_from_one_format_to_another(tmp_path: Path) -> None:
    pixels = frames(4)
    found = io.read(saved(tmp_path / "a.gif", pixels, disposal=2, loop=0))
    for suffix in ("png", "webp", "tif", "npy"):
        io.write(tmp_path / f"b.{suffix}", found)
        np.testing.assert_array_equal(io.read(tmp_path / f"b.{suffix}").pixels, pixels)
    with pytest.raises(ValueError, match="JPEG holds one picture, and IN has 3"):
        io.write(tmp_path / "b.jpg", found)
    with pytest.raises(ValueError, match="GIF cannot hold float32"):
        io.write(tmp_path / "b.gif", io.Image(np.zeros((3, 4, 5), np.float32), axes="TYX"))
    steady = io.Image(frames(1), axes="TYX", spacing=(0.25, None, None), units=("s", "", ""))
    io.write(tmp_path / "c.png", steady)
    found = io.read(tmp_path / "c.png")
    assert found.details["animation"]["durations"] == (250, 250, 250)
    assert found.distance("T") == (0.25, "s")


def test_16_bits_are_not_animated(tmp_path: Path) -> None:
    deep = io.Image(np.zeros((3, 4, 5), np.uint16), axes="TYX")
    with pytest.raises(ValueError, match="an animated PNG has 8 bits"):
        io.write(tmp_path / "a.png", deep)
    io.write(tmp_path / "a.png", io.Image(deep.pixels[:1], axes="TYX"))
    assert io.read(tmp_path / "a.png").pixels.dtype == np.uint16


def test_limits_of_animations(tmp_path: Path) -> None:
    source = saved(tmp_path / "a.gif", frames())
    with pytest.raises(io.FileError, match="3 planes of 17 x 12 pixels are more than the limit of 611"):
        io.read(source, max_pixels=611)
    assert io.read(source, max_pixels=612).pixels.shape == (3, 12, 17, 3)
    data = raw_png(64, 64, 8, 0, bytes(65 * 64), chunk(b"acTL", struct.pack(">II", 99999, 0)))
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(io.FileError, match="bytes cannot hold 100000 frames"):
        io.read(tmp_path / "a.png")
    (tmp_path / "a.gif").write_bytes(b"GIF89a" + struct.pack("<HHBBB", 9000, 9000, 0, 0, 0) + bytes(100))
    with pytest.raises(io.FileError):
        io.read(tmp_path / "a.gif")


def test_single_gifs(tmp_path: Path) -> None:
    pixels = frames(3)[0]
    io.write(tmp_path / "a.gif", image(pixels))
    found = io.read(tmp_path / "a.gif")
    assert (found.axes, found.channels) == ("", True)
    np.testing.assert_array_equal(found.pixels, pixels)


@pytest.mark.skipif(not features.check("jpg_2000"), reason="Pillow was built without OpenJPEG")
@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 3), (40, 50, 4)])
def test_jpeg_2000(tmp_path: Path, shape: tuple[int, ...]) -> None:
    pixels = picture(shape, "uint8")
    io.write(tmp_path / "a.jp2", image(pixels))
    np.testing.assert_array_equal(io.read(tmp_path / "a.jp2").pixels, pixels)
    if len(shape) == 2:
        deep = picture(shape, "uint16")
        io.write(tmp_path / "a.jp2", image(deep))
        np.testing.assert_array_equal(io.read(tmp_path / "a.jp2").pixels, deep)
    else:
        with pytest.raises(io.FileError, match="16 bits are only written in grey"):
            io.write(tmp_path / "a.jp2", image(picture(shape, "uint16")))


def test_deep_colour_in_jpeg_2000_is_refused(tmp_path: Path) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    data = imagecodecs.jpeg2k_encode(picture((40, 50, 3), "uint16"), level=0, codecformat="jp2")
    (tmp_path / "a.jp2").write_bytes(data)
    with pytest.raises(io.FileError, match="has 3 channels of 16 bits"):
        io.read(tmp_path / "a.jp2")


@pytest.mark.skipif(not features.check("avif"), reason="Pillow was built without AVIF")
def test_avif(tmp_path: Path) -> None:
    pixels = np.zeros((32, 40, 3), np.uint8)
    pixels[:, 20:] = 200, 90, 30
    io.write(tmp_path / "a.avif", io.Image(pixels, True, icc=icc()))
    found = io.read(tmp_path / "a.avif")
    assert found.icc == icc()
    np.testing.assert_allclose(found.pixels.astype(int), pixels, atol=6)
    stack = io.Image(np.stack([pixels, pixels[:, ::-1]]), True, axes="TYXS")
    io.write(tmp_path / "b.avif", stack)
    assert io.read(tmp_path / "b.avif").pixels.shape == (2, 32, 40, 3)
    saved(tmp_path / "c.avif", frames(3, (32, 40)))
    done("median", tmp_path / "c.avif", tmp_path / "d.avif")
    for name in ("c.avif", "d.avif"):
        assert io.read(tmp_path / name).details["animation"]["durations"] == tuple(DURATIONS)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("suffix", ["ppm", "pgm", "pnm"])
def test_anymaps(tmp_path: Path, dtype: str, suffix: str) -> None:
    pixels = picture((9, 11, 3), dtype)
    path = tmp_path / f"a.{suffix}"
    if suffix == "pgm":
        with pytest.raises(io.FileError, match="PGM is grey"):
            io.write(path, image(pixels))
        pixels = pixels[..., 0]
    io.write(path, image(pixels))
    found = io.read(path)
    assert found.pixels.dtype == dtype
    np.testing.assert_array_equal(found.pixels, pixels)
    if dtype == "uint8":
        with Pillow.open(path) as opened:
            np.testing.assert_array_equal(np.asarray(opened), pixels)


@pytest.mark.parametrize(
    ("data", "pixels"),
    [
        (b"P1\n# a comment\n3 2\n101\n0 1 0\n", [[0, 255, 0], [255, 0, 255]]),
        (b"P2 3 1 15\n0 3 15\n", [[0, 51, 255]]),
        (b"P2\n2 1\n1023\n7 1023", [[7, 1023]]),
        (b"P3\n1 1 # x\n255\n1 2 3", [[[1, 2, 3]]]),
        (b"P4\n10 1\n\x80\x40", [[0, *[255] * 8, 0]]),
        (b"P5\n2 1\n65535\n\1\2\3\4", [[258, 772]]),
    ],
)
def test_kinds_of_anymaps(tmp_path: Path, data: bytes, pixels: list) -> None:
    (tmp_path / "a.pnm").write_bytes(data)
    np.testing.assert_array_equal(io.read(tmp_path / "a.pnm").pixels, pixels)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"P5\n20000 20000\n255\n\0", "bytes cannot hold 20000 x 20000"),
        (b"P2\n20000 20000\n255\n0", "bytes cannot hold 20000 x 20000"),
        (b"P5\n60000 60000\n255\n\0", "more than the limit"),
        (b"P5\n0 4\n255\n", "its header has the numbers"),
        (b"P5\n4 4\n", "its header has no size"),
        (b"P2\n2 2\n255\n1 2 3       ", "it has 3 of 4 samples"),
        (b"P2\n2 2\n255\n1 2 x 4", "its samples are not numbers"),
    ],
)
def test_damaged_anymaps(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "a.pnm").write_bytes(data)
    with pytest.raises(io.FileError, match=words):
        io.read(tmp_path / "a.pnm")


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"durations": (40, -5, 40)}, "durations of frames must be 0 ms or more, got -5"),
        ({"durations": (40, float("nan"), 40)}, "durations of frames must be 0 ms or more, got nan"),
        ({"loop": -1}, "number of plays must be an integer from 0 .without end. to 2147483647, got -1"),
        ({"loop": 1 << 31}, "number of plays must be .* got 2147483648"),
    ],
)
def test_times_that_a_png_cannot_hold(tmp_path: Path, details: dict, words: str) -> None:
    found = io.Image(frames(1), axes="TYX", details={"animation": details})
    with pytest.raises(io.FileError, match=f"a.png: cannot be written as PNG: {words}"):
        io.write(tmp_path / "a.png", found)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_png_of_another_number_of_frames(tmp_path: Path, count: int) -> None:
    """The number of frames of a film is an estimate until the last one is read."""
    header, pixels = io.Image(dtypes.blank((3, 6, 7), np.uint8), axes="TYX"), noise(count, 6, 7)
    stack_files.write(tmp_path / "a.png", io.format_of("a.png"), header, pixels)
    with Pillow.open(tmp_path / "a.png") as picture:
        assert getattr(picture, "n_frames", 1) == count
        for number, plane in enumerate(pixels):
            picture.seek(number)
            np.testing.assert_array_equal(np.asarray(picture), plane)


def test_a_png_in_a_pipe_has_the_frames_of_its_header() -> None:
    class Pipe(BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError("a pipe has no place")

    header = io.Image(dtypes.blank((3, 6, 7), np.uint8), axes="TYX")
    pipe = Pipe()
    animation.write(pipe, header, iter(frames(1)), "PNG", None)
    found = io.read(BytesIO(pipe.getvalue()))
    np.testing.assert_array_equal(found.pixels, frames(1))
    with pytest.raises(ValueError, match="IN has another number of planes than its header says"):
        animation.write(Pipe(), header, iter(frames(1)[:2]), "PNG", None)


def test_the_frames_of_a_png_hold_no_others(tmp_path: Path) -> None:
    """A frame may be a part of a large block of results."""
    block = noise(3, 6, 7)
    with open(tmp_path / "a.png", "wb") as file:
        writer = png.Writer(file, io.Image(block[0]), 6, frames=3)
        writer.frame(block[0], 40)
        before = weakref.ref(block)
        del block
        assert before() is None
