"""The commands of reconstruction and holes: colour, opacity, absent pixels, types, errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imfilter import io, morphology
from tests.cli.commands import COINS, done, failed, noise, save


def test_grey_pictures(tmp_path: Path) -> None:
    image = io.read(COINS).pixels
    out = tmp_path / "out.png"
    done("fill-holes", COINS, out)
    np.testing.assert_array_equal(io.read(out).pixels, morphology.fill_holes(image))
    done("fill_holes", COINS, out, "--connectivity", 2)
    np.testing.assert_array_equal(io.read(out).pixels, morphology.fill_holes(image, connectivity=2))
    seed = np.maximum(image, 40) - 40
    done("reconstruct", COINS, out, "--seed", save(tmp_path / "seed.png", seed.astype(np.uint8)))
    np.testing.assert_array_equal(io.read(out).pixels, morphology.reconstruction(seed, image))
    high = save(tmp_path / "high.png", np.full_like(image, 255))
    done("reconstruct", COINS, out, "--seed", high, "--method", "erosion", "--connectivity", 1)
    assert (io.read(out).pixels == image.max()).all() or (io.read(out).pixels >= image).all()


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_colour_and_opacity(tmp_path: Path, channels: int) -> None:
    pixels = noise(20, 21, channels)
    alpha = channels in (2, 4)
    if alpha:
        pixels[..., -1] = np.where(pixels[..., -1] < 80, 0, pixels[..., -1])
    source, out = save(tmp_path / "in.png", pixels), tmp_path / "out.png"
    done("fill-holes", source, out)
    got = io.read(out).pixels
    colour = pixels[..., :-1] if alpha else pixels
    mask = np.broadcast_to(pixels[..., -1:] > 0, colour.shape) if alpha else None
    want = morphology.fill_holes(colour, channel_axis=-1, mask=mask)
    np.testing.assert_array_equal(got[..., : want.shape[-1]], want)
    if alpha:
        np.testing.assert_array_equal(got[..., -1], pixels[..., -1])
    done("reconstruct", source, out, "--seed", save(tmp_path / "seed.png", np.zeros((20, 21), np.uint8)))
    assert not io.read(out).pixels[..., : want.shape[-1]].any()


def test_absent_pixels(tmp_path: Path) -> None:
    pixels = noise(20, 21)
    pixels[3, 4] = 7
    source, out = save(tmp_path / "in.npy", pixels), tmp_path / "out.npy"
    done("fill-holes", source, out, "--nodata", 7)
    want = morphology.fill_holes(pixels, mask=pixels != 7)
    np.testing.assert_array_equal(np.load(out), np.where(pixels == 7, 7, want))
    present = noise(20, 21) > 60
    mask = save(tmp_path / "mask.png", present.astype(np.uint8) * 255)
    seed = np.minimum(pixels, 50)
    done("reconstruct", source, out, "--seed", save(tmp_path / "seed.npy", seed), "--mask", mask)
    limits = np.where(present, pixels, np.nan)
    want = morphology.reconstruction(np.where(present, seed, 0).astype(float), limits)
    np.testing.assert_array_equal(np.load(out), np.nan_to_num(want))


def test_types(tmp_path: Path) -> None:
    wide = noise(9, 10, dtype="uint16")
    done("fill-holes", save(tmp_path / "in.png", wide), tmp_path / "out.png")
    np.testing.assert_array_equal(io.read(tmp_path / "out.png").pixels, morphology.fill_holes(wide))
    binary = noise(9, 10) > 100
    done("fill-holes", save(tmp_path / "in.npy", binary), tmp_path / "out.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), morphology.fill_holes(binary))
    done("fill-holes", tmp_path / "in.npy", tmp_path / "out.png")
    np.testing.assert_array_equal(io.read(tmp_path / "out.png").pixels, 255 * morphology.fill_holes(binary))


def test_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.png"
    assert "--seed" in failed(capsys, 2, "reconstruct", COINS, out)
    small = save(tmp_path / "small.png", np.zeros((3, 4), np.uint8))
    assert "--seed must have the shape of IN" in failed(capsys, 2, "reconstruct", COINS, out, "--seed", small)
    high = save(tmp_path / "high.png", np.full((303, 384), 255, np.uint8))
    assert "--seed must not be brighter than IN" in failed(
        capsys, 2, "reconstruct", COINS, out, "--seed", high
    )
    assert not out.exists()
