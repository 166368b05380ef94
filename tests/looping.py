"""Loops over cases within one test, where `pytest.mark.parametrize` would make a test of each case.

pytest needs about 4 ms of a processor for each test, also for one that does nothing.
"""

import contextlib
import functools
import inspect
import reprlib

import pytest

#: What is called before each case.
_PREPARING = []


def loop_over(names, values):
    """Call a test with each of the values, as `pytest.mark.parametrize` does, but as one test.

    All cases run, also after one that fails, in the order of pytest. The error names each case that failed.
    A case that is skipped is left out; the test is skipped if all are. Each case has its own `monkeypatch`,
    its own folder as `tmp_path`, and nothing captured by `capsys` when it begins. Other fixtures are those
    of the test.

    Parameters
    ----------
    names : str or sequence of str
        The names of the arguments. A string may hold several, with commas.
    values : iterable
        A value for each case. A tuple of values if there are several names.
    """
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    cases = [dict(zip(names, (value,) if len(names) == 1 else value, strict=True)) for value in values]
    assert cases, "no cases"

    def decorate(test):
        # A loop within: its function and cases, so that there is one loop over all cases.
        function, within = getattr(test, "looped", (test, [{}]))
        return _test(test, function, names, [case | more for more in within for case in cases])

    return decorate


@contextlib.contextmanager
def prepared(prepare):
    """Call a function now and before each case of the tests in the context."""
    prepare()
    _PREPARING.append(prepare)
    try:
        yield
    finally:
        _PREPARING.remove(prepare)


def _test(given_test, function, names, cases):
    """Return a test of all cases. A case is a dictionary of arguments."""

    @functools.wraps(given_test)
    def test(**given):
        __tracebackhide__ = True
        failed, labels, skipped = [], [], []
        for place, case in enumerate(cases):
            try:
                with _own(given, str(place)) as own:
                    function(**own, **case)
            except pytest.skip.Exception as reason:
                skipped.append(reason)
            except pytest.exit.Exception:
                raise
            except (Exception, SystemExit, pytest.fail.Exception) as error:
                failed.append(error)
                labels.append(_label(place, case))
                error.add_note(labels[-1] + _printed(given))
        if len(failed) == 1:
            raise failed[0]
        if failed:
            text = f"{len(failed)} of {len(cases)} cases failed: {'; '.join(labels)}"
            raise BaseExceptionGroup(text, failed)
        if len(skipped) == len(cases):
            raise skipped[0]

    signature = inspect.signature(given_test)
    left = [one for name, one in signature.parameters.items() if name not in names]
    assert len(left) + len(names) == len(signature.parameters), f"{names} are not all arguments"
    test.__signature__ = signature.replace(parameters=left)
    test.looped = function, cases
    return test


def _label(place, case):
    """Return what the error calls a case."""
    return f"case {place}: " + ", ".join(f"{name}={reprlib.repr(value)}" for name, value in case.items())


def _printed(given):
    """Return what a case printed and did not read, because the next case begins with nothing captured."""
    text = "".join(map(str, given["capsys"].readouterr())) if "capsys" in given else ""
    return f"\nIt printed:\n{text}" if text else ""


@contextlib.contextmanager
def _own(given, place):
    """Give a case what it may leave changed."""
    own = dict(given)
    for prepare in _PREPARING:
        prepare()
    with contextlib.ExitStack() as stack:
        if "monkeypatch" in own:
            own["monkeypatch"] = stack.enter_context(pytest.MonkeyPatch.context())
        if "tmp_path" in own:
            own["tmp_path"] = own["tmp_path"] / place
            own["tmp_path"].mkdir()
        if "capsys" in own:
            own["capsys"].readouterr()
        yield own
