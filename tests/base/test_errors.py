"""Every wrong argument: the type of the exception, and one line that names the argument and what came."""

import os

import numpy as np
import pytest

import imfilter
from imfilter._base import suggestions, threads
from tests.looping import loop_over

IMAGE = np.ones((6, 7))
ONES = np.ones((3, 3))
NAN, INF = float("nan"), float("inf")


def read_only():
    out = np.empty((6, 7))
    out.flags.writeable = False
    return out


class Unreadable:
    """What is no array and cannot be made one of numbers."""


# Wrong in every function: (arguments, exception, what the message must match).
EVERYWHERE = [
    ({"image": np.ones((4, 4), complex)}, TypeError, "image .*complex"),
    ({"image": np.array([[None, 1]])}, TypeError, "image .*object"),
    ({"image": np.array(["a", "b"])}, TypeError, "image "),
    ({"image": np.array(["2020-01-01"], "M8[D]")}, TypeError, "image "),
    ({"image": np.array([1], "m8[s]")}, TypeError, "image "),
    ({"image": np.zeros(3, [("a", "f4")])}, TypeError, "image "),
    ({"image": "photo.png"}, TypeError, "image "),
    ({"image": None}, TypeError, "image "),
    ({"image": Unreadable()}, TypeError, "image "),
    ({"image": [[1, 2], [3]]}, ValueError, "image "),
    ({"image": np.ones(())}, ValueError, "image "),
    ({"image": 3.0}, ValueError, "image "),
    ({"image": np.ones((0, 5))}, ValueError, r"image .*empty.*\(0, 5\)"),
    ({"image": np.ones((5, 0))}, ValueError, "image .*empty"),
    ({"image": []}, ValueError, "image .*empty"),
    ({"mode": "nearest"}, ValueError, "mode .*'nearest'.*edge"),
    ({"mode": "replicate"}, ValueError, "mode .*'replicate'.*edge"),
    (
        {"mode": "reflect"},
        ValueError,
        r"mode .*reflect.*d c b \| a b c d \| c b a.*c b a \| a b c d \| d c b",
    ),
    ({"mode": "circular"}, ValueError, "mode .*'circular'.*wrap"),
    ({"mode": "zeros"}, ValueError, "mode .*'zeros'.*zero"),
    ({"mode": "reflect_101"}, ValueError, "mode .*mirror"),
    ({"mode": "grid-wrap"}, ValueError, "mode .*wrap"),
    ({"mode": "valid"}, ValueError, "mode .*valid"),
    ({"mode": "same"}, ValueError, "mode .*'same'"),
    ({"mode": "Mirror"}, ValueError, "mode .*'Mirror'"),
    ({"mode": "no such border"}, ValueError, "mode .*mirror.*symmetric.*edge.*wrap.*zero.*constant"),
    ({"mode": ""}, ValueError, "mode "),
    ({"mode": None}, TypeError, "mode .*None"),
    ({"mode": 3}, TypeError, "mode .*3"),
    ({"mode": ["mirror", "wrap"]}, TypeError, "mode "),
    ({"cval": "1"}, TypeError, "cval .*'1'"),
    ({"cval": None}, TypeError, "cval .*None"),
    ({"cval": 1j}, TypeError, "cval "),
    ({"cval": [1.0, 2.0]}, TypeError, "cval "),
    ({"axes": 2}, ValueError, "axes .*2"),
    ({"axes": -3}, ValueError, "axes .*-3"),
    ({"axes": (0, 0)}, ValueError, r"axes .*\(0, 0\)"),
    ({"axes": (0, -2)}, ValueError, "axes "),
    ({"axes": ()}, ValueError, "axes "),
    ({"axes": "xy"}, TypeError, "axes .*'xy'"),
    ({"axes": 0.5}, TypeError, "axes .*0.5"),
    ({"axes": (0, 1.0)}, TypeError, "axes .*1.0"),
    ({"axes": True}, TypeError, "axes .*True"),
    ({"image": np.ones((2, 2, 2, 2))}, ValueError, "axes .*3"),
    ({"image": np.ones((2, 2, 2, 2)), "axes": (0, 1, 2, 3)}, ValueError, "axes "),
    ({"channel_axis": 2}, ValueError, "channel_axis .*2"),
    ({"channel_axis": -3}, ValueError, "channel_axis .*-3"),
    ({"channel_axis": "last"}, TypeError, "channel_axis .*'last'"),
    ({"channel_axis": 1.0}, TypeError, "channel_axis .*1.0"),
    ({"channel_axis": True}, TypeError, "channel_axis .*True"),
    ({"channel_axis": 1, "axes": (0, 1)}, ValueError, "(axes|channel_axis) "),
    ({"image": np.ones(5), "channel_axis": 0}, ValueError, "channel_axis"),
    ({"dtype": "complex64"}, TypeError, "dtype .*complex64"),
    ({"dtype": "object"}, TypeError, "dtype "),
    ({"dtype": "no such type"}, TypeError, "dtype .*no such type"),
    ({"dtype": "U5"}, TypeError, "dtype "),
    ({"out": [[0.0]]}, TypeError, "out "),
    ({"out": np.float32}, TypeError, "out "),
    ({"out": np.empty((6, 7), complex)}, TypeError, "out .*complex"),
    ({"out": np.empty((7, 6))}, ValueError, r"out .*\(6, 7\).*\(7, 6\)"),
    ({"out": np.empty((6, 7, 1))}, ValueError, "out "),
    ({"out": read_only()}, ValueError, "out .*(writ|read-only)"),
    ({"out": np.broadcast_to(np.ones(7), (6, 7))}, ValueError, "out "),
    ({"out": np.empty((6, 7), "f4"), "dtype": "f8"}, ValueError, "(dtype|out) .*"),
    ({"workers": 0}, ValueError, "workers .*0"),
    ({"workers": -1}, ValueError, "workers .*-1"),
    ({"workers": 1.0}, TypeError, "workers .*1.0"),
    ({"workers": "2"}, TypeError, "workers .*'2'"),
    ({"workers": True}, TypeError, "workers .*True"),
]

