"""Pooling: every wrong argument, and the one line that names it and what came."""

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over

IMAGE = np.ones((6, 7))
ERRORS = [
    (TypeError, "image must contain real numbers", {"image": np.ones((4, 4), complex)}),
    (TypeError, "image must contain real numbers", {"image": np.array([[None, 1]])}),
    (ValueError, "image must not be empty, got shape (0, 5)", {"image": np.ones((0, 5))}),
    (ValueError, "axes must name at most 3 axes", {"image": np.ones((2, 2, 2, 2))}),
    (TypeError, "dtype must be a real NumPy dtype, got complex64", {"dtype": "complex64"}),
    (TypeError, "out must be a NumPy array", {"out": [1]}),
    (ValueError, "channel_axis must be from -2 to 1", {"channel_axis": 2}),
    (ValueError, "workers must be at least 1, got 0", {"workers": 0}),
]
WINDOWS = [
    (ValueError, "size must be at least 1, got 0", {"size": 0}),
    (TypeError, "size must be an integer, got 2.0", {"size": 2.0}),
    (ValueError, "size must be one number or one for each of 2 filtered axes", {"size": (2, 2, 2)}),
    (ValueError, "stride must be at least 1, got 0", {"stride": 0}),
    (TypeError, "stride must be an integer, got 'x'", {"stride": "x"}),
    (ValueError, "padding must be at least 0, got -1", {"padding": -1}),
    (ValueError, "padding must be at most 1, half of a window that spans 3 samples, got 2",
     {"size": 3, "padding": 2}),
    (TypeError, "padding must be an integer, got 'same'", {"padding": "same"}),
    (TypeError, "ceil_mode must be True or False, got 1", {"ceil_mode": 1}),
    (ValueError, "size must span at most 2147483648 samples", {"size": 2**70, "padding": 2**69}),
    (ValueError, "size must fit into the image: a window spans 7 samples, axis 0 has 6 with its padding",
     {"size": 7}),
    (ValueError, "out must have shape (3, 3), got (6, 7)", {"out": np.empty((6, 7))}),
    (ValueError, "dtype must agree with out", {"out": np.empty((3, 3)), "dtype": "float32"}),
]  # fmt: skip
OWN = {
    "max_pool": [
        (ValueError, "dilation must be at least 1, got 0", {"dilation": 0}),
        (ValueError, "padding must be at most 2, half of a window that spans 5 samples, got 3",
         {"size": 3, "padding": 3, "dilation": 2}),
        (TypeError, "max_pool() has no argument 'mode'", {"mode": "mirror"}),
    ],
    "avg_pool": [
        (TypeError, "count_padding must be True or False, got 'no'", {"count_padding": "no"}),
        (TypeError, "avg_pool() has no argument 'cval'", {"cval": 0}),
    ],
    "global_pool": [
        (ValueError, "reduce must be one of 'mean', 'max', 'min', got 'sum'", {"reduce": "sum"}),
        (TypeError, "reduce must be one of 'mean', 'max', 'min', got None", {"reduce": None}),
        (ValueError, "out must have shape (), got (6, 7)", {"out": np.empty((6, 7))}),
    ],
    "pyramid_pool": [
        (ValueError, "levels must be at least 1, got 0", {"levels": (1, 0)}),
        (ValueError, "levels must contain at least one level, got ()", {"levels": ()}),
        (TypeError, "levels must be an integer, got 1.5", {"levels": (1.5,)}),
        (ValueError, "levels must be one number or one for each of 2", {"levels": ((1, 2, 3),)}),
        (ValueError, "reduce must be one of 'mean', 'max', 'min', got 'median'", {"reduce": "median"}),
        (TypeError, "pyramid_pool() has no argument 'out'", {"out": np.empty(21)}),
    ],
}  # fmt: skip
TABLE = [
    (name, *row)
    for name, own in OWN.items()
    for row in [*ERRORS, *(WINDOWS if name in ("max_pool", "avg_pool") else ()), *own]
    if not (name == "pyramid_pool" and "out" in row[2] and row not in own)
]


@loop_over(("name", "error", "message", "options"), TABLE)
def test_errors(name, error, message, options):
    given = {"image": IMAGE} | ({"size": 2} if name in ("max_pool", "avg_pool") else {}) | options
    with pytest.raises(error) as caught:
        getattr(imfilter, name)(**given)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
