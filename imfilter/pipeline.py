"""Several filters, one after the other."""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from imfilter._base import dtypes
from imfilter._base.suggestions import function_name, suggestion
from imfilter.typing import ArrayLike, Axes, Mask, Nan, NDArray

__all__ = ["Pipeline"]

#: What is one step: the name of a function, or the name and its options.
StepLike: TypeAlias = str | tuple[str, Mapping[str, Any]] | Mapping[str, Any]
#: Where the functions are.
_NAMESPACES = ("morphology", "threshold")
#: Arguments that are not options of one step.
_SHARED = ("mask", "nan", "axes", "channel_axis", "dtype", "out", "workers")
_WHICH = ("hessian_eigenvalues", "which")


class Step(NamedTuple):
    """A function by its public name, and its options."""

    name: str
    options: dict[str, Any]

    @property
    def function(self) -> Any:
        """The public function."""
        return _function(self.name)

    def run(self, image: Any, given: Mapping[str, Any]) -> Any:
        """Call the function. A threshold becomes the samples above it."""
        options = {**self.options, **given}
        if (which := options.pop(_WHICH[1], None)) is not None:
            from imfilter.hessians import one_eigenvalue

            return one_eigenvalue(which)(image, **options)
        found = self.function(image, **options)
        if not self.name.startswith("threshold."):
            return found
        with np.errstate(invalid="ignore"):
            if self.name == "threshold.multi_otsu":
                return sum((image > bound).astype(np.uint8) for bound in found)
            return image > found


