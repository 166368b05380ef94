"""What was measured, as text, as JSON and as the README's table."""

import datetime
import math
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

START, END = "<!-- benchmarks:start -->", "<!-- benchmarks:end -->"
PACKAGES = ("numpy", "numba", "scipy", "opencv-python-headless", "scikit-image", "simpleitk")
PEERS = ("OpenCV", "SciPy", "scikit-image", "SimpleITK")


def machine() -> dict[str, object]:
    """Return what the figures depend on: processor, cores, versions, date."""
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
        text = f"{name} {_ms(timing['median_ms'])} ±{_ms(timing['deviation_ms'])}"
        if name == "copyto":
            text += f" (imfilter takes {entry['of_copy']:.2f} of it)"
        elif name != "imfilter":
            ratio = entry["ratios"][name]
            text += f" ({ratio:.2f}x{', WE LOSE' if ratio < 1 else ''})"
        parts.append(text)
    for name, why in entry["skipped"].items():
        parts.append(f"{name} {why}")
    return f"{entry['row']}, {entry['types']}, {entry['size']}, {entry['threads']} thr: " + "; ".join(parts)


def _ms(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def summary(entries: list[dict]) -> str:
    """Return the geometric mean of the ratios against each peer, the worst row, and every loss."""
    lines = []
    for threads in sorted({e["threads"] for e in entries}):
        for peer in PEERS:
            ratios = [
                (e["ratios"][peer], f"{e['row']}, {e['types']}, {e['size']}")
                for e in entries
                if e["threads"] == threads and peer in e["ratios"]
            ]
            if not ratios:
                continue
            mean = math.exp(sum(math.log(r) for r, _ in ratios) / len(ratios))
            worst, where = min(ratios)
            lines.append(
                f"{peer}, {threads} thr: {len(ratios)} rows, geometric mean {mean:.1f}x, "
                f"worst {worst:.2f}x ({where}), lost {sum(r < 1 for r, _ in ratios)}"
            )
    losses = [
        f"  {e['row']}, {e['types']}, {e['size']}, {e['threads']} thr: {peer} {ratio:.2f}x"
        for e in entries
        for peer, ratio in e["ratios"].items()
        if ratio < 1
    ]
    return "\n".join([*lines, "Rows that lose:", *(losses or ["  none"])])


def table(entries: list[dict], about: dict) -> str:
    """Return the largest size of every row as a Markdown table."""
    largest: dict[tuple[str, str], int] = {}
    for e in entries:
        key = (e["row"], e["types"])
        largest[key] = max(largest.get(key, 0), math.prod(e["shape"]))
    shown: dict[tuple[str, str], dict[int, dict]] = {}
    for e in entries:
        key = (e["row"], e["types"])
        if math.prod(e["shape"]) == largest[key]:
            shown.setdefault(key, {})[e["threads"]] = e
    counts = sorted({e["threads"] for e in entries})
    peers = [p for p in PEERS if any(p in e["ratios"] for e in entries)]
    versions = about["versions"]
    many = " and ".join(str(c) for c in counts)
    head = ["filter", "dtype", "size", *(f"ms, {c} thr" for c in counts), "copies"]
    head += [
        f"{p}, {c} thr" if p in ("OpenCV", "SimpleITK") else p for p in peers for c in _columns(p, counts)
    ]
    text = [
        f"{about['cpu']}, {about['cores']} cores, {many} threads; OpenCV "
        f"{versions.get('opencv-python-headless')}, SciPy {versions.get('scipy')}, scikit-image "
        f"{versions.get('scikit-image')}, NumPy {versions.get('numpy')}, Numba {versions.get('numba')}; "
        f"{str(about['date'])[:10]}. Medians of interleaved runs. Library columns: its time divided by "
        "imfilter's, so above 1 imfilter is faster; **bold** where it is not. "
        "Copies: imfilter's time, with the most threads, divided by that of `numpy.copyto`.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * 3 + "---:|" * (len(head) - 3),
    ]
    for (name, types), by_threads in shown.items():
        last = by_threads[max(by_threads)]
        cells = [name, types.replace("->", " → "), last["size"]]
        cells += [
            _ms(by_threads[c]["times"]["imfilter"]["median_ms"]) if c in by_threads else "" for c in counts
        ]
        cells.append(f"{last['of_copy']:.1f}")
        for p in peers:
            cells += [_ratio(by_threads.get(c), p) for c in _columns(p, counts)]
        text.append("| " + " | ".join(cells) + " |")
    return "\n".join(text)


def _columns(peer: str, counts: list[int]) -> list[int]:
    """Return the thread counts that a peer has a column for: SciPy and scikit-image use one thread only."""
    return counts if peer in ("OpenCV", "SimpleITK") else counts[-1:]


def _ratio(entry: dict | None, peer: str) -> str:
    if entry is None or peer not in entry["ratios"]:
        return ""
    ratio = entry["ratios"][peer]
    text = f"{ratio:.2g}" if ratio < 10 else f"{ratio:.0f}"
    return f"**{text}**" if ratio < 1 else text


def into_readme(text: str, path: Path) -> None:
    """Put the table between the two marks of the README."""
    readme = path.read_text()
    if readme.count(START) != 1 or readme.count(END) != 1:
        raise SystemExit(f"{path} must have one {START} and one {END}")
    before, rest = readme.split(START)
    path.write_text(f"{before}{START}\n{text}\n{END}{rest.split(END)[1]}")
