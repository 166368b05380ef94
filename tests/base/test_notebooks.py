"""What a notebook shows of results: pictures and tables."""

import ast
import copy
import io
import pickle
import re
from html.parser import HTMLParser
from pathlib import Path

import numba
import numpy as np
import pytest
from PIL import Image

import imfilter
from imfilter import io as files
from imfilter import show
from imfilter._base import html
from imfilter.layers import Activation, Conv, Dense, Flatten, Stack

RNG = np.random.default_rng(3)
WEIGHTS = {"fc": (RNG.normal(size=(2, 27)), None)}
STACK = Stack([Flatten(), Dense(2, bias=False, name="fc")], input_shape=(3, 3, 3))


def decoded(shown):
    """The pixels that a notebook displays."""
    png = shown._repr_png_()
    assert png.startswith(b"\x89PNG")
    return np.array(Image.open(io.BytesIO(png)))


PICTURES = {
    "kernels": lambda: show.kernels(RNG.normal(size=(4, 3, 3))),
    "colour": lambda: show.kernels(RNG.normal(size=(4, 3, 5, 5)), color=True),
    "feature_maps": lambda: show.feature_maps(RNG.random((4, 9, 9))),
    "patches": lambda: show.patches(RNG.random((40, 40)), np.ones((3, 3)), 2),
    "places": lambda: show.patches(RNG.random((40, 40)), np.ones((3, 3)), 2, return_places=True)[0],
}


@pytest.mark.parametrize("make", PICTURES.values(), ids=PICTURES)
def test_sheets_are_displayed_as_they_are(make):
    sheet = make()
    assert isinstance(sheet, show.Picture)
    np.testing.assert_array_equal(decoded(sheet), sheet)
    np.testing.assert_array_equal(decoded(sheet[::-1, 5:]), sheet[::-1, 5:])


def test_values_are_displayed_as_the_sheets_draw_them():
    image = RNG.random((3, 3, 3))
    saliency = show.saliency(STACK, WEIGHTS, image, 0)
    np.testing.assert_array_equal(decoded(saliency), show.feature_maps(np.array(saliency), pixels=256))
    drops = show.occlusion_map(RNG.random((9, 9)), lambda covered: covered[4, 4], 3)
    np.testing.assert_array_equal(decoded(drops), show.feature_maps(np.array(drops), pixels=256))
    for gradient in (show.guided_backprop(STACK, WEIGHTS, image, 0), show.class_model(STACK, WEIGHTS, 0)):
        wanted = show.kernels(np.array(gradient)[None], pixels=256, labels=False, color=True)
        np.testing.assert_array_equal(decoded(gradient), wanted)
    batch = show.saliency(STACK, WEIGHTS, RNG.random((70, 3, 3, 3)), 0)
    assert decoded(batch).shape[2] == 3


def test_a_shape_that_is_no_picture_has_only_its_text():
    sheet = show.kernels(np.eye(3))
    for part in (sheet[0], sheet[..., 0], sheet[:0], sheet.astype(float)):
        assert part._repr_png_() is None
    drops = show.occlusion_map(np.arange(6.0), lambda covered: covered[4], 3, fill=0)
    assert drops._repr_png_() is None
    assert repr(drops) == "array([0., 0., 0., 4., 4., 4.])"


def test_pictures_are_arrays():
    sheet = show.kernels(RNG.normal(size=(3, 3)))
    plain = np.array(sheet)
    assert type(plain) is np.ndarray
    assert isinstance(sheet, np.ndarray)
    assert repr(sheet) == repr(plain)
    for result in (sheet / 2, sheet + sheet, sheet.mean(axis=0), np.sqrt(sheet), sheet > 3):
        assert type(result) is np.ndarray
    assert type(sheet.mean()) is type(plain.mean())
    assert type(sheet.max()) is np.uint8
    for same in (pickle.loads(pickle.dumps(sheet)), copy.deepcopy(sheet)):
        assert isinstance(same, show.Picture)
        np.testing.assert_array_equal(same, plain)
    kept = sheet
    kept += 1
    assert kept is sheet
    np.testing.assert_array_equal(sheet, plain + 1)
    smooth = imfilter.gaussian(sheet, 1, channel_axis=-1)
    assert type(smooth) is np.ndarray
    np.testing.assert_array_equal(smooth, imfilter.gaussian(plain + 1, 1, channel_axis=-1))
    assert numba.njit(lambda a: a[3, 3, 0])(sheet) == sheet[3, 3, 0]