class Pipeline:
    """Filters that run one after the other, in floating point between them.

    The image is converted to float32, or to float64 if its type is wide. Each filter gets the result of the
    one before. Values are not rounded between steps and not rescaled.

    Parameters
    ----------
    steps : sequence of str, tuple or mapping
        The steps. Each is the name of a public function (``"sobel"``, ``"morphology.opening"``), or a pair of
        the name and its options, ``("gaussian", {"sigma": 2})``. The options are the keywords of the
        function. Of a function in `imfilter.threshold`, the result is ``image > threshold``; of
        ``multi_otsu``, the number of the class from 0. ``"hessian_eigenvalues"`` needs ``which``:
        ``"largest"``, ``"smallest"`` or ``"determinant"``.

    Attributes
    ----------
    steps : tuple of (str, dict)
        The name and the options of each step.
    halo : int or None
        The largest number of samples, along any axis and on either side, on which a result depends. None if
        it depends on the whole image, or if that is not known.

    Raises
    ------
    TypeError
        If a step is not a name or a name with options, or if the function has no such option.
    ValueError
        If there is no function of a name.

    See Also
    --------
    imfilter.sklearn.Filter : One filter as a transformer of scikit-learn.

    Notes
    -----
    ``imfilter pipe IN OUT "gaussian --sigma 2" "sobel"`` is the command for files. It runs the same steps
    from a file: ``imfilter pipe IN OUT --steps steps.toml``.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> edges = imfilter.Pipeline([("gaussian", {"sigma": 1.0}), "sobel", "threshold.otsu"])
    >>> edges(np.repeat([[0, 0, 0, 0, 100, 100, 100, 100]], 4, axis=0))[0].astype(int)
    array([0, 0, 0, 1, 1, 0, 0, 0])
    >>> imfilter.Pipeline([("gaussian", {"sigma": 1.0}), "sobel"]).halo
    5
    """

    def __init__(self, steps: Sequence[StepLike]) -> None:
        if isinstance(steps, (str, Mapping)) or not isinstance(steps, Sequence):
            raise TypeError(f"steps must be a sequence of names, or of names with options, got {steps!r}")
        if not steps:
            raise ValueError("steps must have at least one step, got none")
        self._steps = tuple(_checked(number, step) for number, step in enumerate(steps, 1))

    @property
    def steps(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """The name and the options of each step."""
        return tuple((step.name, dict(step.options)) for step in self._steps)

    @property
    def halo(self) -> int | None:
        """The largest number of samples on either side on which a result depends, or None."""
        from imfilter._arrays import halo

        halos = []
        for step in self._steps:
            options = {name: value for name, value in step.options.items() if name != _WHICH[1]}
            halos.append(halo.largest(step.function, options))
        return None if None in halos else sum(halo for halo in halos if halo is not None)

    def __call__(
        self,
        image: ArrayLike,
        *,
        mask: Mask = None,
        nan: Nan = "propagate",
        axes: Axes = None,
        channel_axis: int | None = None,
        workers: int | None = None,
    ) -> NDArray:
        """Filter an image.

        Parameters
        ----------
        image : array_like
            Real samples of any type. Every axis is spatial, except those that `axes` and `channel_axis` leave
            out.
        mask : array_like, optional
            Where the samples of `image` are present, as for the first function. Later steps take samples that
            the step before leaves undefined (NaN) as absent.
        nan : {"propagate", "ignore"}
            Whether NaN is absent. Default "propagate".
        axes : int or tuple of int, optional
            Spatial axes. Every function must take it. Default: all but the channel axis.
        channel_axis : int, optional
            Axis of channels, which are filtered one by one. Every function must take it, except thresholds of
            the whole image. Default: no channel axis.
        workers : int, optional
            Number of threads. Default: every core that this process may use. The result does not depend on
            it.

        Returns
        -------
        ndarray
            The result of the last step, float32 or float64; bool of a threshold.

        Raises
        ------
        TypeError, ValueError
            Of the function. The message begins with the step: ``step 2, sobel: ...``.

        Examples
        --------
        >>> import imfilter
        >>> imfilter.Pipeline([("box", {"size": 3}), ("sobel", {"axis": 0})])([0, 0, 3, 0, 0])
        array([ 0.,  1.,  0., -1.,  0.])
        """
        shared = {"axes": axes, "channel_axis": channel_axis, "workers": workers}
        absent = mask is not None or nan != "propagate" or isinstance(image, np.ma.MaskedArray)
        result: Any = image
        for number, step in enumerate(self._steps, 1):
            first = number == 1
            with _named(number, step.name):
                given = _given(
                    step, {**shared, "mask": mask if first else None, "nan": nan if first else None}
                )
                if not first and absent and "nan" in _parameters(step.name):
                    given["nan"] = "ignore"
                result = step.run(_floating(result), given)
        return result

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> Pipeline:
        """Read the steps of a TOML file.

        Parameters
        ----------
        path : str or path-like
            A file with a table ``[[step]]`` for each step. The key ``filter`` is the name of the function,
            and the other keys are its options.

        Returns
        -------
        Pipeline
            The steps.

        Raises
        ------
        FileError
            If the file cannot be read, or if it is not such a file.
        TypeError, ValueError
            If a step is wrong.

        Examples
        --------
        >>> import imfilter, os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "steps.toml")
        ...     _ = imfilter.Pipeline([("gaussian", {"sigma": 2}), "sobel"]).to_toml(path)
        ...     print(imfilter.Pipeline.from_toml(path))
        Pipeline([('gaussian', {'sigma': 2}), 'sobel'])
        """
        from imfilter._files import steps

        return cls(steps.read(path))

    def to_toml(self, path: str | os.PathLike[str] | None = None) -> str:
        """Write the steps as a TOML file.

        Parameters
        ----------
        path : str or path-like, optional
            The file. Default: no file is written.

        Returns
        -------
        str
            The content of the file.

        Raises
        ------
        TypeError
            If an option is not a number, a word, a truth value, or an array or sequence of numbers.
        FileError
            If the file cannot be written.

        Examples
        --------
        >>> import imfilter
        >>> print(imfilter.Pipeline([("gaussian", {"sigma": 2})]).to_toml(), end="")
        [[step]]
        filter = "gaussian"
        sigma = 2
        """
        from imfilter._files import steps

        tables = [{steps.FILTER: step.name, **_dense(step.options)} for step in self._steps]
        if path is not None:
            steps.write(path, tables)
        return steps.text(tables)

    def __len__(self) -> int:
        return len(self._steps)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pipeline) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        with np.printoptions(threshold=np.iinfo(np.intp).max, floatmode="unique"):
            parts = ", ".join(
                repr((step.name, step.options)) if step.options else repr(step.name) for step in self._steps
            )
        return f"Pipeline([{parts}])"