FUNCTIONS = {
    "correlate": {"kernel": ONES},
    "convolve": {"kernel": ONES},
    "gaussian": {"sigma": 1.0},
    "box": {"size": 3},
    "sharpen": {},
    "unsharp_mask": {},
    "sobel": {},
    "scharr": {},
    "prewitt": {},
    "laplacian": {},
    "laplacian_of_gaussian": {"sigma": 1.0},
    "difference_of_gaussians": {"low": 1.0},
    "gaussian_gradient_magnitude": {"sigma": 1.0},
}


def refused(function, arguments, error, message):
    given = {"image": IMAGE} | FUNCTIONS[function] | arguments
    before = np.array(given["out"], copy=True) if isinstance(given.get("out"), np.ndarray) else None
    with pytest.raises(error, match=message) as caught:
        getattr(imfilter, function)(given.pop("image"), **given)
    assert type(caught.value) is error
    text = str(caught.value)
    assert "\n" not in text, "one line"
    assert len(text) < 400
    assert caught.value.__cause__ is None
    if before is not None and before.dtype.kind == "f":
        np.testing.assert_array_equal(given["out"], before)  # checked before the first pixel is touched


@pytest.mark.parametrize("function", FUNCTIONS)
@loop_over("row", range(len(EVERYWHERE)))
def test_wrong_everywhere(function, row):
    refused(function, *EVERYWHERE[row])


