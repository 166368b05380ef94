"""The plugin in napari itself, with napari and a Qt installed, which are not in the test extra.

``xvfb-run -a python -m pytest tests/napari`` runs it.
"""

import os
import sys
import time
import warnings

import numpy as np
import pytest

import imfilter
from imfilter._napari import forms

if sys.platform == "linux" and not os.environ.get("DISPLAY"):
    pytest.skip("napari needs a display; xvfb-run gives one", allow_module_level=True)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of napari and Qt about each other
    napari = pytest.importorskip("napari", reason="napari and a Qt are not in the test extra: 1 GB")

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.slow]  # warnings of napari and Qt

RNG = np.random.default_rng(6)
NAMES = {
    "Smooth": "smooth",
    "Remove noise": "denoise",
    "Sharpness and contrast": "enhance",
    "Edges": "edges",
    "Ridges": "ridges",
    "Local statistics": "statistics",
    "Morphology": "morphology",
    "Threshold": "threshold",
    "Corners and blobs": "detect",
}


@pytest.fixture
def viewer():
    made = napari.Viewer(show=False)
    yield made
    made.close()


def opened(viewer, title):
    """Open a widget of the plugin as its menu does."""
    return viewer.window.add_plugin_dock_widget("imfilter", title)[1]


def run(widget, layer, name, **values):
    """Choose a layer and a filter, fill in the form, press the button and wait."""
    from qtpy.QtWidgets import QApplication

    if layer is not None:
        widget.layer.value = layer
    widget["filter"].value = name
    for key, value in values.items():
        widget.form[0][key].value = value
    widget.run.changed.emit(True)
    end = time.monotonic() + 120
    while not widget.run.enabled:
        assert time.monotonic() < end
        QApplication.processEvents()
        time.sleep(0.01)
    QApplication.processEvents()


def told():
    """The messages of napari's notifications, and forget them."""
    records = napari.utils.notifications.notification_manager.records
    found = [record.message for record in records]
    records.clear()
    return found


def test_the_list_of_the_plugin_opens(viewer):
    from npe2 import PluginManager

    manifest = PluginManager.instance().get_manifest("imfilter")
    assert [each.display_name for each in manifest.contributions.widgets] == list(NAMES)
    viewer.add_image(np.zeros((8, 8)), name="flat")
    for title, family in NAMES.items():
        widget = opened(viewer, title)
        assert widget["filter"].choices == forms.FAMILIES[family]
        for name in widget["filter"].choices:
            widget["filter"].value = name
            shown = {each.name: each.value for each in widget.form[0]}
            assert shown == {p.name: p.default for p in forms.signature(name).parameters.values()}
            assert all(each.tooltip for each in widget.form[0])


@pytest.mark.parametrize("shape", [(40, 50), (10, 24, 20)])
def test_three_filters(viewer, shape):
    scale = (0.5, 2.0, 2.0)[-len(shape) :]
    place = np.arange(len(shape)) + 3.0
    data = RNG.integers(0, 255, shape, np.uint8)
    layer = viewer.add_image(data, name="cells", scale=scale, translate=place)
    run(opened(viewer, "Smooth"), layer, "gaussian", sigma=2.0)
    run(opened(viewer, "Threshold"), layer, "threshold.otsu")
    run(opened(viewer, "Corners and blobs"), layer, "blobs", max_sigma=4.0, relative=0.0)
    assert told() == []
    _, smooth, labels, points = viewer.layers
    names = [each.name for each in viewer.layers]
    assert names == ["cells", "cells gaussian", "cells otsu", "cells blobs"]
    assert [type(each).__name__ for each in viewer.layers] == ["Image", "Image", "Labels", "Points"]
    for made in (smooth, labels, points):
        np.testing.assert_array_equal(made.scale, scale)
        np.testing.assert_array_equal(made.translate, place)
    spacing = scale if scale != (1,) * len(shape) else None
    np.testing.assert_array_equal(smooth.data, imfilter.gaussian(data, 2.0, spacing=spacing))
    np.testing.assert_array_equal(labels.data, data > imfilter.threshold.otsu(data))
    found = imfilter.blobs(data, 1.0, 4.0, relative=0.0, spacing=spacing)
    assert len(found)
    np.testing.assert_allclose(points.data, found[:, :-1], rtol=1e-6)


def test_colour_and_masks(viewer):
    colour = viewer.add_image(RNG.integers(0, 255, (30, 40, 3), np.uint8), rgb=True, name="photo")
    mask = viewer.add_labels(np.tri(30, 40, dtype=int), name="part")
    widget = opened(viewer, "Smooth")
    widget.mask.value = mask
    run(widget, colour, "median", size=5)
    made = viewer.layers[-1]
    assert made.rgb
    wanted = imfilter.median(colour.data, 5, channel_axis=-1, mask=mask.data > 0)
    np.testing.assert_array_equal(made.data, wanted)
    run(opened(viewer, "Edges"), colour, "canny")
    assert type(viewer.layers[-1]).__name__ == "Labels"
    assert told() == []


def test_an_error_is_one_line_in_the_notifications(viewer):
    layer = viewer.add_image(np.zeros((20, 20)), name="flat")
    told()
    widget = opened(viewer, "Edges")
    run(widget, layer, "sobel", axis="7")
    (message,) = told()
    assert message.startswith("imfilter: axis must ")
    assert "\n" not in message
    run(widget, layer, "gaussian_gradient_magnitude", radius="wide")
    assert told()[0].startswith("imfilter: radius must be a number")
    assert len(viewer.layers) == 1
    viewer.layers.clear()
    run(widget, None, "sobel")
    assert told()[0].startswith("imfilter: layer must be an image")
