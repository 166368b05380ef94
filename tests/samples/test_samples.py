"""The scripts in samples/ run, write what they promise and stay small."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

import imfilter
from imfilter import cli, io
from imfilter._filters.generic import functions

SAMPLES = Path(__file__).parents[2] / "samples"
SCRIPTS = sorted(SAMPLES.glob("*.py"))
IMAGES = sorted(SAMPLES.glob("*.png"))
TRAINED = {"lenet5_kernels.png", "lenet5_maps.png"}
WRITES = {
    "borders": {f"border_{mode}.png" for mode in ("mirror", "symmetric", "edge", "wrap", "zero", "constant")},
    "coins": {"coins_found.png"},
    "compare_with_opencv": {"compare_with_opencv.txt"},
    "despeckle": {"specks.png", "median.png", "gaussian.png"},
    "crossing_alarms": set(),
    "digits": set(),
    "faces": {"faces.png"},
    "feature_maps": {"feature_maps.png", "first_layer.png"},
    "fitted_denoiser": {"fitted_denoiser.png"},
    "film": {"film.png"},
    "forecast": set(),
    "lenet5": {"lenet5.png"},
    "local_contrast": {"local_contrast.png"},
    "looking_inside": TRAINED
    | {"saliency.png", "class_models.png", "neighbours_pixels.png", "neighbours_features.png"}
    | {"lenet5.npz", "digit.png"},
    "microscope": {"cells.tif", "smooth.tif", "microscope.png"},
    "missing_pixels": {"dead_pixels.png", "clouds.png"},
    "missing_regions": {"depth_holes.png", "organ.png"},
    "page": {"page.png"},
    "pipeline": {"pipeline.png", "pipeline.toml"},
    "receptive_field": {"receptive_field.png"},
    "roughness": {"roughness.png"},
    "separable_kernel": {"motion.png"},
    "sigma_mean": {"sigma_mean.png"},
    "sobel_edges": {"edges.png", "edge_directions.png"},
    "temperature": {"temperature.csv"},
    "train_lenet5": TRAINED,
    "unsharp": {f"unsharp_{amount}.png" for amount in (0.5, 1.5, 4.0)},
    "vessels": {"vessels.png"},
    "volume_gradient": {"gradient.npy", "gradient_slices.png"},
}


#: Scripts that train a network. They run once, in a test of their own.
TRAINING = ("train_lenet5", "looking_inside")
QUICK = [script for script in SCRIPTS if script.stem not in TRAINING]


#: Runs a script as Python does: into the working directory, and then into a folder. One process imports once.
TWICE = """
import pathlib, runpy, sys
script, folder = sys.argv[1:]
sys.path[0] = str(pathlib.Path(script).parent)
for arguments in ([], [folder]):
    sys.argv = [script, *arguments]
    runpy.run_path(script, run_name="__main__")
    print("\\f")
"""


@pytest.mark.slow
@pytest.mark.parametrize("script", QUICK, ids=[script.stem for script in QUICK])
def test_script(script: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(imfilter.__file__).parent.parent)}
    folders = [tmp_path / "0", tmp_path / "1"]
    for folder in folders:
        folder.mkdir()
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", TWICE, str(script), str(folders[1])],
        cwd=folders[0],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    first, second, _ = result.stdout.split("\f")
    assert first.strip()
    assert second.strip()
    for folder in folders:
        assert set(os.listdir(folder)) == WRITES[script.stem]
        for name in os.listdir(folder):
            if name.endswith(".png"):
                assert io.read(folder / name).pixels.std() > 5  # a picture, not a blank


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_scripts_are_short_and_described(script: Path) -> None:
    text = script.read_text()
    assert len(text.splitlines()) <= 40
    assert f"`{script.name}`" in (SAMPLES / "README.md").read_text()


@pytest.mark.parametrize("image", IMAGES, ids=[image.stem for image in IMAGES])
def test_images_are_small_and_their_licence_is_told(image: Path) -> None:
    assert image.stat().st_size < 300_000
    (line,) = [
        line for line in (SAMPLES / "README.md").read_text().splitlines() if f"| `{image.name}`" in line
    ]
    assert "CC0" in line or "public domain" in line


def ran(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run a sample here, and return its variables."""
    monkeypatch.setattr("sys.argv", [name, str(folder)])
    return runpy.run_path(str(SAMPLES / f"{name}.py"))


