"""Films: frames one by one, along time, with their times and their sound."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import imfilter
from imfilter import io
from imfilter._cli import stack_work
from tests.cli.commands import done, failed, noise, run, save
from tests.looping import loop_over

av = pytest.importorskip("av")


def film(path: Path, frames: np.ndarray, *, sound: str = "", times: list[int] | None = None) -> Path:
    """Encode frames without loss, at 25 frames a second or at these milliseconds."""
    colour = frames.ndim == 4
    with av.open(str(path), "w") as out:
        video = out.add_stream("ffv1", rate=25)
        video.height, video.width = frames.shape[1:3]
        video.pix_fmt = "bgr0" if colour else "gray"
        video.codec_context.time_base = Fraction(1, 1000)
        audio = out.add_stream(sound, rate=48000) if sound else None
        out.metadata["title"] = "a film"
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24" if colour else "gray")
            picture.pts = times[number] if times else number * 40
            picture.time_base = Fraction(1, 1000)
            out.mux(video.encode(picture))
        out.mux(video.encode())
        for number in range(20 if audio else 0):
            waves = np.sin(np.arange(960) / 9, dtype=np.float32)[None]
            samples = av.AudioFrame.from_ndarray(waves, format="flt", layout="mono")
            samples.sample_rate, samples.pts, samples.time_base = 48000, 960 * number, Fraction(1, 48000)
            out.mux(audio.encode(samples))
        if audio:
            out.mux(audio.encode())
    return path


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(container.streams.audio) if packet.size]


def times_of(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [round(float(frame.time), 3) for frame in container.decode(video=0)]


@pytest.fixture
def colours() -> np.ndarray:
    return noise(12, 32, 48, 3)


def test_reading(tmp_path: Path, colours: np.ndarray) -> None:
    found = io.read(film(tmp_path / "a.mkv", colours))
    assert (found.axes, found.spacing[0], found.units[0]) == ("TYXS", 0.04, "s")
    np.testing.assert_array_equal(found.pixels, colours)
    grey = io.read(film(tmp_path / "b.mkv", colours[..., 0]))
    assert grey.axes == "TYX"
    np.testing.assert_array_equal(grey.pixels, colours[..., 0])


@pytest.mark.parametrize(
    ("options", "axes"), [([], (1, 2)), (["--time"], (0,)), (["--axes", "TYX"], (0, 1, 2))]
)
@pytest.mark.parametrize("together", [1, 1 << 26])
def test_values_times_and_sound(
    tmp_path: Path,
    colours: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    axes: tuple[int, ...],
    together: int,
) -> None:
    monkeypatch.setattr(stack_work, "_FRAMES", together)
    times = [0, 40, 100, 140, 200, 210, 300, 340, 400, 480, 500, 999]
    source = film(tmp_path / "a.mkv", colours, sound="aac", times=times)
    done("median", source, tmp_path / "b.mkv", "--quality", 100, *options)
    found = io.read(tmp_path / "b.mkv")
    np.testing.assert_array_equal(found.pixels, imfilter.median(colours, 3, axes=axes))
    assert times_of(tmp_path / "b.mkv") == times_of(source) == [time / 1000 for time in times]
    assert packets(tmp_path / "b.mkv") == packets(source)
    with av.open(str(tmp_path / "b.mkv")) as container:
        assert container.metadata["TITLE" if "TITLE" in container.metadata else "title"] == "a film"
    assert sorted(os.listdir(tmp_path)) == ["a.mkv", "b.mkv"]


@loop_over("mode", ["mirror", "edge", "zero", "shrink", "wrap"])
@loop_over("count", [1, 2, 5, 12])
def test_borders_in_time(
    tmp_path: Path, colours: np.ndarray, monkeypatch: pytest.MonkeyPatch, mode: str, count: int
) -> None:
    monkeypatch.setattr(stack_work, "_FRAMES", 1)
    pixels = colours[:count, ..., 0]
    source = film(tmp_path / "a.mkv", pixels)
    done("gaussian", source, tmp_path / "b.npy", "--time", "--sigma", 0.6, "--mode", mode)
    expected = imfilter.gaussian(pixels, 0.6, axes=(0,), mode=mode)
    np.testing.assert_array_equal(np.load(tmp_path / "b.npy"), expected)


def test_stacks_of_frames(tmp_path: Path, colours: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_work, "_FRAMES", 1)
    source = film(tmp_path / "a.mkv", colours)
    for suffix in ("tif", "npy", "webp", "zarr"):
        done("median", source, tmp_path / f"b.{suffix}", "--axes", "TYX")
        expected = imfilter.median(colours, 3, axes=(0, 1, 2))
        np.testing.assert_array_equal(io.read(tmp_path / f"b.{suffix}").pixels, expected)
    done("box", tmp_path / "b.tif", tmp_path / "c.mkv", "--quality", 100, "--axes", "YX")
    np.testing.assert_array_equal(
        io.read(tmp_path / "c.mkv").pixels, imfilter.box(expected, 3, axes=(1, 2), channel_axis=-1)
    )
    assert io.read(tmp_path / "c.mkv").spacing[0] == 0.04


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "webm", "avi"])
@pytest.mark.parametrize("size", [(32, 48), (33, 47)])
def test_containers_and_colours(tmp_path: Path, suffix: str, size: tuple[int, int]) -> None:
    colours = np.array([(200, 30, 40), (20, 180, 60), (40, 60, 220), (128, 128, 128)], np.uint8)
    frames = np.empty((4, *size, 3), np.uint8)
    frames[...] = colours[:, None, None]
    source = film(tmp_path / "a.mkv", frames)
    done("median", source, tmp_path / f"b.{suffix}")
    found = io.read(tmp_path / f"b.{suffix}").pixels
    assert found.shape == frames.shape
    np.testing.assert_allclose(found.astype(int), frames, atol=8)


def test_edges_of_a_film_are_grey(tmp_path: Path, colours: np.ndarray) -> None:
    source = film(tmp_path / "a.mkv", colours)
    done("sobel", source, tmp_path / "b.mkv", "--quality", 100)
    found = io.read(tmp_path / "b.mkv")
    assert found.axes == "TYX"
    done("sobel", save(tmp_path / "page.png", colours[3]), tmp_path / "edges.png")
    np.testing.assert_array_equal(found.pixels[3], io.read(tmp_path / "edges.png").pixels)


def test_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str], colours: np.ndarray) -> None:
    source = film(tmp_path / "a.mkv", colours, sound="aac")
    assert "cannot hold sound of the codec aac; write .mkv" in failed(
        capsys, 1, "box", source, tmp_path / "b.webm"
    )
    message = failed(capsys, 1, "box", source, tmp_path / "b.mkv", "--max-pixels", 1535)
    assert "48 x 32 pixels are more than the limit of 1535" in message
    done("box", source, tmp_path / "b.mkv", "--max-pixels", 1536)  # a film is longer than the memory
    with pytest.raises(io.FileError, match="12 planes of 48 x 32 pixels are more than the limit"):
        io.read(source, max_pixels=1536)
    small = ("--axes", "TYX", "--max-pixels", 1536)
    message = failed(capsys, 1, "rolling_ball", source, tmp_path / "c.mkv", "--radius", 2, *small)
    assert "are more than the limit" in message  # which needs all frames at once
    data = source.read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(data[:300])
    assert failed(capsys, 1, "box", cut, tmp_path / "c.mkv").startswith(f"{cut}: ")
    assert not (tmp_path / "c.mkv").exists()
    message = failed(capsys, 2, "box", save(tmp_path / "in.npy", np.zeros((3, 8, 8))), tmp_path / "c.mkv")
    assert "video cannot hold" in message


def test_a_film_that_is_cut_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], colours: np.ndarray
) -> None:
    done("box", film(tmp_path / "a.mkv", colours), tmp_path / "b.mp4")
    data = bytearray((tmp_path / "b.mp4").read_bytes())
    start = data.index(b"mdat") + 4
    middle = start + (len(data) - start) // 3
    data[middle : middle + 4000] = bytes(4000)
    (tmp_path / "b.mp4").write_bytes(data)
    code = run("box", tmp_path / "b.mp4", tmp_path / "c.mkv")
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{tmp_path}/b.mp4: " in line
    assert (tmp_path / "c.mkv").exists() == (code == 0)


@pytest.mark.skipif(os.name == "nt", reason="files have no limit of size")
@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".webm", ".avi"])
@pytest.mark.parametrize("room", [0, 3000])
def test_a_full_disk_is_one_line(tmp_path: Path, suffix: str, room: int) -> None:
    source = film(tmp_path / "a.mkv", noise(30, 32, 48, 3), sound="" if suffix == ".webm" else "aac")
    limit = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limit += f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room})); "
    limit += "from imfilter.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", limit, "box", str(source), str(tmp_path / f"b{suffix}")]
    done("box", source, tmp_path / f"compiled{suffix}")  # the process cannot write into the cache
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    (line,) = found.stderr.splitlines()
    assert line == f"imfilter: error: {tmp_path / 'b'}{suffix}: cannot be written: File too large"
    assert found.returncode == 1
    assert sorted(os.listdir(tmp_path)) == ["a.mkv", f"compiled{suffix}"]


def test_without_the_package(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, colours: np.ndarray
) -> None:
    source = film(tmp_path / "a.mkv", colours)
    monkeypatch.setitem(sys.modules, "av", None)
    message = failed(capsys, 1, "box", source, tmp_path / "b.mkv")
    assert message.endswith('needs the package av, which is not installed: pip install "imfilter[video]"')


def test_filters_that_refuse_a_film_say_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The result of a dry run of many frames is larger than the memory."""
    source = film(tmp_path / "a.mkv", np.zeros((3, 1080, 1920), np.uint8))
    message = failed(capsys, 2, "gabor", source, tmp_path / "b.mkv", "--axes", "TYX")
    assert message.startswith("image must have 2 axes for a Gabor filter")


