"""Time until the first result: `python -m benchmarks.startup`.

Each run is a new process, and the runs are interleaved. They time the import of the package in addition to
NumPy, `imfilter --help`, and `imfilter sobel` with a photograph, without and with compiled kernels, and with
a folder of 20 pictures of a million pixels.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
COMMAND = [sys.executable, str(ROOT / "cli.py")]


def seconds(arguments: list[str], **environment: str) -> float:
    """Return the duration of a process."""
    begin = time.perf_counter()
    subprocess.run(
        arguments,
        check=True,
        capture_output=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
    )
    return time.perf_counter() - begin


def show(label: str, samples: list[float], unit: str = "s") -> None:
    """Print the median and the range of samples."""
    factor = 1e3 if unit == "ms" else 1.0
    middle, low, high = (f(samples) * factor for f in (statistics.median, min, max))
    print(f"{label}: {middle:.3g} {unit} ({low:.3g} to {high:.3g}, {len(samples)} runs)", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=15, help="runs of the imports and of --help, default 15")
    parser.add_argument("--cold", type=int, default=3, help="runs with an empty cache, default 3")
    given = parser.parse_args()
    if min(given.runs, given.cold) < 1:
        parser.error("--runs and --cold must be at least 1")
    installed = shutil.which("imfilter")
    command = [installed] if installed else COMMAND
    print("command: " + " ".join(command))

    bare, whole, helped = [], [], []
    for _ in range(given.runs):
        bare.append(seconds([sys.executable, "-c", "import numpy"]))
        whole.append(seconds([sys.executable, "-c", "import numpy, imfilter"]))
        helped.append(seconds([*command, "--help"]))
    show("import numpy", bare, "ms")
    show("import imfilter, in addition", [w - b for w, b in zip(whole, bare, strict=True)], "ms")
    show("imfilter --help", helped)

    cold, warm = [], []
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "coins.png"), Path(folder, "edges.png")
        shutil.copy(photograph(), source)
        for number in range(given.cold):
            cache = {"IMFILTER_CACHE_DIR": str(Path(folder, f"cache{number}"))}
            cold.append(seconds([*command, "sobel", str(source), str(target)], **cache))
            warm += [seconds([*command, "sobel", str(source), str(target)], **cache) for _ in range(3)]
        folder_of_20 = []
        many(source, Path(folder, "many"))
        for number in range(1 + given.runs // 3):
            arguments = ["sobel", str(Path(folder, "many")), str(Path(folder, f"out{number}"))]
            folder_of_20.append(seconds([*command, *arguments], **cache))
    show("imfilter sobel, nothing compiled", cold)
    show("imfilter sobel, already compiled", warm)
    show("imfilter sobel, 20 pictures", folder_of_20[1:])  # the first run compiles for their size


def many(source: Path, folder: Path) -> None:
    """Write 20 pictures of 1000 x 1000 pixels: parts of a repeated photograph."""
    from imfilter import io

    folder.mkdir()
    pixels = np.tile(io.read(source).pixels, (5, 5))
    for number in range(20):
        part = pixels[9 * number : 9 * number + 1000, 7 * number : 7 * number + 1000]
        io.write(folder / f"{number:02}.png", io.Image(part))


def photograph() -> Path:
    """Return the path of a photograph: of the samples, or of scikit-image."""
    sample = ROOT / "samples" / "coins.png"
    if sample.exists():
        return sample
    import skimage

    return Path(skimage.__file__).parent / "data" / "coins.png"


if __name__ == "__main__":
    main()
