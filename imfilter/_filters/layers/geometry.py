"""The settings of a layer other than its arrays."""

from typing import NamedTuple

from imfilter._base.padding import Padding


class Geometry(NamedTuple):
    """The settings of a layer other than its arrays."""

    paddings: tuple[Padding, ...]
    mode: str
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int

    @property
    def lengths(self) -> tuple[int, ...]:
        """Shape of the output along the spatial axes."""
        return tuple(p.length for p in self.paddings)

    def pointwise(self, taps: tuple[int, ...]) -> bool:
        """Return whether every output depends on one sample of each channel, and none on the padding."""
        return max(taps) == 1 and all(p.before == p.after == 0 for p in self.paddings)
