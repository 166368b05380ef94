"""Filters and descriptors as transformers for scikit-learn. Needs the extra ``imfilter[sklearn]``."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from imfilter._base import arguments
from imfilter.descriptor import hog
from imfilter.pipeline import Pipeline
from imfilter.typing import BlockNorm, NDArray

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise ImportError("imfilter.sklearn needs scikit-learn: pip install 'imfilter[sklearn]'") from error

__all__ = ["HOG", "Filter"]

_OWN = ("name", "channel_axis", "image_shape", "workers")


class _Images(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A transformer that computes an array from each image of a stack."""

    channel_axis: int | None
    image_shape: tuple[int, ...] | None

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803  (scikit-learn's name)
        """Learn the shape of the images, and check that they can be transformed.

        Parameters
        ----------
        X : array_like or sequence of array_like
            Images of one shape along the first axis.
        y : object, optional
            Not used.

        Returns
        -------
        object
            This transformer.
        """
        images = self._images(X)
        self.image_shape_ = images.shape[1:]
        self.n_features_in_ = images[0].size
        self._n_features_out = self._of(images[0]).size
        return self

    def transform(self, X: Any) -> NDArray:  # noqa: N803  (scikit-learn's name)
        """Transform images.

        Parameters
        ----------
        X : array_like or sequence of array_like
            Images of one shape along the first axis.

        Returns
        -------
        ndarray
            The result of each image along the first axis.
        """
        check_is_fitted(self)
        images = self._images(X)
        if images.shape[1:] != self.image_shape_:
            raise ValueError(f"X must contain images of shape {self.image_shape_}, got {images.shape[1:]}")
        return np.stack([self._of(image) for image in images])

    def _of(self, image: NDArray) -> NDArray:
        """Return the result of one image."""
        raise NotImplementedError

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

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = self.image_shape is not None
        tags.input_tags.three_d_array = self.image_shape is None
        tags.requires_fit = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class HOG(_Images):
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

    def _of(self, image: NDArray) -> NDArray:
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


class Filter(_Images):
    """Filter images by one function of imfilter.

    Parameters
    ----------
    name : str
        Name of the function, as in `imfilter.Pipeline`: ``"gaussian"``, ``"morphology.opening"``. Of a
        function in `imfilter.threshold`, the result is ``image > threshold``.
    channel_axis : int, optional
        Channel axis of one colour image. Default: no channel axis.
    image_shape : tuple of int, optional
        Shape of one image. Then each row of `X` holds the samples of one image, and each row of the result
        holds the samples of one filtered image. Default: `X` holds images, not rows.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.
    **options : object
        Options of the function.

    Attributes
    ----------
    image_shape_ : tuple of int
        Shape of the images in `fit`. Images of other shapes are refused.
    n_features_in_ : int
        Number of samples of an image.

    See Also
    --------
    imfilter.Pipeline : Several filters without scikit-learn.

    Notes
    -----
    The image is converted to float32, or to float64 if its type is wide. The options are parameters as all
    others: ``set_params(sigma=3)``, and ``filter__sigma`` in a search.

    Examples
    --------
    >>> import numpy as np
    >>> from imfilter.sklearn import Filter
    >>> images = np.zeros((5, 32, 24))
    >>> Filter("gaussian", sigma=2).fit_transform(images).shape
    (5, 32, 24)
    """

    def __init__(
        self,
        name: str,
        *,
        channel_axis: int | None = None,
        image_shape: tuple[int, ...] | None = None,
        workers: int | None = None,
        **options: Any,
    ) -> None:
        self.name = name
        self.channel_axis = channel_axis
        self.image_shape = image_shape
        self.workers = workers
        self._options = tuple(options)
        for word, value in options.items():
            setattr(self, word, value)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, with the options of the function.

        Parameters
        ----------
        deep : bool
            Not used: no parameter is an estimator.

        Returns
        -------
        dict
            The value of each parameter.
        """
        return {word: getattr(self, word) for word in (*_OWN, *self._options)}

    def set_params(self, **params: Any) -> Self:
        """Set parameters, or further options of the function.

        Parameters
        ----------
        **params : object
            The values by name.

        Returns
        -------
        Filter
            This transformer.
        """
        for word, value in params.items():
            if word not in (*_OWN, *self._options):
                self._options += (word,)
            setattr(self, word, value)
        return self

    def _of(self, image: NDArray) -> NDArray:
        options = {word: getattr(self, word) for word in self._options}
        run = Pipeline([(self.name, options)])
        result = np.asarray(run(image, channel_axis=self.channel_axis, workers=self.workers))
        return result if self.image_shape is None else result.ravel()
