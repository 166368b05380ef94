"""The copied lines run, and make the same pixels as the playground: for every filter of the command."""

import shlex
import tomllib

import numpy as np
import pytest

import imfilter
from imfilter import cli, io
from imfilter._cli.command import PLACES
from imfilter._play import forms, pictures, steps, words
from imfilter._play.engine import Engine
from tests.looping import loop_over

FILTERS = [form for family in forms.families() for form in family["filters"]]
#: Other options than those at the start, by filter: the lines must say them.
CHANGED = {
    "gaussian": {"sigma": "2.5,1", "mode": "constant", "cval": "30"},
    "sobel": {"axis": "x", "signed": "true"},
    "scharr": {"per_channel": "true"},
    "hessian": {"which": "determinant", "sigma": "2"},
    "bilateral": {"guide": "original", "sigma_range": "40"},
    "fill": {"nodata": "100", "sigma": "2"},
    "median": {"size": "3,5"},
    "sato": {"sigmas": "1,2", "black_ridges": "false"},
    "erode": {"element": "rectangle:3,5", "mode": "mirror"},
    "dilate": {"element": "line:7,45", "iterations": "2"},
    "threshold": {"method": "sauvola", "size": "9"},
    "correlate": {"kernel": "SOBEL_X", "bias": "5", "signed": "true"},
    "convolve": {"kernel": "1,2,3", "stride": "2", "padding": "valid"},
    "harris": {"count": "5", "distance": "9"},
    "resize": {"scale": "1.5", "method": "cubic", "antialias": "false"},
    "butterworth": {"cutoff": "0.1,0.3", "kind": "band", "squared": "false"},
    "entropy": {"levels": "16"},
    "meijering": {"alpha": "-0.2"},
}


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """Small parts of the samples, in the working directory."""
    cat = io.read(pictures._file("chelsea.png")).colour[100:170, 100:190].copy()
    io.write(tmp_path / "my cat.png", io.Image(cat, channels=True))
    coins = io.read(pictures._file("coins.png")).colour[20:90, 20:110].copy()
    io.write(tmp_path / "coins.png", io.Image(coins))
    io.write(tmp_path / "deep.png", io.Image(coins.astype(np.uint16) * np.uint16(257)))
    monkeypatch.chdir(tmp_path)


def made(file, chain):
    """Results of the playground, and the three texts."""
    opened = pictures.Pictures(None)
    picture = opened.add_file(file)
    results = Engine(opened).results(picture, chain)
    given = (picture.name, [result.image for result in results[:-1]], chain, lambda key: opened.get(key).name)
    return results, words.python(*given), words.command(*given), words.toml(*given)


def run_python(text):
    names = {}
    exec(compile(text, "copied", "exec"), names)
    return names


def run_command(text, *, raw):
    """Run lines of the shell. The last one writes raw values instead, if asked. Return the pixels."""
    lines = [shlex.split(line) for line in text.splitlines()]
    target = lines[-1][3]
    if raw:
        lines[-1][3] = target = "raw.npy"
    for line in lines:
        assert line[0] == "imfilter"
        assert cli.call(line[1:]) == 0, line
    return io.read(target).colour


def check(file, chain):
    results, python, command, toml = made(file, chain)
    last = results[-1]
    names = run_python(python)
    tables = tomllib.loads(toml)["step"]
    assert all(hasattr(imfilter, table["filter"].split(".")[0]) for table in tables)
    saved = run_command(command, raw=False)
    if last.tone is not None and saved.dtype == np.uint8:
        assert np.array_equal(saved, last.tone(last.image.pixels.copy()))
    if chain[-1].command.kind in PLACES:
        return names
    values = np.asarray(names["image"])
    assert values.dtype == last.image.pixels.dtype
    np.testing.assert_array_equal(values, last.image.pixels)
    np.testing.assert_array_equal(run_command(command, raw=True), last.image.pixels)
    return names


def at_start(form):
    return {option["name"]: option["value"] for option in form["options"]}


@pytest.mark.slow
@loop_over("file", ["coins.png", "my cat.png"])
@pytest.mark.parametrize("form", FILTERS, ids=lambda form: form["name"])
def test_the_lines_of_every_filter_make_the_same_pixels(form, file):
    check(file, [steps.step(form["name"], at_start(form))])


@pytest.mark.slow
@loop_over("file", ["my cat.png", "deep.png"])
@pytest.mark.parametrize("name", CHANGED)
def test_the_lines_have_the_options(name, file):
    form = next(form for form in FILTERS if form["name"] == name)
    options = {**at_start(form), **CHANGED[name]}
    if file == "deep.png" and name == "scharr":
        options["axis"] = "y"
    check(file, [steps.step(name, options)])


@pytest.mark.slow
@pytest.mark.parametrize("file", ["coins.png", "my cat.png"])
@pytest.mark.parametrize(
    "chain",
    [
        [("gaussian", {"sigma": "2"}), ("sobel", {})],
        [("gaussian", {"sigma": "2"}), ("sobel", {}), ("median", {"size": "5"})],
        [("median", {}), ("threshold", {}), ("open", {"element": "disk:3"}), ("fill_holes", {})],
        [("scharr", {"per_channel": "true"}), ("box", {"size": "5"}), ("bilateral", {})],
        [("resize", {"scale": "0.5"}), ("canny", {}), ("distance", {})],
        [("box", {}), ("harris", {})],
    ],
    ids=lambda chain: "-".join(name for name, _ in chain),
)
def test_the_lines_of_a_chain_make_the_same_pixels(chain, file):
    check(file, [steps.step(*one) for one in chain])


def test_corners_and_places_are_found_at_the_marks():
    names = check("coins.png", [steps.step("harris", {"count": "9"})])
    results, *_ = made("coins.png", [steps.step("harris", {"count": "9"})])
    marked = results[-1].image.pixels
    assert len(names["corners"]) == 9
    for row, column in np.rint(names["corners"]).astype(int):
        assert marked[row, column].tolist() == [255, 0, 0]
    names = check("coins.png", [steps.step("match_template", {"template": "original"})])
    assert names["places"][0].tolist() == [35, 45]  # the centre of the picture itself


def test_the_pipeline_has_the_keywords_of_the_functions():
    chain = [steps.step("gaussian", {"sigma": "2"}), steps.step("open", {"element": "diamond:1"})]
    *_, toml = made("coins.png", chain)
    assert tomllib.loads(toml) == {
        "step": [
            {"filter": "gaussian", "sigma": 2.0},
            {"filter": "morphology.opening", "element": [[0, 1, 0], [1, 1, 1], [0, 1, 0]]},
        ]
    }


def test_names_are_quoted():
    _, python, command, toml = made("my cat.png", [steps.step("bilateral", {"guide": "original"})])
    assert "'my cat.png'" in command
    assert words.command("-a $(b).png", [], [], str) == ""
    image = io.read("coins.png")
    command = words.command("-a $(b).png", [image], [steps.step("box", {})], str)
    assert shlex.split(command) == ["imfilter", "box", "./-a $(b).png", "result.png"]
    assert "io.read('my cat.png')" in python
    assert 'guide = "my cat.png"' in toml