CORRELATE = [
    ({"kernel": np.ones(3)}, ValueError, r"kernel .*2.*\(3,\)"),
    ({"kernel": np.ones((3, 3, 3))}, ValueError, "kernel "),
    ({"kernel": 2.0}, ValueError, "kernel "),
    ({"kernel": np.ones((3, 0))}, ValueError, "kernel .*empty"),
    ({"kernel": []}, ValueError, "kernel "),
    ({"kernel": [[1, 2], [3]]}, ValueError, "kernel "),
    ({"kernel": np.array([[1, NAN]])}, ValueError, "kernel .*nan"),
    ({"kernel": np.array([[1, INF]])}, ValueError, "kernel .*inf"),
    ({"kernel": np.ones((3, 3), complex)}, TypeError, "kernel .*complex"),
    ({"kernel": np.array([["a"]])}, TypeError, "kernel "),
    ({"kernel": None}, TypeError, "kernel "),
    ({"kernel": "sobel"}, TypeError, "kernel "),
    ({"kernel": [np.ones(3)]}, ValueError, "kernel .*2.*1"),
    ({"kernel": [np.ones(3)] * 3}, ValueError, "kernel "),
    ({"kernel": [np.ones(3), np.ones(0)]}, ValueError, "kernel .*empty"),
    ({"kernel": [np.ones(3), np.array([NAN])]}, ValueError, "kernel .*nan"),
    ({"kernel": [np.ones(3), np.ones(3, complex)]}, TypeError, "kernel .*complex"),
    ({"bias": "1"}, TypeError, "bias .*'1'"),
    ({"bias": None}, TypeError, "bias .*None"),
    ({"bias": NAN}, ValueError, "bias .*nan"),
    ({"bias": INF}, ValueError, "bias .*inf"),
    ({"bias": [1.0, 2.0]}, TypeError, "bias "),
    ({"stride": 0}, ValueError, "stride .*0"),
    ({"stride": -1}, ValueError, "stride .*-1"),
    ({"stride": 1.5}, TypeError, "stride .*1.5"),
    ({"stride": True}, TypeError, "stride .*True"),
    ({"stride": "2"}, TypeError, "stride .*'2'"),
    ({"stride": (1, 2, 3)}, ValueError, "stride .*2"),
    ({"stride": (1,)}, ValueError, "stride "),
    ({"stride": (1, 0)}, ValueError, "stride .*0"),
    ({"dilation": 0}, ValueError, "dilation .*0"),
    ({"dilation": 2.0}, TypeError, "dilation .*2.0"),
    ({"dilation": (1, 1, 1)}, ValueError, "dilation "),
    ({"dilation": (1, -1)}, ValueError, "dilation .*-1"),
    ({"padding": "full"}, ValueError, "padding .*'full'"),
    ({"padding": -1}, ValueError, "padding .*-1"),
    ({"padding": 1.0}, TypeError, "padding .*1.0"),
    ({"padding": True}, TypeError, "padding .*True"),
    ({"padding": None}, TypeError, "padding .*None"),
    ({"padding": (1, 2, 3)}, ValueError, "padding "),
    ({"padding": [(1, 2, 3), 1]}, ValueError, "padding "),
    ({"padding": [(1, -2), 1]}, ValueError, "padding .*-2"),
    ({"padding": [(1, 0.5), 1]}, TypeError, "padding .*0.5"),
    ({"padding": ["same", 1]}, TypeError, "padding "),
    ({"kernel": np.ones((7, 3)), "padding": "valid"}, ValueError, "(kernel|padding) .*7.*6"),
    ({"kernel": np.ones((3, 4)), "padding": "valid", "dilation": 3}, ValueError, "(kernel|padding) "),
    ({"kernel": np.ones((9, 3)), "padding": 1}, ValueError, "(kernel|padding) "),
    ({"stride": 2, "out": np.empty((6, 7))}, ValueError, r"out .*\(3, 4\).*\(6, 7\)"),
]


@pytest.mark.parametrize("function", ["correlate", "convolve"])
@loop_over("row", range(len(CORRELATE)))
def test_wrong_for_correlate(function, row):
    refused(function, *CORRELATE[row])


def sigma_rows(name):
    return [
        ({name: -1.0}, ValueError, f"{name} must be at least 0, got -1.0"),
        ({name: NAN}, ValueError, f"{name} .*nan"),
        ({name: INF}, ValueError, f"{name} .*inf"),
        ({name: "1"}, TypeError, f"{name} .*'1'"),
        ({name: True}, TypeError, f"{name} .*True"),
        ({name: 1j}, TypeError, f"{name} "),
        ({name: (1.0, 2.0, 3.0)}, ValueError, f"{name} .*2"),
        ({name: (1.0, -2.0)}, ValueError, f"{name} .*-2.0"),
        ({name: ()}, ValueError, f"{name} "),
    ]


