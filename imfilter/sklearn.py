"""Descriptors as transformers for scikit-learn pipelines. Needs the extra ``imfilter[sklearn]``."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from imfilter._base import arguments
from imfilter.descriptor import hog
from imfilter.typing import BlockNorm, NDArray

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise ImportError("imfilter.sklearn needs scikit-learn: pip install 'imfilter[sklearn]'") from error

__all__ = ["HOG"]


class HOG(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Describe images by histograms of oriented gradients (HOG).

    Parameters
    ----------
    orientations, pixels_per_cell, cells_per_block, block_norm, transform_sqrt, interpolate : optional
        As for `imfilter.hog`.
    channel_axis : int, optional
        Channel axis of one colour image. Default: no channel axis.
    image_shape : tuple of int, optional
        Shape of one image. Then each row of `X` holds the samples of one image. Default: `X` holds images,
        not rows.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Attributes
    ----------
    image_shape_ : tuple of int
        Shape of the images in `fit`. Images of other shapes are refused.
    n_features_in_ : int
        Number of samples of an image.

    See Also
    --------
    imfilter.hog : The descriptor of one image.

    References
    ----------
    N. Dalal and B. Triggs, Histograms of Oriented Gradients for Human Detection, IEEE Conference on Computer
    Vision and Pattern Recognition 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from imfilter.sklearn import HOG
    >>> images = np.zeros((5, 32, 24))
    >>> HOG(cells_per_block=2).fit_transform(images).shape
    (5, 216)
    """

    def __init__(
        self,
        *,
        orientations: int = 9,
        pixels_per_cell: Any = (8, 8),
        cells_per_block: Any = (3, 3),
        block_norm: BlockNorm = "L2-Hys",
        transform_sqrt: bool = False,
        interpolate: bool = False,
        channel_axis: int | None = None,
        image_shape: tuple[int, ...] | None = None,
        workers: int | None = None,
    ) -> None:
        self.orientations = orientations
        self.pixels_per_cell = pixels_per_cell
        self.cells_per_block = cells_per_block
        self.block_norm = block_norm
        self.transform_sqrt = transform_sqrt
        self.interpolate = interpolate
        self.channel_axis = channel_axis
        self.image_shape = image_shape
        self.workers = workers

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803  (scikit-learn's name)
        """Learn the shape of the images, and check that they can be described.

        Parameters
        ----------
        X : array_like or sequence of array_like
            Images of one shape along the first axis.
        y : object, optional
            Not used.

        Returns
        -------
        HOG
            This transformer.
        """
        images = self._images(X)
        self.image_shape_ = images.shape[1:]
        self.n_features_in_ = images[0].size
        self._n_features_out = self._describe(images[0]).size
        return self

    def transform(self, X: Any) -> NDArray:  # noqa: N803  (scikit-learn's name)
        """Describe images.

        Parameters
        ----------
        X : array_like or sequence of array_like
            Images of one shape along the first axis.

        Returns
        -------
        ndarray
            One descriptor in each row. Its dtype is float32 for float16 and float32, and float64 for other
            types.
        """
        check_is_fitted(self)
        images = self._images(X)
        if images.shape[1:] != self.image_shape_:
            raise ValueError(f"X must contain images of shape {self.image_shape_}, got {images.shape[1:]}")
        return np.stack([self._describe(image) for image in images])

    def _images(self, value: Any) -> NDArray:
        """Return images as one array."""
        arguments.unmasked(value, "X")
        try:
            images = np.asarray(value)
        except ValueError:  # of several shapes
            raise ValueError("X must contain images of one shape, got images of several shapes") from None
        if self.image_shape is not None:
            shape = tuple(arguments.integer(n, "image_shape", least=1) for n in self.image_shape)
            if images.ndim != 2 or images.shape[1] != np.prod(shape):
                raise ValueError(
                    f"X must contain rows of {np.prod(shape)} samples for image_shape={shape}, "
                    f"got shape {images.shape}"
                )
            images = images.reshape(-1, *shape)
        wanted = 3 if self.channel_axis is None else 4
        if images.ndim != wanted:
            hint = "; give the shape of one image with image_shape=" if images.ndim == 2 else ""
            raise ValueError(f"X must have {wanted} axes, got shape {images.shape}{hint}")
        if len(images) == 0:
            raise ValueError(f"X must contain at least one image, got shape {images.shape}")
        return images

    def _describe(self, image: NDArray) -> NDArray:
        result: NDArray = hog(
            image,
            orientations=self.orientations,
            pixels_per_cell=self.pixels_per_cell,
            cells_per_block=self.cells_per_block,
            block_norm=self.block_norm,
            transform_sqrt=self.transform_sqrt,
            interpolate=self.interpolate,
            channel_axis=self.channel_axis,
            workers=self.workers,
        )
        return result

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = self.image_shape is not None
        tags.input_tags.three_d_array = self.image_shape is None
        tags.requires_fit = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
