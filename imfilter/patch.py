"""Run existing code on this engine: replace the functions of other libraries, and report what ran where.

``python -m imfilter.patch script.py arguments`` runs a script with all installed libraries patched.
"""

from __future__ import annotations

import os
import runpy
import sys
from types import ModuleType, TracebackType
from typing import Any

import click

from imfilter._base import arguments, html
from imfilter._compat import patching, record

#: Samples of an image below which the original is as fast. Measured with 5x5 windows and Gaussians.
_SMALLEST = 4096


class Patch:
    """The patch that `patch` returns. It ends with the ``with`` block."""

    def __init__(self, libraries: tuple[str, ...], made: object) -> None:
        self._libraries, self._made = libraries, made

    def __enter__(self) -> Patch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        patching.remove(self._libraries, self._made)
        self._libraries = ()

    def __repr__(self) -> str:
        return f"<patch of {', '.join(self._libraries) or 'nothing'}>"


class Report:
    """The calls of patched functions; `str` makes a table."""

    def __init__(self) -> None:
        self.functions = record.entries()

    @property
    def calls(self) -> int:
        """The number of all calls."""
        return sum(each.calls for each in self.functions)

    @property
    def here(self) -> int:
        """The number of calls that ran on this engine."""
        return sum(each.here for each in self.functions)

    @property
    def reasons(self) -> dict[str, int]:
        """The number of calls that ran in the original library, by reason."""
        found: dict[str, int] = {}
        for each in self.functions:
            for reason, count in each.reasons.items():
                found[reason] = found.get(reason, 0) + count
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def _rows(self) -> list[tuple[str, ...]]:
        """Return the cells of the table, with its head."""
        rows: list[tuple[str, ...]] = [("function", "calls", "here", "speed-up")]
        for each in self.functions:
            here, there = each.seconds
            rows.append((each.name, f"{each.calls}", f"{each.here}", f"{there / here:.1f}" if here else "-"))
        return rows

    def _originals(self) -> list[str]:
        """Return a line for each reason of calls in the original library."""
        return [f"in the original: {count} because {reason}" for reason, count in self.reasons.items()]

    def __str__(self) -> str:
        if not self.functions:
            return "no patched function was called"
        rows = self._rows()
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *(row[i].rjust(widths[i]) for i in (1, 2, 3))])
            for row in rows
        ]
        return "\n".join([*lines, *self._originals()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head, *rows = self._rows()
        where = "".join(f"{line}. " for line in self._originals())
        return html.table(rows, head, numbers=(1, 2, 3), note=where) if rows else f"<p>{self}</p>"


def patch(*libraries: str, smallest: int = _SMALLEST) -> Patch:
    """Replace the functions of other libraries by those of this engine.

    The functions are replaced in the libraries, and in all loaded modules that imported them by name. Modules
    that are loaded later find them in the libraries. A call that this engine cannot answer in the same way
    runs in the original function.

    Parameters
    ----------
    *libraries : str
        Names of modules: 'scipy.ndimage', 'cv2', 'skimage.filters', 'skimage.morphology', 'skimage.feature',
        'skimage.restoration', 'skimage.transform', 'skimage.exposure' and 'skimage.color'. Default: all that
        are installed. A library that is not loaded is not imported: its functions are replaced when it is
        imported for the first time.
    smallest : int, optional
        Images with fewer samples are left to the original function, which is as fast for them. If a library
        is patched several times, the last patch decides until it ends. Default 4096.

    Returns
    -------
    Patch
        A context manager. At the end of its ``with`` block the patch is taken back.

    Raises
    ------
    TypeError, ValueError
        If a name or `smallest` is wrong.
    ModuleNotFoundError
        If a named library is not installed.

    See Also
    --------
    unpatch : Bring the original functions back.
    report : Which calls ran here.

    Examples
    --------
    >>> import imfilter, scipy.ndimage
    >>> with imfilter.patch("scipy.ndimage", smallest=0):
    ...     scipy.ndimage.uniform_filter([0.0, 3.0, 0.0], 3)
    array([1., 1., 1.])
    """
    smallest = arguments.integer(smallest, "smallest", least=0)
    names = patching.installed(libraries)
    return Patch(tuple(names), patching.install(names, smallest))


def unpatch(*libraries: str) -> None:
    """Bring the original functions of other libraries back, however often they were patched.

    Parameters
    ----------
    *libraries : str
        Names of modules, as in `patch`. Default: all that are patched.

    Raises
    ------
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    patch : Replace the functions.

    Examples
    --------
    >>> import imfilter
    >>> _ = imfilter.patch("scipy.ndimage")
    >>> imfilter.unpatch()
    """
    names = patching.installed(libraries) if libraries else patching.patched()
    patching.remove(names)


def report(*, clear: bool = False) -> Report:
    """Return how many calls ran on this engine, how many in the original functions, and why.

    With the environment variable ``IMFILTER_PATCH_MEASURE=1``, each call runs in both ways, and the report
    has the speed-up.

    Parameters
    ----------
    clear : bool, optional
        Whether to begin to count anew. Default False.

    Returns
    -------
    Report
        The counts: `functions`, `calls`, `here` and `reasons`. `str` makes a table.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.

    See Also
    --------
    patch : Replace the functions.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.report().calls >= imfilter.report().here
    True
    """
    made = Report()
    if arguments.flag(clear, "clear"):
        record.clear()
    return made


class _Callable(ModuleType):
    """A module that stands for its function of the same name, after ``import imfilter.patch``."""

    def __call__(self, *args: Any, **options: Any) -> Patch:
        return patch(*args, **options)


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--library", "libraries", multiple=True, help="A library to patch. Default: all installed.")
@click.option("--smallest", default=_SMALLEST, show_default=True, help="Fewest samples of an image.")
@click.option("--report", "told", is_flag=True, help="Print at the end which calls ran where.")
@click.argument("script", type=click.Path(exists=True))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def _main(
    libraries: tuple[str, ...], smallest: int, told: bool, script: str, arguments: tuple[str, ...]
) -> None:
    """Run SCRIPT with ARGUMENTS while the functions of other libraries are replaced."""
    try:
        patch(*libraries, smallest=smallest)
    except (ValueError, ModuleNotFoundError) as error:
        raise click.UsageError(str(error)) from None
    sys.argv = [script, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        if told:
            click.echo(report(), err=True)


if __name__ == "__main__":
    _main(prog_name="python -m imfilter.patch")
else:
    sys.modules[__name__].__class__ = _Callable
