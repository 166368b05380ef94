"""The rows of `cases.py` for filters that keep edges."""

import cv2
from skimage.restoration import denoise_tv_chambolle

from tests.peers.case import Case, ours
from tests.peers.libraries import CV_MIRROR, Peer


def cv_guided(radius, eps):
    """The guided filter of an image by itself, of OpenCV's boxes and arithmetic."""
    size = (2 * radius + 1, 2 * radius + 1)

    def box(x):
        return cv2.blur(x, size, borderType=CV_MIRROR)

    def call(x, out, dtype):
        mean, squares = box(x), box(cv2.multiply(x, x))
        variance = cv2.subtract(squares, cv2.multiply(mean, mean))
        slope = cv2.divide(variance, cv2.add(variance, eps))
        constant = cv2.subtract(mean, cv2.multiply(slope, mean))
        return cv2.add(cv2.multiply(box(slope), x), box(constant), dst=out)

    return Peer(call)


def cv_bilateral(radius, sigma_space, sigma_range):
    """OpenCV's bilateral filter. It interpolates the weights of float32."""
    return Peer(
        lambda x, out, dtype: cv2.bilateralFilter(
            x, 2 * radius + 1, sigma_range, sigma_space, dst=out, borderType=CV_MIRROR
        )
    )


def preserving_rows():
    for radius, sigma in ((4, 1.0), (8, 2.0)):
        call = ours("bilateral", sigma, 25.0, window="disc")
        peers = {"OpenCV": cv_bilateral(radius, sigma, 25.0)}
        yield Case(f"bilateral {sigma:g}, 25", call, peers, 8.0, work=3 * radius * radius)
    for radius in (8, 30):
        peers = {"OpenCV": cv_guided(radius, 100.0)}
        # OpenCV subtracts squares of up to 255**2 in float32.
        call = ours("guided", radius, 100.0)
        yield Case(f"guided {radius}, 100", call, peers, 64.0, ("float32",), work=8 * radius)
    # OpenCV rounds distances and weights.
    peer = Peer(lambda x, out, dtype: cv2.fastNlMeansDenoising(x, out, 40.0, 7, 21))
    call = ours("non_local_means", patch=7, search=21, strength=40.0, noise=0.0)
    yield Case("non_local_means 7, 21", call, {"OpenCV": peer}, 1.0, ("uint8",), work=441, steps=3)
    # scikit-image stops when its steps are small, two grey levels from the minimum at most.
    peer = Peer(lambda x, out, dtype: denoise_tv_chambolle(x, 20.0, eps=1e-6, max_num_iter=500))
    call = ours("total_variation", 20.0, tolerance=1e-5)
    peers = {"scikit-image": peer}
    yield Case("total_variation 20", call, peers, 2500.0, ("float32",), work=200)