def _dense(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with a separable kernel as the product of its vectors, which one list can hold."""
    kernel = options.get("kernel")
    if not isinstance(kernel, (list, tuple)) or not all(isinstance(part, np.ndarray) for part in kernel):
        return dict(options)
    return {**options, "kernel": functools.reduce(np.multiply.outer, kernel)}


@contextlib.contextmanager
def _named(number: int, name: str) -> Iterator[None]:
    """Let an error about a step begin with its number and name."""
    try:
        yield
    except TypeError as error:
        raise TypeError(f"step {number}, {name}: {error}") from error
    except (ValueError, OverflowError) as error:
        raise ValueError(f"step {number}, {name}: {error}") from error


def _floating(image: Any) -> Any:
    """Return an image in the floating-point type of its results."""
    if not (hasattr(image, "astype") and hasattr(image, "dtype")):
        image = np.asarray(image)
    dtype = image.dtype
    if dtype.kind not in "buif":  # the filter says so
        return image
    return image if dtype.kind == "f" and dtype.itemsize > 2 else image.astype(dtypes.derived(dtype))


def _checked(number: int, step: StepLike) -> Step:
    """Return a step, or raise an error that names it."""
    name: Any
    options: Any
    if isinstance(step, Mapping):
        options = dict(step)
        name = options.pop("filter", None)
    elif isinstance(step, str):
        name, options = step, {}
    else:
        name, options = step if isinstance(step, tuple) and len(step) == 2 else (None, None)
    if not isinstance(name, str) or not isinstance(options, Mapping):
        raise TypeError(f"step {number} must be a name, or (name, options), got {step!r}")
    try:
        parameters = _parameters(name)
    except LookupError:
        hint = suggestion(name, _names(), function_name(name))
        raise ValueError(f"step {number}: unknown filter {name!r}{hint}") from None
    own = [word for word in list(parameters)[1:] if word not in _SHARED]
    if name == _WHICH[0]:
        own.append(_WHICH[1])
    for word in options:
        if word in own:
            continue
        if word in _SHARED:
            hint = "; give it to the call of the pipeline"
        else:
            hint = suggestion(word, own) or f"; it takes {', '.join(own) or 'none'}"
        raise TypeError(f"step {number}, {name}: has no option {word!r}{hint}")
    for word in own:
        if word not in options and word in (_WHICH[1], *_required(name)):
            raise TypeError(f"step {number}, {name}: {word} is missing")
    return Step(name, dict(options))


@functools.cache
def _function(name: str) -> Any:
    """Return a public function of an image, or raise LookupError."""
    namespace, _, last = name.rpartition(".")
    if namespace not in ("", *_NAMESPACES):
        raise LookupError(name)
    module = importlib.import_module(f"imfilter.{namespace}" if namespace else "imfilter")
    function = getattr(module, last) if last in module.__all__ else None
    if not inspect.isfunction(function) or next(iter(inspect.signature(function).parameters), "") != "image":
        raise LookupError(name)
    return function


@functools.cache
def _parameters(name: str) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(_function(name)).parameters


def _required(name: str) -> list[str]:
    parameters = list(_parameters(name).values())[1:]
    return [word.name for word in parameters if word.default is word.empty]


def _names() -> list[str]:
    import imfilter

    namespaces = {
        namespace: importlib.import_module(f"imfilter.{namespace}").__all__ for namespace in _NAMESPACES
    }
    inside = [f"{namespace}.{name}" for namespace, names in namespaces.items() for name in names]
    return [*imfilter.__all__, *inside]


def _given(step: Step, shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shared arguments that are given, for one function."""
    parameters, given = _parameters(step.name), {}
    for word, value in shared.items():
        if value is None or (word == "nan" and value == "propagate"):
            continue
        if word in parameters:
            given[word] = value
        elif word != "workers" and not _of_the_whole(step.name, word):
            raise TypeError(f"it takes no {word}")
    return given


def _of_the_whole(name: str, word: str) -> bool:
    """Return whether a function is a threshold of the whole image, to which axes do not matter."""
    return name.startswith("threshold.") and word in ("axes", "channel_axis")
