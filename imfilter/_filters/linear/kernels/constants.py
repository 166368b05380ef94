"""Numbers that are constants for the compiler and stand for windows, kernels and layers of symmetric sums."""

from typing import NamedTuple

#: Bits of a length, and of a kernel, in the numbers that stand for windows and kernels.
LENGTH_BITS, _KERNEL_BITS = 6, 14
#: Most positions in a corner of the window: each has one bit in a kernel's number.
MOST_PLACES = 10


class Parity(NamedTuple):
    """The facts about one symmetric kernel that the compiler needs."""

    odd: tuple[bool, bool, bool]  # along rows, planes, columns
    places: int  # a bit for each position in a corner of the window with a weight that is not zero
    about: bool  # whether the sum is relative to the centre sample


def window_number(rows: int, planes: int, columns: int) -> int:
    """Return the number that stands for a window."""
    return (rows << LENGTH_BITS | planes) << LENGTH_BITS | columns


def kernels_number(kernels: list[Parity], norm: bool) -> int:
    """Return the number that stands for kernels. It says whether the root of their sum of squares is used."""
    number = 1
    for odd, places, about in kernels:
        bits = (((odd[0] << 1 | odd[1]) << 1 | odd[2]) << 1 | about) << MOST_PLACES | places
        number = number << _KERNEL_BITS | bits
    return number << 1 | norm


def kernels_of(number: int) -> tuple[list[Parity], bool]:
    """Return what `kernels_number` was given."""
    found, norm = [], bool(number & 1)
    number >>= 1
    while number > 1:
        bits = number % (1 << _KERNEL_BITS) >> MOST_PLACES
        odd = bool(bits >> 3 & 1), bool(bits >> 2 & 1), bool(bits >> 1 & 1)
        found.append(Parity(odd, number % (1 << MOST_PLACES), bool(bits & 1)))
        number >>= _KERNEL_BITS
    return found[::-1], norm


#: Bits of a layer in the number that describes an unrolled sum.
_BITS, _FORM_BITS = 8, 3


def written_out(layers: list[tuple[int, int, int]]) -> int:
    """Return the number that stands for an unrolled sum of layers (first line, half, form)."""
    number = 1
    for first, half, form in layers:
        number = (((number << _BITS) | first) << _BITS) | (half << _FORM_BITS) | form
    return number


def looped(forms: set[int]) -> int:
    """Return the number that stands for a loop over layers of any length and these forms."""
    return -sum(1 << form for form in forms)


def layers_of(number: int) -> list[tuple[int, int, int]]:
    """Return the layers that `written_out` was given."""
    found = []
    while number > 1:
        found.append(((number >> _BITS) % 256, number % 256 >> _FORM_BITS, number % (1 << _FORM_BITS)))
        number >>= 2 * _BITS
    return found[::-1]
