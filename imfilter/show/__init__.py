"""Pictures of kernels and feature maps, and what the units of a network respond to.

`kernels` and `feature_maps` need only NumPy and Pillow:

>>> import imfilter
>>> picture = imfilter.show.kernels(imfilter.weights.LAPLACIAN)
>>> picture.dtype, picture.ndim
(dtype('uint8'), 3)
>>> imfilter.io.write("laplacian.png", imfilter.io.Image(picture, channels=True))  # doctest: +SKIP
"""

from typing import NoReturn

from imfilter.show.inside import Activity, activity, class_model, embed, guided_backprop, saliency
from imfilter.show.picture import Picture
from imfilter.show.searching import occlusion_map, patches
from imfilter.show.sheets import feature_maps, kernels

__all__ = [
    "Activity",
    "Picture",
    "activity",
    "class_model",
    "embed",
    "feature_maps",
    "guided_backprop",
    "kernels",
    "occlusion_map",
    "patches",
    "saliency",
]


def __getattr__(name: str) -> NoReturn:
    from imfilter._base.suggestions import attribute_error

    raise attribute_error(__name__, name, __all__)
