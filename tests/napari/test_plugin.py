"""The parts of the plugin that need no napari: the manifest, the forms and the results."""

import importlib
import re
import tomllib
import typing
from pathlib import Path

import numpy as np
import pytest
import yaml

import imfilter
from imfilter import threshold
from imfilter._napari import forms, results
from tests.base.test_architecture import loaded_after

ROOT = Path(__file__).parents[2]
MANIFEST = yaml.safe_load((ROOT / "imfilter" / "napari.yaml").read_text())
FILTERS = [name for names in forms.FAMILIES.values() for name in names]
RNG = np.random.default_rng(5)
IMAGE = RNG.integers(0, 255, (24, 20), np.uint8)
VOLUME = RNG.integers(0, 255, (8, 12, 10), np.uint8)
#: Filters of two axes only.
PLANE = {"canny", "harris", "shi_tomasi", "morphology.skeleton", "morphology.thin"}
#: One filter of each family, for volumes: the tests of the filters know the others.
VOLUMES = ("gaussian", "bilateral", "rolling_ball", "sobel", "frangi", "local_std")
VOLUMES += ("morphology.erosion", "morphology.distance", "threshold.otsu", "threshold.sauvola", "blobs")
#: Filters that return True and False.
BOOLEAN = {"canny", *(f"morphology.{name}" for name in ("skeleton", "thin", "local_maxima", "local_minima"))}
BOOLEAN |= {"morphology.h_maxima", "morphology.h_minima"}


def form(name, **changed):
    """The values of a form as it opens, and some that the user has changed."""
    start = {parameter.name: parameter.default for parameter in forms.signature(name).parameters.values()}
    assert set(changed) <= set(start)
    return {**start, **changed}


def test_the_manifest_names_functions_and_widgets():
    entry = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    assert entry["napari.manifest"] == {"imfilter": "imfilter:napari.yaml"}
    assert MANIFEST["name"] == "imfilter"
    commands = {each["id"]: each for each in MANIFEST["contributions"]["commands"]}
    shown = [each["command"] for each in MANIFEST["contributions"]["widgets"]]
    assert shown == list(commands)
    assert [name.removeprefix("imfilter.") for name in commands] == list(forms.FAMILIES)
    for name, command in commands.items():
        assert name.startswith("imfilter.")
        module, _, function = command["python_name"].partition(":")
        assert callable(getattr(importlib.import_module(module), function))


def test_the_manifest_is_valid():
    npe2 = pytest.importorskip(
        "npe2", reason="npe2 comes with napari, and is heavier than this test is worth"
    )
    manifest = npe2.PluginManifest.from_file(ROOT / "imfilter" / "napari.yaml")
    assert len(manifest.contributions.widgets) == len(forms.FAMILIES)


def test_nothing_is_imported_before_napari_opens_a_widget():
    loaded = loaded_after("import imfilter, imfilter._napari.widgets")
    assert not {"napari", "magicgui", "qtpy", "numba"} & loaded


def test_the_page_lists_the_widgets():
    lines = (ROOT / "docs" / "napari.md").read_text().splitlines()
    listed = {
        line.split(" | ")[0].strip("| "): re.findall(r"`(\w+)`", line) for line in lines if line[:1] == "|"
    }
    for each, names in zip(MANIFEST["contributions"]["widgets"], forms.FAMILIES.values(), strict=True):
        assert listed[each["display_name"]] == [name.rpartition(".")[2] for name in names]


@pytest.mark.parametrize("name", FILTERS)
def test_forms_have_ranges_words_and_help(name):
    hints = typing.get_type_hints(forms.function_of(name))
    for parameter in forms.signature(name).parameters.values():
        kind, options = typing.get_args(parameter.annotation)
        assert options["tooltip"], parameter.name
        if typing.get_origin(kind) is typing.Literal:
            assert parameter.default in typing.get_args(kind)
            if parameter.name not in ("axes", "element"):  # which are those of the plugin
                assert typing.get_args(kind) == forms.words_of(hints[parameter.name])
        elif kind in (int, float):
            assert options["min"] <= parameter.default <= options["max"]
        else:
            assert kind in (bool, str)
        assert isinstance(parameter.default, str if typing.get_origin(kind) else kind)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILTERS)
def test_every_form_runs_as_it_opens(name):
    found = results.run(name, results.Source(IMAGE, scale=(1.0, 1.0)), form(name))
    if name.startswith("threshold.") or name in BOOLEAN:
        assert found.kind == "labels"
        assert found.data.dtype == np.uint8
    elif name in ("corner_peaks", "blobs"):
        assert found.kind == "points"
        assert found.data.shape[1] == 2
        return
    else:
        assert found.kind == "image"
        assert found.attributes == {"rgb": False}
    assert found.data.shape == IMAGE.shape


@pytest.mark.slow
@pytest.mark.parametrize("name", VOLUMES)
def test_volumes_and_spacing(name):
    small = {"sigmas": "1, 2"} if "sigmas" in forms.parameters_of(name) else {}
    small |= {"max_sigma": 4.0} if name == "blobs" else {}
    found = results.run(name, results.Source(VOLUME, scale=(2.0, 0.5, 0.5)), form(name, **small))
    assert found.data.shape == VOLUME.shape or found.data.shape[1] == 3


@pytest.mark.parametrize("name", sorted(PLANE))
def test_a_plane_filter_says_that_a_volume_is_too_much(name):
    with pytest.raises(ValueError, match=r"(2|two) axes"):
        results.run(name, results.Source(VOLUME, scale=(1, 1, 1)), form(name))


