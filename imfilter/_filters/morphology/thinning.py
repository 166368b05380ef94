"""Skeletons of pictures of two values: samples are removed from the outside until lines remain."""

import numpy as np
import numpy.typing as npt

from imfilter._base.program import address
from imfilter._filters.morphology.family import over
from imfilter._filters.morphology.kernels.thinning import GUO, ZHANG, thin_words

RULES = {"zhang": ZHANG, "guo": GUO}


def thinned(
    image: npt.NDArray, axes: tuple[int, ...], rule: str, iterations: int | None, workers: int | None
) -> npt.NDArray[np.bool_]:
    """Return the samples that remain of those that are not zero, for every image of a batch."""
    result, limit = np.empty(image.shape, np.bool_), -1 if iterations is None else 2 * iterations

    def task(own: npt.NDArray, to: npt.NDArray[np.bool_]) -> None:
        _thin(own, to, RULES[rule], limit)

    over(task, axes, workers if image.size > 1 << 14 else 1, image, result)
    return result


def _thin(image: npt.NDArray, result: npt.NDArray[np.bool_], rule: int, limit: int) -> None:
    """Thin one image."""
    rows, columns = image.shape
    pitch = -(-columns // 64) + 1
    total = (rows + 2) * pitch + 1
    words = np.zeros(total, "<u8")
    lines = words[pitch : -pitch - 1].view(np.uint8).reshape(rows, 8 * pitch)
    packed = -(-columns // 8)
    lines[:, 8 : 8 + packed] = np.packbits(image != 0, axis=1, bitorder="little")
    stamps, lists = np.empty(total, np.int32), np.empty(4 * total, np.int32)
    masks = np.empty(total, np.uint64)
    thin_words.entry()(
        *(address(words), total, pitch, address(stamps), address(lists), address(masks), rule, limit)
    )
    found = np.unpackbits(lines[:, 8 : 8 + packed], axis=1, count=columns, bitorder="little")
    np.not_equal(found, 0, out=result)
