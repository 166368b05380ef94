"""Thresholds of large files, which are read in bands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imfilter
from imfilter import cli
from imfilter._cli import strips, thresholds
from tests.cli.commands import done, noise, save
from tests.cli.streaming import same
from tests.looping import loop_over


@pytest.mark.parametrize("method", ["niblack", "sauvola", "local"])
@loop_over("channels", [(), (3,), (4,)])
@loop_over("options", [[], ["--size", "9,4", "--mode", "wrap"], ["--nodata", "7"]])
@pytest.mark.slow
def test_local_thresholds(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: list[str],
    method: str,
    channels: tuple[int],
    options: list[str],
) -> None:
    source = save(tmp_path / "in.tif", noise(96, 31, *channels))
    same(written, monkeypatch, source, ".tif", "threshold", "--method", method, *options)
    same(written, monkeypatch, source, ".npy", "threshold", "--method", method, *options)


#: Thresholds of the whole picture. It is read twice or three times.
GLOBAL = ("otsu", "li", "yen", "triangle", "isodata", "minimum", "mean", "multi_otsu")


@pytest.mark.slow
@pytest.mark.parametrize("method", GLOBAL)
@loop_over("channels", [(), (3,), (2,), (4,)])
@loop_over("dtype", ["uint8", "uint16"])
def test_global_thresholds(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: list[str],
    method: str,
    channels: tuple[int],
    dtype: str,
) -> None:
    source = save(tmp_path / "in.tif", two_hills(40, 31, *channels, dtype=dtype))  # 40 bands
    save(tmp_path / "mask.png", noise(40, 31) % 2)
    for options in ([], ["--nodata", "7"], ["--mask", str(tmp_path / "mask.png")]):
        same(written, monkeypatch, source, ".tif", "threshold", "--method", method, *options)
    same(written, monkeypatch, source, ".npy", "threshold", "--method", method)


@pytest.mark.parametrize("method", GLOBAL)
@loop_over("dtype", ["bool", "int16", "int32", "uint64", "float16", "float32", "float64"])
@pytest.mark.slow
def test_global_thresholds_of_arrays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], method: str, dtype: str
) -> None:
    """The threshold of the bands is that of the function, to the last bit."""
    pixels = two_hills(700, 500).astype(dtype)
    if dtype in ("int32", "uint64") and method != "minimum":  # which smooths all bins of the range
        pixels[::7] *= 1 << 24
    np.save(tmp_path / "in.npy", pixels)
    with monkeypatch.context() as patch:
        patch.setattr(strips, "_BAND", 1 << 16)
        same(written, monkeypatch, tmp_path / "in.npy", ".npy", "threshold", "--method", method)
    found = getattr(imfilter.threshold, method)(pixels)
    wanted = np.digitize(pixels, found, right=True) if method == "multi_otsu" else pixels > found
    np.testing.assert_array_equal(np.load(tmp_path / "bands.npy"), wanted)


def test_the_mean_of_bands_is_that_of_the_array(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str]
) -> None:
    """Sums of floats are rounded. The pixels are so near the mean that its last bit decides."""
    found = []
    mean = thresholds.of_image

    def watched(*arguments: Any) -> Any:
        found.append(mean(*arguments))
        return found[-1]

    monkeypatch.setattr(thresholds, "of_image", watched)
    pixels = (noise(1200, 700, dtype="uint16") / 7).astype("float32")
    pixels[::50, 3] = np.nan
    np.save(tmp_path / "in.npy", pixels)
    wanted = imfilter.threshold.mean(pixels, nan="ignore")
    for size in (1, 1 << 16, 1 << 22):
        monkeypatch.setattr(strips, "_BAND", size)
        done(*f"threshold {tmp_path}/in.npy {tmp_path}/out.npy --method mean --nan ignore".split())
        assert found.pop() == wanted
    np.save(tmp_path / "turned.npy", np.asfortranarray(pixels))
    done(*f"threshold {tmp_path}/turned.npy {tmp_path}/out.npy --method mean --nan ignore".split())
    assert found.pop() == imfilter.threshold.mean(np.asfortranarray(pixels), nan="ignore")


@pytest.mark.parametrize("method", GLOBAL)
def test_nan_has_no_threshold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: list[str], method: str
) -> None:
    pixels = noise(96, 31).astype("float32")
    pixels[50, 3] = np.nan
    np.save(tmp_path / "in.npy", pixels)
    words = f"threshold {tmp_path}/in.npy {tmp_path}/out.npy --method {method}".split()
    assert cli.call(words) == 2
    assert "nan must be 'ignore'" in capsys.readouterr().err
    done(*words, "--nan", "ignore")
    np.save(tmp_path / "in.npy", np.full((30, 40), np.nan))
    assert cli.call([*words, "--nan", "ignore"]) == 2
    assert "at least one sample that is present" in capsys.readouterr().err
    assert cli.call([*words, "--classes", "9"]) == 2


def two_hills(*shape: int, dtype: str = "uint8") -> np.ndarray:
    """Return pixels whose histogram has two hills, as `minimum` needs."""
    values = np.rint(noise(*shape) / 8 + 30 + 90 * (noise(*shape)[::-1] > 150))
    return (values + (0 if dtype == "uint8" else 1000)).astype(dtype)