def test_a_median_takes_spikes_and_the_past_alone_lags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ran("temperature", tmp_path, monkeypatch)
    errors = found["errors"]
    *better, past, exponential = list(errors.values())
    assert better == sorted(better, reverse=True)
    assert min(past, exponential) > 2 * better[-1]
    rows = np.loadtxt(tmp_path / "temperature.csv", delimiter=",", skiprows=1)
    assert rows.shape == (8640, 1 + len(errors))
    out = tmp_path / "out.csv"
    arguments = ["--column", "measured", "--size", "25"]
    assert cli.call(["series", "median", str(tmp_path / "temperature.csv"), str(out), *arguments]) == 0
    again = np.loadtxt(out, delimiter=",", skiprows=1)[:, 1]
    np.testing.assert_allclose(again, found["results"]["median"], atol=6e-4)


def test_every_coin_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The photograph has four rows of six coins, and no mark covers two of them."""
    found = ran("coins", tmp_path, monkeypatch)
    assert found["count"] == 24
    centres = np.array(found["ndimage"].center_of_mass(found["discs"], found["labels"], range(1, 25)))
    rows = np.sort(centres[:, 0]).reshape(4, 6)
    assert np.ptp(rows, axis=1).max() < np.diff(rows.mean(axis=1)).min() / 2


def test_alarms_are_late_by_lookahead_or_delay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = ran("crossing_alarms", tmp_path, monkeypatch)
    late = {name: np.median(at) for name, at in found["late"].items()}
    assert late["centred mean, waited for"] == late["causal mean"]
    assert abs(late["causal mean"] - 20) <= 2
    assert abs(late["causal line"]) <= 2
    assert late["centred mean, newest sample"] < -5  # false alarms
    noise = [(y[:, 200:400] - found["slow"][200:400]).std() for y, _ in found["filters"].values()]
    assert np.ptp([noise[0], noise[2], noise[3]]) < 0.02 * noise[0]
    assert noise[1] > 3 * noise[0]


@pytest.mark.slow
def test_a_network_learns_digits_and_shows_what_it_looks_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(SAMPLES))
    found = ran("looking_inside", tmp_path, monkeypatch)  # which runs train_lenet5
    assert set(os.listdir(tmp_path)) == WRITES["looking_inside"] >= WRITES["train_lenet5"]
    assert all(io.read(path).pixels.std() > 5 for path in tmp_path.glob("*.png"))
    # The command draws the same network from its files.
    arguments = ["--network", "lenet5", "--weights", str(tmp_path / "lenet5.npz"), "--range=-1,1"]
    label, out = int(found["digits"][found["tested"][0]]), tmp_path / "out.png"
    paths = [str(tmp_path / "digit.png"), str(out)]
    assert cli.call(["show", "saliency", *paths, *arguments, "--label", str(label)]) == 0
    expected = imfilter.show.feature_maps(found["saliency"][0], labels=False, pixels=256)
    difference = np.abs(io.read(out).pixels.astype(int) - expected)
    assert np.percentile(difference, 95) <= 2  # the picture has 8 bits
    assert found["right"][found["COUNT"] :].mean() >= 0.97
    assert found["shares"].mean() >= 0.8
    assert found["near"].mean() < 0.75
    np.testing.assert_array_equal(found["found"], np.arange(10))


def test_a_film_is_filtered_in_time_and_in_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = ran("film", tmp_path, monkeypatch)
    film, calm = found["film"], found["calm"]
    again = imfilter.series.median(film[:13], 5, axis=0, align="causal")
    np.testing.assert_array_equal(again, calm[:13])  # no later picture matters
    still = ~imfilter.maximum(found["inside"], (9, 1, 1), mode="edge")
    errors = [
        float(np.abs(found[name] - found["clean"])[still].mean()) for name in ("film", "calm", "smooth")
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[2] < 0.4 * errors[0]
    np.testing.assert_array_equal(found["edges"][7], imfilter.sobel(found["smooth"][7]))
    assert found["share"] > 2


def test_a_slope_is_not_roughness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = ran("roughness", tmp_path, monkeypatch)
    slope, rocks = np.s_[120:180, 20:130], np.s_[20:80, 170:280]
    assert found["spread"][slope].mean() > 4 * found["spread"][rocks].mean()
    assert found["rough"][rocks].mean() > 20 * found["rough"][slope].mean()
    np.testing.assert_allclose(found["spread"][150, 220], found["spot"].std(), rtol=1e-11)
    np.testing.assert_allclose(found["rough"][150, 220], found["residual"].std(), rtol=1e-9)
    assert functions.compiled(found["roughness"], 81, (9,), 1).in_lanes


def test_a_sigma_mean_keeps_edges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = ran("sigma_mean", tmp_path, monkeypatch)
    (noisy, _), (plain, blurred), (sigma, kept) = found["measured"].values()
    assert sigma > noisy + 3 > plain + 3
    assert kept > 0.9 > 0.5 > blurred
    spot = found["noisy"][100:105, 200:205]
    near = spot[abs(spot - spot[2, 2]) <= 30]
    np.testing.assert_allclose(found["keeping"][102, 202], near.mean(), rtol=1e-13)
    assert functions.compiled(found["sigma_mean"], 25, (30.0,), 1).in_lanes


def test_a_threshold_for_each_pixel_reads_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = ran("page", tmp_path, monkeypatch)["wrong"]
    assert wrong["otsu"] > 0.3
    assert wrong["sauvola"] < 0.01
    assert wrong["sauvola"] == min(wrong.values())


def test_vessels_are_found_with_their_scale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = ran("vessels", tmp_path, monkeypatch)
    vessels = found["vessels"]
    overlaps = [(a & vessels).sum() / (a | vessels).sum() for a in found["found"].values()]
    assert overlaps[1] > 0.7 > 0.3 > overlaps[0]
    hit, widths, sigma = found["hit"], found["widths"], found["sigma"]
    means = [sigma[hit & (widths == half)].mean() for half in (1.5, 2.5, 3.5)]
    assert means == sorted(means)


def test_local_contrast_has_no_gain_and_no_offset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = ran("local_contrast", tmp_path, monkeypatch)
    _, larger, smaller, _ = found["changes"].values()
    assert max(larger, smaller) < 1e-11
    for result in found["results"].values():
        assert abs(result[:, :100].std() / result[:, 250:].std() - 1) < 0.05
    shadowed = found["views"]["in a shadow"]
    assert shadowed[:, :100].std() > 2 * shadowed[:, 250:].std()


def test_the_first_command_of_the_readme(tmp_path: Path) -> None:
    out = tmp_path / "edges.png"
    assert cli.call(["sobel", str(SAMPLES / "coins.png"), str(out)]) == 0
    edges = io.read(out).pixels
    coins = io.read(SAMPLES / "coins.png").pixels
    assert edges.shape == coins.shape
    expected = np.rint(imfilter.sobel(coins) / 4)
    np.testing.assert_array_equal(edges, np.minimum(expected, 255))
    with Pillow.open(out) as picture:
        assert picture.mode == "L"


def test_the_flower_does_not_bleed(tmp_path: Path) -> None:
    out = tmp_path / "soft.png"
    assert cli.call(["gaussian", str(SAMPLES / "flower.png"), str(out), "--sigma", "4"]) == 0
    soft = io.read(out)
    assert soft.alpha
    # Black lies under the transparent corners; no visible pixel has been darkened by it.
    assert soft.pixels[..., :3].max(axis=-1)[soft.pixels[..., 3] > 0].min() > 100
