"""The distance from each sample of an object to the background."""

from __future__ import annotations

from imfilter._base import arguments, dtypes, threads
from imfilter._base.keywords import hinted
from imfilter._filters.morphology import distance as _distance
from imfilter.typing import ArrayLike, Axes, DTypeLike, NDArray, PerAxis


@hinted
def distance(
    image: ArrayLike,
    *,
    spacing: PerAxis[float] | None = None,
    indices: bool = False,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray | tuple[NDArray, NDArray]:
    """Return the Euclidean distance of each sample to the nearest sample that is 0.

    The distance of a sample that is 0 is 0. The result is exact: with equal spacings, squared distances are
    integers, and the root is rounded once. The time grows linearly with the number of samples.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
        Only 0 is background: NaN and -0.5 are not.
    spacing : float or sequence of float, optional
        Distance between neighbouring samples in any unit of length: one for all measured axes, or one for
        each. Default 1.
    indices : bool, optional
        Whether to return the indices of the nearest samples that are 0, too. Default False.
    axes : int or tuple of int, optional
        One to three axes along which distances are measured. The other axes are batch axes. Default: all axes
        except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.
    dtype : dtype, optional
        Element type of the result. Default float32. Integers are rounded half to even and saturated.
    out : ndarray, optional
        Array for the distances. Its dtype is the dtype of the result. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    distances : ndarray
        Array of the shape of `image`. Where no sample along the axes is 0, it is infinite.
    indices : ndarray of int32, optional
        Only with `indices`. ``indices[k]`` is the index along the axis k of `axes` of the nearest sample that
        is 0. Of equally near samples, it is the one with the smallest index along the last axis of the
        image, then along the axis before. If there is no such sample, it is -1.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    skeleton : Lines in the middle of objects.
    scipy.ndimage.distance_transform_edt : The same in float64, with ``sampling`` for `spacing`. In an image
        without zeros, its result is the distance to a sample outside the image.
    cv2.distanceTransform : The same for uint8 with ``DIST_L2`` and ``DIST_MASK_PRECISE``, in float32. Its
        result may differ by some rounding errors.

    Notes
    -----
    The first pass finds the nearest zero in each column. The pass along each other axis takes the lower
    envelope of parabolas, as the convex hull of points. Beyond the image and the result, 4 bytes a sample are
    needed, and 8 for volumes with different spacings.

    References
    ----------
    P. F. Felzenszwalb and D. P. Huttenlocher, "Distance transforms of sampled functions", *Theory of
    Computing* 8, 2012.
    A. Meijster, J. B. T. M. Roerdink and W. H. Hesselink, "A general algorithm for computing distance
    transforms in linear time", *Mathematical Morphology and its Applications to Image and Signal Processing*,
    2000.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.morphology.distance([[0, 1, 1], [1, 1, 1]])
    array([[0.       , 1.       , 2.       ],
           [1.       , 1.4142135, 2.236068 ]], dtype=float32)
    >>> imfilter.morphology.distance([1, 1, 0, 1], spacing=0.5, indices=True)
    (array([1. , 0.5, 0. , 0.5], dtype=float32), array([[2, 2, 2, 2]], dtype=int32))
    """
    array = arguments.image(image)
    chosen = arguments.axes(array, axes, channel_axis)
    spacings = arguments.spacings(spacing, len(chosen))
    wanted = arguments.flag(indices, "indices")
    place = arguments.fitting(arguments.out(out), array.shape)
    target = arguments.dtype(dtype, place, dtypes.FLOAT32)
    _distance.check_lengths(array.shape, chosen)
    threads_wanted = threads.requested(workers)
    found, places = _distance.distance(array, chosen, spacings, wanted, target, place, threads_wanted)
    return found if places is None else (found, places)
