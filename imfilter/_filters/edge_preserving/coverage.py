"""How much of each window is present, by the weights of positions."""

import numpy as np
import numpy.typing as npt


class Rows:
    """A window over z, y and x that is symmetric in x: the half length of each row, and the weights.

    The weight of a sample is the product of the weights of its row and of its column.
    """

    def __init__(self, inside: npt.NDArray[np.bool_], taps: tuple[npt.NDArray, ...]) -> None:
        self.inside, self.taps = inside, taps

    def shares(self, counts: npt.NDArray) -> npt.NDArray:
        """Return the sums of weights of what is present, in float64. Each depends on its window only."""
        z, y, x = (n - k + 1 for n, k in zip(counts.shape[1:4], self.inside.shape, strict=True))
        halves = (self.inside.sum(axis=2) - 1) // 2
        found = np.zeros((counts.shape[0], z, y, x, counts.shape[4]))
        middle, along = self.inside.shape[2] // 2, None
        for half in range(int(halves.max()) + 1):
            for side in {-half, half}:
                start = middle + side
                part = self.taps[2][start] * counts[:, :, :, start : start + x].astype(np.float64)
                along = part if along is None else along + part
            for i, j in np.argwhere(halves == half):
                assert along is not None
                found += (self.taps[0][i] * self.taps[1][j]) * along[:, i : i + z, j : j + y]
        return found

    @property
    def total(self) -> float:
        """The sum of all weights."""
        return float(self.shares(np.ones((1, *self.inside.shape, 1)))[0, 0, 0, 0, 0])
