"""Check of the planner: time every algorithm that it could choose: `python -m benchmarks.planning`.

    python -m benchmarks.planning                       every linear row at 1920x1080, one worker
    python -m benchmarks.planning --rows correlate --sizes 256x256 3840x2160

Each line has the predicted and the measured time of each algorithm, the chosen algorithm and the best one.
The end has the number of rows whose choice is within 25 % of the best, and the errors of the predictions.
"""

import argparse
import contextlib
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from imfilter._base.call_cache import Calls
from imfilter._base.plan import Plan, settled
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear import planner
from imfilter._filters.linear.algorithm import Call
from tests.peers.case import types_of

from . import measure, report, rows

#: Largest ratio of the time of a good choice and the best measured time.
MARGIN = 1.25


@contextlib.contextmanager
def forced(method: str, calls: Calls[Any]) -> Iterator[None]:
    """Make the planner choose `method` if the call does not name one. Store the calls in `calls`.

    Most filters have no argument for the method. Each method needs its own stored calls. Otherwise a call
    with the same arguments would use the plan of another method.
    """
    choose, family = planner.choose, linear.FAMILY

    def chosen(operator: Any, request: Any, *others: Any) -> planner.Choice:
        if request.auto:
            request = request._replace(method=method)
        return choose(operator, request, *others)

    planner.choose, linear.FAMILY = chosen, replace(linear.FAMILY, calls=calls)
    try:
        yield
    finally:
        planner.choose, linear.FAMILY = choose, family


class Method:
    """The call of a row with one method."""

    def __init__(self, call: Callable[[], object], method: str) -> None:
        self._call, self._method = call, method
        self._calls: Calls[Any] = Calls()

    def __call__(self) -> None:
        """Compute the row."""
        with forced(self._method, self._calls):
            self._call()

    def settled(self) -> Call | None:
        """Return the call before it is run. None: it is not one of a linear filter."""
        call = settled(self)
        return call if isinstance(call, Call) else None

    def plan(self) -> Plan:
        """Return the plan of the call of a linear filter."""
        call = self.settled()
        assert call is not None
        return call.choice.plan(call.shape)


@dataclass(frozen=True)
class Verdict:
    """The result for one row."""

    label: str
    chosen: str
    predicted: dict[str, float]  # seconds
    measured: dict[str, float]

    @property
    def best(self) -> str:
        """The algorithm with the shortest measured time."""
        return min(self.measured, key=self.measured.__getitem__)

    @property
    def excess(self) -> float:
        """The time of the chosen algorithm as a multiple of the best time."""
        return self.measured[self.chosen] / self.measured[self.best]

    def __str__(self) -> str:
        """Return the row as a line, with the algorithms in the order of their measured times."""
        parts = [
            f"{name} {report.ms(self.measured[name] * 1e3)} ms (predicted {report.ms(cost * 1e3)})"
            if name in self.measured
            else f"{name} not measured (predicted {report.ms(cost * 1e3)})"
            for name, cost in sorted(
                self.predicted.items(), key=lambda item: self.measured.get(item[0], item[1])
            )
        ]
        verdict = "right" if self.chosen == self.best else f"best {self.best}, {self.excess:.2f}x of it"
        if self.excess > MARGIN:
            verdict += ", WRONG"
        return f"{self.label}: {'; '.join(parts)}; chosen {self.chosen}: {verdict}"


def judge(row: rows.Row, runs: int, patience: float) -> Verdict | None:
    """Time every algorithm of a row. Return None if there is no choice, or no linear operator."""
    source, result = types_of(row.type_name)
    image = rows.picture(row.shape, source)
    out = np.empty_like(row.case.ours(image, dtype=result, workers=2))

    def call() -> None:
        row.case.ours(image, out=out, workers=1)

    linear_call = Method(call, "auto").settled()
    if linear_call is None or linear_call.operator.norm:
        return None
    free = linear_call.choice.plan(linear_call.shape)
    methods = {free.algorithm: Method(call, "auto")}
    predicted = {free.algorithm: free.cost}
    for method in planner.METHODS:
        with contextlib.suppress(ValueError):  # the method does not apply to this row
            candidate = Method(call, method)
            plan = candidate.plan()
            # A method that does not apply falls back to one that is already in the table.
            if plan.algorithm not in methods:
                methods[plan.algorithm], predicted[plan.algorithm] = candidate, plan.cost
    too_slow = {name for name, cost in predicted.items() if cost > max(3 * patience, 20 * free.cost)}
    contestants = {name: candidate for name, candidate in methods.items() if name not in too_slow}
    times = measure.race(contestants, runs=runs, patience=patience)
    return Verdict(row.label, free.algorithm, predicted, {n: t.median for n, t in times.items()})


def main() -> None:
    """Print a line for each row, and the summary."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.planning",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sizes", nargs="+", metavar="WxH", default=["1920x1080"])
    parser.add_argument("--rows", nargs="+", default=[], metavar="WORDS")
    parser.add_argument("--runs", type=int, default=7, help="samples of each algorithm, default 7")
    parser.add_argument("--patience", type=float, default=1.0, help="seconds for each, default 1")
    parser.add_argument("--quick", action="store_true", help="smaller volumes and signals")
    given = parser.parse_args()
    verdicts = []
    for row in rows.select(given.rows, given.sizes, given.quick):
        verdict = judge(row, given.runs, given.patience)
        if verdict is not None:
            verdicts.append(verdict)
            print(verdict, flush=True)
    if not verdicts:
        raise SystemExit(f"--rows must name rows with a linear operator, got {' '.join(given.rows)}")
    print(total(verdicts))


def total(verdicts: list[Verdict]) -> str:
    """Return the number of rows with a good choice, and the ratios of measured and predicted times."""
    good = sum(v.excess <= MARGIN for v in verdicts)
    share = good / len(verdicts)
    lines = [f"{good} of {len(verdicts)} choices ({share:.0%}) are within {MARGIN - 1:.0%} of the best"]
    names = sorted({name for v in verdicts for name in v.measured})
    for name in names:
        ratios = [v.measured[name] / v.predicted[name] for v in verdicts if name in v.measured]
        lines.append(
            f"{name}: {len(ratios)} rows; measured / predicted: median {statistics.median(ratios):.2f}, "
            f"{min(ratios):.2f} to {max(ratios):.2f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
