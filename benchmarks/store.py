"""The file of figures: one JSON file, which is always complete."""

import json
import os
from pathlib import Path

#: The key of an entry. No two entries of a file have the same key.
Key = tuple[str, str, str, int]


def key(entry: dict) -> Key:
    """Return the key of an entry: filter, types, size, threads."""
    return entry["row"], entry["types"], entry["size"], entry["threads"]


def write(path: Path, about: dict, entries: list[dict]) -> None:
    """Write the figures so far. The file is always complete, also after an interruption."""
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
