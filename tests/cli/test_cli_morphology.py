"""The commands of morphology: the functions on pictures, their elements, colour and transparency."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imfilter import io, morphology
from imfilter._cli.morphology_table import MORPHOLOGY
from tests.cli.commands import COINS, done, failed, noise, save

FUNCTIONS = {command.name: getattr(morphology, command.calls.rpartition(".")[2]) for command in MORPHOLOGY}
RESIDUES = [command.name for command in MORPHOLOGY if command.kind == "residue"]
OTHERS = [name for name in FUNCTIONS if name not in RESIDUES]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_grey_picture(name: str, tmp_path: Path) -> None:
    pixels = io.read(COINS).pixels[:90, :120]
    source = save(tmp_path / "in.png", pixels)
    done(name, source, tmp_path / "out.png", "--element", "disk:3")
    np.testing.assert_array_equal(
        io.read(tmp_path / "out.png").pixels, FUNCTIONS[name](pixels, morphology.disk(3))
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_colour_is_filtered_by_channel(name: str, tmp_path: Path) -> None:
    pixels = noise(20, 31, 3, dtype="uint16")
    source = save(tmp_path / "in.tif", pixels)
    done(name, source, tmp_path / "out.tif", "--connectivity", "2", "--iterations", "2", "--mode", "mirror")
    expected = FUNCTIONS[name](pixels, connectivity=2, iterations=2, mode="mirror", channel_axis=-1)
    np.testing.assert_array_equal(io.read(tmp_path / "out.tif").pixels, expected)


@pytest.mark.parametrize("name", OTHERS)
def test_invisible_colour_has_no_effect(name: str, tmp_path: Path) -> None:
    pixels = noise(16, 17, 4)
    pixels[..., 3] = np.where(noise(16, 17) < 128, 0, 255)
    found = []
    for hidden in (0, 255):
        pixels[pixels[..., 3] == 0, :3] = hidden
        done(name, save(tmp_path / "in.png", pixels), tmp_path / "out.png", "--element", "diamond:1")
        found.append(io.read(tmp_path / "out.png").pixels)
    np.testing.assert_array_equal(*found)
    opacity = FUNCTIONS[name](pixels[..., 3], morphology.diamond(1))
    np.testing.assert_array_equal(found[0][..., 3], opacity)


@pytest.mark.parametrize("name", RESIDUES)
def test_residues_are_opaque(name: str, tmp_path: Path) -> None:
    pixels = noise(16, 17, 4)
    pixels[..., 3] = np.where(noise(16, 17) < 128, 0, 255)
    black = np.where(pixels[..., 3:] > 0, pixels[..., :3], 0).astype(np.uint8)
    done(name, save(tmp_path / "in.png", pixels), tmp_path / "out.png", "--element", "disk:2")
    found = io.read(tmp_path / "out.png")
    assert not found.alpha
    np.testing.assert_array_equal(found.pixels, FUNCTIONS[name](black, morphology.disk(2), channel_axis=-1))


@pytest.mark.parametrize(
    ("text", "element"),
    [
        ("disk:4", morphology.disk(4)),
        ("DISK: 4", morphology.disk(4)),
        ("diamond:2", morphology.diamond(2)),
        ("star:2", morphology.star(2)),
        ("octagon:3,2", morphology.octagon(3, 2)),
        ("rectangle:3,8", np.ones((3, 8), bool)),
        ("line:9,30", morphology.line(9, 30)),
    ],
)
def test_elements(text: str, element: np.ndarray, tmp_path: Path) -> None:
    pixels = noise(25, 30)
    done("dilate", save(tmp_path / "in.png", pixels), tmp_path / "out.png", "--element", text)
    np.testing.assert_array_equal(io.read(tmp_path / "out.png").pixels, morphology.dilation(pixels, element))


@pytest.mark.parametrize("suffix", ["npy", "txt", "csv"])
def test_an_element_of_a_file(suffix: str, tmp_path: Path) -> None:
    pixels, element = noise(25, 30), np.array([[0, 1, 1], [1, 0, 0]])
    file = tmp_path / f"element.{suffix}"
    if suffix == "npy":
        np.save(file, element)
    else:
        np.savetxt(file, element, delimiter="," if suffix == "csv" else " ")
    done("erode", save(tmp_path / "in.png", pixels), tmp_path / "out.png", "--element", file)
    expected = morphology.erosion(pixels, element != 0)
    np.testing.assert_array_equal(io.read(tmp_path / "out.png").pixels, expected)


def test_volumes(tmp_path: Path) -> None:
    volume = noise(7, 8, 9, dtype="int16")
    np.save(tmp_path / "in.npy", volume)
    done("open", tmp_path / "in.npy", tmp_path / "out.npy", "--element", "ball:2")
    np.testing.assert_array_equal(
        np.load(tmp_path / "out.npy"), morphology.opening(volume, morphology.ball(2))
    )


def test_absent_pixels(tmp_path: Path) -> None:
    pixels = noise(20, 20)
    pixels[4:9, 5:12] = 0
    source = save(tmp_path / "in.png", pixels)
    done("erode", source, tmp_path / "out.png", "--nodata", "0", "--element", "disk:2")
    expected = morphology.erosion(pixels, morphology.disk(2), mask=pixels > 0)
    np.testing.assert_array_equal(io.read(tmp_path / "out.png").pixels, expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("disc:3", "--element must be one of disk, diamond"),
        ("disk", "--element must be disk:RADIUS, got 'disk'"),
        ("disk:1,2", "--element must be disk:RADIUS, got 'disk:1,2'"),
        ("disk:nan", "--element must be disk:RADIUS, got 'disk:nan'"),
        ("line:5", "--element must be line:LENGTH,DEGREES, got 'line:5'"),
        ("disk:-1", "--element disk:-1: radius must be"),
        ("rectangle:0,3", "--element rectangle:0,3: shape must be"),
        ("none.npy", "--element none.npy: No such file"),
    ],
)
def test_wrong_elements(text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = save(tmp_path / "in.png", noise(5, 5))
    assert message in failed(capsys, 2, "erode", source, tmp_path / "out.png", "--element", text)
    assert not (tmp_path / "out.png").exists()
