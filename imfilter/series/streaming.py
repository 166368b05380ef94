"""Streams: filters that receive a series sample by sample."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from imfilter._base import arguments, denormals, dtypes, missing
from imfilter._filters.series import exact_order
from imfilter._filters.series.design import State, Timing
from imfilter._filters.series.per_sample import Pushed
from imfilter._filters.series.pipeline import packed, restored
from imfilter.series.base import MOST, Call, Compound, named
from imfilter.typing import Mask, NDArray

#: Types of single samples with a fast path, and the range of integers that float64 represents exactly.
_NUMBERS, _WHOLE = frozenset((float, np.float64)), 1 << 53


class Stream:
    """Filter a series piece by piece with a causal filter.

    The results are bit-identical to those for the whole series. They do not depend on the lengths of the
    pieces.

    Parameters
    ----------
    filter : callable
        A filter of `imfilter.series`, a `functools.partial` of one with keyword arguments, a `Cascade` or a
        `Forecaster`.
    *args
        Positional arguments of the filter after the series.
    channels : int, optional
        Number of series that are filtered together. Default: one series, whose samples are single numbers.
    **options
        Keyword arguments of the filter. The alignment of the filter, and of each stage of a cascade, is
        'causal'. `axis`, `out` and `workers` are not accepted: the first axis of a chunk is time. `mask` is
        an argument of `push`.

    Attributes
    ----------
    timing : Timing
        The lookahead, which is 0, and the delay.
    channels : int or None
        Number of series that are filtered together, or None.

    Raises
    ------
    TypeError
        If `filter` is not a series filter, or if an argument has the wrong type.
    ValueError
        If an argument has the wrong value, or if the filter looks ahead.

    See Also
    --------
    causal : Filter with any causal kernel.
    scipy.signal.lfilter : The argument and result ``zi`` is the state.

    References
    ----------
    A. V. Oppenheim and R. W. Schafer, *Discrete-Time Signal Processing*, 3rd ed., 2009, chapter 6.

    Examples
    --------
    >>> from imfilter import series
    >>> stream = series.Stream(series.moving_average, 3)
    >>> stream.push(3.0), stream.push(9.0)
    (3.0, 5.0)
    >>> stream.push([3.0, 0.0])
    array([5., 4.])
    >>> series.moving_average([3.0, 9.0, 3.0, 0.0], 3, align="causal")
    array([3., 5., 5., 4.])
    """

    def __init__(self, filter: Any, *args: Any, channels: int | None = None, **options: Any) -> None:  # noqa: A002
        self._call = Call.of(filter, args, options).live().kept()
        self.channels = (
            None if channels is None else arguments.integer(channels, "channels", least=1, most=MOST)
        )
        wanted = self._call.options.get("dtype")
        self._dtype = None if wanted is None else arguments.dtype(wanted, None, dtypes.FLOAT64)
        inner = () if self.channels is None else (self.channels,)
        self._design = self._call.design().after(0, (0, *inner))
        self._state: State | None = None
        self._per_sample: Pushed | None = None

    @property
    def timing(self) -> Timing:
        """The lookahead, which is 0, and the delay."""
        return self._design.timing

    def push(self, samples: Any, mask: Mask = None) -> Any:
        """Filter the next sample, or the next samples, and return the results.

        Parameters
        ----------
        samples : float or array_like
            One sample or a chunk. A sample is a number; with `channels`, it is an array with one number for
            each channel. A chunk has any length, and its first axis is time. Python numbers are float64.
        mask : bool, float or array_like, optional
            Samples that are present, in the shape of `samples`. A chunk with `channels` also accepts one
            value for each time. Bool: True where a sample is present. Numbers: how much a sample counts, at
            least 0. Default: all samples are present.

        Returns
        -------
        float or ndarray
            One result for each sample. The result of a single sample has no axis of time. With mode 'valid'
            there are fewer results at the start; then the result of a single sample is None. Masked arrays
            give masked arrays; see `moving_average`.

        Raises
        ------
        TypeError, ValueError
            If `samples` or `mask` has the wrong type or shape. Then the state does not change.
        """
        if type(samples) is int and -_WHOLE <= samples <= _WHOLE:
            samples = float(samples)
        # NaN takes the general path, because the filter may ignore it.
        if self._per_sample is not None and type(samples) in _NUMBERS and samples == samples and mask is None:
            return self._per_sample.push(samples)
        self._flush()
        bare, own = missing.split(samples)
        array = arguments.numbers_of(bare, "samples")
        if not hasattr(samples, "dtype"):
            array = array.astype(np.float64)
        inner = () if self.channels is None else (self.channels,)
        single = array.shape == inner
        if not single and (array.ndim != len(inner) + 1 or array.shape[1:] != inner):
            wanted = "one number or an array of 1 axis"
            if inner:
                wanted = f"shape {inner}, or (n, {self.channels}) for a chunk"
            raise ValueError(f"samples must be {wanted}, got shape {array.shape}")
        default = (
            array.dtype.newbyteorder("=") if self._design.preserves_dtype else dtypes.derived(array.dtype)
        )
        wanted_type = self._dtype or default
        present = missing.counts(mask, own, array.shape, None if single else 0)
        lines = (1, -1, self.channels or 1)
        result, undefined = self._advance(
            array.reshape(lines), None if present is None else present.reshape(lines), wanted_type
        )
        result = result.reshape(-1, *inner)
        if own is not None:
            result = np.ma.MaskedArray(result, mask=undefined.reshape(result.shape))
        if not single:
            return result
        if not len(result):
            return None
        if (
            type(samples) in _NUMBERS
            and not inner
            and wanted_type == dtypes.FLOAT64
            and self._state is not None
        ):
            self._per_sample = self._design.per_sample(self._state)
        return result[0] if inner or own is not None else result[0].item()

    def _advance(
        self, lines: NDArray, present: NDArray | None, wanted: np.dtype
    ) -> tuple[NDArray, NDArray[np.bool_]]:
        """Filter samples of any type. Return the results with the dtype `wanted`, and where there is none."""
        design, state, kind, exact = self._design, self._state, lines.dtype, False
        held = kind if state is None else state.values.dtype
        if not kind == held == dtypes.FLOAT64:
            kind = np.result_type(held, kind)  # the common type of both, in native byte order
            exact = exact_order.takes(design, kind)
        lines = np.ascontiguousarray(lines, kind) if exact else denormals.widened(lines, exact=design.exact)
        if not lines.shape[1]:
            return np.empty(lines.shape, wanted), np.empty(lines.shape, bool)
        if exact:
            state = exact_order.begin(design, lines, present) if state is None else state
            result, undefined, self._state = exact_order.advance(design, state, lines, present, wanted)
            return result, undefined
        if state is None:
            state = design.begin(lines.shape[2], lines, present)
        elif held != dtypes.FLOAT64:
            state = exact_order.widened(design, state)
        result, self._state = design.advance(state, lines, present)
        undefined = np.isnan(result)
        if wanted == result.dtype:
            return result, undefined
        placed = np.empty(result.shape, wanted)
        denormals.place(result, placed, exact=design.exact)
        return placed, undefined

    def _flush(self) -> None:
        """Move the state from the fast path of single samples to the general path."""
        if self._per_sample is not None and self._state is not None:
            self._state = self._design.after_per_sample(self._state, self._per_sample)
            self._per_sample = None

    def reset(self) -> None:
        """Forget all samples."""
        self._state = self._per_sample = None

    def state(self) -> dict[str, Any]:
        """Return the state of the stream, a dictionary that can be pickled. `from_state` continues from it.

        Returns
        -------
        dict
            The filter with its arguments, the number of channels and the stored samples.
        """
        self._flush()
        function, args, options = self._call
        return {
            "filter": function if isinstance(function, Compound) else function.__name__,
            "args": args,
            "options": options,
            "channels": self.channels,
            "held": packed(self._state),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return a stream that continues from the state of another stream.

        Parameters
        ----------
        state : dict
            The result of `state` of the other stream.

        Returns
        -------
        Stream
            A new stream, independent of the other stream.

        Raises
        ------
        TypeError, ValueError
            If `state` is not the state of a stream.
        """
        if not isinstance(state, dict):
            raise TypeError(f"state must be a dictionary from Stream.state, got {type(state).__name__}")
        if missing := {"filter", "args", "options", "channels", "held"} - state.keys():
            raise ValueError(
                f"state must be a dictionary from Stream.state, got one without {min(missing)!r}"
            )
        function, args, options = state["filter"], state["args"], state["options"]
        if isinstance(function, str):
            function = named(function)
        if not isinstance(args, tuple | list):
            raise TypeError(f"state must contain a tuple of args, got {arguments.brief(args)}")
        if not isinstance(options, dict) or not all(isinstance(name, str) for name in options):
            raise TypeError(
                f"state must contain a dictionary of options by name, got {arguments.brief(options)}"
            )
        stream = cls(function, *args, channels=state["channels"], **options)
        stream._state = restored(stream._design, state["held"], stream.channels or 1)
        return stream

    def __getstate__(self) -> dict[str, Any]:
        return self.state()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(type(self).from_state(state).__dict__)

    def __repr__(self) -> str:
        shown = self._call.shown
        if self.channels is not None:
            shown.append(f"channels={self.channels}")
        return f"Stream({', '.join(shown)})"
