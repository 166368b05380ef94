"""The table of filters: their parameters, and the same calls in other libraries.

`tests/peers/test_agreement.py` runs every row on photographs and compares the results. `benchmarks/` times
the same rows. So every timed call is also tested.

The border is `mirror` in imfilter and SciPy, and `BORDER_REFLECT_101` in OpenCV. If a library has only
another border, the rows and columns that depend on it are not compared (`margin`).
"""

import cv2
import numpy as np
import scipy.ndimage as ndi
import skimage.filters

from tests.peers.case import Case, ours
from tests.peers.libraries import (
    CV_MIRROR,
    Peer,
    SimpleITK,
    cv_filter2d,
    cv_gaussian,
    cv_gradients,
    cv_magnitude,
    itk_convolution,
    ndi_correlate,
    ndi_magnitude,
    rounded,
    ski_edge,
    unit_range,
)
from tests.peers.morphology import morphology_rows
from tests.peers.nonlinear import color_rows, edge_rows, rank_rows
from tests.peers.orientation import orientation_rows
from tests.peers.pooling import pool_rows
from tests.peers.preserving import preserving_rows
from tests.peers.resampling import resize_rows, template_rows
from tests.peers.restoration import (
    background_rows,
    contrast_rows,
    deconvolution_rows,
    frequency_rows,
    pyramid_rows,
)
from tests.peers.windows import moving_rows, threshold_rows, window_rows
from tests.reference import naive

# --- the rows ---------------------------------------------------------------------------------------


def positive_kernel(*shape, seed=0):
    """Weights without structure (full rank) that sum to one, so that integer results stay in range."""
    weights = np.random.default_rng(seed).uniform(0.2, 1.0, shape)
    return (weights / weights.sum()).astype(np.float32).astype(np.float64)


EVERY = ("float32", "uint8", "uint8->float32", "uint16")
# SciPy truncates integer results instead of rounding, once for each pass.
ONE_PASS, TWO_PASSES = 1, 2


def correlate_rows():
    for k in (3, 5, 7, 11, 15, 21, 31, 63):
        kernel = positive_kernel(k, k)
        peers = {"OpenCV": cv_filter2d(kernel), "SciPy": ndi_correlate(kernel)}
        # The largest size shows the growth of the time, in one type.
        types = EVERY if k < 63 else ("float32",)
        yield Case(f"correlate {k}x{k}", ours("correlate", kernel), peers, 1.0, types, work=k * k)
    line = positive_kernel(15)
    rank1 = np.outer(line, positive_kernel(15, seed=1))
    rank2 = (rank1 + np.outer(line[::-1], positive_kernel(15, seed=2))) / 2
    sparse = np.zeros((31, 31))
    rng = np.random.default_rng(3)
    sparse.flat[rng.choice(sparse.size, 12, replace=False)] = positive_kernel(12)
    for label, kernel in (("15x15 rank 1", rank1), ("15x15 rank 2", rank2), ("31x31 of 12 taps", sparse)):
        peers = {"OpenCV": cv_filter2d(kernel), "SciPy": ndi_correlate(kernel)}
        yield Case(f"correlate {label}", ours("correlate", kernel), peers, 1.0, EVERY, work=kernel.size)
    kernel = positive_kernel(5, 5)
    dilated = np.zeros((9, 9))
    dilated[::2, ::2] = kernel
    peers = {"OpenCV": cv_filter2d(dilated), "SciPy": ndi_correlate(dilated)}
    yield Case("correlate 5x5 dilation 2", ours("correlate", kernel, dilation=2), peers, 1.0, EVERY, work=81)
    filter2d = cv_filter2d(kernel).call
    peers = {
        "OpenCV": Peer(lambda x, out, dtype: filter2d(x, None, dtype)[::2, ::2]),
        "SciPy": ndi_correlate(kernel, stride=2),
    }
    yield Case("correlate 5x5 stride 2", ours("correlate", kernel, stride=2), peers, 1.0, EVERY, work=25)


def smoothing_rows():
    for sigma in (0.8, 1, 2, 5, 10, 30, 50):
        yield gaussian_row(sigma, ("float32", "uint8", "uint16"))
    for sigma in (0.8, 1, 2, 5, 10, 30, 50):
        yield gaussian_row(sigma, ("uint8", "float32") if sigma == 2 else ("uint8",), rgb=True)
    for k in (3, 5, 15, 51, 101):
        peers = {
            "OpenCV": Peer(lambda x, out, dtype, k=k: cv2.blur(x, (k, k), dst=out, borderType=CV_MIRROR)),
            "SciPy": Peer(
                lambda x, out, dtype, k=k: ndi.uniform_filter(x, k, output=out, mode="mirror"),
                steps=TWO_PASSES,
            ),
        }
        yield Case(f"box {k}", ours("box", k), peers, 1.0, ("float32", "uint8", "uint16"), work=2 * k)
    taps = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], dtype=np.float64)
    peers = {
        "OpenCV": cv_filter2d(taps),
        # Use floats, because integer results of SciPy wrap outside the range.
        "SciPy": Peer(
            lambda x, out, dtype: ndi.correlate(x, taps, output=np.float32, mode="mirror"),
            finish=rounded,
        ),
    }
    yield Case("sharpen", ours("sharpen"), peers, 9.0, work=5)
    blur = cv_gaussian(1.0)
    peers = {
        "OpenCV": Peer(
            lambda x, out, dtype: cv2.addWeighted(x, 2.0, blur(x, None, dtype), -1.0, 0.0, dst=out),
            steps=2,  # OpenCV rounds the blurred image, imfilter only the result
        ),
        "scikit-image": Peer(
            lambda x, out, dtype: skimage.filters.unsharp_mask(x, 1.0, 1.0, preserve_range=True),
            finish=rounded,
            margin=4,
        ),
    }
    yield Case("unsharp_mask 1", ours("unsharp_mask", 1.0), peers, 3.0, work=20)


