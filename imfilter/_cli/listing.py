"""Output of tables of results, as ``.csv`` or ``.json``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from .._files.atomic import replacing


def write(path: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a table in the format of its suffix. A failed call leaves no partial file."""
    with replacing(path) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="")
        if path.lower().endswith(".json"):
            json.dump(rows, text, indent=1)
            text.write("\n")
        else:
            table = csv.DictWriter(text, columns, lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
        text.flush()
        text.detach()
