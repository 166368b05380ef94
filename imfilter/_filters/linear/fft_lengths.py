"""The lengths of transforms: tiles cover an image with the least work."""

import functools

#: The range of lengths that are tried, by the number of axes; and the power of the length in the cost of a
#: sample, because longer transforms take longer for each sample.
_TILES = {1: (4096, 16384), 2: (256, 768), 3: (32, 96)}
_GROWTH = 1.1


@functools.lru_cache(maxsize=256)
def tile_of(kernel: tuple[int, ...], image: tuple[int, ...]) -> tuple[int, ...]:
    """Return the transform's length along each axis, so that tiles cover the image with the least work.

    It depends only on the shapes, so results do not depend on the number of workers.
    """
    bounds = _TILES[len(kernel)]
    return tuple(_tile(k, n, *bounds) for k, n in zip(kernel, image, strict=True))


def _tile(k: int, n: int, least: int, most: int) -> int:
    """Return the length of tiles along one axis: not much more than `most`, or eight kernels."""

    def work(length: int) -> float:
        return -(-n // (length - k + 1)) * length**_GROWTH

    few = _fast_length(min(max(least, 2 * k), n + k - 1))
    lengths = {few}
    while few < min(max(most, 8 * k), n + k - 1):
        few = _fast_length(few + 1)
        lengths.add(few)
    return min(sorted(lengths), key=work)


def _fast_length(n: int) -> int:
    """Return the next length of the form 2^a 3^b 5^c, which has a fast transform."""
    best = 1 << (n - 1).bit_length() if n > 1 else 1
    five = 1
    while five < best:
        three = five
        while three < best:
            twos = 1 << max(0, (-(-n // three) - 1).bit_length())
            best = min(best, twos * three)
            three *= 3
        five *= 5
    return best
