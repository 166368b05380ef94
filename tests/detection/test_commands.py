"""The commands `blobs` and `match_template`: tables, pictures, arrays and errors."""

import csv
import inspect
import json
import shlex

import numpy as np
import pytest

import imfilter
from imfilter import io
from imfilter._cli.finder_table import FINDERS
from tests.cli.commands import COINS, done, failed, noise, save

SCENE = np.zeros((60, 80), np.uint8)
SCENE[10:19, 20:29] = 200
SCENE[40:45, 60:65] = 150


def test_blobs_as_a_table(tmp_path):
    source = save(tmp_path / "in.png", SCENE)
    expected = imfilter.blobs(SCENE, 1.5, 9)
    assert len(expected) == 2
    done("blobs", source, tmp_path / "out.csv", "--min-sigma", 1.5, "--max-sigma", 9)
    with open(tmp_path / "out.csv", newline="") as file:
        rows = [[float(row[name]) for name in ("row", "column", "sigma")] for row in csv.DictReader(file)]
    np.testing.assert_array_equal(rows, expected)
    done("blobs", source, tmp_path / "out.json", "--min-sigma", 1.5, "--max-sigma", 9)
    listed = json.loads((tmp_path / "out.json").read_text())
    assert [list(row.values()) for row in listed] == expected.tolist()
    done("blobs", source, tmp_path / "out.npy", "--min-sigma", 1.5, "--max-sigma", 9)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_blobs_on_a_picture(tmp_path, dtype):
    scale = 257 if dtype == "uint16" else 1
    source = save(tmp_path / "in.png", SCENE.astype(dtype) * scale)
    done("blobs", source, tmp_path / "out.png", "--min-sigma", 1.5, "--max-sigma", 9)
    found = io.read(tmp_path / "out.png").pixels
    red = (found[..., 0] == found.max()) & (found[..., 1] == 0)
    assert red.sum() > 20
    np.testing.assert_array_equal(found[~red][:, 1], (found[~red][:, 0]))
    assert red[14, :].nonzero()[0].min() in (18, 19)  # the circle around the larger square


def test_blobs_of_present_pixels(tmp_path):
    scene = np.where(SCENE == 150, 7, SCENE).astype(np.uint8)
    works = scene != 7
    source, mask = save(tmp_path / "in.png", scene), save(tmp_path / "mask.png", works)
    expected = imfilter.blobs(scene, 1.5, 9, mask=works)
    assert len(expected) == 1
    sizes = ("--min-sigma", 1.5, "--max-sigma", 9)
    for options in (("--mask", mask), ("--nodata", 7)):
        done("blobs", source, tmp_path / "out.npy", *options, *sizes)
        np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)
    done("blobs", source, tmp_path / "none.csv", "--mask", mask, "--min-coverage", 1, "--min-sigma", 20)
    assert len((tmp_path / "none.csv").read_text().splitlines()) == 1
    done("blobs", source, tmp_path / "out.png", "--mask", mask, *sizes)
    assert not io.read(tmp_path / "out.png").pixels[~works].any()


def test_templates(tmp_path):
    picture = io.read(COINS).pixels
    template = save(tmp_path / "coin.png", picture[100:160, 80:140])
    done("match_template", COINS, tmp_path / "out.csv", "--template", template, "--strength", 0.9)
    with open(tmp_path / "out.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["row"], row["column"]) == ("130.0", "110.0")
    assert float(row["coefficient"]) == pytest.approx(1, abs=1e-5)
    done("match_template", COINS, tmp_path / "out.npy", "--template", template)
    expected = imfilter.match_template(picture, picture[100:160, 80:140])
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)
    done("match_template", COINS, tmp_path / "out.png", "--template", template, "--count", 1)
    marked = io.read(tmp_path / "out.png").pixels
    np.testing.assert_array_equal(marked[130, 110], [255, 0, 0])
    done(
        "match_template", COINS, tmp_path / "all.json", "--template", template, "--count", 3, "--strength", 0
    )
    assert len(json.loads((tmp_path / "all.json").read_text())) == 3


def test_colour_is_luminance(tmp_path):
    grey = save(tmp_path / "grey.png", SCENE)
    colour = save(tmp_path / "colour.png", np.stack([SCENE] * 3, -1))
    for source in (grey, colour):
        done("blobs", source, source.with_suffix(".csv"))
    assert grey.with_suffix(".csv").read_bytes() == colour.with_suffix(".csv").read_bytes()


def test_errors(tmp_path, capsys):
    source = save(tmp_path / "in.png", noise(9, 8))
    out = tmp_path / "out.csv"
    assert "--template" in failed(capsys, 2, "match_template", source, out)
    flat = save(tmp_path / "flat.png", np.zeros((3, 3), np.uint8))
    words = ("match_template", source, out, "--template", flat)
    assert "template must have different samples" in failed(capsys, 2, *words)
    assert "max_sigma must be at least" in failed(capsys, 2, "blobs", source, out, "--max-sigma", 0.5)
    hole = save(tmp_path / "in.npy", np.array([[1.0, np.nan], [2.0, 3.0]]))
    assert "image must be finite" in failed(capsys, 2, "blobs", hole, out)
    assert not out.exists()


@pytest.mark.parametrize("command", FINDERS, ids=lambda command: command.name)
def test_help_defaults_and_example(tmp_path, capsys, monkeypatch, command):
    parameters = inspect.signature(getattr(imfilter, command.name)).parameters
    for option in command.options:
        if option.name in parameters and option.shown != "required":
            assert option.default == parameters[option.name].default, option.name
    done(command.name, "--help")
    text = " ".join(capsys.readouterr().out.split())
    assert all(option.flag in text and option.help.split()[0] in text for option in command.options)
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "in.png", noise(20, 30, 3))
    words = shlex.split(command.example)
    done(*words)
    assert io.read(tmp_path / words[2]).pixels.shape == (20, 30, 3)


def test_an_array_of_no_blobs(tmp_path):
    source = save(tmp_path / "in.png", np.zeros((30, 40), np.uint8))
    done("blobs", source, tmp_path / "out.npy", "--min-sigma", 2, "--max-sigma", 5)
    assert np.load(tmp_path / "out.npy").shape == (0, 3)
