"""Colours for numbers: two scales in Oklab. Their lightness follows the value.

Oklab is B. Ottosson's perceptual colour space (2020). In it, equal steps look equally large.
"""

import functools

import numpy as np
import numpy.typing as npt

RGB = npt.NDArray[np.uint8]

#: Number of colours of a scale. It is odd, so that zero has a colour in the middle.
_STEPS = 513
#: Colour of NaN.
UNKNOWN = (128, 128, 128)

_TO_CONES = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
)
_TO_LIGHT = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def _srgb(lightness: npt.NDArray, chroma: npt.NDArray, hue: npt.NDArray) -> npt.NDArray[np.float64]:
    """Return Oklab colours in sRGB, from 0 to 1 if they are in the gamut. Hue is in degrees."""
    angle = np.deg2rad(hue)
    lab = np.stack(np.broadcast_arrays(lightness, chroma * np.cos(angle), chroma * np.sin(angle)), axis=-1)
    light = (lab @ _TO_CONES.T) ** 3 @ _TO_LIGHT.T
    small = np.maximum(light, 0.0031308)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * small ** (1 / 2.4) - 0.055)


@functools.cache
def scale(signed: bool) -> npt.NDArray[np.float64]:
    """Return the colours from the lowest value to the highest, as sRGB from 0 to 1.

    Signed: from blue through nearly white at zero to red. Colours at the same distance from zero have the
    same lightness. Otherwise: from dark violet through green to light yellow.
    """
    if signed:
        t = np.linspace(-1, 1, _STEPS)
        distance = np.abs(t)
        chroma = 0.30 * distance * (1 - 0.55 * distance)
        return _srgb(0.97 - 0.56 * distance, chroma, np.where(t < 0, 255.0, 30.0))
    t = np.linspace(0, 1, _STEPS)
    # The chroma is as high as the gamut allows. It is lowest for the blue-green in the middle.
    chroma = 0.06 + t * (1 - t) * (0.13 + 0.6 * (1 - 2 * t) ** 2)
    return _srgb(0.16 + 0.80 * t, chroma, 330 - 235 * t)


@functools.cache
def _table(signed: bool) -> RGB:
    return np.vstack([np.rint(scale(signed).clip(0, 1) * 255), UNKNOWN]).astype(np.uint8)


def coloured(values: npt.NDArray, low: float, high: float, *, signed: bool) -> RGB:
    """Return the colour of each value, with `low` and `high` at the ends of the scale."""
    real = values.astype(np.float64)
    span = high / 2 - low / 2  # the difference of halves cannot overflow
    if span > 0:
        position = (real / 2 - low / 2) / span * (_STEPS - 1)
    else:  # a single value has the colour of zero (signed), or of the lowest value
        position = np.where(np.isfinite(real), (_STEPS - 1) / 2 if signed else 0.0, real)
    index = np.rint(np.nan_to_num(position, nan=_STEPS, posinf=_STEPS - 1, neginf=0))
    known = ~np.isnan(real)
    index = np.where(known, index.clip(0, _STEPS - 1), _STEPS).astype(np.intp)
    return _table(signed)[index]
