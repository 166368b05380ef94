"""Rows of the table in `cases.py`: filters of orientation and ridges."""

import numpy as np
import skimage.feature
import skimage.filters

from tests.peers.case import Case, ours
from tests.peers.libraries import Peer, ski_edge

_TYPES = ("float32", "uint8->float32")


def as_float(image):
    """Samples as floats: scikit-image divides integers by the largest of their type."""
    return image.astype(np.float32)


def tensor(x, out, dtype):
    """The eigenvalues of the structure tensor."""
    parts = skimage.feature.structure_tensor(x, 2.0, mode="mirror", order="rc")
    return skimage.feature.structure_tensor_eigenvalues(parts)


def orientation_rows():
    peers = {"scikit-image": ski_edge(skimage.filters.farid, 1.0)}
    yield Case("farid", ours("farid"), peers, 4.0, _TYPES, work=20)
    peers = {
        "scikit-image": Peer(lambda x, out, dtype: skimage.filters.roberts(x), prepare=as_float, margin=1)
    }
    yield Case("roberts", ours("roberts", normalize=True), peers, 2.0, _TYPES, work=8)
    peers = {"scikit-image": Peer(tensor, prepare=as_float)}
    call = ours("structure_tensor_eigenvalues", 2.0)
    # The products of derivatives are squares of samples, up to 64 times as large.
    yield Case("structure_tensor_eigenvalues 2", call, peers, 64.0 * 255, _TYPES, work=60)

    def wave(x, out, dtype):
        return skimage.filters.gabor(x, 0.15, 0.6, mode="mirror")[0]

    peers = {"scikit-image": Peer(wave, prepare=as_float)}
    yield Case("gabor 0.15", ours("gabor", 0.15, 0.6, part="real"), peers, 2.0, _TYPES, work=300)
