"""Pipelines of large pictures: bands around the steps that need the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imfilter import io
from imfilter._cli import messages, pipe_stages, strips
from tests.cli.commands import done, failed, said, save
from tests.cli.streaming import same
from tests.cli.test_cli_streamed_thresholds import two_hills
from tests.looping import loop_over


@loop_over(
    "chain",
    [
        ("threshold",),
        ("gaussian --sigma 2", "sobel", "threshold --method otsu"),
        ("threshold --method mean", "box --size 5", "threshold --method li", "dilate"),
        ("gaussian", "canny --low 20 --high 60", "dilate", "box --size 3"),
        ("clahe", "gaussian", "threshold --method triangle"),
        ("box", "resize --scale 0.7", "sobel", "threshold"),
        ("correlate --kernel 1,2,1;0,0,0;-1,-2,-1 --stride 2", "box", "threshold --method yen"),
        ("gaussian --mode wrap", "sobel", "threshold"),
        ("threshold --method multi_otsu", "gaussian"),
    ],
)
@loop_over("channels", [(), (3,)])
@loop_over("held", [0, 1 << 28])
@pytest.mark.slow
def test_steps_of_pictures(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: list[str],
    channels: tuple[int],
    chain: tuple[str, ...],
    held: int,
) -> None:
    """A picture is read and written in bands also if a step needs the whole."""
    monkeypatch.setattr(pipe_stages, "_HELD", held)
    source = save(tmp_path / "in.tif", two_hills(44, 61, *channels))  # 44 bands
    for suffix in (".tif", ".npy", ".png"):
        same(written, monkeypatch, source, suffix, "pipe", *chain)


@loop_over(
    "chain",
    [
        ("gaussian --sigma 2", "sobel", "threshold --method otsu"),
        ("correlate --kernel 0.3,0.5,0.1;0.2,0.7,0.3;0.1,0.1,0.4 --bias 0.1", "box"),
        ("box", "dilate --element disk:9", "median", "unsharp_mask"),
        ("close", "bilateral --radius 2", "gaussian"),
        ("gaussian --mode wrap", "scharr --per-channel"),
        ("gaussian", "canny --low 20 --high 60", "dilate", "box --size 3"),
        ("box", "resize --scale 0.7", "gaussian"),
    ],
)
@loop_over("channels", [2, 4])
@loop_over("clear", [0, 1, 30])
@pytest.mark.slow
def test_steps_of_pictures_with_alpha(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: list[str],
    channels: int,
    chain: tuple[str, ...],
    clear: int,
) -> None:
    """Some bands have no transparent pixel. A dilation may leave none in the whole picture."""
    pixels = two_hills(44, 61, channels)
    pixels[..., -1] = 255
    pixels[13 : 13 + clear, 20 : 20 + clear, -1] = 90
    source = save(tmp_path / "in.png", pixels)
    for suffix in (".tif", ".npy", ".png"):
        same(written, monkeypatch, source, suffix, "pipe", *chain)


@pytest.mark.parametrize("last", ["bilateral --radius 2", "guided --radius 3", "sobel"])
def test_opaque_pixels_that_become_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], last: str
) -> None:
    """A step gives NaN where its window has too few samples, and the next step makes this transparent."""
    pixels = two_hills(96, 61, 4)
    pixels[..., -1] = 255
    source = save(tmp_path / "in.png", pixels)
    few = "box --size 9 --mode shrink --min-coverage 0.9", "box --size 3 --min-coverage 0.5"
    for suffix in (".tif", ".npy"):
        same(written, monkeypatch, source, suffix, "pipe", *few, last, "--nan", "ignore")


def test_what_a_step_holds_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(messages, "LARGE", 1000)
    source = save(tmp_path / "in.tif", two_hills(96, 61, 3))
    done("pipe", source, tmp_path / "out.tif", "sobel", "canny --low 20 --high 60", "box", "distance")
    reason = "0.0 GB of pixels are held in memory, because step 2, canny needs the whole picture"
    assert said(capsys) == f"imfilter: warning: {source}: {reason}\n"
    monkeypatch.setattr(pipe_stages, "_HELD", 0)
    done("pipe", source, tmp_path / "out.tif", "sobel", "threshold", "erode")
    assert said(capsys) == ""


def test_steps_with_absent_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str]
) -> None:
    pixels = two_hills(96, 61).astype("float32")
    pixels[20:24, 9:30] = np.nan
    np.save(tmp_path / "in.npy", pixels)
    chain = ("gaussian --sigma 0.5", "sobel", "threshold", "--nan", "ignore")
    same(written, monkeypatch, tmp_path / "in.npy", ".npy", "pipe", *chain)


def test_an_error_of_a_threshold_names_the_step(
    tmp_path: Path, written: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = two_hills(96, 61).astype("float32")
    pixels[5, 6] = np.nan
    np.save(tmp_path / "b.npy", pixels)
    line = failed(capsys, 2, "pipe", tmp_path / "b.npy", tmp_path / "out.npy", "box", "threshold")
    assert line.startswith("step 2, threshold: nan must be 'ignore'")


@loop_over(
    ("suffix", "dtype"), [(".npy", "float64"), (".tif", "float32"), (".png", "uint16"), (".tif", None)]
)
def test_bands_count_the_bytes_of_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, dtype: str | None
) -> None:
    """A result of float64 takes twice the memory of the floats between two steps."""
    seen, whole = [], strips.whole

    def noted(made: strips.Piecewise) -> io.Image:
        seen.append(made.result)
        return whole(made)

    monkeypatch.setattr(strips, "whole", noted)
    source = save(tmp_path / "in.tif", two_hills(44, 61))
    done("pipe", source, tmp_path / f"out{suffix}", *(["--dtype", dtype] if dtype else []), "gaussian")
    assert seen[0] == np.dtype(dtype or "uint8")  # those that follow are of single steps
