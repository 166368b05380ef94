"""Functions of scikit-image, by their module names, arguments and results.

They convert ranges as scikit-image does: integers become floats up to 1 unless ``preserve_range=True``. Float
results differ from scikit-image's only by rounding. Integer results, masks and thresholds are equal. Calls
that this engine cannot answer in the same way run in scikit-image.
"""

try:
    import skimage as _skimage  # noqa: F401  # a clear error here, before that of a module of ours
except ImportError as error:
    raise ImportError("imfilter.compat.skimage needs scikit-image: pip install scikit-image") from error
