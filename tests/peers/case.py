"""A row of the table in `cases.py`: a filter with its parameters and its calls."""

import dataclasses
import operator
from collections.abc import Callable

import numpy as np

import imfilter


@dataclasses.dataclass(frozen=True)
class Case:
    """One filter with its parameters."""

    name: str
    ours: Callable  # (image, out=, dtype=, workers=) -> result
    peers: dict
    gain: float  # sum|w|, for the float tolerance
    types: tuple = ("float32", "uint8")
    ndim: int = 2  # number of filtered axes, without channels
    rgb: bool = False
    work: int = 1  # approximate multiply-adds per pixel; the tests use smaller photographs for large numbers
    steps: int = 1  # largest difference of integers: halves or fixed-point weights may be rounded differently

    def tolerance(self, peer, largest, result_type):
        """The largest accepted difference: float rounding of sum|w|*max|x|, or `steps` for integers."""
        kind = np.dtype(result_type)
        if kind.kind in "iu":
            return self.steps if peer.steps is None else peer.steps
        return (4e-6 if kind == np.float32 else 1e-12) * self.gain * largest

    def peers_for(self, type_name):
        return {
            name: peer for name, peer in self.peers.items() if peer.types is None or type_name in peer.types
        }


def types_of(type_name):
    """Split 'uint8->float32' into (input dtype, result dtype). A single name is both."""
    source, _, result = type_name.partition("->")
    return source, result or source


def ours(name, *args, **options):
    return lambda image, **run: operator.attrgetter(name)(imfilter)(image, *args, **options, **run)


def untyped(name, *args, **options):
    """A call of a function without the argument `dtype`."""

    def call(image, out=None, dtype=None, workers=None):
        return getattr(imfilter, name)(image, *args, out=out, workers=workers, **options)

    return call


def described(name, *args, **options):
    """A call of a function without the arguments `dtype` and `out`. Its result is copied to `out`."""

    def call(image, out=None, dtype=None, workers=None):
        result = getattr(imfilter, name)(image, *args, workers=workers, **options)
        if out is None:
            return result
        np.copyto(out, result)
        return out

    return call
