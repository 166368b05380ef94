"""The sample of a window to which a sum is relative."""

from imfilter._simd.jit import nested
from imfilter._simd.lanewise import absolute, where
from imfilter._simd.vector import size_of

#: Larger samples are not references: their difference from another sample could overflow.
LARGEST32, LARGEST64 = 2.0**102, 2.0**968


@nested
def fitting(real, sample):
    """Return a vector of samples as references: 0 in place of those that are not finite, or huge."""
    limit = LARGEST32 if size_of(real) == 4 else LARGEST64
    return where(absolute(sample) < limit, sample, 0.0)
