"""The gallery: every public function has a picture, sources are named, and commands run.

The code of the examples runs when the documentation is built.
"""

import ast
import importlib
import re
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from imfilter import io
from tests.docs import pages
from tests.every import CALLS
from tests.looping import loop_over

ROOT = Path(__file__).parents[2]
gallery = pages.module("pictures")
GALLERY, EXAMPLES = gallery.GALLERY, gallery.examples()
NAMES = [str(path.relative_to(GALLERY)) for path in EXAMPLES]


def docstring(path):
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_every_public_function_has_a_picture():
    assert len(EXAMPLES) >= 60
    without = [name for name in gallery.reference() if not gallery.showing(name)]
    assert set(without) == set(gallery.WITHOUT)


def test_the_most_telling_picture_is_the_first():
    first = {name: [path.stem for path in gallery.showing(f"imfilter.{name}")][:1] for name in FIRST}
    assert first == {name: [f"plot_{stem}"] for name, stem in FIRST.items()}
    files = gallery.ordered(["imfilter.gaussian", "imfilter.median", "gallery/volumes/plot_film.py"])
    assert [Path(name).stem for name in files[:: gallery.FEW]] == ["plot_gaussian", "plot_median"]
    assert files[-1] == "gallery/volumes/plot_film.py"
    assert all((ROOT / "docs" / name).is_file() for name in files)


FIRST = {
    "gaussian": "gaussian",
    "median": "median",
    "canny": "canny",
    "morphology.disk": "elements",
    "morphology.erosion": "erosion",
    "morphology.opening": "erosion",
    "threshold.otsu": "otsu",
    "series.savgol": "savgol",
    "series.Stream": "stream",
}


def test_the_reference_has_every_public_function():
    listed = set(gallery.reference())
    functions = {f"imfilter.{name.split(',')[0].split(' ')[0]}".replace("..", ".") for name in CALLS}
    assert functions <= listed
    for name in listed:
        module, _, last = name.rpartition(".")
        assert callable(getattr(importlib.import_module(module), last)), name


@loop_over("name", NAMES)
def test_example_has_a_title_a_caption_and_a_source(name):
    text = docstring(GALLERY / name)
    title, line = text.splitlines()[:2]
    assert line == "=" * len(title)
    source = (GALLERY / name).read_text(encoding="utf-8")
    assert source.count("# %%") == 1, "one comment after the code says what to look at"
    assert re.search(r"^# (Picture|Data): ", source, re.M), "the last line names the source"
    for loaded in set(re.findall(r"\bdata\.(\w+)\(", source)) - {"checkerboard"}:
        assert loaded in SHIPPED, f"{loaded} is not in the wheel of scikit-image"


#: Functions of skimage.data that load a file of the wheel, or that make a picture.
SHIPPED = (
    *("astronaut", "binary_blobs", "brick", "camera", "cell", "chelsea", "coffee", "coins", "grass"),
    *("gravel", "horse", "hubble_deep_field", "microaneurysms", "retina", "rocket", "text"),
)


def test_file_names_differ():
    """Sphinx-gallery links pages by the names of their files."""
    assert len({path.name for path in EXAMPLES}) == len(EXAMPLES)
    assert {path.parent.name for path in EXAMPLES} == {
        p.parent.name for p in GALLERY.glob("*/GALLERY_HEADER.rst")
    }


def test_the_code_of_the_first_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = re.findall(r"^    (.*)$", (GALLERY / "GALLERY_HEADER.rst").read_text(), re.M)
    exec("\n".join(code), {})
    np.testing.assert_array_equal(io.read("camera.png").pixels, data.camera())


COMMANDS = [
    (name, line[4:])
    for name in NAMES
    for line in docstring(GALLERY / name).splitlines()
    if line.startswith("    ")
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The files that the commands read, as parts of the pictures."""
    folder = tmp_path_factory.mktemp("gallery")
    random = np.random.default_rng(0)
    colour = {"astronaut", "chelsea", "coffee", "retina", "rocket"}
    for name in ("camera", "coins", "text", "gravel", "brick", "microaneurysms", *colour):
        pixels = getattr(data, name)()[20:84, 10:90]
        io.write(folder / f"{name}.png", io.Image(pixels, channels=name in colour))
    camera = io.read(folder / "camera.png").pixels
    for name in ("noisy", "blurred", "hubble", "page", "seed"):
        io.write(folder / f"{name}.png", io.Image(np.minimum(camera, 99) if name == "seed" else camera))
    io.write(folder / "coin.png", io.Image(camera[20:36, 20:40].copy()))
    for name in ("horse", "mask", "good"):
        io.write(folder / f"{name}.png", io.Image((camera > 100).astype(np.uint8) * np.uint8(255)))
    for name in ("depth", "scratched"):
        io.write(folder / f"{name}.tif", io.Image(camera.astype(np.float32)))
    (folder / "blur.txt").write_text("0 1 0\n1 4 1\n0 1 0\n")
    (folder / "log.csv").write_text("price\n" + "".join(f"{i % 9}\n" for i in range(120)))
    np.save(folder / "x.npy", random.normal(size=99))
    np.save(folder / "weights.npy", random.normal(size=(4, 5, 5)))
    np.save(folder / "kernel.npy", random.normal(size=(5, 5)))
    return folder


@loop_over(("name", "command"), COMMANDS)
@pytest.mark.slow
def test_command_runs(name, command, folder, monkeypatch):
    monkeypatch.chdir(folder)
    if "--network" in command:
        pytest.skip("it reads weights of a trained network: docs/layers.md runs the same command")
    pages.run_command(name, command)