def gaussian_row(sigma, types, rgb=False):
    axes, channel = ((0, 1), -1) if rgb else (None, None)
    # OpenCV rounds weights for 8 bits to 8 fractional bits, and for 16 bits to 16. So its results may differ
    # by 1.
    peers = {
        "OpenCV": Peer(cv_gaussian(sigma)),
        "SciPy": Peer(
            lambda x, out, dtype: ndi.gaussian_filter(x, sigma, output=out, mode="mirror", axes=axes),
            steps=TWO_PASSES,
        ),
        "scikit-image": Peer(
            lambda x, out, dtype: skimage.filters.gaussian(
                x, sigma, mode="mirror", truncate=4.0, preserve_range=True, channel_axis=channel
            ),
            finish=rounded,
        ),
    }
    name = f"gaussian {sigma}" + (" RGB" if rgb else "")
    call = ours("gaussian", sigma, channel_axis=channel)
    return Case(name, call, peers, 1.0, types, rgb=rgb, work=16 * int(sigma + 1))


def derivative_rows():
    types = ("float32", "uint8->float32")
    peers = {
        "OpenCV": Peer(
            lambda x, out, dtype: cv2.Sobel(x, cv2.CV_32F, 1, 0, ksize=3, dst=out, borderType=CV_MIRROR),
        ),
        "SciPy": Peer(
            lambda x, out, dtype: ndi.sobel(x, 1, output=dtype if out is None else out, mode="mirror")
        ),
        "scikit-image": ski_edge(skimage.filters.sobel, 4.0, axis=1),
    }
    yield Case("sobel axis 1", ours("sobel", axis=1), peers, 8.0, types, work=5)

    def cv_pair(function, *options):
        return Peer(
            lambda x, out, dtype: cv_magnitude(
                function(x, cv2.CV_32F, 1, 0, *options, borderType=CV_MIRROR),
                function(x, cv2.CV_32F, 0, 1, *options, borderType=CV_MIRROR),
                out,
            )
        )

    def cv_prewitt(x, out, dtype):
        taps = [naive.derivative_taps("prewitt", axis, 2) for axis in (0, 1)]
        return cv_magnitude(*cv_gradients(x, taps), out)

    peers = {
        "OpenCV": cv_pair(cv2.Sobel),
        "SciPy": Peer(ndi_magnitude(ndi.sobel)),
        "scikit-image": ski_edge(skimage.filters.sobel, 4.0),
    }
    yield Case("sobel magnitude", ours("sobel"), peers, 8 * 2**0.5, types, work=10)
    peers = {"OpenCV": cv_pair(cv2.Scharr), "scikit-image": ski_edge(skimage.filters.scharr, 16.0)}
    yield Case("scharr magnitude", ours("scharr"), peers, 32 * 2**0.5, types, work=10)
    peers = {
        "OpenCV": Peer(cv_prewitt),
        "SciPy": Peer(ndi_magnitude(ndi.prewitt)),
        "scikit-image": ski_edge(skimage.filters.prewitt, 3.0),
    }
    yield Case("prewitt magnitude", ours("prewitt"), peers, 6 * 2**0.5, types, work=10)
    peers = {
        "OpenCV": Peer(
            lambda x, out, dtype: cv2.Laplacian(x, cv2.CV_32F, ksize=1, dst=out, borderType=CV_MIRROR),
        ),
        "SciPy": Peer(
            lambda x, out, dtype: ndi.laplace(x, output=dtype if out is None else out, mode="mirror")
        ),
        # Its operator has the opposite sign, and its border is `symmetric`.
        "scikit-image": Peer(
            lambda x, out, dtype: skimage.filters.laplace(x),
            finish=lambda result, image: -result * unit_range(image),
            margin=1,
        ),
    }
    yield Case("laplacian", ours("laplacian"), peers, 8.0, types, work=5)


