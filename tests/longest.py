"""Write `longest.txt`, the files that take the longest, from the times of a run of all tests.

    python -m pytest -n auto --dist=loadfile --junitxml=build/tests.xml
    python -m tests.longest build/tests.xml

`.ci/run` writes `build/tests.xml`, too. `conftest.py` puts the longest files first, so that no process works
alone at the end. Times are those of a run without compiled kernels, because most runs of all tests begin
without them.
"""

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

FOLDER = Path(__file__).parent
LIST = FOLDER / "longest.txt"
#: Files that take less time stay in their order.
SECONDS = 2.0


def files():
    """Return the listed files, the longest first."""
    return [FOLDER / name for name in LIST.read_text(encoding="utf-8").split()]


def seconds_of(report):
    """Return the seconds of each file in a report of pytest."""
    found = Counter()
    for case in ElementTree.parse(report).iter("testcase"):
        parts = case.get("classname", "").split(".")
        while parts and not (path := FOLDER.parent.joinpath(*parts).with_suffix(".py")).is_file():
            parts.pop()  # the name of a class
        if parts:
            found[path.relative_to(FOLDER).as_posix()] += float(case.get("time", 0))
    return found


def main(report):
    """Write the list."""
    found = seconds_of(report).most_common()
    if not found:
        sys.exit(f"{report} has no times of tests: run pytest with --junitxml")
    LIST.write_text("".join(f"{name}\n" for name, seconds in found if seconds >= SECONDS), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
