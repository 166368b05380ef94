"""The file of figures: one JSON file, complete at any moment."""

import json
import os
from pathlib import Path

#: The key of an entry: what no two entries share.
Key = tuple[str, str, str, int]


def key(entry: dict) -> Key:
    """Return the key of an entry, which no other entry of a file has: filter, types, size, threads."""
    return entry["row"], entry["types"], entry["size"], entry["threads"]


def write(path: Path, about: dict, entries: list[dict]) -> None:
    """Write the figures so far. The file is complete at any moment, also after an interruption."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(json.dumps(about | {"rows": entries}, indent=1) + "\n")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path) -> tuple[dict, list[dict]]:
    """Return the description of the run that a file contains, and its entries."""
    about = json.loads(path.read_text())
    return about, about.pop("rows")
