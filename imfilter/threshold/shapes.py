"""Thresholds from the means and the shape of a histogram."""

from __future__ import annotations

from imfilter._base.keywords import hinted
from imfilter._filters.threshold import criteria
from imfilter._filters.threshold import histogram as _histogram
from imfilter._filters.threshold import mean as _mean
from imfilter.typing import ArrayLike, Mask, Nan


@hinted
def triangle(
    image: ArrayLike,
    *,
    bins: int = 256,
    mask: Mask = None,
    nan: Nan = "propagate",
    workers: int | None = None,
) -> float:
    """Return the threshold farthest from the line between the peak and the end of the longer tail.

    The line is drawn in the histogram from its highest bin to the last bin of the longer tail. The method is
    for images with one high peak, for example a dark background with few bright objects. Of equally far bins,
    the one nearest to the end of the tail is returned.

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
    minimum : The lowest bin between two peaks.
    skimage.filters.threshold_triangle : The same without `mask`, with ``nbins`` for `bins`. It rounds the
        distances, so it may return another one of equally far bins.

    References
    ----------
    G. W. Zack, W. E. Rogers and S. A. Latt, "Automatic measurement of sister chromatid exchange frequency",
    *Journal of Histochemistry and Cytochemistry* 25(7), 1977.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.threshold.triangle([5, 5, 5, 5, 5, 6, 6, 9, 12])
    7
    """
    return _histogram.threshold(image, criteria.TRIANGLE, bins, mask, nan, workers)


@hinted
def isodata(
    image: ArrayLike,
    *,
    bins: int = 256,
    mask: Mask = None,
    nan: Nan = "propagate",
    workers: int | None = None,
) -> float:
    """Return the lowest threshold in the middle between the means of both classes.

    The threshold is the value of a bin. The middle between the mean of the samples up to it and the mean of
    those above it is in this bin. This is the method of Ridler and Calvard, also called inter-means.

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
    otsu : The threshold with the largest variance between both classes.
    skimage.filters.threshold_isodata : The same without `mask`, with ``nbins`` for `bins`.

    References
    ----------
    T. W. Ridler and S. Calvard, "Picture thresholding using an iterative selection method", *IEEE
    Transactions on Systems, Man and Cybernetics* 8(8), 1978.

    Examples
    --------
    >>> import imfilter
    >>> image = [10, 11, 11, 12, 80, 90, 90, 91]
    >>> imfilter.threshold.isodata(image)
    49
    """
    return _histogram.threshold(image, criteria.ISODATA, bins, mask, nan, workers)


@hinted
def minimum(
    image: ArrayLike,
    *,
    bins: int = 256,
    mask: Mask = None,
    nan: Nan = "propagate",
    workers: int | None = None,
) -> float:
    """Return the lowest bin between the two maxima of the smoothed histogram.

    The histogram is smoothed with means of three bins until it has fewer than three maxima, at most 10000
    times.

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
        accepted values. Also if the smoothed histogram does not have two maxima,
        or if the range of the integers exceeds 2**20.

    See Also
    --------
    triangle : For images with one peak.
    skimage.filters.threshold_minimum : The same without `mask`, with ``nbins`` for `bins`. It raises
        RuntimeError where the histogram does not have two maxima.

    References
    ----------
    J. M. S. Prewitt and M. L. Mendelsohn, "The analysis of cell images", *Annals of the New York Academy of
    Sciences* 128(3), 1966.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.threshold.minimum([1, 2, 2, 3, 3, 3, 4, 4, 5, 20, 21, 21, 22, 22, 22, 23, 23, 24])
    7
    """
    return _histogram.threshold(image, criteria.minimum, bins, mask, nan, workers)


@hinted
def mean(
    image: ArrayLike,
    *,
    mask: Mask = None,
    nan: Nan = "propagate",
    workers: int | None = None,
) -> float:
    """Return the mean of the samples as a threshold.

    The sum of integers is exact.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. All samples have one histogram: convert a colour image to grey first. Bool,
        integers or floats. The function does not change it.
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
        The mean. Samples above it are foreground: ``image > threshold``. With a mask of numbers, it is
        weighted by them. It is NaN if a sample is NaN.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    local : A threshold for each sample, from its neighbourhood.
    skimage.filters.threshold_mean : The same without `mask`.

    References
    ----------
    C. A. Glasbey, "An analysis of histogram-based thresholding algorithms", *CVGIP: Graphical Models and
    Image Processing* 55(6), 1993.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.threshold.mean([1, 2, 6])
    3.0
    """
    return _mean.mean(image, mask, nan, workers)