TRUNCATE = [
    ({"truncate": -1.0}, ValueError, "truncate .*-1"),
    ({"truncate": NAN}, ValueError, "truncate .*nan"),
    ({"truncate": "4"}, TypeError, "truncate .*'4'"),
    ({"radius": -1}, ValueError, "radius .*-1"),
    ({"radius": 1.5}, TypeError, "radius .*1.5"),
    ({"radius": (1, 2, 3)}, ValueError, "radius "),
]
SPACING = [
    ({"spacing": 0.0}, ValueError, "spacing .*0"),
    ({"spacing": -1.0}, ValueError, "spacing .*-1"),
    ({"spacing": NAN}, ValueError, "spacing .*nan"),
    ({"spacing": INF}, ValueError, "spacing .*inf"),
    ({"spacing": "mm"}, TypeError, "spacing .*'mm'"),
    ({"spacing": (1.0, 1.0, 1.0)}, ValueError, "spacing "),
]
AMOUNT = [
    ({"amount": "1"}, TypeError, "amount .*'1'"),
    ({"amount": NAN}, ValueError, "amount .*nan"),
    ({"amount": None}, TypeError, "amount .*None"),
]
DERIVATIVE = [
    ({"axis": 2}, ValueError, "axis .*2"),
    ({"axis": -3}, ValueError, "axis .*-3"),
    ({"axis": 1.0}, TypeError, "axis .*1.0"),
    ({"axis": "x"}, TypeError, "axis .*'x'"),
    ({"axis": True}, TypeError, "axis .*True"),
    ({"axis": 0, "axes": 1}, ValueError, "axis .*0"),
    ({"axis": 1, "channel_axis": 1}, ValueError, "axis .*1"),
    ({"normalize": "yes"}, TypeError, "normalize .*'yes'"),
    ({"normalize": None}, TypeError, "normalize .*None"),
    *SPACING,
]
OWN = {
    "gaussian": [
        *sigma_rows("sigma"),
        *TRUNCATE,
        *SPACING,
        ({"order": -1}, ValueError, "order .*-1"),
        ({"order": 1.5}, TypeError, "order .*1.5"),
        ({"order": (0, 1, 0)}, ValueError, "order "),
        ({"sigma": 0, "order": 1}, ValueError, "(sigma|order) "),
        ({"sigma": (1, 0), "order": (0, 2)}, ValueError, "(sigma|order) "),
        ({"method": "fastest"}, ValueError, "method .*'fastest'"),
        ({"method": None}, TypeError, "method .*None"),
    ],
    "box": [
        ({"size": 0}, ValueError, "size .*0"),
        ({"size": -3}, ValueError, "size .*-3"),
        ({"size": 3.0}, TypeError, "size .*3.0"),
        ({"size": True}, TypeError, "size .*True"),
        ({"size": None}, TypeError, "size .*None"),
        ({"size": (3, 3, 3)}, ValueError, "size "),
        ({"size": (3, 0)}, ValueError, "size .*0"),
    ],
    "sharpen": AMOUNT,
    "unsharp_mask": [*AMOUNT, *sigma_rows("sigma"), *TRUNCATE],
    "sobel": DERIVATIVE,
    "scharr": DERIVATIVE,
    "prewitt": DERIVATIVE,
    "laplacian": [
        ({"diagonals": 1}, TypeError, "diagonals .*1"),
        ({"diagonals": "no"}, TypeError, "diagonals .*'no'"),
    ],
    "laplacian_of_gaussian": [*sigma_rows("sigma"), *TRUNCATE, *SPACING],
    "difference_of_gaussians": [*sigma_rows("low"), *sigma_rows("high"), *TRUNCATE, *SPACING],
    "gaussian_gradient_magnitude": [*sigma_rows("sigma"), *TRUNCATE, *SPACING],
}
OWN_ROWS = [(function, row) for function, rows in OWN.items() for row in rows]


@loop_over(("function", "row"), OWN_ROWS)
def test_wrong_own_arguments(function, row):
    refused(function, *row)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (0, ValueError, "workers .*0"),
        (-2, ValueError, "workers .*-2"),
        (1.5, TypeError, "workers .*1.5"),
        (None, TypeError, "workers .*None"),
        (True, TypeError, "workers .*True"),
    ],
)
def test_set_workers(value, error, message):
    with pytest.raises(error, match=message), imfilter.set_workers(value):
        pass


