"""What colour spaces refuse, and how they say so."""

import numpy as np
import pytest

from imfilter import color
from tests.looping import loop_over

WAYS = color.__all__
IMAGE = np.zeros((4, 5, 3))
THREE = "{{}} must have 3 channels along channel_axis={}, got {}"
ALPHA = "; remove or blend the alpha channel first: np.delete({}, 3, axis=-1)"
NAME_IT = "; give the channel axis with channel_axis="


@pytest.mark.parametrize("name", WAYS)
@loop_over(
    ("error", "message", "value", "options"),
    [
        (ValueError, THREE.format(-1, "4 in shape (4, 5, 4)") + ALPHA, np.zeros((4, 5, 4)), {}),
        (ValueError, THREE.format(0, "4 in shape (4, 5, 3)"), IMAGE, {"channel_axis": 0}),
        (ValueError, THREE.format(-1, "5 in shape (4, 5)") + NAME_IT, np.zeros((4, 5)), {}),
        (ValueError, "channel_axis must be from -3 to 2", IMAGE, {"channel_axis": 3}),
        (TypeError, "channel_axis must be an integer, got None", IMAGE, {"channel_axis": None}),
        (TypeError, "{} must contain real numbers, got dtype complex128", IMAGE + 0j, {}),
        (TypeError, "{} must contain real numbers, got dtype object", IMAGE.astype(object), {}),
        (ValueError, "{} must not be empty, got shape (0, 3)", np.zeros((0, 3)), {}),
        (TypeError, "dtype must be a real NumPy dtype, got complex128", IMAGE, {"dtype": complex}),
        (ValueError, "dtype must agree with out", IMAGE, {"dtype": "f4", "out": IMAGE}),
        (ValueError, "out must have shape", IMAGE, {"out": np.zeros((4, 5, 2))}),
        (TypeError, "out must be a NumPy array, got 'x'", IMAGE, {"out": "x"}),
        (ValueError, "workers must be at least 1, got 0", IMAGE, {"workers": 0}),
        (TypeError, "workers must be an integer, got 1.5", IMAGE, {"workers": 1.5}),
    ],
)  # fmt: skip
def test_errors(name, error, message, value, options):
    first = {"rgb": "image", "lab": "lab", "lch": "lch"}[name[:3]]
    if name == "rgb_to_gray" and options.get("out") is IMAGE:
        options = {**options, "out": IMAGE[..., 0]}
    with pytest.raises(error) as caught:
        getattr(color, name)(value, **options)
    assert str(caught.value).startswith(message.format(first, first))


@pytest.mark.parametrize("dtype", ["int8", "int16", "uint32", "int64"])
def test_integers_without_a_scale(dtype):
    with pytest.raises(TypeError, match=r"image must be uint8 \(0 to 255\), uint16 .* got " + dtype):
        color.rgb_to_lab(IMAGE.astype(dtype))
    with pytest.raises(ValueError, match=r"dtype must be uint8 \(0 to 255\), uint16 .* got " + dtype):
        color.lab_to_rgb(IMAGE, dtype=dtype)
    with pytest.raises(ValueError, match=r"out must be uint8 \(0 to 255\), uint16 .* got " + dtype):
        color.lab_to_rgb(IMAGE, out=IMAGE.astype(dtype))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16"])
def test_lab_is_not_scaled_to_a_type(dtype):
    for name in ("lab_to_rgb", "lab_to_lch", "lch_to_lab"):
        with pytest.raises(
            TypeError, match=f"{name[:3]} must contain floats or signed integers.* got {dtype}"
        ):
            getattr(color, name)(IMAGE.astype(dtype))


def test_standards():
    with pytest.raises(ValueError, match=r"standard must be one of 'bt601', 'bt709', got 'BT\.709'"):
        color.rgb_to_gray(IMAGE, standard="BT.709")
    with pytest.raises(TypeError, match="standard must be one of 'bt601', 'bt709', got 601"):
        color.rgb_to_gray(IMAGE, standard=601)