def gaussian_derivative_rows():
    types = ("float32", "uint8->float32")
    smooth, first, second = (naive.gaussian_taps(2.0, order) for order in range(3))

    def cv_log(x, out, dtype):
        return cv2.add(*cv_gradients(x, [(second, smooth), (smooth, second)]), dst=out)

    def cv_gradient(x, out, dtype):
        return cv_magnitude(*cv_gradients(x, [(first, smooth), (smooth, first)]), out)

    def on_floats(function, *args):
        return lambda x, out, dtype: function(
            x.astype(np.float32, copy=False), *args, output=out, mode="mirror"
        )

    peers = {"OpenCV": Peer(cv_log), "SciPy": Peer(on_floats(ndi.gaussian_laplace, 2.0))}
    gain = 2 * float(np.abs(second).sum())
    yield Case("laplacian_of_gaussian 2", ours("laplacian_of_gaussian", 2.0), peers, gain, types, work=68)
    peers = {"OpenCV": Peer(cv_gradient), "SciPy": Peer(on_floats(ndi.gaussian_gradient_magnitude, 2.0))}
    call = ours("gaussian_gradient_magnitude", 2.0)
    yield Case("gaussian_gradient_magnitude 2", call, peers, 2 * float(np.abs(first).sum()), types, work=68)

    def cv_dog(x, out, dtype):
        x = x.astype(np.float32, copy=False)
        low, high = (cv_gaussian(sigma)(x, None, dtype) for sigma in (2.0, 3.2))
        return cv2.subtract(low, high, dst=out)

    def ndi_dog(x, out, dtype):
        low, high = (ndi.gaussian_filter(x, sigma, output=np.float32, mode="mirror") for sigma in (2.0, 3.2))
        return np.subtract(low, high, out=out)

    ski_dog = Peer(
        lambda x, out, dtype: skimage.filters.difference_of_gaussians(
            x, 2.0, 3.2, mode="mirror", truncate=4.0
        ),
        finish=lambda result, image: result * unit_range(image),
    )
    peers = {"OpenCV": Peer(cv_dog), "SciPy": Peer(ndi_dog), "scikit-image": ski_dog}
    yield Case(
        "difference_of_gaussians 2", ours("difference_of_gaussians", 2.0, 3.2), peers, 2.0, types, work=88
    )


def volume_rows():
    types = ("float32", "uint8")
    for k in (3, 5):
        kernel = positive_kernel(k, k, k)
        peers = {"SciPy": ndi_correlate(kernel)}
        if SimpleITK:
            peers["SimpleITK"] = itk_convolution(kernel.astype(np.float32))
        call = ours("correlate", kernel)
        yield Case(f"correlate {k}x{k}x{k}", call, peers, 1.0, types, ndim=3, work=k**3)
    peers = {
        "SciPy": Peer(lambda x, out, dtype: ndi.gaussian_filter(x, 2, output=out, mode="mirror"), steps=3),
        "scikit-image": Peer(
            lambda x, out, dtype: skimage.filters.gaussian(
                x, 2, mode="mirror", truncate=4.0, preserve_range=True
            ),
            finish=rounded,
        ),
    }
    yield Case("gaussian 2, 3-D", ours("gaussian", 2), peers, 1.0, types, ndim=3, work=51)
    peers = {
        "SciPy": Peer(lambda x, out, dtype: ndi.uniform_filter(x, 5, output=out, mode="mirror"), steps=3)
    }
    if SimpleITK:
        peers["SimpleITK"] = Peer(
            lambda x, out, dtype: SimpleITK.Mean(x, (2, 2, 2)),
            prepare=SimpleITK.GetImageFromArray,
            finish=lambda result, image: SimpleITK.GetArrayFromImage(result),
            margin=2,  # its border is `edge`
        )
    yield Case("box 5, 3-D", ours("box", 5), peers, 1.0, types, ndim=3, work=15)
    peers = {
        "SciPy": Peer(ndi_magnitude(ndi.sobel)),
        "scikit-image": ski_edge(skimage.filters.sobel, 16.0),
    }
    call = ours("sobel")
    yield Case(
        "sobel magnitude, 3-D", call, peers, 32 * 3**0.5, ("float32", "uint8->float32"), ndim=3, work=24
    )


def signal_rows():
    for k in (5, 25, 501):
        taps = positive_kernel(k)
        row = cv_filter2d(taps[np.newaxis]).call

        def cv_line(x, out, dtype, row=row):
            return row(x[np.newaxis], None if out is None else out[np.newaxis], dtype)[0]

        peers = {"OpenCV": Peer(cv_line), "SciPy": ndi_correlate(taps)}
        call = ours("correlate", taps)
        yield Case(f"correlate {k}, 1-D", call, peers, 1.0, ("float32", "float64"), ndim=1, work=k)


CASES = [
    *correlate_rows(),
    *smoothing_rows(),
    *derivative_rows(),
    *gaussian_derivative_rows(),
    *volume_rows(),
    *signal_rows(),
    *rank_rows(),
    *edge_rows(),
    *color_rows(),
    *orientation_rows(),
    *pool_rows(),
    *window_rows(),
    *preserving_rows(),
    *threshold_rows(),
    *moving_rows(),
    *morphology_rows(),
    *resize_rows(),
    *template_rows(),
    *pyramid_rows(),
    *frequency_rows(),
    *deconvolution_rows(),
    *background_rows(),
    *contrast_rows(),
]
