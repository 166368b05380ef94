"""The tests of other packages, as they are and patched: `python -m benchmarks.adoption photutils`.

Run it by the Python of an environment that has the package and `imfilter`. The tests of dask-image and
scikit-image are in their source distributions: `--source FOLDER` names the unpacked one.

Each run is a new process without parallel tests. A test that passes as it is must pass when patched. The time
is that of the processor, of all threads together. `--measure` adds a run in which each call runs in both
ways, for the speed-up of the calls.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Package:
    """The tests of a package, and the libraries that are patched for them."""

    libraries: tuple[str, ...]
    #: Arguments of pytest: names of packages, or paths in the source distribution.
    tests: tuple[str, ...]
    source: bool = False


_SKIMAGE = ("filters", "morphology", "feature", "restoration", "color", "transform", "exposure")
PACKAGES = {
    "photutils": Package(("scipy.ndimage",), ("--pyargs", "photutils")),
    "dask-image": Package(
        ("scipy.ndimage",),
        ("tests/test_dask_image/test_ndfilters", "tests/test_dask_image/test_ndmorph"),
        source=True,
    ),
    "scikit-image": Package(
        ("scipy.ndimage", *(f"skimage.{name}" for name in _SKIMAGE)),
        tuple(f"tests/skimage/{name}" for name in (*_SKIMAGE, "segmentation", "measure")),
        source=True,
    ),
}

#: Patches before the tests are collected, and writes the counts at the end.
PLUGIN = """
import json
import os
import imfilter

imfilter.patch(*os.environ["LIBRARIES"].split(), smallest=int(os.environ["SMALLEST"]))

def pytest_sessionfinish():
    report = imfilter.report()
    functions = [[each.name, each.calls, each.here, *each.seconds] for each in report.functions]
    with open(os.environ["COUNTS"], "w") as file:
        json.dump({"functions": functions, "reasons": report.reasons}, file)
"""


@dataclass(frozen=True)
class Run:
    """The outcome of each test, the seconds of the processor, and the counts of calls."""

    outcomes: dict[str, str]
    seconds: float
    counts: dict


def run(
    package: Package, folder: Path | None, smallest: int, *, patched: bool, measured: bool = False
) -> Run:
    """Run the tests once."""
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        (place / "patched_by_imfilter.py").write_text(PLUGIN)
        result, counts = place / "result.xml", place / "counts.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts="]
        command.append("--continue-on-collection-errors")
        command += [f"--junitxml={result}", *(("-p", "patched_by_imfilter") if patched else ())]
        environment = os.environ | {"COUNTS": str(counts), "LIBRARIES": " ".join(package.libraries)}
        environment |= {"SMALLEST": str(smallest), "IMFILTER_PATCH_MEASURE": "1" if measured else ""}
        environment["PYTHONPATH"] = os.pathsep.join([str(place), str(ROOT)])
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*command, *package.tests], cwd=folder or place, env=environment, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        known = json.loads(counts.read_text()) if patched else {"functions": [], "reasons": {}}
        return Run(_outcomes(result), seconds, known)


def _outcomes(path: Path) -> dict[str, str]:
    """Return passed, skipped, failure or error for each test."""
    found = {}
    for case in ET.parse(path).iter("testcase"):
        kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        found[f"{case.get('classname')}::{case.get('name')}"] = kinds[0] if kinds else "passed"
    return found


def main() -> None:
    """Run the tests and print what differs, the times and the counts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("package", choices=PACKAGES)
    parser.add_argument("--source", type=Path, help="the unpacked source distribution")
    parser.add_argument("--tests", help="only these tests: arguments of pytest, as --tests='--pyargs a.b'")
    parser.add_argument("--smallest", type=int, default=4096, help="fewest samples of an image, default 4096")
    parser.add_argument("--measure", action="store_true", help="measure the speed-up of the calls")
    given = parser.parse_args()
    package = PACKAGES[given.package]
    if package.source and given.source is None:
        parser.error(f"the tests of {given.package} need --source, the unpacked source distribution")
    if given.tests:
        package = Package(package.libraries, tuple(given.tests.split()), package.source)
    plain = run(package, given.source, given.smallest, patched=False)
    patched = run(package, given.source, given.smallest, patched=True)
    passed = [name for name, outcome in plain.outcomes.items() if outcome == "passed"]
    lost = [name for name in passed if patched.outcomes.get(name) != "passed"]
    every = len(plain.outcomes)
    print(f"{given.package}: {len(passed)} of {every} tests pass as they are, {plain.seconds:.1f} s")
    print(f"patched, {len(passed) - len(lost)} of these pass, {patched.seconds:.1f} s of the processor")
    for name in lost:
        print(f"  lost: {name}: {patched.outcomes.get(name, 'not run')}")
    _print_counts(patched.counts)
    if given.measure:
        found = run(package, given.source, given.smallest, patched=True, measured=True).counts["functions"]
        for name, calls, here, ours, theirs in found:
            if ours:
                print(f"  {name}: {here} of {calls} calls here, {theirs:.3f} s there, {ours:.3f} s here")


def _print_counts(counts: dict) -> None:
    calls = sum(each[1] for each in counts["functions"])
    print(f"{calls} calls of patched functions, {sum(each[2] for each in counts['functions'])} here")
    for name, number, here, *_ in counts["functions"]:
        print(f"  {name}: {here} of {number}")
    for reason, count in counts["reasons"].items():
        print(f"  in the original: {count} because {reason}")


if __name__ == "__main__":
    main()
