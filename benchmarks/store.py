"""The figures on disk: one JSON file, whole at any moment."""

import json
import os
from pathlib import Path

#: The key of an entry: what no two entries share.
Key = tuple[str, str, str, int]


def key(entry: dict) -> Key:
    """Return what no two entries of a file share: filter, types, size, threads."""
    return entry["row"], entry["types"], entry["size"], entry["threads"]


def write(path: Path, about: dict, entries: list[dict]) -> None:
    """Write what is known so far; whoever reads meanwhile, or after an interruption, finds a whole file."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(json.dumps(about | {"rows": entries}, indent=1) + "\n")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path) -> tuple[dict, list[dict]]:
    """Return what the figures of a file depend on, and its entries."""
    about = json.loads(path.read_text())
    return about, about.pop("rows")
