"""Thresholds from the variance or the information of two classes of a histogram."""

from __future__ import annotations

import numpy as np

from imfilter._base import arguments
from imfilter._base.keywords import hinted
from imfilter._filters.threshold import criteria
from imfilter._filters.threshold import histogram as _histogram
from imfilter.typing import ArrayLike, Mask, Nan, NDArray


@hinted
def otsu(
    image: ArrayLike,
    *,
    bins: int = 256,
    mask: Mask = None,
    nan: Nan = "propagate",
    workers: int | None = None,
) -> float:
    """Return the threshold with the largest variance between both classes.

    The variance is that of the means of both classes. A threshold with the largest variance between them also
    has the smallest variance within them. Of equally good thresholds, the lowest is returned.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. All samples have one histogram: convert a colour image to grey first. Bool,
        integers or floats. The function does not change it.
    bins : int, optional
        Number of equal bins between the smallest and the largest sample, at least 2. Only images of floats
        have such bins. In other images, each integer has a bin. Default 256.
    mask : array_like, optional
        Samples that are present, in the shape of `image`. Bool: True where a sample is present. Numbers: how
        much a sample counts, at least 0. An absent sample may have any value, and changes no result. Default:
        all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes the result NaN (default), or is an absent sample.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    int or float
        The threshold. Samples above it are foreground: ``image > threshold``. It is an integer for images of
        bool and integers, and the centre of a bin for floats. It is NaN if a sample is NaN, and the value of
        the image if all samples are equal.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    multi_otsu : Several thresholds.
    skimage.filters.threshold_otsu : The same without `mask`, with ``nbins`` for `bins`.
    cv2.threshold : The same for uint8 with ``THRESH_BINARY | THRESH_OTSU``.

    References
    ----------
    N. Otsu, "A threshold selection method from gray-level histograms", *IEEE Transactions on Systems, Man,
    and Cybernetics* 9(1), 1979.

    Examples
    --------
    >>> import imfilter
    >>> image = [10, 11, 11, 12, 80, 90, 90, 91]
    >>> imfilter.threshold.otsu(image)
    12
    """
    return _histogram.threshold(image, criteria.OTSU, bins, mask, nan, workers)


@hinted
def multi_otsu(
    image: ArrayLike,
    classes: int = 3,
    *,
    bins: int = 256,
    mask: Mask = None,
    nan: Nan = "propagate",
    workers: int | None = None,
) -> NDArray:
    """Return the thresholds that divide the image into classes with the largest variance between them.

    The result is the best of all divisions. The time grows with the number of classes and with n log n for n
    bins, because the best end of a class grows with its start. Of equally good thresholds, the lowest are
    returned.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. All samples have one histogram: convert a colour image to grey first. Bool,
        integers or floats. The function does not change it.
    classes : int, optional
        Number of classes, from 2 to 6. Default 3.
    bins : int, optional
        Number of equal bins between the smallest and the largest sample, at least 2. Only images of floats
        have such bins. In other images, each integer has a bin. Default 256.
    mask : array_like, optional
        Samples that are present, in the shape of `image`. Bool: True where a sample is present. Numbers: how
        much a sample counts, at least 0. An absent sample may have any value, and changes no result. Default:
        all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes the result NaN (default), or is an absent sample.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        The ``classes - 1`` thresholds in increasing order. ``numpy.digitize(image, thresholds, right=True)``
        is the class of each sample. The dtype is int64 or uint64 for images of bool and integers, and float64
        for floats. They are NaN if a sample is NaN. If the image has fewer different values than `classes`,
        each value is a class, and the last threshold is the largest value, as often as needed.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    otsu : The same for two classes.
    skimage.filters.threshold_multiotsu : The same without `mask`, with ``nbins`` for `bins`. It raises an
        error if there are fewer values than classes.

    References
    ----------
    P.-S. Liao, T.-S. Chen and P.-C. Chung, "A fast algorithm for multilevel thresholding", *Journal of
    Information Science and Engineering* 17(5), 2001.
    F. F. Yao, "Efficient dynamic programming using quadrangle inequalities", *STOC*, 1980.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.threshold.multi_otsu([1, 1, 2, 50, 51, 51, 90, 91])
    array([ 2, 51])
    """
    number = arguments.integer(classes, "classes", least=2, most=6)

    def choose(found: _histogram.Histogram) -> list[float]:
        return criteria.multi_otsu(found, number)

    result = _histogram.threshold(image, choose, bins, mask, nan, workers)
    values = result if isinstance(result, list) else [result] * (number - 1)
    if isinstance(values[0], float):
        return np.array(values, np.float64)
    return np.array(values, np.uint64 if max(values) > np.iinfo(np.int64).max else np.int64)


