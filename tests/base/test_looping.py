"""`tests.looping.loop_over` checks what tests of the single cases would check."""

import inspect
import re

import pytest

from tests import looping
from tests.looping import loop_over


def outcome(names, values, function, ids=None, **fixtures):
    """Return the error of a test, or None."""
    try:
        loop_over(names, values, ids)(function)(**fixtures)
    except BaseException as error:
        return error
    return None


ORDER = []


@pytest.mark.parametrize("a", [1, 2])
@pytest.mark.parametrize(("b", "c"), [(3, 4), (5, 6)])
@pytest.mark.parametrize("d", "xy")
def test_the_order_of_pytest(a, b, c, d):
    ORDER.append((a, b, c, d))


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
    if len(ORDER) == 8:  # the test above was chosen, too
        assert seen == ORDER


def test_one_failure_is_the_error_of_the_case():
    seen = []

    def test(number):
        seen.append(number)
        assert number != 2

    error = outcome("number", [1, 2, 3], test)
    assert type(error) is AssertionError
    assert error.__notes__ == ["case [2]"]
    assert seen == [1, 2, 3]


def test_all_failures_are_named():
    @loop_over("word", ["x", "y"])
    def test(number, word):
        with pytest.raises(ZeroDivisionError):
            1 // number
        assert word == "x"

    error = outcome("number", [pytest.param(0, id="zero"), 1], test, ids=["a", "b"])
    assert isinstance(error, BaseExceptionGroup)
    assert str(error).startswith("3 of 4 cases failed: case [b-'x'], case [zero-'y'], case [b-'y']")
    kinds = [pytest.fail.Exception, AssertionError, pytest.fail.Exception]
    assert [type(one) for one in error.exceptions] == kinds


def test_cases_have_names():
    def test(a, b):
        raise ValueError

    def note(value, ids=None):
        return outcome("a,b", [(1, value)], test, ids).__notes__

    assert note("x" * 99) == ["case [case 0]"]
    assert note("x", ["one"]) == ["case [one]"]
    assert note("x", lambda value: value if value == "x" else None) == ["case [1-x]"]


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
        ("a", [pytest.param(1, marks=pytest.mark.slow)], "no marks"),
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