def test_pictures_are_written_as_arrays(tmp_path):
    sheet = show.kernels(np.eye(3))
    path = tmp_path / "sheet.png"
    files.write(path, files.Image(sheet, channels=True))
    np.testing.assert_array_equal(files.read(path).pixels, sheet)
    np.save(tmp_path / "sheet.npy", sheet)
    assert type(np.load(tmp_path / "sheet.npy")) is np.ndarray


def test_the_page():
    text = (Path(__file__).parents[2] / "docs" / "notebooks.md").read_text()
    names, shown = {}, []
    for block in re.findall(r"```python\n(.*?)```", text, re.S):
        body = ast.parse(block).body
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), "page", "exec"), names)
        if last is not None:  # which a notebook displays
            shown.append(eval(compile(ast.Expression(last.value), "page", "eval"), names))
    assert [type(value).__name__ for value in shown] == ["Picture", "ndarray", "Picture", "Plan"]
    assert decoded(shown[0]).size
    assert decoded(shown[2]).size


class Reader(HTMLParser):
    """The rows of a table. Every tag that is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.rows, self.styles = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.styles += [value for _, value in attrs]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def plan():
    return imfilter.plan((64, 64), "uint8", imfilter.gaussian, 2.0)


def fitted():
    image = RNG.random((20, 20))
    return imfilter.fit_kernel(image, imfilter.box(image, 3), 3)


def active():
    stack = Stack([Conv(4, 3, name="conv"), Activation("relu", name="relu")], input_shape=(1, 5, 5))
    weights = stack.initial_weights()
    weights["conv"][0][1] = -1  # dead for images that are not negative
    return show.activity(stack, weights, RNG.random((3, 1, 5, 5)))


def report():
    import scipy.ndimage

    with imfilter.patch("scipy.ndimage"):
        scipy.ndimage.sobel(np.zeros((100, 100)))
        scipy.ndimage.sobel(np.zeros((3, 3)))
        return imfilter.report(clear=True)


TABLES = {"plan": plan, "stack": lambda: STACK, "fit": fitted, "activity": active, "report": report}


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
def test_tables_are_well_formed_and_without_colours(make):
    text = make()._repr_html_()
    reader = Reader(text)
    assert len(reader.rows) > 1
    assert not re.search(r"color|background|#[0-9a-f]{3}", " ".join(reader.styles))


def test_what_the_tables_say():
    found = plan()
    rows = dict(Reader(found._repr_html_()).rows)
    assert rows["algorithm"] == found.algorithm
    assert rows["reason"] == found.reason
    assert rows["cost"].endswith(" ms on one core")
    cells = Reader(STACK._repr_html_()).rows
    lines = str(STACK).splitlines()
    assert [" ".join(row).split() for row in cells] == [line.split() for line in lines[: len(cells)]]
    assert lines[-1] in STACK._repr_html_()
    rows = Reader(fitted()._repr_html_()).rows
    assert [row for row in rows if row[0] == "kernel"] == [["kernel", "3 x 3"]]
    assert rows[-1] == ["0.1111"] * 3
    assert Reader(active()._repr_html_()).rows[1][1:4:2] == ["4", "1"]
    rows = Reader(report()._repr_html_()).rows
    assert rows[1][:3] == ["scipy.ndimage.sobel", "2", "1"]


def test_a_large_fit_has_no_table_of_weights():
    several = imfilter.FittedKernel(np.ones((12, 3, 5, 5)), np.arange(12.0), np.ones(12), 9, mode="constant")
    rows = dict(Reader(several._repr_html_()).rows)
    assert rows["kernel"] == "12 x 3 x 5 x 5"
    assert rows["bias"].endswith("7, 8, ...")
    assert rows["mode"] == "constant, cval=0"


def test_an_empty_report_says_so():
    imfilter.report(clear=True)
    assert imfilter.report()._repr_html_() == "<p>no patched function was called</p>"


def test_texts_are_escaped():
    nasty = "<script>alert('x')</script> & \"more\""
    plan = imfilter.Plan(nasty, nasty, float("nan"))
    stack = Stack([Dense(2, name="<b>&</b>")], input_shape=(3,))
    made = html.table([(nasty,)], (nasty,), title=nasty, note=nasty)
    for text in (plan._repr_html_(), stack._repr_html_(), made):
        assert "<script" not in text
        assert "<b>&<" not in text
    assert Reader(plan._repr_html_()).rows == [
        ["algorithm", nasty],
        ["reason", nasty],
        ["cost", "no prediction"],
    ]
    assert Reader(made).rows == [[nasty], [nasty]]