def test_the_scale_is_the_spacing():
    source = results.Source(VOLUME, scale=(2.0, 0.5, 0.5))
    found = results.run("gaussian", source, form("gaussian", sigma=2.0))
    np.testing.assert_array_equal(found.data, imfilter.gaussian(VOLUME, 2.0, spacing=(2.0, 0.5, 0.5)))
    found = results.run("gaussian", source, form("gaussian", sigma=2.0, use_scale=False))
    np.testing.assert_array_equal(found.data, imfilter.gaussian(VOLUME, 2.0))
    found = results.run("gaussian", source, form("gaussian", sigma=2.0, axes="last 2"))
    np.testing.assert_array_equal(found.data, imfilter.gaussian(VOLUME, 2.0, axes=(1, 2), spacing=0.5))


def test_layers_of_four_axes_are_series_of_volumes():
    series = np.stack([VOLUME, VOLUME[::-1]])
    found = results.run("median", results.Source(series, scale=(1.0,) * 4), form("median"))
    np.testing.assert_array_equal(found.data[1], imfilter.median(series[1], 3))
    found = results.run("median", results.Source(series, scale=(1.0,) * 4), form("median", axes="last 2"))
    np.testing.assert_array_equal(found.data[1, 2], imfilter.median(series[1, 2], 3))


@pytest.mark.slow
@pytest.mark.parametrize("channels", [3, 4])
def test_colour(channels):
    colour = RNG.integers(0, 255, (16, 18, channels), np.uint8)
    source = results.Source(colour, rgb=True, scale=(1.0, 1.0))
    found = results.run("median", source, form("median"))
    assert found.attributes == {"rgb": True}
    np.testing.assert_array_equal(found.data[..., :3], imfilter.median(colour[..., :3], 3, channel_axis=-1))
    np.testing.assert_array_equal(found.data[..., 3:], colour[..., 3:])
    grey = imfilter.color.rgb_to_gray(colour[..., :3], dtype=np.uint8)
    found = results.run("sobel", source, form("sobel"))
    assert found.attributes == {"rgb": False}
    np.testing.assert_array_equal(found.data, imfilter.sobel(grey))
    for name in FILTERS:
        found = results.run(name, source, form(name))
        if found.attributes.get("rgb"):
            assert found.data.dtype == colour.dtype
            assert found.data.shape == colour.shape
        elif found.kind != "points":
            assert found.data.shape == colour.shape[:2]


def test_thresholds_are_those_of_the_functions():
    found = results.run("threshold.otsu", results.Source(IMAGE), form("threshold.otsu"))
    np.testing.assert_array_equal(found.data, threshold.otsu(IMAGE) < IMAGE)
    found = results.run("threshold.multi_otsu", results.Source(IMAGE), form("threshold.multi_otsu"))
    low, high = threshold.multi_otsu(IMAGE)
    np.testing.assert_array_equal(found.data, (low < IMAGE).astype(int) + (high < IMAGE))
    mask = np.zeros(IMAGE.shape, int)
    mask[:, 5:] = 7
    found = results.run("threshold.sauvola", results.Source(IMAGE), form("threshold.sauvola"), mask)
    wanted = (threshold.sauvola(IMAGE, 15, mask=mask > 0) < IMAGE) & (mask > 0)
    np.testing.assert_array_equal(found.data, wanted)
    holes = np.where(IMAGE > 200, np.nan, IMAGE)
    with pytest.raises(ValueError, match="nan must be 'ignore'"):
        results.run("threshold.otsu", results.Source(holes), form("threshold.otsu"))
    found = results.run("threshold.otsu", results.Source(holes), form("threshold.otsu", nan="ignore"))
    assert not found.data[IMAGE > 200].any()


def test_blobs_are_circles_of_their_size():
    y, x = np.mgrid[:40, :50]
    spot = np.exp(-((y - 20) ** 2 + (x - 30) ** 2) / (2 * 4.0**2))
    found = results.run("blobs", results.Source(spot, scale=(0.5, 0.5)), form("blobs", max_sigma=4.0))
    np.testing.assert_allclose(found.data, [[20, 30]], atol=0.1)
    np.testing.assert_allclose(
        found.attributes["features"]["sigma"], 2.0, rtol=0.1
    )  # in the unit of the scale
    np.testing.assert_allclose(found.attributes["size"], 2 * np.sqrt(2) * 4, rtol=0.1)  # in samples


def test_elements_and_labels():
    labels = (IMAGE > 100).astype(np.int32) * 3
    source = results.Source(labels, scale=(1.0, 1.0), labels=True)
    found = results.run("morphology.erosion", source, form("morphology.erosion", element="round"))
    assert found.kind == "labels"
    wanted = imfilter.morphology.erosion(labels, imfilter.morphology.disk(3))
    np.testing.assert_array_equal(found.data, wanted)
    box = form("morphology.dilation", element="box", element_radius=1)
    found = results.run("morphology.dilation", results.Source(VOLUME, scale=(1.0,) * 3), box)
    np.testing.assert_array_equal(found.data, imfilter.morphology.dilation(VOLUME, np.ones((3, 3, 3), bool)))


@pytest.mark.parametrize(("text", "value"), [("3", 3), ("0.5", 0.5), ("1, 2", (1, 2)), ("(1, 3,)", (1, 3))])
def test_texts_are_numbers(text, value):
    assert forms.values_of("frangi", form("frangi", sigmas=text))["sigmas"] == value


def test_an_empty_text_is_left_out():
    assert "radius" not in forms.values_of("gaussian", form("gaussian", radius="  "))


@pytest.mark.parametrize("text", ["many", "1;2", "1 2", "__import__('os')"])
def test_other_texts_are_errors(text):
    with pytest.raises(ValueError, match="radius must be a number"):
        results.run("gaussian", results.Source(IMAGE, scale=(1.0, 1.0)), form("gaussian", radius=text))
