"""The scripts in samples/ run, write what they promise and stay small."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

import imfilter
from imfilter import cli, io

SAMPLES = Path(__file__).parent.parent / "samples"
SCRIPTS = sorted(SAMPLES.glob("*.py"))
IMAGES = sorted(SAMPLES.glob("*.png"))
WRITES = {
    "borders": {f"border_{mode}.png" for mode in ("mirror", "symmetric", "edge", "wrap", "zero", "constant")},
    "compare_with_opencv": {"compare_with_opencv.txt"},
    "despeckle": {"specks.png", "median.png", "gaussian.png"},
    "digits": set(),
    "faces": {"faces.png"},
    "feature_maps": {"feature_maps.png", "first_layer.png"},
    "fitted_denoiser": {"fitted_denoiser.png"},
    "forecast": set(),
    "lenet5": {"lenet5.png"},
    "receptive_field": {"receptive_field.png"},
    "separable_kernel": {"motion.png"},
    "sobel_edges": {"edges.png", "edge_directions.png"},
    "unsharp": {f"unsharp_{amount}.png" for amount in (0.5, 1.5, 4.0)},
    "volume_gradient": {"gradient.npy", "gradient_slices.png"},
}


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_script(script: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(imfilter.__file__).parent.parent)}
    command = [sys.executable, "-W", "error", str(script)]
    # Once where it stands, into the working directory, and once into a folder.
    for number, arguments in enumerate(([], [str(tmp_path / "1")])):
        folder = tmp_path / str(number)
        folder.mkdir()
        result = subprocess.run(
            [*command, *arguments],
            cwd=tmp_path / "0",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        assert result.stdout
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