@pytest.mark.parametrize("suffix", [".tif", ".npy"])
@pytest.mark.parametrize("options", [[], ["--time"]])
def test_masks_of_films(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    colours: np.ndarray,
    suffix: str,
    options: list[str],
) -> None:
    """A mask of the whole film has as many frames as can be counted, not as many as are estimated."""
    times = [*range(0, 440, 40), 2000]  # the last frame is late, so more frames are estimated
    source, present = film(tmp_path / "a.mkv", colours[..., 0], times=times), noise(12, 32, 48) % 3
    masks = {count: tmp_path / f"{count}{suffix}" for count in (7, 12)}
    for count, path in masks.items():
        io.write(path, io.Image(present[:count], axes="" if suffix == ".npy" else "TYX"))
    words = ["gaussian", source, tmp_path / "b.mkv", "--quality", 100, *options, "--mask"]
    done(*words, masks[12])
    found, axes = io.read(tmp_path / "b.mkv").pixels, (0,) if options else (1, 2)
    wanted = imfilter.gaussian(colours[..., 0], 1.0, axes=axes, mask=present != 0)
    np.testing.assert_array_equal(found, wanted)
    message = failed(capsys, 2, *words, masks[7])
    assert message.startswith("--mask must have the shape of IN, (12, 32, 48), or of what is filtered")
    # The last mask is that of all frames that were not counted.
    with monkeypatch.context() as patch:
        patch.setattr("imfilter._files.film._counted", lambda av, path: 7)
        done(*words, masks[7])
    held = np.concatenate([present[:7], np.broadcast_to(present[6], (5, 32, 48))])
    wanted = imfilter.gaussian(colours[..., 0], 1.0, axes=axes, mask=held != 0)
    np.testing.assert_array_equal(io.read(tmp_path / "b.mkv").pixels, wanted)


