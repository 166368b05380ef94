"""The scripts in samples/ run, write what they promise and stay small."""

from __future__ import annotations

import contextlib
import functools
import io as io_text
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

import imfilter
from imfilter import cli, io
from imfilter._filters.generic import functions
from tests.looping import loop_over

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


class Ran:
    """What a sample did: its folder, what it printed, and its variables."""

    def __init__(self, name: str, folder: Path, *arguments: str) -> None:
        self.folder, printed = folder, io_text.StringIO()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
            patch.setattr("sys.argv", [f"{name}.py", *arguments])
            patch.syspath_prepend(str(SAMPLES))
            patch.chdir(folder)
            self.names = runpy.run_path(str(SAMPLES / f"{name}.py"), run_name="__main__")
        self.printed = printed.getvalue()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Ran]:
    """A function that runs a sample once in this process, into its working directory."""
    return functools.cache(lambda name: Ran(name, tmp_path_factory.mktemp(name)))


def check(sample: Ran, folder: Path, name: str) -> None:
    """Check that a sample printed something, and that a folder contains what it promises."""
    assert sample.printed.strip()
    assert set(os.listdir(folder)) == WRITES[name]
    for written in os.listdir(folder):
        if written.endswith(".png"):
            assert io.read(folder / written).pixels.std() > 5  # a picture, not a blank


@pytest.mark.slow
@loop_over("script", QUICK)
def test_script(script: Path, ran: Callable[[str], Ran], tmp_path: Path) -> None:
    name, here = script.stem, tmp_path / "here"
    check(ran(name), ran(name).folder, name)
    here.mkdir()
    if "sys.argv" in script.read_text():  # a folder to write into
        (tmp_path / "there").mkdir()
        check(Ran(name, here, str(tmp_path / "there")), tmp_path / "there", name)
        assert os.listdir(here) == []
    else:
        assert WRITES[name] == set()


@pytest.mark.slow
def test_python_runs_a_script(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-W", "error", str(SAMPLES / "sobel_edges.py")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(imfilter.__file__).parent.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()
    assert set(os.listdir(tmp_path)) == WRITES["sobel_edges"]


@loop_over("script", SCRIPTS)
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


def test_a_median_takes_spikes_and_the_past_alone_lags(ran: Callable[[str], Ran], tmp_path: Path) -> None:
    sample = ran("temperature")
    found, table = sample.names, sample.folder / "temperature.csv"
    errors = found["errors"]
    *better, past, exponential = list(errors.values())
    assert better == sorted(better, reverse=True)
    assert min(past, exponential) > 2 * better[-1]
    rows = np.loadtxt(table, delimiter=",", skiprows=1)
    assert rows.shape == (8640, 1 + len(errors))
    out = tmp_path / "out.csv"
    arguments = ["--column", "measured", "--size", "25"]
    assert cli.call(["series", "median", str(table), str(out), *arguments]) == 0
    again = np.loadtxt(out, delimiter=",", skiprows=1)[:, 1]
    np.testing.assert_allclose(again, found["results"]["median"], atol=6e-4)


def test_every_coin_is_counted(ran: Callable[[str], Ran]) -> None:
    """The photograph has four rows of six coins, and no mark covers two of them."""
    found = ran("coins").names
    assert found["count"] == 24
    centres = np.array(found["ndimage"].center_of_mass(found["discs"], found["labels"], range(1, 25)))
    rows = np.sort(centres[:, 0]).reshape(4, 6)
    assert np.ptp(rows, axis=1).max() < np.diff(rows.mean(axis=1)).min() / 2


def test_alarms_are_late_by_lookahead_or_delay(ran: Callable[[str], Ran]) -> None:
    found = ran("crossing_alarms").names
    late = {name: np.median(at) for name, at in found["late"].items()}
    assert late["centred mean, waited for"] == late["causal mean"]
    assert abs(late["causal mean"] - 20) <= 2
    assert abs(late["causal line"]) <= 2
    assert late["centred mean, newest sample"] < -5  # false alarms
    noise = [(y[:, 200:400] - found["slow"][200:400]).std() for y, _ in found["filters"].values()]
    assert np.ptp([noise[0], noise[2], noise[3]]) < 0.02 * noise[0]
    assert noise[1] > 3 * noise[0]


@pytest.mark.slow
def test_a_network_learns_digits_and_shows_what_it_looks_at(tmp_path: Path) -> None:
    found = Ran("looking_inside", tmp_path, str(tmp_path)).names  # which runs train_lenet5
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


def test_a_film_is_filtered_in_time_and_in_space(ran: Callable[[str], Ran]) -> None:
    found = ran("film").names
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


def test_a_slope_is_not_roughness(ran: Callable[[str], Ran]) -> None:
    found = ran("roughness").names
    slope, rocks = np.s_[120:180, 20:130], np.s_[20:80, 170:280]
    assert found["spread"][slope].mean() > 4 * found["spread"][rocks].mean()
    assert found["rough"][rocks].mean() > 20 * found["rough"][slope].mean()
    np.testing.assert_allclose(found["spread"][150, 220], found["spot"].std(), rtol=1e-11)
    np.testing.assert_allclose(found["rough"][150, 220], found["residual"].std(), rtol=1e-9)
    assert functions.compiled(found["roughness"], 81, (9,), 1).in_lanes


def test_a_sigma_mean_keeps_edges(ran: Callable[[str], Ran]) -> None:
    found = ran("sigma_mean").names
    (noisy, _), (plain, blurred), (sigma, kept) = found["measured"].values()
    assert sigma > noisy + 3 > plain + 3
    assert kept > 0.9 > 0.5 > blurred
    spot = found["noisy"][100:105, 200:205]
    near = spot[abs(spot - spot[2, 2]) <= 30]
    np.testing.assert_allclose(found["keeping"][102, 202], near.mean(), rtol=1e-13)
    assert functions.compiled(found["sigma_mean"], 25, (30.0,), 1).in_lanes


def test_a_threshold_for_each_pixel_reads_a_page(ran: Callable[[str], Ran]) -> None:
    wrong = ran("page").names["wrong"]
    assert wrong["otsu"] > 0.3
    assert wrong["sauvola"] < 0.01
    assert wrong["sauvola"] == min(wrong.values())


def test_vessels_are_found_with_their_scale(ran: Callable[[str], Ran]) -> None:
    found = ran("vessels").names
    vessels = found["vessels"]
    overlaps = [(a & vessels).sum() / (a | vessels).sum() for a in found["found"].values()]
    assert overlaps[1] > 0.7 > 0.3 > overlaps[0]
    hit, widths, sigma = found["hit"], found["widths"], found["sigma"]
    means = [sigma[hit & (widths == half)].mean() for half in (1.5, 2.5, 3.5)]
    assert means == sorted(means)


def test_local_contrast_has_no_gain_and_no_offset(ran: Callable[[str], Ran]) -> None:
    found = ran("local_contrast").names
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