@hinted
def li(
    image: ArrayLike,
    *,
    bins: int = 256,
    mask: Mask = None,
    nan: Nan = "propagate",
    workers: int | None = None,
) -> float:
    """Return the threshold with the smallest cross-entropy, by the iteration of Li and Tam.

    The iteration starts at the mean of the image. Each step computes the means of both classes, measured from
    the smallest sample, and from them the next threshold.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. All samples have one histogram: convert a colour image to grey first. Bool,
        integers or floats. The function does not change it.
    bins : int, optional
        Number of equal bins between the smallest and the largest sample, at least 2. Only images of floats
        have such bins. In other images, each integer has a bin. Default 256.
    mask : array_like, optional
        Samples that are present, in the shape of `image`. Bool: True where a sample is present. Numbers: how
        much a sample counts, at least 0. An absent sample may have any value, and changes no result. Default:
        all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes the result NaN (default), or is an absent sample.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    float
        The threshold. Samples above it are foreground: ``image > threshold``. It is rarely
        an integer. It is NaN if a sample is NaN, and the value of
        the image if all samples are equal.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    yen : The correlation criterion of entropy.
    skimage.filters.threshold_li : The same for integers. For floats, it computes the means of the samples and
        not of the bins, so the results differ by less than a bin.

    References
    ----------
    C. H. Li and P. K. S. Tam, "An iterative algorithm for minimum cross entropy thresholding", *Pattern
    Recognition Letters* 19(8), 1998.

    Examples
    --------
    >>> import imfilter
    >>> image = [10, 11, 11, 12, 80, 90, 90, 91]
    >>> round(imfilter.threshold.li(image), 2)
    27.63
    """
    return _histogram.threshold(image, criteria.LI, bins, mask, nan, workers)


@hinted
def yen(
    image: ArrayLike,
    *,
    bins: int = 256,
    mask: Mask = None,
    nan: Nan = "propagate",
    workers: int | None = None,
) -> float:
    """Return the threshold with the largest correlation criterion of Yen.

    The criterion is the entropy of both classes, computed from the sums of squared frequencies. Of equally
    good thresholds, the lowest is returned.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. All samples have one histogram: convert a colour image to grey first. Bool,
        integers or floats. The function does not change it.
    bins : int, optional
        Number of equal bins between the smallest and the largest sample, at least 2. Only images of floats
        have such bins. In other images, each integer has a bin. Default 256.
    mask : array_like, optional
        Samples that are present, in the shape of `image`. Bool: True where a sample is present. Numbers: how
        much a sample counts, at least 0. An absent sample may have any value, and changes no result. Default:
        all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes the result NaN (default), or is an absent sample.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    int or float
        The threshold. Samples above it are foreground: ``image > threshold``. It is an integer for images of
        bool and integers, and the centre of a bin for floats. It is NaN if a sample is NaN, and the value of
        the image if all samples are equal.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    li : The cross-entropy between both classes.
    skimage.filters.threshold_yen : The same without `mask`, with ``nbins`` for `bins`.

    References
    ----------
    J.-C. Yen, F.-J. Chang and S. Chang, "A new criterion for automatic multilevel thresholding", *IEEE
    Transactions on Image Processing* 4(3), 1995.

    Examples
    --------
    >>> import imfilter
    >>> image = [10, 11, 11, 12, 80, 90, 90, 91]
    >>> imfilter.threshold.yen(image)
    12
    """
    return _histogram.threshold(image, criteria.YEN, bins, mask, nan, workers)
