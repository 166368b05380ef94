"""Output of tables of results, as ``.csv``, ``.json`` or ``.npy``."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._files.atomic import replacing
from . import streams


def write(
    path: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], suffix: str | None = None
) -> None:
    """Write a table in the format of its suffix. A failed call leaves no partial file.

    Parameters
    ----------
    path : str
        The file, or ``-`` for standard output.
    columns : sequence of str
        Names of the columns.
    rows : sequence of mapping
        The cells of each row by column.
    suffix : str or None
        The suffix that decides the format. Default None: that of the path.
    """
    suffix = suffix or os.path.splitext(path)[1].lower()
    with streams.writing() if path == streams.STANDARD else replacing(path) as file:
        if suffix == ".npy":
            cells = [[row[name] for name in columns] for row in rows]
            np.save(file, np.reshape(np.array(cells, np.float64), (len(rows), len(columns))))
            return
        text = io.StringIO(newline="")
        if suffix == ".json":
            import json  # rarely needed

            json.dump(rows, text, indent=1)
            text.write("\n")
        else:
            table = csv.DictWriter(text, columns, lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
        file.write(text.getvalue().encode())
