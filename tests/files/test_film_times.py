"""The times of frames: of films, of animations, and of results with another number of frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imfilter import io
from tests.cli.commands import done, failed, noise
from tests.files.test_films import film, times_of
from tests.looping import loop_over

av = pytest.importorskip("av")

UNEVEN = [0, 10, 40, 100, 500, 1000, 1500, 3000]


def starts_in_avi(path: Path) -> list[float]:
    """Return the times of frames. A decoder gives each frame the time of the next."""
    with av.open(str(path)) as container:
        return [float(p.dts * p.time_base) for p in container.demux(video=0) if p.size]


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp", ".mkv", ".mp4", ".webm"])
def test_uneven_times_are_kept(tmp_path: Path, suffix: str) -> None:
    """Also in animations, and from animations."""
    pixels = noise(8, 32, 48)
    out = tmp_path / f"b{suffix}"
    done("box", film(tmp_path / "a.mkv", pixels, times=UNEVEN), out)
    if suffix in (".gif", ".png", ".webp"):
        found = io.read(out).details["animation"]["durations"]
        assert list(found[:-1]) == np.diff(UNEVEN).tolist()
        done("box", out, tmp_path / "c.mkv")
        out = tmp_path / "c.mkv"
    assert times_of(out) == [time / 1000 for time in UNEVEN]


def test_times_of_fewer_frames(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A frame of the result is in the middle of those that it is the mean of."""
    source = film(tmp_path / "a.mkv", noise(8, 32, 48), times=UNEVEN)
    done("resize", source, tmp_path / "b.mkv", "--time", "--scale", 0.5)
    assert times_of(tmp_path / "b.mkv") == [0.005, 0.07, 0.75, 2.25]
    done("resize", source, tmp_path / "b.gif", "--time", "--scale", 0.5)
    assert io.read(tmp_path / "b.gif").details["animation"]["durations"][:3] == (60, 680, 1500)
    done("box", source, tmp_path / "c.gif")
    done("resize", tmp_path / "c.gif", tmp_path / "d.mkv", "--time", "--scale", 0.5)
    assert times_of(tmp_path / "d.mkv") == [0.005, 0.07, 0.75, 2.25]


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
def test_thirty_frames_a_second_last_as_long_in_animations(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    io.write(path, io.Image(noise(31, 9, 8), axes="TYX", spacing=(1 / 30, None, None), units=("s", "", "")))
    assert sum(io.read(path).details["animation"]["durations"][:30]) == 1000


def test_frames_that_avi_cannot_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = film(tmp_path / "a.mkv", noise(8, 32, 48), times=UNEVEN)
    words = "AVI holds 25 frames a second, and frames of IN are closer; write .mkv or .mp4"
    assert failed(capsys, 1, "box", source, tmp_path / "b.avi") == f"{tmp_path}/b.avi: {words}"
    done("box", source, tmp_path / "a.gif")
    done("box", tmp_path / "a.gif", tmp_path / "b.avi")
    assert starts_in_avi(tmp_path / "b.avi") == [time / 1000 for time in UNEVEN]


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".avi", ".png", ".gif"])
@loop_over("words", [["linear"], ["area"], ["linear", "--align", "corners"]])
@loop_over("scale", [2, 4, 5])
def test_times_of_more_frames(tmp_path: Path, suffix: str, words: list[str], scale: int) -> None:
    """They are between those of IN, and go on behind the last one at the same rate."""
    source, out = film(tmp_path / "a.mkv", noise(6, 32, 48)), tmp_path / f"b{suffix}"
    count = 6 * scale
    if suffix == ".gif" and "corners" not in words:  # equal frames become one
        return
    done("resize", source, out, "--time", "--scale", scale, "--method", *words)
    wanted = 0.04 * np.arange(count) * (5 / (count - 1) if "corners" in words else 1 / scale)
    if suffix == ".avi":
        found = starts_in_avi(out)
    elif suffix in (".png", ".gif"):
        durations = io.read(out).details["animation"]["durations"]
        found = np.cumsum([0, *durations[:-1]]) / 1000
        if suffix == ".gif":  # has 10 ms or more for a frame
            wanted = np.maximum(wanted, 0.01 * np.arange(count))
    else:
        found = times_of(out)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=0.0101 if suffix == ".gif" else 0.00101)


@loop_over("method", ["area", "nearest", "linear"])
def test_more_frames_of_uneven_times(tmp_path: Path, method: str) -> None:
    source = film(tmp_path / "a.mkv", noise(8, 32, 48), times=UNEVEN)
    places = np.arange(32) / 4
    wanted = np.interp(places, np.arange(9), [*UNEVEN, 4500]) / 1000
    done("resize", source, tmp_path / "b.mp4", "--time", "--scale", 4, "--method", method)
    np.testing.assert_allclose(times_of(tmp_path / "b.mp4"), wanted, rtol=0, atol=0.00101)
    done("resize", source, tmp_path / "b.png", "--time", "--scale", 4, "--method", method)
    done("resize", tmp_path / "b.png", tmp_path / "c.png", "--axes", "YX", "--scale", 0.5)  # the same times
    for name in ("b.png", "c.png"):
        durations = io.read(tmp_path / name).details["animation"]["durations"]
        np.testing.assert_allclose(np.cumsum([0, *durations[:-1]]) / 1000, wanted, rtol=0, atol=0.002)


def test_frames_that_are_added_before_a_film(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mkv", noise(6, 32, 48))
    done("correlate", source, tmp_path / "b.mkv", "--time", "--kernel", "0,1,0", "--padding", 3)
    np.testing.assert_allclose(times_of(tmp_path / "b.mkv"), 0.04 * np.arange(10), rtol=0, atol=0.00101)


@pytest.mark.parametrize("suffix", [".mkv", ".avi"])
def test_animations_that_do_not_say_their_durations(tmp_path: Path, suffix: str) -> None:
    """Browsers show a frame of duration 0 for 100 ms."""
    source, out = tmp_path / "a.gif", tmp_path / f"b{suffix}"
    for durations, wanted in [([0] * 4, [0, 0.1, 0.2, 0.3]), ([50, 0, 0, 50], [0, 0.05, 0.15, 0.25])]:
        details = {"animation": {"durations": durations, "loop": 0}}
        io.write(source, io.Image(noise(4, 32, 48), axes="TYX", details=details))
        done("box", source, out)
        times = starts_in_avi(out) if suffix == ".avi" else times_of(out)
        np.testing.assert_allclose(times, wanted, rtol=0, atol=1e-9)


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".webm"])
def test_frames_of_one_time(tmp_path: Path, suffix: str) -> None:
    """Films with such frames exist. All frames are kept."""
    times = [0, 40, 40, 40, 80, 120]
    done("box", film(tmp_path / "a.mkv", noise(6, 32, 48), times=times), tmp_path / f"b{suffix}")
    found = times_of(tmp_path / f"b{suffix}")
    np.testing.assert_allclose(found, np.array(times) / 1000, rtol=0, atol=0.00101)
