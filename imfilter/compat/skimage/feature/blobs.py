"""Blobs of `skimage.feature`: peaks among scales of Laplacians or differences of Gaussians."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import skimage.feature as theirs

from imfilter._compat import skimage_images as images
from imfilter._compat import skimage_sums as sums
from imfilter._compat.serving import Elsewhere, here, like
from imfilter.compat.skimage.feature.peaks import peak_local_max
from imfilter.typing import NDArray

_Border = tuple[int, ...] | int | bool


@like(theirs.blob_log, "skimage.feature.blob_log")
def blob_log(
    image: NDArray,
    min_sigma: float | Sequence[float] = 1,
    max_sigma: float | Sequence[float] = 50,
    num_sigma: int = 10,
    threshold: float | None = 0.2,
    overlap: float = 0.5,
    log_scale: bool = False,
    *,
    threshold_rel: float | None = None,
    exclude_border: _Border = False,
) -> NDArray:
    """Find blobs by Laplacians of Gaussians, as `skimage.feature.blob_log` does."""
    array = images.floats(images.finite(images.image(image)))
    least, most, one = _limits(array, min_sigma, max_sigma)
    if log_scale:
        scales = np.logspace(np.log10(least), np.log10(most), num_sigma)
    else:
        scales = np.linspace(least, most, num_sigma)
    responses = np.empty((*array.shape, len(scales)), array.dtype)
    for number, scale in enumerate(scales):
        found = sums.laplacian(array, sums.sigmas(scale, array))
        responses[..., number] = np.negative(found, out=found) * np.mean(scale) ** 2
    return _blobs(responses, scales, one, threshold, threshold_rel, exclude_border, overlap)


@like(theirs.blob_dog, "skimage.feature.blob_dog")
def blob_dog(
    image: NDArray,
    min_sigma: float | Sequence[float] = 1,
    max_sigma: float | Sequence[float] = 50,
    sigma_ratio: float = 1.6,
    threshold: float | None = 0.5,
    overlap: float = 0.5,
    *,
    threshold_rel: float | None = None,
    exclude_border: _Border = False,
) -> NDArray:
    """Find blobs by differences of Gaussians, as `skimage.feature.blob_dog` does."""
    array = images.floats(images.finite(images.image(image)))
    least, most, one = _limits(array, min_sigma, max_sigma)
    if not sigma_ratio > 1:
        raise Elsewhere("sigma_ratio is not above 1")
    count = int(np.mean(np.log(most / least) / np.log(sigma_ratio) + 1))
    scales = np.array([least * (sigma_ratio**i) for i in range(count + 1)])
    responses = np.empty((*array.shape, count), array.dtype)
    before = sums.gaussian(array, sums.sigmas(scales[0], array))
    for number, scale in enumerate(scales[1:]):
        after = sums.gaussian(array, sums.sigmas(scale, array))
        np.subtract(before, after, out=responses[..., number])
        before = after
    responses *= 1 / (sigma_ratio - 1)
    return _blobs(responses, scales, one, threshold, threshold_rel, exclude_border, overlap)


@like(theirs.blob_doh, "skimage.feature.blob_doh")
def blob_doh(
    image: NDArray,
    min_sigma: float = 1,
    max_sigma: float = 30,
    num_sigma: int = 10,
    threshold: float | None = 0.01,
    overlap: float = 0.5,
    log_scale: bool = False,
    *,
    threshold_rel: float | None = None,
) -> NDArray:
    """Find blobs by determinants of Hessian matrices, as `skimage.feature.blob_doh` does.

    scikit-image approximates the determinants by boxes. Their peaks are found here.
    """
    array = images.floats(images.finite(images.plane(image)))
    determinants = images.step("feature._hessian_det_appx", "_hessian_matrix_det")
    prune = images.step("feature.blob", "_prune_blobs")
    totals = images.step("transform", "integral_image")(array)
    if log_scale:
        scales = np.logspace(math.log(min_sigma, 10), math.log(max_sigma, 10), num_sigma)
    else:
        scales = np.linspace(min_sigma, max_sigma, num_sigma)
    responses = np.empty((*array.shape, len(scales)), array.dtype)
    for number, scale in enumerate(scales):
        responses[..., number] = determinants(totals, scale)
    peaks = here(peak_local_max)(
        responses,
        threshold_abs=threshold,
        threshold_rel=threshold_rel,
        exclude_border=False,
        footprint=np.ones((3, 3, 3)),
    )
    if not peaks.size:
        return np.empty((0, 3))
    found = peaks.astype(np.float64)
    found[:, -1] = scales[peaks[:, -1]]
    return prune(found, overlap)


def _limits(array: NDArray, least: Any, most: Any) -> tuple[NDArray, NDArray, bool]:
    """Return both standard deviations for each axis, and whether they are the same for all axes."""
    one = bool(np.isscalar(least) and np.isscalar(most))
    found = [
        np.full(array.ndim, given, array.dtype) if np.isscalar(given) else np.asarray(given, array.dtype)
        for given in (least, most)
    ]
    if any(each.shape != (array.ndim,) or not (each > 0).all() for each in found):
        raise Elsewhere("sigma is not usual")
    return found[0], found[1], one


def _blobs(
    responses: NDArray, scales: NDArray, one: bool, threshold: Any, share: Any, border: Any, overlap: Any
) -> NDArray:
    """Return the places and scales of peaks. Of two that overlap, the larger stays."""
    prune = images.step("feature.blob", "_prune_blobs")
    ndim = responses.ndim - 1
    if border is True or not isinstance(border, tuple | int):
        raise Elsewhere("exclude_border is not usual")
    margins = border if isinstance(border, tuple) else (int(border),) * ndim
    peaks = here(peak_local_max)(
        responses,
        threshold_abs=threshold,
        threshold_rel=share,
        exclude_border=(*margins, 0),
        footprint=np.ones((3,) * (ndim + 1)),
    )
    if not peaks.size:
        return np.empty((0, ndim + (1 if one else ndim)))
    found = scales[peaks[:, -1]]
    found = found[:, :1] if one else found
    return prune(np.hstack([peaks.astype(responses.dtype)[:, :-1], found]), overlap, sigma_dim=found.shape[1])
