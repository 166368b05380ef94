"""Loops over cases within one test, where `pytest.mark.parametrize` would make a test of each case.

pytest needs about 4 ms of a processor for each test, also for one that does nothing.
"""

import contextlib
import functools
import inspect

import pytest

_CASE = type(pytest.param())
_CAPTURED = ("capsys", "capfd", "capsysbinary", "capfdbinary")


def loop_over(names, values, ids=None):
    """Call a test with each of the values, as `pytest.mark.parametrize` does, but as one test.

    All cases run, also after one that fails. The error names each case that failed. A case that is skipped
    is left out; the test is skipped if all are. Each case has its own `monkeypatch`, its own folder as
    `tmp_path`, and nothing captured by `capsys` when it begins. Other fixtures are those of the test.

    Parameters
    ----------
    names : str or sequence of str
        The names of the arguments. A string may hold several, with commas.
    values : iterable
        A value for each case. A tuple of values if there are several names. Instead of either, a
        `pytest.param`, with an `id` and without marks.
    ids : callable or iterable of str, optional
        What the error calls the values, or the cases.
    """
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    values = list(values)
    if ids is not None and not callable(ids):
        ids = list(ids)
        assert len(ids) == len(values), f"{len(ids)} ids for {len(values)} cases"
    cases = [dict(zip(names, _parts(value, len(names)), strict=True)) for value in values]
    assert cases, "no cases"

    def decorate(function):
        @functools.wraps(function)
        def test(*instance, **given):
            __tracebackhide__ = True
            failed, skipped = [], []
            for place, case in enumerate(cases):
                try:
                    with _own(given, str(place)) as own:
                        function(*instance, **own, **case)
                except pytest.skip.Exception as reason:
                    skipped.append(reason)
                except (Exception, pytest.fail.Exception) as error:
                    error.add_note(f"case {_label(values[place], place, ids)}")
                    failed.append(error)
            if len(failed) == 1:
                raise failed[0]
            if failed:
                labels = ", ".join(error.__notes__[-1] for error in failed)
                raise BaseExceptionGroup(f"{len(failed)} of {len(cases)} cases failed: {labels}", failed)
            if len(skipped) == len(cases):
                raise skipped[0]

        signature = inspect.signature(function)
        left = [one for name, one in signature.parameters.items() if name not in names]
        assert len(left) + len(names) == len(signature.parameters), f"{names} are not all arguments"
        test.__signature__ = signature.replace(parameters=left)
        return test

    return decorate


def _parts(value, count):
    """Return the value of each argument in one case."""
    if isinstance(value, _CASE):
        assert not value.marks, "a case within a test has no marks of its own"
        parts = value.values
    else:
        parts = (value,) if count == 1 else tuple(value)
    return parts


def _label(value, place, ids):
    """Return what the error calls a case."""
    if isinstance(value, _CASE):
        if value.id is not None:
            return f"[{value.id}]"
        value = value.values
    if isinstance(ids, list):
        return f"[{ids[place]}]"
    parts = value if isinstance(value, tuple) else (value,)
    words = [ids(part) if ids else None for part in parts]
    texts = [repr(part) if word is None else str(word) for part, word in zip(parts, words, strict=True)]
    return f"{place} [{'-'.join(text if len(text) <= 60 else '...' for text in texts)}]"


@contextlib.contextmanager
def _own(given, place):
    """Give a case what it may leave changed."""
    own = dict(given)
    with contextlib.ExitStack() as stack:
        if "monkeypatch" in own:
            own["monkeypatch"] = stack.enter_context(pytest.MonkeyPatch.context())
        if "tmp_path" in own:
            own["tmp_path"] = own["tmp_path"] / place
            own["tmp_path"].mkdir()
        for name in _CAPTURED:
            if name in own:
                own[name].readouterr()
        yield own
