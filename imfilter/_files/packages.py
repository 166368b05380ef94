"""Packages of other formats, which are extras of this package."""

from __future__ import annotations

import importlib
from typing import Any

from .image import FileError


def required(path: str, name: str, extra: str) -> Any:
    """Return a module, or raise an error that names the extra.

    Parameters
    ----------
    path : str
        The file that needs it, for messages.
    name : str
        The module.
    extra : str
        The extra of this package that installs it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise FileError(
            f'{path}: needs the package {package}, which is not installed: pip install "imfilter[{extra}]"'
        ) from error
