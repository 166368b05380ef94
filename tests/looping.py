"""Loops over cases within one test, where `pytest.mark.parametrize` would make a test of each case.

pytest needs about 4 ms of a processor for each test, also for one that does nothing.
"""

import contextlib
import functools
import inspect

import pytest

_CASE = type(pytest.param())
_CAPTURED = ("capsys", "capfd", "capsysbinary", "capfdbinary")
#: What is called before each case.
_PREPARING = []


def loop_over(names, values, ids=None):
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
        A value for each case. A tuple of values if there are several names. Instead of either, a
        `pytest.param`, with an `id` and without marks.
    ids : callable or iterable of str, optional
        What the error calls the values, or the cases.
    """
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    cases = _cases(names, list(values), ids)

    def decorate(test):
        # A loop within: its function and cases, so that there is one loop over all cases.
        function, within = getattr(test, "looped", (test, [()]))
        return _test(test, function, names, [(case, *more) for more in within for case in cases])

    return decorate


@contextlib.contextmanager
def prepared(prepare):
    """Call a function now and before each case of the tests in the context."""
    prepare()
    _PREPARING.append(prepare)
    yield
    _PREPARING.remove(prepare)


def _test(given_test, function, names, cases):
    """Return a test of all cases. A case is a tuple: pairs of a label and arguments for each loop."""

    @functools.wraps(given_test)
    def test(*instance, **given):
        __tracebackhide__ = True
        failed, skipped = [], []
        for place, case in enumerate(cases):
            try:
                with _own(given, str(place)) as own:
                    for _, arguments in case:
                        own.update(arguments)
                    function(*instance, **own)
            except pytest.skip.Exception as reason:
                skipped.append(reason)
            except (Exception, pytest.fail.Exception) as error:
                error.add_note(f"case [{'-'.join(label() for label, _ in case)}]")
                failed.append(error)
        if len(failed) == 1:
            raise failed[0]
        if failed:
            labels = ", ".join(error.__notes__[-1] for error in failed)
            raise BaseExceptionGroup(f"{len(failed)} of {len(cases)} cases failed: {labels}", failed)
        if len(skipped) == len(cases):
            raise skipped[0]

    signature = inspect.signature(given_test)
    left = [one for name, one in signature.parameters.items() if name not in names]
    assert len(left) + len(names) == len(signature.parameters), f"{names} are not all arguments"
    test.__signature__ = signature.replace(parameters=left)
    test.looped = function, cases
    return test


def _cases(names, values, ids):
    """Return a function that makes the label, and the arguments, of each case of one loop."""
    assert values, "no cases"
    if ids is not None and not callable(ids):
        ids = list(ids)
        assert len(ids) == len(values), f"{len(ids)} ids for {len(values)} cases"
    cases = []
    for place, value in enumerate(values):
        parts = (value,) if len(names) == 1 else value
        if isinstance(value, _CASE):
            assert not value.marks, "a case within a test has no marks of its own"
            parts = value.values
        label = functools.partial(_label, value, parts, place, ids)
        cases.append((label, dict(zip(names, parts, strict=True))))
    return cases


def _label(value, parts, place, ids):
    """Return what the error calls a value of a loop."""
    if isinstance(value, _CASE) and value.id is not None:
        return value.id
    if isinstance(ids, list):
        return str(ids[place])
    words = [ids(part) if ids else None for part in parts]
    texts = [repr(part) if word is None else str(word) for part, word in zip(parts, words, strict=True)]
    text = "-".join(texts)
    return text if len(text) <= 80 else f"case {place}"


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
        for name in _CAPTURED:
            if name in own:
                own[name].readouterr()
        yield own
