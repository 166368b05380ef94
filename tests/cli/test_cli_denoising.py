"""The commands of denoising: colour, opacity, absent pixels, types, errors."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest

import imfilter
from imfilter import io
from imfilter._cli import table
from imfilter._cli.command import Command
from imfilter._cli.denoise_table import DENOISING
from tests.cli.commands import COINS, done, failed, noise, save

#: Short options, and the same arguments.
QUICK = {
    "non_local_means": (["--patch", "3", "--search", "5"], {"patch": 3, "search": 5}),
    "total_variation": (["--weight", "20"], {"weight": 20}),
    "anisotropic_diffusion": (["--iterations", "3", "--kappa", "30"], {"iterations": 3, "kappa": 30}),
}
EACH = pytest.mark.parametrize("command", DENOISING, ids=[c.name for c in DENOISING])


def call(command: Command, image: np.ndarray, **options: object) -> np.ndarray:
    return getattr(imfilter, command.name)(image, **QUICK[command.name][1], **options)


@EACH
def test_defaults_are_those_of_the_function(command: Command) -> None:
    parameters = inspect.signature(getattr(imfilter, command.name)).parameters
    for option in (*command.options, *table.shared_of(command)):
        default = parameters[option.name].default
        if default is not inspect.Parameter.empty:
            assert option.default == default, option.name
    required = {name for name, value in parameters.items() if value.default is inspect.Parameter.empty}
    assert required - {"image"} <= {option.name for option in command.options}


@EACH
def test_grey_pictures(tmp_path: Path, command: Command) -> None:
    image = io.read(COINS).pixels[:60, :70]
    source, out = save(tmp_path / "in.png", image), tmp_path / "out.png"
    done(command.name, source, out, *QUICK[command.name][0])
    np.testing.assert_array_equal(io.read(out).pixels, call(command, image))
    floats = save(tmp_path / "in.npy", image.astype("f4") / 255)
    if command.name == "non_local_means":
        done(command.name.replace("_", "-"), floats, tmp_path / "out.npy", *QUICK[command.name][0])
        np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), call(command, image.astype("f4") / 255))


@EACH
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_colour_and_opacity(tmp_path: Path, command: Command, channels: int) -> None:
    pixels = noise(20, 21, channels)
    source, out = save(tmp_path / "in.png", pixels), tmp_path / "out.png"
    done(command.name, source, out, *QUICK[command.name][0])
    got, mask = io.read(out).pixels, None
    colour = pixels[..., :-1] if channels in (2, 4) else pixels
    if channels in (2, 4):
        mask = np.broadcast_to(pixels[..., -1:] / np.float32(255), colour.shape)
        np.testing.assert_array_equal(got[..., -1], pixels[..., -1])
    want = call(command, colour, channel_axis=-1, mask=mask)
    np.testing.assert_array_equal(got[..., : want.shape[-1]], want)


@EACH
def test_absent_pixels(tmp_path: Path, command: Command) -> None:
    pixels = noise(20, 21)
    pixels[3:9, 4:8] = 7
    source, out = save(tmp_path / "in.npy", pixels), tmp_path / "out.npy"
    done(command.name, source, out, "--nodata", 7, *QUICK[command.name][0])
    want = call(command, pixels, mask=pixels != 7)
    np.testing.assert_array_equal(np.load(out), np.where(pixels == 7, 7, want))


@EACH
def test_options_are_checked(tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    source, wrong = save(tmp_path / "in.png", noise(9, 9)), command.options[0].name
    value = {"patch": "4"}.get(wrong, "-1")
    short = [*QUICK[command.name][0], f"--{wrong}={value}"]
    message = failed(capsys, 2, command.name, source, tmp_path / "out.png", *short)
    assert wrong in message
    assert not (tmp_path / "out.png").exists()


def test_noise_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = io.read(COINS).pixels
    done("estimate-noise", COINS)
    assert float(capsys.readouterr().out) == pytest.approx(imfilter.estimate_noise(image), rel=1e-5)
    colour = save(tmp_path / "in.png", noise(30, 31, 4))
    done("estimate_noise", colour)
    assert len(capsys.readouterr().out.split()) == 3
    values = np.random.default_rng(0).normal(0, 2, (3, 40, 50))
    values[:, 3] = -1
    source = save(tmp_path / "in.npy", values)
    done("estimate_noise", source, "--channel-axis", "0", "--nodata", "-1")
    found = imfilter.estimate_noise(values, channel_axis=0, mask=values != -1)
    np.testing.assert_allclose([float(v) for v in capsys.readouterr().out.split()], found, rtol=1e-5)
    assert "No such file" in failed(capsys, 1, "estimate_noise", tmp_path / "none.png")
    done("estimate_noise", "--help")
    assert "Example: imfilter estimate-noise" in capsys.readouterr().out


@EACH
def test_help(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    done(command.name, "--help")
    text = " ".join(capsys.readouterr().out.split())
    assert "Example: imfilter " + command.example in text
    for option in table.options_of(command):
        assert option.flag in text


def test_progress_is_shown_on_a_terminal_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = save(tmp_path / "in.png", noise(20, 21)), tmp_path / "out.png"
    done("total_variation", source, out, "--weight", 20)
    assert "variation" not in capsys.readouterr().err
    plain = out.read_bytes()
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    done("total_variation", source, out, "--weight", 20)
    assert "total variation" in capsys.readouterr().err
    assert out.read_bytes() == plain


def test_required_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = save(tmp_path / "in.png", noise(9, 9))
    for name, option in (("total_variation", "weight"), ("anisotropic_diffusion", "iterations")):
        assert option in failed(capsys, 2, name, source, tmp_path / "out.png")
