"""`tests.looping.loop_over` checks what tests of the single cases would check."""

import inspect
import re
import sys

import pytest

from tests import looping
from tests.looping import loop_over


def outcome(names, values, function, **fixtures):
    """Return the error of a test, or None."""
    try:
        loop_over(names, values)(function)(**fixtures)
    except BaseException as error:
        return error
    return None


def test_every_case_runs_in_the_order_of_pytest():
    seen = []

    @loop_over("a", [1, 2])
    @loop_over("b, c", [(3, 4), (5, 6)])
    @loop_over(("d",), iter("xy"))
    def test(e, d, c, b, a):
        seen.append((a, b, c, d))

    assert list(inspect.signature(test).parameters) == ["e"]
    assert test(e=0) is None
    assert seen[:4] == [(1, 3, 4, "x"), (2, 3, 4, "x"), (1, 5, 6, "x"), (2, 5, 6, "x")]
    assert len(seen) == len(set(seen)) == 8


def test_one_failure_is_the_error_of_the_case():
    seen = []

    def test(number):
        seen.append(number)
        assert number != 2

    error = outcome("number", [1, 2, 3], test)
    assert type(error) is AssertionError
    assert error.__notes__ == ["case 1: number=2"]
    assert seen == [1, 2, 3]


def test_all_failures_are_named():
    @loop_over("word", ["x", "y"])
    def test(number, word):
        with pytest.raises(ZeroDivisionError):
            1 // number
        assert word == "x"

    error = outcome("number", [0, 1], test)
    assert isinstance(error, BaseExceptionGroup)
    cases = ("case 1: number=1, word='x'", "case 2: number=0, word='y'", "case 3: number=1, word='y'")
    assert str(error).startswith(f"3 of 4 cases failed: {'; '.join(cases)}")
    kinds = [pytest.fail.Exception, AssertionError, pytest.fail.Exception]
    assert [type(one) for one in error.exceptions] == kinds


def test_a_shared_error_names_each_case():
    wrong = ValueError("wrong")

    def test(number):
        raise wrong

    assert "case 0: number=4; case 1: number=5" in str(outcome("number", [4, 5], test))


def test_the_end_of_a_program_is_a_failure_and_that_of_pytest_is_none():
    seen = []

    def test(number, how):
        seen.append(number)
        how("end")

    assert isinstance(outcome("number", [1, 2], test, how=sys.exit), BaseExceptionGroup)
    assert isinstance(outcome("number", [1, 2], test, how=pytest.exit), pytest.exit.Exception)
    assert seen == [1, 2, 1]


def test_what_a_failing_case_printed_is_told(capsys):
    def test(number, capsys):
        print("printed", number)  # noqa: T201
        assert number != 1

    error = outcome("number", [1, 2], test, capsys=capsys)
    assert error.__notes__ == ["case 0: number=1\nIt printed:\nprinted 1\n"]


def test_a_test_is_skipped_with_all_its_cases():
    def test(number):
        if number > 1:
            pytest.skip("no")

    assert outcome("number", [1, 2], test) is None
    assert isinstance(outcome("number", [2, 3], test), pytest.skip.Exception)


def test_cases_share_no_changes(tmp_path, monkeypatch, capsys):
    class Changed:
        value, prepared = 0, 0

    def test(number, tmp_path, monkeypatch, capsys):
        assert Changed.value == Changed.prepared == 0
        assert list(tmp_path.iterdir()) == []
        assert capsys.readouterr().out == ""
        monkeypatch.setattr(Changed, "value", number)
        Changed.prepared = number
        (tmp_path / "file").touch()
        print(number)  # noqa: T201

    fixtures = {"tmp_path": tmp_path, "monkeypatch": monkeypatch, "capsys": capsys}
    with looping.prepared(lambda: setattr(Changed, "prepared", 0)):
        assert outcome("number", [1, 2], test, **fixtures) is None
    assert (Changed.value, Changed.prepared) == (0, 2)


@pytest.mark.parametrize(
    ("names", "values", "message"),
    [
        ("a", [], "no cases"),
        ("b", [1], "not all arguments"),
        ("a, b", [(1, 2)], "not all arguments"),
    ],
)
def test_mistakes(names, values, message):
    error = outcome(names, values, lambda a: None)
    assert isinstance(error, AssertionError)
    assert re.search(message, str(error))


def test_marks_stay():
    @loop_over("a", [1])
    @pytest.mark.parametrize("b", [2])
    def test(a, b):
        """Text."""

    assert [mark.name for mark in test.pytestmark] == ["parametrize"]
    assert test.__doc__ == "Text."