def test_a_film_of_fewer_frames_than_counted_as_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, colours: np.ndarray
) -> None:
    source = film(tmp_path / "a.mkv", colours)
    monkeypatch.setattr("imfilter._files.film._counted", lambda av, path: 15)
    done("box", source, tmp_path / "b.png")
    expected = imfilter.box(colours, 3, axes=(1, 2), channel_axis=-1)
    np.testing.assert_array_equal(io.read(tmp_path / "b.png").pixels, expected)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp"])
def test_a_film_of_more_frames_than_counted_is_no_picture(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    colours: np.ndarray,
    suffix: str,
) -> None:
    source = film(tmp_path / "a.mkv", colours)
    for name in ("_counted", "_estimate"):
        monkeypatch.setattr(f"imfilter._files.film.{name}", lambda *_: 1)
    line = failed(capsys, 1, "box", source, tmp_path / f"b{suffix}")
    assert line.startswith(f"{tmp_path / 'b'}{suffix}: ")
    assert "IN has more frames than one" in line
    assert not (tmp_path / f"b{suffix}").exists()
    done("box", film(tmp_path / "one.mkv", colours[:1]), tmp_path / f"b{suffix}")


def test_windows_of_more_frames_than_are_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, colours: np.ndarray
) -> None:
    """A reach that ends with the frames that are tried may be longer in a longer film."""
    monkeypatch.setattr(stack_work, "_MANY", 3)
    monkeypatch.setattr(stack_work, "_FRAMES", 1)
    source = film(tmp_path / "a.mkv", colours[..., 0])
    done("gaussian", source, tmp_path / "b.mkv", "--time", "--sigma", 2, "--quality", 100)
    expected = imfilter.gaussian(colours[..., 0], 2.0, axes=(0,))
    np.testing.assert_array_equal(io.read(tmp_path / "b.mkv").pixels, expected)
