"""The figures as text: the machine, a row, and the summary of all rows."""

import datetime
import math
import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "numpy",
    "numba",
    "scipy",
    "opencv-python-headless",
    "pillow",
    "scikit-image",
    "simpleitk",
    "pandas",
    "bottleneck",
)
PEERS = ("OpenCV", "SciPy", "scikit-image", "SimpleITK", "pandas", "bottleneck")


@dataclass(frozen=True)
class Standing:
    """The ratios of imfilter and one peer over many rows."""

    peer: str
    threads: int
    rows: int
    mean: float  # geometric, of the ratios
    lost: int
    worst: float
    where: str


def machine() -> dict[str, object]:
    """Return the facts that the figures depend on: processor, cores, versions, date."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    import imfilter

    versions["imfilter"] = imfilter.__version__
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": _processor(),
        "cores": cores,
        "system": platform.platform(),
        "versions": versions,
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def line(entry: dict) -> str:
    """Return one measured row as a line of text: times in ms with their spread, ratios in brackets."""
    parts = []
    for name, timing in entry["times"].items():
        text = f"{name} {ms(timing['median_ms'])} ±{ms(timing['deviation_ms'])}"
        if name == "copyto":
            text += f" (imfilter takes {entry['of_copy']:.2f} times as long)"
        elif name != "imfilter":
            ratio = entry["ratios"][name]
            text += f" ({ratio:.2f}x{', SLOWER' if ratio < 1 else ''})"
        parts.append(text)
    for name, reason in entry["skipped"].items():
        parts.append(f"{name} {reason}")
    return f"{entry['row']}, {entry['types']}, {entry['size']}, {entry['threads']} thr: " + "; ".join(parts)


def ms(value: float) -> str:
    """Return milliseconds with three digits."""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def label(entry: dict) -> str:
    """Return the name of an entry in a list."""
    return f"{entry['row']}, {entry['types'].replace('->', ' → ')}, {entry['size']}"


def standings(entries: list[dict]) -> list[Standing]:
    """Return the ratios against each peer, for each number of threads."""
    result = []
    for threads in sorted({e["threads"] for e in entries}):
        for peer in PEERS:
            ratios = [
                (e["ratios"][peer], label(e))
                for e in entries
                if e["threads"] == threads and peer in e["ratios"]
            ]
            if ratios:
                mean = math.exp(sum(math.log(r) for r, _ in ratios) / len(ratios))
                lost = sum(r < 1 for r, _ in ratios)
                result.append(Standing(peer, threads, len(ratios), mean, lost, *min(ratios)))
    return result


def losses(entries: list[dict]) -> list[str]:
    """Return a line for each ratio below 1, the worst first."""
    slower = [
        (ratio, f"{label(e)}, {e['threads']} thr: {peer} {ratio:.2f}x")
        for e in entries
        for peer, ratio in e["ratios"].items()
        if ratio < 1
    ]
    return [text for _, text in sorted(slower)]


def summary(entries: list[dict]) -> str:
    """Return the geometric mean of the ratios against each peer, the worst row, and all ratios below 1."""
    lines = [
        f"{s.peer}, {s.threads} thr: {s.rows} rows, geometric mean {s.mean:.1f}x, "
        f"worst {s.worst:.2f}x ({s.where}), imfilter is slower in {s.lost}"
        for s in standings(entries)
    ]
    lost = [f"  {text}" for text in losses(entries)]
    return "\n".join([*lines, "Rows in which imfilter is slower:", *(lost or ["  none"])])
