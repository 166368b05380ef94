"""Calls of functions of `imfilter.compat` beside the original ones."""

import numpy as np

from imfilter._compat import record


def runs_here(library, ours, theirs, name, *args, bound=None, **options):
    """Compare one call that runs on this engine. `bound` is relative to the largest magnitude."""
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    others = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in options.items()}
    expected = getattr(theirs, name)(*copies, **others)
    entry = record.entry(f"{library}.{name}")
    before = entry.here
    found = getattr(ours, name)(*args, **options)
    assert entry.here == before + 1, f"the original has computed it: {dict(entry.reasons)}"
    equal(found, expected, bound=bound)
    for given, other in zip((*args, *options.values()), (*copies, *others.values()), strict=True):
        if isinstance(given, np.ndarray) and given is not found:
            np.testing.assert_array_equal(given, other, err_msg="an argument has changed")


def equal(found, expected, *, bound=None):
    """Compare results: types, integers and truth values in every bit, floats within a bound."""
    assert type(found) is type(expected)
    if isinstance(found, list | tuple):
        assert len(found) == len(expected)
        for each, other in zip(found, expected, strict=True):
            equal(each, other, bound=bound)
        return
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype
    if found.dtype.kind in "iub":
        np.testing.assert_array_equal(found, expected)
        return
    scale = max(np.abs(expected[np.isfinite(expected)]).max(initial=0), 1e-300)
    if bound is None:
        bound = 4e-6 if found.dtype == np.float32 else 1e-11
    np.testing.assert_allclose(found, expected, rtol=0, atol=bound * scale)