@pytest.mark.parametrize("word", ["0", "-1", "many", "1.5"])
def test_the_environments_word(monkeypatch, word):
    monkeypatch.setenv("IMFILTER_WORKERS", word)
    with pytest.raises(ValueError, match=f"IMFILTER_WORKERS .*{word}"):
        imfilter.box(IMAGE, 3)
    for image in (IMAGE, np.eye(9, dtype=np.uint8)):  # a picture of bytes has a shorter way
        with pytest.raises(ValueError, match=f"IMFILTER_WORKERS .*{word}"):
            imfilter.threshold.otsu(image)


def test_the_environment_is_heard(monkeypatch):
    monkeypatch.setenv("IMFILTER_WORKERS", "3")
    np.testing.assert_allclose(imfilter.box(IMAGE, 3), IMAGE)
    monkeypatch.setenv("IMFILTER_WORKERS", "")
    np.testing.assert_allclose(imfilter.box(IMAGE, 3), IMAGE)
    monkeypatch.setattr(os, "environ", {"IMFILTER_WORKERS": "5"})
    assert threads.requested(None) == 5


def test_unknown_names():
    with pytest.raises(AttributeError, match="sobell"):
        imfilter.sobell  # noqa: B018  (the look-up itself is what raises)
    with pytest.raises(TypeError, match="colour_axis"):
        imfilter.sobel(IMAGE, colour_axis=-1)


def test_names_that_tools_look_up_take_no_search(monkeypatch):
    monkeypatch.setattr(suggestions, "suggestion", None)
    for module in (imfilter, imfilter.series, imfilter.layers):
        for name in ("__wrapped__", "__test__", "_mock_name"):
            assert not hasattr(module, name)


def test_options_are_keywords():
    with pytest.raises(TypeError):
        imfilter.correlate(IMAGE, ONES, 1.0)
    with pytest.raises(TypeError):
        imfilter.sobel(IMAGE, 0)


def test_numpy_scalars_are_numbers():
    """What NumPy returns from its own arithmetic is accepted wherever a Python number is."""
    expected = imfilter.gaussian(IMAGE, 1.0, order=1, mode="constant", cval=2.0, axes=(0, 1), workers=1)
    found = imfilter.gaussian(
        IMAGE,
        np.float32(1.0),
        order=np.int64(1),
        mode=np.str_("constant"),
        cval=np.float64(2.0),
        axes=(np.int8(0), np.uint8(1)),
        workers=np.int32(1),
    )
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(
        imfilter.gaussian(IMAGE, np.array([1.0, 2.0])), imfilter.gaussian(IMAGE, (1.0, 2.0))
    )
    np.testing.assert_array_equal(
        imfilter.sobel(IMAGE, normalize=np.True_), imfilter.sobel(IMAGE, normalize=True)
    )
    np.testing.assert_array_equal(
        imfilter.correlate(IMAGE, ONES, stride=np.array([1, 2]), padding=np.array([[1, 2], [0, 1]])),
        imfilter.correlate(IMAGE, ONES, stride=(1, 2), padding=[(1, 2), (0, 1)]),
    )


def test_cval_is_read_only_where_there_is_a_constant():
    np.testing.assert_array_equal(imfilter.box(IMAGE, 3, cval=NAN), imfilter.box(IMAGE, 3))
    np.testing.assert_array_equal(
        imfilter.correlate(IMAGE, ONES, mode="zero", cval=9.0), imfilter.correlate(IMAGE, ONES, mode="zero")
    )


def test_an_array_as_size_is_a_footprint_elsewhere():
    for function in (imfilter.median, imfilter.box):
        with pytest.raises(TypeError, match=r"size must be .* an array of shape \(3, 3\); footprint= takes"):
            function(np.zeros((5, 5)), np.ones((3, 3)))
    with pytest.raises(TypeError, match=r"sigma must be .* got an array of shape \(2, 2\)$"):
        imfilter.gaussian(np.zeros((5, 5)), np.ones((2, 2)))
